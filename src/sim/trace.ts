import { Column } from '../core/ledger/columns.ts';
import type { NodeId } from '../core/node-id.ts';
import { BYTES_PER_MB } from '../core/units.ts';
import { OPEN_COST_BYTES } from '../link/link.ts';
import type { LinkRecord, StoredState } from '../store/store.ts';
import { SeededRandom } from './seeded-random.ts';
import { WORLD_PRICES } from './sim-config.ts';
import type { SimNode } from './sim-node.ts';
import { BrokenRule } from './watch/broken-rule.ts';
import { World } from './world.ts';
import type { WorldSettings } from './world-settings.ts';

/** One want: `from` has bytes for `to`, which buys from it, or sends them through `to`, which sells. Nodes by index. */
export interface WantStep {
  readonly kind: 'serve' | 'upload';
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
}

/** A process is killed once its journal is written, and started again on its disk. */
export interface KillStep {
  readonly kind: 'kill';
  readonly node: number;
}

export type TraceStep = WantStep | KillStep;

/** What lies on a node's disk about one neighbour, all services together. Units; bytes; millionths of a unit; wei. */
export interface Books {
  readonly node: number;
  readonly neighbour: number;
  readonly provided: number;
  readonly consumed: number;
  readonly providedBytes: number;
  readonly consumedBytes: number;
  readonly providedRemainder: number;
  readonly consumedRemainder: number;
  readonly providedCorrection: number;
  readonly consumedCorrection: number;
  readonly paid: number;
  readonly received: number;
  /** How many cheques were written to it, and what the last one and the last one taken are over. */
  readonly payments: number;
  readonly writtenWei: bigint;
  readonly takenWei: bigint;
}

/** What decides how a trace is priced and paid. The rest of a configuration is as simulated nodes have it. */
export type TraceSettings = Pick<
  WorldSettings,
  'costPerMb' | 'payAt' | 'dropAt' | 'riskAt' | 'weiPerUnit' | 'depositWei' | 'journalWindowMs'
>;

/** The trade of a simulated world, to be run once more between real nodes: the same steps must come to the same books. */
export interface Trace {
  readonly seed: number;
  readonly nodes: number;
  /** Who dials whom. */
  readonly edges: readonly (readonly [from: number, to: number])[];
  readonly settings: TraceSettings;
  readonly steps: readonly TraceStep[];
  /** Two for each link, in the order of `edges`: of who dials, and of who is dialled. */
  readonly books: readonly Books[];
}

/** What a trace is to be made of: nodes in a line, so many wants, and so many kills among them. */
export interface TraceOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly count: number;
  readonly kills: number;
}

/** Everybody connects, exchanges terms and opens channels in this time. */
const BEGIN_MS = 5_000;
/** A step and the payment that follows from it are over in this time: payments then fall due at the same steps everywhere. */
const STEP_MS = 1_500;
/** Who was killed is back by then, and everybody has a channel again: a process is down for 8 s at the most. */
const BACK_MS = 120_000;
/** One frame each, so that no payment is written in the middle of a step. */
const MOST_BYTES = 2_000;
/** What costs at least a unit, so that each step shows in the books. */
const LEAST_BYTES = 100;

/** Amounts small enough to be paid often. */
const SETTINGS: TraceSettings = {
  costPerMb: 20_000,
  payAt: 50,
  dropAt: 900,
  riskAt: 100_000,
  weiPerUnit: 10_000_000_000n,
  depositWei: 10n ** 18n,
  journalWindowMs: 50,
};

/** Runs wants and kills between nodes in a line, one at a time, and writes down what they came to. Throws `BrokenRule`. */
export async function recordTrace({ seed, nodes, count, kills }: TraceOptions): Promise<Trace> {
  const edges = Array.from({ length: nodes - 1 }, (_, at) => [at + 1, at] as const);
  // Real nodes are not held to the time of the simulated ones: nothing here settles by the clock.
  const settings = { ...SETTINGS, tradeEveryMs: Number.POSITIVE_INFINITY, settleEveryS: 0 };
  const world = new World({ seed, nodes, cheats: [], faults: [], edges, settings });
  const random = new SeededRandom(seed).fork('trace');
  const planned = planKills(random.fork('kills'), { count, kills, nodes });
  const steps: TraceStep[] = [];
  const act = async (step: TraceStep): Promise<void> => {
    steps.push(step);
    await perform(world, step);
  };
  world.begin();
  await pass(world, BEGIN_MS);
  for (let at = 0; at < count; at += 1) {
    await act(drawWant(random, edges));
    const due = planned.findIndex((kill) => kill.from <= at && isCalm(world, kill.node));
    for (const { node } of due < 0 ? [] : planned.splice(due, 1)) await act({ kind: 'kill', node });
  }
  if (world.invariants.broken !== undefined) throw world.invariants.broken;
  const books = bothWays(edges).map(([node, neighbour]): Books => {
    const { id } = world.nodes[neighbour] as SimNode;
    return { node, neighbour, ...booksIn((world.nodes[node] as SimNode).disk.state, id) };
  });
  return { seed, nodes, edges, settings: SETTINGS, steps, books };
}

/** Both ends of every link. */
export function bothWays(edges: Trace['edges']): readonly (readonly [node: number, neighbour: number])[] {
  return edges.flatMap(([from, to]) => [[from, to] as const, [to, from] as const]);
}

async function pass(world: World, ms: number): Promise<void> {
  const untilMs = world.timeline.nowMs + ms;
  await world.advance(() => world.timeline.nowMs >= untilMs);
}

async function perform(world: World, step: TraceStep): Promise<void> {
  if (step.kind === 'kill') {
    world.nodes[step.node]?.crash();
    const latestMs = world.timeline.nowMs + BACK_MS;
    await world.advance(() => world.timeline.nowMs > latestMs || still(world));
  } else {
    const to = world.nodes[step.to];
    const wanted = to !== undefined && world.nodes[step.from]?.traffic?.[step.kind](to.id, step.bytes);
    if (wanted !== true) throw new BrokenRule('trace', `nobody took ${JSON.stringify(step)}`);
  }
  await pass(world, STEP_MS);
}

/** Everybody runs, every link is up, and both its ends have a channel to buy through. */
function still({ edges, nodes }: World): boolean {
  const linked = (a: SimNode, b: SimNode): boolean => a.traffic?.still(b.id) === true;
  // What a dead process thought of its links is no news of them.
  return nodes.every(({ alive }) => alive) && edges.every(([a, b]) => linked(a, b) && linked(b, a));
}

/** Each from some want on. They have a generator of their own, so that they leave the wants as they are. */
function planKills(random: SeededRandom, { count, kills, nodes }: Omit<TraceOptions, 'seed'>) {
  return Array.from({ length: kills }, () => ({ from: random.below(count), node: random.below(nodes) }));
}

/**
 * A node that comes back opens channels, and so does each of its neighbours. Who is first is not decided by the trace: so
 * nobody may be so near to paying that it matters.
 */
function isCalm({ edges, nodes, settings }: World, index: number): boolean {
  const askPerMb = settings.costPerMb * (1 + WORLD_PRICES.profitBp / 10_000);
  const channelUnits = Math.ceil((OPEN_COST_BYTES * askPerMb) / BYTES_PER_MB) + 1;
  const node = nodes[index] as SimNode;
  return edges.flat().every((other) => {
    const account = node.accountOf(other.id);
    const owed = account === undefined ? 0 : Math.abs(account.ledger.get(account.row, Column.balance));
    return owed + channelUnits < settings.payAt;
  });
}

function drawWant(random: SeededRandom, edges: Trace['edges']): WantStep {
  const edge = random.pick(edges);
  const [from, to] = random.chance(0.5) ? edge : ([edge[1], edge[0]] as const);
  return { kind: random.chance(0.75) ? 'serve' : 'upload', from, to, bytes: LEAST_BYTES + random.below(MOST_BYTES) };
}

function booksIn({ issued, links, received }: StoredState, neighbour: NodeId): Omit<Books, 'node' | 'neighbour'> {
  const link = links.find((each) => each.neighbour === neighbour);
  const written = issued.find(({ beneficiary }) => beneficiary === neighbour);
  const taken = received.find((each) => each.neighbour === neighbour);
  return {
    ...totalsIn(link),
    payments: written?.paymentId ?? 0,
    writtenWei: written?.cumulative ?? 0n,
    takenWei: taken?.cumulative ?? 0n,
  };
}

function totalsIn(link: LinkRecord | undefined): Omit<Books, 'node' | 'neighbour' | 'payments' | `${string}Wei`> {
  const sum = (three: readonly number[] = []): number => three.reduce((all, each) => all + each, 0);
  return {
    provided: sum(link?.provided),
    consumed: sum(link?.consumed),
    providedBytes: sum(link?.providedBytes),
    consumedBytes: sum(link?.consumedBytes),
    providedRemainder: sum(link?.providedRemainder),
    consumedRemainder: sum(link?.consumedRemainder),
    providedCorrection: sum(link?.providedCorrection),
    consumedCorrection: sum(link?.consumedCorrection),
    paid: link?.paid ?? 0,
    received: link?.received ?? 0,
  };
}
