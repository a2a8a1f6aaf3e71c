import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chain } from '../chain/chain.ts';
import type { Timer } from '../core/clock.ts';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { Ratio } from '../core/ratio.ts';
import type { SessionEvent } from '../core/session/session-effect.ts';
import { NO_TRANSFERS } from '../core/settlement/transfers.ts';
import type { Store } from '../store/store.ts';
import { TransferIntake, type TransferIntakeOptions } from './transfer-intake.ts';

const [PAYER, OTHER] = ['a', 'b'].map((digit) => `0x${digit.repeat(40)}`) as [NodeId, NodeId];
const CONFIRMATIONS = 3;

interface Paid {
  readonly from: NodeId;
  readonly transaction: string;
  readonly wei: bigint;
  block: number;
}

/** A payee that is told of its chain by a test: how far it is, on which branch from which block, and who has paid. */
class Payee {
  head = 5;
  /** From this block on it is another one than before. */
  changedFrom = Number.POSITIVE_INFINITY;
  branch = 0;
  fails: Error | undefined;
  ratio: Ratio | undefined = { numerator: 2n, denominator: 1n };
  isKnown = true;
  /** The endpoint does not have these blocks, or not this one's hash. */
  lacks: 'nothing' | 'payments' | 'hash' = 'nothing';
  readonly paid: Paid[] = [];
  readonly told: SessionEvent[] = [];
  /** Since it was asked for last: ranges searched, accounts written, payments cleared, faults. */
  readonly news: string[] = [];
  readonly timers = new Set<() => void>();
  readonly intake: TransferIntake;

  constructor(more: Partial<TransferIntakeOptions> = {}) {
    const hash = (block: number) => `${block} ${block < this.changedFrom ? 0 : this.branch}`;
    const chain: Partial<Chain> = {
      head: async () => {
        if (this.fails !== undefined) throw this.fails;
        return { number: BigInt(this.head), hash: hash(this.head) };
      },
      blockHash: async (block) => (this.lacks === 'hash' && block === 206 ? undefined : hash(block)),
      incoming: async (from, to) => {
        this.news.push(`${from} to ${to}`);
        if (this.lacks === 'payments') return undefined;
        return this.paid.filter(({ block }) => from <= block && block <= to).map((each) => ({ ...each, index: 0 }));
      },
    };
    this.intake = new TransferIntake({
      ...{ chain: chain as Chain, confirmations: CONFIRMATIONS, books: new Map(), searched: undefined },
      clock: {
        after: (ms: number, act: () => void): Timer => {
          assert.equal(ms, 1_000);
          this.timers.add(act);
          return { cancel: () => this.timers.delete(act) };
        },
      } as never,
      store: { commit: async () => undefined } as Partial<Store> as Store,
      neighbour: () => ({ myRatio: this.ratio }) as never,
      tell: (_, event) => this.isKnown && this.told.push(event) > 0,
      keep: async (payer) => void this.news.push(`kept ${payer === PAYER ? 'payer' : 'other'}`),
      cleared: () => this.news.push('cleared'),
      emit: (_, { code }) => this.news.push(String(code)),
      ...more,
    });
  }

  async look(head = this.head): Promise<readonly unknown[]> {
    this.head = head;
    const credited = await this.intake.look();
    return [...this.news.splice(0), credited];
  }

  /** The blocks from here on are others now, and hold only what stands in `paid`. */
  reorganised(from: number): void {
    this.changedFrom = from;
    this.branch += 1;
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const checked = (units: number, acceptedWei: bigint, id?: number) => {
  const outcome = { accepted: true, units, clearing: units, acceptedWei };
  return { kind: 'paymentChecked', id, method: 'transfer', outcome };
};

test('each block is searched once, so many at a look, and the last ones again where another branch has won', async () => {
  const payee = new Payee();
  assert.equal(payee.intake.begun, false);
  assert.deepEqual(await payee.look(), [0], 'nobody can have paid a node that is new');
  assert.equal(payee.intake.begun, true);
  for (const [head, asked] of [
    [5, []],
    [6, ['6 to 6']],
    [9, ['7 to 9']],
    [300, ['10 to 210']],
    [300, ['211 to 300']],
    [300, []],
  ] as const)
    assert.deepEqual(await payee.look(head), [...asked, 0]);
  payee.reorganised(299);
  assert.deepEqual(await payee.look(301), ['236 to 301', 0]);
  const young = new Payee();
  await young.look();
  young.reorganised(2);
  assert.deepEqual(await young.look(6), ['0 to 6', 0], 'before the first there is none');
  young.head = 5;
  assert.deepEqual(await young.look(5), [0], 'an endpoint that is behind has nothing new');
});

for (const lacks of ['payments', 'hash'] as const) {
  test(`blocks whose ${lacks} an endpoint does not have yet are searched at the next look`, async () => {
    const payee = new Payee();
    await payee.look();
    payee.paid.push({ from: PAYER, transaction: '0xone', wei: 20n, block: 6 });
    payee.lacks = lacks;
    assert.deepEqual(await payee.look(300), ['6 to 206', 0]);
    payee.lacks = 'nothing';
    assert.deepEqual(await payee.look(300), ['6 to 206', 'kept payer', 1]);
  });
}

test('a payment counts when it is deep, told of or not, once, at the ratio of its payer', async () => {
  const payee = new Payee();
  await payee.look();
  payee.paid.push({ from: PAYER, transaction: '0xone', wei: 21n, block: 6 });
  assert.deepEqual(await payee.look(6), ['6 to 6', 'kept payer', 0]);
  assert.deepEqual(await payee.look(7), ['7 to 7', 0]);
  assert.equal(payee.intake.announced(PAYER, 4, '0xone'), undefined, 'not yet');
  assert.deepEqual(await payee.look(8), ['8 to 8', 1]);
  assert.deepEqual(payee.told, [checked(10, 21n, 4)]);
  assert.equal(payee.intake.accepted(PAYER).length, 1);
  assert.deepEqual(payee.intake.accepted(OTHER), []);
  assert.deepEqual(await payee.look(9), ['9 to 9', 0]);
  const again = { accepted: true, units: 0, clearing: 0, acceptedWei: 21n };
  assert.deepEqual(payee.intake.announced(PAYER, 4, '0xone'), again, 'whoever asks again is answered');
  assert.equal(payee.intake.announced(PAYER, 5, '0xtwo'), undefined);
  payee.paid.push({ from: PAYER, transaction: '0xone-more', wei: 1n, block: 10 });
  await payee.look(12);
  assert.deepEqual(payee.told.at(-1), checked(1, 22n), 'with the wei left over; nobody asked for this one');
});

test('a payment waits for the terms of its payer, and for an account', async () => {
  const payee = new Payee();
  await payee.look();
  payee.paid.push({ from: PAYER, transaction: '0xone', wei: 20n, block: 6 });
  const { ratio } = payee;
  payee.ratio = undefined;
  assert.deepEqual(await payee.look(9), ['6 to 9', 'kept payer', 0]);
  Object.assign(payee, { ratio, isKnown: false });
  assert.deepEqual(await payee.look(), [0]);
  payee.isKnown = true;
  assert.equal((await payee.look()).at(-1), 1);
  assert.deepEqual(payee.told, [checked(10, 20n)]);
});

test('what a reorganisation takes back is told, once, and is final again where it is mined again', async () => {
  const payee = new Payee();
  await payee.look();
  payee.paid.push({ from: PAYER, transaction: '0xone', wei: 20n, block: 6 });
  payee.paid.push({ from: OTHER, transaction: '0xtwo', wei: 20n, block: 6 });
  assert.deepEqual(await payee.look(8), ['6 to 8', 'kept payer', 'kept other', 2]);
  const [first] = payee.paid.splice(0, 1) as [Paid];
  payee.told.splice(0);
  payee.reorganised(6);
  assert.deepEqual(await payee.look(9), ['0 to 9', 'kept payer', 0]);
  assert.deepEqual(payee.told.splice(0), [{ kind: 'paymentUndone', units: 10 }]);
  assert.deepEqual([payee.intake.undoneUnits(PAYER), payee.intake.undoneUnits(OTHER)], [10, 0]);
  payee.paid.push({ ...first, block: 10 });
  assert.deepEqual(await payee.look(11), ['10 to 11', 'kept payer', 0]);
  assert.deepEqual(await payee.look(12), ['12 to 12', 'cleared', 1]);
  assert.deepEqual(payee.told.splice(0), [checked(0, 20n)]);
  assert.equal(payee.intake.undoneUnits(PAYER), 0);
});

test('a payment that is moved to another block is as deep as that', async () => {
  const payee = new Payee();
  await payee.look();
  payee.paid.push({ from: PAYER, transaction: '0xone', wei: 20n, block: 6 });
  await payee.look(7);
  payee.reorganised(6);
  (payee.paid[0] as Paid).block = 7;
  assert.deepEqual(await payee.look(8), ['0 to 8', 'kept payer', 0]);
  assert.deepEqual([await payee.look(9), payee.told], [['9 to 9', 1], [checked(10, 20n)]]);
});

test('a chain that does not answer is told of once, until it has answered; one that is closed, not at all', async () => {
  const payee = new Payee();
  const unreachable = new WayleaveError('RPC_UNREACHABLE', { url: 'test' });
  for (const [fails, told] of [
    [unreachable, ['RPC_UNREACHABLE']],
    [unreachable, []],
    [undefined, []],
    [undefined, []],
    [new Error('what is this'), ['RPC_FAILED']],
    [unreachable, []],
    [undefined, []],
    [new WayleaveError('CHAIN_CLOSED'), []],
  ] as const) {
    payee.fails = fails;
    assert.deepEqual(await payee.look(), [...told, 0]);
  }
  const stopped = new Payee();
  stopped.fails = unreachable;
  stopped.intake.stop();
  assert.deepEqual(await stopped.look(), [0]);
});

test('payers beyond so many are not remembered, and those that are stay', async () => {
  const books = new Map(Array.from({ length: 9_999 }, (_, n) => [`0x${n}`, NO_TRANSFERS] as const));
  const payee = new Payee({ books });
  await payee.look();
  payee.paid.push({ from: PAYER, transaction: '0xone', wei: 20n, block: 6 });
  payee.paid.push({ from: OTHER, transaction: '0xtwo', wei: 20n, block: 6 });
  assert.deepEqual(await payee.look(8), ['6 to 8', 'kept payer', 1]);
  payee.paid.push({ from: PAYER, transaction: '0xthree', wei: 20n, block: 9 });
  assert.deepEqual(await payee.look(11), ['9 to 11', 'kept payer', 1]);
});

test('it looks each second from its start on, says when it may be paid, and credits nothing once stopped', async () => {
  const payee = new Payee();
  let ready = 0;
  payee.intake.start(() => (ready += 1));
  await turn();
  assert.deepEqual([ready, payee.timers.size], [1, 1]);
  payee.paid.push({ from: PAYER, transaction: '0xone', wei: 20n, block: 6 });
  for (const head of [6, 7]) {
    payee.head = head;
    for (const act of payee.timers) {
      payee.timers.delete(act);
      act();
    }
    await turn();
    assert.equal(payee.timers.size, 1);
  }
  assert.deepEqual([payee.news.splice(0), ready], [['6 to 6', 'kept payer', '7 to 7'], 1]);
  payee.intake.stop();
  assert.equal(payee.timers.size, 0);
  assert.deepEqual(await payee.look(8), ['8 to 8', 0]);
  assert.deepEqual(payee.told, []);
  const stopping = new Payee();
  stopping.intake.start(() => undefined);
  stopping.intake.stop();
  await turn();
  assert.equal(stopping.timers.size, 0, 'also in the middle of a look');
});
