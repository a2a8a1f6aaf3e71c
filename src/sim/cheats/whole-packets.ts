import { PacketKind, packetLength, viewOf } from '../../wire/packet.ts';
import { unlessJunk } from './unless-junk.ts';

/** The packets that lie whole in a piece of data, as views of it; none where it is something else. */
export function wholePackets(bytes: Uint8Array): Buffer[] {
  const view = viewOf(bytes);
  const found: Buffer[] = [];
  for (let at = 0; at + 6 <= bytes.length; ) {
    if (!Object.values<number>(PacketKind).includes(view.getUint8(at))) break;
    const start = at;
    const length = unlessJunk(() => packetLength(view, start));
    if (length === undefined || at + length > bytes.length) break;
    found.push(Buffer.from(bytes.buffer, bytes.byteOffset + at, length));
    at += length;
  }
  return found;
}
