import assert from 'node:assert/strict';
import { test } from 'node:test';
import { debtSeen, NO_PAYMENTS, PROMPT_MS, paymentTaken } from '../credit/payment-history.ts';
import { ALLOTMENT_GRACE_MS, AllotmentSeller } from '../meter/allotment.ts';
import { type ChannelPaymentFacts, checkChannelPayment, coverWei, roomWei } from './channel-payment.ts';
import { type ChequeFacts, checkCheque, MAX_WEI } from './cheque.ts';
import { draw, freeWei, isReclaimable, NO_LEASE } from './credit-lease.ts';
import { topUpWei } from './top-up.ts';
import { lookedAt, matured, NO_TRANSFERS, REORGANISED_BLOCKS, type TransferBook } from './transfers.ts';

const [ME, PAYER, BOOK] = ['1', '2', '9'].map((digit) => `0x${digit.repeat(40)}`) as [string, string, string];
const UNIT = { numerator: 10n, denominator: 1n };
const PLENTY = 2n ** 255n;
const FACTS: ChannelPaymentFacts = {
  cheque: { chequebook: BOOK, beneficiary: ME, cumulativeWei: 100n, signature: new Uint8Array(65) },
  ...{ me: ME, neighbour: PAYER, last: undefined, paidBackWei: 0n, leastFreezeSeconds: 60, ratio: UNIT },
  channel: {
    ...{ fromFactory: true, payer: PAYER, payee: ME, freezeSeconds: 60, closing: false, closed: false },
    ...{ depositedWei: PLENTY, withdrawnWei: 0n, handedInWei: 0n },
  },
  ...{ remainder: 0n, minimumUnits: 10, genuine: () => true },
};
/** What a payment over so much comes to. */
const outcome = (change: Partial<ChannelPaymentFacts>, cumulativeWei = 100n, beneficiary = ME): unknown => {
  const verdict = checkChannelPayment({ ...FACTS, cheque: { ...FACTS.cheque, cumulativeWei, beneficiary }, ...change });
  return verdict.kind === 'accepted' ? verdict.units : verdict.kind === 'refused' ? verdict.code : verdict.kind;
};

test('a payment in a channel is taken right up to each of its limits', () => {
  assert.equal(outcome({}), 10, 'the least that is worth it, with the shortest freeze');
  assert.equal(outcome({}, 99n), 'CHANNEL_TOO_SMALL');
  const most = 10n * BigInt(Number.MAX_SAFE_INTEGER);
  assert.equal(outcome({}, most), Number.MAX_SAFE_INTEGER);
  assert.equal(outcome({}, most + 10n), 'CHANNEL_ABSURD');
  const last = { cumulativeWei: MAX_WEI - 100n, signature: new Uint8Array(1) };
  assert.equal(
    outcome({ last, channel: { ...(FACTS.channel as object), depositedWei: MAX_WEI } as never }, MAX_WEI),
    10,
  );
  assert.equal(outcome({ channel: 'unread' }, 100n, PAYER), 'CHANNEL_UNVERIFIED', 'what is not known yet comes first');
});

test('the last wei counts: in a channel, a pool, a lease, and what is filled up', () => {
  const share = { depositedWei: 1n, withdrawnWei: 0n, receivedWei: 0n, paidWei: 0n };
  assert.deepEqual([coverWei(share), roomWei(share)], [1n, 1n]);
  const pool = { capacityWei: 10n, reservedWei: 4n, committedWei: 5n };
  assert.equal(freeWei(pool), 1n);
  const lease = { grantedWei: 6n, issuedWei: 5n, expiresMs: 100 };
  assert.deepEqual([isReclaimable(lease, 100), isReclaimable(lease, 99)], [true, false]);
  assert.deepEqual(NO_LEASE, { grantedWei: 0n, issuedWei: 0n, expiresMs: 0 });
  const facts = { freeWei: 0n, lowWaterWei: 5n, targetWei: 9n, filledTodayWei: 8n, maxPerDayWei: 9n };
  assert.equal(topUpWei({ ...facts, accountWei: 100n, gasWei: 1n }), 1n);
});

test('a draw takes what was asked for, what there is, or nothing', () => {
  const before = { pool: { capacityWei: 10n, reservedWei: 0n, committedWei: 0n }, lease: NO_LEASE };
  const drawn = (leastWei: bigint, aimWei: bigint) => draw(before, { leastWei, aimWei }, 0)?.lease.grantedWei;
  assert.deepEqual([drawn(3n, 8n), drawn(3n, 30n), drawn(10n, 30n), drawn(11n, 30n)], [8n, 10n, 10n, undefined]);
});

test('transfers are forgotten once they can change no more, but for the last eight', () => {
  const found = Array.from({ length: 10 }, (_, at) => ({ key: `${at}`, wei: 25n, block: at + 1 }));
  const seen: TransferBook = lookedAt(NO_TRANSFERS, 0, found).book;
  assert.deepEqual(seen.recent[0], { key: '0', wei: 25n, block: 1, state: 'seen', units: 0 });
  assert.deepEqual(NO_TRANSFERS, { recent: [], creditedWei: 0n, remainder: 0n });
  const credited = matured(seen, { headBlock: 11, confirmations: 1, ratio: UNIT }).book;
  const left = (book: TransferBook, headBlock: number): number =>
    matured(book, { headBlock, confirmations: 10_000, ratio: UNIT }).book.recent.length;
  const deep = 2 * REORGANISED_BLOCKS;
  assert.equal(left(credited, 8 + deep), 10);
  assert.equal(left(credited, 9 + deep), 9);
  assert.equal(left(credited, 10 + deep), 8);
  assert.equal(left(credited, 1_000 + deep), 8);
  assert.equal(left(seen, 1_000 + deep), 10, 'what was not credited may still be');
  const gone = lookedAt(credited, 0, found.slice(3)).book;
  assert.deepEqual(
    gone.recent.slice(0, 3).map(({ block, state }) => [block, state]),
    Array(3).fill([-1, 'undone']),
  );
  assert.equal(left(gone, 1_000 + deep), 10, 'nor what was taken back');
});

test('an allotment that comes late takes a little of what was used in grace, and one that comes again gives nothing', () => {
  const size = { ms: 1_000 };
  const endOf = (lateMs: number): number => {
    const seller = new AllotmentSeller(size);
    seller.sell(1, 0);
    seller.sell(2, 1_000 + lateMs);
    let ms = 2_000;
    while (seller.serves(ms)) ms += 1;
    return ms - ALLOTMENT_GRACE_MS;
  };
  assert.equal(endOf(0), 2_000);
  assert.equal(endOf(50), 2_050, 'a tenth is forgiven');
  assert.equal(endOf(200), 2_100);
  assert.equal(endOf(ALLOTMENT_GRACE_MS), 2_100);
  assert.equal(endOf(ALLOTMENT_GRACE_MS + 1), 2_501, 'after a pause it begins now');
  const seller = new AllotmentSeller(size);
  seller.sell(1, 0);
  assert.deepEqual([seller.sell(1, 5_000), seller.serves(5_000)], [0, false]);
});

test('how late payments were is added up, and a payer is known since its first', () => {
  const [first, again] = [1_000, 5_000];
  const paid = paymentTaken(NO_PAYMENTS, false, first);
  assert.deepEqual([paid.sinceMs, paid.late, paid.lateMs, paid.worstMs], [first, 0, 0, 0]);
  assert.equal(paymentTaken(paid, false, again).sinceMs, first);
  const prompt = paymentTaken(debtSeen(paid, true, again), false, again + PROMPT_MS);
  assert.deepEqual([prompt.late, prompt.lateMs], [0, 0]);
  const late = paymentTaken(debtSeen(prompt, true, again), false, again + PROMPT_MS + 1);
  const worse = paymentTaken(debtSeen(late, true, 2 * again), false, 2 * again + 2 * PROMPT_MS);
  assert.deepEqual([worse.late, worse.lateMs, worse.worstMs], [2, 3 * PROMPT_MS + 1, 2 * PROMPT_MS]);
  const since1 = debtSeen(NO_PAYMENTS, true, 1);
  assert.equal(debtSeen(since1, true, 9), since1);
  assert.deepEqual([since1.dueSinceMs, paymentTaken(since1, false, PROMPT_MS + 2).late], [1, 1]);
});

const CHEQUE: ChequeFacts = {
  cheque: { chequebook: BOOK, beneficiary: ME, cumulativeWei: 500n, signature: new Uint8Array(65).fill(1) },
  ...{ me: ME, neighbour: PAYER, announced: BOOK, last: undefined, ratio: UNIT, remainder: 0n, minimumUnits: 1 },
  contract: { fromFactory: true, issuer: PAYER, balanceWei: 1_000n, paidOutWei: 0n, bounced: false },
  signedBy: (issuer) => issuer === PAYER,
};

test('a cheque from a chequebook that was announced before is good, one from any other is not', () => {
  const kind = (former: boolean | undefined) => checkCheque({ ...CHEQUE, announced: ME, former }).kind;
  assert.deepEqual([kind(true), kind(false), kind(undefined)], ['accepted', 'refused', 'refused']);
});

test('the cheque taken last is answered again only to who handed it over', () => {
  const { cumulativeWei, signature } = CHEQUE.cheque;
  const kind = (neighbour: string | undefined) =>
    checkCheque({ ...CHEQUE, last: { cumulativeWei, signature, neighbour } }).kind;
  assert.deepEqual([kind(undefined), kind(PAYER), kind(ME)], ['duplicate', 'duplicate', 'refused']);
});
