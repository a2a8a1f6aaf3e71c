import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CASH_EVERY_MS, CASH_RETRY_MS, MAX_BATCH_CHEQUES } from '../core/settlement/cashier.ts';
import { BOOK, CashierBed, held, sent } from './cashier-bed.fixture.ts';
import { WATCH_MS } from './chequebook-watch.ts';
import { LOST_MS } from './open-cashings.ts';
import { FINAL_MS } from './payout-watch.ts';

test('a cashing is on disk before it leaves, and what it paid with the account after', async () => {
  const bed = new CashierBed([held(1, 100n, 40n)]);
  assert.equal(await bed.cashes(), 1);
  assert.deepEqual(bed.news(), ['cashing', 'cashed', 'cleared 1', '1']);
  assert.deepEqual(
    bed.committed.filter(({ kind }) => kind === 'cashing'),
    [sent(1, '0x0')],
  );
  const mined = sent(1, '0x0', { status: 'mined', paidOut: 60n, gasWei: 101n });
  assert.deepEqual(bed.kept, [held(1, 100n, 100n), mined]);
  assert.equal(await bed.cashes(), 0, 'nothing is left');
  assert.deepEqual(bed.news(), []);
});

test('several go in one transaction and share its gas to the wei, but only so many', async () => {
  const bed = new CashierBed([held(1), held(2), held(3, 100n, 100n)]);
  assert.equal(await bed.cashes(), 2);
  assert.deepEqual(bed.news(), ['cashing', 'cashing', 'cashed', 'cleared 1', 'cashed', 'cleared 2', '1 2', 'together']);
  const mined = bed.kept.filter((record) => record.kind === 'cashing');
  assert.deepEqual(
    mined.map(({ transaction, gasWei }) => [transaction, gasWei]),
    [
      ['0x0', 51n],
      ['0x0/1', 50n],
    ],
  );
  const many = new CashierBed(Array.from({ length: MAX_BATCH_CHEQUES + 1 }, (_, n) => held(n + 1)));
  assert.equal(await many.cashes(), MAX_BATCH_CHEQUES + 1);
  assert.deepEqual([many.sent.length, many.sent[2]], [3, String(MAX_BATCH_CHEQUES + 1)]);
});

test('what could not be sent is tried again after a while, and at once when it is asked for', async () => {
  const bed = new CashierBed();
  Object.assign(bed, { refuses: 'RPC_UNREACHABLE', riskAt: 150 });
  bed.cashier.start();
  await bed.later(1_000);
  assert.deepEqual(bed.news(), ['fault RPC_UNREACHABLE']);
  await bed.later(CASH_RETRY_MS - 1);
  assert.deepEqual(bed.news(), []);
  assert.equal(await bed.cashes(), 0);
  assert.deepEqual(bed.news(), ['fault RPC_UNREACHABLE']);
  bed.refuses = undefined;
  await bed.later(2 * CASH_RETRY_MS);
  assert.deepEqual(bed.news(), ['cashing', 'cashed', 'cleared 1', '1']);
});

test('one that takes long is not sent again until it is known what became of it, or it is lost', async () => {
  for (const [outcome, said] of [
    [{ hash: '', paidWei: 100n, bounced: false, gasWei: 7n }, ['cashed', 'cleared 1']],
    ['TRANSACTION_REVERTED', []],
    [undefined, []],
  ] as const) {
    const bed = new CashierBed();
    bed.fails = 'TRANSACTION_PENDING';
    assert.equal(await bed.cashes(), 0);
    assert.deepEqual(bed.news(), ['cashing', 'fault TRANSACTION_PENDING', '1']);
    bed.outcome = 'RPC_UNREACHABLE';
    bed.fails = undefined;
    bed.cashier.start();
    await bed.later(10_000);
    assert.equal(await bed.cashes(), 0);
    assert.deepEqual(bed.news(), ['asked for 0x0'], 'it is under way, and asked for now and then');
    bed.outcome = outcome as never;
    if (said.length > 0) bed.paidOut?.set(BOOK, 100n);
    await bed.later(outcome === undefined ? LOST_MS : 15_000);
    assert.deepEqual(bed.news(), [...said, 'asked for 0x0']);
    const last = [...bed.committed, ...bed.kept].findLast((record) => record.kind === 'cashing');
    assert.equal(last?.status, said.length > 0 ? 'mined' : 'failed');
    assert.equal(await bed.cashes(), said.length > 0 ? 0 : 1);
  }
});

test('a lost one waits as any that failed', async () => {
  const bed = new CashierBed([held(1)], [sent(1, '0xold', { atMs: 0 })]);
  bed.riskAt = 150;
  bed.cashier.start();
  await bed.later(1_000);
  assert.deepEqual(bed.news(), ['asked for 0xold'], 'at the start');
  await bed.later(CASH_RETRY_MS - 1);
  assert.deepEqual(bed.news(), []);
  await bed.later(1);
  assert.deepEqual(bed.news(), ['cashing', 'cashed', 'cleared 1', '1']);
});

for (const [what, paidOutWei, known, said] of [
  ['somebody else had handed in', 100n, 100n, ['cleared 1']],
  ['of which a part had been paid', 70n, 70n, ['cleared 1']],
  ['that the contract knows nothing of', 0n, 40n, []],
] as const) {
  test(`a cheque ${what} is noted as the contract has it when it refuses`, async () => {
    const bed = new CashierBed([held(1, 100n, 40n)]);
    Object.assign(bed, { fails: 'TRANSACTION_REVERTED', riskAt: 50 });
    bed.paidOut?.set(BOOK, paidOutWei);
    assert.equal(await bed.cashes(), 0);
    assert.deepEqual(bed.news(), ['cashing', 'fault TRANSACTION_REVERTED', ...said, '1']);
    assert.deepEqual(bed.kept, said.length === 0 ? [] : [held(1, 100n, known)]);
    assert.equal(bed.received.of(BOOK)?.cashedCumulative, known);
    bed.cashier.start();
    bed.received.put(held(1, 200n, known));
    bed.fails = undefined;
    await bed.later(1_000);
    assert.deepEqual(bed.news().slice(0, 1), paidOutWei === 100n ? ['cashing'] : [], 'a failure waits');
  });
}

test('what was paid and could not be written, or read, is looked up until it is', async () => {
  for (const trouble of [{ full: true }, { paidOut: undefined }]) {
    const bed = new CashierBed();
    const { paidOut } = bed;
    Object.assign(bed, trouble);
    assert.equal(await bed.cashes(), 0);
    assert.deepEqual(bed.news(), ['cashing', ...('full' in trouble ? ['fault STORE_FULL'] : []), '1']);
    assert.equal(await bed.cashes(), 0, 'it is not sent again meanwhile');
    bed.news();
    paidOut?.set(BOOK, 100n);
    Object.assign(bed, { full: false, paidOut, outcome: { paidWei: 100n, bounced: false, gasWei: 7n } });
    bed.nowMs += 15_000;
    assert.equal(await bed.cashes(), 0);
    assert.deepEqual(bed.news(), ['cashed', 'cleared 1', 'asked for 0x0']);
    assert.deepEqual(bed.kept.at(0), held(1, 100n, 100n));
  }
});

test('a payout that the chain took back is uncashed again, and cashed once more; also one of before a restart', async () => {
  const before = new CashierBed();
  await before.cashes();
  const after = new CashierBed([held(1, 100n, 100n)], [sent(1, '0xold', { status: 'mined' })]);
  for (const bed of [before, after]) {
    bed.cashier.start();
    bed.paidOut?.clear();
    bed.news();
    await bed.later(FINAL_MS - 1);
    assert.deepEqual(bed.news(), []);
    await bed.later(1);
    assert.deepEqual(bed.news(), ['fault CASHING_UNDONE']);
    assert.deepEqual(bed.kept.at(-1), held(1, 100n, 0n));
    assert.equal(await bed.cashes(), 1);
  }
});

test('the plan weighs what would come in against the price of gas as it is now, and sends nothing', async () => {
  const bed = new CashierBed([held(1, 10_000_000n), held(2, 100n, 100n)]);
  bed.gasPriceWei = 10n;
  const { entries, gasPriceWei } = await bed.cashier.plan();
  assert.equal(gasPriceWei, 10n);
  assert.deepEqual(
    entries.map(({ neighbour, uncashedUnits, cashableUnits, gasUnits, profitUnits }) => {
      return { neighbour, uncashedUnits, cashableUnits, gasUnits, profitUnits };
    }),
    [
      {
        neighbour: held(1).neighbour,
        uncashedUnits: 10_000_000,
        cashableUnits: 1_000,
        gasUnits: 900_000,
        profitUnits: -899_000,
      },
    ],
  );
  assert.deepEqual(bed.news(), ['looked at 1']);
  bed.received.put(held(2));
  for (const [spent, gasUnits] of [
    [2_000_000n, 900_000],
    [2_000_000n, 2_000_000],
    [0n, 2_000_000],
  ] as const) {
    bed.gasWei = spent;
    assert.ok((await bed.cashes()) > 0);
    bed.received.put(held(1, bed.received.of(BOOK)?.cumulative ?? 0n, 0n));
    assert.equal((await bed.cashier.plan()).entries[0]?.gasUnits, gasUnits, 'what one by itself has cost counts');
  }
});

/** Worth the gas of 90,000, and not so much at risk. */
const PATIENT = 1_000_000n;

test('when cheques are cashed for one of them, another goes along that is worth a part of the gas', async () => {
  const bed = new CashierBed([held(1, 3_000_000n), held(2, PATIENT), held(3, 100n)]);
  bed.cashier.start();
  await bed.later(1_000);
  assert.deepEqual(bed.sent, ['1 2', 'together']);
});

test('what is full at once is cashed at once, again and again', async () => {
  const bed = new CashierBed();
  bed.riskAt = 150;
  bed.cashier.start();
  for (const cumulativeWei of [100n, 200n, 300n]) {
    bed.received.put(held(1, cumulativeWei, cumulativeWei - 100n));
    await bed.later(1_000);
    assert.deepEqual(bed.news(), ['cashing', 'cashed', 'cleared 1', '1']);
  }
});

test('a cheque is cashed when it has waited for long, counted over restarts, and from the last that was cashed', async () => {
  const bed = new CashierBed([held(1, PATIENT)]);
  bed.availableWei = PATIENT;
  bed.cashier.start();
  await bed.later(1_000);
  const [since] = bed.committed;
  assert.ok(since?.kind === 'note' && since.name === `uncashed-since:${BOOK}` && since.text === String(bed.nowMs));
  for (const [cashedMs, status, dueMs] of [
    [bed.nowMs + 5_000, 'failed', bed.nowMs],
    [bed.nowMs + 5_000, 'mined', bed.nowMs + 5_000],
    [bed.nowMs - 1, 'mined', bed.nowMs],
  ] as const) {
    const cashings = [sent(1, '0x1', { status, atMs: cashedMs }), sent(1, '0x0', { status, atMs: 1 })];
    const other = { kind: 'note', name: 'another', text: '0' } as const;
    const later = new CashierBed([held(1, PATIENT)], cashings, [other, since]);
    later.availableWei = PATIENT;
    const because = async (nowMs: number) => {
      later.nowMs = nowMs;
      return (await later.cashier.plan()).entries[0]?.because;
    };
    assert.deepEqual([await because(dueMs + CASH_EVERY_MS - 1), await because(dueMs + CASH_EVERY_MS)], ['wait', 'due']);
  }
});

test('a chequebook that owes something is looked at now and then, and cashed while there is coin in it', async () => {
  for (const [change, cashed] of [
    [{}, false],
    [{ withdrawableAtS: 1 }, true],
    [{ availableWei: PATIENT - 1n }, true],
  ] as const) {
    const bed = new CashierBed([held(1, PATIENT), held(2, 100n, 100n)]);
    bed.availableWei = PATIENT;
    bed.cashier.start();
    await bed.later(1_000);
    Object.assign(bed, change);
    await bed.later(WATCH_MS - 1);
    assert.deepEqual(bed.news(), []);
    await bed.later(1);
    assert.deepEqual(bed.news(), [
      ...(cashed ? ['cashing', 'cashed', 'cleared 1'] : []),
      'looked at 1',
      ...(cashed ? ['1'] : []),
    ]);
  }
  const waiting = new CashierBed([held(1, PATIENT)]);
  waiting.waitedFor = true;
  waiting.cashier.start();
  await waiting.later(1_000);
  assert.deepEqual(waiting.news(), ['cashing', 'cashed', 'cleared 1', '1'], 'somebody waits for it');
});

test('who stops waits for what is being sent, and looks at nothing again', async () => {
  const bed = new CashierBed();
  bed.cashier.start();
  const cashing = bed.cashes();
  await bed.cashier.stop();
  assert.deepEqual([bed.news().length, bed.timers, await cashing], [4, 0, 1]);
  await bed.later(FINAL_MS);
  assert.deepEqual([bed.news(), bed.timers], [[], 0]);
});

test('a bounce that was noted on a chequebook nobody in the books has paid from is doubted no longer', async () => {
  const bed = new CashierBed([], [], [{ kind: 'note', name: `bounce:${BOOK}`, text: '0x7' }]);
  assert.deepEqual(bed.cashier.doubted, [BOOK]);
  await bed.cashes();
  assert.deepEqual([bed.cashier.doubted, bed.news()], [[], []]);
});
