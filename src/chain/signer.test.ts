import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeOf } from '../core/errors.ts';
import {
  createSigner,
  generateKey,
  idOfPublicKey,
  recoverSigner,
  signatureBackend,
  verifyDigest,
  verifySha256,
} from './signer.ts';

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
/** Key and address of Swarm's published cheque vector. */
const KEY = hex('634fb5a872396d9693e5c9f9d7233cfa93f395c093371017ff44aa9ae6564cdd');
const ID = '0x8d3766440f0d7b949a5e32995d09619a7f86e632';

/** The other valid signature over the same digest: s → n − s, v flipped. */
function twin(signature: Uint8Array): Uint8Array {
  const other = Uint8Array.from(signature);
  const s = ORDER - BigInt(`0x${Buffer.from(signature.subarray(32, 64)).toString('hex')}`);
  other.set(hex(s.toString(16).padStart(64, '0')), 32);
  other[64] = signature[64] === 27 ? 28 : 27;
  return other;
}

test('the id of a key is its Ethereum address, from either form of the public key', () => {
  const signer = createSigner(KEY);
  assert.equal(signer.id, ID);
  assert.equal(signer.publicKey.length, 33);
  assert.equal(idOfPublicKey(signer.publicKey), ID);
});

test('the native curve is loaded on the platforms we pin', { skip: process.platform !== 'linux' }, () => {
  assert.equal(signatureBackend(), 'native');
});

test('signatures recover and verify, with s in the lower half', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (digest) => {
      const signer = createSigner(generateKey((count) => randomBytes(count)));
      const signature = signer.signDigest(digest);
      assert.equal(signature.length, 65);
      assert.equal(recoverSigner(digest, signature), signer.id);
      assert.ok(verifyDigest(digest, signature, signer.publicKey));
      assert.equal(recoverSigner(digest, twin(signature)), undefined);
      assert.ok(!verifyDigest(digest, twin(signature), signer.publicKey));
    }),
    { numRuns: 50 },
  );
});

test('a changed byte anywhere makes another signer or none', () => {
  const signer = createSigner(KEY);
  const digest = createHash('sha256').update('x').digest();
  const signature = signer.signDigest(digest);
  for (let at = 0; at < 65; at += 1) {
    const bad = Uint8Array.from(signature);
    bad[at] = (bad[at] ?? 0) ^ 1;
    assert.notEqual(recoverSigner(digest, bad), signer.id, `byte ${at}`);
    assert.ok(!verifyDigest(digest, bad, signer.publicKey), `byte ${at}`);
  }
});

test('malformed signatures, digests and keys are answered, never thrown', () => {
  const signer = createSigner(KEY);
  const digest = new Uint8Array(32).fill(7);
  const good = signer.signDigest(digest);
  const withV = (v: number) => Uint8Array.from(good).fill(v, 64);
  for (const bad of [
    new Uint8Array(),
    good.subarray(0, 64),
    new Uint8Array(66),
    withV(0),
    withV(1),
    withV(29),
    new Uint8Array(65),
  ]) {
    assert.equal(recoverSigner(digest, bad), undefined);
    assert.equal(verifyDigest(digest, bad, signer.publicKey), false);
  }
  assert.equal(recoverSigner(new Uint8Array(31), good), undefined);
  assert.equal(verifyDigest(digest, good, new Uint8Array(33)), false);
  assert.equal(verifySha256(digest, new Uint8Array(5), signer.publicKey), false);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      verifySha256(bytes, bytes, signer.publicKey);
      recoverSigner(digest, bytes);
    }),
  );
});

test('keys out of range are refused', () => {
  for (const bad of [new Uint8Array(32), new Uint8Array(31).fill(1), new Uint8Array(32).fill(255)]) {
    assert.throws(
      () => createSigner(bad),
      (error) => codeOf(error) === 'KEY_INVALID',
    );
  }
  assert.throws(
    () => idOfPublicKey(new Uint8Array(33)),
    (error) => codeOf(error) === 'KEY_INVALID',
  );
});

test('DER signatures over SHA-256 verify, and OpenSSL agrees', async () => {
  const { createPublicKey, verify } = await import('node:crypto');
  const signer = createSigner(KEY);
  const message = new TextEncoder().encode('libp2p-tls-handshake:');
  const der = signer.signSha256(message);
  assert.ok(verifySha256(message, der, signer.publicKey));
  assert.ok(!verifySha256(message.subarray(1), der, signer.publicKey));
  const spki = Buffer.concat([hex('3036301006072a8648ce3d020106052b8104000a032200'), signer.publicKey]);
  assert.ok(verify('sha256', message, createPublicKey({ key: spki, format: 'der', type: 'spki' }), der));
});

test('the caller may wipe its copy of the key', () => {
  const key = Uint8Array.from(KEY);
  const signer = createSigner(key);
  key.fill(0);
  assert.equal(recoverSigner(new Uint8Array(32), signer.signDigest(new Uint8Array(32))), ID);
});
