import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqliteStore, type SqliteStore } from '../src/store/sqlite-store.ts';
import { TABLES, upsertSql } from '../src/store/tables.ts';

/**
 * Durable commits a second of the embedded store, against the same row written by `node:sqlite` in the calling thread
 * with one sync each. Pairs are interleaved, because a disk changes its mood. A lone commit
 * also pays for two hops between threads, about 0.1 ms: the price of links that never wait for the disk.
 */

/** One line of the table that `npm run bench` prints. */
export interface BenchRow {
  readonly id: string;
  readonly value: number;
  readonly unit: string;
  readonly rival: string;
  readonly rivalValue: number;
  readonly ratio: number;
  readonly target: number;
  readonly met: boolean;
}

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

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function openPlain(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  db.exec('CREATE TABLE notes (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID');
  return db;
}

/** A row for one commit at a time, and one for 64 under way together. */
export async function run(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'wayleave-bench-store-'));
  const store = await openSqliteStore({ path: join(folder, 'store.db'), nodeId: `0x${'1'.repeat(40)}` });
  const plain = openPlain(join(folder, 'plain.db'));
  try {
    const alone = await measure(['store-commits-1', 1, 0.35], store, plain);
    return [alone, await measure(['store-commits-64', IN_FLIGHT, 4], store, plain)];
  } finally {
    plain.close();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(
  [id, inFlight, target]: readonly [string, number, number],
  store: SqliteStore,
  plain: DatabaseSync,
): Promise<BenchRow> {
  const upsert = plain.prepare(upsertSql(TABLES.note));
  const pairs: (readonly [ours: number, theirs: number])[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const ours = await rate(inFlight, COMMITS * Math.ceil(inFlight / 8), (n) => store.commit([note(n)]));
    const theirs = await rate(1, COMMITS, (n) => {
      const { name, text } = note(n);
      upsert.run(name, text);
    });
    pairs.push([ours, theirs]);
  }
  const ratio = median(pairs.map(([ours, theirs]) => ours / theirs));
  const value = Math.round(median(pairs.map(([ours]) => ours)));
  const rivalValue = Math.round(median(pairs.map(([, theirs]) => theirs)));
  return { id, value, unit: 'commits/s', rival: RIVAL, rivalValue, ratio, target, met: ratio >= target };
}

if (import.meta.main) console.table(await run());
