import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chain, ChequebookFacts } from '../chain/chain.ts';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { CASH_EVERY_MS, CASH_RETRY_MS, type CashReason } from '../core/settlement/cashier.ts';
import type { CashingRecord, NoteRecord, ReceivedChequeRecord, Store, StoreRecord } from '../store/store.ts';
import { CashJudge, type CashJudgeOptions, type CashPlanEntry } from './cash-judge.ts';
import { BOOK, held, sent } from './cashier-bed.fixture.ts';
import { ChequebookWatch } from './chequebook-watch.ts';
import { GasCost } from './gas-cost.ts';

const { neighbour } = held(1);
const { chequebook: OTHER, neighbour: NEXT } = held(2);
/** With gas at 1 gwei: cashing one costs 100 units, and one more 44. */
const UNIT_WEI = 900_000_000_000n;
const EVERY_MS = 1_000_000;

/** A cheque over so many units, of which some have been paid out. */
const owing = (units: number, cashedUnits = 0, more: Partial<ReceivedChequeRecord> = {}): ReceivedChequeRecord => ({
  ...held(1, BigInt(units + cashedUnits) * UNIT_WEI, BigInt(cashedUnits) * UNIT_WEI),
  ...{ issuer: held(3).issuer, ...more },
});
const since = (text: string, chequebook = BOOK): NoteRecord => ({
  ...{ kind: 'note', name: `uncashed-since:${chequebook}`, text },
});

/** A judge whose clocks, neighbours and chequebooks are as a test says, with a real watch and real costs of gas. */
class Bed {
  wallMs = 50_000;
  /** Its origin is arbitrary. */
  nowMs = -700;
  full = false;
  readonly riskAt = new Map<NodeId, number>();
  readonly waitedFor: NodeId[] = [];
  readonly underWay: NodeId[] = [];
  readonly asked: NodeId[] = [];
  readonly written: StoreRecord[] = [];
  readonly judge: CashJudge;
  readonly #facts = new Map<NodeId, Partial<ChequebookFacts>>();
  readonly #watch: ChequebookWatch;

  constructor(
    notes: readonly NoteRecord[] = [],
    cashings: readonly CashingRecord[] = [],
    more: Partial<CashJudgeOptions> = { everyMs: EVERY_MS },
  ) {
    const clock = { nowMs: () => this.nowMs, wallMs: () => this.wallMs, after: () => ({ cancel: () => undefined }) };
    const chain = { chequebook: async (book: NodeId) => this.#facts.get(book) } as Partial<Chain> as Chain;
    const commit = async (records: readonly StoreRecord[]) => {
      if (this.full) throw new WayleaveError('STORE_FULL');
      this.written.push(...records);
    };
    this.#watch = new ChequebookWatch({ chain, clock, me: held(10).chequebook });
    this.judge = new CashJudge({
      ...{ clock, notes, cashings, weiPerUnit: UNIT_WEI, watch: this.#watch, gas: new GasCost({ chain, clock }) },
      store: { commit } as Partial<Store> as Store,
      riskAt: (one) => this.riskAt.get(one) ?? 1_000_000,
      waitedFor: (one) => {
        this.asked.push(one);
        return this.waitedFor.includes(one);
      },
      underWay: (chequebook) => this.underWay.includes(chequebook),
      ...more,
    });
  }

  /** So much is seen in a chequebook, in units. */
  async sees(availableUnits: number, more: Partial<ChequebookFacts> = {}, chequebook = BOOK): Promise<void> {
    this.#facts.set(chequebook, { availableWei: BigInt(availableUnits) * UNIT_WEI, paidOutWei: 0n, ...more });
    await this.#watch.lookAt([chequebook]);
  }

  why(record: ReceivedChequeRecord = owing(1_000), demanded = false): CashReason {
    return this.judge.decide(record, demanded).because;
  }

  /** So much later by both clocks. */
  later(ms: number): this {
    this.nowMs += ms;
    this.wallMs += ms;
    return this;
  }
}

test('each reason comes from what is known of this cheque, its neighbour and its chequebook', async () => {
  for (const [name, record, prepare, because] of [
    ['nothing is owed', owing(0, 9), () => undefined, 'nothing'],
    ['more was paid than is known', owing(-5, 9), () => undefined, 'nothing'],
    ['it waits', owing(1_000), () => undefined, 'wait'],
    ['sent', owing(1_000), (bed: Bed) => bed.underWay.push(BOOK), 'underWay'],
    ['another was sent', owing(1_000), (bed: Bed) => bed.underWay.push(OTHER), 'wait'],
    ['the chequebook is empty', owing(1_000), (bed: Bed) => bed.sees(0), 'empty'],
    ['another is empty', owing(1_000), (bed: Bed) => bed.sees(0, {}, OTHER), 'wait'],
    ['all of it is there', owing(1_000), (bed: Bed) => bed.sees(1_000), 'wait'],
    ['and more', owing(1_000), (bed: Bed) => bed.sees(5_000), 'wait'],
    ['a part of it is there', owing(1_000), (bed: Bed) => bed.sees(999), 'uncovered'],
    ['a part, after what was paid from it', owing(1_000, 1), (bed: Bed) => bed.sees(1_000), 'uncovered'],
    ['half of riskAt', owing(1_000), (bed: Bed) => bed.riskAt.set(neighbour, 2_000), 'risk'],
    ['less than half of it', owing(1_000), (bed: Bed) => bed.riskAt.set(neighbour, 2_002), 'wait'],
    ['of another', owing(1_000), (bed: Bed) => bed.riskAt.set(NEXT, 0), 'wait'],
    ['what was paid is at risk no more', owing(999, 1), (bed: Bed) => bed.riskAt.set(neighbour, 2_000), 'wait'],
    ['no more than the gas', owing(100), () => undefined, 'notWorthGas'],
    ['announced', owing(1_000), (bed: Bed) => bed.sees(1_000, { withdrawableAtS: 1 }), 'withdrawal'],
    ['announced of another', owing(1_000), (bed: Bed) => bed.sees(1_000, { withdrawableAtS: 1 }, OTHER), 'wait'],
    ['a payment waits for it', owing(1_000), (bed: Bed) => bed.waitedFor.push(neighbour), 'waitedFor'],
    ['for another', owing(1_000), (bed: Bed) => bed.waitedFor.push(NEXT), 'wait'],
    ['at risk as much as the gas', owing(2_000), () => undefined, 'worthGas'],
    ['not quite', owing(1_999), () => undefined, 'wait'],
    ['at risk less, of who has paid much', owing(2_000, 2_000), () => undefined, 'wait'],
    ['at risk all, of who has bounced', owing(101, 0, { bounced: true }), () => undefined, 'worthGas'],
  ] as const) {
    const bed = new Bed();
    await prepare(bed);
    assert.equal(bed.why(record), because, name);
  }
});

test('what is asked for is cashed, but not a cheque that has bounced, nor one that is under way', () => {
  const bed = new Bed();
  assert.deepEqual(bed.judge.decide(owing(1), true), { cash: true, because: 'demanded' });
  assert.deepEqual(bed.judge.decide(owing(1), false), { cash: false, because: 'notWorthGas' });
  assert.equal(bed.why(owing(1, 0, { bounced: true }), true), 'notWorthGas');
  bed.underWay.push(BOOK);
  assert.equal(bed.why(owing(1), true), 'underWay');
});

test('the plan says what would come in, what waiting risks, and what the gas costs', async () => {
  const common = { neighbour, chequebook: BOOK, gasUnits: 100 };
  for (const [record, availableUnits, entry] of [
    [
      owing(3_000),
      undefined,
      {
        ...{ cash: true, because: 'worthGas', uncashedUnits: 3_000, cashableUnits: 3_000 },
        ...{ riskPermille: 50, atRiskUnits: 150, profitUnits: 2_900 },
      },
    ],
    [
      owing(3_000, 3_000),
      4_000,
      {
        ...{ cash: true, because: 'uncovered', uncashedUnits: 3_000, cashableUnits: 1_000 },
        ...{ riskPermille: 30, atRiskUnits: 30, profitUnits: 900 },
      },
    ],
    [
      owing(70, 0, { bounced: true }),
      5_000,
      {
        ...{ cash: false, because: 'notWorthGas', uncashedUnits: 70, cashableUnits: 70 },
        ...{ riskPermille: 1_000, atRiskUnits: 70, profitUnits: -30 },
      },
    ],
  ] satisfies [ReceivedChequeRecord, number | undefined, Partial<CashPlanEntry>][]) {
    const bed = new Bed();
    if (availableUnits !== undefined) await bed.sees(availableUnits);
    assert.deepEqual(bed.judge.plan(record), { ...common, ...entry });
  }
});

test('an amount that is no whole number of units counts as the units that are full', () => {
  const { judge } = new Bed();
  const plan = judge.plan(held(1, 3n * UNIT_WEI - 1n, 1n));
  assert.deepEqual([plan.uncashedUnits, plan.riskPermille], [2, 50]);
  assert.equal(judge.decide(held(1, UNIT_WEI - 1n), true).because, 'nothing');
});

test('along with others goes what risks as much as its share of the gas, and would wait by itself', () => {
  for (const [name, record, underWay, rides] of [
    ['as much', owing(880), false, true],
    ['less', owing(879), false, false],
    ['it goes by itself', owing(2_000), false, false],
    ['not worth gas of its own', owing(100, 0, { bounced: true }), false, true],
    ['under way', owing(880), true, false],
  ] as const) {
    const bed = new Bed();
    if (underWay) bed.underWay.push(BOOK);
    assert.equal(bed.judge.ridesAlong(record), rides, name);
  }
});

test('it waits from when it is first seen, and that is written once', () => {
  const bed = new Bed();
  for (let each = 0; each < 2; each += 1) assert.equal(bed.why(), 'wait');
  assert.deepEqual(bed.written, [since('50000')]);
  assert.equal(bed.later(EVERY_MS - 1).why(), 'wait');
  assert.equal(bed.later(1).why(), 'due');
  assert.equal(bed.why({ ...owing(1_000), chequebook: OTHER }), 'wait', 'another is seen only now');
  assert.deepEqual(bed.written, [since('50000'), since(String(50_000 + EVERY_MS), OTHER)]);
});

test('without a time of its own it waits a week', () => {
  const bed = new Bed([since('50000')], [], {});
  assert.equal(bed.later(CASH_EVERY_MS - 1).why(), 'wait');
  assert.equal(bed.later(1).why(), 'due');
});

test('where nothing is owed nothing is remembered, and nobody asked who waits for it', () => {
  const bed = new Bed();
  assert.equal(bed.why(owing(0, 9)), 'nothing');
  assert.deepEqual([bed.written, bed.asked], [[], []]);
  assert.equal(bed.why(held(1, 10n, 9n)), 'nothing', 'a wei is less than a unit, but waits to be one');
  assert.deepEqual([bed.written, bed.asked], [[since('50000')], [neighbour]]);
});

test('since when it waits is remembered over restarts, unless it was cashed later than that', () => {
  const cashed = (atMs: number, more: Partial<CashingRecord> = {}) =>
    sent(1, '0xa', { status: 'mined', atMs, ...more });
  for (const [name, notes, cashings, sinceMs] of [
    ['not cashed', [since('20')], [], 20],
    ['from the start of time', [since('0')], [], 0],
    ['cashed earlier', [since('20')], [cashed(19)], 20],
    ['cashed later', [since('20')], [cashed(21)], 21],
    ['cashed at the start of time', [since('0')], [cashed(0)], 0],
    ['cashed twice', [since('20')], [cashed(30), cashed(40)], 40],
    ['cashed twice, in another order', [since('20')], [cashed(40), cashed(30)], 40],
    ['sent only', [since('20')], [cashed(30, { status: 'sent' })], 20],
    ['bounced', [since('20')], [cashed(30, { status: 'bounced' })], 20],
    ['failed', [since('20')], [cashed(30, { status: 'failed' })], 20],
    ['another was cashed', [since('20')], [cashed(30, { chequebook: OTHER })], 20],
    ['beside another note', [{ ...since('9'), name: BOOK }, since('20'), since('9', OTHER)], [], 20],
  ] as const) {
    const bed = new Bed(notes, cashings);
    bed.wallMs = sinceMs + EVERY_MS - 1;
    assert.equal(bed.why(), 'wait', name);
    bed.wallMs += 1;
    assert.equal(bed.why(), 'due', name);
    assert.deepEqual(bed.written, [], name);
  }
});

test('a note that is of something else says nothing of a cheque', () => {
  const bed = new Bed([{ ...since('0'), name: `unwatched-from:${BOOK}` }]);
  bed.wallMs = EVERY_MS;
  assert.equal(bed.why(), 'wait');
  assert.deepEqual(bed.written, [since(String(EVERY_MS))]);
});

test('one that failed waits, longer with each failure, and starts anew when it is cashed', () => {
  for (const notes of [[], [since('50000')]]) {
    const bed = new Bed(notes);
    assert.equal(bed.why(), 'wait', 'none failed yet');
    for (const [failures, waitMs] of [1, 2, 4].entries()) {
      bed.judge.failed(BOOK);
      assert.equal(bed.later(waitMs * CASH_RETRY_MS - 1).why(), 'retryLater', `${failures + 1}`);
      assert.equal(bed.why({ ...owing(1_000), chequebook: OTHER }), 'wait', 'another has not failed');
      assert.equal(bed.why(owing(1_000), true), 'demanded');
      assert.equal(bed.later(1).why(), 'wait', `${failures + 1}`);
    }
    bed.judge.failed(BOOK);
    bed.judge.cashed(BOOK);
    assert.equal(bed.why(), 'wait');
    bed.judge.failed(BOOK);
    assert.equal(bed.later(CASH_RETRY_MS).why(), 'wait', 'the first again');
  }
});

test('one that failed before it was ever looked at waits as any other', () => {
  const bed = new Bed();
  bed.judge.failed(BOOK);
  assert.deepEqual(bed.written, [since('50000')]);
  assert.equal(bed.why(), 'retryLater');
});

test('a failure waits by the clock that nobody sets', () => {
  for (const setByMs of [-40_000, 40_000]) {
    const bed = new Bed();
    bed.judge.failed(BOOK);
    bed.wallMs += setByMs;
    assert.equal(bed.later(CASH_RETRY_MS - 1).why(), 'retryLater');
    assert.equal(bed.later(1).why(), 'wait');
  }
});

test('what is taken after all was cashed waits from then on', () => {
  const bed = new Bed([since('0')]);
  bed.wallMs = EVERY_MS;
  assert.equal(bed.why(), 'due');
  bed.judge.cashed(OTHER);
  assert.equal(bed.why(), 'due', 'another was cashed');
  bed.judge.cashed(BOOK);
  assert.equal(bed.why(), 'wait');
  assert.deepEqual(bed.written, [since(String(EVERY_MS))]);
  assert.equal(bed.later(EVERY_MS).why(), 'due');
});

test('since when it waits is written the next time where it cannot be now', async () => {
  const bed = new Bed([since('20', OTHER)]);
  bed.full = true;
  assert.equal(bed.why(), 'wait');
  await new Promise((resolve) => setImmediate(resolve));
  bed.full = false;
  assert.equal(bed.later(5).why(), 'wait');
  assert.equal(bed.why({ ...owing(1_000), chequebook: OTHER }), 'wait');
  assert.deepEqual(bed.written, [since('50005')], 'of the other it is known');
});
