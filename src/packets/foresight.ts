import type { Carrier } from '../core/carrier/carrier.ts';
import { PACKET_HEADER_BYTES } from '../wire/packet.ts';

/** Packets that are foreseen at once: what is read of them, and for them, stays in the nearest cache. */
const MOST_AHEAD = 64;

/** Of a packet: where its payload's length stands, and its id. */
const LENGTH_AT = 4;
const ID_AT = 16;

/** Tells a carrier of the packets that it will be given next (`Carrier.foresee`). */
export class Foresight {
  readonly #carrier: Carrier;
  readonly #ids = new Int32Array(2 * MOST_AHEAD);

  constructor(carrier: Carrier) {
    this.#carrier = carrier;
  }

  /** `from` is where a packet begins. Returns where the first one begins, if all is well, that was not looked at. */
  look(view: DataView, from: number): number {
    const ids = this.#ids;
    const last = view.byteLength - PACKET_HEADER_BYTES;
    let count = 0;
    let at = from;
    while (at <= last && count < MOST_AHEAD) {
      ids[count * 2] = view.getInt32(at + ID_AT);
      ids[count * 2 + 1] = view.getInt32(at + ID_AT + 4);
      count += 1;
      at += PACKET_HEADER_BYTES + view.getUint16(at + LENGTH_AT);
    }
    this.#carrier.foresee(ids, count);
    return at;
  }
}
