import type { SeededRandom } from './seeded-random.ts';

/** What is bought and sold in a world, on which terms, and how fast. Drawn from the seed, or given. */
export interface WorldSettings {
  /** Units per MB that access costs each node; its ask follows from it. */
  readonly costPerMb: number;
  readonly payAt: number;
  readonly dropAt: number;
  readonly riskAt: number;
  readonly weiPerUnit: bigint;
  readonly depositWei: bigint;
  readonly journalWindowMs: number;
  /** Mean time between two wants of one node of one neighbour, milliseconds, and how large they are at most, bytes. */
  readonly tradeEveryMs: number;
  readonly tradeBytes: number;
  /** The most that is sent, and charged, at a time; default what a frame of a link carries. */
  readonly frameBytes?: number;
  /** One want in so many is an upload. */
  readonly uploadOneIn: number;
  /** Mean time between two faults, milliseconds. */
  readonly faultEveryMs: number;
}

/** Thresholds are small, so that a run of a few thousand steps pays, chokes, cashes and forgets many times. */
export function drawSettings(random: SeededRandom): WorldSettings {
  const payAt = random.between(20, 500);
  return {
    costPerMb: random.between(5_000, 30_000),
    payAt,
    dropAt: payAt * random.between(2, 6) + 400,
    riskAt: payAt * random.between(1, 10),
    weiPerUnit: random.pick([1n, 1_000n, 10_000_000_000n]),
    depositWei: 10n ** 20n,
    journalWindowMs: random.pick([0, 20, 50, 50, 50, 200, 500]),
    tradeEveryMs: random.between(10, 100),
    tradeBytes: random.between(500, 12_000),
    uploadOneIn: random.between(2, 10),
    faultEveryMs: random.between(500, 5_000),
  };
}

/** How one node deals with its neighbours: most pay by cheque, for each MB. */
export type Deal = 'cheque' | 'barter' | 'free' | 'time';

/** One world in so many has other deals than cheques in it. */
const OTHER_ONE_IN = 4;

/** How each of so many nodes deals. Those in `plain` are as most are: who is to be cheated must be owed money. */
export function drawDeals(random: SeededRandom, count: number, plain: ReadonlySet<number>): readonly Deal[] {
  const other = random.below(OTHER_ONE_IN) === 0;
  return Array.from({ length: count }, (_, index) => {
    const deal = random.pick<Deal>(['cheque', 'barter', 'free', 'time']);
    return other && !plain.has(index) ? deal : 'cheque';
  });
}
