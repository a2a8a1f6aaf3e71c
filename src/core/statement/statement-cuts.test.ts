import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Cut, type Mark, StatementCuts } from './statement-cuts.ts';
import { STATEMENT_RULES as RULES } from './statement-rules.ts';

/** A mark whose totals nobody looks at here. */
function mark(sequence: number, paid = 0): Mark {
  return { sequence, half: { provided: [], consumed: [] }, paid };
}

/** The numbers of a cut's marks: mine, theirs. */
const pair = (cut: Cut | undefined): number[] => (cut === undefined ? [] : [cut.mine.sequence, cut.theirs.sequence]);

test('a mark of mine awaits theirs, and makes one cut with it', () => {
  const cuts = new StatementCuts();
  cuts.opened();
  assert.equal(cuts.underWay(0), false);
  assert.deepEqual(pair(cuts.set(mark(1))), []);
  assert.equal(cuts.underWay(0), true, 'theirs has not come');
  assert.deepEqual(pair(cuts.met(mark(5), 1)), [1, 5]);
  assert.deepEqual([cuts.underWay(0), cuts.underWay(4), cuts.underWay(5)], [true, true, false], 'until it is stated');
  assert.deepEqual(pair(cuts.set(mark(2))), [], 'theirs has its cut');
});

test('a mark of theirs awaits mine, and makes one cut with it', () => {
  const cuts = new StatementCuts();
  cuts.opened();
  assert.deepEqual(pair(cuts.met(mark(5), 0)), []);
  assert.equal(cuts.underWay(0), false, 'nothing of mine was set');
  assert.deepEqual(pair(cuts.set(mark(1))), [1, 5]);
  assert.equal(cuts.underWay(4), true);
  assert.deepEqual(pair(cuts.set(mark(2))), []);
  assert.deepEqual(pair(cuts.met(mark(6), 0)), [2, 6], 'marks that crossed make a cut though neither answers');
});

test('only their newest mark is answered', () => {
  const cuts = new StatementCuts();
  cuts.met(mark(5), 0);
  cuts.met(mark(7), 0);
  assert.equal(cuts.lastMet, 7);
  assert.deepEqual(pair(cuts.set(mark(1))), [1, 7]);
});

test('an answer to a mark that has its cut is answered by none', () => {
  const cuts = new StatementCuts();
  assert.deepEqual(pair(cuts.met(mark(5), 1)), []);
  assert.equal(cuts.underWay(0), true, 'its statement may come');
  assert.deepEqual(pair(cuts.set(mark(1))), []);
});

test('a cut is found by its numbers, with what was paid when their mark was met', () => {
  const cuts = new StatementCuts();
  cuts.set(mark(1));
  cuts.met(mark(5, 70), 1);
  cuts.set(mark(2));
  cuts.met(mark(6, 80), 2);
  assert.deepEqual([pair(cuts.find(5, 1)), cuts.find(5, 1)?.theirs.paid], [[1, 5], 70]);
  assert.deepEqual([pair(cuts.find(6, 2)), cuts.find(6, 2)?.theirs.paid], [[2, 6], 80]);
  assert.deepEqual([cuts.find(7, 1), cuts.find(5, 3)], [undefined, undefined]);
  assert.deepEqual([cuts.isMine(1), cuts.isMine(2), cuts.isMine(5)], [true, true, false]);
});

test('only so many marks are remembered, of either end', () => {
  const cuts = new StatementCuts();
  const last = RULES.marksKept + 1;
  for (let sequence = 1; sequence <= last; sequence += 1) {
    cuts.set(mark(sequence));
    cuts.met(mark(sequence), sequence);
  }
  assert.deepEqual([cuts.isMine(1), cuts.isMine(2), cuts.isMine(last)], [false, true, true]);
  assert.deepEqual(
    [pair(cuts.find(1, last)), pair(cuts.find(2, last)), pair(cuts.find(last, 2))],
    [[], [last, 2], [2, last]],
  );
});

test('a connection that goes takes what awaits an answer, and the next one knows no marks', () => {
  const cuts = new StatementCuts();
  assert.deepEqual([cuts.lastMet, cuts.underWay(0), cuts.isMine(0)], [0, false, false]);
  cuts.set(mark(1));
  cuts.met(mark(5), 1);
  cuts.set(mark(2));
  cuts.closed();
  assert.equal(cuts.underWay(5), false);
  cuts.opened();
  assert.deepEqual([cuts.lastMet, cuts.isMine(1), cuts.find(5, 1)], [0, false, undefined]);
  assert.equal(cuts.underWay(0), false);
  assert.deepEqual(pair(cuts.met(mark(3), 0)), [], 'mine was set on the one before');
  assert.deepEqual(pair(cuts.set(mark(3))), [3, 3], 'numbers of the one before bind nobody');
});
