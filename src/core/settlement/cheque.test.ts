import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeOf, type ErrorCode } from '../errors.ts';
import { unitsToWei } from '../ratio.ts';
import {
  type ChequebookKnowledge,
  type ChequeFacts,
  checkCheque,
  type IssuedFacts,
  MAX_UNCASHED_CHEQUEBOOKS,
  MAX_WEI,
  MIN_CHEQUE_UNITS,
  nextCumulative,
  recoveredCumulative,
  type SignedCheque,
} from './cheque.ts';

const id = (digit: string): string => `0x${digit.repeat(40)}`;
const [me, payer, book, other] = [id('1'), id('2'), id('b'), id('f')];
const RATIO = { numerator: 10n ** 10n, denominator: 1n };
const wei = (units: number): bigint => unitsToWei(units, RATIO).wei;
const bytes = (fill: number): Uint8Array => new Uint8Array(65).fill(fill);

const contract: ChequebookKnowledge = {
  fromFactory: true,
  issuer: payer,
  balanceWei: wei(1000),
  paidOutWei: 0n,
  bounced: false,
};
const cheque: SignedCheque = { chequebook: book, beneficiary: me, cumulativeWei: wei(500), signature: bytes(7) };

/** Signed by this one and nobody else. */
const by = (who: string | undefined) => (issuer: string) => issuer === who;

const good: ChequeFacts = {
  cheque,
  me,
  neighbour: payer,
  announced: book,
  contract,
  last: { cumulativeWei: wei(400), signature: bytes(6) },
  ratio: RATIO,
  remainder: 0n,
  minimumUnits: 10,
  signedBy: by(payer),
};

test('a good cheque is worth what it adds', () => {
  assert.deepEqual(checkCheque(good), {
    kind: 'accepted',
    units: 100,
    recalledUnits: 0,
    remainder: 0n,
    addedWei: wei(100),
    solvent: true,
  });
});

/** From here on each row mends the fault of the row before and shows the next one: the order of the checks. */
const precedence: [string, Partial<ChequeFacts>, ErrorCode][] = [
  ['beneficiary', { cheque: { ...cheque, beneficiary: other, cumulativeWei: wei(400) } }, 'CHEQUE_NOT_FOR_ME'],
  ['announced', { cheque: { ...cheque, cumulativeWei: wei(400) }, announced: other }, 'CHEQUE_WRONG_CHEQUEBOOK'],
  [
    'none announced',
    { cheque: { ...cheque, cumulativeWei: wei(400) }, announced: undefined },
    'CHEQUE_WRONG_CHEQUEBOOK',
  ],
  ['looked up', { announced: book, contract: 'unread' }, 'CHEQUE_UNVERIFIED'],
  ['there', { contract: 'absent' }, 'CHEQUE_NO_CONTRACT'],
  [
    'factory',
    { contract: { ...contract, fromFactory: false, issuer: other, bounced: true } },
    'CHEQUE_FOREIGN_FACTORY',
  ],
  ['grows', { contract: { ...contract, issuer: other, bounced: true } }, 'CHEQUE_STALE'],
  ['possible', { cheque: { ...cheque, cumulativeWei: MAX_WEI } }, 'CHEQUE_ABSURD'],
  ['minimum', { cheque: { ...cheque, cumulativeWei: wei(409) } }, 'CHEQUE_TOO_SMALL'],
  ['chequebooks', { cheque, uncashedChequebooks: MAX_UNCASHED_CHEQUEBOOKS }, 'CHEQUEBOOKS_TOO_MANY'],
  ['issuer', { uncashedChequebooks: MAX_UNCASHED_CHEQUEBOOKS - 1 }, 'CHEQUE_WRONG_ISSUER'],
  ['signature', { contract: { ...contract, bounced: true } }, 'CHEQUE_FORGED'],
  ['bounced', { signedBy: by(payer) }, 'CHEQUE_BOUNCED'],
];

test('cheques are refused for one reason each, cheap checks first', () => {
  let facts: ChequeFacts = { ...good, signedBy: by(other) };
  for (const [name, change, code] of precedence) {
    facts = { ...facts, ...change };
    assert.deepEqual(checkCheque(facts), { kind: 'refused', code }, name);
  }
  assert.equal(checkCheque({ ...facts, contract }).kind, 'accepted');
});

test('the signature is looked at only after every cheaper check', () => {
  const asked: string[] = [];
  const signedBy = (issuer: string): boolean => asked.push(issuer) > 0;
  checkCheque({ ...good, signedBy, me: other });
  checkCheque({ ...good, signedBy, last: { cumulativeWei: wei(500), signature: bytes(9) } });
  checkCheque({ ...good, signedBy, minimumUnits: 101 });
  assert.deepEqual(asked, []);
  checkCheque({ ...good, signedBy });
  assert.deepEqual(asked, [payer]);
});

test('stale: not above the last cheque, nor above what the contract has paid out', () => {
  const table: [bigint, bigint, ChequeFacts['last'], number | 'stale'][] = [
    [wei(500), 0n, undefined, 500],
    [wei(500), wei(450), undefined, 50],
    [wei(500), wei(450), { cumulativeWei: wei(400), signature: bytes(1) }, 50],
    [wei(500), wei(500), undefined, 'stale'],
    [wei(500), 0n, { cumulativeWei: wei(500), signature: bytes(1) }, 'stale'],
    [wei(500), 0n, { cumulativeWei: wei(501), signature: bytes(7) }, 'stale'],
    [0n, 0n, undefined, 'stale'],
    [-5n, 0n, undefined, 'stale'],
  ];
  for (const [cumulativeWei, paidOutWei, last, expected] of table) {
    const verdict = checkCheque({
      ...good,
      cheque: { ...cheque, cumulativeWei },
      contract: { ...contract, paidOutWei },
      last,
    });
    if (expected === 'stale') assert.deepEqual(verdict, { kind: 'refused', code: 'CHEQUE_STALE' });
    else assert.equal(verdict.kind === 'accepted' && verdict.units, expected);
  }
});

test('a signature that is nobody’s is a forged one', () => {
  assert.deepEqual(checkCheque({ ...good, signedBy: by(undefined) }), { kind: 'refused', code: 'CHEQUE_FORGED' });
});

test('the very same cheque again is a duplicate, whatever is known of the contract by then', () => {
  const last = { cumulativeWei: cheque.cumulativeWei, signature: bytes(7) };
  for (const state of [contract, 'unread', { ...contract, bounced: true }] as const) {
    assert.deepEqual(checkCheque({ ...good, last, contract: state }), { kind: 'duplicate' });
  }
  const resigned = checkCheque({ ...good, last: { ...last, signature: bytes(8) } });
  assert.deepEqual(resigned, { kind: 'refused', code: 'CHEQUE_STALE' });
});

test('solvency is advice: an uncovered cheque is accepted and flagged', () => {
  const poor = checkCheque({ ...good, contract: { ...contract, balanceWei: wei(499) } });
  assert.equal(poor.kind === 'accepted' && poor.solvent, false);
  const partly = checkCheque({ ...good, contract: { ...contract, balanceWei: wei(100), paidOutWei: wei(400) } });
  assert.equal(partly.kind === 'accepted' && partly.solvent, true);
});

test('money once: over any cheques, in any order, sent again and forged, the credit is the highest good amount', () => {
  const sent = fc.record({ at: fc.nat({ max: 10_000 }), times: fc.integer({ min: 1, max: 3 }), forged: fc.boolean() });
  const ratio = fc.record({
    numerator: fc.bigInt({ min: 1n, max: 50n }),
    denominator: fc.bigInt({ min: 1n, max: 50n }),
  });
  fc.assert(
    fc.property(fc.array(sent), ratio, (cheques, rate) => {
      let last: ChequeFacts['last'];
      let [credited, remainder, highest] = [0, 0n, 0n];
      for (const { at, times, forged } of cheques.flatMap((each) => Array.from({ length: each.times }, () => each))) {
        const cumulativeWei = BigInt(at);
        const signature = bytes(at % 251);
        const verdict = checkCheque({
          ...good,
          cheque: { ...cheque, cumulativeWei, signature },
          last,
          remainder,
          ratio: rate,
          minimumUnits: 0,
          signedBy: by(forged ? other : payer),
        });
        assert.ok(times > 0);
        if (verdict.kind !== 'accepted') continue;
        assert.ok(!forged && cumulativeWei > highest);
        highest = cumulativeWei;
        credited += verdict.units;
        remainder = verdict.remainder;
        last = { cumulativeWei, signature };
      }
      assert.equal(BigInt(credited), (highest * rate.denominator) / rate.numerator);
    }),
  );
});

test('a cheque may add the least that is taken, and the most that is exact, in units of any ratio', () => {
  const of = (cumulativeWei: bigint, change: Partial<ChequeFacts> = {}) => {
    const facts: ChequeFacts = { ...good, last: undefined, cheque: { ...cheque, cumulativeWei }, ...change };
    const found = checkCheque(facts);
    return found.kind === 'accepted' ? found.units : found.kind === 'refused' ? found.code : found.kind;
  };
  assert.deepEqual([of(wei(9)), of(wei(10))], ['CHEQUE_TOO_SMALL', 10]);
  const most = Number.MAX_SAFE_INTEGER;
  assert.deepEqual([of(wei(most)), of(wei(most) + 1n)], [most, 'CHEQUE_ABSURD']);
  const thirds = { numerator: 7n, denominator: 3n };
  assert.equal(of(70n, { ratio: thirds }), 30);
  assert.equal(of((BigInt(most) * 7n) / 3n, { ratio: thirds }), most - 1);
  assert.equal(of((BigInt(most) * 7n) / 3n + 1n, { ratio: thirds }), 'CHEQUE_ABSURD');
  const paidOut = { ...contract, paidOutWei: MAX_WEI - wei(20) };
  assert.deepEqual(
    [of(MAX_WEI, { contract: paidOut }), of(MAX_WEI + 1n, { contract: paidOut })],
    [20, 'CHEQUE_ABSURD'],
  );
  assert.deepEqual([MAX_WEI, MIN_CHEQUE_UNITS], [BigInt(`0x${'f'.repeat(64)}`), 1]);
});

test('the next cheque adds to the last', () => {
  assert.equal(nextCumulative(0n, 5n), 5n);
  assert.equal(nextCumulative(7n, 5n), 12n);
  assert.equal(nextCumulative(MAX_WEI - 1n, 1n), MAX_WEI);
  for (const [last, add, code] of [
    [1n, 0n, 'AMOUNT_INVALID'],
    [1n, -1n, 'AMOUNT_INVALID'],
    [-1n, 1n, 'AMOUNT_INVALID'],
    [MAX_WEI, 1n, 'AMOUNT_OVERFLOW'],
  ] as const) {
    assert.throws(
      () => nextCumulative(last, add),
      (error) => codeOf(error) === code,
    );
  }
});

const issued: IssuedFacts = {
  chequebook: book,
  beneficiary: me,
  me: payer,
  storedWei: 0n,
  paidOutWei: 0n,
  returned: undefined,
  signer: () => payer,
};

test('a lost store: never lower than what was paid out, nor than my own cheque handed back', () => {
  const back = (cumulativeWei: bigint): SignedCheque => ({ ...cheque, cumulativeWei });
  const table: [string, Partial<IssuedFacts>, bigint][] = [
    ['nothing known', {}, 0n],
    ['the store', { storedWei: 9n, paidOutWei: 5n }, 9n],
    ['the contract', { storedWei: 3n, paidOutWei: 5n }, 5n],
    ['my cheque, returned', { storedWei: 3n, paidOutWei: 5n, returned: back(8n) }, 8n],
    ['an older one, returned', { storedWei: 9n, returned: back(8n) }, 9n],
    ['one I never signed', { paidOutWei: 5n, returned: back(8n), signer: () => me }, 5n],
    ['with a broken signature', { paidOutWei: 5n, returned: back(8n), signer: () => undefined }, 5n],
    ['of another chequebook', { paidOutWei: 5n, returned: { ...back(8n), chequebook: other } }, 5n],
    ['to someone else', { paidOutWei: 5n, returned: { ...back(8n), beneficiary: other } }, 5n],
  ];
  for (const [name, change, expected] of table)
    assert.equal(recoveredCumulative({ ...issued, ...change }), expected, name);
});
