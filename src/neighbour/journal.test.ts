import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Clock } from '../core/clock.ts';
import { WayleaveError } from '../core/errors.ts';
import { Column } from '../core/ledger/columns.ts';
import { Ledger } from '../core/ledger/ledger.ts';
import { LinkAccount } from '../core/ledger/link-account.ts';
import { termsOf } from '../core/session/session-pair.fixture.ts';
import { openSqliteStore, type SqliteStore } from '../store/sqlite-store.ts';
import type { ReceivedChequeRecord, Store, StoreRecord } from '../store/store.ts';
import { Journal } from './journal.ts';

const ME = '0x00000000000000000000000000000000000000aa';
const NEIGHBOUR = '0x00000000000000000000000000000000000000bb';
const OPTIONS = { fullRateBytesPerSecond: 1, epochGraceMs: 1, enforce: true };
const clock: Clock = {
  wallMs: () => 1,
  nowMs: () => performance.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

describe('the journal', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wayleave-journal-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  let files = 0;

  async function made(windowMs = 5): Promise<{
    store: SqliteStore;
    ledger: Ledger;
    account: LinkAccount;
    journal: Journal;
    faults: unknown[];
  }> {
    files += 1;
    const store = await openSqliteStore({ path: join(folder, `${files}.db`), nodeId: ME });
    const ledger = new Ledger();
    const faults: unknown[] = [];
    const journal = new Journal({ store, clock, windowMs, failed: (error) => faults.push(error) });
    return { store, ledger, account: new LinkAccount({ ...OPTIONS, ledger, neighbour: NEIGHBOUR }), journal, faults };
  }

  test('charges of one window are one record, and the account goes on under the new lease', async () => {
    const { store, ledger, account, journal } = await made();
    for (let i = 0; i < 10; i += 1) {
      ledger.consumed(account.row, 0, 7);
      journal.touch(account);
    }
    while ((await store.load()).links.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    const [record] = (await store.load()).links;
    assert.deepEqual([record?.consumed[0], record?.neighbour, record?.lease], [70, NEIGHBOUR, 0]);
    await journal.close([account]);
    await store.close();
  });

  test('money is durable when commit resolves, in one batch with its account', async () => {
    const { store, ledger, account, journal } = await made();
    ledger.received(account.row, 50, 50);
    await journal.commit(account, [{ kind: 'note', name: 'cheque', text: '50' }]);
    const stored = await store.load();
    assert.equal(stored.links[0]?.received, 50);
    assert.equal(stored.notes[0]?.text, '50');
    await store.close();
  });

  test('what a crash left open stays assumed over a clean stop before the neighbour came back', async () => {
    const { store, ledger, account, journal } = await made();
    ledger.setLimit(account.row, 'assumed', 700);
    await journal.commit(account);
    assert.equal((await store.load()).links[0]?.lease, 700, 'no terms are known yet, which would grant more');
    await journal.close([account]);
    assert.equal((await store.load()).links[0]?.lease, 700);
    await store.close();
  });

  test('what was charged elsewhere is written with the next money, and does not wait for its own turn', async () => {
    const { store, ledger, account, journal } = await made(60_000);
    const other = new LinkAccount({ ...OPTIONS, ledger, neighbour: ME });
    ledger.consumed(other.row, 0, 7);
    journal.touch(other);
    const { syncs } = store.counts;
    await journal.commit(account);
    assert.equal(store.counts.syncs - syncs, 1);
    const stored = await store.load();
    assert.deepEqual(new Set(stored.links.map(({ consumed }) => consumed[0])), new Set([0, 7]));
    await journal.close([account, other]);
    await store.close();
  });

  test('what proves money that moved goes with the first write of its account, whichever that is', async () => {
    const { store, ledger, account, journal } = await made();
    ledger.received(account.row, 50, 50);
    journal.owe(account, [{ kind: 'note', name: 'cheque', text: '50' }]);
    // A charge of the same moment, whose window ends before the payment's own turn to be written.
    journal.touch(account);
    while ((await store.load()).links.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    const stored = await store.load();
    assert.deepEqual([stored.links[0]?.received, stored.notes[0]?.text], [50, '50']);
    await journal.close([account]);
    await store.close();
  });

  test('what could not be written goes with the next write of its account, and never without it', async () => {
    const { store, account, journal } = await made();
    const bad = { kind: 'note', name: 'x', text: '\ud800' } as const;
    await assert.rejects(journal.commit(account, [bad]), { code: 'STORE_RECORD_INVALID' });
    assert.equal((await store.load()).links.length, 0, 'the account was not written either');
    await assert.rejects(journal.commit(account), { code: 'STORE_RECORD_INVALID' }, 'still owed');
    await journal.close([]);
    await store.close();
  });

  test('an older cheque that could not be written comes after no newer one on the same chequebook', async () => {
    const taken: bigint[] = [];
    let fails = 1;
    const commit = async (records: readonly StoreRecord[]) => {
      fails -= 1;
      if (fails === 0) throw new WayleaveError('STORE_FULL');
      for (const record of records) if (record.kind === 'received') taken.push(record.cumulative);
    };
    const store = { commit } as Partial<Store> as Store;
    const journal = new Journal({ store, clock, windowMs: 5, failed: () => undefined });
    const ledger = new Ledger();
    const [one, other] = [NEIGHBOUR, ME].map((neighbour) => new LinkAccount({ ...OPTIONS, ledger, neighbour })) as [
      LinkAccount,
      LinkAccount,
    ];
    const cheque = (cumulative: bigint) =>
      ({ kind: 'received', chequebook: 'shared', cumulative }) as ReceivedChequeRecord;
    await assert.rejects(journal.commit(one, [cheque(100n)]), { code: 'STORE_FULL' });
    await journal.commit(other, [cheque(150n)]);
    await journal.commit(one);
    assert.deepEqual(new Set(taken), new Set([150n]));
    await journal.close([]);
  });

  test('once closed, no write leaves a lease behind', async () => {
    const { store, account, journal } = await made();
    account.mine.announce(termsOf({ askPerMb: 1, bidPerMb: 1, payAtMb: 1, dropAtMb: 4 }));
    await journal.commit(account);
    assert.ok(((await store.load()).links[0]?.lease ?? 0) > 0);
    await journal.close([account]);
    await journal.commit(account);
    assert.equal((await store.load()).links[0]?.lease, 0);
    await store.close();
  });

  test('books that broke a rule are told of and not written', async () => {
    const { store, ledger, account, journal, faults } = await made();
    ledger.restore(account.row, [[Column.heldProvide, -1]]);
    journal.touch(account);
    while (faults.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    assert.equal((faults[0] as { code?: string }).code, 'INVARIANT_BROKEN');
    assert.ok(ledger.halted(account.row));
    await assert.rejects(journal.commit(account), { code: 'INVARIANT_BROKEN' });
    assert.equal((await store.load()).links.length, 0);
    await journal.close([]);
    await store.close();
  });
});
