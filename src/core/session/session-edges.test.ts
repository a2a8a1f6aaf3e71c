import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainTerms } from '../ledger/account-pair.fixture.ts';
import { Column } from '../ledger/columns.ts';
import type { Terms } from '../terms/terms.ts';
import { counts, proof, SessionEnd } from './session-end.fixture.ts';
import { SessionPair, termsOf } from './session-pair.fixture.ts';
import { SESSION_RULES } from './session-rules.ts';

/** An end with these terms, the neighbour too. */
function upWith(change: Partial<Terms>): SessionEnd {
  const end = new SessionEnd();
  end.step({ kind: 'termsChanged', terms: plainTerms({ ...change, epoch: 2 }) });
  end.step({ kind: 'linkUp' });
  end.hears({ kind: 'terms', terms: plainTerms(change) });
  end.hears({ kind: 'termsAck', epoch: 2 });
  end.hears(counts());
  end.save();
  end.step({ kind: 'leaseDurable' });
  assert.ok(end.session.up);
  return end;
}
const paying = (end: SessionEnd): unknown[] =>
  end.effects.flatMap((each) => (each.kind === 'writePayment' ? [each.method, each.units] : []));

test('an operator settles what is owed and pays ahead as much as was asked, this time', () => {
  const end = new SessionEnd().up();
  end.account.ledger.consumed(end.account.row, 0, 300);
  end.step({ kind: 'settle', aheadUnits: 50 });
  assert.deepEqual(paying(end), ['cheque', 350]);
  end.step({ kind: 'paymentWritten', id: 1, method: 'cheque', proof });
  end.hears({ kind: 'paymentAck', id: 1, acceptedWei: 1n, code: '' });
  end.nowMs += 1_000;
  end.account.ledger.consumed(end.account.row, 0, 100);
  end.step({ kind: 'settle' });
  assert.deepEqual(paying(end), ['cheque', 50]);
});

test('a channel that was opened is used at once, and when the neighbour has taken the terms that name it', () => {
  const shut = (): SessionEnd => {
    const end = upWith({ methods: ['channel'] });
    end.account.ledger.consumed(end.account.row, 0, 1_000);
    end.tick();
    end.step({ kind: 'paymentFailed', id: 1, method: 'channel', units: 1_000, code: 'CHANNEL_MISSING' });
    assert.deepEqual(end.tick(1), []);
    return end;
  };
  const opened = shut();
  opened.step({ kind: 'methodOpened', method: 'channel' });
  assert.deepEqual(paying(opened), ['channel', 1_000]);
  const taken = shut();
  taken.step({ kind: 'termsChanged', terms: plainTerms({ methods: ['channel'], epoch: 3 }) });
  taken.hears({ kind: 'termsAck', epoch: 3 });
  assert.deepEqual(paying(taken), ['channel', 1_000]);
});

test('time is bought and sold beside everything else, and told as a change; before the books are compared it is not', () => {
  const time = {
    metering: 'time',
    services: { ...plainTerms().services, transit: { askPerMb: 5, bidPerMb: 5 } },
  } as const;
  const end = upWith(time);
  assert.deepEqual(end.tick(1), []);
  end.account.door('transit').usable(1);
  assert.deepEqual(end.tick(1), ['send allotment', 'changed']);
  assert.deepEqual(end.tick(1), []);
  const order = { kind: 'allotment', service: 'transit', count: 1, epoch: 2 } as const;
  assert.deepEqual(end.hears(order), ['changed']);
  assert.deepEqual(end.hears(order), []);
  end.step({ kind: 'linkDown' });
  end.step({ kind: 'linkUp' });
  end.hears(order);
  assert.equal(end.closed, 'MESSAGE_UNEXPECTED');
});

test('time that is ordered before the lease is on disk is sold after it', () => {
  const time = {
    metering: 'time',
    services: { ...plainTerms().services, transit: { askPerMb: 5, bidPerMb: 5 } },
  } as const;
  const end = upWith(time);
  end.step({ kind: 'linkDown' });
  end.step({ kind: 'linkUp' });
  for (const message of [{ kind: 'terms', terms: plainTerms(time) } as const, counts()]) end.hears(message);
  assert.deepEqual(end.hears({ kind: 'termsAck', epoch: 2 }).at(-2), 'lease');
  end.hears({ kind: 'allotment', service: 'transit', count: 1, epoch: 2 });
  assert.equal(end.account.ledger.get(end.account.row, Column.provided), 0);
  end.step({ kind: 'leaseDurable' });
  assert.equal(end.account.ledger.get(end.account.row, Column.provided), 5);
});

test('what is owed by a period is due by it while the link is up', () => {
  const end = upWith({ settleEveryMs: 5_000 });
  end.account.ledger.consumed(end.account.row, 0, 7);
  end.save();
  end.tick();
  assert.equal(end.session.dueMs(end.nowMs), end.nowMs + 5_000);
  end.step({ kind: 'linkDown' });
  end.account.ready = true;
  assert.equal(end.session.dueMs(end.nowMs), Number.POSITIVE_INFINITY);
});

test('a charge wants a look where it brings the throttle point, to the unit', () => {
  const end = new SessionEnd().up();
  end.account.ledger.provided(end.account.row, 0, 1_749);
  end.tick();
  assert.equal(end.session.sample(), false);
  end.account.ledger.provided(end.account.row, 0, 1);
  assert.equal(end.session.sample(), true);
});

const PRICE = 10_000;
const kind = (epoch: number, askPerMb: number): Terms =>
  termsOf({ epoch, askPerMb, bidPerMb: 0, payAtMb: 8, dropAtMb: 16 });

function trade(pair: SessionPair): void {
  const door = pair.left.account.door('transit');
  for (let i = 0; i < 20; i += 1) {
    const { bytes } = door.servable(50_000, pair.nowMs);
    const hold = door.serve(bytes, pair.nowMs);
    pair.right.account.door('transit').delivered(bytes, door.sellEpoch);
    door.commit(hold);
    pair.look();
  }
  pair.advance(60_001);
  pair.advance(10);
}

test('what may have crossed a change of one-for-one prices is held against nobody, whoever changed them', () => {
  for (const who of ['left', 'right', undefined] as const) {
    const pair = new SessionPair(kind(1, PRICE), kind(1, PRICE));
    pair.connect();
    trade(pair);
    if (who !== undefined) pair[who].step({ kind: 'termsChanged', terms: kind(2, PRICE / 2) }, pair.nowMs);
    pair.flush();
    pair.right.lie = (statement) => ({ ...statement, consumed: [statement.consumed[0] - 100, 0, 0] });
    trade(pair);
    const verdicts = pair.left.news.filter((each) => each.kind === 'verdict').length;
    assert.equal(verdicts, who === undefined ? 1 : 0, who);
  }
});

test('a connection that breaks while a statement is wanted leaves the next one free to charge', () => {
  const pair = new SessionPair(kind(1, PRICE), kind(1, PRICE));
  pair.connect();
  assert.equal(pair.left.session.stating, false);
  pair.left.quiet = () => false;
  const door = pair.left.account.door('transit');
  door.commit(door.serve(door.servable(10_000, 0).bytes, 0));
  pair.left.step({ kind: 'finish' }, pair.nowMs);
  assert.deepEqual([pair.left.account.settling, pair.left.session.stating], [true, true]);
  pair.reconnect();
  assert.deepEqual([pair.left.account.settling, pair.left.session.stating, door.ready], [false, false, true]);
});

test('a link that choked for what was written off opens again as that fades, and no sooner for a restart', () => {
  const dayMs = 86_400_000;
  const end = new SessionEnd().up();
  const { account } = end;
  const { ledger, row } = account;
  account.onFading(() => 4_000);
  ledger.provided(row, 0, 4_000);
  ledger.correct(row, 'provided', 0, -4_000);
  assert.deepEqual(end.tick(), ['state', 'changed']);
  assert.equal(account.state(), 'choked');
  end.tick(SESSION_RULES.graceMs + 1);
  assert.equal(account.state(), 'closed', 'for too long');
  assert.deepEqual(end.tick(dayMs / 2), ['state', 'changed']);
  assert.deepEqual([account.state(), ledger.get(row, Column.forgiven)], ['throttled', 4_000 - 2_000 - 27]);

  const record = account.record(0);
  const again = new SessionEnd({ restored: (restored) => restored.restore(record, 0) });
  again.account.onFading(() => 4_000);
  again.nowMs = 50 * dayMs;
  again.up();
  const left = () => again.account.ledger.get(again.account.row, Column.forgiven);
  assert.equal(left(), 4_000 - 2_000 - 27);
  again.tick(dayMs / 4);
  assert.equal(left(), 4_000 - 3_000 - 27);
  again.tick(dayMs);
  assert.deepEqual([left(), again.account.state()], [0, 'open']);
});
