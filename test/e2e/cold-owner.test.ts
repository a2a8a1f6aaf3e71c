import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createDevChain, DEV_FACTORY } from '../../src/chain/dev-chain.ts';
import { serveDevChain } from '../../src/chain/dev-chain-server.ts';
import { createKeystore } from '../../src/chain/keystore.ts';
import { runCli } from '../../src/cli/run-cli.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { lineSigners } from './line.fixture.ts';

const CHAIN_ID = 31_337;
const DAY_S = 86_400;

test('the owner of a chequebook, kept apart from its issuer, alone takes coin out, without a node', {
  timeout: 60_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wayleave-owner-'));
  const [issuer, owner] = lineSigners(2);
  const funded = new Map([issuer, owner].map((signer) => [signer?.id ?? '', 10n ** 20n]));
  const chain = await createDevChain({ chainId: CHAIN_ID, funded });
  const rpc = await serveDevChain({ chain, port: 0 });
  for (const [at, name] of ['issuer.json', 'cold.json'].entries()) {
    const key = new Uint8Array(32).fill(at + 1);
    await createKeystore({ path: join(folder, name), insecure: true, key, randomBytes: () => key });
  }
  const settlement = `enabled = true\nrpc = "${rpc.url}"\nchain_id = ${CHAIN_ID}\nfactory = "${DEV_FACTORY}"\n`;
  writeFileSync(join(folder, 'wayleave.toml'), `[settlement]\n${settlement}`);
  const run = async (command: string): Promise<Record<string, unknown>> => {
    let out = '';
    let err = '';
    const terminal = {
      ...{ folder, env: {} },
      out: (text: string) => (out += text),
      err: (text: string) => (err += text),
    };
    const line = `chequebook ${command} --insecure-plain-key --json`;
    const code = await runCli(line.split(' '), terminal as unknown as Terminal);
    return JSON.parse(code === 0 ? out : err) as Record<string, unknown>;
  };
  try {
    const { chequebook } = await run(`deploy 1000 --key issuer.json --owner ${owner?.id}`);
    const on = `--chequebook ${String(chequebook)}`;
    assert.equal((await run(`announce 600 --key issuer.json ${on}`))['code'], 'TRANSACTION_REVERTED');
    assert.equal((await run(`announce 600 --key cold.json ${on}`))['ok'], true);
    assert.equal(
      (await run(`withdraw --key cold.json ${on}`))['code'],
      'TRANSACTION_REVERTED',
      'the freeze period runs',
    );
    await chain.passTime(DAY_S + 60);
    assert.equal((await run(`withdraw --key issuer.json ${on}`))['code'], 'TRANSACTION_REVERTED');
    assert.equal((await run(`withdraw --key cold.json ${on}`))['ok'], true);
    const { balanceWei, issuer: signs, withdrawalWei } = await run(`--key cold.json ${on}`);
    assert.deepEqual([balanceWei, signs, withdrawalWei], ['400', issuer?.id, '0']);
    assert.equal((await run('announce 1 --key cold.json'))['code'], 'USAGE', 'of which chequebook?');
    assert.equal((await run(`replace 1 --key cold.json ${on}`))['code'], 'USAGE', 'a node does that, with its own');
  } finally {
    await rpc.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
