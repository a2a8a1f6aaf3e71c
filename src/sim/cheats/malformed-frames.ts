import type { Cheat } from '../cheat.ts';
import type { SeededRandom } from '../seeded-random.ts';

/** How many of its messages it spoils. */
const SPOILED = 0.1;

/** Sends messages that cannot be read, or say what nobody would: bits turned, cut short, too long, of no kind, or noise. */
export const malformedFrames: Cheat = {
  name: 'malformed-frames',
  join({ machine, random, cheated }) {
    machine.tamper = {
      outgoing(_peer, _kind, bytes) {
        if (!random.chance(SPOILED)) return undefined;
        cheated();
        return [spoiled(bytes, random)];
      },
    };
  },
};

function spoiled(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const copy = Uint8Array.from(bytes);
  switch (random.below(5)) {
    case 0: {
      const at = random.below(copy.length);
      copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
      return copy;
    }
    case 1:
      return copy.subarray(0, random.below(copy.length));
    case 2:
      return Uint8Array.from([...copy, ...random.bytes(random.between(1, 50))]);
    case 3:
      copy[0] = random.below(256);
      return copy;
    default:
      return random.bytes(random.between(0, 300));
  }
}
