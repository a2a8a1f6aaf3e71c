import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overStore } from '../store/over-store.ts';
import type { Store } from '../store/store.ts';
import type { Cheat } from './cheat.ts';
import { CHEATS } from './cheats.ts';
import { type FaultRun, leastNodes, replayLine, runFaults } from './fault-run.ts';
import { World } from './world.ts';

/** Each has shown a defect once, beside this cheat: `all` would be another one whenever there are more of them. */
const KNOWN_SEEDS: readonly (readonly [seed: number, cheat: string])[] = [
  [7, 'new-keys'],
  [16, 'closes-old-state'],
  [33, 'new-keys'],
  [34, 'two-keys'],
  [36, 'old-backup'],
  [58, 'denies-payments'],
  [80, 'bouncing-chequebook'],
  [1054, 'malformed-frames'],
  [7005, 'broken-pay-at'],
  [7083, 'broken-pay-at'],
  [101331, 'circulates-volume'],
];
const STEPS = 2_500;
const NAMES = new Set(CHEATS.map(({ name }) => name));
/** The same, with all that it takes. */
const KNOWN_RUNS: readonly FaultRun[] = [
  { seed: 8007682, steps: 10_000, nodes: 4, cheats: ['two-keys'], without: [1, 2, 3] },
  { seed: 50002135, steps: 10_000, nodes: 4, cheats: ['pays-late'] },
  { seed: 61000145, steps: 6_000, nodes: 4, cheats: ['broken-pay-at'] },
  { seed: 60010114, steps: 20_000, nodes: 6, cheats: ['two-keys'] },
  { seed: 80000244, steps: 5_000, nodes: 4, cheats: ['raises-price'] },
  { seed: 50005758, steps: 10_000, nodes: 4, cheats: ['old-backup'] },
  { seed: 90003929, steps: 10_000, nodes: 4, cheats: ['bad-cheques'], without: [3, 4, 6, 7, 8] },
  { seed: 116000297, steps: 10_000, nodes: 4, cheats: ['keeps-packets'] },
  { seed: 130004434, steps: 10_000, nodes: 4, cheats: ['malformed-frames'] },
  { seed: 130005785, steps: 10_000, nodes: 4, cheats: ['floods'] },
  { seed: 31000005, steps: 8_136, nodes: 4, cheats: ['keeps-packets'], without: [2, 3, 4, 5, 6, 7, 8, 10, 12, 13] },
];
/** Fresh seeds are run for so much of this process's time. */
const FRESH_CPU_MS = 4_000;

test('seeds that once showed a defect break no rule', async () => {
  for (const [seed, cheat] of KNOWN_SEEDS) {
    const { broken, run } = await runFaults({ seed, steps: STEPS, nodes: 2 + (seed % 3), cheats: [cheat] });
    assert.equal(broken, undefined, `${broken?.what}\n${replayLine(run)}`);
  }
  for (const known of KNOWN_RUNS) {
    const { broken, run } = await runFaults(known);
    assert.equal(broken, undefined, `${broken?.what}\n${replayLine(run)}`);
  }
});

test('known runs name their cheats, so that one more of them gives no seed another', () => {
  for (const [, cheat] of KNOWN_SEEDS) assert.ok(NAMES.has(cheat), cheat);
  for (const { cheats } of KNOWN_RUNS)
    assert.ok(cheats.length > 0 && cheats.every((each) => NAMES.has(each)), cheats.join());
});

test('a run that draws its cheat says which, in what it found and in the line that runs it again', async () => {
  const { run } = await runFaults({ seed: 4711, steps: 300, nodes: 2, cheats: ['all'] });
  assert.equal(run.cheats.length, 1);
  assert.ok(NAMES.has(run.cheats[0] ?? ''));
  assert.ok(replayLine(run).endsWith(`sim fault --seed 4711 --steps 300 --nodes 2 --cheats ${run.cheats[0]}`));
});

test('a run without room for each of its cheats is none', async () => {
  const cheats = ['floods', 'never-pays', 'under-counts'];
  assert.deepEqual([leastNodes([]), leastNodes(['all']), leastNodes(cheats)], [2, 2, 4]);
  await assert.rejects(runFaults({ seed: 1, steps: 300, nodes: 3, cheats }), RangeError);
});

test('a cheat comes to owe where its neighbour uses all that it owes for packets', async () => {
  const cheats = CHEATS.filter(({ name }) => name === 'pays-late');
  const packets = { tollPerPacket: 5, tollPerMb: 0, refusalFee: 3, price: 20, valueAt: 0, prepay: 0 };
  const settings = { settleEveryS: 3, faultEveryMs: 1_195, packets: { ...packets, everyMs: 19, mostValue: 339 } };
  const { broken } = await new World({ seed: 520031, nodes: 6, cheats, settings }).run(3_000);
  assert.equal(broken, undefined);
});

test('seeds nobody has seen break no rule', async () => {
  const until = process.cpuUsage().user / 1000 + FRESH_CPU_MS;
  for (let seed = Math.floor(Date.now() / 1000); process.cpuUsage().user / 1000 < until; seed += 1) {
    const { broken, run } = await runFaults({ seed, steps: STEPS, nodes: 4, cheats: ['all'] });
    assert.equal(broken, undefined, `${broken?.what}\n${replayLine(run)}`);
  }
});

test('a run follows from its seed, and from nothing else', async () => {
  const run = { seed: 4711, steps: 3_000, nodes: 4, cheats: ['all'] } as const;
  const lines: string[][] = [[], []];
  const first = await runFaults(run, (atMs, line) => lines[0]?.push(`${atMs} ${line}`));
  const second = await runFaults(run, (atMs, line) => lines[1]?.push(`${atMs} ${line}`));
  assert.deepEqual(second, first);
  assert.ok((lines[0]?.length ?? 0) > 100);
  assert.deepEqual(lines[1], lines[0]);
  assert.notDeepEqual((await runFaults({ ...run, seed: 4712 })).coverage, first.coverage);
});

test('however short a run is told to be, it has a crash, a chain in trouble and a cheat that cheats', async () => {
  for (const [at, cheat] of CHEATS.entries()) {
    if (at % 3 !== 0) continue;
    const { broken, coverage } = await runFaults({ seed: 100 + at, steps: 300, nodes: 4, cheats: [cheat.name] });
    assert.equal(broken, undefined);
    const happened = Object.entries(coverage).filter(([, times]) => times > 0);
    const has = (prefix: string): boolean => happened.some(([name]) => name.startsWith(prefix));
    assert.ok(
      has('crash.') && has('chain.') && has(`cheat.${cheat.name}`),
      `${cheat.name}: ${Object.keys(coverage).join(' ')}`,
    );
  }
});

test('a run in which the cheat never cheats is a failure', async () => {
  const idle = { name: 'idle', join() {} };
  const { broken, steps } = await new World({ seed: 1, nodes: 2, cheats: [idle] }).run(50);
  assert.equal(broken?.rule, 'eventful');
  assert.ok(steps >= 10_000, `given up after ${steps} steps`);
});

test('a cheat to which another leaves nothing is no failure', async () => {
  const idle = { name: 'idle', join() {} };
  const busy: Cheat = { name: 'busy', join: ({ cheated }) => cheated() };
  const { broken } = await new World({ seed: 1, nodes: 3, cheats: [idle, busy] }).run(50);
  assert.equal(broken, undefined);
});

test('a cheat is asked for by its whole name, and one that had no occasion has a 0 in the counts', async () => {
  const idle = { name: 'idle', join() {} };
  const other: Cheat = { name: 'idle-not', join: ({ cheated }) => cheated() };
  const world = new World({ seed: 1, nodes: 3, cheats: [idle, other], faults: ['network'] });
  const { steps } = await world.run(50);
  assert.ok(steps >= 10_000, `given up after ${steps} steps`);
  const { coverage } = await runFaults({ seed: 1, steps: 200, nodes: 2, cheats: ['bad-cheques'], faults: [] });
  assert.equal(coverage['cheat.bad-cheques'], 0);
});

/** Says that everything is durable and writes nothing but the first records. */
function lying(store: Store): Store {
  let batches = 0;
  return overStore(store, {
    commit: (records) => {
      batches += 1;
      return batches < 12 ? store.commit(records) : store.commit([]);
    },
  });
}

test('a node that sends before it has written is found out', async () => {
  const world = new World({ seed: 3, nodes: 2, cheats: [], faults: [] });
  const [node] = world.nodes;
  if (node !== undefined) node.alter = (ports) => ({ ...ports, store: lying(ports.store) });
  const { broken } = await world.run(4_000);
  assert.equal(broken?.rule, 'sent-is-recorded');
});

test('two nodes without faults agree, and pay', async () => {
  const world = new World({ seed: 5, nodes: 2, cheats: [], faults: [], settings: { tradeEveryMs: 10 } });
  const { broken, coverage, charges } = await world.run(6_000);
  assert.equal(broken, undefined);
  assert.ok(charges > 1_000 && coverage.of('event.paid') > 5, `${charges} charges, ${coverage.of('event.paid')} paid`);
  assert.equal(coverage.of('event.writeOff'), 0);
});
