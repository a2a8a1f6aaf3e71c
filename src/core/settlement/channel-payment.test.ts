import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { ErrorCode } from '../errors.ts';
import {
  type ChannelKnowledge,
  type ChannelPaymentFacts,
  checkChannelPayment,
  coverWei,
  mayWithdraw,
  roomWei,
  topUpDue,
} from './channel-payment.ts';
import { MAX_WEI } from './cheque.ts';

const id = (n: number) => `0x${n.toString(16).padStart(40, '0')}`;
const bytes = (n: number) => new Uint8Array(65).fill(n);
const [me, payer, other] = [id(1), id(2), id(3)];
const UNIT = 10n;

const channel: ChannelKnowledge = {
  fromFactory: true,
  payer,
  payee: me,
  freezeSeconds: 86_400,
  depositedWei: 1000n,
  withdrawnWei: 0n,
  handedInWei: 0n,
  closing: false,
  closed: false,
};
const cheque = { chequebook: id(9), beneficiary: me, cumulativeWei: 500n, signature: bytes(5) };
const good: ChannelPaymentFacts = {
  cheque,
  me,
  neighbour: payer,
  channel,
  last: { cumulativeWei: 400n, signature: bytes(4) },
  paidBackWei: 0n,
  leastFreezeSeconds: 3600,
  ratio: { numerator: UNIT, denominator: 1n },
  remainder: 0n,
  minimumUnits: 1,
  genuine: () => true,
};

test('a good payment is worth what it adds to the last total', () => {
  assert.deepEqual(checkChannelPayment(good), { kind: 'accepted', units: 10, remainder: 0n, addedWei: 100n });
});

/** What is broken, by field of the facts; each refused with its own code, in this order: cheap ones first. */
const BROKEN: readonly (readonly [name: string, change: Partial<ChannelPaymentFacts>, code: ErrorCode])[] = [
  ['unread', { channel: 'unread' }, 'CHANNEL_UNVERIFIED'],
  ['absent', { channel: 'absent' }, 'CHANNEL_NO_CONTRACT'],
  ['factory', { channel: { ...channel, fromFactory: false } }, 'CHANNEL_FOREIGN_FACTORY'],
  ['payer', { channel: { ...channel, payer: other } }, 'CHANNEL_WRONG_PARTIES'],
  ['payee', { channel: { ...channel, payee: other } }, 'CHANNEL_WRONG_PARTIES'],
  ['freeze', { channel: { ...channel, freezeSeconds: 3599 } }, 'CHANNEL_FREEZE_SHORT'],
  ['beneficiary', { cheque: { ...cheque, beneficiary: other } }, 'CHANNEL_NOT_FOR_ME'],
  ['closed', { channel: { ...channel, closing: true, closed: true } }, 'CHANNEL_CLOSED'],
  ['closing', { channel: { ...channel, closing: true } }, 'CHANNEL_CLOSING'],
  ['total', { cheque: { ...cheque, cumulativeWei: 400n } }, 'CHANNEL_STALE'],
  ['handed in', { channel: { ...channel, handedInWei: 500n } }, 'CHANNEL_STALE'],
  ['possible', { cheque: { ...cheque, cumulativeWei: MAX_WEI } }, 'CHANNEL_ABSURD'],
  ['minimum', { minimumUnits: 11 }, 'CHANNEL_TOO_SMALL'],
  ['covered', { channel: { ...channel, depositedWei: 499n } }, 'CHANNEL_NOT_COVERED'],
  ['withdrawn', { channel: { ...channel, withdrawnWei: 501n } }, 'CHANNEL_NOT_COVERED'],
  ['signature', { genuine: () => false }, 'CHANNEL_FORGED'],
];

for (const [name, change, code] of BROKEN) {
  test(`refused: ${name}`, () => {
    assert.deepEqual(checkChannelPayment({ ...good, ...change }), { kind: 'refused', code });
  });
}

test('the signature is looked at last, once', () => {
  let asked = 0;
  const genuine = () => {
    asked += 1;
    return true;
  };
  for (const [, change] of BROKEN) checkChannelPayment({ ...good, genuine, ...change });
  assert.equal(asked, 0);
  checkChannelPayment({ ...good, genuine });
  assert.equal(asked, 1);
});

test('what was taken is taken when it comes again, also in a channel closed since; another signature is not it', () => {
  const last = { cumulativeWei: 500n, signature: bytes(5) };
  for (const state of [channel, { ...channel, closed: true }, 'absent' as const]) {
    assert.deepEqual(checkChannelPayment({ ...good, last, channel: state }), { kind: 'duplicate' });
  }
  const resigned = checkChannelPayment({ ...good, last: { ...last, signature: bytes(6) } });
  assert.deepEqual(resigned, { kind: 'refused', code: 'CHANNEL_STALE' });
});

test('what was received can be paid on', () => {
  const poor = { ...good, channel: { ...channel, depositedWei: 0n } };
  assert.equal(checkChannelPayment(poor).kind, 'refused');
  assert.equal(checkChannelPayment({ ...poor, paidBackWei: 500n }).kind, 'accepted');
  assert.equal(coverWei({ depositedWei: 5n, receivedWei: 7n, withdrawnWei: 20n }), 0n);
});

test('over any totals, signed and coming in any order: never more is taken than the payer has, each wei once', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt(0n, 2000n), { maxLength: 30 }), fc.bigInt(0n, 1500n), (totals, depositedWei) => {
      let last: ChannelPaymentFacts['last'];
      let remainder = 0n;
      let units = 0;
      for (const cumulativeWei of totals) {
        const state = { ...channel, depositedWei };
        const facts = { ...good, cheque: { ...cheque, cumulativeWei }, channel: state, last, remainder };
        const verdict = checkChannelPayment(facts);
        if (verdict.kind !== 'accepted') continue;
        last = { cumulativeWei, signature: cheque.signature };
        remainder = verdict.remainder;
        units += verdict.units;
      }
      assert.ok((last?.cumulativeWei ?? 0n) <= depositedWei);
      assert.equal(BigInt(units), (last?.cumulativeWei ?? 0n) / UNIT);
    }),
  );
});

test('topped up when less than a quarter of what was put in is left', () => {
  const share = { depositedWei: 1000n, withdrawnWei: 0n, paidWei: 750n, receivedWei: 0n };
  assert.deepEqual([roomWei(share), topUpDue(share)], [250n, false]);
  assert.equal(topUpDue({ ...share, paidWei: 751n }), true);
  assert.equal(topUpDue({ ...share, paidWei: 2000n, receivedWei: 1500n }), false);
  assert.equal(roomWei({ ...share, paidWei: 1001n }), 0n);
});

test('what was taken out counts no more for topping up', () => {
  const share = { depositedWei: 1000n, withdrawnWei: 800n, paidWei: 0n, receivedWei: 0n };
  assert.equal(topUpDue(share), false);
  assert.equal(topUpDue({ ...share, paidWei: 151n }), true);
});

test('taken out is what is not signed away, what was received too, and never less than before', () => {
  const share = { depositedWei: 1000n, withdrawnWei: 100n, paidWei: 300n, receivedWei: 50n };
  for (const [wei, may] of [
    [100n, false],
    [101n, true],
    [750n, true],
    [751n, false],
  ] as const)
    assert.equal(mayWithdraw(share, wei), may, String(wei));
  assert.equal(mayWithdraw({ ...share, depositedWei: 0n, withdrawnWei: 0n }, 1n), false, 'nothing is there');
});
