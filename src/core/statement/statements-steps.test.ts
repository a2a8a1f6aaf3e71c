import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Column } from '../ledger/columns.ts';
import { STATED } from './statement-pair.fixture.ts';
import { FLOOD_WINDOW_MS, LATE_AGAIN_MS, LATE_MS, STATEMENT_RULES as RULES } from './statement-rules.ts';
import { INTERVAL_MS, OPENED_MS, StatementsEnd } from './statements-end.fixture.ts';

test('statements go on from what the store remembers, and what the neighbour signed stands', () => {
  const mine = { ...STATED, storeEpoch: 2, sequence: 4 };
  const theirs = { ...STATED, sequence: 9, consumed: [700, 0, 0] } as const;
  const end = new StatementsEnd({ mine, theirs, storeEpoch: 2 });
  const view = { gapUnits: 0, disputed: false };
  assert.deepEqual(end.statements.view, { mine: 4, theirs: 9, agreed: 9, ...view });
  assert.deepEqual(end.account.counts.admitted, [700, 0, 0]);
  assert.equal(end.statements.restored, false);

  const fresh = new StatementsEnd();
  assert.deepEqual(fresh.statements.view, { mine: 0, theirs: 0, agreed: 0, ...view });
  assert.deepEqual([fresh.account.counts.admitted, fresh.statements.restored], [[0, 0, 0], false]);
  const restored = new StatementsEnd({ storeEpoch: 2 });
  assert.equal(restored.statements.restored, true);
  restored.keeps({ ...STATED, storeEpoch: 2 });
  assert.equal(restored.statements.restored, false, 'something was stated since');
});

test('a tick is needed while a statement is wanted or waited for, else when the next one is due', () => {
  const end = new StatementsEnd();
  end.open();
  const { account, statements } = end;
  assert.deepEqual([statements.dueMs, statements.wanted], [Number.POSITIVE_INFINITY, false]);
  end.tick(INTERVAL_MS);
  assert.equal(statements.wanted, false, 'nothing moved');
  end.moves();
  assert.equal(statements.dueMs, OPENED_MS + INTERVAL_MS);
  account.settling = true;
  assert.equal(statements.dueMs, Number.NEGATIVE_INFINITY);
  account.settling = false;
  end.nowMs = OPENED_MS + INTERVAL_MS - 1;
  end.tick();
  assert.equal(statements.wanted, false);
  end.tick(1);
  assert.deepEqual([statements.wanted, statements.dueMs], [true, Number.NEGATIVE_INFINITY]);
  assert.deepEqual(end.quiet(), ['mark 1 0']);
  assert.deepEqual([statements.wanted, statements.dueMs], [false, Number.NEGATIVE_INFINITY], 'an answer is waited for');
  assert.deepEqual(end.mark(1, 1), ['keepStatement']);
  assert.deepEqual(end.says({}), ['remember theirs']);
  assert.equal(statements.dueMs, Number.POSITIVE_INFINITY, 'all of it is stated');
});

test('everything that is charged, carried or paid is something to state', () => {
  const table: [string, (end: StatementsEnd) => void][] = [
    ['a frame', ({ account }) => account.service('transit').commit(account.service('transit').serve(100, 0))],
    ['time', ({ account: { ledger, row } }) => [ledger.provided(row, 1, 50), ledger.consumed(row, 1, 50)]],
    [
      'payments',
      ({ account: { ledger, row } }) => [ledger.received(row, 7, 7), ledger.paying(row, 7), ledger.paid(row, 7)],
    ],
    [
      'bytes for nothing',
      ({ account }) => {
        account.service('chunks').providedBytes += 9;
        account.service('chunks').consumedBytes += 9;
      },
    ],
  ];
  for (const [name, act] of table) {
    const end = new StatementsEnd();
    end.open();
    act(end);
    assert.equal(end.statements.dueMs, OPENED_MS + INTERVAL_MS, name);
  }
});

test('no mark is set before the books are compared, on no connection, or where none is wanted', () => {
  const end = new StatementsEnd();
  assert.equal(end.statements.dueMs, 0, 'something moved before');
  end.tick();
  assert.ok(end.statements.wanted);
  assert.deepEqual(end.quiet(), []);
  assert.deepEqual(end.says({}), ['STATEMENT_INVALID'], 'of no connection');
  end.statements.closed();
  end.open();
  assert.deepEqual(end.quiet(), [], 'not wanted');
  end.moves();
  end.tick(INTERVAL_MS);
  assert.deepEqual(end.quiet(false), []);
  assert.deepEqual(end.quiet(), ['mark 1 0']);
});

test('a statement is under way until both ends have stated the cut, or the connection is gone', () => {
  const end = new StatementsEnd();
  end.open();
  const { statements } = end;
  assert.equal(statements.underWay, false);
  end.moves();
  end.tick(INTERVAL_MS);
  assert.equal(statements.underWay, true);
  end.quiet();
  assert.equal(statements.underWay, true);
  end.mark(1, 1);
  assert.equal(statements.underWay, true, 'theirs has not come');
  end.says({});
  assert.equal(statements.underWay, false);

  end.moves();
  end.tick(INTERVAL_MS);
  end.quiet();
  statements.closed();
  end.open();
  assert.equal(statements.underWay, false, 'a new connection');
  end.moves();
  end.tick(INTERVAL_MS);
  end.quiet();
  statements.closed();
  assert.equal(statements.underWay, false);
  end.open();
  end.mark(2, 1);
  assert.equal(statements.underWay, true, 'an answer to a mark of mine has its statement');
  end.open();
  assert.equal(statements.underWay, false);
  const first = new StatementsEnd();
  first.open();
  first.mark(1, 1);
  assert.equal(first.statements.underWay, true);
});

test('a connection that goes takes its marks and its waiting with it', () => {
  const end = new StatementsEnd().met();
  end.open();
  end.mark(2);
  assert.deepEqual(end.says({ sequence: 2 }), ['STATEMENT_STALE'], 'of a mark on the connection before');
  const waits = new StatementsEnd();
  waits.open();
  waits.moves();
  waits.tick(INTERVAL_MS);
  waits.quiet();
  const statement = { ...STATED, sequence: 1 };
  assert.deepEqual(waits.keeps(statement), ['send statement']);
  waits.open();
  assert.deepEqual(waits.keeps(statement), [], 'it speaks of a connection that is gone');
  assert.deepEqual(waits.tick(LATE_MS + 1), [], 'nobody is late with it');

  waits.moves();
  waits.tick(INTERVAL_MS);
  waits.does((statements, step) => statements.on({ kind: 'finish' }, true, step));
  assert.deepEqual([waits.statements.wanted, waits.account.settling], [true, true]);
  waits.statements.closed();
  assert.deepEqual([waits.statements.wanted, waits.account.settling], [false, false]);
});

test('an orderly end settles where there is something to state', () => {
  const end = new StatementsEnd();
  const finish = (): boolean => {
    end.does((statements, step) => statements.on({ kind: 'finish' }, true, step));
    return end.account.settling && end.statements.wanted;
  };
  assert.equal(finish(), false, 'not opened');
  end.open();
  assert.equal(finish(), false, 'nothing moved');
  end.moves();
  assert.equal(finish(), true);
  assert.deepEqual(end.quiet(), ['mark 1 0', 'changed']);
  assert.equal(end.account.settling, false);
});

test('a moment without charges is made after a while, and given up after a longer one', () => {
  const end = new StatementsEnd();
  end.open();
  end.moves();
  end.tick(INTERVAL_MS);
  assert.deepEqual(end.tick(RULES.patienceMs), []);
  assert.equal(end.account.settling, false);
  end.tick(1);
  assert.equal(end.account.settling, true);
  end.tick(RULES.giveUpMs - RULES.patienceMs - 1);
  assert.equal(end.account.settling, true);
  assert.deepEqual(end.tick(1), ['changed']);
  assert.deepEqual([end.account.settling, end.statements.wanted], [false, false]);
  assert.equal(end.statements.dueMs, end.nowMs + INTERVAL_MS);
});

test('who states nothing is late, again and again', () => {
  const end = new StatementsEnd();
  end.open();
  end.moves();
  end.tick(INTERVAL_MS);
  end.quiet();
  assert.deepEqual(end.tick(LATE_MS), []);
  assert.deepEqual(end.tick(1), ['STATEMENT_LATE']);
  assert.deepEqual(end.tick(LATE_AGAIN_MS - 1), []);
  assert.deepEqual(end.tick(1), ['STATEMENT_LATE']);
  end.mark(1, 1);
  end.says({});
  assert.deepEqual(end.tick(LATE_MS + LATE_AGAIN_MS), []);
});

test('marks come in order, and so many a window; what floods is not looked at', () => {
  const end = new StatementsEnd();
  end.open();
  for (const sequence of [5, 7, 9]) assert.deepEqual(end.mark(sequence), []);
  for (const sequence of [9, 8]) assert.deepEqual(end.mark(sequence), ['STATEMENT_STALE']);

  const flooded = new StatementsEnd();
  flooded.open();
  const message = { kind: 'statement', statement: STATED } as const;
  const comes = () => flooded.does((statements, step) => statements.came(message, step));
  for (const startMs of [OPENED_MS, OPENED_MS + FLOOD_WINDOW_MS]) {
    flooded.nowMs = startMs;
    for (let i = 0; i < RULES.perWindow; i += 1) assert.deepEqual(comes(), ['checkStatement'], `${i}`);
    assert.deepEqual(comes(), ['STATEMENT_FLOOD']);
    flooded.nowMs += FLOOD_WINDOW_MS - 1;
    assert.deepEqual(comes(), ['STATEMENT_FLOOD']);
  }
});

test('only so many marks are remembered, of either end', () => {
  for (const forgotten of [1, 2]) {
    const end = new StatementsEnd();
    end.open();
    for (let sequence = 1; sequence <= RULES.marksKept + 1; sequence += 1) {
      end.moves();
      end.tick(INTERVAL_MS);
      end.quiet();
      end.mark(sequence, sequence);
    }
    const answers = RULES.marksKept + 1;
    const [stale, taken] = [['STATEMENT_STALE'], ['remember theirs']];
    const old = { ...STATED, providedBytes: [0, 0, 0] } as const;
    assert.deepEqual(
      end.says({ ...old, consumed: [1_000, 0, 0], sequence: forgotten, answers }),
      forgotten === 1 ? stale : taken,
    );
    const mine = { ...old, consumed: [1_000, 0, 0], sequence: answers, answers: forgotten } as const;
    assert.deepEqual(end.says(mine), forgotten === 1 ? stale : taken);
  }
});

test('a statement says all that the books say, and the corrections apart', () => {
  const end = new StatementsEnd();
  const { ledger, row } = end.account;
  end.open();
  for (const s of [0, 1, 2]) {
    ledger.provided(row, s, 100 + s);
    ledger.consumed(row, s, 200 + s);
    ledger.correct(row, 'provided', s, -10 - s);
    ledger.correct(row, 'consumed', s, 20 + s);
  }
  ledger.received(row, 31, 31);
  ledger.paying(row, 32);
  ledger.paid(row, 32);
  end.tick(INTERVAL_MS);
  end.quiet();
  end.mark(4, 1);
  const { signature, ...plain } = STATED;
  assert.deepEqual(end.kept, {
    ...{ ...plain, sequence: 1, answers: 4, provided: [1_100, 101, 102], consumed: [200, 201, 202] },
    ...{ providedCorrection: [-10, -11, -12], consumedCorrection: [20, 21, 22], paid: 32, received: 31 },
  });
  assert.equal(signature.length, 65);
});

test('their statement is judged once, against the cut it names, and what differs is kept', () => {
  const end = new StatementsEnd().met();
  assert.deepEqual(end.says({ sequence: 2 }), ['STATEMENT_STALE'], 'a mark that was not met');
  assert.deepEqual(end.says({ answers: 2 }), ['STATEMENT_STALE'], 'a mark that was not set');
  assert.deepEqual(end.says({}), ['remember theirs']);
  assert.deepEqual(end.says({}), [], 'again');
  assert.equal(end.statements.view.agreed, 1);
  const wrong = new StatementsEnd().met();
  assert.deepEqual(wrong.says({ consumed: [999, 0, 0] }), [
    ...['STATEMENT_UNDERCOUNTS', 'remember theirs', 'remember disputed', 'divergence'],
  ]);
  assert.deepEqual(
    [wrong.statements.view.gapUnits, wrong.statements.view.disputed, wrong.statements.view.agreed],
    [1, true, 0],
  );
});

test('the first difference is held against nobody where one of the two was restored, or claims too much', () => {
  const differs = (end: StatementsEnd): string[] =>
    end.says({ consumed: [900, 0, 0], storeEpoch: 1 }).filter((each) => each.startsWith('STATEMENT'));
  assert.deepEqual(differs(new StatementsEnd().met()), ['STATEMENT_UNDERCOUNTS']);
  assert.deepEqual(differs(new StatementsEnd().met({}, true)), []);
  assert.deepEqual(differs(new StatementsEnd({ storeEpoch: 2 }).met()), []);
  const theirs = { ...STATED, storeEpoch: 0 };
  assert.deepEqual(differs(new StatementsEnd({ theirs }).met()), []);
});

test('claims beyond what I admitted are a fault, not of a copy of mine; a restored neighbour is told of once', () => {
  assert.deepEqual(new StatementsEnd().open({}, true), ['COUNTS_INFLATED']);
  assert.deepEqual(new StatementsEnd({ storeEpoch: 2 }).open({}, true), []);
  const theirs = { ...STATED, consumed: [500, 0, 0] } as const;
  const end = new StatementsEnd({ theirs });
  assert.deepEqual(end.open({ consumed: [499, 0, 0] }), ['STATEMENT_DENIED']);
  assert.deepEqual(end.open({ consumed: [500, 0, 0] }), []);
  assert.deepEqual(end.open({ storeEpoch: 2, consumed: [0, 0, 0] }), ['restored', 'restatePayments']);
  assert.deepEqual(end.open({ storeEpoch: 2, consumed: [0, 0, 0] }), ['restatePayments']);
  assert.deepEqual(end.open({ storeEpoch: 3, consumed: [0, 0, 0] }), ['restored', 'restatePayments']);
});

test('who lost its books is told what it was paid until it states anew, and remembers what was had of it meanwhile', () => {
  const told = (theirEpoch: number | undefined, now: number): string[] =>
    new StatementsEnd(
      theirEpoch === undefined ? {} : { theirs: { ...STATED, consumed: [0, 0, 0], storeEpoch: theirEpoch } },
    )
      .open({ storeEpoch: now })
      .filter((each) => each === 'restatePayments');
  assert.deepEqual(told(undefined, 1), []);
  assert.deepEqual(told(undefined, 2), ['restatePayments'], 'nothing was ever stated');
  assert.deepEqual(told(1, 2), ['restatePayments']);
  assert.deepEqual(told(2, 2), []);
  assert.deepEqual(new StatementsEnd({ storeEpoch: 2 }).open({}, false, 30), ['forgot 30']);
  assert.deepEqual(new StatementsEnd({ storeEpoch: 2 }).open({}, false, 30, 29), ['forgot 1'], 'less what I had of it');
  assert.deepEqual(new StatementsEnd({ storeEpoch: 2 }).open({}, false, -30), []);
  assert.deepEqual(new StatementsEnd().open({}, false, 30), [], 'a crash forgets no payment');
});

test('payments may be rounded apart by what one wei is worth, and by no unit more', () => {
  const differs = (denominators: readonly [bigint, bigint], paid: number): string[] => {
    const end = new StatementsEnd();
    const [mine, their] = denominators.map((denominator) => ({ numerator: 1n, denominator }));
    const { acknowledged, newest } = { acknowledged: end.account.mine.acknowledged, newest: end.account.theirs.newest };
    Object.assign(acknowledged as object, { ratio: mine });
    Object.assign(newest as object, { ratio: their });
    end.met().says({});
    end.moves();
    end.tick(INTERVAL_MS);
    end.quiet();
    end.mark(2, 2);
    return end.says({ sequence: 2, answers: 2, paid }).filter((each) => each.startsWith('STATEMENT'));
  };
  assert.deepEqual(differs([3n, 1n], 6), []);
  assert.deepEqual(differs([3n, 1n], 7), ['STATEMENT_PAYMENTS']);
  assert.deepEqual(differs([1n, 3n], 6), []);
  assert.deepEqual(differs([1n, 3n], 7), ['STATEMENT_PAYMENTS']);
});

test('a fault of what was signed comes three times before it cuts', () => {
  const end = new StatementsEnd();
  const theirs = () => end.open({}, true);
  assert.deepEqual([theirs(), theirs(), theirs()].flat(), [
    ...['COUNTS_INFLATED', 'COUNTS_INFLATED', 'COUNTS_INFLATED', 'STATEMENT_REPEATED'],
  ]);
  assert.equal(end.account.ledger.get(end.account.row, Column.balance), 1_000);
});
