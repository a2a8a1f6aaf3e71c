import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createDevChain } from '../chain/dev-chain.ts';
import { serveDevChain } from '../chain/dev-chain-server.ts';
import { WayleaveError } from '../core/errors.ts';
import { booksOnDisk } from './replay/replay-books.ts';
import type { HostLook, LinkLook } from './replay/replay-message.ts';
import { ReplayNode } from './replay/replay-node.ts';
import { SIM_CHAIN_ID } from './sim-config.ts';
import { type Books, type Trace, type TraceStep } from './trace.ts';

/** Coin of every node: far more than its chequebook takes. */
const COIN_WEI = 10n ** 20n;
/** How often processes are asked how they stand, while something is waited for. Milliseconds. */
const LOOK_MS = 5;
/** A step takes some milliseconds, a start a second or two: who waits for so long waits for nothing. Milliseconds. */
const PATIENCE_MS = 120_000;

export interface ReplayOptions {
  /** Where every node gets a folder of its own. */
  readonly folder: string;
  /** Told after each step, 0 … 1. */
  readonly progress?: (part: number) => void;
  /** Ends it early: the processes are killed, and it rejects. */
  readonly signal?: AbortSignal;
}

/** One figure that is not what the trace says. */
export interface Difference {
  readonly node: number;
  readonly neighbour: number;
  readonly figure: string;
  readonly expected: number | bigint;
  readonly actual: number | bigint;
}

export interface ReplayOutcome {
  /** As the stores had them after every process was gone; in the order of the trace. */
  readonly books: readonly Books[];
  readonly differences: readonly Difference[];
  /** Processes that were nodes, the killed ones among them. */
  readonly pids: readonly number[];
}

/**
 * Runs a trace between real nodes: each a process of its own with its own key, folder and SQLite, over TLS on loopback
 * and an EVM behind JSON-RPC. The books are read from the stores when all are gone. Throws `REPLAY_NODE_FAILED`,
 * `REPLAY_STUCK`, `CHAIN_EMBEDDED_UNAVAILABLE`.
 */
export async function replayTrace(trace: Trace, { folder, progress, signal }: ReplayOptions): Promise<ReplayOutcome> {
  const nodes = Array.from(
    { length: trace.nodes },
    (_, index) => new ReplayNode(trace, index, join(folder, `${index}`)),
  );
  await using opened = new AsyncDisposableStack();
  const killAll = async (): Promise<void> => void (await Promise.all(nodes.map((node) => node.kill())));
  opened.defer(killAll);
  signal?.addEventListener('abort', () => void killAll(), { once: true });
  await Promise.all(nodes.map((node) => node.start()));
  const funded = new Map(nodes.map(({ id }) => [id, COIN_WEI]));
  const server = await serveDevChain({ chain: await createDevChain({ chainId: SIM_CHAIN_ID, funded }), port: 0 });
  opened.defer(() => server.close());
  await connect(trace, nodes, server.url);
  for (const [at, step] of trace.steps.entries()) {
    signal?.throwIfAborted();
    await perform(trace, nodes, step).catch((error: unknown) => {
      throw error instanceof Stuck ? stuck(`step ${at}: ${JSON.stringify(step)}`) : error;
    });
    progress?.((at + 1) / trace.steps.length);
  }
  // Upstream last: a link that is closed by the other end writes no less.
  for (const node of nodes.toReversed()) await node.stop();
  const books = trace.books.map(({ node, neighbour }): Books => {
    const [mine, theirs] = [nodes[node] as ReplayNode, nodes[neighbour] as ReplayNode];
    return { node, neighbour, ...booksOnDisk(mine.store, theirs.id) };
  });
  return { books, differences: differencesOf(trace.books, books), pids: nodes.flatMap(({ pids }) => pids) };
}

/** Chequebooks stand before the first link, as they do in the simulated world; who is dialled listens before who dials. */
async function connect(trace: Trace, nodes: readonly ReplayNode[], rpcUrl: string): Promise<void> {
  try {
    await Promise.all(
      nodes.map(async (node) => {
        await node.open(rpcUrl, []);
        await until(async () => (await node.look()).solvent);
        await node.close();
      }),
    );
    for (const node of nodes) await node.open(rpcUrl, nodes);
    await quiet(nodes, trace.edges);
  } catch (error) {
    throw error instanceof Stuck ? stuck('the start') : error;
  }
}

async function perform(trace: Trace, nodes: readonly ReplayNode[], step: TraceStep): Promise<void> {
  if (step.kind === 'kill') {
    const node = nodes[step.node] as ReplayNode;
    await until(async () => (await node.look()).links.every(({ written }) => written));
    await node.kill();
    await node.start();
    await node.open(node.rpcUrl, nodes);
    return quiet(nodes, trace.edges);
  }
  const [from, to] = [nodes[step.from] as ReplayNode, nodes[step.to] as ReplayNode];
  const wanted = await from.want(step, to.id);
  if (!wanted) throw new Stuck();
  await quiet(nodes, [[step.from, step.to]]);
}

/** Both ends of these links say that nothing is to come, and have the same totals. */
function quiet(nodes: readonly ReplayNode[], edges: Trace['edges']): Promise<void> {
  return until(async () => {
    for (const [a, b] of edges) {
      const [one, other] = [nodes[a] as ReplayNode, nodes[b] as ReplayNode];
      if (!agree(linkOf(await one.look(), other), linkOf(await other.look(), one))) return false;
    }
    return true;
  });
}

function linkOf({ links }: HostLook, { id }: ReplayNode): LinkLook | undefined {
  return links.find(({ neighbour }) => neighbour === id);
}

function agree(one: LinkLook | undefined, other: LinkLook | undefined): boolean {
  if (one?.still !== true || other?.still !== true) return false;
  const traded = one.provided === other.consumed && one.consumed === other.provided;
  return traded && one.paid === other.received && one.received === other.paid;
}

/** What was waited for did not come. */
class Stuck extends Error {}

function stuck(where: string): WayleaveError {
  return new WayleaveError('REPLAY_STUCK', { where, seconds: PATIENCE_MS / 1_000 });
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const latestMs = performance.now() + PATIENCE_MS; !(await condition()); await pause(LOOK_MS))
    if (performance.now() > latestMs) throw new Stuck();
}

function differencesOf(expected: readonly Books[], actual: readonly Books[]): Difference[] {
  return expected.flatMap((books, at) =>
    Object.entries(books).flatMap(([figure, value]: [string, number | bigint]) => {
      const found = (actual[at] as Books)[figure as keyof Books];
      return found === value
        ? []
        : [{ node: books.node, neighbour: books.neighbour, figure, expected: value, actual: found }];
    }),
  );
}
