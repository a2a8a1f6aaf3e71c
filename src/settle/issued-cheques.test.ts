import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeId } from '../core/node-id.ts';
import { MAX_UNCASHED_CHEQUEBOOKS } from '../core/settlement/cheque.ts';
import type { IssuedChequeRecord } from '../store/store.ts';
import { IssuedCheques } from './issued-cheques.ts';

const id = (n: number): NodeId => `0x${n.toString(16).padStart(40, '0')}`;
const [PAYEE, OTHER] = [id(0xa), id(0xb)];
const SIGNED = new Uint8Array(65).fill(1);

/** The last cheque on a chequebook, of so much wei, which was taken. */
const cheque = (book: number, paymentId: number, more: Partial<IssuedChequeRecord> = {}): IssuedChequeRecord => ({
  ...{ kind: 'issued', chequebook: id(book), beneficiary: PAYEE, cumulative: 10n, signature: SIGNED, amount: 3 },
  ...{ paymentId, acceptedCumulative: 10n, remainder: 0n, ownCumulative: 10n, ...more },
});

test('what was taken is one cheque of each chequebook, signed, to nobody else, oldest payment first', () => {
  const onlyLast = new Uint8Array(65).with(64, 27);
  const issued = new IssuedCheques([
    cheque(1, 9),
    cheque(2, 8, { acceptedCumulative: 9n }),
    cheque(3, 7, { signature: new Uint8Array(65) }),
    cheque(4, 6, { acceptedCumulative: 0n, signature: new Uint8Array(65) }),
    cheque(5, 5, { beneficiary: OTHER }),
    cheque(6, 4, { signature: onlyLast }),
  ]);
  assert.deepEqual(issued.takenBy(PAYEE), [cheque(6, 4, { signature: onlyLast }), cheque(1, 9)]);
  assert.deepEqual(issued.takenBy(OTHER), [cheque(5, 5, { beneficiary: OTHER })]);
  assert.deepEqual(issued.takenBy(id(0xc)), []);
  issued.put(cheque(1, 10, { cumulative: 12n }));
  assert.equal(issued.takenBy(PAYEE).length, 1, 'the newest on it was not taken yet');
});

test('of many only the newest few are said again: no more are looked at', () => {
  const all = Array.from({ length: MAX_UNCASHED_CHEQUEBOOKS + 2 }, (_, n) => cheque(n + 1, 100 - n));
  const said = new IssuedCheques(all).takenBy(PAYEE).map(({ paymentId }) => paymentId);
  assert.deepEqual(
    said,
    Array.from({ length: MAX_UNCASHED_CHEQUEBOOKS }, (_, n) => 101 - MAX_UNCASHED_CHEQUEBOOKS + n),
  );
});

test('the last cheque is that of the highest payment, whatever it is drawn on and in whichever order they are read', () => {
  const [old, young] = [cheque(1, 4, { cumulative: 20n }), cheque(2, 5)];
  for (const records of [
    [old, young],
    [young, old],
  ]) {
    const issued = new IssuedCheques(records);
    assert.deepEqual([issued.last(PAYEE), issued.pending(PAYEE)], [young, { units: 0, lastPaymentId: 5 }]);
    assert.deepEqual(
      [issued.on(id(1), PAYEE), issued.on(id(3), PAYEE), issued.last(OTHER)],
      [old, undefined, undefined],
    );
    assert.deepEqual([issued.promisedWei(id(1)), issued.promisedWei(id(3))], [20n, 0n]);
    issued.put(cheque(3, 5));
    assert.equal(issued.last(PAYEE)?.chequebook, id(3), 'of two of one payment the one that was written last');
    issued.put(cheque(3, 2, { cumulative: 11n }));
    assert.deepEqual(
      issued.pending(PAYEE),
      { units: 3, lastPaymentId: 2 },
      'what stands in its place, whatever its id',
    );
  }
  assert.deepEqual(new IssuedCheques([]).pending(PAYEE), { units: 0, lastPaymentId: 0 });
});
