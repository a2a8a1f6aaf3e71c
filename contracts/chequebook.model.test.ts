import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { NodeId } from '../src/core/node-id.ts';
import {
  type Bench,
  BOOK_ABI,
  beneficiaries,
  bookCall,
  cashing,
  DAY_S,
  openBench,
  owner,
  stranger,
  ZERO,
} from './testing/bench.ts';

/** Random calls at random times against a chequebook on the EVM and against this small model of it. */

const WEEK_S = 7 * DAY_S;

type Step =
  | { readonly do: 'deposit'; readonly wei: number }
  | { readonly do: 'cash'; readonly who: number; readonly cumulative: number }
  | { readonly do: 'announce'; readonly wei: number }
  | { readonly do: 'withdraw' };

class Model {
  deposits = 0n;
  balance = 0n;
  withdrawn = 0n;
  totalPaidOut = 0n;
  bounced = false;
  announcedWei = 0n;
  announcedFrom = 0;
  readonly paidOut = beneficiaries.map(() => 0n);
  readonly signed = beneficiaries.map(() => 0n);

  /** Returns the error the contract must answer with, or what it must pay out. */
  step(step: Step, nowS: number): string | bigint {
    if (step.do === 'deposit') {
      this.deposits += BigInt(step.wei);
      this.balance += BigInt(step.wei);
      return 0n;
    }
    if (step.do === 'cash') return this.cash(step.who, BigInt(step.cumulative));
    if (step.do === 'announce') {
      this.announcedWei = BigInt(step.wei);
      this.announcedFrom = step.wei === 0 ? 0 : nowS + DAY_S;
      return 0n;
    }
    return this.withdraw(nowS);
  }

  private cash(who: number, cumulative: bigint): string | bigint {
    const before = this.paidOut[who] ?? 0n;
    if (cumulative > (this.signed[who] ?? 0n)) this.signed[who] = cumulative;
    if (cumulative <= before) return 'NothingOwed';
    const paid = cumulative - before < this.balance ? cumulative - before : this.balance;
    if (paid < cumulative - before) this.bounced = true;
    this.paidOut[who] = before + paid;
    this.totalPaidOut += paid;
    this.balance -= paid;
    return paid;
  }

  private withdraw(nowS: number): string | bigint {
    if (this.announcedWei === 0n) return 'NothingAnnounced';
    if (nowS < this.announcedFrom) return 'StillFrozen';
    if (nowS > this.announcedFrom + WEEK_S) return 'AnnouncementLapsed';
    const taken = this.announcedWei < this.balance ? this.announcedWei : this.balance;
    this.announcedWei = 0n;
    this.announcedFrom = 0;
    this.balance -= taken;
    this.withdrawn += taken;
    return taken;
  }
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('deposit' as const), wei: fc.nat(100) }),
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('cash' as const),
      who: fc.nat(beneficiaries.length - 1),
      cumulative: fc.nat(150),
    }),
  },
  fc.record({ do: fc.constant('announce' as const), wei: fc.nat(120) }),
  fc.record({ do: fc.constant('withdraw' as const) }),
);
/** Around the two edges that matter: the end of the freeze, and the lapse of an announcement. */
const wait = fc.oneof(
  fc.integer({ min: 1, max: 3600 }),
  fc.constantFrom(DAY_S - 1, DAY_S, DAY_S + 1, WEEK_S, WEEK_S + 1),
);

async function perform(bench: Bench, book: NodeId, action: Step, atS: number): Promise<string | bigint> {
  const by = (from: NodeId, data: `0x${string}`, wei = 0n) => bench.send({ from, to: book, data, wei }, atS);
  const outcome =
    action.do === 'deposit'
      ? await by(stranger, '0x', BigInt(action.wei))
      : action.do === 'cash'
        ? await by(stranger, cashing(book, beneficiaries[action.who] ?? ZERO, BigInt(action.cumulative)))
        : await by(
            owner,
            action.do === 'announce' ? bookCall('announceWithdrawal', [BigInt(action.wei)]) : bookCall('withdraw'),
          );
  if (outcome.error !== undefined) return outcome.error;
  const moved = outcome.events.find((event) => event.name === 'ChequeCashed' || event.name === 'Withdrawn')?.args;
  return ((moved?.['paid'] ?? moved?.['amount']) as bigint | undefined) ?? 0n;
}

async function agrees(bench: Bench, book: NodeId, model: Model): Promise<void> {
  const read = (name: string, args: readonly unknown[] = []) => bench.read<unknown>(book, BOOK_ABI, name, args);
  assert.equal(await bench.balance(book), model.balance);
  assert.equal(await read('totalPaidOut'), model.totalPaidOut);
  assert.equal(await read('bounced'), model.bounced);
  assert.equal(await read('announcedWei'), model.announcedWei);
  assert.equal(await read('announcedFrom'), BigInt(model.announcedFrom));
  for (const [who, id] of beneficiaries.entries()) {
    const paid = await read('paidOut', [id]);
    assert.equal(paid, model.paidOut[who]);
    assert.ok((paid as bigint) <= (model.signed[who] ?? 0n), 'nobody is paid above what was signed');
  }
  assert.ok(model.totalPaidOut + model.withdrawn <= model.deposits, 'no more goes out than came in');
}

test('a chequebook does what its model does, whatever is called when', async () => {
  const bench = await openBench();
  const arrays = fc.array(fc.tuple(wait, step), { minLength: 5, maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(arrays, async (steps) => {
      const book = await bench.book();
      const model = new Model();
      let nowS = await bench.nowS();
      for (const [seconds, action] of steps) {
        nowS += seconds;
        assert.deepEqual(await perform(bench, book, action, nowS), model.step(action, nowS), JSON.stringify(action));
        await agrees(bench, book, model);
      }
    }),
    { numRuns: 25 },
  );
});
