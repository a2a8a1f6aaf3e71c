import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'wayleave-lab-e2e-'));
const started = new Set<ChildProcess>();
after(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

interface Run {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  readonly code: Promise<number | null>;
}

/** Runs `wayleave lab` the way a shell would, without a terminal. */
function lab(...args: string[]): Run {
  const child = spawn(process.execPath, [MAIN, 'lab', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  started.add(child);
  let [out, err] = ['', ''];
  child.stdout?.on('data', (bytes: Buffer) => (out += bytes.toString()));
  child.stderr?.on('data', (bytes: Buffer) => (err += bytes.toString()));
  const code = once(child, 'close').then(([each]) => each as number | null);
  return { child, out: () => out, err: () => err, code };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let waited = 0; !holds(); waited += 50) {
    if (waited > 60_000) assert.fail(`still not: ${what}`);
    await pause(50);
  }
}

/** Process ids of the nodes whose folders are in `folder`, as their `api.json` names them. */
function pidsIn(folder: string): number[] {
  const files = readdirSync(folder).map((name) => join(folder, name, 'api.json'));
  return files
    .filter((file) => existsSync(file))
    .map((file) => (JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid);
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

interface Result {
  readonly schema: number;
  readonly scenario: string;
  readonly seed: number;
  readonly ok: boolean;
  readonly nodes: {
    name: string;
    address: string;
    earned: number;
    spent: number;
    chainBefore: string;
    chainAfter: string;
    gas: string;
  }[];
  readonly settlement: string;
  readonly links: Record<
    | 'pricePerMb'
    | 'bytes'
    | 'bytesFromA'
    | 'bytesFromB'
    | 'balanceA'
    | 'balanceB'
    | 'writeOffA'
    | 'writeOffB'
    | 'chequesIssued'
    | 'chequesCashed'
    | 'paid'
    | 'settledOnChain',
    number
  >[];
  readonly transfer: { bytes: number; sha256: string; ok: boolean; seconds: number };
  readonly conservation: number;
  readonly checks: { id: string; expected: unknown; actual: unknown; ok: boolean }[];
}

describe('wayleave lab', { timeout: 240_000 }, () => {
  it('--once downloads over four nodes, settles, and closes its books', async () => {
    const folder = join(root, 'once');
    const run = lab('--once', '--json', '-', '--seed', '5', '--dir', folder);
    await until('five nodes', () => existsSync(folder) && pidsIn(folder).length === 5);
    const pids = pidsIn(folder);
    assert.equal(new Set([...pids, run.child.pid]).size, 6);
    assert.equal(await run.code, 0, run.err());

    const result = JSON.parse(run.out()) as Result;
    assert.deepEqual([result.schema, result.scenario, result.seed, result.ok], [1, 'neighbourhood', 5, true]);
    assert.deepEqual(
      result.checks.filter(({ ok }) => !ok),
      [],
    );
    assert.deepEqual([result.transfer.bytes, result.transfer.ok, result.conservation], [24_000_000, true, 0]);
    assert.deepEqual(
      result.links.map(({ pricePerMb }) => pricePerMb),
      [8_800, 10_120, 11_132, 10_120, 0],
    );
    for (const link of result.links.slice(0, 4)) {
      assert.equal(link.balanceA + link.writeOffA + link.balanceB + link.writeOffB, 0);
      assert.ok(link.chequesIssued >= 1 && link.chequesCashed >= 1 && link.bytes > 3_000_000, JSON.stringify(link));
    }
    const coin = result.nodes.map((each) => BigInt(each.chainAfter) - BigInt(each.chainBefore) + BigInt(each.gas));
    assert.equal(
      coin.reduce((sum, each) => sum + each, 0n),
      0n,
    );
    assert.equal(
      result.nodes.reduce((sum, { earned, spent }) => sum + earned - spent, 0),
      0,
    );
    assert.deepEqual(pids.filter(alive), []);
  });

  it('--settlement channel pays in channels and closes each in one transaction', async () => {
    const run = lab('--once', '--settlement', 'channel', '--size-mb', '8', '--json', '-');
    assert.equal(await run.code, 0, run.err());
    const { links, settlement } = JSON.parse(run.out()) as Result;
    assert.equal(settlement, 'channel');
    assert.deepEqual(
      links.map(({ paid, settledOnChain, chequesIssued }) => [paid > 0, settledOnChain, chequesIssued]),
      [...Array.from({ length: 4 }, () => [true, 1, 0]), [false, 0, 0]],
    );
  });

  it('--settlement barter: one way ends at dropAt, and goes on as soon as the other side takes as well', async () => {
    const run = lab('--once', '--settlement', 'barter', '--json', '-');
    assert.equal(await run.code, 0, run.err());
    const { checks, links, nodes, scenario, settlement, conservation } = JSON.parse(run.out()) as Result;
    assert.deepEqual([scenario, settlement, conservation], ['peering', 'barter', 0]);
    const [link] = links;
    assert.deepEqual([link?.pricePerMb, link?.paid, link?.settledOnChain], [8_800, 0, 0]);
    assert.ok((link?.bytesFromA ?? 0) >= 12_000_000 && (link?.bytesFromB ?? 0) >= 12_000_000);
    const read = (id: string): unknown => checks.find((each) => each.id === id)?.actual;
    assert.deepEqual(
      [read('oneWay.state'), read('transfer.S.bytes'), read('transfer.N.bytes')],
      [...['choked', 12_000_000, 12_000_000]],
    );
    assert.ok(Number(read('oneWay.debt')) > 35_180 && Number(read('oneWay.debt')) <= 35_200);
    assert.ok(Number(read('oneWay.bytes')) <= 4_000_000);
    assert.deepEqual(
      nodes.map(({ chainAfter }) => chainAfter),
      ['0', '0'],
    );
  });

  it("--scenario silk-road plays the seed's two examples over four processes, to the unit", async () => {
    const run = lab('--scenario', 'silk-road', '--once', '--json', '-');
    assert.equal(await run.code, 0, run.err());
    const { checks, scenario, conservation } = JSON.parse(run.out()) as Result;
    assert.deepEqual([scenario, conservation], ['silk-road', 0]);
    const read = (id: string): unknown => checks.find((each) => each.id === id)?.actual;
    for (const [moment, counters] of [
      ['sent', [100_000, 95_000, 35_000]],
      ['confirmed', [65_065, 60_060, 0]],
      ['settled', [0, 0, 0]],
      ['asked', [10_000, 9_995, 9_935]],
      ['answered', [6_800, 6_295, 235]],
      ['ended', [0, 0, 0]],
    ] as const) {
      assert.deepEqual(
        ['A-b', 'b-c', 'c-D'].map((link) => read(`${moment}.counter.${link}`)),
        counters,
      );
    }
    const costs = ['confirmed', 'asked', 'answered'].map((moment) => read(`${moment}.originatorCost`));
    assert.deepEqual(costs, [65_065, 10_000, 6_800]);
    assert.deepEqual([read('asked.earned.b'), read('asked.earned.c'), read('answered.replies')], [5, 60, 100]);
  });

  it('ends in order at Ctrl-C while it runs, and settles what there is', async () => {
    const folder = join(root, 'watch');
    const file = join(root, 'watch.json');
    const run = lab('--json', file, '--size-mb', '4', '--dir', folder);
    await until('a payment of D', () => /C→D \S+ \S+ [1-9]/.test(run.err()));
    const pids = pidsIn(folder);
    assert.equal(pids.length, 5);
    run.child.kill('SIGINT');
    assert.equal(await run.code, 0, run.err());
    assert.equal((JSON.parse(readFileSync(file, 'utf8')) as Result).conservation, 0);
    assert.match(run.out(), /Sum of all counters and write-offs: 0\n/);
    assert.deepEqual(pids.filter(alive), []);
  });

  it('leaves no node behind even when it is killed', async () => {
    const folder = join(root, 'killed');
    const run = lab('--dir', folder);
    await until('five nodes', () => existsSync(folder) && pidsIn(folder).length === 5);
    const pids = pidsIn(folder);
    run.child.kill('SIGKILL');
    await run.code;
    await until('all nodes gone', () => pids.every((pid) => !alive(pid)));
  });

  it('says so when a node ends by itself, and stops the others', async () => {
    const folder = join(root, 'broken');
    const run = lab('--dir', folder);
    await until('the lab', () => run.err().includes('Everything is up'));
    const pids = pidsIn(folder);
    process.kill(pids[1] ?? 0, 'SIGKILL');
    assert.equal(await run.code, 1);
    assert.match(run.err(), /LAB_NODE_FAILED/);
    assert.deepEqual(pids.filter(alive), []);
  });

  it('refuses what it does not know, before it starts anything', async () => {
    const unknown = lab('--once', '--scenario', 'metropolis');
    assert.equal(await unknown.code, 1);
    assert.match(unknown.err(), /SCENARIO_UNKNOWN.*metropolis/);
    const oneWay = lab('--once', '--scenario', 'neighbourhood', '--settlement', 'barter');
    assert.equal(await oneWay.code, 1);
    assert.match(oneWay.err(), /SCENARIO_SETTLES_OTHERWISE.*cheque, transfer, channel/);
    const wrong = lab('--seed', '-1');
    assert.equal(await wrong.code, 2);
  });
});
