import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, test } from 'node:test';
import { parseConfig } from '../node/load-config.ts';
import { runCli } from './run-cli.ts';
import type { Terminal } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'wayleave-chain-'));
after(() => rmSync(folder, { recursive: true }));

/** A command line whose first output is waited for while it runs. */
function begin(line: string): { readonly said: Promise<string>; readonly code: Promise<number> } {
  const { promise: said, resolve } = Promise.withResolvers<string>();
  const input: Terminal['input'] = Object.assign(new PassThrough(), { isTTY: false });
  const code = runCli(line.split(' '), { out: resolve, err: resolve, isTty: false, input, env: {}, folder });
  return { said, code };
}

interface Said {
  readonly rpc: string;
  readonly factory: string;
  readonly accounts: readonly string[];
  readonly key: { readonly address: string };
  readonly toml: string;
}

test('a development chain has the factory and coin for the nodes it was told of, and ends when it is told to', async () => {
  const made = begin('init home --insecure-plain-key --json');
  const { id } = JSON.parse(await made.said) as { id: string };
  assert.equal(await made.code, 0);
  const other = `0x${'AB'.repeat(20)}`;
  const running = begin(`chain home ${other} --json`);
  const { accounts, factory, key, rpc, toml } = JSON.parse(await running.said) as Said;
  assert.deepEqual(accounts, [id, other.toLowerCase()]);
  const ask = async (method: string, ...params: unknown[]): Promise<string> => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const answer = await fetch(rpc, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    return ((await answer.json()) as { result: string }).result;
  };
  for (const each of [...accounts, key.address])
    assert.equal(BigInt(await ask('eth_getBalance', each, 'latest')), 10n ** 20n);
  assert.ok((await ask('eth_getCode', factory, 'latest')).length > 100);
  const { settlement } = parseConfig(toml, join(folder, 'wayleave.toml'));
  assert.deepEqual([settlement.enabled, settlement.factory, settlement.blockMs], [true, factory, 1_000]);
  assert.equal(Number(await ask('eth_chainId')), settlement.chainId);
  process.emit('SIGHUP', 'SIGHUP');
  assert.equal(await running.code, 0);
  await assert.rejects(ask('eth_chainId'));
});

test('who is no node gets no coin', async () => {
  const { code, said } = begin('chain nowhere');
  assert.match(await said, /CONFIG_NOT_FOUND/);
  assert.equal(await code, 1);
});

test('what it prints can be put whole below the heading that init writes', async () => {
  assert.equal(await begin('init pasted --insecure-plain-key').code, 0);
  const running = begin('chain pasted');
  const said = await running.said;
  process.emit('SIGHUP', 'SIGHUP');
  assert.equal(await running.code, 0);
  const file = join(folder, 'pasted/wayleave.toml');
  const text = readFileSync(file, 'utf8').replace('[settlement]\n', `[settlement]\n${said}\n`);
  assert.equal(parseConfig(text, file).settlement.enabled, true);
});
