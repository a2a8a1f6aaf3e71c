import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SignedCheque } from '../core/settlement/cheque.ts';
import { recoverChequeIssuer, signCheque } from './cheque-signing.ts';
import { IssuerKeys } from './issuer-keys.ts';
import { createSigner } from './signer.ts';

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const [issuer, other] = [3, 4].map((each) => createSigner(new Uint8Array(32).fill(each))) as [
  ReturnType<typeof createSigner>,
  ReturnType<typeof createSigner>,
];
const [chequebook, beneficiary] = [`0x${'c'.repeat(40)}`, `0x${'b'.repeat(40)}`];
const sign = (cumulativeWei: bigint, by = issuer) => signCheque(by, 1, { chequebook, beneficiary, cumulativeWei });

/** The same with another byte of the signature. */
function changed(cheque: SignedCheque, at: number, to: (byte: number) => number): SignedCheque {
  const signature = Uint8Array.from(cheque.signature);
  signature[at] = to(signature[at] ?? 0);
  return { ...cheque, signature };
}

const withOtherV = (cheque: SignedCheque) => changed(cheque, 64, (v) => 27 + 28 - v);

/** The other signature that the curve takes: s → n − s, v flipped. */
function twin(cheque: SignedCheque): SignedCheque {
  const signature = Uint8Array.from(withOtherV(cheque).signature);
  const s = ORDER - BigInt(`0x${Buffer.from(signature.subarray(32, 64)).toString('hex')}`);
  signature.set(Buffer.from(s.toString(16).padStart(64, '0'), 'hex'), 32);
  return { ...cheque, signature };
}

test('says the same of every cheque before and after the key is known, but for v', () => {
  const known = new IssuerKeys();
  assert.ok(known.signed(1, sign(1n), issuer.id));
  const wrong: [string, SignedCheque][] = [
    ['by another', sign(2n, other)],
    ['for another amount', { ...sign(2n), cumulativeWei: 3n }],
    ['on another chequebook', { ...sign(2n), chequebook: beneficiary }],
    ['to another', { ...sign(2n), beneficiary: chequebook }],
    ['with the malleable twin', twin(sign(2n))],
    ['with a v that is none', changed(sign(2n), 64, () => 29)],
    ['with a v of 0', changed(sign(2n), 64, () => 0)],
    ['too short', { ...sign(2n), signature: sign(2n).signature.subarray(0, 64) }],
    ['of nothing', { ...sign(2n), signature: new Uint8Array(65).fill(27, 64) }],
    ['of numbers beyond the order', { ...sign(2n), signature: new Uint8Array(65).fill(255, 0, 64).fill(27, 64) }],
  ];
  for (const [what, cheque] of wrong) {
    assert.ok(!known.signed(1, cheque, issuer.id), what);
    assert.ok(!new IssuerKeys().signed(1, cheque, issuer.id), what);
  }
  assert.ok(!known.signed(2, sign(2n), issuer.id), 'on another chain');
  for (let at = 0; at < 64; at += 1) {
    assert.ok(
      !known.signed(
        1,
        changed(sign(2n), at, (byte) => byte ^ 1),
        issuer.id,
      ),
      `byte ${at}`,
    );
  }
  assert.ok(known.signed(1, sign(2n), issuer.id), 'nothing of this has spoiled it');
});

test('learns no key from a cheque of somebody else', () => {
  const keys = new IssuerKeys();
  assert.ok(!keys.signed(1, sign(1n, other), issuer.id));
  assert.ok(!keys.signed(1, sign(2n, other), issuer.id));
  assert.ok(keys.signed(1, sign(2n), issuer.id));
});

test('whatever v a known issuer sends, the contract finds it by the one that is handed in', () => {
  const keys = new IssuerKeys();
  keys.signed(1, sign(1n), issuer.id);
  fc.assert(
    fc.property(fc.bigInt(1n, 2n ** 256n - 1n), fc.boolean(), (wei, flips) => {
      const good = sign(wei);
      const sent = flips ? withOtherV(good) : good;
      assert.ok(keys.signed(1, sent, issuer.id));
      const cheque = keys.cashable(1, sent, issuer.id);
      assert.equal(recoverChequeIssuer(1, cheque), issuer.id);
      assert.deepEqual(cheque, good);
    }),
    { numRuns: 50 },
  );
});
