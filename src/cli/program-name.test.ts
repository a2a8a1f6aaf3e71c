import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { asTyped, programName, sameNode } from './program-name.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'wayleave-name-')));
after(() => rmSync(root, { recursive: true }));
for (const each of ['clone/bin', 'clone/a node', 'on-path']) mkdirSync(join(root, each), { recursive: true });
const launcher = join(root, 'clone/bin/wayleave');
writeFileSync(launcher, '');

it('is what a shell there finds the program by', () => {
  assert.equal(programName(launcher, join(root, 'clone')), './bin/wayleave');
  assert.equal(programName(launcher, join(root, 'clone/a node'), '/nowhere'), '../bin/wayleave');
  assert.equal(programName(launcher, '/one/two/three/four/five/six/seven/eight/nine/ten/eleven'), launcher);
  assert.equal(programName(join(root, 'gone'), root), 'wayleave', 'an installed package is on the path');
  symlinkSync(launcher, join(root, 'on-path/wayleave'));
  assert.equal(programName(launcher, root, `/nowhere:${root}/on-path`), 'wayleave');
});

it('is quoted where it must be', () => {
  symlinkSync(join(root, 'clone'), join(root, "it's"));
  assert.equal(programName(join(root, "it's/bin/wayleave"), root), String.raw`'./it'\''s/bin/wayleave'`);
});

it('goes with the node that was named, and with nothing where it is the one of this folder', () => {
  assert.equal(sameNode({ config: 'wayleave.toml' }), '');
  assert.equal(sameNode({ config: 'my node' }), " -c 'my node'");
  assert.equal(sameNode({ config: 'wayleave.toml', url: 'http://[::1]:7848' }), " --url 'http://[::1]:7848'");
});

it('stands for the program, and for nothing else of that name', () => {
  const terminal = { env: {}, folder: join(import.meta.dirname, '../..') };
  assert.equal(
    asTyped('Again: wayleave sim, or `wayleave COMMAND`', terminal),
    'Again: ./bin/wayleave sim, or `./bin/wayleave COMMAND`',
  );
  for (const line of ['/etc/wayleave and', 'the wayleave.toml of', './bin/wayleave up', 'wayleave']) {
    assert.equal(asTyped(line, terminal), line);
  }
});
