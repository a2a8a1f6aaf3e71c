import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { codeOf } from '../core/errors.ts';
import { createDevChain, DEV_FACTORY, type DevChain } from './dev-chain.ts';
import { type DevChainServer, serveDevChain } from './dev-chain-server.ts';

const ANN = `0x${'a1'.repeat(20)}`;
const BEN = `0x${'b2'.repeat(20)}`;
const OPTIONS = { chainId: 1337, funded: new Map([[ANN, 10n ** 18n]]), genesisTimeS: 1_800_000_000 };

async function result(chain: DevChain, method: string, params: readonly unknown[] = []): Promise<unknown> {
  const outcome = await chain.request(method, params);
  assert.ok('result' in outcome, JSON.stringify(outcome));
  return outcome.result;
}

const blockTimeS = async (chain: DevChain) =>
  Number(((await result(chain, 'eth_getBlockByNumber', ['latest', false])) as { timestamp: string }).timestamp);

describe('development chain', () => {
  test('the same options make the same genesis block', async () => {
    const [one, two] = await Promise.all([createDevChain(OPTIONS), createDevChain(OPTIONS)]);
    const genesis = (chain: DevChain) => result(chain, 'eth_getBlockByNumber', ['0x0', false]);
    assert.deepEqual(await genesis(one), await genesis(two));
    assert.equal(await result(one, 'eth_chainId'), '0x539');
    assert.equal(await result(one, 'eth_getBalance', [ANN, 'latest']), '0xde0b6b3a7640000');
    assert.ok(((await result(one, 'eth_getCode', [DEV_FACTORY, 'latest'])) as string).length > 1000);
    one.close();
    two.close();
  });

  test('a sent transaction is mined when it is answered; many at once take their turns', async () => {
    const chain = await createDevChain(OPTIONS);
    await result(chain, 'hardhat_impersonateAccount', [ANN]);
    const hashes = await Promise.all(
      [0, 1, 2, 3].map((nonce) =>
        result(chain, 'eth_sendTransaction', [{ from: ANN, to: BEN, value: '0x1', nonce: `0x${nonce}` }]),
      ),
    );
    for (const hash of hashes) assert.notEqual(await result(chain, 'eth_getTransactionReceipt', [hash]), null);
    assert.equal(await result(chain, 'eth_getBalance', [BEN, 'latest']), '0x4');
    chain.close();
  });

  test('a failed write does not stop the next', async () => {
    const chain = await createDevChain(OPTIONS);
    assert.ok('error' in (await chain.request('eth_sendRawTransaction', ['0x12'])));
    await result(chain, 'evm_mine');
    chain.close();
  });

  test('time passes when told to', async () => {
    const chain = await createDevChain(OPTIONS);
    const before = await blockTimeS(chain);
    await chain.passTime(86_400);
    assert.ok((await blockTimeS(chain)) - before >= 86_400);
    chain.close();
  });

  test('interval mining makes blocks by itself', async () => {
    const chain = await createDevChain({ ...OPTIONS, intervalMs: 20 });
    while ((await result(chain, 'eth_blockNumber')) === '0x0') await new Promise((resolve) => setTimeout(resolve, 10));
    chain.close();
  });

  test('a closed chain answers with an error', async () => {
    const chain = await createDevChain(OPTIONS);
    chain.close();
    assert.ok('error' in (await chain.request('eth_chainId', [])));
  });
});

test('without the optional package the reason is said', async () => {
  // The same files where no node_modules is in sight.
  const folder = await mkdtemp(join(tmpdir(), 'wayleave-no-edr-'));
  try {
    for (const file of ['src/chain/dev-chain.ts', 'src/chain/edr.ts', 'src/chain/artifacts.ts', 'src/core/errors.ts']) {
      await cp(new URL(`../../${file}`, import.meta.url), join(folder, file));
    }
    await cp(new URL('../../contracts/artifacts.json', import.meta.url), join(folder, 'contracts/artifacts.json'));
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    const program = `import { createDevChain } from './src/chain/dev-chain.ts';
      createDevChain({ chainId: 1, funded: new Map() }).catch((error) => console.log(error.code));`;
    await writeFile(join(folder, 'main.ts'), program);
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'main.ts')], { env: {} });
    assert.equal(stdout.trim(), 'CHAIN_EMBEDDED_UNAVAILABLE');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

interface Post {
  readonly body?: string | Buffer;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function post(
  url: string,
  { body = '', method = 'POST', headers = {} }: Post,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const options = { method, headers: { 'content-type': 'application/json', ...headers } };
    const sent = httpRequest(url, options, (response) => {
      let text = '';
      response.on('data', (part: Buffer) => {
        text += part.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('development chain server', () => {
  let chain: DevChain;
  let server: DevChainServer;
  before(async () => {
    chain = await createDevChain(OPTIONS);
    server = await serveDevChain({ chain, port: 0 });
  });
  after(async () => {
    await server.close();
    chain.close();
  });
  const call = (method: string, id: unknown = 1) => ({ jsonrpc: '2.0', id, method, params: [] });

  test('answers one call, and a batch in order', async () => {
    const one = await post(server.url, { body: JSON.stringify(call('eth_chainId', 'x')) });
    assert.deepEqual(JSON.parse(one.text), { jsonrpc: '2.0', id: 'x', result: '0x539' });
    const batch = await post(server.url, { body: JSON.stringify([call('eth_chainId', 1), call('net_version', 2)]) });
    assert.deepEqual(
      (JSON.parse(batch.text) as { id: number }[]).map(({ id }) => id),
      [1, 2],
    );
  });

  const refusals: [string, Post, number][] = [
    ['a foreign host (DNS rebinding)', { headers: { host: 'evil.example' } }, 403],
    ['any origin: pages have no business here', { headers: { origin: 'http://127.0.0.1' } }, 403],
    ['GET', { method: 'GET' }, 405],
    ['a form', { headers: { 'content-type': 'text/plain' } }, 415],
    ['two megabytes', { body: Buffer.alloc(2 << 20, ' ') }, 413],
  ];
  for (const [name, request, status] of refusals) {
    test(`refuses ${name}`, async () => assert.equal((await post(server.url, request)).status, status));
  }

  const faults: [string, string, number][] = [
    ['text that is not JSON', '{', -32700],
    ['an empty batch', '[]', -32600],
    ['a batch too long', JSON.stringify(Array.from({ length: 101 }, () => call('eth_chainId'))), -32600],
    ['null', 'null', -32600],
    ['params that are no list', JSON.stringify({ ...call('eth_chainId'), params: {} }), -32600],
    ['control of time', JSON.stringify(call('evm_mine')), -32601],
    ['a filter that would be remembered', JSON.stringify(call('eth_newFilter')), -32601],
    ['an unknown method', JSON.stringify(call('eth_nonsense')), -32004],
  ];
  for (const [name, body, code] of faults) {
    test(`answers ${name} with an error`, async () => {
      const { status, text } = await post(server.url, { body });
      assert.equal(status, 200);
      assert.equal((JSON.parse(text) as { error: { code: number } }).error.code, code);
    });
  }

  test('control is offered only when asked for', async () => {
    const open = await serveDevChain({ chain, port: 0, control: true });
    const { text } = await post(open.url, { body: JSON.stringify(call('evm_mine')) });
    assert.ok('result' in (JSON.parse(text) as object), text);
    await open.close();
  });

  test('a port in use is said', async () => {
    const port = Number(new URL(server.url).port);
    await assert.rejects(serveDevChain({ chain, port }), (error) => codeOf(error) === 'PORT_IN_USE');
  });
});
