import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Column } from '../ledger/columns.ts';
import type { PerService } from '../session/message.ts';
import { SessionPair, termsOf } from '../session/session-pair.fixture.ts';
import type { Statement } from './statement.ts';
import { LATE_MS } from './statement-rules.ts';

const PRICE = 10_000;
const MB = 1_000_000;

function up(payAtMb = 8): SessionPair {
  const pair = new SessionPair(
    termsOf({ askPerMb: PRICE, bidPerMb: 0, payAtMb, dropAtMb: 16 }),
    termsOf({ askPerMb: undefined, bidPerMb: PRICE, payAtMb, dropAtMb: 16 }),
  );
  pair.connect();
  return pair;
}

function trade(pair: SessionPair, bytes: number): void {
  const door = pair.left.account.door('transit');
  for (let sent = 0; sent < bytes; sent += 50_000) {
    const allowed = door.servable(50_000, pair.nowMs).bytes;
    if (allowed === 0) return;
    const hold = door.serve(allowed, pair.nowMs);
    pair.right.account.door('transit').delivered(allowed, door.sellEpoch);
    door.commit(hold);
    pair.look();
  }
}

/** A minute of trade, and the statements about it. */
function minute(pair: SessionPair, bytes = MB): void {
  trade(pair, bytes);
  pair.advance(60_001);
  pair.advance(10);
}

const heard = (side: SessionPair['left'], kind: string) => side.news.filter((each) => each.kind === kind);
const verdicts = (side: SessionPair['left']) => heard(side, 'verdict').map(({ facts }) => facts['code']);
const less =
  (bytes: number) =>
  (statement: Statement): Statement => ({
    ...statement,
    consumed: [statement.consumed[0] - (bytes / MB) * PRICE, 0, 0] as PerService,
    consumedBytes: [statement.consumedBytes[0] - bytes, 0, 0] as PerService,
  });

test('both ends state their totals once a minute while they trade, and agree to the unit', () => {
  const pair = up();
  for (let i = 0; i < 5; i += 1) minute(pair, 1_234_567);
  for (const side of [pair.left, pair.right]) {
    assert.deepEqual(side.session.statements, { mine: 5, theirs: 5, agreed: 5, gapUnits: 0, disputed: false });
    assert.deepEqual([heard(side, 'divergence'), verdicts(side)], [[], []]);
  }
  const mine = pair.left.stated.mine as Statement;
  const theirs = pair.left.stated.theirs as Statement;
  assert.ok(mine.provided[0] > 0 && mine.providedBytes[0] === theirs.consumedBytes[0]);
  assert.deepEqual([mine.sequence, mine.answers], [theirs.answers, theirs.sequence], 'of the same moment');
  assert.equal(mine.received, theirs.paid);
  pair.advance(600_000);
  assert.equal(pair.left.session.statements?.mine, 5, 'nothing is stated of nothing');
});

test('who states less than it got is found, with service and range; its total stands as what it admits; it is cut', () => {
  const pair = up();
  minute(pair);
  pair.right.lie = less(300_000);
  minute(pair);
  const [found] = heard(pair.left, 'divergence');
  assert.deepEqual(found?.facts, {
    service: 'transit',
    side: 'provided',
    units: 3_000,
    total: 3_000,
    cause: 'metering',
    from: 1,
    to: 2,
  });
  assert.deepEqual(verdicts(pair.left), ['STATEMENT_UNDERCOUNTS']);
  assert.equal(pair.left.balance() + pair.right.balance(), 0, 'a statement moves no balance');
  minute(pair);
  assert.equal(heard(pair.left, 'divergence').length, 1, 'what is known is told once');
  for (const bytes of [400_000, 600_000]) {
    pair.right.lie = less(bytes);
    minute(pair);
  }
  assert.equal(pair.left.closedWith, 'STATEMENT_REPEATED');
  assert.ok(pair.left.account.banned);
  assert.equal(pair.left.stated.disputed?.sequence, 5);
});

test('who states more than it gave, or other prices, is found', () => {
  const pair = up();
  minute(pair);
  pair.left.lie = (statement) => ({ ...statement, provided: [statement.provided[0] + 77, 0, 0] });
  minute(pair);
  const [found] = heard(pair.right, 'divergence');
  assert.deepEqual([found?.facts['side'], found?.facts['units'], found?.facts['cause']], ['consumed', 77, 'pricing']);
  assert.deepEqual(verdicts(pair.right), ['STATEMENT_OVERCOUNTS']);
  assert.deepEqual(verdicts(pair.left), []);
});

test('who states against itself does no wrong', () => {
  const pair = up();
  pair.left.lie = (statement) => ({ ...statement, provided: [statement.provided[0] - 500, 0, 0] });
  pair.right.lie = (statement) => ({ ...statement, consumed: [statement.consumed[0] + 500, 0, 0] });
  minute(pair);
  minute(pair);
  assert.deepEqual([verdicts(pair.left), verdicts(pair.right)], [[], []]);
});

test('payments that were acknowledged and are denied, or were never made, are found', () => {
  for (const lie of [
    (statement: Statement) => ({ ...statement, received: statement.received - 2 * PRICE }),
    (statement: Statement) => ({ ...statement, paid: statement.paid + 50 * PRICE }),
  ]) {
    const pair = up(1);
    minute(pair);
    pair.left.lie = lie;
    trade(pair, 3 * MB);
    minute(pair);
    assert.deepEqual(verdicts(pair.right), ['STATEMENT_PAYMENTS']);
  }
});

test('a forged, foreign or contradicting statement cuts the link; the contradiction is kept', () => {
  const table: [(statement: Statement) => Statement, string][] = [
    [(statement) => ({ ...statement, chainId: 1 }), 'STATEMENT_INVALID'],
    [(statement) => ({ ...statement, to: `0x${'12'.repeat(20)}` }), 'STATEMENT_INVALID'],
    [(statement) => ({ ...statement, storeEpoch: 9 }), 'STATEMENT_INVALID'],
    [(statement) => ({ ...statement, consumed: [1, 0, 0] }), 'STATEMENT_CONTRADICTS'],
  ];
  for (const [lie, code] of table) {
    const pair = up();
    minute(pair);
    pair.right.lie = lie;
    minute(pair);
    assert.equal(pair.left.closedWith, code);
    assert.equal(pair.left.stated.disputed !== undefined, code === 'STATEMENT_CONTRADICTS');
    assert.equal(pair.left.stated.theirs?.sequence, 1, 'the last good one stays');
  }
  const forged = up();
  forged.right.forge = true;
  minute(forged);
  assert.equal(forged.left.closedWith, 'STATEMENT_FORGED');
});

test('old statements and marks are left out, and floods cut', () => {
  const pair = up();
  minute(pair);
  const { theirs } = pair.left.stated;
  assert.ok(theirs !== undefined);
  pair.left.step({ kind: 'message', message: { kind: 'statement', statement: theirs } }, pair.nowMs);
  assert.deepEqual(verdicts(pair.left), [], 'the same again changes nothing');
  minute(pair);
  pair.left.step({ kind: 'message', message: { kind: 'statement', statement: theirs } }, pair.nowMs);
  pair.left.step({ kind: 'message', message: { kind: 'mark', sequence: 1, answers: 0 } }, pair.nowMs);
  assert.deepEqual(verdicts(pair.left), ['STATEMENT_STALE', 'STATEMENT_STALE']);
  for (let i = 0; i < 60; i += 1) {
    pair.left.step({ kind: 'message', message: { kind: 'mark', sequence: 100 + i, answers: 0 } }, pair.nowMs);
  }
  assert.equal(pair.left.closedWith, 'STATEMENT_FLOOD');
});

test('a neighbour that trades and states nothing is slowed down and then cut', () => {
  const pair = up();
  pair.right.quiet = () => false;
  trade(pair, MB);
  pair.advance(60_001);
  pair.advance(LATE_MS);
  assert.deepEqual(verdicts(pair.left), []);
  for (let i = 0; i < 100 && pair.left.closedWith === undefined; i += 1) pair.advance(10_000);
  assert.equal(pair.left.closedWith, 'STATEMENT_LATE');
  assert.ok(heard(pair.left, 'verdict').some(({ facts }) => facts['action'] === 'throttle'));
  assert.equal(pair.right.closedWith, undefined);
});

test('where the queue never empties, nothing new is charged for a moment, and the mark is set', () => {
  const pair = up();
  let busy = true;
  pair.left.quiet = () => !busy;
  trade(pair, MB);
  pair.advance(60_001);
  assert.ok(pair.left.account.door('transit').ready, 'it waits for a quiet moment first');
  pair.advance(5_001);
  assert.ok(!pair.left.account.door('transit').ready);
  busy = false;
  pair.advance(10);
  assert.equal(pair.left.session.statements?.mine, 1);
  assert.ok(pair.left.account.door('transit').ready);
  busy = true;
  trade(pair, MB);
  pair.advance(60_001);
  pair.advance(5_001);
  pair.advance(60_001);
  assert.ok(pair.left.account.door('transit').ready, 'a queue that does not move is not waited for for ever');
});

test('an orderly end states what is new', () => {
  const pair = up();
  trade(pair, MB);
  for (const side of [pair.left, pair.right]) side.step({ kind: 'finish' }, pair.nowMs);
  pair.flush();
  assert.deepEqual([pair.left.session.statements?.agreed, pair.right.session.statements?.agreed], [1, 1]);
  pair.left.step({ kind: 'finish' }, pair.nowMs);
  assert.equal(pair.left.session.statements?.mine, 1);
});

test('numbers and totals go on over connections, losses and crashes, and still agree', () => {
  const pair = up();
  for (let i = 0; i < 6; i += 1) {
    minute(pair);
    trade(pair, 300_000);
    if (i % 3 === 0) pair.serveLost(60_000);
    else if (i % 3 === 1) pair.crash('left');
    else pair.crash('right');
  }
  minute(pair);
  for (const side of [pair.left, pair.right]) {
    const { statements } = side.session;
    assert.ok((statements?.mine ?? 0) >= 6 && statements?.gapUnits === 0, JSON.stringify(statements));
    assert.equal(statements?.agreed, statements?.theirs);
    assert.deepEqual(verdicts(side), []);
  }
});

test('a liar that reconnects cannot go below what it signed, and is cut when it goes on', () => {
  const pair = up(12);
  minute(pair, 6 * MB);
  const { ledger, row } = pair.left.account;
  const owed = ledger.get(row, Column.balance);
  const { account } = pair.right;
  const honest = account.counts.message.bind(account.counts);
  account.counts.message = (opening, epoch) => ({ ...honest(opening, epoch), consumed: [0, 0, 0] });
  for (let i = 1; i <= 3; i += 1) {
    pair.reconnect();
    assert.equal(ledger.get(row, Column.balance), owed, 'what it signed stands');
  }
  assert.deepEqual(verdicts(pair.left), [
    'STATEMENT_DENIED',
    'STATEMENT_DENIED',
    'STATEMENT_DENIED',
    'STATEMENT_REPEATED',
  ]);
  assert.ok(pair.left.account.banned);
});

test('what it signed stands though its counts admitted nothing', () => {
  const pair = up(12);
  const { account } = pair.right;
  const honest = account.counts.message.bind(account.counts);
  account.counts.message = (opening, epoch) => ({ ...honest(opening, epoch), consumed: [0, 0, 0] });
  minute(pair, 6 * MB);
  pair.reconnect();
  assert.equal(pair.left.balance(), 6 * PRICE);
});

test('an answer to a mark that has its statement makes no cut with a later one', () => {
  const pair = up();
  minute(pair);
  pair.left.step({ kind: 'message', message: { kind: 'mark', sequence: 2, answers: 1 } }, pair.nowMs);
  pair.right.quiet = () => false;
  minute(pair);
  assert.deepEqual([pair.left.session.statements?.mine, pair.left.stated.mine?.sequence], [2, 1]);
  assert.ok(pair.left.session.stating, 'it waits for a mark of now');
});

test('what it signed also stands when I crashed and forgot what it told me', () => {
  const pair = up(12);
  minute(pair, 6 * MB);
  pair.crash('left');
  const { account } = pair.right;
  const honest = account.counts.message.bind(account.counts);
  account.counts.message = (opening, epoch) => ({ ...honest(opening, epoch), consumed: [0, 0, 0] });
  pair.reconnect();
  assert.equal(pair.left.balance(), 6 * PRICE);
});

test('a restored backup is told of and is no fraud, on either side', () => {
  for (const which of ['left', 'right'] as const) {
    const pair = up(12);
    minute(pair);
    const backup = { durable: pair[which].durable, stated: { ...pair[which].stated } };
    minute(pair, 3 * MB);
    Object.assign(pair[which], backup, { storeEpoch: 2 });
    pair.crash(which);
    minute(pair);
    minute(pair);
    assert.deepEqual([verdicts(pair.left), verdicts(pair.right)], [[], []], which);
    const other = which === 'left' ? pair.right : pair.left;
    assert.equal(heard(other, 'restored').length, 1, which);
  }
});
