import { MAX_PACKET_BYTES, packetLength } from '../wire/packet.ts';

/**
 * Cuts a channel's bytes into packets, wherever the frames' borders fall. A packet that lies whole in one piece is given
 * as a view of it; only what straddles two pieces is put together in a buffer of its own.
 */
export class PacketCutter {
  readonly #packet: (bytes: Buffer, at: number, length: number) => void;
  #rest: Buffer = Buffer.alloc(0);

  /** `packet` gets each whole packet; its bytes are only borrowed. */
  constructor(packet: (bytes: Buffer, at: number, length: number) => void) {
    this.#packet = packet;
  }

  /** Takes the next piece. Throws `WIRE_MALFORMED`, after which the channel is of no use. */
  feed(piece: Uint8Array): void {
    let bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    if (this.#rest.length > 0) bytes = this.#complete(bytes);
    let at = 0;
    for (;;) {
      const length = packetLength(bytes, at);
      if (length === 0 || at + length > bytes.length) break;
      this.#packet(bytes, at, length);
      at += length;
    }
    if (at < bytes.length) this.#rest = Buffer.concat([this.#rest, bytes.subarray(at)]);
  }

  /** Finishes the packet that was cut off, if `bytes` has enough of it, and returns what follows it. */
  #complete(bytes: Buffer): Buffer {
    const joined = Buffer.concat([this.#rest, bytes.subarray(0, MAX_PACKET_BYTES)]);
    const length = packetLength(joined, 0);
    if (length === 0 || length > joined.length) {
      this.#rest = joined;
      return bytes.subarray(bytes.length);
    }
    const taken = length - this.#rest.length;
    this.#rest = Buffer.alloc(0);
    this.#packet(joined, 0, length);
    return bytes.subarray(taken);
  }
}
