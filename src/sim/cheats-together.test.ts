import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runFaults } from './fault-run.ts';

const STEPS = 1_500;
/** Some listen to what others spoil, invent, or send by the hundred. */
const TOGETHER: readonly (readonly string[])[] = [
  ['floods-routes', 'malformed-frames'],
  ['lies-about-routes', 'floods-routes'],
  ['keeps-packets', 'malformed-frames'],
  ['forges-receipts', 'floods-routes'],
  ['denies-payments', 'malformed-frames'],
  ['never-pays', 'floods', 'malformed-frames', 'flaps-routes', 'floods-routes', 'lies-about-routes'],
];
/** Machines beside the cheats. */
const HONEST = 2;

describe('cheats at once', () => {
  for (const cheats of TOGETHER) {
    test(`${cheats.join(', ')}: survive each other, and no rule breaks`, async () => {
      for (const seed of [1, 2]) {
        const { broken } = await runFaults({ seed, steps: STEPS, nodes: cheats.length + HONEST, cheats });
        assert.equal(broken, undefined, `seed ${seed}`);
      }
    });
  }
});
