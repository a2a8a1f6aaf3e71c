import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeOf, type ErrorCode } from '../errors.ts';
import {
  checkTerms,
  commonMethod,
  MAX_EPOCH,
  sameTerms,
  type Terms,
  type TermsContext,
  validateTerms,
} from './terms.ts';

const nothing = { askPerMb: undefined, bidPerMb: 0 };

/** Terms of a carrier: transit at `ask`, willing to pay up to `bid`. */
function terms(change: Partial<Terms> = {}, ask: number | undefined = 5000, bid = 9000): Terms {
  return {
    epoch: 1,
    protocolVersion: 1,
    chainId: 31337,
    token: 'native',
    ratio: { numerator: 10n ** 10n, denominator: 1n },
    methods: ['cheque', 'barter'],
    channel: undefined,
    chequebook: `0x${'a'.repeat(40)}`,
    services: { transit: { askPerMb: ask, bidPerMb: bid }, chunks: nothing, packets: nothing },
    payAt: 10_000,
    dropAt: 20_000,
    valueAt: 0,
    settleEveryMs: 0,
    metering: 'data',
    allotment: { bytes: 1_000_000, ms: 1000 },
    priority: { sendingPerMb: 0, receivingPerMb: 0 },
    ...change,
  };
}

const slow = (confirmMs: number): TermsContext => ({ transfer: { confirmMs, bytesPerSecond: 200_000 } });
const transfer = { methods: ['transfer'] as const };

test('terms are refused for one reason each, in order of precedence', () => {
  const everythingWrong = { chainId: 1, token: `0x${'b'.repeat(40)}`, payAt: -1, epoch: 0, methods: [] };
  const table: [string, Terms, Terms, TermsContext, ErrorCode | undefined][] = [
    ['good', terms(), terms(), {}, undefined],
    ['version first', terms({ ...everythingWrong, protocolVersion: 2 }), terms(), {}, 'TERMS_WRONG_VERSION'],
    ['then chain', terms(everythingWrong), terms(), {}, 'TERMS_WRONG_CHAIN'],
    ['then token', terms({ ...everythingWrong, chainId: 31337 }), terms(), {}, 'TERMS_WRONG_TOKEN'],
    ['then ranges', terms({ ...everythingWrong, chainId: 31337, token: 'native' }), terms(), {}, 'TERMS_ABSURD'],
    ['price too high', terms({}, 2 ** 31 + 1), terms(), {}, 'TERMS_ABSURD'],
    ['price not whole', terms({}, 0.5), terms(), {}, 'TERMS_ABSURD'],
    ['bid negative', terms({}, 5000, -1), terms(), {}, 'TERMS_ABSURD'],
    ['epoch 0', terms({ epoch: 0 }), terms(), {}, 'TERMS_ABSURD'],
    ['epoch too high', terms({ epoch: MAX_EPOCH + 1 }), terms(), {}, 'TERMS_ABSURD'],
    ['ratio zero', terms({ ratio: { numerator: 0n, denominator: 1n } }), terms(), {}, 'TERMS_ABSURD'],
    ['ratio a thousandfold', terms({ ratio: { numerator: 10n ** 13n, denominator: 1n } }), terms(), {}, 'TERMS_ABSURD'],
    ['ratio a thousandth', terms({ ratio: { numerator: 10n ** 7n, denominator: 1n } }), terms(), {}, 'TERMS_ABSURD'],
    ['ratio a quarter up', terms({ ratio: { numerator: 125n * 10n ** 8n, denominator: 1n } }), terms(), {}, undefined],
    [
      'ratio up, only I pay',
      terms({ ratio: { numerator: 10n ** 11n, denominator: 1n } }, 5000, 0),
      terms(),
      {},
      'TERMS_ABSURD',
    ],
    [
      'ratio down, only I pay',
      terms({ ratio: { numerator: 10n ** 9n, denominator: 1n } }, 5000, 0),
      terms(),
      {},
      'TERMS_ABSURD',
    ],
    [
      'ratio up, only they pay',
      terms({ ratio: { numerator: 10n ** 11n, denominator: 1n } }),
      terms({}, 5000, 0),
      {},
      'TERMS_ABSURD',
    ],
    [
      'nobody pays, whatever the ratio',
      terms({ ratio: { numerator: 1n, denominator: 1n } }, 5000, 0),
      terms({}, 5000, 0),
      {},
      undefined,
    ],
    ['no method, only they pay', terms({ methods: ['channel'] }), terms({}, 5000, 0), {}, 'TERMS_NO_METHOD'],
    ['no method, only I pay', terms({ methods: ['channel'] }, 5000, 0), terms(), {}, 'TERMS_NO_METHOD'],
    ['method twice', terms({ methods: ['cheque', 'cheque'] }), terms(), {}, 'TERMS_ABSURD'],
    ['allotment nil', terms({ allotment: { bytes: 0, ms: 1 } }), terms(), {}, 'TERMS_ABSURD'],
    ['payAt is dropAt', terms({ payAt: 20_000 }), terms(), {}, 'TERMS_PAYAT_ABOVE_DROPAT'],
    [
      'payAt above dropAt',
      terms({ payAt: 20_001, epoch: 1 }),
      terms(),
      { known: terms({ epoch: 9 }) },
      'TERMS_PAYAT_ABOVE_DROPAT',
    ],
    ['epoch falls', terms({ epoch: 2, methods: [] }), terms(), { known: terms({ epoch: 3 }) }, 'TERMS_STALE'],
    ['same epoch, other words', terms({ payAt: 9999 }), terms(), { known: terms() }, 'TERMS_STALE'],
    ['sent again', terms(), terms(), { known: terms() }, undefined],
    ['epoch grows', terms({ epoch: 2, payAt: 9999 }), terms(), { known: terms() }, undefined],
    ['no method', terms({ methods: ['channel'] }), terms(), {}, 'TERMS_NO_METHOD'],
    ['none needed', terms({ methods: [] }, 5000, 0), terms({}, 5000, 0), {}, undefined],
    ['too slow', terms(transfer), terms(transfer), slow(10_001), 'TERMS_TRANSFER_TOO_SLOW'],
    ['just in time', terms(transfer), terms(transfer), slow(10_000), undefined],
    ['slow chain, but cheques', terms(), terms(), slow(100_000), undefined],
  ];
  for (const [name, theirs, mine, context, code] of table) {
    const act = (): void => validateTerms(theirs, mine, context);
    if (code === undefined) assert.doesNotThrow(act, name);
    else assert.throws(act, (error) => codeOf(error) === code, `${name}: ${code}`);
  }
});

test('payAt must be reachable: one more piece fits while the debt is below it', () => {
  // A chunk of 4,096 bytes at 1,000,000 a MB costs 4,096 units.
  const chunks = { transit: nothing, packets: nothing, chunks: { askPerMb: 1_000_000, bidPerMb: 0 } };
  const table: [number, number, boolean][] = [
    [5000, 9095, true],
    [5000, 9094, false],
    [1, 4096, true],
    [1, 4095, false],
  ];
  for (const [payAt, dropAt, good] of table) {
    const act = (): void => checkTerms(terms({ services: chunks, payAt, dropAt }));
    if (good) assert.doesNotThrow(act, `${payAt}/${dropAt}`);
    else assert.throws(act, (error) => codeOf(error) === 'TERMS_PAYAT_ABOVE_DROPAT', `${payAt}/${dropAt}`);
  }
});

test('reachable means reached: served in whole pieces within dropAt, the debt gets to payAt', () => {
  const small = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(small, small, small, (payAt, room, piece) => {
      const services = { transit: { askPerMb: piece * 1_000_000, bidPerMb: 0 }, chunks: nothing, packets: nothing };
      const offer = terms({ services, payAt, dropAt: payAt + room, metering: 'data' });
      const price = Math.ceil((piece * 1024 * 1_000_000) / 1_000_000);
      const stuck = Array.from({ length: payAt }, (_, debt) => debt).some((debt) => debt + price > payAt + room);
      const act = (): void => checkTerms(offer);
      if (stuck) assert.throws(act, (error) => codeOf(error) === 'TERMS_PAYAT_ABOVE_DROPAT');
      else assert.doesNotThrow(act);
    }),
  );
});

test('time metering: the piece is one allotment', () => {
  const offer = (ms: number): Terms => terms({ metering: 'time', allotment: { bytes: 1, ms } });
  assert.doesNotThrow(() => checkTerms(offer(2000)));
  assert.throws(
    () => checkTerms(offer(3000)),
    (error) => codeOf(error) === 'TERMS_PAYAT_ABOVE_DROPAT',
  );
});

test('thresholds say nothing where nothing is sold for money', () => {
  for (const askPerMb of [undefined, 0]) {
    const services = { transit: { askPerMb, bidPerMb: 9 }, chunks: nothing, packets: nothing };
    assert.doesNotThrow(() => checkTerms(terms({ payAt: 0, dropAt: 0, services })));
  }
});

test('the payee chooses among what the payer can use', () => {
  const table: [Partial<Terms>, Partial<Terms>, string | undefined][] = [
    [{ methods: ['channel', 'cheque'] }, { methods: ['cheque', 'channel'] }, 'channel'],
    [{ methods: ['cheque', 'barter'] }, { methods: ['cheque', 'barter'] }, 'cheque'],
    [{ methods: ['cheque', 'barter'] }, { methods: ['cheque', 'barter'], chequebook: undefined }, 'barter'],
    [{ methods: ['cheque'] }, { methods: ['transfer'] }, undefined],
  ];
  for (const [payee, payer, method] of table) assert.equal(commonMethod(terms(payee), terms(payer)), method);
});

test('the same terms are the same whatever object holds them, and every field counts', () => {
  assert.ok(sameTerms(terms(), structuredClone(terms())));
  const changes: Partial<Terms>[] = [
    { epoch: 2 },
    { protocolVersion: 2 },
    { chainId: 2 },
    { token: `0x${'c'.repeat(40)}` },
    { ratio: { numerator: 1n, denominator: 1n } },
    { methods: ['barter', 'cheque'] },
    { chequebook: undefined },
    { payAt: 1 },
    { dropAt: 1 },
    { metering: 'time' },
    { allotment: { bytes: 2, ms: 1000 } },
    { priority: { sendingPerMb: 1, receivingPerMb: 0 } },
    { valueAt: 1 },
    { settleEveryMs: 1 },
    { services: { ...terms().services, chunks: { askPerMb: 0, bidPerMb: 0 } } },
  ];
  for (const change of changes) assert.equal(sameTerms(terms(), terms(change)), false, Object.keys(change)[0]);
});
