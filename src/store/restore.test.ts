import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { codeOf, type ErrorCode } from '../core/errors.ts';
import { type RestoreOptions, restoreBackup } from './restore.ts';
import { openSqliteStore } from './sqlite-store.ts';

const nodeId = `0x${'1'.repeat(40)}`;
let root: string;
let folders = 0;
before(() => {
  root = mkdtempSync(join(tmpdir(), 'wayleave-restore-'));
});
after(() => rmSync(root, { recursive: true, force: true }));

const newFolder = () => join(root, `${++folders}`);

/** A store with one note, and a backup of it. */
async function storeAndBackup(text: string) {
  const folder = newFolder();
  const [path, backup] = [join(folder, 'node.db'), join(folder, 'backup')];
  const store = await openSqliteStore({ path, nodeId });
  await store.commit([{ kind: 'note', name: 'who', text }]);
  await store.backup(backup);
  await store.close();
  return { folder, path, backup };
}

/** The epoch and the note. */
async function look(path: string): Promise<[number, string | undefined]> {
  const store = await openSqliteStore({ path, nodeId });
  const { epoch, notes } = await store.load();
  await store.close();
  return [epoch, notes[0]?.text];
}

async function refuses(options: RestoreOptions, code: ErrorCode): Promise<void> {
  await assert.rejects(restoreBackup(options), (error) => codeOf(error) === code || assert.fail(String(error)));
}

test('a restored backup is the store of then, in a new epoch', async () => {
  const { backup, folder } = await storeAndBackup('a');
  const to = join(newFolder(), 'deep', 'node.db');
  assert.deepEqual(await restoreBackup({ from: backup, to }), { epoch: 2 });
  assert.deepEqual(await look(to), [2, 'a']);
  assert.deepEqual(readdirSync(join(to, '..')), ['node.db']);
  assert.deepEqual(readdirSync(folder).sort(), ['backup', 'node.db'], 'nothing is left beside the backup');
});

test('an existing store is replaced only when told, and then kept', async () => {
  const old = await storeAndBackup('old');
  const { backup } = await storeAndBackup('new');
  await refuses({ from: backup, to: old.path }, 'STORE_EXISTS');
  assert.deepEqual(await look(old.path), [1, 'old']);
  const replaced = `${old.path}.replaced-1`;
  assert.deepEqual(await restoreBackup({ from: backup, to: old.path, replace: true }), { epoch: 2, replaced });
  assert.deepEqual(await look(old.path), [2, 'new']);
  assert.deepEqual(await look(replaced), [1, 'old']);
});

test('the epoch rises above that of the replaced store, so that no epoch is used twice', async () => {
  const { path, backup } = await storeAndBackup('a');
  for (const epoch of [2, 3, 4]) {
    const { replaced } = await restoreBackup({ from: backup, to: path, replace: true });
    assert.equal(replaced, `${path}.replaced-${epoch - 1}`);
    assert.deepEqual(await look(path), [epoch, 'a']);
  }
});

test('a damaged store is replaced too, and kept as it is', async () => {
  const { path, backup } = await storeAndBackup('a');
  writeFileSync(path, 'x'.repeat(5000));
  await restoreBackup({ from: backup, to: path, replace: true });
  assert.deepEqual(await look(path), [2, 'a']);
});

test('a log left by a lost store is not taken for the restored one', async () => {
  const lost = await storeAndBackup('lost');
  const store = await openSqliteStore({ path: lost.path, nodeId });
  await store.commit([{ kind: 'note', name: 'who', text: 'lost and changed' }]);
  const to = join(newFolder(), 'node.db');
  const { backup } = await storeAndBackup('a');
  await restoreBackup({ from: backup, to });
  rmSync(to);
  copyFileSync(`${lost.path}-wal`, `${to}-wal`);
  await store.close();
  await restoreBackup({ from: backup, to });
  assert.deepEqual(await look(to), [2, 'a']);
});

test('a store that was killed can be restored from with what its log holds', async () => {
  const { path } = await storeAndBackup('before');
  const store = await openSqliteStore({ path, nodeId });
  await store.commit([{ kind: 'note', name: 'who', text: 'in the log' }]);
  const killed = join(newFolder(), 'node.db');
  await restoreBackup({ from: join(path, '..', 'backup'), to: killed });
  // What a kill would have left: both files as they stand now.
  copyFileSync(path, killed);
  copyFileSync(`${path}-wal`, `${killed}-wal`);
  await store.close();
  const to = join(newFolder(), 'node.db');
  await restoreBackup({ from: killed, to });
  assert.deepEqual(await look(to), [2, 'in the log']);
});

test('what is missing, in use, damaged, newer or not a store is refused, and nothing is left', async () => {
  const { path, backup, folder } = await storeAndBackup('a');
  const to = join(folder, 'restored.db');
  await refuses({ from: join(folder, 'none'), to }, 'BACKUP_MISSING');

  const store = await openSqliteStore({ path, nodeId });
  await refuses({ from: backup, to: path, replace: true }, 'STORE_IN_USE');
  await refuses({ from: path, to }, 'STORE_IN_USE');
  await store.close();

  for (const [name, content] of [
    ['text', 'x'.repeat(5000)],
    ['empty', ''],
  ] as const) {
    writeFileSync(join(folder, name), content);
    await refuses({ from: join(folder, name), to }, 'STORE_CORRUPT');
    rmSync(join(folder, name));
  }
  const db = new DatabaseSync(backup);
  db.exec("UPDATE meta SET value = '99' WHERE name = 'schema'");
  db.close();
  await refuses({ from: backup, to }, 'STORE_NEWER');
  assert.deepEqual(readdirSync(folder).sort(), ['backup', 'node.db']);
  assert.deepEqual(await look(path), [1, 'a']);
});
