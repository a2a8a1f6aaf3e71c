import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '../errors.ts';
import { plainTerms } from '../ledger/account-pair.fixture.ts';
import { MAX_PRICE } from '../units.ts';
import {
  checkTerms,
  MAX_ALLOTMENT_BYTES,
  MAX_ALLOTMENT_MS,
  MAX_EPOCH,
  MAX_SETTLE_EVERY_MS,
  PIECE_BYTES,
  PROTOCOL_VERSION,
  type Terms,
  type TermsContext,
  validateTerms,
} from './terms.ts';

const base = plainTerms();
const MAX = Number.MAX_SAFE_INTEGER;

function codeOfTerms(change: Partial<Terms>): string | undefined {
  try {
    checkTerms({ ...base, ...change });
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

test('every field of terms has a range, ends included, beyond which they are absurd', () => {
  const { priority, services } = base;
  const transit = (change: object) => ({ services: { ...services, transit: { ...services.transit, ...change } } });
  const good: Partial<Terms>[] = [
    {},
    { epoch: MAX_EPOCH },
    { chainId: 1 },
    { chainId: MAX },
    { token: `0x${'1'.repeat(40)}` },
    { chequebook: undefined },
    { channel: `0x${'1'.repeat(40)}` },
    { methods: [] },
    { payAt: 0, dropAt: 1_023 },
    { dropAt: MAX },
    { valueAt: 0 },
    { valueAt: MAX },
    { settleEveryMs: MAX_SETTLE_EVERY_MS },
    { allotment: { bytes: 1, ms: 1 } },
    { allotment: { bytes: MAX_ALLOTMENT_BYTES, ms: MAX_ALLOTMENT_MS } },
    { priority: { ...priority, sendingPerMb: MAX_PRICE } },
    { priority: { ...priority, receivingPerMb: MAX_PRICE } },
    { ...transit({ bidPerMb: MAX_PRICE, askPerMb: undefined }) },
    { ...transit({ askPerMb: MAX_PRICE }), dropAt: MAX },
  ];
  for (const change of good) assert.equal(codeOfTerms(change), undefined, Object.keys(change).join());
  const absurd: Partial<Terms>[] = [
    { epoch: 0 },
    { epoch: MAX_EPOCH + 1 },
    { chainId: 0 },
    { chainId: 1.5 },
    { token: 'gold' },
    { chequebook: 'mine' },
    { channel: 'mine' },
    { ratio: { numerator: 0n, denominator: 1n } },
    { methods: ['cheque', 'cheque'] },
    { payAt: -1 },
    { payAt: 0.5 },
    { dropAt: -1 },
    { dropAt: MAX + 1 },
    { valueAt: -1 },
    { settleEveryMs: -1 },
    { settleEveryMs: MAX_SETTLE_EVERY_MS + 1 },
    { allotment: { bytes: 0, ms: 1 } },
    { allotment: { bytes: MAX_ALLOTMENT_BYTES + 1, ms: 1 } },
    { allotment: { bytes: 1, ms: 0 } },
    { allotment: { bytes: 1, ms: MAX_ALLOTMENT_MS + 1 } },
    { priority: { ...priority, sendingPerMb: MAX_PRICE + 1 } },
    { priority: { ...priority, receivingPerMb: -1 } },
    { ...transit({ askPerMb: MAX_PRICE + 1 }) },
    { ...transit({ bidPerMb: -1 }) },
  ];
  for (const change of absurd) {
    assert.equal(codeOfTerms(change), 'TERMS_ABSURD', JSON.stringify(Object.entries(change).map(String)));
  }
});

test('the figures that both ends must have in common', () => {
  assert.deepEqual([PROTOCOL_VERSION, MAX_EPOCH], [1, 4_294_967_295]);
  assert.deepEqual([MAX_ALLOTMENT_BYTES, MAX_ALLOTMENT_MS], [1_000_000_000, 3_600_000]);
  assert.deepEqual(PIECE_BYTES, { transit: 1_024, chunks: 4_096, packets: 0 });
});

test('thresholds leave room for one more piece of each service, where something is sold', () => {
  const fits = 'TERMS_PAYAT_ABOVE_DROPAT';
  assert.equal(codeOfTerms({ payAt: 1_000, dropAt: 2_023 }), undefined);
  assert.equal(codeOfTerms({ payAt: 1_000, dropAt: 2_022 }), fits);
  const cheap = { ...base.services, transit: { askPerMb: 1, bidPerMb: 0 } };
  assert.equal(codeOfTerms({ services: cheap, payAt: 5, dropAt: 6 }), undefined);
  assert.equal(codeOfTerms({ services: cheap, payAt: 5, dropAt: 5 }), fits);
  const unsold = { ...base.services, transit: { askPerMb: undefined, bidPerMb: 7 } };
  assert.equal(codeOfTerms({ services: unsold, payAt: 5, dropAt: 5 }), undefined, 'who sells nothing is owed nothing');
  const free = { ...base.services, transit: { askPerMb: 0, bidPerMb: 7 } };
  assert.equal(codeOfTerms({ services: free, payAt: 5, dropAt: 5 }), undefined);
  const byTime = { metering: 'time', allotment: { bytes: 1, ms: 2_000 }, payAt: 0 } as const;
  assert.equal(codeOfTerms({ ...byTime, dropAt: 2 * 1_000_000 - 1 }), undefined, 'by time a piece is an allotment');
  assert.equal(codeOfTerms({ ...byTime, dropAt: 2 * 1_000_000 - 2 }), fits);
});

test('payments by transfer keep up with what is used while one is confirmed', () => {
  const theirs = plainTerms({ methods: ['transfer'], payAt: 0, dropAt: 5_000 });
  const mine = plainTerms({ methods: ['transfer'], dropAt: 100_000 });
  const code = (context: TermsContext, change: Partial<Terms> = {}): string | undefined => {
    try {
      validateTerms({ ...theirs, ...change }, mine, context);
      return undefined;
    } catch (error) {
      return codeOf(error);
    }
  };
  const slow = 'TERMS_TRANSFER_TOO_SLOW';
  assert.equal(code({ transfer: { confirmMs: 5_000, bytesPerSecond: 1_000 } }), undefined);
  assert.equal(code({ transfer: { confirmMs: 5_001, bytesPerSecond: 1_000 } }), slow);
  assert.equal(code({}), undefined);
  const free = { services: { ...base.services, transit: { askPerMb: 0, bidPerMb: 0 } } };
  assert.equal(code({ transfer: { confirmMs: 9_000, bytesPerSecond: 1_000 } }, free), undefined, 'nobody would pay');
});

test('the two ratios may lie a quarter apart, either way and in whatever terms they are put', () => {
  const code = (numerator: bigint, denominator: bigint): string | undefined => {
    try {
      validateTerms(plainTerms({ ratio: { numerator, denominator } }), base, {});
      return undefined;
    } catch (error) {
      return codeOf(error);
    }
  };
  const ten = 10n ** 10n;
  assert.deepEqual([code(ten * 5n, 4n), code(ten * 4n, 5n), code(ten * 7n, 7n)], Array(3).fill(undefined));
  assert.deepEqual([code(ten * 5n + 1n, 4n), code(ten * 4n - 1n, 5n)], ['TERMS_ABSURD', 'TERMS_ABSURD']);
});

test('ratios matter where somebody would be paid, be it a single unit, and small ones are compared like large ones', () => {
  const taken = (askPerMb: number, ratio: { numerator: bigint; denominator: bigint }, mine = ratio): boolean => {
    const services = { ...plainTerms().services, transit: { askPerMb, bidPerMb: 0 } };
    const buying = { ...plainTerms().services, transit: { askPerMb: undefined, bidPerMb: 9 } };
    try {
      validateTerms(plainTerms({ services, ratio }), plainTerms({ services: buying, ratio: mine }), {});
      return true;
    } catch {
      return false;
    }
  };
  const [one, more] = [
    { numerator: 2n, denominator: 1n },
    { numerator: 3n, denominator: 1n },
  ];
  assert.deepEqual([taken(1, one), taken(1, one, more), taken(1, more, one)], [true, false, false]);
  assert.deepEqual([taken(0, one, more), taken(10, one, more)], [true, true], 'nobody pays');
});
