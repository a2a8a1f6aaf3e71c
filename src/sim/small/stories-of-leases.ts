import { runLeases } from '../leases/lease-world.ts';
import type { RuleStory } from './rule-story.ts';

const SEEDS = 6;
const STEPS = 1_500;

/** Nodes of one operator that pay from one chequebook. */
export const STORIES_OF_LEASES: readonly RuleStory[] = [
  {
    name: 'nodes that share a chequebook never promise more than it holds, whoever dies, stands still or sets the clock',
    async told(teller) {
      for (let seed = 0; seed < SEEDS; seed += 1)
        teller.same(`seed ${seed}`, runLeases({ seed, steps: STEPS }).broken?.message, undefined);
    },
  },
];
