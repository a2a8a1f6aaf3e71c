import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { CHEATS } from '../sim/cheats.ts';
import { FAULT_RULES } from '../sim/fault-rules.ts';
import { runCli } from './run-cli.ts';

async function run(line: string) {
  const texts = { out: '', err: '' };
  const code = await runCli(`sim fault ${line}`.split(' '), {
    out: (text) => void (texts.out += text),
    err: (text) => void (texts.err += text),
    isTty: false,
    input: new PassThrough(),
    env: { NO_COLOR: '1' },
    folder: '.',
  });
  return { code, ...texts };
}

interface Told {
  readonly ok: boolean;
  readonly nodes: readonly { readonly name: string }[];
  readonly checks: readonly { readonly id: string; readonly ok: boolean }[];
  readonly run: { readonly nodes: number; readonly cheats: readonly string[] };
}

test('cheats that find no place among so few nodes are refused, with how many it takes', async () => {
  const cheats = 'never-pays,floods,under-counts';
  const { code, err, out } = await run(`--nodes 2 --cheats ${cheats}`);
  assert.deepEqual([code, out], [2, '']);
  assert.match(err, /^error USAGE: .*--nodes 2 is too few: never-pays, floods, under-counts need 4\.\n/);
  for (const line of ['--cheats all,floods', '--cheats floods,nobody', '--nodes 1']) {
    assert.equal((await run(line)).code, 2, line);
  }
});

test('where the number of nodes is not given there are enough for all cheats, once each', async () => {
  const names = CHEATS.slice(0, 5).map(({ name }) => name);
  const line = `--seed 1 --steps 200 --faults none --json --cheats ${[...names, names[0]].join(',')}`;
  const told = JSON.parse((await run(line)).out) as Told;
  assert.deepEqual([told.run.nodes, told.run.cheats], [6, names]);
});

test('as JSON every rule is told of, also where none was broken', async () => {
  const told = JSON.parse((await run('--seed 1 --steps 200 --nodes 2 --cheats none --faults none --json')).out) as Told;
  assert.deepEqual([told.ok, told.checks.every(({ ok }) => ok)], [true, true]);
  assert.deepEqual(
    told.checks.map(({ id }) => id),
    FAULT_RULES,
  );
});
