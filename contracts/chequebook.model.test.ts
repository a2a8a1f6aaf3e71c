import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { NodeId } from '../src/core/node-id.ts';
import {
  type Bench,
  BOOK_ABI,
  beneficiaries,
  bookCall,
  DAY_S,
  type Hex,
  issuer,
  openBench,
  owner,
  stranger,
  WEEK_S,
  ZERO,
} from './testing/bench.ts';
import { cashing, cheque, openBook } from './testing/books.ts';

/** Random calls at random times against a chequebook on the EVM and against this small model of it. */

type Step =
  | { readonly do: 'deposit'; readonly amount: number }
  | { readonly do: 'cash'; readonly cheques: readonly (readonly [who: number, cumulative: number])[] }
  | { readonly do: 'announceWithdrawal' | 'withdraw'; readonly amount: number }
  | { readonly do: 'reserve' | 'announceRelease' | 'release'; readonly who: number; readonly amount: number };

interface Announcement {
  readonly amount: bigint;
  readonly fromS: number;
}

/** Returns the error the contract must answer with, or what it must pay out, in order. */
type Answer = string | readonly bigint[];

class Model {
  deposits = 0n;
  balance = 0n;
  withdrawn = 0n;
  bounced = false;
  withdrawal: Announcement | undefined;
  readonly paidOut = beneficiaries.map(() => 0n);
  readonly signed = beneficiaries.map(() => 0n);
  readonly reserved = beneficiaries.map(() => 0n);
  readonly releases: (Announcement | undefined)[] = beneficiaries.map(() => undefined);

  get totalReserved(): bigint {
    return sum(this.reserved);
  }

  step(step: Step, nowS: number): Answer {
    const amount = 'amount' in step ? BigInt(step.amount) : 0n;
    const announced = amount === 0n ? undefined : { amount, fromS: nowS + DAY_S };
    switch (step.do) {
      case 'deposit':
        this.deposits += amount;
        this.balance += amount;
        return [];
      case 'cash':
        return this.cash(step.cheques);
      case 'announceWithdrawal':
        this.withdrawal = announced;
        return [];
      case 'withdraw':
        return this.withdraw(nowS);
      case 'reserve':
        return this.reserve(step.who, amount);
      case 'announceRelease':
        this.releases[step.who] = announced;
        return [];
      case 'release':
        return this.release(step.who, nowS);
    }
  }

  private cash(cheques: readonly (readonly [number, number])[]): Answer {
    for (const [who, cumulative] of cheques) this.signed[who] = larger(this.signed[who] ?? 0n, BigInt(cumulative));
    const fresh = cheques.map(([who, cumulative]) => this.cashOne(who, BigInt(cumulative)));
    if (cheques.length === 1 && fresh[0] === undefined) return 'NothingOwed';
    return fresh.filter((paid) => paid !== undefined);
  }

  private cashOne(who: number, cumulative: bigint): bigint | undefined {
    const [before, mine] = [this.paidOut[who] ?? 0n, this.reserved[who] ?? 0n];
    if (cumulative <= before) return undefined;
    const paid = smaller(cumulative - before, this.balance - (this.totalReserved - mine));
    if (paid < cumulative - before) this.bounced = true;
    this.paidOut[who] = before + paid;
    this.reserved[who] = mine - smaller(mine, paid);
    this.balance -= paid;
    return paid;
  }

  private withdraw(nowS: number): Answer {
    const error = notRipe(this.withdrawal, nowS);
    if (error !== undefined) return error;
    const taken = smaller(this.withdrawal?.amount ?? 0n, this.balance - this.totalReserved);
    this.withdrawal = undefined;
    this.balance -= taken;
    this.withdrawn += taken;
    return [taken];
  }

  private reserve(who: number, amount: bigint): Answer {
    if (this.totalReserved + amount > this.balance) return 'ReserveNotCovered';
    this.reserved[who] = (this.reserved[who] ?? 0n) + amount;
    this.releases[who] = undefined;
    return [];
  }

  private release(who: number, nowS: number): Answer {
    const error = notRipe(this.releases[who], nowS);
    if (error !== undefined) return error;
    const mine = this.reserved[who] ?? 0n;
    this.reserved[who] = mine - smaller(mine, this.releases[who]?.amount ?? 0n);
    this.releases[who] = undefined;
    return [];
  }
}

function notRipe(announcement: Announcement | undefined, nowS: number): string | undefined {
  if (announcement === undefined) return 'NothingAnnounced';
  if (nowS < announcement.fromS) return 'StillFrozen';
  return nowS > announcement.fromS + WEEK_S ? 'AnnouncementLapsed' : undefined;
}

const sum = (amounts: readonly bigint[]) => amounts.reduce((all, one) => all + one, 0n);
const larger = (a: bigint, b: bigint) => (a > b ? a : b);
const smaller = (a: bigint, b: bigint) => (a < b ? a : b);

const who = fc.nat(beneficiaries.length - 1);
const one = fc.tuple(who, fc.nat(150));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant('deposit' as const), amount: fc.nat(100) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('cash' as const), cheques: fc.tuple(one) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('cash' as const), cheques: fc.array(one, { minLength: 2, maxLength: 4 }) }),
  },
  fc.record({ do: fc.constantFrom('announceWithdrawal' as const, 'withdraw' as const), amount: fc.nat(120) }),
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('reserve' as const, 'announceRelease' as const, 'release' as const),
      who,
      amount: fc.nat(60),
    }),
  },
);
/** Around the two edges that matter: the end of the freeze, and the lapse of an announcement. */
const wait = fc.oneof(
  fc.integer({ min: 1, max: 3600 }),
  fc.constantFrom(DAY_S - 1, DAY_S, DAY_S + 1, WEEK_S, WEEK_S + 1),
);

/** What the step is on the chain: who calls what. */
function callOf(book: NodeId, action: Step): { readonly from: NodeId; readonly data: Hex } {
  const beneficiary = 'who' in action ? (beneficiaries[action.who] ?? ZERO) : ZERO;
  switch (action.do) {
    case 'deposit':
      return { from: stranger, data: '0x' };
    case 'cash': {
      const named = action.cheques.map(([at, amount]) => [beneficiaries[at] ?? ZERO, BigInt(amount)] as const);
      const [first] = named;
      if (named.length === 1 && first !== undefined) return { from: stranger, data: cashing(book, ...first) };
      return { from: stranger, data: bookCall('cashMany', [named.map(([to, amount]) => cheque(book, to, amount))]) };
    }
    case 'announceWithdrawal':
      return { from: owner, data: bookCall('announceWithdrawal', [BigInt(action.amount)]) };
    case 'withdraw':
      return { from: owner, data: bookCall('withdraw') };
    case 'release':
      return { from: issuer.id, data: bookCall('release', [beneficiary]) };
    default:
      return { from: issuer.id, data: bookCall(action.do, [beneficiary, BigInt(action.amount)]) };
  }
}

class Run {
  readonly bench: Bench;
  readonly token: NodeId;
  readonly book: NodeId;
  readonly model = new Model();

  constructor(bench: Bench, token: NodeId, book: NodeId) {
    this.bench = bench;
    this.token = token;
    this.book = book;
  }

  async step(seconds: number, action: Step): Promise<void> {
    const atS = (await this.bench.nowS()) + seconds;
    const answer = await this.perform(action, atS);
    assert.deepEqual(answer, this.model.step(action, atS), JSON.stringify(action));
    await this.agrees();
  }

  private async perform(action: Step, atS: number): Promise<Answer> {
    if (action.do === 'deposit') {
      await this.bench.give(this.book, BigInt(action.amount), this.token);
      return [];
    }
    const outcome = await this.bench.send({ ...callOf(this.book, action), to: this.book }, atS);
    if (outcome.error !== undefined) return outcome.error;
    const moves = outcome.events.filter(({ name }) => name === 'ChequeCashed' || name === 'Withdrawn');
    return moves.map(({ args }) => (args['paid'] ?? args['amount']) as bigint);
  }

  private async agrees(): Promise<void> {
    const { bench, book, token, model } = this;
    const read = <T>(name: string, args: readonly unknown[] = []) => bench.read<T>(book, BOOK_ABI, name, args);
    assert.equal(await bench.balance(book, token), model.balance);
    assert.equal(await read('totalPaidOut'), sum(model.paidOut));
    assert.equal(await read('totalReserved'), model.totalReserved);
    assert.equal(await read('bounced'), model.bounced);
    for (const [at, id] of beneficiaries.entries()) {
      const paid = await read<bigint>('paidOut', [id]);
      assert.equal(paid, model.paidOut[at]);
      assert.equal(await read('reserved', [id]), model.reserved[at]);
      assert.ok(paid <= (model.signed[at] ?? 0n), 'nobody is paid above what was signed');
    }
    assert.ok(model.totalReserved <= model.balance, 'what is set aside is there');
    assert.ok(sum(model.paidOut) + model.withdrawn <= model.deposits, 'no more goes out than came in');
  }
}

for (const kind of ['coin', 'token'] as const) {
  describe(`in ${kind}`, () => {
    test('a chequebook does what its model does, whatever is called when', async () => {
      const bench = await openBench();
      const token = kind === 'coin' ? ZERO : await bench.deploy('PlainToken');
      const arrays = fc.array(fc.tuple(wait, step), { minLength: 5, maxLength: 25 });
      await fc.assert(
        fc.asyncProperty(arrays, async (steps) => {
          const run = new Run(bench, token, await openBook(bench, 0n, { token }));
          for (const [seconds, action] of steps) await run.step(seconds, action);
        }),
        { numRuns: 15 },
      );
      bench.chain.close();
    });
  });
}
