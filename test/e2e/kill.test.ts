import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type Books, readBooks } from '../../src/lab/check-books.ts';
import { download } from '../../src/lab/download.ts';
import { type LabFolder, labIds, makeHomes, openFolder } from '../../src/lab/folder.ts';
import { type LabChain, startLabChain } from '../../src/lab/lab-chain.ts';
import { NodeProcess } from '../../src/lab/node-process.ts';
import { type Origin, startOrigin } from '../../src/lab/origin.ts';
import { scenarioNamed } from '../../src/lab/scenario.ts';
import { seededFile } from '../../src/lab/seeded-file.ts';
import type { LinkStatus } from '../../src/node/node.ts';

/** Kills in one run: each at a random moment of a download, on a random node. */
const ROUNDS = Number(process.env['WAYLEAVE_KILL_ROUNDS'] ?? 12);
const SEED = Number(process.env['WAYLEAVE_KILL_SEED'] ?? Date.now() % 1_000_000);

const LINE = [
  ['A', 'B'],
  ['B', 'C'],
  ['C', 'D'],
] as const;

/** A small generator, so that a failing run can be told by its seed. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe(`nodes killed at random moments of a download (seed ${SEED})`, { timeout: 240_000 }, () => {
  const scenario = scenarioNamed('neighbourhood');
  const file = seededFile(SEED, 'D', 3);
  const next = random(SEED);
  const nodes = new Map<string, NodeProcess>();
  let folder: LabFolder;
  let chain: LabChain;
  let origin: Origin;

  before(async () => {
    folder = openFolder(undefined);
    chain = await startLabChain(labIds(scenario, SEED).values(), 0);
    origin = await startOrigin(new Map([['D', file]]));
    const homes = await makeHomes({
      scenario,
      seed: SEED,
      folder: folder.path,
      settlement: 'cheque',
      chain,
      origins: new Map([['A', origin]]),
      shaped: false,
    });
    for (const home of homes) nodes.set(home.name, NodeProcess.start(home));
    await Promise.all([...nodes.values()].map((node) => node.ready()));
    await linked();
  });

  after(async () => {
    await Promise.all([...nodes.values()].map((node) => node.stop()));
    await origin.close();
    await chain.close();
    folder.remove();
  });

  const at = (name: string): NodeProcess => {
    const node = nodes.get(name);
    assert.ok(node !== undefined);
    return node;
  };

  /** Every node of the line has its way to the internet, with a price, and a chequebook to pay from. */
  async function linked(): Promise<void> {
    for (const name of ['B', 'C', 'D']) {
      const hop = scenario.nodes.find((each) => each.name === name)?.nextHop;
      for (;;) {
        const status = await at(name).status();
        const up = status.links.find((link) => link.neighbour === at(hop ?? '').home.id);
        if (
          up?.connected === true &&
          up.services.transit.theirAskPerMb !== undefined &&
          status.chequebook !== undefined
        )
          break;
        await pause(20);
      }
    }
  }

  async function fetchFile(): Promise<string> {
    const socks = (await at('D').status()).socks?.split(':') ?? [];
    const proxy = { host: socks[0] ?? '', port: Number(socks[1]) };
    return (await download({ proxy, origin, file: 'D', idleMs: 5_000 })).sha256;
  }

  test('counters, cheques and terms come back, nothing is credited twice, and the books close', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const running = fetchFile().catch(() => 'broken');
      await pause(next() * 400);
      const name = ['A', 'B', 'C', 'D'][Math.floor(next() * 4)] ?? 'B';
      const victim = at(name);
      victim.kill();
      await victim.exited;
      rmSync(join(victim.home.folder, 'api.json'), { force: true });
      nodes.set(name, NodeProcess.start(victim.home));
      await at(name).ready();
      await running;
      await linked();
    }
    assert.equal(await fetchFile(), file.sha256, 'the download can be retried');
    await closed();
  });

  /** What both ends of a link of the line count, the first as the second would: equal when nothing is on its way. */
  async function counted(a: string, b: string): Promise<readonly [number[], number[]]> {
    const [left, right] = await Promise.all([linkOf(a, b), linkOf(b, a)]);
    return [
      [left.balance + left.writeOff, left.paid, left.received, left.pending],
      [-(right.balance + right.writeOff), right.received, right.paid, right.pending],
    ];
  }

  async function linkOf(name: string, other: string): Promise<LinkStatus> {
    const link = (await at(name).status()).links.find(({ neighbour }) => neighbour === at(other).home.id);
    assert.ok(link !== undefined);
    return link;
  }

  /** No payment is pending, and nothing moved from one look to the next in which both ends of each link agreed. */
  async function quiet(): Promise<void> {
    let last = '';
    for (;;) {
      const links = await Promise.all(LINE.map(([a, b]) => counted(a, b)));
      const agreed = links.every(([left, right]) => isDeepStrictEqual(left, right) && left[3] === 0);
      const now = JSON.stringify(links);
      if (agreed && now === last) return;
      last = now;
      await pause(50);
    }
  }

  /** Lets payments in flight arrive, stops every node, and looks at what each one wrote. */
  async function closed(): Promise<void> {
    await quiet();
    await Promise.all([...nodes.values()].map((node) => node.stop()));
    for (const { home } of nodes.values()) {
      for (const [id, { balance, told, writeOff }] of readBooks(home.store).links) {
        assert.equal(told, balance + writeOff, `${home.name}: the history of ${id} explains its counter`);
      }
    }
    const books = new Map([...nodes.values()].map(({ home }) => [home.id, readBooks(home.store)]));
    for (const [a, b] of LINE) agree(a, b, books);
  }

  function agree(a: string, b: string, books: ReadonlyMap<string, Books>): void {
    const [idA, idB] = [at(a).home.id, at(b).home.id];
    const left = books.get(idA)?.links.get(idB);
    const right = books.get(idB)?.links.get(idA);
    assert.ok(left !== undefined && right !== undefined);
    assert.equal(
      left.balance + left.writeOff + right.balance + right.writeOff,
      0n,
      `${a}–${b}: balances and write-offs sum to 0`,
    );
    assert.equal(left.received, right.paid, `${a}–${b}: what was paid was credited once`);
    assert.equal(left.paid, right.received);
    assert.equal(left.lease + right.lease, 0n, 'a clean stop leaves no lease');
    const taken = books.get(idA)?.received.get(idB);
    const issued = books.get(idB)?.issued.get(idA);
    assert.equal(taken?.cumulativeWei, issued?.acceptedWei, `${a}–${b}: the last cheque is the same at both ends`);
    assert.equal(taken?.cumulativeWei, left.received * 10n ** 10n, 'and is worth what was credited');
  }
});
