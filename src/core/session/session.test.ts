import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AccountRecord } from '../ledger/account-record.ts';
import { Column } from '../ledger/columns.ts';
import type { Terms } from '../terms/terms.ts';
import { SessionPair, termsOf } from './session-pair.fixture.ts';

const PRICE = 10_000;
const MB = 1_000_000;
/** D buys from C: C asks, D bids. */
const seller = (change: Partial<Terms> = {}): Terms =>
  termsOf({ askPerMb: PRICE, bidPerMb: 0, payAtMb: 1, dropAtMb: 4, ...change });
const buyer = (change: Partial<Terms> = {}): Terms =>
  termsOf({ askPerMb: undefined, bidPerMb: PRICE, payAtMb: 1, dropAtMb: 4, ...change });

function up(left: Terms = seller(), right: Terms = buyer()): SessionPair {
  const pair = new SessionPair(left, right);
  pair.connect();
  return pair;
}

/** Moves `bytes` from seller to buyer in frames, as a service would; returns what the door let through. */
function deliver(pair: SessionPair, bytes: number): number {
  const { left, right } = pair;
  const door = left.account.door('transit');
  let sent = 0;
  while (sent < bytes) {
    const allowed = door.servable(Math.min(65_536, bytes - sent), pair.nowMs).bytes;
    if (allowed === 0) break;
    const hold = door.serve(allowed, pair.nowMs);
    right.account.door('transit').delivered(allowed, door.sellEpoch);
    door.commit(hold);
    sent += allowed;
    pair.look();
  }
  return sent;
}

test('terms first, then counts, then a durable lease, then service', () => {
  const pair = new SessionPair(seller(), buyer());
  assert.equal(pair.left.account.door('transit').servable(1000, 0).bytes, 0, 'nothing before the link is up');
  pair.connect();
  assert.ok(pair.left.account.ready && pair.right.account.ready);
  assert.deepEqual(
    pair.left.said.slice(0, 2).map((message) => message.kind),
    ['terms', 'counts'],
  );
  assert.ok(pair.left.account.door('transit').selling);
  assert.ok(pair.right.account.door('transit').buying);
  assert.equal(pair.right.account.door('transit').buyPricePerMb, PRICE);
});

test('at payAt the whole debt is paid, and service goes on', () => {
  const pair = up();
  assert.equal(deliver(pair, 10 * MB), 10 * MB);
  assert.ok(pair.right.cheques >= 1);
  assert.equal(pair.left.account.service('transit').providedBytes, 10 * MB);
  assert.equal(pair.left.account.ledger.get(pair.left.account.row, Column.provided), 10 * PRICE);
  pair.assertAgreed();
  assert.ok(pair.left.balance() <= 4 * PRICE);
});

test('who stops paying is throttled, choked exactly below dropAt, and served again at once when it pays', () => {
  const pair = up();
  pair.right.step({ kind: 'pause', paused: true }, pair.nowMs);
  const states: string[] = [];
  let sent = 0;
  for (let i = 0; i < 4000 && states.at(-1) !== 'choked'; i += 1) {
    sent += deliver(pair, 65_536);
    pair.advance(20);
    if (states.at(-1) !== pair.left.account.state()) states.push(pair.left.account.state());
  }
  assert.deepEqual(states, ['open', 'throttled', 'choked']);
  assert.ok(sent <= 4 * MB && sent > 3.9 * MB, `served ${sent} bytes on credit`);
  pair.right.step({ kind: 'pause', paused: false }, pair.nowMs);
  pair.flush();
  assert.equal(pair.left.account.state(), 'open');
  assert.ok(deliver(pair, 65_536) > 0);
  pair.assertAgreed();
});

test('pays what is owed when the operator says so, though it is not due yet', () => {
  const pair = up();
  deliver(pair, 0.4 * MB);
  pair.advance(1_000);
  assert.equal(pair.right.cheques, 0);
  pair.right.step({ kind: 'settle' }, pair.nowMs);
  pair.flush();
  assert.equal(pair.right.cheques, 1);
  assert.equal(pair.left.balance(), 0);
  pair.right.step({ kind: 'settle' }, pair.nowMs);
  deliver(pair, 0.4 * MB);
  pair.flush();
  assert.equal(pair.right.cheques, 1, 'nothing was owed then, so later debts wait for payAt');
});

test('choked longer than the grace time closes the link for service; paying opens it', () => {
  const pair = up();
  pair.right.step({ kind: 'pause', paused: true }, pair.nowMs);
  for (let i = 0; i < 4000 && pair.left.account.state() !== 'choked'; i += 1) {
    deliver(pair, 65_536);
    pair.advance(20);
  }
  pair.advance(700_000);
  assert.equal(pair.left.account.state(), 'closed');
  pair.right.step({ kind: 'pause', paused: false }, pair.nowMs);
  pair.flush();
  assert.equal(pair.left.account.state(), 'open');
});

test('a refused payment stays pending, is not paid twice, and counts when it is accepted at last', () => {
  const pair = up();
  pair.left.refuseCheques = 'CHEQUE_UNVERIFIED';
  deliver(pair, 1.5 * MB);
  const pending = pair.right.account.ledger.get(pair.right.account.row, Column.pending);
  assert.ok(pending >= PRICE);
  assert.equal(pair.right.account.ledger.get(pair.right.account.row, Column.paid), 0);
  pair.left.refuseCheques = undefined;
  pair.advance(11_000);
  assert.equal(pair.right.account.ledger.get(pair.right.account.row, Column.pending), 0);
  assert.equal(
    pair.right.account.ledger.get(pair.right.account.row, Column.paid),
    pair.left.account.ledger.get(pair.left.account.row, Column.received),
  );
  pair.assertAgreed();
});

test('a new price is taken without the ends diverging, and stale epochs are refused after the grace time', () => {
  const pair = up();
  deliver(pair, 300_000);
  const old = pair.left.account.door('transit').sellEpoch;
  pair.left.step(
    {
      kind: 'termsChanged',
      terms: seller({
        epoch: 2,
        services: termsOf({ askPerMb: 9_000, bidPerMb: 0, payAtMb: 1, dropAtMb: 4 }).services,
      }),
    },
    pair.nowMs,
  );
  pair.flush();
  assert.equal(pair.left.account.door('transit').sellEpoch, 2);
  deliver(pair, 700_000);
  assert.equal(pair.left.account.ledger.get(pair.left.account.row, Column.provided), 3_000 + 6_300);
  pair.assertAgreed();
  pair.advance(20_000);
  assert.throws(() => pair.left.account.door('transit').arrived(10, old, pair.nowMs), { code: 'EPOCH_STALE' });
  assert.throws(() => pair.left.account.door('transit').arrived(10, 77, pair.nowMs), { code: 'EPOCH_UNKNOWN' });
});

test('terms that make no business possible end the link with their own code', () => {
  const wrong: [Partial<Terms>, string][] = [
    [{ chainId: 5 }, 'TERMS_WRONG_CHAIN'],
    [{ payAt: 50_000, dropAt: 40_000 }, 'TERMS_PAYAT_ABOVE_DROPAT'],
    [{ ratio: { numerator: 1n, denominator: 1n } }, 'TERMS_ABSURD'],
    [{ protocolVersion: 9 }, 'TERMS_WRONG_VERSION'],
  ];
  for (const [change, code] of wrong) {
    const pair = up(seller(change), buyer());
    assert.equal(pair.right.closedWith, code);
    assert.equal(pair.right.account.ready, false);
  }
});

test('messages out of place cut the link', () => {
  const pair = up();
  pair.left.step({ kind: 'message', message: { ...pair.left.account.counts.message(true, 1) } }, pair.nowMs);
  assert.equal(pair.left.closedWith, 'MESSAGE_UNEXPECTED');
  const flood = up();
  for (let id = 100; id < 130; id += 1) {
    const cheque = { chequebook: '0x', beneficiary: '0x', cumulativeWei: 1n, signature: new Uint8Array(65) };
    const message = { kind: 'payment', id, units: 1, proof: { kind: 'cheque', cheque } } as const;
    flood.left.step({ kind: 'message', message }, flood.nowMs);
  }
  assert.equal(flood.left.closedWith, 'PAYMENT_FLOOD');
});

test('a forged cheque bans, and no payment or reconnect brings service back', () => {
  const pair = up();
  pair.left.refuseCheques = 'CHEQUE_FORGED';
  deliver(pair, 2 * MB);
  assert.equal(pair.left.closedWith, 'CHEQUE_FORGED');
  pair.left.refuseCheques = undefined;
  pair.reconnect();
  assert.equal(pair.left.account.state(), 'closed');
  assert.equal(pair.left.account.door('transit').servable(1000, pair.nowMs).bytes, 0);
});

test('a one-way payer keeps the link only while it is mostly the debtor', () => {
  const rich = termsOf({ askPerMb: PRICE, bidPerMb: PRICE, payAtMb: 1, dropAtMb: 4 });
  const poor = termsOf({ askPerMb: PRICE, bidPerMb: 0, payAtMb: 1, dropAtMb: 4 });
  const pair = up(rich, poor);
  assert.equal(pair.left.account.relation('transit')?.kind, 'onlyIPay');
  for (let i = 0; i < 60; i += 1) {
    deliver(pair, 65_536);
    pair.advance(100);
  }
  assert.equal(pair.left.closedWith, 'ONE_WAY_CREDITOR');
});

test('observe mode meters and prices, refuses nothing and pays nothing', () => {
  const pair = new SessionPair(seller(), buyer(), { enforce: false });
  pair.connect();
  assert.equal(deliver(pair, 9 * MB), 9 * MB);
  assert.equal(pair.right.cheques, 0);
  assert.equal(pair.left.balance(), 9 * PRICE);
  assert.ok(pair.right.news.some(({ kind }) => kind === 'wouldEnforce'));
});

test('whatever is lost with a connection, both ends go on from the same totals', () => {
  const act = fc.record({
    kind: fc.constantFrom('deliver', 'lose', 'upload', 'break', 'crashLeft', 'crashRight', 'wait'),
    kb: fc.nat(400),
  });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
      const pair = up();
      for (const { kind, kb } of acts) {
        if (kind === 'deliver') deliver(pair, kb * 1000);
        else if (kind === 'upload') pair.upload(kb * 1000);
        else if (kind === 'lose') pair.serveLost(kb * 1000);
        else if (kind === 'break') pair.reconnect();
        else if (kind === 'wait') pair.advance(kb * 10);
        else pair.crash(kind === 'crashLeft' ? 'left' : 'right');
        pair.audit();
      }
      pair.reconnect();
      pair.assertAgreed();
    }),
    { numRuns: 200 },
  );
});

test('only what is on disk is admitted, and after a crash no claim of the neighbour counts beside it', () => {
  const pair = up();
  const { left, right } = pair;
  const written = (): number => right.durable?.consumed[0] ?? 0;
  const admitted = (): number[] =>
    right.said.flatMap((message) => (message.kind === 'counts' && !message.opening ? [message.consumed[0]] : []));
  deliver(pair, 900_000);
  for (const units of admitted()) assert.ok(units <= written(), `${units} of ${written()}`);
  pair.advance(1_000);
  assert.equal(admitted().at(-1), 9_000, 'told once it is written');
  deliver(pair, 300_000);
  const honest = left.account.counts.message.bind(left.account.counts);
  left.account.counts.message = (opening, epoch) => ({
    ...honest(opening, epoch),
    admitted: [50_000, 0, 0],
    provided: [50_000, 0, 0],
  });
  pair.crash('right');
  assert.equal(right.account.net('consumed', 0), written());
  assert.ok(right.news.some(({ facts }) => facts['code'] === 'COUNTS_INFLATED'));
});

test('what is told when books are compared is on disk before', () => {
  const pair = up();
  deliver(pair, 300_000);
  const told = pair.right.said.length;
  pair.right.durable = undefined;
  pair.reconnect();
  const opening = pair.right.said.slice(told).find((message) => message.kind === 'counts');
  assert.deepEqual(opening?.kind === 'counts' && opening.consumed[0], 3_000);
  assert.equal((pair.right.durable as AccountRecord | undefined)?.consumed[0], 3_000);
});

test('repeated small faults slow a neighbour down, and time heals it', () => {
  const pair = up();
  for (let i = 0; i < 5; i += 1) pair.left.step({ kind: 'fault', code: 'EPOCH_STALE' }, pair.nowMs);
  const slow = deliver(pair, 900_000);
  assert.ok(slow < 100_000, `served ${slow} bytes at the floor`);
  pair.advance(61_000);
  assert.equal(deliver(pair, 900_000), 900_000);
  pair.assertAgreed();
});

test('terms that changed more often than the neighbour could answer do not keep a new connection from working', () => {
  const pair = up();
  // The connection breaks unnoticed by this end; meanwhile its costs, and with them its prices, go up and down.
  for (let epoch = 2; epoch <= 20; epoch += 1) {
    pair.left.step({ kind: 'termsChanged', terms: seller({ epoch, payAt: PRICE + (epoch % 2) }) }, pair.nowMs);
  }
  pair.reconnect();
  assert.deepEqual([pair.left.account.ready, pair.right.account.ready], [true, true]);
  assert.equal(pair.left.account.mine.acknowledged?.epoch, 20);
  assert.equal(pair.right.account.theirs.newest?.epoch, 20);
});

test('a cheque that is written while the link is made anew waits until the books are compared', () => {
  const pair = up();
  deliver(pair, 2 * MB);
  const cheque = { chequebook: '0x', beneficiary: '0x', cumulativeWei: 1n, signature: new Uint8Array(65) };
  pair.right.step({ kind: 'linkDown' }, pair.nowMs);
  pair.right.step({ kind: 'linkUp' }, pair.nowMs);
  const before = pair.right.said.length;
  pair.right.step({ kind: 'paymentWritten', id: 9, method: 'cheque', proof: { kind: 'cheque', cheque } }, pair.nowMs);
  assert.equal(pair.right.said.length, before, 'the neighbour would cut a payment before the counts');
});
