import { PacketKind } from '../../wire/packet.ts';
import type { Cheat } from '../cheat.ts';
import { Rumours, tooGood } from './rumours.ts';
import { wholePackets } from './whole-packets.ts';

const LIE_MS = 2_000;
const TRAILER_BYTES = 26;
const SIGNATURE = 72;

/** Draws packets to itself; what comes back through it names somebody else who refused it, or is signed by nobody. */
export const forgesReceipts: Cheat = {
  name: 'forges-receipts',
  needsPackets: true,
  join({ machine, victims, random, every, cheated }) {
    const rumours = new Rumours(machine, {
      dataOut(peer, bytes) {
        for (const packet of wholePackets(bytes)) {
          if (packet[0] === PacketKind.delivered) packet[SIGNATURE] = (packet[SIGNATURE] as number) ^ 0xff;
          else if (packet[0] === PacketKind.returned) {
            const blamed = random.pick([peer, ...victims]);
            Buffer.from(blamed.slice(2), 'hex').copy(packet, packet.length - TRAILER_BYTES);
            packet.writeUIntBE(1_000_000, packet.length - 6, 6);
          } else continue;
          cheated();
        }
      },
    });
    every(LIE_MS, () => {
      rumours.tell(tooGood);
    });
  },
};
