import { packetLength, viewOf } from '../wire/packet.ts';
import type { Foresight } from './foresight.ts';

/** A packet where it lies among others. One object is used again for every packet; its bytes are only borrowed. */
export interface PlacedPacket {
  bytes: Buffer;
  /** Of the same bytes. */
  view: DataView;
  at: number;
  length: number;
}

const NOTHING = Buffer.alloc(0);

/** By then a packet says how long it is (`packetLength`). */
const LENGTH_BYTES = 6;

/** A packet that stands alone. */
export function placed(bytes: Buffer): PlacedPacket {
  return { bytes, view: viewOf(bytes), at: 0, length: bytes.length };
}

/**
 * Cuts a channel's bytes into packets, wherever the frames' borders fall. A packet that lies whole in one piece is given
 * as a view of it; only what straddles two pieces is put together in a buffer of its own.
 */
export class PacketCutter {
  readonly #packet: (packet: PlacedPacket) => void;
  readonly #foresight: Foresight | undefined;
  readonly #placed = placed(NOTHING);
  #rest: Buffer = NOTHING;

  /** `foresight` looks at packets of a piece before the first of them is given. */
  constructor(packet: (packet: PlacedPacket) => void, foresight?: Foresight) {
    this.#packet = packet;
    this.#foresight = foresight;
  }

  /** Takes the next piece. Throws `WIRE_MALFORMED`, after which the channel is of no use. */
  feed(piece: Uint8Array): void {
    let bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    if (this.#rest.length > 0) bytes = this.#complete(bytes);
    const view = viewOf(bytes);
    let at = 0;
    for (let seen = 0; ; ) {
      const length = packetLength(view, at);
      if (length === 0 || at + length > bytes.length) break;
      if (at >= seen) seen = this.#foresight?.look(view, at) ?? bytes.length;
      this.#give(bytes, view, at, length);
      at += length;
    }
    if (at < bytes.length) this.#rest = Buffer.concat([this.#rest, bytes.subarray(at)]);
  }

  #give(bytes: Buffer, view: DataView, at: number, length: number): void {
    const placed = this.#placed;
    placed.bytes = bytes;
    placed.view = view;
    placed.at = at;
    placed.length = length;
    this.#packet(placed);
  }

  /** Finishes the packet that was cut off, if `bytes` has enough of it, and returns what follows it. */
  #complete(bytes: Buffer): Buffer {
    const before = this.#rest.length;
    // First what says how long it is, then just as much: most pieces are far longer than what is missing.
    if (before < LENGTH_BYTES) this.#rest = Buffer.concat([this.#rest, bytes.subarray(0, LENGTH_BYTES - before)]);
    const length = packetLength(viewOf(this.#rest), 0);
    const had = this.#rest.length - before;
    const taken = length === 0 ? bytes.length : Math.min(bytes.length, length - before);
    if (taken > had) this.#rest = Buffer.concat([this.#rest, bytes.subarray(had, taken)]);
    if (length > 0 && this.#rest.length === length) {
      const packet = this.#rest;
      this.#rest = NOTHING;
      this.#give(packet, viewOf(packet), 0, length);
    }
    return bytes.subarray(taken);
  }
}
