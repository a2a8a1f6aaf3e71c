import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { byteOrigin, fetchBytes, socksHello } from '../../bench/relay/origin.ts';
import type { NodeStatus } from '../../src/node/node.ts';

/** The five minutes of the README, as it says to spend them: two nodes made by hand, observing, without a chain. */
const root = dirname(dirname(import.meta.dirname));
const home = mkdtempSync(join(tmpdir(), 'wayleave-tour-'));
const running: ChildProcess[] = [];
after(async () => {
  for (const node of running.filter(({ exitCode }) => exitCode === null)) {
    node.kill();
    await once(node, 'exit');
  }
  rmSync(home, { recursive: true, force: true });
});

function wayleave(...args: string[]): string {
  const result = spawnSync(process.execPath, [join(root, 'src/cli/main.ts'), ...args], { cwd: home, encoding: 'utf8' });
  assert.equal(result.status, 0, result.stderr);
  return result.stdout;
}

function edit(name: string, ...changes: readonly (readonly [key: RegExp, line: string])[]): void {
  const file = join(home, name, 'wayleave.toml');
  let text = readFileSync(file, 'utf8');
  for (const [key, line] of changes) {
    assert.match(text, key);
    text = text.replace(key, line);
  }
  writeFileSync(file, text);
}

async function up(name: string): Promise<void> {
  running.push(
    spawn(process.execPath, [join(root, 'src/cli/main.ts'), 'up', '-c', name], { cwd: home, stdio: 'ignore' }),
  );
  while (!existsSync(join(home, name, 'api.json'))) await pause(50);
}

const status = (name: string) => JSON.parse(wayleave('status', '-c', name, '--json')) as NodeStatus;

/** What the README leaves to the machine, so that tests side by side stay apart. */
const APART = [
  [/^# port = .*$/gm, 'port = 0'],
  [/^# mdns = .*$/m, 'mdns = false'],
] as const;
const OBSERVE = [/^# mode = .*$/m, 'mode = "observe"'] as const;

test('two nodes made by hand, observing, without a chain', { timeout: 60_000 }, async () => {
  const origin = await byteOrigin();
  wayleave('init', 'alice', '--uplink', '--insecure-plain-key');
  edit('alice', ...APART, OBSERVE, [/^# allow = .*$/m, `allow = ["127.0.0.1:${origin.port}"]`]);
  await up('alice');
  const port = status('alice').listen?.split(':').at(-1);
  wayleave('init', 'bob', '--neighbour', `127.0.0.1:${port}`, '--insecure-plain-key');
  edit('bob', ...APART, OBSERVE);
  await up('bob');

  while (status('bob').links[0]?.services.transit.theirAskPerMb === undefined) await pause(50);
  const proxy = Number(status('bob').socks?.split(':').at(-1));
  assert.equal(await fetchBytes(proxy, 6_000_000, socksHello(origin.port)), 6_000_000);
  origin.close();

  const [seller, buyer] = [status('alice').links[0], status('bob').links[0]];
  assert.ok(seller !== undefined && buyer !== undefined);
  assert.ok(seller.services.transit.providedBytes >= 6_000_000);
  assert.ok(seller.balance >= 66_000, 'six MB at the ask, beyond the credit of four');
  assert.equal(seller.balance, -buyer.balance);
  assert.equal(seller.state, 'open');
});
