import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hashTypedData } from 'viem';
import type { Statement } from '../core/statement/statement.ts';
import { createSigner } from './signer.ts';
import { isGenuineStatement, signStatement, statementDigest } from './statement-signing.ts';

const signer = createSigner(new Uint8Array(32).fill(7));
const size = fc.maxSafeNat();
const signed = fc.maxSafeInteger();
const address = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .map((bytes) => `0x${Buffer.from(bytes).toString('hex')}`);
const three = (each: fc.Arbitrary<number>) => fc.tuple(each, each, each);

const statements: fc.Arbitrary<Statement> = fc.record({
  chainId: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  from: fc.constant(signer.id),
  to: address,
  storeEpoch: fc.nat(2 ** 32 - 1),
  sequence: size,
  answers: size,
  provided: three(size),
  consumed: three(size),
  providedCorrection: three(signed),
  consumedCorrection: three(signed),
  providedBytes: three(size),
  consumedBytes: three(size),
  paid: size,
  received: size,
  packetsSent: size,
  packetsReceived: size,
});

const whole = (name: string) => ({ name, type: 'uint256' });
const TYPES = {
  Statement: [
    { name: 'from', type: 'address' },
    { name: 'to', type: 'address' },
    ...['storeEpoch', 'sequence', 'answers'].map(whole),
    { name: 'provided', type: 'uint256[3]' },
    { name: 'consumed', type: 'uint256[3]' },
    { name: 'providedCorrection', type: 'int256[3]' },
    { name: 'consumedCorrection', type: 'int256[3]' },
    { name: 'providedBytes', type: 'uint256[3]' },
    { name: 'consumedBytes', type: 'uint256[3]' },
    ...['paid', 'received', 'packetsSent', 'packetsReceived'].map(whole),
  ],
};

test('the digest is that of typed data as others compute it', () => {
  fc.assert(
    fc.property(statements, (statement) => {
      const message = Object.fromEntries(
        Object.entries(statement).map(([name, value]) => [
          name,
          typeof value === 'number' ? BigInt(value) : Array.isArray(value) ? value.map(BigInt) : value,
        ]),
      );
      const domain = { name: 'Wayleave Statement', version: '1', chainId: statement.chainId };
      assert.equal(
        `0x${Buffer.from(statementDigest(statement)).toString('hex')}`,
        hashTypedData({ domain, types: TYPES, primaryType: 'Statement', message }),
      );
    }),
    { numRuns: 50 },
  );
});

test('a signature is good for its own statement and signer only', () => {
  const [statement] = fc.sample(statements, 1) as [Statement];
  const good = signStatement(signer, statement);
  assert.ok(isGenuineStatement(good));
  assert.ok(!isGenuineStatement({ ...good, sequence: (good.sequence + 1) % 1000 }));
  assert.ok(!isGenuineStatement({ ...good, chainId: good.chainId === 1 ? 2 : 1 }));
  assert.ok(!isGenuineStatement({ ...good, consumedCorrection: [(good.consumedCorrection[0] % 1000) + 2000, 0, 0] }));
  assert.ok(!isGenuineStatement({ ...good, from: `0x${'12'.repeat(20)}` }));
  assert.ok(
    !isGenuineStatement({ ...good, signature: good.signature.map((byte, at) => (at === 3 ? byte ^ 1 : byte)) }),
  );
  assert.ok(!isGenuineStatement({ ...good, signature: good.signature.subarray(1) }));
});

test('what is no address or no integer is not signed', () => {
  const [statement] = fc.sample(statements, 1) as [Statement];
  assert.throws(() => statementDigest({ ...statement, to: '0x12' }), { code: 'NODE_ID_INVALID' });
  assert.throws(() => statementDigest({ ...statement, paid: 0.5 }), { code: 'AMOUNT_INVALID' });
});
