import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ERRORS, type ErrorCode } from '../errors.ts';
import {
  type Action,
  Conduct,
  VERDICTS,
  verdictOn,
  WARNING_DECAY_MS,
  WARNINGS_TO_CUT,
  WARNINGS_TO_THROTTLE,
} from './conduct.ts';

test('faults and their verdicts', () => {
  const table: [ErrorCode, Action][] = [
    ['CHEQUE_FORGED', 'cut'],
    ['CHEQUE_STALE', 'cut'],
    ['CHEQUE_BOUNCED', 'cut'],
    ['EPOCH_UNKNOWN', 'cut'],
    ['EPOCH_STALE', 'warn'],
    ['CHEQUE_TOO_SMALL', 'warn'],
    ['CHEQUE_UNVERIFIED', 'ignore'],
    ['ONE_WAY_CREDITOR', 'cut'],
    ['STORE_FULL', 'ignore'],
    ['INVARIANT_BROKEN', 'ignore'],
  ];
  for (const [code, action] of table) assert.equal(verdictOn(code).action, action, code);
});

test('every way to refuse a cheque or terms, and every broken message, has its verdict', () => {
  const judged = (Object.keys(ERRORS) as ErrorCode[]).filter((code) =>
    /^(CHEQUE|TERMS|EPOCH|WIRE|MESSAGE)_/.test(code),
  );
  const mine: readonly ErrorCode[] = ['TERMS_UNACKNOWLEDGED'];
  for (const code of judged) assert.ok(mine.includes(code) || VERDICTS[code] !== undefined, code);
  for (const verdict of Object.values(VERDICTS))
    assert.ok(verdict.because.length > 0 && !verdict.because.includes('\n'));
});

test('warnings add up: first warn, then throttle, then cut', () => {
  const conduct = new Conduct();
  const actions = Array.from({ length: WARNINGS_TO_CUT + 3 }, () => conduct.fault('EPOCH_STALE', 0).action);
  assert.equal(actions.lastIndexOf('warn'), WARNINGS_TO_THROTTLE - 2);
  assert.equal(actions.indexOf('throttle'), WARNINGS_TO_THROTTLE - 1);
  assert.equal(actions.indexOf('cut'), WARNINGS_TO_CUT - 1);
  assert.ok(actions.slice(WARNINGS_TO_CUT - 1).every((action) => action === 'cut'));
});

/** Warnings not forgotten at this moment, after faults at these: what is left until one cuts. At most one less than cuts. */
function remembered(nowMs: number, ...faultsMs: readonly number[]): number {
  const conduct = new Conduct();
  for (const atMs of faultsMs) conduct.fault('EPOCH_STALE', atMs);
  let more = 0;
  while (conduct.fault('EPOCH_STALE', nowMs).action !== 'cut') more += 1;
  return WARNINGS_TO_CUT - 1 - more;
}

test('warnings fade one a minute, and are never more than the limit', () => {
  const many = Array.from({ length: 1000 }, () => 0);
  const after = (minutes: number, ...faults: readonly number[]): number =>
    remembered(minutes * WARNING_DECAY_MS, ...many, ...faults.map((minute) => minute * WARNING_DECAY_MS));
  assert.deepEqual(
    [0, 3, 3.5, 4].map((minutes) => after(minutes)),
    [19, 17, 17, 16],
  );
  assert.equal(remembered(3 * WARNING_DECAY_MS - 1, ...many), 18);
  assert.deepEqual([after(3.9, 3.5), after(4, 3.5)], [18, 17], 'half minutes are not lost by a fault');
  assert.equal(after(1e7), 0);
});

test('single faults further apart than a minute are only ever warned about', () => {
  const wait = fc.integer({ min: WARNING_DECAY_MS, max: 10 * WARNING_DECAY_MS });
  fc.assert(
    fc.property(fc.array(wait), (waits) => {
      const conduct = new Conduct();
      let nowMs = 12_345;
      for (const each of waits) {
        assert.equal(conduct.fault('EPOCH_STALE', nowMs).action, 'warn');
        nowMs += each;
      }
    }),
  );
});

test('what is cut or ignored leaves no warnings', () => {
  const conduct = new Conduct();
  assert.equal(conduct.fault('CHEQUE_FORGED', 0).action, 'cut');
  assert.equal(conduct.fault('STORE_FULL', 0).action, 'ignore');
  for (let each = 1; each < WARNINGS_TO_THROTTLE; each += 1)
    assert.equal(conduct.fault('EPOCH_STALE', 0).action, 'warn');
});

test('the figures of patience', () => {
  assert.deepEqual([WARNINGS_TO_THROTTLE, WARNINGS_TO_CUT, WARNING_DECAY_MS], [5, 20, 60_000]);
  assert.deepEqual([remembered(59_999, 0), remembered(60_000, 0), remembered(600_000, 0)], [1, 0, 0]);
});
