import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CashReceipt, Chain } from '../chain/chain.ts';
import { type ErrorCode, WayleaveError } from '../core/errors.ts';
import type { CashingRecord } from '../store/store.ts';
import { BOOK, held, sent } from './cashier-bed.fixture.ts';
import { LOST_MS, OpenCashings, transactionOf } from './open-cashings.ts';

const OTHER = held(2).chequebook;
const ASK_MS = 15_000;
/** When `sent` says that it was sent. */
const SENT_MS = 1_000_000;
const paid: CashReceipt = { hash: '0xa', gasWei: 7n, paidWei: 100n, bounced: false };

/** Cashings under way on a chain that says of each transaction what a test wants; undefined: nothing is known of it. */
class Bed {
  nowMs = 5_000;
  wallMs = SENT_MS;
  readonly outcomes = new Map<string, CashReceipt | ErrorCode>();
  readonly asked: string[] = [];
  /** Told of each question, while it is open. */
  onAsked: () => void = () => undefined;
  readonly open: OpenCashings;

  constructor(cashings: readonly CashingRecord[] = []) {
    const outcome = async (transaction: string, chequebook: string) => {
      this.asked.push(`${transaction} ${Number(chequebook)}`);
      this.onAsked();
      const said = this.outcomes.get(transaction);
      if (typeof said === 'string') throw new WayleaveError(said);
      return said;
    };
    this.open = new OpenCashings({
      ...{ chain: { outcome } as Partial<Chain> as Chain, cashings },
      clock: { nowMs: () => this.nowMs, wallMs: () => this.wallMs, after: () => ({ cancel: () => undefined }) },
    });
  }

  /** So much later, what is not open any more; undefined: nobody was asked. */
  async after(ms: number): Promise<unknown> {
    this.nowMs += ms;
    this.wallMs += ms;
    return await this.open.look();
  }
}

test('a cashing is asked after by its hash, without its place among those of one transaction', () => {
  assert.equal(transactionOf(sent(1, '0xa')), '0xa');
  assert.equal(transactionOf(sent(1, '0xa/12')), '0xa');
});

test('of those in the books only what was sent, and nothing came of yet, is under way', async () => {
  for (const [status, underWay] of [
    ['sent', true],
    ['mined', false],
    ['bounced', false],
    ['failed', false],
  ] as const) {
    const bed = new Bed([sent(1, '0xa', { status })]);
    assert.deepEqual([bed.open.underWay(BOOK), bed.open.underWay(OTHER)], [underWay, false], status);
    bed.outcomes.set('0xa', paid);
    assert.equal((await bed.open.look())?.length, underWay ? 1 : undefined, status);
  }
});

test('it is under way until it is known to be paid or refused, and what the chain does not say leaves it so', async () => {
  const record = sent(1, '0xa');
  for (const [name, said, closed] of [
    ['paid', paid, [{ record, receipt: paid }]],
    ['refused', 'TRANSACTION_REVERTED', [{ record, receipt: undefined }]],
    ['no answer', 'RPC_UNREACHABLE', []],
    ['not in a block', undefined, []],
  ] as const) {
    const bed = new Bed();
    bed.open.add(record);
    assert.equal(bed.open.underWay(BOOK), true);
    if (said !== undefined) bed.outcomes.set('0xa', said);
    assert.deepEqual(await bed.open.look(), closed, name);
    assert.equal(bed.open.underWay(BOOK), closed.length === 0, name);
    assert.equal((await bed.after(ASK_MS)) === undefined, closed.length > 0, name);
  }
});

test('each of one transaction is asked after for its chequebook, and one that is open holds up no other', async () => {
  const records = [sent(1, '0xa'), sent(2, '0xa/1'), sent(3, '0xb'), sent(4, '0xc')];
  const bed = new Bed(records);
  bed.outcomes.set('0xb', 'TRANSACTION_REVERTED').set('0xc', paid);
  assert.deepEqual(await bed.open.look(), [
    { record: records[2], receipt: undefined },
    { record: records[3], receipt: paid },
  ]);
  assert.deepEqual(bed.asked, ['0xa 1', '0xa 2', '0xb 3', '0xc 4']);
  const underWay = records.map(({ chequebook }) => bed.open.underWay(chequebook));
  assert.deepEqual(underWay, [true, true, false, false]);
});

test('the chain is asked every fifteen seconds, while there is something to ask after', async () => {
  const bed = new Bed();
  assert.equal(bed.open.look(), undefined, 'nothing is open');
  bed.open.add(sent(1, '0xa'));
  for (const asked of [1, 2]) {
    assert.deepEqual(await bed.open.look(), []);
    assert.equal(await bed.after(ASK_MS - 1), undefined);
    assert.equal(bed.asked.length, asked);
    bed.nowMs += 1;
  }
});

test('what is added while the chain is asked is asked after next time', async () => {
  const bed = new Bed([sent(1, '0xa')]);
  bed.onAsked = () => bed.open.add(sent(2, '0xb'));
  await bed.open.look();
  assert.deepEqual(bed.asked.splice(0), ['0xa 1']);
  await bed.after(ASK_MS);
  assert.deepEqual(bed.asked, ['0xa 1', '0xb 2']);
});

test('it is lost after five minutes by either clock, but not where it turns out to be paid', async () => {
  assert.equal(LOST_MS, 300_000);
  for (const [name, nowMs, wallMs, lost] of [
    ['almost', LOST_MS - 1, LOST_MS - 1, false],
    ['by both', LOST_MS, LOST_MS, true],
    ['the date was set back', LOST_MS, -1e9, true],
    ['the date was set back a moment ago', LOST_MS - 1, -1e9, false],
    ['sent before a restart', 0, LOST_MS, true],
    ['sent a moment before a restart', 0, LOST_MS - 1, false],
  ] as const) {
    for (const outcome of [undefined, 'RPC_UNREACHABLE', paid] as const) {
      const record = sent(1, '0xa');
      const bed = new Bed([record]);
      bed.nowMs += nowMs;
      bed.wallMs += wallMs;
      if (outcome !== undefined) bed.outcomes.set('0xa', outcome);
      const receipt = outcome === paid ? paid : undefined;
      assert.deepEqual(await bed.open.look(), lost || receipt ? [{ record, receipt }] : [], name);
      assert.equal(bed.open.underWay(BOOK), !lost && receipt === undefined, name);
    }
  }
});

test('the wait is counted from when it was first added, and anew for one that was closed meanwhile', async () => {
  // By the date it is never lost.
  const record = sent(1, '0xa', { atMs: SENT_MS * 1_000 });
  const bed = new Bed([record]);
  bed.nowMs += LOST_MS - 1;
  bed.open.add(record);
  assert.deepEqual(await bed.open.look(), []);
  assert.deepEqual(await bed.after(ASK_MS), [{ record, receipt: undefined }]);
  bed.open.add(record);
  assert.deepEqual(await bed.after(LOST_MS - 1), []);
  assert.deepEqual(await bed.after(ASK_MS), [{ record, receipt: undefined }]);
});
