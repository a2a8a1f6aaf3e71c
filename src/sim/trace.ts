import { Column } from '../core/ledger.ts';
import type { LinkAccount } from '../core/link-account.ts';
import { SeededRandom } from './seeded-random.ts';
import { World } from './world.ts';
import type { WorldSettings } from './world-settings.ts';

/** One want: `from` has bytes for `to`, which buys from it, or sends them through `to`, which sells. Nodes by index. */
export interface TraceStep {
  readonly kind: 'serve' | 'upload';
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
}

/** What one end of a link came to. Units. */
export interface Books {
  readonly node: number;
  readonly neighbour: number;
  readonly provided: number;
  readonly consumed: number;
  readonly paid: number;
  readonly received: number;
  readonly balance: number;
}

/** The trade of a simulated world, to be run once more between real nodes: the same steps must come to the same books. */
export interface Trace {
  readonly seed: number;
  readonly nodes: number;
  /** Who dials whom. */
  readonly edges: readonly (readonly [from: number, to: number])[];
  readonly settings: WorldSettings;
  readonly steps: readonly TraceStep[];
  readonly books: readonly Books[];
}

/** Everybody connects, exchanges terms and opens channels in this time. */
const BEGIN_MS = 5_000;
/** A step and the payment that follows from it are over in this time: payments then fall due at the same steps everywhere. */
const STEP_MS = 1_500;
/** One frame each, so that no payment is written in the middle of a step. */
const MOST_BYTES = 2_000;
/** What costs at least a unit, so that each step shows in the books. */
const LEAST_BYTES = 100;

/** Amounts small enough to be paid often. */
const SETTINGS = {
  costPerMb: 20_000,
  payAt: 120,
  dropAt: 900,
  riskAt: 100_000,
  weiPerUnit: 10_000_000_000n,
  depositWei: 10n ** 18n,
  journalWindowMs: 50,
  tradeEveryMs: Number.POSITIVE_INFINITY,
  // Real nodes are not held to the time of the simulated ones.
  settleEveryS: 0,
} as const;

/** Runs `count` steps between nodes in a line, one at a time, without faults, and writes down what they came to. */
export async function recordTrace({
  seed,
  nodes,
  count,
}: {
  seed: number;
  nodes: number;
  count: number;
}): Promise<Trace> {
  const edges = Array.from({ length: nodes - 1 }, (_, at) => [at + 1, at] as const);
  const world = new World({ seed, nodes, cheats: [], faults: [], edges, settings: SETTINGS });
  const pass = async (ms: number): Promise<void> => {
    const untilMs = world.timeline.nowMs + ms;
    await world.advance(() => world.timeline.nowMs >= untilMs);
  };
  world.begin();
  await pass(BEGIN_MS);
  const random = new SeededRandom(seed).fork('trace');
  const steps: TraceStep[] = [];
  for (let at = 0; at < count; at += 1) {
    const step = drawStep(random, edges);
    steps.push(step);
    const [from, to] = [world.nodes[step.from], world.nodes[step.to]];
    if (to !== undefined) from?.traffic?.[step.kind](to.id, step.bytes);
    await pass(STEP_MS);
  }
  if (world.invariants.broken !== undefined) throw world.invariants.broken;
  const books = edges.flatMap(([from, to]) =>
    [
      [from, to],
      [to, from],
    ].map(([node, neighbour]): Books => {
      const account = world.nodes[node as number]?.accountOf(world.nodes[neighbour as number]?.id ?? '');
      return booksOf(node as number, neighbour as number, account);
    }),
  );
  return { seed, nodes, edges, settings: world.settings, steps, books };
}

function drawStep(random: SeededRandom, edges: Trace['edges']): TraceStep {
  const edge = random.pick(edges);
  const [from, to] = random.chance(0.5) ? edge : ([edge[1], edge[0]] as const);
  return { kind: random.chance(0.75) ? 'serve' : 'upload', from, to, bytes: LEAST_BYTES + random.below(MOST_BYTES) };
}

/** One end of a link, read from its account. */
export function booksOf(node: number, neighbour: number, account: LinkAccount | undefined): Books {
  const of = (column: number): number => account?.ledger.get(account.row, column) ?? 0;
  return {
    node,
    neighbour,
    provided: of(Column.provided),
    consumed: of(Column.consumed),
    paid: of(Column.paid),
    received: of(Column.received),
    balance: of(Column.balance),
  };
}
