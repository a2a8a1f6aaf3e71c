import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../core/errors.ts';
import { openSqliteStore } from './sqlite-store.ts';

/** What survives the sudden death of the process, tried with real processes and SIGKILL. */

const nodeId = `0x${'7'.repeat(40)}`;
const ROUNDS = 8;
/** The writer is killed at a random moment up to this long after its first report. */
const KILL_WITHIN_MS = 60;

/**
 * Commits batches of two notes that carry the same number, eight batches in flight, and notes each number in a file as
 * soon as its commit resolves (a file, not a pipe: a pipe can be full). Says so on stdout the first time.
 */
const WRITER = `
  const { openSqliteStore } = await import(process.argv[1]);
  const { openSync, writeSync } = await import('node:fs');
  const [path, nodeId, from] = process.argv.slice(2);
  const store = await openSqliteStore({ path, nodeId });
  const reports = openSync(path + '.reports', 'w');
  let next = Number(from);
  const note = (name, text) => ({ kind: 'note', name, text });
  const run = async () => {
    for (;;) {
      const n = next++;
      await store.commit([note('left-' + n % 100, String(n)), note('right-' + n % 100, String(n))]);
      writeSync(reports, n + '\\n');
      if (n === Number(from)) console.log('writing');
    }
  };
  await Promise.all(Array.from({ length: 8 }, run));
`;

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wayleave-kill-'));
});
after(() => rm(folder, { recursive: true, force: true }));

function startWriter(path: string, from: number): ChildProcess {
  const module = new URL('./sqlite-store.ts', import.meta.url).href;
  const args = ['--input-type=module', '-e', WRITER, module, path, nodeId, String(from)];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Runs the writer, kills it, and gives back the numbers that it reported as durable. */
async function writeAndKill(path: string, from: number): Promise<number[]> {
  const child = startWriter(path, from);
  const exited = once(child, 'close');
  await Promise.race([once(child.stdout ?? child, 'data'), exited]);
  await sleep(Math.random() * KILL_WITHIN_MS);
  child.kill('SIGKILL');
  await exited;
  const reports = await readFile(`${path}.reports`, 'utf8');
  return reports.split('\n').slice(0, -1).map(Number);
}

test('every commit that was reported is there after SIGKILL, and every batch is whole', async () => {
  const path = join(folder, 'killed.db');
  let from = 1;
  for (let round = 0; round < ROUNDS; round++) {
    const reported = await writeAndKill(path, from);
    assert.ok(reported.length > 0, 'the writer wrote');
    const store = await openSqliteStore({ path, nodeId });
    const notes = new Map((await store.load()).notes.map(({ name, text }) => [name, Number(text)]));
    await store.close();
    for (const n of reported) {
      const found = notes.get(`left-${n % 100}`);
      assert.ok(found !== undefined && found >= n, `round ${round}: ${n} was reported, ${found} is stored`);
    }
    for (let slot = 0; slot < 100; slot++) assert.equal(notes.get(`left-${slot}`), notes.get(`right-${slot}`));
    from = Math.max(...notes.values()) + 1;
  }
});

test('another process cannot open the store while one has it, and can after that one was killed', async () => {
  const path = join(folder, 'exclusive.db');
  const child = startWriter(path, 1);
  const exited = once(child, 'close');
  try {
    await once(child.stdout ?? child, 'data');
    const outcome = await openSqliteStore({ path, nodeId }).then(
      (store) => store.close(),
      (error: unknown) => error,
    );
    assert.equal(codeOf(outcome), 'STORE_IN_USE', String(outcome));
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
  await (await openSqliteStore({ path, nodeId })).close();
});

test('a checker can read the tables without this code, after a kill and after a close', async () => {
  const path = join(folder, 'checked.db');
  const reported = await writeAndKill(path, 1);
  const count = () => {
    const db = new DatabaseSync(path, { readOnly: true });
    try {
      return Number(
        db.prepare("SELECT max(CAST(text AS INTEGER)) AS n FROM notes WHERE name LIKE 'left-%'").get()?.['n'],
      );
    } finally {
      db.close();
    }
  };
  const newest = Math.max(...reported);
  assert.ok(count() >= newest);
  await (await openSqliteStore({ path, nodeId })).close();
  assert.ok(count() >= newest);
});
