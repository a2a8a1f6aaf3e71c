import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { byteOrigin, fetchBytes, socksHello } from '../../bench/relay/origin.ts';
import { startApi } from '../../src/api/server.ts';
import { createDevChain, type DevChain } from '../../src/chain/dev-chain.ts';
import { serveDevChain } from '../../src/chain/dev-chain-server.ts';
import { createKeystore } from '../../src/chain/keystore.ts';
import { createSigner } from '../../src/chain/signer.ts';
import { runCli } from '../../src/cli/run-cli.ts';
import type { ChannelStatus, WayleaveNode } from '../../src/node/node.ts';
import type { ChannelSight } from '../../src/settle/channel-watch.ts';
import { Line, lineSigners } from './line.fixture.ts';

const DAY_S = 86_400;
const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;

interface Bed {
  readonly line: Line;
  readonly chain: DevChain;
  readonly url: string;
  /** Options of `watch`: another machine's key, with coin for gas. */
  readonly watch: string;
  get(bytes: number): Promise<void>;
  /** Runs a command line in the folder of the line; resolves to its exit code and what it answered. */
  run(line: string): Promise<{ code: number; out: Record<string, unknown>; err: string }>;
}

/** A gateway that is paid in a channel by its customer, and a machine beside them. */
async function bed(work: (bed: Bed) => Promise<void>): Promise<void> {
  const origin = await byteOrigin();
  const key = new Uint8Array(32).fill(77);
  const ids = [...lineSigners(2), createSigner(key)].map(({ id }) => id);
  const chain = await createDevChain({ chainId: 31_337, funded: new Map(ids.map((id) => [id, 10n ** 20n])) });
  const rpc = await serveDevChain({ chain, port: 0 });
  const settlement = () =>
    `methods = ["channel", "barter"]\nconfirmations = 1\nchannel_deposit_wei = ${10n ** 15n}\nchannel_look_s = 1`;
  const line = new Line(2, { rpcUrl: rpc.url, settlement });
  const run: Bed['run'] = async (text) => {
    const texts = { out: '', err: '' };
    const input = new PassThrough();
    const out = (more: string) => void (texts.out += more);
    const err = (more: string) => void (texts.err += more);
    const terminal = { out, err, isTty: false, input, env: {}, folder: line.folder };
    const code = await runCli(text.split(' '), terminal);
    return { code, out: JSON.parse(texts.out || '{}') as Record<string, unknown>, err: texts.err };
  };
  const get = async (bytes: number) => {
    assert.equal(await fetchBytes(line.proxyPort, bytes, socksHello(origin.port)), bytes);
    await line.until(() => (line.nodes[1]?.node.status().links[0]?.paid ?? 0) > 0);
    await line.settled();
  };
  try {
    await createKeystore({ path: join(line.folder, 'gas.json'), insecure: true, key, randomBytes: () => key });
    await createKeystore({ path: join(line.folder, 'poor.json'), insecure: true, randomBytes });
    const watch = `--rpc ${rpc.url} --key gas.json --insecure-plain-key --json`;
    await line.start();
    await line.until(() => [0, 1].every((index) => channelOf(line, index) !== undefined));
    await work({ line, chain, url: rpc.url, watch, get, run });
  } finally {
    await line.close();
    await rpc.close();
    chain.close();
    origin.close();
  }
}

const channelOf = (line: Line, index: number) => line.nodes[index]?.node.channels?.list().at(-1);

async function withApi(line: Line, work: () => Promise<void>): Promise<void> {
  mkdirSync(join(line.folder, 'seller'), { recursive: true });
  const node = line.nodes[0]?.node as WayleaveNode;
  const api = await startApi({ node, host: '127.0.0.1', port: 0, tokenFile: join(line.folder, 'seller/api.json') });
  try {
    await work();
  } finally {
    await api.close();
  }
}

async function coin(chain: DevChain, id: string): Promise<bigint> {
  const answer = await chain.request('eth_getBalance', [id, 'latest']);
  return 'result' in answer ? BigInt(answer.result as string) : -1n;
}

/** Lines of JSON that a process says, as they come. */
function sightsOf(child: ChildProcess): ChannelSight[] {
  const sights: ChannelSight[] = [];
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (more: string) => {
    const lines = (rest + more).split('\n');
    rest = lines.pop() ?? '';
    sights.push(...lines.map((each) => JSON.parse(each) as ChannelSight));
  });
  return sights;
}

describe('channels from the command line', { timeout: 120_000 }, () => {
  test('a node is off, its neighbour closes with an old state: another machine answers, and the newest is paid out', async () => {
    await bed(async ({ line, chain, get, run, watch }) => {
      const seller = line.signers[0]?.id ?? '';
      await get(3_000_000);
      let status: ChannelStatus | undefined;
      await withApi(line, async () => {
        const { out } = await run('channel -c seller --json');
        [status] = out['channels'] as ChannelStatus[];
        assert.deepEqual(status, JSON.parse(JSON.stringify(channelOf(line, 0))));
        assert.equal((await run('channel export signed.json -c seller --json')).out['channels'], 1);
        assert.match((await run('channel close nobody -c seller --json')).err, /LEDGER_NO_ACCOUNT/);
        assert.equal((await run('channel close -c seller --json')).code, 2);
      });
      const receivedWei = BigInt(status?.receivedWei ?? 0);
      assert.ok(receivedWei > 0n);
      const poor = await run(`watch signed.json --once ${watch.replace('gas.json', 'poor.json')}`);
      assert.deepEqual([poor.code, (poor.out['channels'] as ChannelSight[])[0]?.code], [1, 'CHAIN_FUNDS_MISSING']);
      await line.nodes[0]?.stop();
      // 0 is the oldest state there is.
      await line.nodes[1]?.node.channels?.close(seller, true);
      // The other machine was off too, for half of the freeze period.
      await chain.passTime(DAY_S / 2);
      const had = await coin(chain, seller);

      const text = readFileSync(join(line.folder, 'signed.json'), 'utf8');
      const more = text.replace(`"${receivedWei}"`, `"${receivedWei + 1n}"`);
      writeFileSync(join(line.folder, 'forged.json'), more);
      const forged = await run(`watch forged.json --once ${watch}`);
      assert.deepEqual([forged.code, (forged.out['channels'] as ChannelSight[])[0]?.code], [1, 'CHANNEL_FORGED']);

      const answered = await run(`watch signed.json --once ${watch}`);
      assert.deepEqual([answered.code, (answered.out['channels'] as ChannelSight[])[0]?.act], [0, 'answered']);
      await chain.passTime(DAY_S);
      // The buyer finishes it too, where it is quicker.
      const closed = async () => {
        const { code, out } = await run(`watch signed.json --once ${watch}`);
        assert.equal(code, 0);
        return (out['channels'] as ChannelSight[])[0]?.state === 'closed';
      };
      while (!(await closed())) await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal((await coin(chain, seller)) - had, receivedWei);
    });
  });

  test('an operator closes a channel, with the neighbour or without it, and is told what becomes of it', async () => {
    await bed(async ({ line, chain, get, run }) => {
      const [seller, buyer] = line.signers.map(({ id }) => id);
      await get(3_000_000);
      await withApi(line, async () => {
        const had = await coin(chain, seller ?? '');
        const { out } = await run(`channel close ${buyer} -c seller --json`);
        const closed = out['channel'] as ChannelStatus;
        assert.deepEqual([closed.state, closed.neighbour, out['alone']], ['closed', buyer, false]);
        assert.ok(BigInt(closed.receivedWei) > 0n);
        assert.equal((await coin(chain, seller ?? '')) - had, BigInt(closed.receivedWei));
        await get(3_000_000);
        await line.until(() => channelOf(line, 0)?.state === 'open');
        const alone = (await run(`channel close ${buyer} --alone -c seller --json`)).out['channel'] as ChannelStatus;
        assert.equal(alone.state, 'closing');
        assert.notEqual(alone.channel, closed.channel);
        assert.ok(Number(alone.closesAtS) > 0);
      });
    });
  });

  test('it watches until Ctrl-C, takes up what is new in the file, and goes on with what it knew', async () => {
    await bed(async ({ line, chain, get, run, watch }) => {
      const seller = line.signers[0]?.id ?? '';
      const file = join(line.folder, 'signed.json');
      const write = (name: string) =>
        withApi(line, async () => assert.equal((await run(`channel export ${name} -c seller --json`)).code, 0));
      await write('signed.json');
      const child = spawn(process.execPath, [MAIN, ...`watch ${file} --every 1 ${watch}`.split(' ')], {
        cwd: line.folder,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = new Promise((resolve) => child.on('exit', resolve));
      try {
        const sights = sightsOf(child);
        await line.until(() => sights.some(({ state }) => state === 'open'));
        await get(3_000_000);
        await write('signed.json');
        const receivedWei = BigInt(channelOf(line, 0)?.receivedWei ?? 0);
        await line.until(() => sights.some(({ signedWei }) => signedWei === String(receivedWei)));
        const good = readFileSync(file, 'utf8');
        writeFileSync(file, '{');
        await line.until(() => sights.some(({ code }) => code === 'CHANNEL_EXPORT_INVALID'));
        // Nor does a higher total that nobody signed displace what it knew.
        writeFileSync(file, good.replace(`"${receivedWei}"`, `"${receivedWei + 1n}"`));
        await line.until(() => sights.some(({ code }) => code === 'CHANNEL_FORGED'));
        await line.nodes[0]?.stop();
        const had = await coin(chain, seller);
        await line.nodes[1]?.node.channels?.close(seller, true);
        await line.until(() => sights.some(({ act }) => act === 'answered'));
        await chain.passTime(DAY_S + 60);
        await line.until(() => sights.some(({ state }) => state === 'closed'));
        assert.equal((await coin(chain, seller)) - had, receivedWei);
      } finally {
        child.kill('SIGINT');
      }
      assert.equal(await ended, 0);
    });
  });
});
