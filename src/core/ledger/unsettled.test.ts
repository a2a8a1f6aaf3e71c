import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { serviceColumn } from '../service.ts';
import { Ledger } from './ledger.ts';
import { Unsettled } from './unsettled.ts';

const { packets, transit } = serviceColumn;

function brings(ledger: Ledger, unsettled: Unsettled, units: number): void {
  ledger.provided(0, packets, units);
  unsettled.taken(0);
}

/** What happens on one link, and how much the neighbour may then return. */
const CASES: readonly [string, (ledger: Ledger, unsettled: Unsettled) => void, number][] = [
  ['nothing', () => undefined, 0],
  ['value goes', (ledger) => ledger.consumed(0, packets, 100), 100],
  ['value comes', (ledger, unsettled) => brings(ledger, unsettled, 70), 0],
  [
    'it goes and comes back',
    (ledger) => {
      ledger.consumed(0, packets, 100);
      ledger.provided(0, packets, 40);
    },
    60,
  ],
  [
    'other services do not matter',
    (ledger) => {
      ledger.provided(0, transit, 300);
      ledger.consumed(0, packets, 100);
    },
    100,
  ],
  [
    'I pay for all of it',
    (ledger) => {
      ledger.consumed(0, packets, 100);
      ledger.paying(0, 100);
      ledger.paid(0, 100);
    },
    0,
  ],
  [
    'I pay for a part, and what is on its way counts as paid',
    (ledger) => {
      ledger.consumed(0, packets, 100);
      ledger.paying(0, 60);
    },
    40,
  ],
  [
    'I pay ahead: what goes then may come back',
    (ledger) => {
      ledger.paying(0, 300);
      ledger.paid(0, 300);
      ledger.consumed(0, packets, 100);
    },
    100,
  ],
  [
    'it used it for a packet of its own',
    (ledger, unsettled) => {
      ledger.consumed(0, packets, 100);
      brings(ledger, unsettled, 70);
    },
    100 - 70,
  ],
  [
    'what it brought before, and was taken, does not count',
    (ledger, unsettled) => {
      brings(ledger, unsettled, 70);
      ledger.consumed(0, packets, 100);
    },
    100,
  ],
  [
    'nor what it brought once and used up',
    (ledger, unsettled) => {
      ledger.consumed(0, packets, 100);
      brings(ledger, unsettled, 150);
      ledger.consumed(0, packets, 20);
    },
    20,
  ],
];

describe('value that nobody paid for', () => {
  for (const [name, act, units] of CASES) {
    it(name, () => {
      const ledger = new Ledger();
      ledger.addLink();
      ledger.consumed(0, packets, 1_000);
      const unsettled = new Unsettled(ledger);
      assert.equal(unsettled.returnable(0), 0, 'a link that is not used yet');
      unsettled.begin(0);
      ledger.paying(0, 1_000);
      ledger.paid(0, 1_000);
      act(ledger, unsettled);
      assert.equal(unsettled.returnable(0), units);
    });
  }
});

it('as many links as there are, in whatever order they are first used', () => {
  const ledger = new Ledger();
  const rows = Array.from({ length: 80 }, () => ledger.addLink());
  const unsettled = new Unsettled(ledger);
  const used = [16, 3, 40, 79, 16];
  for (const row of used) {
    unsettled.begin(row);
    ledger.consumed(row, packets, row);
  }
  assert.deepEqual(
    rows.filter((row) => unsettled.returnable(row) > 0),
    [3, 16, 40, 79],
  );
  assert.deepEqual(
    [3, 16, 40, 79].map((row) => unsettled.returnable(row)),
    [3, 32, 40, 79],
  );
});
