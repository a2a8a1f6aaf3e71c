import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { codeOf } from '../../src/core/errors.ts';
import { freeWei, leftWei } from '../../src/core/settlement/credit-lease.ts';
import type { CreditBook, CreditStanding } from '../../src/store/credit-book.ts';
import type { Store } from '../../src/store/store.ts';
import { chequebook, funds, order, promised } from './credit-orders.ts';

/** One node with its store and credit book. */
export interface CreditNode {
  readonly store: Store;
  readonly credit: CreditBook;
}

/** Where the books of one implementation stand. Every new `place` is empty. */
export interface CreditWorld {
  /** Opens the node's books at a place. After a close, finds what was written before. */
  open(place: string): Promise<CreditNode>;
  dispose(): Promise<void>;
}

export async function rejectsWith(promise: Promise<unknown>, code: string): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.equal(codeOf(error), code, String(error));
}

/** What every credit book must do for one node. Run it from the test of an implementation. */
export function creditConformance(name: string, makeWorld: () => Promise<CreditWorld>, missing?: string): void {
  describe(`credit book conformance: ${name}`, { skip: missing ?? false }, () => {
    let world: CreditWorld;
    let places = 0;
    before(async () => {
      world = await makeWorld();
    });
    after(() => world.dispose());
    const using = async <Result>(use: (node: CreditNode, place: string) => Promise<Result>, at?: string) => {
      const place = at ?? `credit-${++places}`;
      const node = await world.open(place);
      try {
        return await use(node, place);
      } finally {
        await node.store.close();
      }
    };
    refuses(using);
    counts(using);
    remembers(using);
    keepsToTheModel(using);
  });
}

type Using = <Result>(use: (node: CreditNode, place: string) => Promise<Result>, at?: string) => Promise<Result>;

const standing = async ({ credit }: CreditNode): Promise<CreditStanding> => {
  const found = await credit.standing(chequebook);
  assert.ok(found !== undefined);
  return found;
};

function refuses(using: Using): void {
  test('a chequebook nobody funded is missing, an amount of nothing is none', () =>
    using(async ({ credit }) => {
      assert.equal(await credit.standing(chequebook), undefined);
      await rejectsWith(credit.draw(chequebook, 1n), 'CHEQUEBOOK_MISSING');
      await rejectsWith(credit.issue(order(1, 1n)), 'CHEQUEBOOK_MISSING');
      await credit.fund(chequebook, funds(100n));
      await rejectsWith(credit.issue(order(1, 0n)), 'AMOUNT_INVALID');
      await rejectsWith(credit.issue(order(1, -5n)), 'AMOUNT_INVALID');
    }));

  test('what the chequebook holds can be promised to the last wei, and no more', () =>
    using(async (node) => {
      await node.credit.fund(chequebook, funds(1000n, 100n));
      await node.credit.issue(order(1, 890n));
      await rejectsWith(node.credit.issue(order(2, 11n)), 'CHEQUEBOOK_EMPTY');
      assert.equal((await node.credit.issue(order(2, 10n))).cumulative, 10n);
      await rejectsWith(node.credit.issue(order(1, 1n)), 'CHEQUEBOOK_EMPTY');
      assert.equal(promised(await standing(node)), 900n);
      await node.credit.fund(chequebook, funds(1000n, 0n, 2));
      assert.equal((await node.credit.issue(order(1, 100n))).cumulative, 990n);
    }));

  test('orders under way together cannot pass the limit, and those that fit are written', () =>
    using(async (node) => {
      await node.credit.fund(chequebook, funds(1000n));
      const outcomes = await Promise.allSettled(
        Array.from({ length: 40 }, (_, i) => node.credit.issue(order(i % 7, 60n))),
      );
      const written = outcomes.filter(({ status }) => status === 'fulfilled').length;
      assert.equal(written, 16);
      assert.equal(promised(await standing(node)), 960n);
    }));

  test('an order whose cheque cannot be written promises nothing and spoils no other', () =>
    using(async (node) => {
      await node.credit.fund(chequebook, funds(1000n));
      const throwing = { ...order(1, 10n), write: () => assert.fail('no key') };
      const lower = { ...order(1, 10n), write: (wei: bigint) => order(1, 10n).write(wei - 1n) };
      const other = { ...order(1, 10n), write: (wei: bigint) => order(2, 10n).write(wei) };
      const [a, b, c, d] = await Promise.allSettled(
        [throwing, lower, other, order(2, 10n)].map((each) => node.credit.issue(each)),
      );
      assert.equal(a?.status, 'rejected');
      for (const each of [b, c])
        assert.equal(each?.status === 'rejected' && codeOf(each.reason), 'STORE_RECORD_INVALID');
      assert.equal(d?.status, 'fulfilled');
      assert.equal(promised(await standing(node)), 10n);
    }));
}

function counts(using: Using): void {
  test('cheques to one beneficiary go on from each other, in call order', () =>
    using(async (node) => {
      await node.credit.fund(chequebook, funds(10_000n));
      const records = await Promise.all(
        Array.from({ length: 30 }, (_, i) => node.credit.issue(order(5, BigInt(i + 1), i))),
      );
      let total = 0n;
      for (const [i, record] of records.entries()) {
        total += BigInt(i + 1);
        assert.equal(record.cumulative, total);
        assert.equal(record.paymentId, i);
      }
      assert.equal((await node.store.load()).issued[0]?.cumulative, total);
    }));

  test('what is drawn is kept for this node until it gives it back', () =>
    using(async (node) => {
      await node.credit.fund(chequebook, funds(1000n));
      assert.ok(leftWei(await node.credit.draw(chequebook, 300n)) >= 300n);
      await node.credit.issue(order(1, 50n));
      const before = await standing(node);
      assert.ok(freeWei(before) <= 700n);
      assert.equal(
        before.committedWei,
        before.adoptedWei + before.leases.reduce((sum, each) => sum + each.grantedWei, 0n),
      );
      await node.credit.giveBack(chequebook);
      await node.credit.giveBack(chequebook);
      assert.equal(freeWei(await standing(node)), 950n);
      await rejectsWith(node.credit.draw(chequebook, 951n), 'CHEQUEBOOK_EMPTY');
      await node.credit.draw(chequebook, 950n);
    }));

  test('of two reports of the funds the later block counts', () =>
    using(async (node) => {
      await node.credit.fund(chequebook, funds(1000n, 5n, 7));
      await node.credit.fund(chequebook, funds(2000n, 0n, 6));
      const { capacityWei, reservedWei } = await standing(node);
      assert.deepEqual([capacityWei, reservedWei], [1000n, 5n]);
    }));
}

function remembers(using: Using): void {
  test('after a restart all that was promised still counts, and cheques go on where they stood', () =>
    using(async (first, place) => {
      await first.credit.fund(chequebook, funds(1000n));
      await first.credit.issue(order(1, 400n));
      await first.credit.issue(order(2, 100n));
      await first.store.close();
      await using(async (node) => {
        assert.equal(freeWei(await standing(node)), 500n);
        assert.equal((await node.credit.issue(order(1, 1n))).cumulative, 401n);
        await rejectsWith(node.credit.issue(order(3, 500n)), 'CHEQUEBOOK_EMPTY');
        await node.credit.issue(order(3, 499n));
        assert.equal(
          (await node.store.load()).issued.reduce((sum, each) => sum + each.cumulative, 0n),
          1000n,
        );
      }, place);
    }));

  test('what no books tell of is taken in once, counts as promised, and is not promised again', () =>
    using(async (first, place) => {
      const found = { chequebook, beneficiary: order(1, 1n).beneficiary, cumulativeWei: 300n };
      await rejectsWith(first.credit.adopt(found), 'CHEQUEBOOK_MISSING');
      await first.credit.fund(chequebook, funds(1000n));
      await first.credit.issue(order(1, 100n));
      await first.credit.issue(order(2, 100n));
      for (let times = 0; times < 2; times += 1) await first.credit.adopt(found);
      await first.credit.adopt({ ...found, cumulativeWei: 50n });
      assert.equal(promised(await standing(first)), 400n);
      assert.equal((await first.credit.issue(order(1, 5n))).cumulative, 305n);
      await first.store.close();
      await using(async (node) => {
        assert.equal(promised(await standing(node)), 405n);
        assert.equal((await node.credit.issue(order(1, 5n))).cumulative, 310n);
        await rejectsWith(node.credit.issue(order(3, 591n)), 'CHEQUEBOOK_EMPTY');
      }, place);
    }));

  test('cheques that were written past the book are taken in when it is funded', () =>
    using(async (first, place) => {
      await first.store.commit([order(1, 1n).write(300n), order(2, 1n).write(200n)]);
      await first.store.close();
      await using(async (node) => {
        await node.credit.fund(chequebook, funds(1000n));
        await node.credit.fund(chequebook, funds(1000n, 0n, 2));
        assert.equal(promised(await standing(node)), 500n);
        assert.equal((await node.credit.issue(order(1, 5n))).cumulative, 305n);
        await rejectsWith(node.credit.issue(order(3, 496n)), 'CHEQUEBOOK_EMPTY');
      }, place);
    }));
}

function keepsToTheModel(using: Using): void {
  test('whatever is asked in whatever order, the sums are those of the model', () =>
    using(async (node) => {
      const act = fc.record({
        what: fc.constantFrom('draw', 'issue', 'back', 'fund'),
        to: fc.nat({ max: 2 }),
        wei: fc.bigInt(1n, 400n),
      });
      let asOf = 1;
      let capacity = 1000n;
      await node.credit.fund(chequebook, funds(capacity));
      const totals = [0n, 0n, 0n];
      await fc.assert(
        fc.asyncProperty(fc.array(act, { maxLength: 15 }), async (acts) => {
          for (const { what, to, wei } of acts) {
            const spent = totals.reduce((sum, each) => sum + each, 0n);
            if (what === 'fund') await node.credit.fund(chequebook, funds((capacity += wei), 0n, ++asOf));
            else if (what === 'back') await node.credit.giveBack(chequebook);
            else if (spent + wei > capacity) {
              const call = what === 'draw' ? node.credit.draw(chequebook, wei) : node.credit.issue(order(to, wei));
              await rejectsWith(call, 'CHEQUEBOOK_EMPTY');
            } else if (what === 'draw') assert.ok(leftWei(await node.credit.draw(chequebook, wei)) >= wei);
            else {
              totals[to] = (totals[to] ?? 0n) + wei;
              assert.equal((await node.credit.issue(order(to, wei))).cumulative, totals[to]);
            }
            const now = await standing(node);
            assert.equal(
              promised(now),
              totals.reduce((sum, each) => sum + each, 0n),
            );
            assert.ok(now.committedWei <= capacity && now.committedWei >= promised(now));
          }
        }),
        { numRuns: 20, endOnFailure: true },
      );
    }));
}
