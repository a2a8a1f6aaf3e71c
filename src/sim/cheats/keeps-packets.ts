import { PacketKind } from '../../wire/packet.ts';
import type { Cheat } from '../cheat.ts';
import { Rumours, tooGood } from './rumours.ts';
import { wholePackets } from './whole-packets.ts';

const LIE_MS = 2_000;
const DESTINATION = 32;

/** Says that it reaches everybody, takes what packets to others carry, and drops them. */
export const keepsPackets: Cheat = {
  name: 'keeps-packets',
  needsPackets: true,
  join({ machine, every, cheated }) {
    const own = Buffer.from(machine.id.slice(2), 'hex');
    const rumours = new Rumours(machine, {
      dataIn(_peer, bytes) {
        for (const packet of wholePackets(bytes)) {
          if (packet[0] !== PacketKind.packet || packet.subarray(DESTINATION, DESTINATION + 20).equals(own)) continue;
          // Its own node takes it for one of its own, and answers nobody.
          own.copy(packet, DESTINATION);
          packet[2] = 0;
          cheated();
        }
      },
    });
    every(LIE_MS, () => {
      rumours.tell(tooGood);
    });
  },
};
