import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqliteStore, type SqliteStore } from '../src/store/sqlite-store.ts';
import type { StoreRecord } from '../src/store/store.ts';
import { TABLES, upsertSql } from '../src/store/tables.ts';
import type { Bench, Row } from './bench.ts';
import { interleaved } from './measure.ts';

/**
 * Durable commits a second of the embedded store, against the same row written by `node:sqlite` in the calling thread
 * with one sync each. Pairs are interleaved, because a disk changes its mood. A lone commit
 * also pays for two hops between threads, about 0.1 ms: the price of links that never wait for the disk.
 */

const PAIRS = 20;
const COMMITS = 300;
const IN_FLIGHT = 64;
const RIVAL = 'node:sqlite in the calling thread, one sync a commit';

/** Every text is a new one: SQLite writes nothing, and syncs nothing, where a row is replaced by its equal. */
let texts = 0;
const note = (n: number) => ({ kind: 'note', name: `n${n % 1000}`, text: String(++texts) }) as const;

/** Calls a second of `commit`, with so many under way at once. */
async function rate(inFlight: number, commits: number, commit: (n: number) => Promise<void> | void): Promise<number> {
  const startedMs = performance.now();
  let next = 0;
  const run = async () => {
    while (next < commits) await commit(next++);
  };
  await Promise.all(Array.from({ length: inFlight }, run));
  return (commits * 1000) / (performance.now() - startedMs);
}

function openPlain(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  db.exec('CREATE TABLE notes (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID');
  return db;
}

export const bench: Bench = {
  id: 'store',
  async rows() {
    const folder = mkdtempSync(join(tmpdir(), 'wayleave-bench-store-'));
    const store = await openSqliteStore({ path: join(folder, 'store.db'), nodeId: `0x${'1'.repeat(40)}` });
    const plain = openPlain(join(folder, 'plain.db'));
    try {
      return [
        // One commit at a time: what a payment waits for. The two hops between threads may cost it two thirds.
        await measure({ id: 'store.commits-1', inFlight: 1, least: 0.35 }, store, plain),
        // 64 under way together: they share syncs, so that money on many links is not bound by the disk's patience.
        await measure({ id: 'store.commits-64', inFlight: IN_FLIGHT, least: 4 }, store, plain),
        await explained(store),
      ];
    } finally {
      plain.close();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

const LINKS = 64;
const NONE = [0, 0, 0] as const;

/** What the journal writes of `LINKS` busy links at the end of a window: their accounts, and rows that explain them. */
function batch(withHistory: boolean): StoreRecord[] {
  const provided = ++texts;
  return Array.from({ length: LINKS }, (_, n) => {
    const neighbour = `0x${(n + 1).toString(16).padStart(40, '0')}`;
    const services = { providedRemainder: NONE, consumedRemainder: NONE, consumed: NONE, consumedBytes: NONE };
    const rest = { providedCorrection: NONE, consumedCorrection: NONE, attempts: 0, paid: 0, received: 0, lease: 9 };
    const of = {
      kind: 'link' as const,
      neighbour,
      provided: [provided, 0, 0],
      providedBytes: [provided, 0, 0],
    } as const;
    const link: StoreRecord = {
      ...of,
      ...services,
      ...rest,
      chokedSinceMs: 0,
      closed: false,
      updatedMs: 0,
      historyRows: 1,
      faded: 0,
      barterNet: NONE,
    };
    const zero = { consumed: 0, consumedBytes: 0, paid: 0, received: 0, wei: 0n, gasWei: 0n, reference: '' };
    const what = {
      kind: 'history' as const,
      neighbour,
      number: 1,
      entry: 'service' as const,
      service: 'transit' as const,
    };
    const span = { fromMs: 0, toMs: provided, events: provided, provided, providedBytes: provided };
    return withHistory ? [{ ...what, ...span, ...zero }, link] : [link];
  }).flat();
}

/** One batch after the other, as a journal writes them: with the history, and without. */
async function explained(store: SqliteStore): Promise<Row> {
  const batches = 40;
  const run = (withHistory: boolean) => rate(1, batches, () => store.commit(batch(withHistory)));
  const seen = await interleaved(
    PAIRS,
    () => run(true),
    () => run(false),
  );
  const { ours: value, rival: rivalValue, ratio, interval } = seen;
  const rival = 'the same without history';
  return {
    id: 'store.history-64',
    value,
    unit: 'batches/s',
    rival,
    rivalValue,
    ratio,
    interval,
    target: { of: 'ratio', least: 0.6 },
  };
}

async function measure(
  { id, inFlight, least }: { readonly id: string; readonly inFlight: number; readonly least: number },
  store: SqliteStore,
  plain: DatabaseSync,
): Promise<Row> {
  const upsert = plain.prepare(upsertSql(TABLES.note));
  const commits = COMMITS * Math.ceil(inFlight / 8);
  const seen = await interleaved(
    PAIRS,
    () => rate(inFlight, commits, (n) => store.commit([note(n)])),
    () =>
      rate(1, COMMITS, (n) => {
        const { name, text } = note(n);
        upsert.run(name, text);
      }),
  );
  const target = { of: 'ratio', least } as const;
  const { ours: value, rival: rivalValue, ratio, interval } = seen;
  return { id, value, unit: 'commits/s', rival: RIVAL, rivalValue, ratio, interval, target };
}
