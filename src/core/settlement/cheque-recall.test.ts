import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type ChequeFacts, checkCheque } from './cheque.ts';

const id = (digit: string): string => `0x${digit.repeat(40)}`;
const [me, payer, book] = [id('1'), id('2'), id('b')];
const signature = new Uint8Array(65).fill(7);
const WEI = 10n;

/** A cheque over `signed` units, of which the contract has paid `paidOut` and these books remember `known`. */
function facts(at: { signed: number; paidOut: number; known: number; forgotten: number | undefined }): ChequeFacts {
  const wei = (units: number): bigint => BigInt(units) * WEI;
  return {
    cheque: { chequebook: book, beneficiary: me, cumulativeWei: wei(at.signed), signature },
    me,
    neighbour: payer,
    announced: book,
    contract: {
      fromFactory: true,
      issuer: payer,
      balanceWei: wei(10_000),
      paidOutWei: wei(at.paidOut),
      bounced: false,
    },
    last: at.known === 0 ? undefined : { cumulativeWei: wei(at.known), signature: new Uint8Array(65) },
    ratio: { numerator: WEI, denominator: 1n },
    remainder: 0n,
    forgottenUnits: at.forgotten,
    minimumUnits: 1,
    signedBy: (issuer) => issuer === payer,
  };
}

describe('a cheque that comes again to who has lost its books', () => {
  const rows: [string, Parameters<typeof facts>[0], 'duplicate' | 'CHEQUE_STALE' | readonly [number, number]][] = [
    [
      'what was paid out counts as far as was had since',
      { signed: 900, paidOut: 700, known: 0, forgotten: 800 },
      [900, 700],
    ],
    ['and no further', { signed: 900, paidOut: 700, known: 0, forgotten: 50 }, [250, 50]],
    [
      'who says to have had nothing gets nothing for it',
      { signed: 900, paidOut: 700, known: 0, forgotten: 0 },
      [200, 0],
    ],
    ['what the copy knows was credited then', { signed: 900, paidOut: 700, known: 600, forgotten: 800 }, [300, 100]],
    ['the copy knows more than was paid out', { signed: 900, paidOut: 100, known: 600, forgotten: 800 }, [300, 0]],
    ['all was paid out', { signed: 700, paidOut: 700, known: 0, forgotten: 800 }, [700, 700]],
    ['all was paid out, and nothing was had since', { signed: 700, paidOut: 700, known: 0, forgotten: 0 }, 'duplicate'],
    ['an older one than was cashed', { signed: 600, paidOut: 700, known: 0, forgotten: 800 }, 'CHEQUE_STALE'],
    ['no books were lost', { signed: 900, paidOut: 700, known: 0, forgotten: undefined }, [200, 0]],
    [
      'no books were lost, and all was paid out',
      { signed: 700, paidOut: 700, known: 0, forgotten: undefined },
      'CHEQUE_STALE',
    ],
  ];
  for (const [what, at, expected] of rows)
    test(what, () => {
      const verdict = checkCheque(facts(at));
      if (verdict.kind === 'accepted') assert.deepEqual([verdict.units, verdict.recalledUnits], expected);
      else assert.equal(verdict.kind === 'refused' ? verdict.code : verdict.kind, expected);
    });

  test('counts in units of the ratio, from the first wei on', () => {
    const all = facts({ signed: 900, paidOut: 900, known: 0, forgotten: 10 });
    const cheque = { ...all.cheque, cumulativeWei: 1n };
    const contract = { fromFactory: true, issuer: payer, balanceWei: 100n, paidOutWei: 1n, bounced: false };
    const verdict = checkCheque({ ...all, cheque, contract, ratio: { numerator: 1n, denominator: 3n } });
    assert.equal(verdict.kind === 'accepted' && verdict.recalledUnits, 3);
  });

  test('must be signed like any other', () => {
    const verdict = checkCheque({
      ...facts({ signed: 900, paidOut: 900, known: 0, forgotten: 900 }),
      signedBy: (issuer) => issuer === me,
    });
    assert.deepEqual(verdict, { kind: 'refused', code: 'CHEQUE_FORGED' });
  });

  test('is never worth more than was signed beyond what is known, nor more of what was paid out than was had since', () => {
    const units = fc.integer({ min: 0, max: 1_000 });
    fc.assert(
      fc.property(units, units, units, units, (signed, paidOut, known, forgotten) => {
        const verdict = checkCheque(facts({ signed, paidOut, known, forgotten }));
        if (verdict.kind !== 'accepted') return;
        assert.ok(verdict.units <= signed - known);
        assert.ok(verdict.recalledUnits <= Math.min(forgotten, Math.max(0, paidOut - known)));
        assert.equal(verdict.units - verdict.recalledUnits, signed - Math.max(paidOut, known));
      }),
    );
  });
});
