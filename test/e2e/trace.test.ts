import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DEV_FACTORY } from '../../src/chain/dev-chain.ts';
import type { DevChainServer } from '../../src/chain/dev-chain-server.ts';
import { createEvmChain } from '../../src/chain/evm-chain.ts';
import type { Signer } from '../../src/chain/signer.ts';
import { Column } from '../../src/core/ledger.ts';
import type { LinkAccount } from '../../src/core/link-account.ts';
import { makeIdentity } from '../../src/link/certificate.ts';
import { TlsTransport } from '../../src/link/tls-transport.ts';
import type { NodeConfig } from '../../src/node/config.ts';
import { createNode } from '../../src/node/create-node.ts';
import type { WayleaveNode } from '../../src/node/node.ts';
import type { ServicesContext } from '../../src/node/node-ports.ts';
import { systemClock } from '../../src/node/system-clock.ts';
import { SIM_CHAIN_ID, simConfig } from '../../src/sim/sim-config.ts';
import { type Books, booksOf, recordTrace, type Trace } from '../../src/sim/trace.ts';
import { Traffic } from '../../src/sim/watch/traffic.ts';
import { openSqliteStore } from '../../src/store/sqlite-store.ts';
import { systemEgress } from '../../src/transit/egress.ts';
import { lineChain, lineSigners } from './line.fixture.ts';

/** What is done here by real TLS, stores on disk and an EVM, with several nodes in this one process. */
interface RealNode {
  readonly node: WayleaveNode;
  readonly context: ServicesContext;
  readonly traffic: Traffic;
  stop(): Promise<void>;
}

const folder = mkdtempSync(join(tmpdir(), 'wayleave-trace-'));
const rpcs: DevChainServer[] = [];
after(async () => {
  for (const rpc of rpcs) await rpc.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(config: NodeConfig, signer: Signer, url: string): Promise<RealNode> {
  const store = await openSqliteStore({ path: join(folder, `${config.name}.db`), nodeId: signer.id });
  const chain = createEvmChain({
    urls: [url],
    chainId: SIM_CHAIN_ID,
    factory: DEV_FACTORY,
    signer,
    clock: systemClock,
    pollMs: 20,
  });
  const transport = new TlsTransport({ identity: await makeIdentity(signer), clock: systemClock });
  const ports = { clock: systemClock, random: Math.random, store, transport, chain, egress: systemEgress() };
  const made: { context?: ServicesContext; traffic?: Traffic } = {};
  const services = (context: ServicesContext): Traffic => {
    made.context = context;
    made.traffic = new Traffic(systemClock, context);
    return made.traffic;
  };
  const node = await createNode({ config, signer, ports, services });
  const stop = async (): Promise<void> => {
    await node.stop();
    await store.close();
    await chain.close();
  };
  return { node, stop, context: made.context as ServicesContext, traffic: made.traffic as Traffic };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

function configOf(trace: Trace, index: number, dials: readonly string[]): NodeConfig {
  const config = simConfig({
    ...trace.settings,
    name: String.fromCharCode(65 + index),
    listenPort: 0,
    dials: dials.map(() => 0),
    profitBp: 1_000,
    maxPricePerMb: 1_000_000,
  });
  return {
    ...config,
    listen: { host: '127.0.0.1', port: 0 },
    neighbours: config.neighbours.map((each, at) => {
      const [host, port] = (dials[at] as string).split(':');
      return { ...each, address: { host: String(host), port: Number(port) } };
    }),
  };
}

/** Real nodes, connected as in the trace, whose chequebooks stand before the first link as they do there. */
async function realNodes(trace: Trace, signers: readonly Signer[], url: string): Promise<RealNode[]> {
  for (const [index, signer] of signers.entries()) {
    const first = await start(configOf(trace, index, []), signer, url);
    await until(() => first.node.status().chequebook !== undefined);
    await first.stop();
  }
  const nodes: RealNode[] = [];
  for (const [index, signer] of signers.entries()) {
    const dials = trace.edges.flatMap(([from, to]) =>
      from === index ? [String(nodes[to]?.node.status().listen)] : [],
    );
    nodes.push(await start(configOf(trace, index, dials), signer, url));
  }
  return nodes;
}

function bookOf(nodes: readonly RealNode[], node: number, neighbour: number): Books {
  return booksOf(node, neighbour, nodes[node]?.context.accountOf(nodes[neighbour]?.node.id ?? ''));
}

/** It is connected, and has nothing to pay, nor anything that it pays just now. */
function paidUp(account: LinkAccount | undefined): boolean {
  return account?.ready === true && !account.payDue() && account.ledger.get(account.row, Column.pending) === 0;
}

/** Both ends say the same, and nobody has anything left to pay. */
function quiet(trace: Trace, nodes: readonly RealNode[]): boolean {
  return trace.edges.every(([a, b]) => {
    const [mine, theirs] = [bookOf(nodes, a, b), bookOf(nodes, b, a)];
    const accounts = [
      nodes[a]?.context.accountOf(nodes[b]?.node.id ?? ''),
      nodes[b]?.context.accountOf(nodes[a]?.node.id ?? ''),
    ];
    const agree = mine.provided === theirs.consumed && mine.consumed === theirs.provided;
    const paid = mine.paid === theirs.received && mine.received === theirs.paid;
    return agree && paid && accounts.every(paidUp);
  });
}

test('the trade of a simulated world comes to the same books over TLS, SQLite and an EVM', async () => {
  const trace = await recordTrace({ seed: 11, nodes: 3, count: 60 });
  assert.ok(
    trace.books.every(({ paid, received }) => paid + received > 0),
    'every link has seen payments',
  );
  const signers = lineSigners(trace.nodes);
  const rpc = await lineChain(signers);
  rpcs.push(rpc);
  const nodes = await realNodes(trace, signers, rpc.url);
  // Each end opens a channel to buy through, which is charged.
  const opened = trace.edges.length * 2;
  await until(
    () =>
      quiet(trace, nodes) &&
      trace.books.filter((b) => bookOf(nodes, b.node, b.neighbour).consumed > 0).length === opened,
  );
  for (const { kind, from, to, bytes } of trace.steps) {
    const before = bookOf(nodes, from, to);
    nodes[from]?.traffic[kind](String(nodes[to]?.node.id), bytes);
    await until(() => {
      const now = bookOf(nodes, from, to);
      return now.provided + now.consumed > before.provided + before.consumed && quiet(trace, nodes);
    });
    // A payment is looked for a moment after the charge.
    await new Promise((resolve) => setTimeout(resolve, 10));
    await until(() => quiet(trace, nodes));
  }
  const books = trace.books.map(({ node, neighbour }) => bookOf(nodes, node, neighbour));
  for (const node of nodes) await node.stop();
  assert.deepEqual(books, trace.books);
});
