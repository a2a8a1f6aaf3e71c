import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimNode } from '../sim-node.ts';
import type { AccountWatch } from './account-watch.ts';
import { BrokenRule } from './broken-rule.ts';
import { CreditWatch } from './credit-watch.ts';

const NEWCOMER = 400;
const LATER_MS = 6_000;

/** A node that lends half of what it keeps, with two neighbours; what it lends and has of them is set by hand. */
function lender() {
  const clock = { nowMs: 0 };
  const node = {
    name: 'A',
    alive: true,
    lives: 1,
    clock: { nowMs: () => clock.nowMs, wallMs: () => clock.nowMs },
    config: {
      credit: { dropAtUnits: undefined, dropAtMb: 40, growMbPerDay: 100, maxEarnedMb: 150, earnPercent: 50 },
      neighbours: [],
      packets: { enabled: false, valueAtUnits: 0, prepayUnits: 0 },
    },
  } as unknown as SimNode;
  const watch = new CreditWatch(node, () => {});
  const neighbours = ['B', 'C'].map((name) => {
    const has = { dropAt: NEWCOMER, final: 0, issuedUnits: 0, cost: 0 };
    const newest = { services: { transit: { askPerMb: 10 } }, dropAt: NEWCOMER + 1_000, valueAt: 0 };
    const account = {
      ready: true,
      // Terms that wait to be announced may trust it less than the newest: what holds is judged.
      mine: {
        newest,
        get limits() {
          return { dropAt: has.dropAt, valueAt: 0 };
        },
      },
    };
    const end = {
      other: { node: { name } },
      account,
      get issuedUnits() {
        return has.issuedUnits;
      },
      cost: {
        get units() {
          return has.cost;
        },
      },
      cashed: () => has.final,
    } as unknown as AccountWatch;
    watch.add(end);
    return { has, end };
  });
  const holds = (): boolean => {
    try {
      for (const { end } of neighbours) watch.look(end);
      clock.nowMs += LATER_MS;
      for (const { end } of neighbours) watch.look(end);
      return true;
    } catch (error) {
      assert.ok(error instanceof BrokenRule && error.rule === 'credit-earned');
      return false;
    }
  };
  const [b, c] = neighbours.map(({ has }) => has);
  assert.ok(b !== undefined && c !== undefined);
  return { b, c, holds, stops: () => watch.stops() };
}

test('credit that was not earned, stands and is not taken back is found', () => {
  for (const [what, held, with_] of [
    ['a newcomer', true, {}],
    ['nothing came', false, { dropAt: NEWCOMER + 100 }],
    ['half of what is final', true, { dropAt: NEWCOMER + 100, final: 200 }],
    ['more than half', false, { dropAt: NEWCOMER + 110, final: 200 }],
    ['paid out again', false, { dropAt: NEWCOMER + 100, final: 200, issuedUnits: 20 }],
    ['what service cost', false, { dropAt: NEWCOMER + 100, final: 200, cost: 20 }],
    ['a day’s growth', true, { dropAt: NEWCOMER + 1_000, final: 9_000 }],
    ['more than that', false, { dropAt: NEWCOMER + 1_010, final: 9_000 }],
  ] as const) {
    const { b, holds } = lender();
    Object.assign(b, with_);
    assert.equal(holds(), held, what);
  }
});

test('all together are lent no more than is left of what all paid', () => {
  const { b, c, holds } = lender();
  Object.assign(b, { dropAt: NEWCOMER + 100, final: 300 });
  assert.equal(holds(), true);
  Object.assign(c, { issuedUnits: 190 });
  assert.equal(holds(), true, 'it is still there');
  Object.assign(c, { issuedUnits: 210 });
  assert.equal(holds(), false, 'the other key has collected it');
});

test('a node that is being stopped says no new terms', () => {
  const { b, holds, stops } = lender();
  Object.assign(b, { dropAt: NEWCOMER + 100 });
  assert.equal(holds(), false);
  stops();
  assert.equal(holds(), true);
});
