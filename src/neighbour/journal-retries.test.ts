import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Timer } from '../core/clock.ts';
import { WayleaveError } from '../core/errors.ts';
import { Ledger } from '../core/ledger/ledger.ts';
import { LinkAccount } from '../core/ledger/link-account.ts';
import type { NoteRecord, Store, StoreRecord } from '../store/store.ts';
import { Journal } from './journal.ts';

const NEIGHBOUR = `0x${'b'.repeat(40)}`;
const note = (text: string): NoteRecord => ({ kind: 'note', name: text, text });

/** A journal on a disk that fails when it is told to; its timers run when they are told to. */
class Bed {
  full = false;
  disk: Promise<void> = Promise.resolve();
  readonly faults: unknown[] = [];
  /** What each batch held: the kinds of records, and the texts of notes. */
  readonly written: string[] = [];
  readonly timers: { readonly ms: number; readonly act: () => void }[] = [];
  readonly account: LinkAccount;
  readonly journal: Journal;

  constructor() {
    const options = { fullRateBytesPerSecond: 1, epochGraceMs: 1, enforce: true };
    this.account = new LinkAccount({ ...options, ledger: new Ledger(), neighbour: NEIGHBOUR });
    const commit = async (records: readonly StoreRecord[]) => {
      await this.disk;
      if (this.full) throw new WayleaveError('STORE_FULL');
      this.written.push(records.map((record) => (record.kind === 'note' ? record.text : record.kind)).join(' '));
    };
    const after = (ms: number, act: () => void): Timer => {
      const timer = { ms, act };
      this.timers.push(timer);
      return { cancel: () => void (this.timers.includes(timer) && this.timers.splice(this.timers.indexOf(timer), 1)) };
    };
    this.journal = new Journal({
      ...{ store: { commit } as unknown as Store, clock: { nowMs: () => 0, wallMs: () => 1, after }, windowMs: 5 },
      failed: (error) => this.faults.push(error),
    });
  }

  /** The only timer runs out; how long that took. */
  async later(): Promise<number | undefined> {
    const [timer, other] = this.timers.splice(0);
    assert.equal(other, undefined);
    timer?.act();
    await new Promise((resolve) => setImmediate(resolve));
    return timer?.ms;
  }
}

test('charges that could not be written are told of, kept, and written a second later', async () => {
  const bed = new Bed();
  bed.journal.touch(bed.account);
  bed.journal.touch(bed.account);
  bed.full = true;
  assert.equal(await bed.later(), 5);
  assert.equal(bed.faults.length, 1);
  assert.equal(bed.journal.unwritten(bed.account).charged, true);
  bed.full = false;
  assert.equal(await bed.later(), 1_000);
  assert.deepEqual([bed.written, bed.faults.length, bed.timers.length], [['link'], 1, 0]);
  assert.equal(bed.journal.unwritten(bed.account).charged, false);
  bed.journal.touch(bed.account);
  assert.equal(await bed.later(), 5, 'and the next in its window');
});

test('records are owed until they are durable, and no longer', async () => {
  const bed = new Bed();
  bed.full = true;
  await assert.rejects(bed.journal.commit(bed.account, [note('one')]));
  assert.deepEqual(bed.journal.unwritten(bed.account), { charged: true, owed: [note('one')] });
  bed.full = false;
  const slow = Promise.withResolvers<void>();
  bed.disk = slow.promise;
  const writing = bed.journal.commit(bed.account);
  bed.journal.owe(bed.account, [note('two')]);
  slow.resolve();
  await writing;
  assert.deepEqual(bed.journal.unwritten(bed.account).owed, [note('two')]);
  await bed.journal.commit(bed.account, [note('three')]);
  await bed.journal.commit(bed.account);
  assert.deepEqual(bed.written, ['one link', 'two three link', 'link']);
});

test('what is written with money is not written once more for its charges, nor after the end', async () => {
  const bed = new Bed();
  bed.journal.touch(bed.account);
  await bed.journal.commit(bed.account);
  assert.deepEqual([bed.written, bed.timers.length], [['link'], 0]);
  bed.journal.touch(bed.account);
  assert.equal(bed.timers.length, 1);
  await bed.journal.close([bed.account]);
  assert.deepEqual([bed.written, bed.timers.length], [['link', 'link'], 0]);
  bed.journal.touch(bed.account);
  assert.equal(bed.timers.length, 0);
  await bed.journal.close([]);
  assert.equal(bed.written.length, 2, 'of nobody there is nothing to write');
});
