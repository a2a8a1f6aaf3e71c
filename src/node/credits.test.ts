import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { WayleaveError } from '../core/errors.ts';
import { readyAccount } from '../core/ledger/account-pair.fixture.ts';
import type { LinkAccount } from '../core/ledger/link-account.ts';
import type { ReceivedChequeRecord, Store, StoredState } from '../store/store.ts';
import { Credits } from './credits.ts';
import { parseConfig } from './load-config.ts';
import type { Known, Neighbours } from './neighbours.ts';

const ID = `0x${'b0'.repeat(20)}`;
const OTHER = `0x${'c0'.repeat(20)}`;
const CONFIG = parseConfig('[credit]\nearn_percent = 50\n', '/x/wayleave.toml');
const ONE_A_DAY = parseConfig('[credit]\nnewcomers_per_day = 1\n', '/x/wayleave.toml');
const DEEP = { mine: { dropAt: 1_000_000 }, theirs: { dropAt: 1_000_000 } };

/** A node with one neighbour that has a real account, and what is kept of that neighbour's income. */
class Bed {
  readonly account: LinkAccount = readyAccount(DEEP);
  passedOn = 0;
  received: Pick<ReceivedChequeRecord, 'neighbour' | 'cumulative' | 'cashedCumulative'>[] = [];
  readonly #known = { neighbour: { account: this.account, id: ID }, config: undefined } as unknown as Known;
  readonly faults: unknown[] = [];
  commit = async (): Promise<void> => undefined;
  readonly credits: Credits;

  get kept(): number | undefined {
    return this.credits.status(this.#known).history?.kept;
  }

  get why(): string {
    return this.credits.status(this.#known).why;
  }

  /** It was served, and has paid all of it. */
  constructor({ served = true, config = CONFIG } = {}) {
    this.credits = new Credits({
      config,
      clock: { nowMs: () => 0, wallMs: () => 0, after: () => ({ cancel: () => undefined }) },
      store: { commit: () => this.commit() } as Partial<Store> as Store,
      stored: { notes: [], credits: [], links: [] } as Partial<StoredState> as StoredState,
      neighbours: () => ({ all: () => [this.#known], known: () => this.#known }) as Partial<Neighbours> as Neighbours,
      received: () => this.received as ReceivedChequeRecord[],
      passedOn: () => this.passedOn,
      costPerMb: () => undefined,
      emit: (kind, facts) => void (kind === 'fault' && this.faults.push(facts['code'])),
    });
    if (!served) return;
    const { ledger, row } = this.account;
    ledger.provided(row, 0, 1_000);
    ledger.received(row, 1_000, 1_000);
  }
}

const { weiPerUnit } = CONFIG.settlement;
const cheque = (units: number) => ({ neighbour: ID, cumulative: BigInt(units) * weiPerUnit, cashedCumulative: 0n });

const FACTS: readonly [string, (bed: Bed) => void, number][] = [
  ['all it paid for good', () => undefined, 1_000],
  ['not what it paid by cheques that are not cashed', (bed) => bed.received.push(cheque(30)), 970],
  ['not what it is owed', ({ account }) => account.ledger.consumed(account.row, 0, 40), 960],
  ['not what is being paid to it', ({ account }) => account.ledger.paying(account.row, 100), 900],
  [
    'not what was paid to it',
    ({ account: { ledger, row } }) => {
      ledger.paying(row, 100);
      ledger.paid(row, 100);
    },
    900,
  ],
  [
    'not what was written off in its favour',
    ({ account: { ledger, row } }) => {
      ledger.provided(row, 0, 25);
      ledger.correct(row, 'provided', 0, -25);
    },
    975,
  ],
  [
    'not what cashing its cheques cost',
    ({ credits }) => credits.heard('cashed', ID, { gasWei: String(8n * weiPerUnit) }),
    992,
  ],
  [
    'not the value of its packets that went on',
    (bed) => {
      bed.passedOn = 70;
    },
    930,
  ],
];
for (const [what, happens, kept] of FACTS) {
  test(`income kept of a neighbour is ${what}`, () => {
    const bed = new Bed();
    happens(bed);
    assert.equal(bed.kept, kept);
  });
}

test('a newcomer that used nothing and left is not said to be refused; one that came when there was no place is', () => {
  const bed = new Bed({ served: false, config: ONE_A_DAY });
  bed.credits.came(ID, false);
  assert.equal(bed.why, 'newcomer');
  bed.credits.heard('linkDown', ID, {});
  assert.equal(bed.why, 'newcomer', 'it may come again');
  bed.credits.came(OTHER, false);
  bed.credits.came(ID, false);
  assert.deepEqual([bed.why, bed.credits.refuses(ID)], ['newcomers', true]);
});

test('what the store says is wrong is told by its own code', async () => {
  const bed = new Bed();
  bed.commit = () => Promise.reject(new WayleaveError('STORE_FULL'));
  bed.credits.came(ID, false);
  await setImmediate();
  assert.deepEqual(bed.faults, ['STORE_FULL']);
});
