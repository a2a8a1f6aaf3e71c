import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { codeOf, type ErrorCode } from '../core/errors.ts';
import { unexplained } from '../core/ledger/audit.ts';
import { MIGRATIONS } from './migrations.ts';
import { APPLICATION_ID } from './sqlite-file.ts';
import { openSqliteStore, type SqliteStoreOptions } from './sqlite-store.ts';
import { KINDS, TABLES, tableColumns } from './tables.ts';

/** What is particular to the embedded store; what every store must do is in `test/conformance/store.ts`. */

const nodeId = `0x${'1'.repeat(40)}`;
let folder: string;
let files = 0;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'wayleave-sqlite-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const newPath = () => join(folder, `${++files}.db`);
const note = (name: string, text: string) => ({ kind: 'note', name, text }) as const;

/** A closed store with one note in it. */
async function madeStore(): Promise<string> {
  const path = newPath();
  const store = await openSqliteStore({ path, nodeId });
  await store.commit([note('kept', 'x')]);
  await store.close();
  return path;
}

function edit(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

async function refusesToOpen(options: SqliteStoreOptions, code: ErrorCode): Promise<void> {
  const outcome = await openSqliteStore(options).then(
    (store) => store.close(),
    (error: unknown) => error,
  );
  assert.equal(codeOf(outcome), code, String(outcome));
}

test('batches that arrive together share a sync; a lone one has its own', async () => {
  const store = await openSqliteStore({ path: newPath(), nodeId });
  await store.commit([note('a', '1')]);
  await store.commit([note('a', '2')]);
  assert.deepEqual(store.counts, { batches: 2, syncs: 2 });
  await Promise.all(Array.from({ length: 200 }, (_, i) => store.commit([note(`n${i}`, 'x')])));
  assert.deepEqual(store.counts, { batches: 202, syncs: 3 });
  await store.close();
});

test('the columns of the file are those of the tables, and the manual names every one', async () => {
  const path = await madeStore();
  const manual = readFileSync(new URL('../../docs/store.md', import.meta.url), 'utf8');
  const db = new DatabaseSync(path, { readOnly: true });
  for (const kind of KINDS) {
    const { name, fields } = TABLES[kind];
    const columns = db.prepare(`PRAGMA table_info(${name})`).all();
    assert.deepEqual(
      columns.map((column) => column['name']),
      tableColumns(TABLES[kind]),
    );
    assert.ok(manual.includes(`### ${name}\n`), name);
    for (const field of Object.keys(fields)) {
      const column = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      const part = manual.slice(manual.indexOf(`### ${name}\n`)).split('\n### ')[0];
      assert.ok(part?.includes(`\`${column}\``) || part?.includes(`\`${column}_*\``), `${name}.${column}`);
    }
  }
  const meta = db.prepare('SELECT name, value FROM meta ORDER BY name').all();
  assert.deepEqual(
    meta.map(({ name, value }) => [name, value]),
    [
      ['epoch', '1'],
      ['node', nodeId],
      ['schema', '6'],
    ],
  );
  db.close();
});

test('only the owner of the process can read the files, and a clean close leaves one', async () => {
  const path = join(folder, 'deep', 'er', 'node.db');
  const store = await openSqliteStore({ path, nodeId });
  for (const name of [path, `${path}-wal`]) assert.equal(statSync(name).mode & 0o777, 0o600, name);
  await store.close();
  assert.deepEqual(readdirSync(join(folder, 'deep', 'er')), ['node.db']);
});

test('a second opening is refused while the first lives, also in one process', async () => {
  const path = newPath();
  const store = await openSqliteStore({ path, nodeId });
  await refusesToOpen({ path, nodeId }, 'STORE_IN_USE');
  await store.commit([note('a', 'x')]);
  await store.close();
});

test("another node's store, a later version, a stranger's database and damage are refused", async (t) => {
  const cases: readonly (readonly [string, ErrorCode, (path: string) => void])[] = [
    ['another node', 'STORE_WRONG_NODE', (path) => edit(path, "UPDATE meta SET value = '0x2' WHERE name = 'node'")],
    ['a later version', 'STORE_NEWER', (path) => edit(path, "UPDATE meta SET value = '99' WHERE name = 'schema'")],
    ['no version', 'STORE_CORRUPT', (path) => edit(path, "DELETE FROM meta WHERE name = 'schema'")],
    ['no epoch', 'STORE_CORRUPT', (path) => edit(path, "UPDATE meta SET value = 'x' WHERE name = 'epoch'")],
    ['a missing table', 'STORE_CORRUPT', (path) => edit(path, 'DROP TABLE notes')],
    ['no database', 'STORE_CORRUPT', (path) => writeFileSync(path, 'x'.repeat(5000))],
    ['a stranger', 'STORE_CORRUPT', (path) => edit(path, 'PRAGMA application_id = 7')],
    ['damaged pages', 'STORE_CORRUPT', (path) => writeFileSync(path, damaged(readFileSync(path)))],
    ['half a file', 'STORE_CORRUPT', (path) => writeFileSync(path, readFileSync(path).subarray(0, 4096))],
  ];
  for (const [what, code, spoil] of cases) {
    await t.test(what, async () => {
      const path = await madeStore();
      spoil(path);
      const spoilt = readFileSync(path);
      await refusesToOpen({ path, nodeId }, code);
      assert.deepEqual(readFileSync(path), spoilt, 'the file is left as it was');
    });
  }
});

/** Every page but the first overwritten from its middle on. */
function damaged(file: Buffer): Buffer {
  for (let page = 4096; page < file.length; page += 4096) file.fill(0xa5, page, page + 64);
  return file;
}

test('cells that were never written so are reported by load, not passed on', async () => {
  const insert = 'INSERT INTO cashings VALUES';
  const key = `0x${'1'.repeat(40)}`;
  for (const row of [
    `('t', '${key}', '1.5', 'sent', '0', '0', 0)`,
    `('t', '${key}', '${2n ** 256n}', 'sent', '0', '0', 0)`,
    `('t', 'nobody', '1', 'sent', '0', '0', 0)`,
    `('t', '${key}', '1', 'sent', '0', '0', ${2n ** 60n})`,
  ]) {
    const path = await madeStore();
    edit(path, `${insert} ${row}`);
    const store = await openSqliteStore({ path, nodeId });
    await assert.rejects(store.load(), (error) => codeOf(error) === 'STORE_CORRUPT', row);
    await store.close();
  }
});

test('a place that cannot be written is an error with a code', async () => {
  mkdirSync(join(folder, 'a-folder.db'));
  await refusesToOpen({ path: join(folder, 'a-folder.db'), nodeId }, 'STORE_FAILED');
  writeFileSync(join(folder, 'a-file'), '');
  await refusesToOpen({ path: join(folder, 'a-file', 'node.db'), nodeId }, 'STORE_FAILED');
  await refusesToOpen({ path: newPath(), nodeId, maxBytes: 8192 }, 'STORE_FULL');
});

test('a backup that cannot be written leaves nothing behind and the store working', async () => {
  const path = newPath();
  const store = await openSqliteStore({ path, nodeId });
  await assert.rejects(store.backup(join(folder, 'nowhere', 'b')), (error) => codeOf(error) === 'STORE_FAILED');
  await store.commit([note('a', 'x')]);
  const backup = join(folder, 'good.backup');
  await store.backup(backup);
  assert.equal(statSync(backup).mode & 0o777, 0o600);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.includes('partial')),
    [],
  );
  await store.close();
});

test('on a disk that is really full: nothing partial, and it works again when space returns', async (t) => {
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    return t.skip('no right to mount a small disk');
  }
  try {
    const store = await openSqliteStore({ path: join(disk, 'node.db'), nodeId });
    await store.commit([note('first', 'x')]);
    const filler = join(disk, 'filler');
    assert.throws(() => writeFileSync(filler, new Uint8Array(2 ** 20)), { code: 'ENOSPC' });
    const large = Array.from({ length: 100 }, (_, i) => note(`n${i}`, 'x'.repeat(2000)));
    await assert.rejects(store.commit(large), (error) => codeOf(error) === 'STORE_FULL');
    await assert.rejects(store.backup(join(disk, 'backup')), (error) => codeOf(error) === 'STORE_FULL');
    assert.deepEqual(readdirSync(disk).sort(), ['filler', 'node.db', 'node.db-wal']);
    assert.deepEqual((await store.load()).notes, [note('first', 'x')]);
    rmSync(filler);
    await store.commit(large);
    assert.equal((await store.load()).notes.length, 101);
    await store.close();
  } finally {
    execFileSync('umount', ['--lazy', disk]); // lazy: after a failure the store still has it open
  }
});

/** Commits until it fails, prints how many went well and the codes of the first failure and of the commit after it. */
const UNTIL_FAILURE = `
  const { openSqliteStore } = await import(process.argv[1]);
  const [path, nodeId] = process.argv.slice(2);
  const store = await openSqliteStore({ path, nodeId });
  const commit = (n) => store.commit([{ kind: 'note', name: String(n), text: 'x'.repeat(1000) }]).then(() => 'ok', (e) => e.code);
  let n = 0;
  let code = 'ok';
  while (n < 2000 && (code = await commit(n)) === 'ok') n += 1;
  console.log(JSON.stringify([n, code, await commit(n)]));
  await store.close().catch(() => {});
`;

test('after a failed write nothing more is written until the store is opened again', async () => {
  const path = newPath();
  // The shell's limit on the size of a file, in blocks of 512 or 1024 bytes, makes the log fail to grow.
  const args = [process.execPath, UNTIL_FAILURE, new URL('./sqlite-store.ts', import.meta.url).href, path, nodeId];
  const script = 'ulimit -f 600 && exec "$0" --input-type=module -e "$@"';
  const output = execFileSync('sh', ['-c', script, ...args], { encoding: 'utf8' });
  const [stored, first, next] = JSON.parse(output) as [number, string, string];
  assert.deepEqual([first, next], ['STORE_FAILED', 'STORE_FAILED']);
  assert.ok(stored > 0);
  const store = await openSqliteStore({ path, nodeId });
  assert.ok((await store.load()).notes.length >= stored);
  await store.commit([note('again', 'x')]);
  await store.close();
});

test('a store of the first version is taken in with all it holds', async () => {
  const path = newPath();
  edit(
    path,
    `PRAGMA application_id = ${APPLICATION_ID}; ${MIGRATIONS[0]?.sql}
    INSERT INTO meta VALUES ('epoch', '3'), ('node', '${nodeId}'), ('schema', '1');
    INSERT INTO notes VALUES ('kept', 'x');
    INSERT INTO links VALUES ('${nodeId}', 1,2,3, 4,5,6, 10,20,30, 40,50,60, 0,0,0, 0,0,0, 0, 7, 8, -1,0,2, 0,3,0, 0, 0, 0, 5)`,
  );
  const store = await openSqliteStore({ path, nodeId });
  await store.commit([
    { kind: 'statement', neighbour: nodeId, party: 'mine', storeEpoch: 3, sequence: 1, bytes: new Uint8Array(3) },
  ]);
  const state = await store.load();
  assert.deepEqual([state.epoch, state.notes, state.statements.length], [3, [note('kept', 'x')], 1]);
  const { before, link } = await store.history({ neighbour: nodeId, sinceMs: 9_000, untilMs: 9_001, limit: 9 });
  assert.deepEqual([link?.historyRows, link?.paid, link && unexplained(before, link)], [4, 7, []]);
  await store.close();
});
