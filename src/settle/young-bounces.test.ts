import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chain, ChequebookFacts } from '../chain/chain.ts';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { NoteRecord } from '../store/store.ts';
import { YoungBounces } from './young-bounces.ts';

const [ME, BOOK, OTHER] = ['a', '1', '2'].map((digit) => `0x${digit.repeat(40)}`) as [NodeId, NodeId, NodeId];
const SENT = '0x7';
const BLOCK_MS = 12_000;

/** Bounces on a chain of which a test says in which block each stands, if in any. */
class Bed {
  nowMs = 1_000_000;
  head = 100n;
  /** The block of the bounce, by chequebook; undefined: no branch has it that is read. */
  readonly bounced = new Map<NodeId, bigint>();
  silent = false;
  readonly bounces: YoungBounces;

  constructor(confirmations = 3, blockMs = BLOCK_MS, notes: readonly NoteRecord[] = []) {
    const answers = () => {
      if (this.silent) throw new WayleaveError('RPC_UNREACHABLE');
    };
    const chain: Partial<Chain> = {
      head: async () => {
        answers();
        return { number: this.head } as Awaited<ReturnType<Chain['head']>>;
      },
      chequebook: async (book, beneficiary, depth = 1) => {
        answers();
        assert.equal(beneficiary, ME);
        const block = this.bounced.get(book);
        return { bounced: block !== undefined && block <= this.head - BigInt(depth) + 1n } as ChequebookFacts;
      },
    };
    this.bounces = new YoungBounces({
      ...{ chain: chain as Chain, me: ME, confirmations, blockMs, notes },
      clock: { nowMs: () => this.nowMs, wallMs: () => 0, after: () => ({ cancel: () => undefined }) },
    });
  }

  /** So many blocks come; what can be decided then. */
  async after(blocks: bigint): Promise<unknown> {
    this.head += blocks;
    this.nowMs += BLOCK_MS;
    const decided = await this.bounces.look();
    return decided?.map(({ stands }) => stands);
  }
}

test('a bounce is remembered until it was decided and that is durable, also over restarts', async () => {
  const bed = new Bed(1);
  const note = bed.bounces.add(BOOK, SENT);
  assert.deepEqual(note, { kind: 'note', name: `bounce:${BOOK}`, text: SENT });
  assert.deepEqual([bed.bounces.has(BOOK), bed.bounces.has(OTHER), bed.bounces.all()], [true, false, [BOOK]]);
  const other: NoteRecord = { kind: 'note', name: 'another note', text: SENT };
  const again = new Bed(1, BLOCK_MS, [other, note]);
  assert.deepEqual(again.bounces.all(), [BOOK]);
  assert.deepEqual(await again.bounces.look(), [{ chequebook: BOOK, transaction: SENT, stands: true }]);
  assert.equal(again.bounces.has(BOOK), true, 'it is not on disk yet');
  const settled = again.bounces.settled(BOOK);
  assert.deepEqual(settled, { ...note, text: '' });
  again.bounces.forget(BOOK);
  assert.deepEqual([again.bounces.all(), new Bed(1, BLOCK_MS, [settled]).bounces.all()], [[], []]);
});

test('it stands when as many blocks are on it as are asked for, its own included', async () => {
  const bed = new Bed();
  bed.bounces.add(BOOK, SENT);
  bed.bounced.set(BOOK, 100n);
  assert.deepEqual(await bed.after(0n), []);
  assert.deepEqual(await bed.after(1n), []);
  assert.deepEqual(await bed.after(1n), [true]);
  const two = new Bed(2);
  two.bounces.add(BOOK, SENT);
  two.bounced.set(BOOK, 100n);
  assert.deepEqual([await two.after(0n), await two.after(1n)], [[], [true]]);
});

test('it was undone when as many blocks came without it, and what comes back meanwhile counts anew', async () => {
  const bed = new Bed();
  bed.bounces.add(BOOK, SENT);
  assert.deepEqual(await bed.after(0n), []);
  assert.deepEqual(await bed.after(1n), []);
  bed.bounced.set(BOOK, 102n);
  assert.deepEqual(await bed.after(1n), []);
  bed.bounced.delete(BOOK);
  assert.deepEqual(await bed.after(1n), [], 'gone since now');
  assert.deepEqual(await bed.after(1n), []);
  assert.deepEqual(await bed.after(1n), [false]);
});

test('an endpoint that does not answer decides nothing, and holds up none of the others', async () => {
  const bed = new Bed();
  bed.bounces.add(BOOK, SENT);
  bed.bounces.add(OTHER, SENT);
  bed.bounced.set(OTHER, 98n);
  bed.silent = true;
  assert.deepEqual(await bed.after(5n), []);
  bed.silent = false;
  assert.deepEqual(await bed.after(0n), [true]);
  assert.equal(bed.bounces.all().length, 2);
});

test('the chain is asked once a block, not more often than each second, and where there is none to ask for not at all', async () => {
  for (const [blockMs, everyMs] of [
    [BLOCK_MS, BLOCK_MS],
    [200, 1_000],
  ] as const) {
    const bed = new Bed(3, blockMs);
    assert.equal(bed.bounces.look(), undefined);
    bed.bounces.add(BOOK, SENT);
    for (let each = 0; each < 2; each += 1) {
      assert.deepEqual(await bed.bounces.look(), []);
      bed.nowMs += everyMs - 1;
      assert.equal(bed.bounces.look(), undefined);
      bed.nowMs += 1;
    }
  }
});
