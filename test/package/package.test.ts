import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';

/** The package as a stranger gets it: built, packed, unpacked beside a program that is not ours, run by plain Node. */
const root = dirname(dirname(import.meta.dirname));
const home = mkdtempSync(join(tmpdir(), 'wayleave-package-'));
const installed = join(home, 'node_modules', 'wayleave');

interface Published {
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string }>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly scripts?: unknown;
  readonly bin: { readonly wayleave: string };
  readonly engines: { readonly node: string };
}
const published = () => JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Published;

function run(cwd: string, ...args: readonly string[]): string {
  const result = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  assert.equal(result.status, 0, `${args.join(' ')}\n${result.stdout}\n${result.stderr}`);
  return result.stdout;
}

function pack(folder: string): string {
  const npm = process.env['npm_execpath'];
  const args = ['pack', folder, '--pack-destination', home, '--json', '--ignore-scripts'];
  const result = npm?.endsWith('.js')
    ? spawnSync(process.execPath, [npm, ...args], { cwd: home, encoding: 'utf8' })
    : spawnSync('npm', args, { cwd: home, encoding: 'utf8' });
  assert.equal(result.status, 0, result.stderr);
  const [tarball] = JSON.parse(result.stdout) as readonly { readonly filename: string }[];
  assert.ok(tarball);
  return join(home, tarball.filename);
}

before(() => {
  run(root, 'scripts/build.ts', join(home, 'dist'));
  const tarball = pack(join(home, 'dist'));
  mkdirSync(installed, { recursive: true });
  assert.equal(spawnSync('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1']).status, 0);
});

after(() => rmSync(home, { recursive: true, force: true }));

test('a ten-line program uses wayleave/core with no dependency installed', () => {
  cpSync(join(root, 'examples/ledger.mjs'), join(home, 'ledger.mjs'));
  assert.equal(run(home, 'ledger.mjs'), 'MB 3: refused, Bob owes 500\n');
});

test('its types are found and sound', () => {
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }');
  writeFileSync(
    join(home, 'use.ts'),
    `import { Ledger, chargeFor, type Units } from 'wayleave/core';
     const owed: Units = chargeFor(1_000_000, 250, 0).amount;
     // @ts-expect-error a handle is a number, never text
     const text: string = new Ledger().holdProvide(0, owed);
     export { text };`,
  );
  const options = ['--strict', '--noEmit', '--target', 'es2024', '--module', 'nodenext', '--types', ''];
  run(home, join(root, 'node_modules/typescript/bin/tsc'), ...options, 'use.ts');
});

test('every subpath loads with the declared dependencies and nothing else', () => {
  for (const name of Object.keys(published().dependencies)) {
    const place = join(home, 'node_modules', name);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), place);
  }
  for (const subpath of Object.keys(published().exports)) {
    run(home, '--input-type=module', '-e', `await import('wayleave${subpath.slice(1)}')`);
  }
});

test('it holds no tests, no scripts and no pinned runtime, and says which Node it needs', () => {
  assert.equal(published().scripts, undefined);
  assert.match(published().engines.node, /^>=24/);
  assert.ok(existsSync(join(installed, 'LICENSE')) && existsSync(join(installed, 'README.md')));
  assert.ok(existsSync(join(installed, 'contracts/artifacts.json')), 'a chequebook can be deployed from it');
  const files = spawnSync('find', [installed, '-type', 'f'], { encoding: 'utf8' }).stdout.split('\n');
  assert.deepEqual(
    files.filter((file) => /\.(test|fixture)\./.test(file)),
    [],
  );
});

test('the command starts', () => {
  assert.match(run(home, join(installed, published().bin.wayleave), '--help'), /wayleave/);
});
