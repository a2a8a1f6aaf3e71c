import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Action,
  Conduct,
  VERDICTS,
  verdictOn,
  WARNING_DECAY_MS,
  WARNINGS_TO_CUT,
  WARNINGS_TO_THROTTLE,
} from './conduct.ts';
import { ERRORS, type ErrorCode } from './errors.ts';

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

test('warnings fade one a minute, and are never more than the limit', () => {
  const conduct = new Conduct();
  for (let each = 0; each < 1000; each++) conduct.fault('EPOCH_STALE', 0);
  assert.equal(conduct.warnings(0), WARNINGS_TO_CUT);
  assert.equal(conduct.warnings(3 * WARNING_DECAY_MS - 1), WARNINGS_TO_CUT - 2);
  assert.equal(conduct.warnings(3.5 * WARNING_DECAY_MS), WARNINGS_TO_CUT - 3);
  assert.equal(conduct.warnings(4 * WARNING_DECAY_MS), WARNINGS_TO_CUT - 4, 'half minutes are not lost by looking');
  assert.equal(conduct.warnings(1e12), 0);
  assert.equal(conduct.fault('EPOCH_STALE', 1e12).action, 'warn');
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
  assert.equal(conduct.warnings(0), 0);
});

test('the figures of patience', () => {
  assert.deepEqual([WARNINGS_TO_THROTTLE, WARNINGS_TO_CUT, WARNING_DECAY_MS], [5, 20, 60_000]);
  const conduct = new Conduct();
  conduct.fault('EPOCH_STALE', 0);
  assert.deepEqual([conduct.warnings(59_999), conduct.warnings(60_000), conduct.warnings(600_000)], [1, 0, 0]);
});
