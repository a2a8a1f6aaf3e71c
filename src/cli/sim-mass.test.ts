import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, test } from 'node:test';
import { runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'wayleave-mass-'));
after(() => rmSync(folder, { recursive: true }));

async function run(line: string, isTty = false) {
  const texts = { out: '', err: '' };
  const code = await runCli(line.split(' '), {
    out: (text) => void (texts.out += text),
    err: (text) => void (texts.err += text),
    isTty,
    input: new PassThrough(),
    env: { NO_COLOR: '1' },
    folder,
  });
  return { code, ...texts };
}

interface Told {
  readonly ok: boolean;
  readonly counts: { readonly charges: number };
  readonly nodes: readonly unknown[];
  readonly links: readonly { readonly a: string }[];
}

test('a world of many nodes is told of as a table, with a bar meanwhile, and how to have it again', async () => {
  const { code, err, out } = await run('sim mass --nodes 4 --seconds 60 --free-riders 25 --breaks 60 --seed 3', true);
  assert.equal(code, 0);
  assert.match(err, /█+ 100 %\n$/);
  for (const words of [
    /charges +\d+/,
    /choked +\d+/,
    /greatest exposure +\d+ of \d+ units/,
    /steps per CPU-second +\d/,
  ])
    assert.match(out, words);
  assert.match(
    out,
    /Again: \S+\/bin\/wayleave sim mass --seed 3 --nodes 4 --links 3 --seconds 60 --free-riders 25 --breaks 60\n$/,
  );
});

test('as JSON it goes to standard output or to a file, with every node and link', async () => {
  const line = 'sim mass --nodes 6 --links 2 --seconds 30';
  const told = JSON.parse((await run(`${line} --json`)).out) as Told;
  assert.ok(told.ok && told.counts.charges > 0);
  assert.deepEqual([told.nodes.length, told.links.length, told.links[0]?.a], [6, 6, 'n0']);
  const file = join(folder, 'mass.json');
  assert.equal((await run(`${line} --json ${file}`)).code, 0);
  assert.deepEqual((JSON.parse(readFileSync(file, 'utf8')) as Told).links, told.links);
});

test('what no world can have, and a file that cannot be written, are told by their codes', async () => {
  for (const [line, code] of [
    ['sim mass --nodes 1', 'MASS_INVALID'],
    ['sim mass --nodes many', 'MASS_INVALID'],
    ['sim mass --nodes 3 --links 1', 'MASS_INVALID'],
    [`sim mass --nodes 2 --seconds 1 --json ${join(folder, 'none', 'mass.json')}`, 'FILE_UNWRITABLE'],
  ] as const) {
    const { code: exit, err } = await run(line);
    assert.equal(exit, 1, line);
    assert.ok(err.includes(code), `${line}: ${err}`);
  }
});
