import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chain, ChequebookFacts, Receipt } from '../chain/chain.ts';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { NoteRecord, Store, StoreRecord } from '../store/store.ts';
import { WATCH_MS } from './chequebook-watch.ts';
import { OwnChequebook } from './own-chequebook.ts';
import { Treasury, type TreasuryOptions } from './treasury.ts';

const [ME, FIRST, SECOND, OWNER, NOBODY] = ['a', '1', '2', 'f', '0'].map((digit) => `0x${digit.repeat(40)}`) as [
  ...[NodeId, NodeId, NodeId, NodeId, NodeId],
];
const LOOK_MS = 60_000;
const DAY_MS = 86_400_000;
const DAY = 20_000;
/** What stays in the account for gas, where a unit of it costs 1 wei. */
const GAS_WEI = 900_000n;

const note = (name: string, told: object | string): NoteRecord => ({
  ...{ kind: 'note', name },
  text: typeof told === 'string' ? told : JSON.stringify(told),
});
const toppedUp = (day: number, wei: number) => note('topped-up', { day, wei: String(wei) });
const former = { address: SECOND, capacityWei: '70', nonce: 1 };
const RECEIPT = { hash: '0x1', gasWei: 1n } satisfies Receipt;
const news = async () => {
  for (let each = 0; each < 5; each += 1) await new Promise((resolve) => setImmediate(resolve));
};

interface Shape extends Partial<TreasuryOptions> {
  /** Without a note of it there is no chequebook. */
  readonly bare?: boolean;
}

/** A node's chequebook with 100 wei in it, an earlier one with 70, and a chain and a disk that fail when they are told to. */
class Bed {
  nowMs = 0;
  wallMs = DAY * DAY_MS + DAY_MS / 2;
  promisedWei = 0n;
  coinWei = 10n ** 18n;
  moneyWei = 0n;
  gasPriceWei = 1n;
  /** What fails next, once: the name of a call. */
  fails: { readonly call: string; readonly error: unknown } | undefined;
  /** Calls end when this does. */
  slow: Promise<void> = Promise.resolve();
  readonly facts = new Map<NodeId, ChequebookFacts>();
  /** What was asked of the chain and of the disk, and what was told, in order. */
  readonly log: string[] = [];
  readonly timers = new Map<() => void, number>();
  readonly own: OwnChequebook;
  readonly treasury: Treasury;

  constructor({ bare = false, ...more }: Shape = {}) {
    this.put(FIRST, 100n);
    this.put(SECOND, 70n);
    const known = note('own-chequebook', { address: FIRST, capacityWei: '100', former: [former] });
    const commit = async (records: readonly StoreRecord[]) => {
      for (const record of records) {
        if (record.kind !== 'note' || record.name !== 'topped-up') continue;
        await this.#call('disk', record.text.replaceAll('"', ''));
      }
    };
    const store = { commit } as Partial<Store> as Store;
    const chain = this.#chain();
    this.own = new OwnChequebook({ chain, store, notes: bare ? [] : [known] });
    const after = (ms: number, act: () => void) => {
      this.timers.set(act, this.nowMs + ms);
      return { cancel: () => void this.timers.delete(act) };
    };
    this.treasury = new Treasury({
      ...{ chain, store, own: this.own, me: ME, owner: undefined, notes: [] },
      clock: { nowMs: () => this.nowMs, wallMs: () => this.wallMs, after },
      promisedWei: (book) => (book === FIRST ? this.promisedWei : 0n),
      ...{ lowWaterWei: 50n, targetWei: 200n, maxPerDayWei: 250n },
      emit: (kind, { chequebook, code, wei, what }) => {
        assert.equal(kind === 'fault' ? what : chequebook, kind === 'fault' ? 'filling the chequebook' : FIRST);
        this.log.push(`${kind} ${code ?? wei}`);
      },
      ...more,
    });
  }

  put(book: NodeId, balanceWei: bigint, more: Partial<ChequebookFacts> = {}): void {
    const sums = { balanceWei, availableWei: balanceWei, totalPaidOutWei: 0n, withdrawalWei: 0n };
    this.facts.set(book, { ...sums, ...more } as ChequebookFacts);
  }

  async #call(call: string, told: string): Promise<void> {
    this.log.push(`${call} ${told}`);
    await this.slow;
    const { fails } = this;
    if (fails?.call !== call) return;
    this.fails = undefined;
    throw fails.error;
  }

  #chain(): Chain {
    const chain: Partial<Chain> = {
      chequebook: async (book, beneficiary) => {
        assert.equal(beneficiary, NOBODY);
        await this.#call('read', book.slice(-1));
        return this.facts.get(book);
      },
      balance: async (address) => (address === ME ? this.coinWei : 0n),
      money: async (address) => (address === ME ? this.moneyWei : 0n),
      gasPriceWei: async () => this.gasPriceWei,
      deposit: async (book, wei) => {
        await this.#call('deposit', `${wei} in ${book.slice(-1)}`);
        this.put(book, (this.facts.get(book)?.balanceWei ?? 0n) + wei);
        return RECEIPT;
      },
      administer: async (book, order) => {
        await this.#call(order.kind, book.slice(-1));
        if (order.kind === 'announceWithdrawal') this.put(book, 100n, { withdrawalWei: order.wei });
        return RECEIPT;
      },
      deployChequebook: async (wei, { nonce, owner } = {}) => {
        await this.#call('deploy', `${wei} at ${nonce} for ${owner}`);
        return { address: `0x${'3'.repeat(40)}`, transaction: RECEIPT };
      },
    };
    return chain as Chain;
  }

  /** Time passes, and each timer runs out at its moment. */
  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    for (;;) {
      const [next] = [...this.timers].filter(([, atMs]) => atMs <= endMs).toSorted((a, b) => a[1] - b[1]);
      this.#turn(next === undefined ? endMs : next[1]);
      if (next === undefined) return;
      this.timers.delete(next[0]);
      next[0]();
      await news();
    }
  }

  #turn(toMs: number): void {
    this.wallMs += toMs - this.nowMs;
    this.nowMs = toMs;
  }

  /** What happened since the last time. */
  news(...kinds: readonly string[]): readonly string[] {
    const all = this.log.splice(0);
    return kinds.length === 0 ? all : all.filter((line) => kinds.some((kind) => line.startsWith(kind)));
  }
}

const started = (more: Shape = {}, set: Partial<Bed> = {}): Bed => {
  const bed = Object.assign(new Bed(more), set);
  bed.treasury.start();
  return bed;
};

test('so much is put in as is missing, allowed and there, and what gas needs stays', async () => {
  const low = { promisedWei: 51n };
  const token = { inToken: true };
  const cases: readonly [Shape, Partial<Bed>, number][] = [
    [{}, { promisedWei: 50n }, 0],
    [{}, low, 151],
    [{ targetWei: 60n }, low, 11],
    [{ maxPerDayWei: 20n }, low, 20],
    [{ lowWaterWei: 0n }, { promisedWei: 100n }, 0],
    [{ lowWaterWei: 1n }, { promisedWei: 100n }, 200],
    [{}, { ...low, coinWei: GAS_WEI }, 0],
    [{}, { ...low, coinWei: GAS_WEI + 1n }, 1],
    [{}, { ...low, coinWei: 2n * GAS_WEI + 2n, gasPriceWei: 2n }, 2],
    [token, { ...low, moneyWei: 7n, coinWei: GAS_WEI }, 7],
    [token, { ...low, moneyWei: 7n, coinWei: GAS_WEI - 1n }, 0],
    [token, { ...low, moneyWei: 0n }, 0],
    [{}, { ...low, moneyWei: 7n }, 151],
    [{ bare: true }, low, 0],
  ];
  for (const [shape, set, wei] of cases) {
    const bed = started(shape, set);
    await bed.pass(LOOK_MS - 1);
    assert.deepEqual(bed.news(), []);
    await bed.pass(1);
    const deposited = wei === 0 ? [] : [`disk {day:${DAY},wei:${wei}}`, `deposit ${wei} in 1`, `deposited ${wei}`];
    assert.deepEqual(bed.news('disk', 'deposit', 'fault'), deposited, `${wei}`);
    assert.equal(bed.own.freeWei(FIRST, 0n), shape.bare ? 0n : 100n + BigInt(wei), 'known at once');
  }
});

test('a look costs no call where enough is free, and what somebody else put in counts', async () => {
  const bed = started({}, { promisedWei: 50n });
  await bed.pass(3 * LOOK_MS);
  assert.deepEqual(bed.news(), []);
  bed.promisedWei = 51n;
  bed.put(FIRST, 101n);
  await bed.pass(LOOK_MS);
  assert.deepEqual(bed.news(), ['read 1']);
});

test('a day allows so much, also over restarts, and a clock that goes back gives no second day', async () => {
  const cases: readonly [readonly NoteRecord[], number, string][] = [
    [[note('other', 'text'), toppedUp(DAY, 200)], 50, `{day:${DAY},wei:250}`],
    [[toppedUp(DAY - 1, 200)], 151, `{day:${DAY},wei:151}`],
    [[toppedUp(DAY + 1, 200)], 50, `{day:${DAY + 1},wei:250}`],
    [[toppedUp(DAY, 250)], 0, ''],
  ];
  for (const [notes, wei, text] of cases) {
    const bed = started({ notes }, { promisedWei: 51n });
    await bed.pass(LOOK_MS);
    assert.deepEqual(bed.news('disk', 'deposited'), wei === 0 ? [] : [`disk ${text}`, `deposited ${wei}`]);
  }
  const bed = started({}, { promisedWei: 51n });
  await bed.pass(LOOK_MS);
  bed.promisedWei = 230n;
  await bed.pass(2 * LOOK_MS);
  assert.deepEqual(bed.news('deposited'), ['deposited 151', 'deposited 99']);
  bed.promisedWei = 330n;
  bed.wallMs = (DAY + 1) * DAY_MS - LOOK_MS - 1;
  await bed.pass(LOOK_MS);
  assert.deepEqual(bed.news('deposited'), []);
  bed.wallMs = (DAY + 1) * DAY_MS - LOOK_MS;
  await bed.pass(LOOK_MS);
  assert.deepEqual(bed.news('disk'), [`disk {day:${DAY + 1},wei:180}`]);
});

test('what was not written down is not sent, what failed counts for its day, and the next look is as the first', async () => {
  for (const [call, error, code, wei] of [
    ['disk', new WayleaveError('STORE_FULL'), 'STORE_FULL', 151],
    ['deposit', new WayleaveError('TRANSACTION_PENDING'), 'TRANSACTION_PENDING', 99],
    ['read', new Error('unknown'), 'RPC_UNREACHABLE', 151],
  ] as const) {
    const bed = started({}, { promisedWei: 51n, fails: { call, error } });
    await bed.pass(LOOK_MS);
    const log = bed.news('deposit', 'fault');
    assert.deepEqual(log, [...(call === 'deposit' ? ['deposit 151 in 1'] : []), `fault ${code}`]);
    await bed.pass(LOOK_MS);
    assert.deepEqual(bed.news('deposited', 'fault'), [`deposited ${wei}`]);
  }
});

test('every chequebook is read now and then, and where that fails the next time', async () => {
  const bed = started();
  bed.put(FIRST, 100n, { withdrawalWei: 30n });
  bed.put(SECOND, 60n);
  await bed.pass(WATCH_MS - 1);
  assert.deepEqual(bed.news(), []);
  await bed.pass(1);
  assert.deepEqual(bed.news(), ['read 1', 'read 2']);
  assert.deepEqual([bed.own.freeWei(FIRST, 0n), bed.own.freeWei(SECOND, 0n)], [70n, 60n]);
  bed.fails = { call: 'read', error: new WayleaveError('RPC_UNREACHABLE') };
  await bed.pass(WATCH_MS);
  await bed.pass(WATCH_MS);
  assert.deepEqual(bed.news(), ['read 1', 'read 1', 'read 2']);
});

test('orders are done one after the other, whatever comes of the one before, on the current chequebook unless told', async () => {
  const { log, own, treasury, ...bed } = new Bed({ owner: OWNER });
  const orders = [
    treasury.order({ kind: 'deposit', wei: 5n }),
    treasury.order({ kind: 'announceWithdrawal', wei: 30n }),
    treasury.order({ kind: 'deposit', wei: 6n }, SECOND),
    treasury.order({ kind: 'deposit', wei: 7n }, OWNER),
    treasury.order({ kind: 'replace', wei: 8n }),
    treasury.order({ kind: 'withdraw' }),
  ];
  const done = await Promise.allSettled(orders);
  assert.deepEqual(log, [
    ...['deposit 5 in 1', 'read 1', 'announceWithdrawal 1', 'read 1', 'deposit 6 in 2', 'read 2'],
    ...[`deploy 8 at 1 for ${OWNER}`, 'read 3', 'withdraw 3', 'read 3'],
  ]);
  const books = done.map((each) => (each.status === 'fulfilled' ? each.value.chequebook : each.reason.code));
  const third = `0x${'3'.repeat(40)}`;
  assert.deepEqual(books, [FIRST, FIRST, SECOND, 'CHEQUEBOOK_UNKNOWN', third, third]);
  assert.deepEqual([own.freeWei(FIRST, 0n), own.freeWei(SECOND, 0n), bed.timers.size], [70n, 76n, 0]);
  const bare = new Bed({ bare: true });
  await assert.rejects(bare.treasury.order({ kind: 'withdraw' }), { code: 'CHEQUEBOOK_MISSING' });
  assert.deepEqual(bare.log, []);
});

test('how each chequebook stands is read anew, and of one that a reorganisation took nothing is there', async () => {
  const { facts, treasury } = new Bed();
  facts.delete(SECOND);
  const sums = { balanceWei: 90n, availableWei: 60n, totalPaidOutWei: 40n, withdrawalWei: 10n, withdrawableAtS: 9 };
  facts.set(FIRST, { ...facts.get(FIRST), ...sums } as ChequebookFacts);
  const nothing = { balanceWei: 0n, paidOutWei: 0n, promisedWei: 0n, reservedWei: 0n, withdrawalWei: 0n };
  assert.deepEqual(await treasury.standing(), [
    {
      ...{ address: FIRST, current: true, balanceWei: 90n, paidOutWei: 40n, promisedWei: 0n, reservedWei: 40n },
      ...{ freeWei: 90n, withdrawalWei: 10n, withdrawableAtS: 9 },
    },
    { ...nothing, address: SECOND, current: false, freeWei: 70n, withdrawableAtS: undefined },
  ]);
});

test('a stop waits for what is under way, and nothing begins after it', async () => {
  for (const waitsMs of [LOOK_MS, WATCH_MS]) {
    const bed = started({}, { promisedWei: 51n });
    const lasting = Promise.withResolvers<void>();
    bed.slow = lasting.promise;
    const order = bed.treasury.order({ kind: 'deposit', wei: 1n });
    await bed.pass(waitsMs);
    let ended = false;
    const end = bed.treasury.stop().then(() => (ended = true));
    await news();
    assert.deepEqual([bed.timers.size, ended], [0, false]);
    lasting.resolve();
    await Promise.all([end, order]);
    assert.deepEqual(bed.news(), ['deposit 1 in 1', 'read 1']);
    bed.treasury.start();
    assert.equal(bed.timers.size, 0);
  }
});

test('a chequebook that was being looked at when the node stops is not filled any more', async () => {
  const bed = started({}, { promisedWei: 51n });
  const lasting = Promise.withResolvers<void>();
  bed.slow = lasting.promise;
  await bed.pass(LOOK_MS);
  const end = bed.treasury.stop();
  lasting.resolve();
  await end;
  assert.deepEqual(bed.news(), ['read 1']);
});
