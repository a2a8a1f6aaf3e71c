import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeOf } from '../core/errors.ts';
import { SERVICES } from '../core/service.ts';
import type { Message, PerService } from '../core/session/message.ts';
import type { SignedStatement } from '../core/statement/statement.ts';
import { PAYMENT_METHODS, type Terms } from '../core/terms/terms.ts';
import { decodeMessage, encodeMessage, isPayment } from './message.ts';
import { decodeStatement, encodeStatement } from './statement.ts';
import { decodeTerms, encodeTerms } from './terms.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const units = fc.maxSafeNat();
const perService = fc.tuple(units, units, units) as fc.Arbitrary<PerService>;
const u32 = fc.nat(2 ** 32 - 1);
const address = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => `0x${hex(bytes)}`);
const wei = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n });
const service = fc.record({ askPerMb: fc.option(units, { nil: undefined }), bidPerMb: units });

const from = fc.oneof(
  fc.record({ chequebook: fc.option(address, { nil: undefined }) }),
  fc.record({
    chequebook: address,
    delegation: fc.record({
      payout: address,
      expiresS: units,
      signature: fc.uint8Array({ minLength: 65, maxLength: 65 }),
    }),
  }),
);

const plainTerms = fc.record({
  epoch: u32,
  protocolVersion: fc.nat(255),
  chainId: units,
  token: fc.oneof(fc.constant('native' as const), address),
  ratio: fc.record({ numerator: wei, denominator: wei }),
  methods: fc.uniqueArray(fc.constantFrom(...PAYMENT_METHODS)),
  channel: fc.option(address, { nil: undefined }),
  services: fc.record({ transit: service, chunks: service, packets: service }),
  payAt: units,
  dropAt: units,
  valueAt: units,
  settleEveryMs: units,
  metering: fc.constantFrom('data' as const, 'time' as const),
  allotment: fc.record({ bytes: units, ms: units }),
  priority: fc.record({ sendingPerMb: units, receivingPerMb: units }),
});
const terms: fc.Arbitrary<Terms> = fc.tuple(plainTerms, from).map(([plain, drawn]) => ({ ...plain, ...drawn }));

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ kind: fc.constant('terms' as const), terms }),
  fc.record({ kind: fc.constant('termsAck' as const), epoch: u32 }),
  fc.record({
    kind: fc.constant('counts' as const),
    opening: fc.boolean(),
    storeEpoch: u32,
    provided: perService,
    admitted: perService,
    consumed: perService,
  }),
  fc.record({ kind: fc.constant('allotment' as const), service: fc.constantFrom(...SERVICES), count: u32, epoch: u32 }),
  fc.record({
    kind: fc.constant('payment' as const),
    id: units,
    units,
    proof: fc.oneof(
      fc.record({
        kind: fc.constant('cheque' as const),
        cheque: fc.record(
          {
            chequebook: address,
            beneficiary: address,
            cumulativeWei: wei,
            signature: fc.uint8Array({ minLength: 65, maxLength: 65 }),
            ownWei: wei,
          },
          { requiredKeys: ['chequebook', 'beneficiary', 'cumulativeWei', 'signature'] },
        ),
      }),
      fc.record({
        kind: fc.constant('transfer' as const),
        transaction: fc
          .uint8Array({ minLength: 32, maxLength: 32 })
          .map((hash) => `0x${Buffer.from(hash).toString('hex')}`),
      }),
    ),
  }),
  fc.record({
    kind: fc.constant('paymentAck' as const),
    id: units,
    acceptedWei: wei,
    code: fc.string({ maxLength: 40, unit: 'grapheme-ascii' }),
  }),
  fc.record({ kind: fc.constant('mark' as const), sequence: units, answers: units }),
  fc.record({ kind: fc.constant('statement' as const), statement: anyStatement() }),
);

function anyStatement(): fc.Arbitrary<SignedStatement> {
  const either = fc.tuple(fc.maxSafeInteger(), fc.maxSafeInteger(), fc.maxSafeInteger()) as fc.Arbitrary<PerService>;
  return fc.record({
    chainId: units,
    from: address,
    to: address,
    storeEpoch: u32,
    sequence: units,
    answers: units,
    provided: perService,
    consumed: perService,
    providedCorrection: either,
    consumedCorrection: either,
    providedBytes: perService,
    consumedBytes: perService,
    paid: units,
    received: units,
    packetsSent: units,
    packetsReceived: units,
    signature: fc.uint8Array({ minLength: 65, maxLength: 65 }),
  });
}

test('golden bytes: what is on the wire does not change by accident', () => {
  const table: [Message, string][] = [
    [{ kind: 'termsAck', epoch: 7 }, '0200000007'],
    [{ kind: 'mark', sequence: 258, answers: 1 }, '070000000000010200000000000001'],
    [{ kind: 'allotment', service: 'packets', count: 2, epoch: 1 }, '04020000000200000001'],
    [
      { kind: 'paymentAck', id: 2 ** 53 - 1, acceptedWei: 500n, code: 'CHEQUE_STALE' },
      '061fffffffffffff0201f40c4348455155455f5354414c45',
    ],
    [
      {
        kind: 'counts',
        opening: true,
        storeEpoch: 1,
        provided: [1, 0, 0],
        admitted: [0, 0, 0],
        consumed: [0, 0, 2 ** 32],
      },
      `030100000001${'00000000000001'}${'00000000000000'.repeat(7)}00000100000000`,
    ],
  ];
  for (const [value, bytes] of table) {
    assert.equal(hex(encodeMessage(value)), bytes);
    assert.deepEqual(decodeMessage(Buffer.from(bytes, 'hex')), value);
  }
});

test('every message comes back as it was', () => {
  fc.assert(
    fc.property(message, (value) => {
      assert.deepEqual(decodeMessage(encodeMessage(value)), structuredClone(value));
      assert.equal(isPayment(value), value.kind.startsWith('payment'));
    }),
  );
  fc.assert(fc.property(terms, (value) => assert.deepEqual(decodeTerms(encodeTerms(value)), structuredClone(value))));
});

test('a statement comes back from the store as it was, and there is one way to write zero', () => {
  fc.assert(
    fc.property(anyStatement(), (value) => {
      assert.deepEqual(decodeStatement(encodeStatement(value)), structuredClone(value));
    }),
  );
  const [zero] = fc
    .sample(anyStatement(), 1)
    .map((value) => ({ ...value, providedCorrection: [0, 0, 0] as PerService }));
  const bytes = Uint8Array.from(encodeStatement(zero as SignedStatement));
  const firstSign = 7 + 20 + 20 + 4 + 7 + 7 + 6 * 7;
  assert.equal(bytes[firstSign], 0);
  bytes[firstSign] = 1;
  assert.throws(() => decodeStatement(bytes), { code: 'WIRE_MALFORMED' });
});

test('malformed bytes have one code, whatever is wrong with them', () => {
  const decode = (bytes: Uint8Array): void => {
    try {
      decodeMessage(bytes);
    } catch (error) {
      assert.equal(codeOf(error), 'WIRE_MALFORMED', String(error));
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), decode), { numRuns: 2000 });
  const mutation = fc.record({
    value: message,
    at: fc.nat(400),
    to: fc.nat(255),
    cut: fc.nat(400),
    tail: fc.uint8Array({ maxLength: 4 }),
  });
  fc.assert(
    fc.property(mutation, ({ value, at, to, cut, tail }) => {
      const bytes = Uint8Array.from(encodeMessage(value));
      bytes[at % bytes.length] = to;
      decode(bytes);
      decode(bytes.subarray(0, cut % bytes.length));
      assert.throws(() => decodeMessage(Uint8Array.from([...encodeMessage(value), ...tail, 0])), {
        code: 'WIRE_MALFORMED',
      });
    }),
    { numRuns: 1000 },
  );
});

test('messages of a later version are passed over when they may be', () => {
  assert.equal(decodeMessage(Uint8Array.of(128, 1, 2, 3)), undefined);
  assert.throws(() => decodeMessage(Uint8Array.of(99)), { code: 'WIRE_MALFORMED' });
  assert.throws(() => decodeMessage(new Uint8Array(0)), { code: 'WIRE_MALFORMED' });
});
