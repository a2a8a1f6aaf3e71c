import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { Clock } from '../core/clock.ts';
import { codeOf } from '../core/errors.ts';
import { createDevChain, DEV_FACTORY, type DevChain } from './dev-chain.ts';
import { type EndpointNews, Endpoints } from './endpoints.ts';
import { createEvmChain } from './evm-chain.ts';
import { quantity, type RpcOutcome } from './json-rpc.ts';
import { createSigner } from './signer.ts';

const CHAIN_ID = 1337;
const payer = createSigner(new Uint8Array(32).fill(7));
const payee = createSigner(new Uint8Array(32).fill(8));

type Answer = (method: string, params: readonly unknown[]) => Promise<RpcOutcome> | RpcOutcome | undefined;

/** An endpoint whose answers can be changed; undefined for none at all. */
async function serve(answer: Answer) {
  const state = { answer, calls: 0 };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => {
      body += part.toString();
    });
    const reply = async (): Promise<void> => {
      state.calls += 1;
      const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: unknown[] };
      const outcome = await state.answer(method, params);
      if (outcome !== undefined) response.end(JSON.stringify({ jsonrpc: '2.0', id, ...outcome }));
    };
    request.on('end', () => void reply());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { state, url, host: new URL(url).host, close };
}

describe('several endpoints as one', () => {
  let chain: DevChain;
  let fork: DevChain;
  const open: { close(): unknown }[] = [];
  before(async () => {
    const funded = new Map([[payer.id, 10n ** 18n]]);
    chain = await createDevChain({ chainId: CHAIN_ID, funded });
    fork = await createDevChain({ chainId: CHAIN_ID, funded, genesisTimeS: 1_800_000_000 });
    for (const each of [chain, fork]) for (let at = 0; at < 3; at += 1) await each.request('evm_mine', []);
  });
  after(async () => {
    for (const each of open.reverse()) await each.close();
    chain.close();
    fork.close();
  });

  const time = { nowMs: 0 };
  const clock: Clock = {
    wallMs: () => Date.now(),
    nowMs: () => time.nowMs + performance.now(),
    after(delayMs, fire) {
      const timer = setTimeout(fire, delayMs);
      return { cancel: () => clearTimeout(timer) };
    },
  };
  const good: Answer = (method, params) => chain.request(method, params);
  const dead: Answer = () => undefined;
  const lying: Answer = async (method, params) =>
    method === 'eth_getBalance' ? { result: '0xffff' } : await chain.request(method, params);
  const made = async (answers: readonly Answer[], quorum = 1) => {
    const servers = await Promise.all(answers.map(serve));
    const urls = servers.map(({ url }) => url);
    const endpoints = new Endpoints({ urls, chainId: CHAIN_ID, quorum, callTimeoutMs: 150, clock });
    const news: EndpointNews[] = [];
    endpoints.told = (one) => news.push(one);
    open.push(...servers, endpoints);
    const told = () =>
      news.map(({ host, code }) => `${servers.findIndex((each) => each.host === host)} ${code || 'back'}`);
    return { servers, urls, endpoints, told };
  };
  const balance = { method: 'eth_getBalance', params: [payer.id, '0x1'] };
  const read = (outcome: RpcOutcome) => quantity('result' in outcome ? outcome.result : undefined, 'balance');

  test('the first is asked; when it is gone the next; and the first again when it is back', async () => {
    const { servers, endpoints, told } = await made([good, good]);
    await endpoints.call('eth_blockNumber', []);
    assert.equal(servers[1]?.state.calls, 0);
    const [first, second] = servers;
    if (first === undefined || second === undefined) assert.fail();
    first.state.answer = dead;
    await endpoints.call('eth_blockNumber', []);
    const asked = first.state.calls;
    await endpoints.call('eth_blockNumber', []);
    assert.equal(first.state.calls, asked, 'left out');
    first.state.answer = good;
    time.nowMs += 31_000;
    const others = second.state.calls;
    await endpoints.call('eth_blockNumber', []);
    assert.deepEqual([second.state.calls, told()], [others, ['0 RPC_UNREACHABLE', '0 back']]);
  });

  test('one that serves another chain is left out; where there is no other, that is said', async () => {
    const foreign: Answer = (method, params) =>
      method === 'eth_chainId' ? { result: '0x1' } : chain.request(method, params);
    const { endpoints, told } = await made([foreign, good]);
    assert.equal(await endpoints.askQuantity('eth_chainId', []), BigInt(CHAIN_ID));
    assert.deepEqual(told(), ['0 CHAIN_WRONG']);
    const alone = await made([foreign]);
    await assert.rejects(alone.endpoints.call('eth_blockNumber', []), (error) => codeOf(error) === 'CHAIN_WRONG');
  });

  test('one that is busy is passed over; a refusal of the call itself is an answer', async () => {
    const busy: Answer = (method, params) =>
      method === 'eth_chainId' ? chain.request(method, params) : { error: { code: -32005, message: 'slow down' } };
    const { endpoints, told } = await made([busy, good]);
    assert.ok('result' in (await endpoints.call('eth_blockNumber', [])));
    assert.deepEqual(told(), ['0 RPC_FAILED']);
    const refused = await (await made([good, dead])).endpoints.call('eth_sendRawTransaction', ['0x12']);
    assert.ok('error' in refused);
  });

  test('when all are out all are asked, and none is out for good', async () => {
    const { servers, endpoints } = await made([dead, dead]);
    await assert.rejects(endpoints.call('eth_blockNumber', []), (error) => codeOf(error) === 'RPC_UNREACHABLE');
    for (const { state } of servers) state.answer = good;
    assert.ok('result' in (await endpoints.call('eth_blockNumber', [])));
  });

  test('with a quorum a liar is outvoted, left out and told', async () => {
    const { servers, endpoints, told } = await made([lying, good, good], 2);
    const answer = await endpoints.agreed({ ...balance, read });
    assert.equal(answer, 10n ** 18n);
    while (told().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(told(), ['0 RPC_DISAGREES']);
    const asked = servers[0]?.state.calls;
    assert.equal(await endpoints.agreed({ ...balance, read }), 10n ** 18n);
    assert.equal(servers[0]?.state.calls, asked);
  });

  test('where no answer has a quorum nothing is believed', async () => {
    const { endpoints } = await made([lying, good], 2);
    await assert.rejects(endpoints.agreed({ ...balance, read }), (error) => codeOf(error) === 'RPC_DISAGREES');
    const gone = await made([dead, good, dead], 2);
    await assert.rejects(gone.endpoints.agreed({ ...balance, read }), (error) => codeOf(error) === 'RPC_UNREACHABLE');
  });

  test('the head is a block that a quorum has; one on another fork is left out and told', async () => {
    const ahead: Answer = (method, params) =>
      method === 'eth_blockNumber' ? { result: '0xffffff' } : chain.request(method, params);
    const far = await made([ahead, good, good], 2);
    assert.equal((await far.endpoints.head()).number, 3n);
    const forked = await made([(method, params) => fork.request(method, params), good, good], 2);
    const [head, seen] = [await forked.endpoints.head(), await good('eth_getBlockByNumber', ['0x3', false])];
    assert.equal(head.hash, (seen as { result: { hash: string } }).result.hash);
    while (forked.told().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(forked.told(), ['0 RPC_DISAGREES']);
    const split = await made([(method, params) => fork.request(method, params), good], 2);
    await assert.rejects(split.endpoints.head(), (error) => codeOf(error) === 'RPC_DISAGREES');
  });

  test('a transaction is told to all, and one that takes it is enough', async () => {
    const { endpoints, servers } = await made([dead, good, () => ({ error: { code: -1, message: 'no' } })]);
    assert.ok('result' in (await endpoints.tellAll('eth_blockNumber', [])));
    assert.ok(servers.every(({ state }) => state.calls > 0));
  });

  test('a payment that only one of two saw is not credited; one that a quorum saw is', async () => {
    const hiding: Answer = async (method, params) => {
      if (method === 'eth_getTransactionReceipt') return { result: null };
      return await chain.request(method, params);
    };
    const { urls } = await made([good, hiding, good], 2);
    const open2 = (signer: typeof payer, endpoints: readonly string[]) => {
      const common = { chainId: CHAIN_ID, factory: DEV_FACTORY, clock, pollMs: 5, quorum: 2 };
      const made2 = createEvmChain({ ...common, urls: endpoints, signer, minedWithinMs: 100 });
      open.push(made2);
      return made2;
    };
    const [, two] = urls;
    const pay = (endpoints: readonly string[], purpose: string) =>
      open2(payer, endpoints).pay({ to: payee.id, wei: 1n, purpose }, () => Promise.resolve());
    const half = [urls[0] ?? '', two ?? ''];
    await assert.rejects(pay(half, 'half'), (error) => codeOf(error) === 'TRANSACTION_PENDING');
    const { hash, block } = await pay(urls, 'whole');
    const arrived = await open2(payee, urls).incoming(block, block);
    assert.deepEqual(
      arrived?.map(({ transaction }) => transaction),
      [hash],
    );
  });

  test('lists that could not work are refused', () => {
    const url = 'http://127.0.0.1:1';
    for (const [urls, quorum] of [
      [[], 1],
      [[url], 2],
      [[url, url, url, url], 2],
      [Array.from({ length: 9 }, () => url), 1],
    ] as const) {
      assert.throws(
        () => new Endpoints({ urls, quorum, chainId: 1, callTimeoutMs: 1, clock }),
        (error) => codeOf(error) === 'CONFIG_INVALID',
      );
    }
  });
});
