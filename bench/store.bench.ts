import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqliteStore, type SqliteStore } from '../src/store/sqlite-store.ts';
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
      ];
    } finally {
      plain.close();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

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
