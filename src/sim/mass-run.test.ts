import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CONSUME, Column, PROVIDE } from '../core/ledger/columns.ts';
import { MAX_CHARGE_BYTES } from '../core/units.ts';
import { bytesOf, epochAt, frameOf, goesWith } from './mass/frame-number.ts';
import { LinkQueue } from './mass/link-queue.ts';
import type { MassEnd } from './mass/mass-end.ts';
import { type MassRun, massLinks, runMass } from './mass-run.ts';
import { BrokenRule } from './watch/broken-rule.ts';

const SMALL: MassRun = { nodes: 8, links: 3, seconds: 900, seed: 7 };
/** With five times the traffic of a usual link, cheques are cashed and credit grows within minutes. */
const BUSY: MassRun = { ...SMALL, seconds: 1_200, bytes: 300_000 };

test('everything that can happen in such a world happens, every rule holds, and the whole adds up', () => {
  const { broken, counts, exposure, risk, world } = runMass({
    ...BUSY,
    freeRiders: 25,
    breaksPerHour: 20,
    delayMs: 500,
  });
  assert.equal(broken, undefined);
  for (const [name, times] of Object.entries(counts)) assert.ok(times > 0, `${name}: ${times}`);
  assert.ok(exposure.units > 0 && exposure.units <= exposure.limit);
  assert.ok(risk.units > 0 && risk.units <= 1.5 * risk.limit);
  const links = massLinks(world);
  assert.equal(links.length, 12);
  for (const { balance, consumed, paid, provided, received, writeOff } of links)
    assert.equal(provided - consumed + paid - received + writeOff, balance);
});

test('a run is the same again by its seed, and another by another', () => {
  const told = (seed: number) => {
    const { counts, world } = runMass({ ...SMALL, seconds: 120, seed, breaksPerHour: 30 });
    return JSON.stringify([counts, massLinks(world)]);
  };
  assert.equal(told(1), told(1));
  assert.notEqual(told(1), told(2));
});

test('who never pays is slowed, stopped at dropAt, and gets away with no more; who pays is not stopped', () => {
  const { broken, counts, freeRiders, world } = runMass({ ...BUSY, freeRiders: 40 });
  assert.equal(broken, undefined);
  assert.equal(freeRiders.nodes, 3);
  assert.ok(Number(counts['chokes']) > 0 && freeRiders.choked === freeRiders.owing);
  assert.ok(freeRiders.lostUnits > 0 && freeRiders.lostUnits <= freeRiders.limitUnits);
  for (const end of world.ends) {
    const { account, other } = end;
    const paid = account.ledger.get(account.row, Column.paid);
    if (end.node.freeRider) assert.equal(paid, 0, `${end.name} pays`);
    if (!other.node.freeRider) assert.equal(account.state(), 'open', end.name);
  }
  assert.equal(runMass(BUSY).counts['chokes'], 0, 'nobody is choked where everybody pays');
});

type Corruption = readonly [rule: string, what: string, corrupt: (end: MassEnd) => void];

/** Writes into a cell what nobody booked. */
function cell({ account: { ledger, row } }: MassEnd, column: number, units: number): void {
  if (column < PROVIDE) ledger.providing[row * PROVIDE + column] = units;
  else ledger.consuming[row * CONSUME + column - PROVIDE] = units;
}

const CORRUPTIONS: readonly Corruption[] = [
  ['agreement', 'provided without a frame', ({ account }) => account.ledger.provided(account.row, 0, 1)],
  ['agreement', 'consumed without a frame', ({ account }) => account.ledger.consumed(account.row, 0, 1)],
  [
    'agreement',
    'a frame booked twice',
    ({ transit, account }) => transit.delivered(500, account.theirs.newest?.epoch ?? 1),
  ],
  ['agreement', 'a remainder dropped', ({ transit }) => transit.forgetRemainders()],
  ['agreement', 'a correction out of nothing', ({ account }) => account.ledger.correct(account.row, 'provided', 0, -1)],
  ['credited-once', 'a payment credited twice', ({ account }) => account.ledger.received(account.row, 1, 1)],
  ['credited-once', 'a cheque taken and not booked', ({ purse }) => void (purse.creditedUnits += 1)],
  ['paid-once', 'a payment booked and not written', ({ account }) => account.ledger.paying(account.row, 1)],
  ['paid-once', 'a cheque written and not booked', ({ purse }) => void (purse.issuedUnits += 1)],
  ['balance-is-totals', 'the balance off by one', (end) => cell(end, Column.balance, 123_456)],
  ['totals-grow', 'a total that shrinks', (end) => cell(end, Column.provided, 0)],
  ['reservations', 'a hold below zero', (end) => cell(end, Column.heldConsume, -1)],
  ['integers', 'a fraction', (end) => cell(end, Column.uncleared, 0.5)],
  ['bounded-risk', 'nothing counts as at risk', ({ purse }) => void (purse.cashedUnits = -1e9)],
];

for (const [rule, what, corrupt] of CORRUPTIONS)
  test(`${what} stops the run with ${rule}`, () => {
    const { broken, replay } = runMass(SMALL, {
      progress: (part, { links }) => {
        const end = links[0]?.a as MassEnd;
        if (part === 0.5) corrupt(end);
        if (part === 0.5) end.step({ kind: 'tick' });
        assert.ok(part <= 0.5, 'at once');
      },
    });
    assert.equal(broken?.rule, rule, broken?.what);
    assert.match(broken?.what ?? '', /n0 about n\d.* balance -?\d+.*; the other end: /s);
    assert.match(replay, /^wayleave sim mass --seed 7 --nodes 8 --links 3 --seconds 900$/);
  });

/** Runs a busy link for a while, does something to one end, and has it serve until a rule breaks. */
function chargesUntilBroken(corrupt: (end: MassEnd) => void): { readonly rule: string; readonly charges: number } {
  const { world } = runMass({ nodes: 2, seconds: 60, rate: 20, bytes: 1_000, seed: 7 });
  const end = world.links[0]?.a as MassEnd;
  corrupt(end);
  for (let charges = 1; charges <= 100; charges += 1) {
    try {
      end.serve(100);
    } catch (error) {
      if (error instanceof BrokenRule) return { rule: error.rule, charges };
      throw error;
    }
  }
  return { rule: 'none', charges: 100 };
}

for (const [rule, what, corrupt] of [
  ['agreement', 'provided without a frame', ({ account }) => account.ledger.provided(account.row, 0, 1)],
  ['agreement', 'consumed without a frame', ({ account }) => account.ledger.consumed(account.row, 0, 1)],
  ['agreement', 'a remainder dropped', ({ transit }) => transit.forgetRemainders()],
  ['balance-is-totals', 'the balance off by one', (end) => cell(end, Column.balance, 1_234)],
  ['reservations', 'a hold below zero', (end) => cell(end, Column.heldProvide, -1)],
] as const satisfies readonly Corruption[])
  test(`${what} is noticed with the next charge alone`, () => {
    assert.deepEqual(chargesUntilBroken(corrupt), { rule, charges: 1 });
  });

for (const [rule, what, corrupt] of [
  ['paid-once', 'a payment booked and not written', ({ account }) => account.ledger.paying(account.row, 1)],
  ['integers', 'a fraction of what no charge touches', (end) => cell(end, Column.uncleared, 0.5)],
  ['bounded-risk', 'nothing counts as at risk', ({ purse }) => void (purse.cashedUnits = -1e9)],
] as const satisfies readonly Corruption[])
  test(`${what} is noticed where nothing but charges happens`, () => {
    const broken = chargesUntilBroken(corrupt);
    assert.equal(broken.rule, rule);
    assert.ok(broken.charges <= 64, `after ${broken.charges} charges`);
  });

test('a limit that does not limit, and a debt that grows beyond it, are noticed', () => {
  const run = { ...BUSY, freeRiders: 40 };
  const { broken } = runMass(run, {
    progress: (_, { ends }) => {
      for (const { account } of ends) account.ledger.setLimit(account.row, 'dropAt', 2 ** 40);
    },
  });
  assert.equal(broken?.rule, 'bounded-exposure');
});

test('an error that is thrown ends the run like a broken rule', () => {
  const { broken } = runMass(SMALL, {
    progress: () => {
      throw new Error('out of nowhere');
    },
  });
  assert.equal(broken?.rule, 'no-exception');
});

const INVALID: readonly MassRun[] = [
  { nodes: 1 },
  { nodes: Number.NaN },
  { nodes: 2.5 },
  { nodes: 4, links: 4 },
  { nodes: 5, links: 3 },
  { nodes: 1_000_000, links: 8 },
  { seconds: 0 },
  { rate: 0 },
  { bytes: 2_000_000 },
  { freeRiders: 101 },
  { delayMs: -1 },
  { breaksPerHour: 1e6 },
  { statementSeconds: 0.5 },
  { seed: -1 },
];

test('sizes that no world can have are refused', () => {
  for (const run of INVALID) assert.throws(() => runMass(run), { code: 'MASS_INVALID' }, JSON.stringify(run));
});

test('a frame is told whole by one number', () => {
  const frame = fc.record({
    bytes: fc.nat(MAX_CHARGE_BYTES - 1),
    epoch: fc.integer({ min: 1, max: 2 ** 31 }),
    connection: fc.nat(1_000),
    later: fc.nat(15),
  });
  fc.assert(
    fc.property(frame, ({ bytes, connection, epoch, later }) => {
      const told = frameOf(bytes, epoch, connection);
      assert.ok(told >= 0 && told < 2 ** 29);
      assert.deepEqual([bytesOf(told), epochAt(told, epoch + later)], [bytes, epoch]);
      assert.ok(goesWith(told, connection) && !goesWith(told, connection + 1 + (later % 15)));
    }),
  );
});

test('what is to come on a link comes in the order of its moments, then of asking, and only up to the moment given', () => {
  const ask = fc.record({ delayMs: fc.option(fc.nat(20)), takes: fc.nat(3), forMs: fc.nat(9) });
  fc.assert(
    fc.property(fc.nat(9), fc.array(ask, { maxLength: 60 }), (wayMs, asks) => {
      const queue = new LinkQueue(wayMs);
      let waiting: { at: number; what: number }[] = [];
      for (const [what, { delayMs, forMs, takes }] of asks.entries()) {
        if (delayMs === null) queue.send(what);
        else queue.post(delayMs, what);
        waiting.push({ at: queue.nowMs + (delayMs ?? wayMs), what });
        const untilMs = queue.nowMs + forMs;
        for (let n = 0; n < takes; n += 1) {
          const due = waiting.filter(({ at }) => at <= untilMs).sort((a, b) => a.at - b.at || a.what - b.what)[0];
          assert.equal(queue.next(untilMs), due?.what ?? -1);
          assert.equal(queue.nowMs, due?.at ?? untilMs);
          waiting = waiting.filter((each) => each !== due);
        }
      }
      assert.equal(queue.steps, asks.length - waiting.length);
    }),
  );
});
