import { isMailBox } from '../../packets/mail-box.ts';
import { PacketCutter, type PlacedPacket } from '../../packets/packet-cutter.ts';
import { PacketKind } from '../../wire/packet.ts';

/** Packets that did not come back and whose ids are kept: the oldest are forgotten, which only makes a watch stricter. */
const MOST_SENT = 100_000;

/** The data of one connection, as this end hands it over and is handed it. */
export interface WireTap {
  /** A channel was opened: by this end, or by the other. */
  opened(channel: number, header: Uint8Array): void;
  sent(channel: number, bytes: Uint8Array): void;
  arrived(channel: number, bytes: Uint8Array): void;
}

/** The value packets one node sent to one neighbour, over all its lives, and what of them came back: read off the wire. */
export class PacketTap {
  /** By id: value it was sent with, and that was not returned. Units. */
  readonly #sent = new Map<bigint, number>();
  #back = 0;

  /** What came back since this was last asked, of what was sent: each packet once, and with no more than it took. Units. */
  takeBack(): number {
    const back = this.#back;
    this.#back = 0;
    return back;
  }

  /** A connection begins. */
  begin(): WireTap {
    const [sent, arrived] = [
      this.#reader((packet) => this.#left(packet)),
      this.#reader((packet) => this.#came(packet)),
    ];
    const boxes = new Set<number>();
    return {
      opened: (channel, header) => {
        if (isMailBox(header)) boxes.add(channel);
      },
      sent: (channel, bytes) => boxes.has(channel) && sent(channel, bytes),
      arrived: (channel, bytes) => boxes.has(channel) && arrived(channel, bytes),
    };
  }

  /** Cuts each channel's data into packets, until something else comes: then the connection is ended by who reads it. */
  #reader(packet: (packet: PlacedPacket) => void): (channel: number, bytes: Uint8Array) => void {
    const cutters = new Map<number, PacketCutter | undefined>();
    return (channel, bytes) => {
      if (!cutters.has(channel)) cutters.set(channel, new PacketCutter(packet));
      try {
        cutters.get(channel)?.feed(bytes);
      } catch {
        cutters.set(channel, undefined);
      }
    };
  }

  #left({ at, view }: PlacedPacket): void {
    if (view.getUint8(at) !== PacketKind.packet) return;
    this.#sent.set(view.getBigUint64(at + 16), valueAt(view, at));
    if (this.#sent.size <= MOST_SENT) return;
    const [oldest] = this.#sent.keys();
    this.#sent.delete(oldest as bigint);
  }

  #came({ at, view }: PlacedPacket): void {
    if (view.getUint8(at) !== PacketKind.returned) return;
    const id = view.getBigUint64(at + 16);
    const value = valueAt(view, at);
    if (value > (this.#sent.get(id) ?? -1)) return;
    this.#sent.delete(id);
    this.#back += value;
  }
}

function valueAt(view: DataView, at: number): number {
  return view.getUint16(at + 6) * 2 ** 32 + view.getUint32(at + 8);
}
