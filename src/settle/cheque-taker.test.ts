import assert from 'node:assert/strict';
import { test } from 'node:test';
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
  assert.equal(codeIn(taker.check(id(0xe), one, payer(id(1)))), 'CHEQUE_STALE');
  taker.accepted(neighbour);
  assert.equal(codeIn(taker.check(id(0xe), one, payer(id(1)))), 'CHEQUE_STALE');
  const again = taker.check(neighbour, one, payer(id(1)));
  assert.deepEqual(again, { accepted: true, units: 0, clearing: 0, acceptedWei: 30n }, 'sent again');
});

test('a neighbour owes from so many chequebooks at a time, and again once they are cashed', () => {
  const books = Array.from({ length: MAX_UNCASHED_CHEQUEBOOKS + 1 }, (_, n) => id(n + 1));
  const taker = takerOf(books.map((book) => known(book)));
  const last = books.pop() ?? '';
  for (const book of books) {
    taker.check(neighbour, cheque(book, 5n), payer(book));
    taker.accepted(neighbour);
  }
  assert.equal(codeIn(taker.check(neighbour, cheque(last, 5n), payer(last))), 'CHEQUEBOOKS_TOO_MANY');
  assert.equal(taker.check(neighbour, cheque(books[0] ?? '', 6n), payer(last)).accepted, true);
  taker.cashed(books[1] ?? '', 5n, false);
  assert.equal(taker.check(neighbour, cheque(last, 5n), payer(last)).accepted, true);
});
