import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WayleaveError } from '../errors.ts';
import { agree, plainTerms } from '../ledger/account-pair.fixture.ts';
import { Column } from '../ledger/columns.ts';
import { MAX_PENDING_EPOCHS } from '../terms/epoch-book.ts';
import type { CountsMessage, Message } from './message.ts';
import { counts, GREETING, proof, SessionEnd } from './session-end.fixture.ts';
import { SESSION_RULES } from './session-rules.ts';

const { countsIntervalMs, graceMs, retryMs, slowMs } = SESSION_RULES;

test('a greeting says my terms and counts, once what they admit is on disk', () => {
  const end = new SessionEnd();
  assert.deepEqual(end.step({ kind: 'linkUp' }), ['lease', 'rememberTerms', 'send terms', 'send counts']);
  assert.equal(end.account.ledger.get(end.account.row, Column.dropAt), 4_000);
  assert.deepEqual(end.hears(GREETING[0] as Message), ['rememberTerms', 'send termsAck', 'terms', 'changed']);
  assert.deepEqual(end.hears(GREETING[0] as Message), ['send termsAck', 'terms', 'changed'], 'the same terms again');
});

test('in whatever order the answers come, the lease follows the last of them, and service the lease', () => {
  for (const order of [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ]) {
    const end = new SessionEnd();
    for (let connection = 0; connection < 2; connection += 1) {
      end.step({ kind: 'linkUp' });
      end.step({ kind: 'leaseDurable' });
      for (const [nth, at] of order.entries()) {
        assert.equal(end.hears(GREETING[at] as Message).includes('lease'), nth === 2, `${order.join(' ')} ${nth}`);
        assert.equal(end.session.up, false);
      }
      assert.equal(end.account.ready, false);
      end.save();
      end.step({ kind: 'leaseDurable' });
      assert.ok(end.session.up && end.account.ready);
      end.step({ kind: 'linkDown' });
      assert.equal(end.session.up || end.account.ready, false);
    }
  }
});

test('an answer to older terms does not end a greeting', () => {
  const end = new SessionEnd().up();
  end.step({ kind: 'linkDown' });
  assert.deepEqual(end.step({ kind: 'termsChanged', terms: plainTerms({ epoch: 2 }) }), ['rememberTerms'], 'not sent');
  assert.ok(end.step({ kind: 'linkUp' }).includes('send terms'));
  for (const message of GREETING) assert.equal(end.hears(message).includes('lease'), false);
  assert.ok(end.hears({ kind: 'termsAck', epoch: 2 }).includes('lease'));
});

test('nothing is heard after the connection went', () => {
  const end = new SessionEnd().up();
  end.step({ kind: 'linkDown' });
  for (const message of [...GREETING, { kind: 'termsAck', epoch: 9 } as const])
    assert.deepEqual(end.hears(message), []);
});

test('new terms of mine are remembered, bind at once, and are sent; the same ones are not sent again', () => {
  const end = new SessionEnd().up();
  const terms = plainTerms({ epoch: 2, dropAt: 5_000 });
  const told: unknown[] = [];
  end.account.watch(() => told.push(end.account.mine.newest?.dropAt));
  assert.deepEqual(end.step({ kind: 'termsChanged', terms }), ['rememberTerms', 'send terms']);
  assert.deepEqual(told, [5_000]);
  assert.equal(end.account.ledger.get(end.account.row, Column.dropAt), 5_000);
  assert.deepEqual(end.step({ kind: 'termsChanged', terms }), []);
  const theirs = plainTerms({ epoch: 2, dropAt: 6_000 });
  assert.deepEqual(end.hears({ kind: 'terms', terms: theirs }), ['rememberTerms', 'send termsAck', 'terms', 'changed']);
  assert.equal(end.account.ledger.get(end.account.row, Column.peerDropAt), 6_000);
  assert.deepEqual(end.hears({ kind: 'termsAck', epoch: 2 }), ['changed']);
});

test('a neighbour that acknowledges nothing has less to owe at once where it is trusted less, and no more for waiting', () => {
  const end = new SessionEnd().up();
  const { ledger, row } = end.account;
  const offers = (epoch: number, dropAt: number) =>
    end.step({ kind: 'termsChanged', terms: plainTerms({ epoch, payAt: 100, dropAt }) });
  for (let epoch = 2; epoch < 2 + MAX_PENDING_EPOCHS; epoch += 1)
    assert.deepEqual(offers(epoch, 9_000), ['rememberTerms', 'send terms']);
  const last = 2 + MAX_PENDING_EPOCHS;
  ledger.provided(row, 0, 1_500);
  assert.equal(end.account.state(), 'open');
  for (const [dropAt, holds] of [
    [2_000, 2_000],
    [3_000, 3_000],
    [12_000, 9_000],
    [1_500, 1_500],
  ] as const) {
    const told = offers(last, dropAt).filter((each) => each !== 'changed' && each !== 'state');
    assert.deepEqual([told, ledger.get(row, Column.dropAt)], [[], holds]);
  }
  assert.equal(end.account.state(), 'choked');
  assert.ok(ledger.holdProvide(row, 1) < 0);
  // Its own terms change nothing about that.
  end.hears({ kind: 'terms', terms: plainTerms({ epoch: 2 }) });
  assert.equal(ledger.get(row, Column.dropAt), 1_500);
  end.hears({ kind: 'termsAck', epoch: 2 });
  assert.deepEqual([end.account.mine.newest?.epoch, ledger.get(row, Column.dropAt)], [last, 1_500]);
});

test('what comes before the books are compared is out of place, and so is comparing them twice', () => {
  const payment = { kind: 'payment', id: 1, units: 1, proof } as const;
  const early: readonly Message[] = [
    payment,
    { kind: 'allotment', service: 'transit', count: 1, epoch: 1 },
    { kind: 'mark', number: 1 } as unknown as Message,
    { kind: 'statement' } as unknown as Message,
  ];
  for (const message of early) {
    const end = new SessionEnd();
    end.step({ kind: 'linkUp' });
    end.hears(message);
    assert.equal(end.closed, 'MESSAGE_UNEXPECTED', message.kind);
  }
  const end = new SessionEnd().up();
  assert.deepEqual(end.hears(payment), ['checkPayment']);
  assert.equal(end.closed, undefined);
  end.hears(counts());
  assert.equal(end.closed, 'MESSAGE_UNEXPECTED');
});

test('what the neighbour admits stands once the books are compared, not before', () => {
  const end = new SessionEnd({ restored: ({ ledger, row }) => ledger.provided(row, 0, 100) });
  end.step({ kind: 'linkUp' });
  assert.deepEqual(end.hears(counts({ opening: false, consumed: [50, 0, 0] })), []);
  assert.deepEqual(end.account.counts.admitted, [0, 0, 0]);
  end.hears(counts({ consumed: [60, 0, 0] }));
  assert.deepEqual(end.hears(counts({ opening: false, consumed: [70, 0, 0] })), []);
  assert.deepEqual(end.account.counts.admitted, [60, 0, 0], 'all that is left of it');
  end.account.ledger.provided(end.account.row, 0, 30);
  end.hears(counts({ opening: false, consumed: [70, 0, 0] }));
  assert.deepEqual(end.account.counts.admitted, [70, 0, 0]);
});

test('what is written off is told, when something is', () => {
  const table: [CountsMessage, boolean][] = [
    [counts({ consumed: [100, 0, 0], provided: [100, 0, 0] }), false],
    [counts({ consumed: [99, 0, 0], provided: [100, 0, 0] }), true],
    [counts({ consumed: [100, 0, 0], provided: [99, 0, 0] }), false],
    [counts({ consumed: [101, 0, 0], provided: [100, 0, 0] }), true],
  ];
  for (const [message, told] of table) {
    const end = new SessionEnd({
      restored: ({ ledger, row }) => {
        ledger.provided(row, 0, 100);
        ledger.consumed(row, 0, 100);
      },
    });
    end.step({ kind: 'linkUp' });
    assert.equal(end.hears(message).includes('writeOff'), told);
  }
});

test('an error that a message causes is the neighbour’s fault, unless it is one of mine', () => {
  const of = (error: Error): SessionEnd => {
    const end = new SessionEnd();
    end.step({ kind: 'linkUp' });
    end.account.counts.reconcile = () => {
      throw error;
    };
    end.hears(counts());
    return end;
  };
  assert.equal(of(new WayleaveError('MESSAGE_UNEXPECTED', { kind: 'x' })).closed, 'MESSAGE_UNEXPECTED');
  const broken = new WayleaveError('INVARIANT_BROKEN', { rule: 'x', row: 0 });
  for (const error of [broken, new Error('x')]) assert.throws(() => of(error), error);
});

test('once up, what is pending goes again; else what is due is paid', () => {
  const end = new SessionEnd({ pending: [{ method: 'cheque', units: 100, lastPaymentId: 3 }] });
  end.step({ kind: 'linkUp' });
  for (const message of GREETING) end.hears(message);
  end.save();
  assert.deepEqual(end.step({ kind: 'leaseDurable' }), ['resendPayment']);

  const owing = new SessionEnd({
    restored: ({ ledger, row }) => {
      ledger.setLimit(row, 'dropAt', 4_000);
      ledger.consumed(row, 0, 1_000);
    },
  });
  owing.step({ kind: 'linkUp' });
  for (const message of [...GREETING.slice(0, 2), counts({ provided: [1_000, 0, 0] })]) owing.hears(message);
  owing.save();
  assert.deepEqual(owing.step({ kind: 'leaseDurable' }), ['writePayment']);
  assert.deepEqual(owing.step({ kind: 'paymentWritten', id: 1, method: 'cheque', proof }), ['send payment', 'paying']);
  owing.step({ kind: 'linkDown' });
  owing.step({ kind: 'linkUp' });
  for (const message of [...GREETING.slice(0, 2), counts({ provided: [1_000, 0, 0] })]) owing.hears(message);
  owing.save();
  assert.deepEqual(owing.step({ kind: 'leaseDurable' }), ['resendPayment'], 'the answer to it is not coming any more');
});

test('what I consumed is told once it is written, with each payment, and now and then while it changes', () => {
  const end = new SessionEnd().up();
  assert.deepEqual(end.tick(1), []);
  end.account.ledger.consumed(end.account.row, 0, 500);
  assert.deepEqual(end.tick(1), [], 'not on disk');
  end.save();
  assert.deepEqual(end.tick(1), ['send counts']);
  end.account.ledger.consumed(end.account.row, 0, 500);
  end.save();
  assert.deepEqual(end.tick(countsIntervalMs - 1), ['writePayment']);
  assert.deepEqual(end.step({ kind: 'paymentWritten', id: 1, method: 'cheque', proof }), [
    'send counts',
    'send payment',
    'paying',
  ]);
  assert.deepEqual(end.tick(10 * countsIntervalMs), [], 'it was told');
  end.account.ledger.consumed(end.account.row, 0, 1);
  end.save();
  assert.deepEqual(end.tick(), ['send counts']);
  end.account.ledger.consumed(end.account.row, 0, 1);
  end.save();
  assert.deepEqual(end.tick(countsIntervalMs - 1), []);
  assert.deepEqual(end.tick(1), ['send counts']);
});

test('a tick is wanted when there is something to tell, and when it may be told', () => {
  const end = new SessionEnd().up();
  assert.equal(end.session.dueMs(end.nowMs), Number.POSITIVE_INFINITY);
  end.account.ledger.consumed(end.account.row, 0, 5);
  end.save();
  end.tick();
  end.account.ledger.consumed(end.account.row, 0, 5);
  end.save();
  assert.equal(end.session.dueMs(end.nowMs + 1), end.nowMs + countsIntervalMs);
});

test('a charge wants a look when it may bring a payment about, with what is in flight', () => {
  const end = new SessionEnd().up();
  const { ledger, row } = end.account;
  end.tick();
  assert.equal(end.session.sample(), false);
  ledger.holdConsume(row, 999);
  assert.equal(end.session.sample(), false);
  ledger.holdConsume(row, 1);
  assert.equal(end.session.sample(), true);
});

test('a payment follows one that waits for its answer; after new terms of mine only when that is there', () => {
  const end = new SessionEnd().up();
  const owe = (): void => end.account.ledger.consumed(end.account.row, 0, 1_000);
  owe();
  assert.deepEqual(end.tick(), ['writePayment']);
  end.tick(countsIntervalMs);
  owe();
  const written = { kind: 'paymentWritten', method: 'cheque', proof } as const;
  assert.deepEqual(end.step({ ...written, id: 1 }), ['send payment', 'paying', 'writePayment']);
  end.step({ ...written, id: 2 });
  end.step({ kind: 'termsChanged', terms: plainTerms({ epoch: 2 }) });
  owe();
  assert.deepEqual(end.tick(countsIntervalMs), []);
  const answer = { kind: 'paymentAck', id: 2, acceptedWei: 1n, code: '' } as const;
  assert.deepEqual(end.hears(answer), ['keepPaid', 'paid', 'changed', 'writePayment']);
});

test('a payment that could not be made is tried by the next method at once, and one that waits is tried by a tick', () => {
  const end = new SessionEnd();
  const methods = { methods: ['channel', 'cheque'] } as const;
  end.step({ kind: 'termsChanged', terms: plainTerms({ ...methods, epoch: 2 }) });
  end.step({ kind: 'linkUp' });
  end.hears({ kind: 'terms', terms: plainTerms(methods) });
  end.hears({ kind: 'termsAck', epoch: 2 });
  end.hears(counts());
  end.save();
  end.step({ kind: 'leaseDurable' });
  end.account.ledger.consumed(end.account.row, 0, 1_000);
  assert.deepEqual(end.tick(), ['writePayment']);
  const failed = { kind: 'paymentFailed', id: 1, units: 1_000 } as const;
  assert.deepEqual(end.step({ ...failed, method: 'channel', code: 'CHANNEL_FULL' }), ['fault', 'writePayment']);
  assert.deepEqual(end.step({ ...failed, id: 2, method: 'cheque', code: 'STORE_FULL' }), ['fault']);
  assert.deepEqual(end.tick(retryMs - 1), []);
  assert.deepEqual(end.tick(1), ['writePayment']);
  assert.deepEqual(end.step({ kind: 'pause', paused: true }), []);
  assert.ok(end.session.paused);
});

test('payments that become final, or are undone by the chain, move what they clear', () => {
  const end = new SessionEnd().up();
  const { ledger, row } = end.account;
  ledger.received(row, 100, 0);
  assert.deepEqual(end.step({ kind: 'cleared', units: 60 }), ['changed']);
  assert.equal(ledger.get(row, Column.uncleared), 40);
  assert.deepEqual(end.step({ kind: 'paymentUndone', units: 10 }), ['undone', 'changed']);
  assert.equal(ledger.get(row, Column.uncleared), 50);
});

test('a link that stays choked for longer than the grace time is closed, and told when it changes, once', () => {
  const end = new SessionEnd().up();
  const { ledger, row } = end.account;
  ledger.provided(row, 0, 4_000);
  assert.deepEqual(end.tick(), ['state', 'changed']);
  assert.equal(end.account.state(), 'choked');
  assert.deepEqual(end.tick(graceMs), []);
  assert.equal(end.account.lapsed, false);
  assert.deepEqual(end.tick(1), ['state', 'changed']);
  assert.deepEqual([end.account.lapsed, end.account.state()], [true, 'closed']);
  assert.deepEqual(end.tick(1), []);
  ledger.received(row, 4_000, 4_000);
  assert.deepEqual(end.tick(1), ['state', 'changed']);
  ledger.provided(row, 0, 4_000);
  end.tick(1);
  end.tick(graceMs);
  assert.equal(end.account.state(), 'choked', 'its time counts anew');
});

test('a verdict slows a neighbour down or cuts it; a lighter one does neither', () => {
  const end = new SessionEnd().up();
  const unslowed = (nowMs: number): boolean => end.account.allow(1e9, nowMs).bytes === 1e9;
  let verdicts = 0;
  while (unslowed(end.nowMs) && verdicts < 100) {
    assert.deepEqual(end.step({ kind: 'fault', code: 'EPOCH_STALE' }), ['verdict']);
    verdicts += 1;
  }
  assert.ok(verdicts > 1 && verdicts < 100, `${verdicts}`);
  assert.ok(!unslowed(end.nowMs + slowMs - 1) && unslowed(end.nowMs + slowMs));
  assert.deepEqual(end.step({ kind: 'fault', code: 'MESSAGE_UNEXPECTED' }), ['verdict', 'close']);
  assert.equal(end.account.banned, false);
  assert.deepEqual(end.step({ kind: 'fault', code: 'CHEQUE_BOUNCED' }), ['verdict', 'close', 'state', 'changed']);
  assert.ok(end.account.banned);
});

test('one that cannot pay is left when it is the debtor for long, one that can is not', () => {
  const samples = (mine: number): SessionEnd => {
    const end = new SessionEnd().up();
    const bids = { services: { ...plainTerms().services, transit: { askPerMb: 1_000_000, bidPerMb: mine } } };
    agree(end.account, plainTerms({ epoch: 2 }), plainTerms({ epoch: 2, ...bids }));
    end.account.ledger.provided(end.account.row, 0, 1_000);
    for (let i = 0; i < 20; i += 1) end.session.sample();
    end.tick();
    return end;
  };
  assert.equal(samples(0).closed, 'ONE_WAY_CREDITOR');
  assert.equal(samples(1_000_000).closed, undefined);
});
