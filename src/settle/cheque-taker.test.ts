import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chain } from '../chain/chain.ts';
import { signCheque } from '../chain/cheque-signing.ts';
import { createSigner } from '../chain/signer.ts';
import { MAX_UNCASHED_CHEQUEBOOKS } from '../core/settlement/cheque.ts';
import type { NoteRecord, Store } from '../store/store.ts';
import { ChequeTaker, type Payer } from './cheque-taker.ts';
import { ChequebookFactsBook } from './chequebook-facts.ts';

const id = (n: number): string => `0x${n.toString(16).padStart(40, '0')}`;
const ME = id(0xa);
const CHAIN_ID = 100;
const signer = createSigner(new Uint8Array(32).fill(7));
const neighbour = signer.id;
const store = { commit: async () => undefined } as unknown as Store;

const known = (chequebook: string, issuer = neighbour): NoteRecord => ({
  kind: 'note',
  name: `chequebook:${chequebook}`,
  text: JSON.stringify({ fromFactory: true, issuer, balanceWei: '1000', paidOutWei: '0', bounced: false }),
});

function takerOf(books: readonly NoteRecord[]): ChequeTaker {
  const facts = new ChequebookFactsBook({ chain: undefined, store, me: ME, notes: books, nowMs: () => 0 });
  return new ChequeTaker({ me: ME, chainId: CHAIN_ID, facts, received: [] });
}

const payer = (chequebook: string): Payer => {
  return { chequebook, myRatio: { numerator: 1n, denominator: 1n }, riskAt: 1000 };
};
const cheque = (chequebook: string, cumulativeWei: bigint) =>
  signCheque(signer, CHAIN_ID, { chequebook, beneficiary: ME, cumulativeWei });
const codeIn = (outcome: ReturnType<ChequeTaker['check']>) => (outcome.accepted ? '' : outcome.code);

test('what is pending on an earlier chequebook of a neighbour is good, each with its own total; one never looked up is not', () => {
  const taker = takerOf([known(id(1)), known(id(2)), known(id(4), id(0xbad))]);
  for (const [book, wei, units] of [
    [id(1), 30n, 30],
    [id(2), 10n, 10],
    [id(1), 35n, 5],
  ] as const) {
    const outcome = taker.check(neighbour, cheque(book, wei), payer(id(2)));
    assert.deepEqual([outcome.accepted && outcome.units, outcome.acceptedWei], [units, wei]);
    taker.accepted(neighbour);
  }
  assert.equal(taker.uncashedUnits(neighbour, payer(id(2)).myRatio), 45);
  assert.equal(codeIn(taker.check(neighbour, cheque(id(3), 5n), payer(id(2)))), 'CHEQUE_WRONG_CHEQUEBOOK');
  assert.equal(codeIn(taker.check(neighbour, cheque(id(4), 5n), payer(id(2)))), 'CHEQUE_WRONG_CHEQUEBOOK');
  assert.deepEqual(
    taker.held(neighbour).map(({ chequebook, cumulativeWei }) => [chequebook, cumulativeWei]),
    [
      [id(1), 35n],
      [id(2), 10n],
    ],
  );
});

test('the same cheque from two connections is credited to one, also before the first is booked', () => {
  const taker = takerOf([known(id(1))]);
  const one = cheque(id(1), 30n);
  assert.equal(taker.check(neighbour, one, payer(id(1))).accepted, true);
  assert.equal(taker.check(id(0xe), one, payer(id(1))).accepted, false);
  taker.accepted(neighbour);
  assert.equal(codeIn(taker.check(id(0xe), one, payer(id(1)))), 'CHEQUE_STALE');
  const again = taker.check(neighbour, one, payer(id(1)));
  assert.deepEqual(again, { accepted: true, units: 0, clearing: 0, acceptedWei: 30n }, 'sent again');
});

test('whatever v the cheques of a payer have, once it is known, they go to the contract with the right one', () => {
  const taker = takerOf([known(id(1))]);
  const sent = (cumulativeWei: bigint) => {
    const { signature, ...rest } = cheque(id(1), cumulativeWei);
    return { ...rest, signature: signature.with(64, signature[64] === 27 ? 28 : 27) };
  };
  assert.equal(codeIn(taker.check(neighbour, sent(5n), payer(id(1)))), 'CHEQUE_FORGED', 'nothing tells whose it is');
  for (const [made, wei] of [
    [cheque, 10n],
    [(_: string, cumulativeWei: bigint) => sent(cumulativeWei), 15n],
  ] as const) {
    assert.equal(taker.check(neighbour, made(id(1), wei), payer(id(1))).accepted, true);
    const [record] = taker.accepted(neighbour);
    assert.ok(record?.kind === 'received');
    assert.deepEqual(taker.cashable(record), cheque(id(1), wei));
  }
});

test('a neighbour owes from so many chequebooks at a time, and again once they are cashed', () => {
  const books = Array.from({ length: MAX_UNCASHED_CHEQUEBOOKS + 1 }, (_, n) => id(n + 1));
  const taker = takerOf(books.map((book) => known(book)));
  const last = books.pop() ?? '';
  for (const book of books) {
    assert.equal(taker.check(neighbour, cheque(book, 5n), payer(book)).accepted, true);
    taker.accepted(neighbour);
  }
  assert.equal(codeIn(taker.check(neighbour, cheque(last, 5n), payer(last))), 'CHEQUEBOOKS_TOO_MANY');
  assert.equal(taker.check(neighbour, cheque(books[0] ?? '', 6n), payer(last)).accepted, true);
  taker.cashed(books[1] ?? '', 5n, false);
  assert.equal(taker.check(neighbour, cheque(last, 5n), payer(last)).accepted, true);
});

test('a chequebook is looked up once, and only where the terms of the neighbour name it', async () => {
  const asked: string[] = [];
  const read = async (chequebook: string) => {
    asked.push(chequebook);
    return { fromFactory: true, issuer: neighbour, balanceWei: 9n, paidOutWei: 0n, bounced: false };
  };
  const chain = { chequebook: read } as unknown as Chain;
  const facts = new ChequebookFactsBook({ chain, store, me: ME, notes: [], nowMs: () => 0 });
  const taker = new ChequeTaker({ me: ME, chainId: CHAIN_ID, facts, received: [] });
  assert.equal(taker.learn(neighbour, cheque(id(2), 5n), payer(id(1))), undefined, 'it names another');
  await taker.learn(neighbour, cheque(id(1), 5n), payer(id(1)));
  assert.equal(taker.learn(neighbour, cheque(id(1), 5n), payer(id(1))), undefined, 'known: nothing to wait for');
  assert.deepEqual(asked, [id(1)]);
});

test('a cheque of a neighbour that has acknowledged no ratio of mine is worth nothing yet', () => {
  const taker = takerOf([known(id(1))]);
  const outcome = taker.check(neighbour, cheque(id(1), 5n), { ...payer(id(1)), myRatio: undefined });
  assert.deepEqual(outcome, { accepted: false, code: 'MESSAGE_UNEXPECTED', acceptedWei: 0n });
  assert.deepEqual(taker.accepted(neighbour), []);
});

test('what is kept of a cheque goes on from the last one, and from what became of that meanwhile', () => {
  const taker = takerOf([known(id(1))]);
  const take = (cumulativeWei: bigint) => taker.check(neighbour, cheque(id(1), cumulativeWei), payer(id(1)));
  const record = (cumulativeWei: bigint, credited: number, cashed: bigint, bounced: boolean) => ({
    ...{ kind: 'received', chequebook: id(1), neighbour, issuer: neighbour, cumulative: cumulativeWei },
    signature: cheque(id(1), cumulativeWei).signature,
    ...{ cashedCumulative: cashed, creditedUnits: credited, remainderWei: 0n, bounced },
  });
  take(30n);
  assert.deepEqual(taker.accepted(neighbour), [record(30n, 30, 0n, false)]);
  assert.deepEqual(taker.accepted(neighbour), [], 'once');
  take(40n);
  taker.cashed(id(1), 20n, true);
  assert.deepEqual(taker.accepted(neighbour), [record(40n, 40, 20n, true)]);
  assert.deepEqual(taker.cashed(id(1), 45n, false), record(40n, 40, 45n, true), 'what bounced once has bounced');
  assert.equal(taker.uncashedUnits(neighbour, payer(id(1)).myRatio), 0, 'paid out beyond what is held');
  assert.deepEqual(taker.payersOf(id(1)), [neighbour]);
});

test('nothing is known of a chequebook that nobody has paid from, and nothing is worth units without a ratio', () => {
  const taker = takerOf([known(id(1))]);
  assert.deepEqual([taker.payersOf(id(2)), taker.cashed(id(2), 5n, false), taker.held(neighbour)], [[], undefined, []]);
  taker.check(neighbour, cheque(id(1), 5n), payer(id(1)));
  taker.accepted(neighbour);
  assert.equal(taker.uncashedUnits(neighbour, undefined), 0);
  assert.deepEqual(taker.held(neighbour), [cheque(id(1), 5n)]);
});

test('while it is not known whether a chequebook bounced, nothing on it is taken, and the payer is asked to wait', () => {
  const doubted = new Set([id(1)]);
  const facts = new ChequebookFactsBook({ chain: undefined, store, me: ME, notes: [known(id(1))], nowMs: () => 0 });
  const doubts = (chequebook: string) => doubted.has(chequebook);
  const taker = new ChequeTaker({ me: ME, chainId: CHAIN_ID, facts, doubts, received: [] });
  const one = cheque(id(1), 30n);
  assert.equal(codeIn(taker.check(neighbour, one, payer(id(1)))), 'CHEQUE_UNVERIFIED');
  assert.equal(codeIn(taker.check(neighbour, one, payer(id(2)))), 'CHEQUE_UNVERIFIED', 'also on an earlier one');
  doubted.clear();
  assert.equal(taker.check(neighbour, one, payer(id(1))).accepted, true);
});
