import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls, { type TLSSocket } from 'node:tls';
import { createDevChain, DEV_FACTORY } from '../src/chain/dev-chain.ts';
import { serveDevChain } from '../src/chain/dev-chain-server.ts';
import type { WayleaveNode } from '../src/node/node.ts';
import type { Bench, BenchContext, Row } from './bench.ts';
import { idleNeighbour } from './idle-neighbour.ts';
import { bareTlsOptions } from './idle-tls.ts';
import { LAUNCHER_ENV, LAUNCHER_FLAGS } from './launcher.ts';
import { median, residentBytesOf } from './measure.ts';
import { configure, initFolder, pause, UpNode } from './up-node.ts';
import { startWorker } from './worker.ts';

const CHAIN_ID = 31_337;
/** After this long a node that nothing happens to has done what it does at its start. */
const SETTLE_MS = 12_000;
const WARM_STARTS = 5;
const LINKS = 200;
/** One address may shake hands 10 times a second after a burst of 100. */
const BURST = 60;
const DIAL_EVERY_MS = 130;

/** What a node is before anything happens: its memory, what an idle link adds, and how soon it is there. */
export const bench: Bench = {
  id: 'idle',
  async rows(context) {
    const home = mkdtempSync(join(tmpdir(), 'wayleave-bench-idle-'));
    const folder = join(home, 'node');
    const chain = await createDevChain({
      chainId: CHAIN_ID,
      funded: new Map([[initFolder(folder), 10n ** 20n]]),
    });
    const rpc = await serveDevChain({ chain, port: 0 });
    const neighbour = await idleNeighbour(0);
    try {
      const settlement = `[settlement]\nenabled = true\nrpc = "${rpc.url}"\nchain_id = ${CHAIN_ID}\nfactory = "${DEV_FACTORY}"`;
      const known = `[[neighbour]]\naddress = "${neighbour.status().listen}"\nname = "first"`;
      configure(folder, `${settlement}\n[transit]\nuplink = true\n${known}`);
      return await measure(folder, join(home, 'cache'), neighbour, context);
    } finally {
      await neighbour.stop();
      await rpc.close();
      chain.close();
      rmSync(home, { recursive: true, force: true });
    }
  },
};

async function measure(folder: string, cache: string, first: WayleaveNode, context: BenchContext): Promise<Row[]> {
  // As `bin/wayleave` does after an installation. The first start then has a chequebook to make on the chain.
  const compileMs = compileOnce(cache);
  const cold = await start(folder, cache, first);
  await pause(SETTLE_MS);
  const coldBytes = residentBytesOf(cold.node.pid);
  await cold.node.stop();
  const startsMs: number[] = [];
  for (let run = 0; run < WARM_STARTS; run += 1) {
    const { node, linkMs } = await start(folder, cache, first);
    startsMs.push(linkMs);
    if (run < WARM_STARTS - 1) await node.stop();
    else
      return rowsOf({
        compileMs,
        coldMs: cold.linkMs,
        coldBytes,
        startsMs,
        ...(await grow(node, context)),
        bareBytes: await growBare(),
      });
  }
  return [];
}

/** Fills the compile cache; returns how long that took. */
function compileOnce(cache: string): number {
  const startedMs = performance.now();
  const warm = join(import.meta.dirname, '../scripts/warm.mjs');
  const env = { ...LAUNCHER_ENV, NODE_COMPILE_CACHE: cache };
  spawnSync(process.execPath, [...LAUNCHER_FLAGS, warm], { env, stdio: 'ignore' });
  return performance.now() - startedMs;
}

interface Started {
  readonly node: UpNode;
  readonly linkMs: number;
}

/** Starts the node and waits until its neighbour says that the link is up. */
async function start(folder: string, cache: string, neighbour: WayleaveNode): Promise<Started> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const unsubscribe = neighbour.subscribe((event) => {
    if (event.kind === 'linkUp') resolve();
  });
  const node = new UpNode(folder, cache);
  await Promise.race([promise, pause(20_000)]);
  const linkMs = performance.now() - node.startedMs;
  unsubscribe();
  return { node, linkMs };
}

/** Memory of a node at rest, and then with many links that have exchanged terms. */
async function grow(node: UpNode, context: BenchContext): Promise<{ warmBytes: number; perLinkBytes: number }> {
  await pause(SETTLE_MS);
  const warmBytes = residentBytesOf(node.pid);
  const port = await node.port('listen');
  context.say(`  ${LINKS} idle links`);
  const neighbours: WayleaveNode[] = [];
  for (let each = 0; each < LINKS; each += 1) {
    neighbours.push(await idleNeighbour(each + 1, `127.0.0.1:${port}`));
    await pause(each < BURST ? 10 : DIAL_EVERY_MS);
  }
  await pause(SETTLE_MS);
  const up = neighbours.filter((each) => each.status().links.some((link) => link.connected)).length;
  const grown = residentBytesOf(node.pid) - warmBytes;
  await Promise.all(neighbours.map((each) => each.stop()));
  await node.stop();
  if (up < LINKS) context.say(`  only ${up} of ${LINKS} links came up`);
  return { warmBytes, perLinkBytes: grown / up };
}

/** What a connection adds to a process that holds as many of bare node:tls. */
async function growBare(): Promise<number> {
  const worker = await startWorker(join(import.meta.dirname, 'idle-tls.ts'), [], { flags: LAUNCHER_FLAGS });
  const options = await bareTlsOptions(2);
  const dial = async (): Promise<TLSSocket> => {
    const socket = tls.connect({ ...options, host: '127.0.0.1', port: worker.port });
    socket.on('error', () => undefined);
    await once(socket.resume(), 'secureConnect');
    return socket;
  };
  const sockets = [await dial()];
  await pause(SETTLE_MS / 4);
  const restBytes = residentBytesOf(worker.pid);
  for (let each = 0; each < LINKS; each += 1) sockets.push(await dial());
  await pause(SETTLE_MS / 4);
  const grown = residentBytesOf(worker.pid) - restBytes;
  for (const socket of sockets) socket.destroy();
  await worker.stop();
  return grown / LINKS;
}

interface Seen {
  readonly compileMs: number;
  readonly coldMs: number;
  readonly coldBytes: number;
  readonly startsMs: readonly number[];
  readonly warmBytes: number;
  readonly perLinkBytes: number;
  readonly bareBytes: number;
}

function rowsOf({ compileMs, coldMs, coldBytes, startsMs, warmBytes, perLinkBytes, bareBytes }: Seen): Row[] {
  const most = (limit: number) => ({ of: 'value', most: limit }) as const;
  return [
    // Resident memory of `wayleave up` with settlement on, one link, and nothing to do: at its second start, and at the
    // first one ever, which makes a chequebook on the chain.
    { id: 'idle.memory', value: warmBytes / 1e6, unit: 'MB', target: most(100) },
    { id: 'idle.memory-first-start', value: coldBytes / 1e6, unit: 'MB', target: most(100) },
    // What each link adds that has exchanged terms and then is silent: its TLS connection, account and session, and
    // the node's garbage of making it.
    {
      id: 'idle.memory-per-link',
      value: perLinkBytes / 1e3,
      unit: 'kB',
      rival: 'bare node:tls',
      rivalValue: bareBytes / 1e3,
      target: most(100),
    },
    // From `exec` to the neighbour's word that the link is up; the median of several starts, and the first one ever.
    // The neighbour runs already, in this process.
    { id: 'idle.first-link', value: median(startsMs) / 1e3, unit: 's', target: most(1) },
    // Compiling, once after an installation and before the first start.
    { id: 'idle.compile-once', value: compileMs / 1e3, unit: 's' },
    { id: 'idle.first-link-first-start', value: coldMs / 1e3, unit: 's', target: most(1) },
  ];
}
