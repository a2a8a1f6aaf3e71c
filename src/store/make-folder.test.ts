import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { makeFolder } from './make-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'wayleave-make-folder-'));
after(() => rmSync(folder, { recursive: true }));

it('makes what is missing, private, and says where it began', () => {
  const wanted = join(folder, 'a/b/c');
  assert.equal(makeFolder(wanted), join(folder, 'a'));
  for (const each of ['a', 'a/b', 'a/b/c']) assert.equal(statSync(join(folder, each)).mode & 0o777, 0o700);
  assert.equal(makeFolder(wanted), undefined);
  assert.equal(makeFolder(join(wanted, 'd')), join(wanted, 'd'));
});

it('says what the system says where a folder cannot be', () => {
  writeFileSync(join(folder, 'file'), '');
  symlinkSync('nowhere', join(folder, 'dangling'));
  for (const [name, code] of [
    ['file', 'EEXIST'],
    ['file/in-it', 'ENOTDIR'],
    ['dangling', 'EEXIST'],
  ] as const)
    assert.throws(() => makeFolder(join(folder, name)), { code }, name);
});

it('does not try for ever where the system knows no such folder', {
  skip: existsSync('/proc/self') ? false : 'no /proc',
}, () => {
  for (const path of ['/proc/wayleave', '/proc/wayleave/a/b']) {
    assert.throws(() => makeFolder(path), { code: 'ENOENT', path: '/proc/wayleave' });
  }
});
