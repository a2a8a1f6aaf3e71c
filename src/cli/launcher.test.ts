import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const LAUNCHER = fileURLToPath(new URL('../../bin/wayleave', import.meta.url));
const PLATFORM = `node-${process.platform}-${process.arch}`;
const folder = mkdtempSync(join(tmpdir(), 'wayleave-bin-'));
after(() => rmSync(folder, { recursive: true }));

/** A clone of the repository as far as the launcher sees it, and a machine with what we put into `path/`. */
describe('bin/wayleave', { skip: process.platform === 'win32' && 'a POSIX shell script' }, () => {
  const clone = join(folder, 'my clone');
  const path = join(folder, 'path');

  beforeEach(() => {
    for (const each of [clone, path]) rmSync(each, { recursive: true, force: true });
    for (const each of ['bin', 'src/cli', 'scripts']) mkdirSync(join(clone, each), { recursive: true });
    mkdirSync(path);
    copyFileSync(LAUNCHER, join(clone, 'bin/wayleave'));
    for (const file of ['src/cli/main.ts', 'package-lock.json']) writeFileSync(join(clone, file), '');
    for (const tool of ['dirname', 'readlink', 'uname', 'touch']) symlinkSync(toolPath(tool), join(path, tool));
  });

  const toolPath = (tool: string): string =>
    ['/usr/bin', '/bin'].map((each) => join(each, tool)).find((each) => existsSync(each)) ?? tool;

  function script(file: string, lines: string): void {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\n${lines}\n`);
    chmodSync(file, 0o755);
  }
  const pinned = (): string => join(clone, 'node_modules', PLATFORM, 'bin/node');
  const run = (launcher = join(clone, 'bin/wayleave'), ...args: string[]) => {
    const { status, stdout, stderr } = spawnSync('/bin/sh', [launcher, ...args], {
      env: { PATH: path },
      encoding: 'utf8',
      cwd: folder,
    });
    return { status, stdout, stderr };
  };
  /** The pinned Node tells who it is and what it was asked to run. */
  const tells = (name: string): string => `echo ${name} "$@"`;
  const installed = (): void => {
    script(pinned(), tells('pinned'));
    writeFileSync(join(clone, 'node_modules/.package-lock.json'), '');
  };

  it('runs the pinned Node, through links and from anywhere, with the arguments as they are', () => {
    installed();
    symlinkSync('my clone/bin/wayleave', join(folder, 'relative'));
    symlinkSync(join(folder, 'relative'), join(folder, 'absolute'));
    for (const launcher of [undefined, join(folder, 'relative'), join(folder, 'absolute')]) {
      const { status, stdout } = run(launcher, 'status', 'two words');
      assert.equal(status, 0);
      assert.match(stdout, /^pinned .*my clone\/src\/cli\/main\.ts status two words\n$/);
    }
  });

  it('hands on the exit code', () => {
    installed();
    script(pinned(), 'exit 7');
    assert.equal(run().status, 7);
  });

  it('installs what is missing in a clone, once, and again when the lock file is newer', () => {
    const install = `case "$1" in scripts/install.mjs) echo installing >&2; mkdir -p node_modules/${PLATFORM}/bin && touch node_modules/.package-lock.json && cp ../done node_modules/${PLATFORM}/bin/node ;; esac`;
    for (const tool of ['mkdir', 'cp']) symlinkSync(toolPath(tool), join(path, tool));
    script(join(folder, 'done'), tells('installed'));
    script(join(path, 'node'), install);
    script(join(path, 'npm'), '');
    const first = run();
    assert.deepEqual([first.status, first.stderr], [0, 'installing\n']);
    assert.match(first.stdout, /^installed /);
    assert.equal(run().stderr, '');
    const later = new Date(Date.now() + 60_000);
    utimesSync(join(clone, 'package-lock.json'), later, later);
    assert.equal(run().stderr, 'installing\n');
  });

  it('stops when the installation fails, and says so when there is nothing to install with', () => {
    const { status, stderr } = run();
    assert.equal(status, 1);
    assert.match(stderr, /no npm/);
    script(join(path, 'npm'), '');
    script(join(path, 'node'), 'exit 3');
    assert.equal(run().status, 1);
  });

  it('uses a new enough Node of the machine where none is pinned, and else says which it needs', () => {
    mkdirSync(join(clone, 'node_modules'));
    writeFileSync(join(clone, 'node_modules/.package-lock.json'), '');
    symlinkSync(process.execPath, join(path, 'node'));
    assert.equal(run().status, 0);
    rmSync(join(path, 'node'));
    script(join(path, 'node'), 'case "$1" in --version) echo v20.20.2 ;; *) exit 1 ;; esac');
    const old = run();
    assert.equal(old.status, 1);
    assert.match(old.stderr, /needs Node 24\.12 or newer.*v20\.20\.2/);
    rmSync(join(path, 'node'));
    assert.match(run().stderr, /needs Node 24\.12 or newer.*none/);
  });
});
