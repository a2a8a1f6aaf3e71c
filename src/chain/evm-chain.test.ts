import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { Clock } from '../core/clock.ts';
import { codeOf, WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { signCheque } from './cheque-signing.ts';
import { createDevChain, DEV_FACTORY, type DevChain } from './dev-chain.ts';
import { type DevChainServer, serveDevChain } from './dev-chain-server.ts';
import { createEvmChain, type EvmChain, type EvmChainOptions } from './evm-chain.ts';
import { createSigner, type Signer } from './signer.ts';

const CHAIN_ID = 1337;
const RICH = 10n * 10n ** 18n;

const clock: Clock = {
  wallMs: () => Date.now(),
  nowMs: () => performance.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

describe('EVM chain', () => {
  const signer = createSigner(new Uint8Array(32).fill(7));
  let dev: DevChain;
  let server: DevChainServer;
  const opened: EvmChain[] = [];

  before(async () => {
    dev = await createDevChain({ chainId: CHAIN_ID, funded: new Map([[signer.id, RICH]]) });
    server = await serveDevChain({ chain: dev, port: 0 });
  });
  after(async () => {
    for (const chain of opened) await chain.close();
    await server.close();
    dev.close();
  });

  const open = (change: Partial<EvmChainOptions> = {}) => {
    const base = { urls: [server.url], chainId: CHAIN_ID, factory: DEV_FACTORY, signer, clock, pollMs: 5 };
    const chain = createEvmChain({ ...base, ...change });
    opened.push(chain);
    return chain;
  };
  const refuses = (work: Promise<unknown>, code: string) => assert.rejects(work, (error) => codeOf(error) === code);

  test('another chain than configured: every call says so', async () => {
    const wrong = open({ chainId: 1 });
    await refuses(wrong.chainId(), 'CHAIN_WRONG');
    await refuses(wrong.balance(signer.id), 'CHAIN_WRONG');
    await refuses(wrong.deployChequebook(1n), 'CHAIN_WRONG');
  });

  test('nobody listening is unreachable', async () => {
    await refuses(open({ urls: ['http://127.0.0.1:1'] }).balance(signer.id), 'RPC_UNREACHABLE');
  });

  test('a URL that is none is refused at once', () => {
    for (const url of ['', 'ftp://x', 'localhost:8545/']) {
      assert.throws(
        () => open({ urls: [url] }),
        (error) => codeOf(error) === 'CONFIG_INVALID',
      );
    }
  });

  test('no factory at the configured address', async () => {
    await refuses(open({ factory: signer.id }).deployChequebook(1n), 'CHAIN_NOT_FACTORY');
    await refuses(open({ factory: signer.id }).chequebook(signer.id, signer.id), 'CHAIN_NOT_FACTORY');
  });

  test('a factory can be deployed, and then serves', async () => {
    const { address, transaction } = await open().deployFactory();
    assert.ok(transaction.gasWei > 0n);
    const chain = open({ factory: address });
    const { address: book } = await chain.deployChequebook(3n);
    assert.equal((await chain.chequebook(book, signer.id))?.balanceWei, 3n);
    const unknown = await open().chequebook(book, signer.id);
    const { fromFactory, issuer, balanceWei } = unknown ?? {};
    assert.deepEqual([fromFactory, issuer, balanceWei], [false, `0x${'0'.repeat(40)}`, 0n], 'to another factory');
  });

  test('a gas price above the limit stops everything that would be sent', async () => {
    await refuses(open({ maxFeePerGasWei: 1n }).deployChequebook(1n), 'GAS_TOO_DEAR');
    const chain = open({ maxFeePerGasWei: 10n ** 12n });
    const { address } = await chain.deployChequebook(1n);
    assert.ok((await chain.deposit(address, 1n)).gasWei > 0n);
  });

  test('an announced withdrawal shows', async () => {
    const chain = open();
    const { address } = await chain.deployChequebook(1n);
    assert.equal((await chain.chequebook(address, signer.id))?.withdrawableAtS, undefined);
    const { encodeFunctionData, parseAbi } = await import('viem/utils');
    const abi = parseAbi(['function announceWithdrawal(uint256)']);
    const data = encodeFunctionData({ abi, functionName: 'announceWithdrawal', args: [1n] });
    await sendAs(dev, signer.id, address, data);
    const block = await dev.request('eth_getBlockByNumber', ['latest', false]);
    const nowS = Number((('result' in block ? block.result : {}) as { timestamp: string }).timestamp);
    assert.equal((await chain.chequebook(address, signer.id))?.withdrawableAtS, nowS + 86_400);
  });

  test('not mined in time: the hash is known, and the outcome comes later', async () => {
    const chain = open({ minedWithinMs: 30 });
    const { address: book } = await chain.deployChequebook(10n);
    await chain.deposit(book, 10n);
    await dev.request('evm_setAutomine', [false]);
    const cheque = signCheque(signer, CHAIN_ID, { chequebook: book, beneficiary: signer.id, cumulativeWei: 5n });
    let hash = '';
    await refuses(
      chain.cash(cheque, async (told) => {
        hash = told;
      }),
      'TRANSACTION_PENDING',
    );
    assert.equal(await chain.outcome(hash, book), undefined);
    await dev.request('evm_mine', []);
    await dev.request('evm_setAutomine', [true]);
    assert.equal((await chain.outcome(hash, book))?.paidWei, 5n);
  });

  test('reverted in its block although the estimate was good: gas is spent and named', async () => {
    const chain = open();
    const other: Signer = createSigner(new Uint8Array(32).fill(8));
    await dev.request('hardhat_setBalance', [other.id, `0x${RICH.toString(16)}`]);
    const { address: book } = await chain.deployChequebook(10n);
    await chain.deposit(book, 10n);
    const cheque = signCheque(signer, CHAIN_ID, { chequebook: book, beneficiary: other.id, cumulativeWei: 9n });
    let hash = '';
    const late = open({ signer: other }).cash(cheque, async (told) => {
      hash = told;
      await chain.cash(cheque, () => Promise.resolve());
    });
    const reverted = (error: unknown) =>
      error instanceof WayleaveError && error.code === 'TRANSACTION_REVERTED' && error.details['hash'] === hash;
    await assert.rejects(late, reverted);
    await assert.rejects(chain.outcome(hash, book), reverted);
  });

  test('closing ends what is under way', async () => {
    const chain = open({ pollMs: 60_000 });
    const { address: book } = await chain.deployChequebook(10n);
    await dev.request('evm_setAutomine', [false]);
    const waiting = chain.deposit(book, 1n);
    const ended = refuses(waiting, 'CHAIN_CLOSED');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await chain.close();
    await ended;
    await refuses(chain.balance(signer.id), 'CHAIN_CLOSED');
    await dev.request('evm_mine', []);
    await dev.request('evm_setAutomine', [true]);
  });
});

describe('an endpoint that answers badly', () => {
  const signer = createSigner(new Uint8Array(32).fill(7));
  const cases: [string, (id: number) => string | undefined, string][] = [
    ['an error', (id) => JSON.stringify({ id, error: { code: -32005, message: 'rate limit' } }), 'RPC_FAILED'],
    ['a login page', () => '<html>', 'RPC_UNREACHABLE'],
    ['another id', (id) => JSON.stringify({ id: id + 1, result: '0x539' }), 'RPC_UNREACHABLE'],
    ['no result', (id) => JSON.stringify({ id }), 'RPC_UNREACHABLE'],
    ['null', () => 'null', 'RPC_UNREACHABLE'],
    ['a number that is none', (id) => JSON.stringify({ id, result: 'many' }), 'RPC_FAILED'],
    ['an object for a number', (id) => JSON.stringify({ id, result: {} }), 'RPC_FAILED'],
    ['five megabytes', () => ' '.repeat(5 << 20), 'RPC_UNREACHABLE'],
    ['nothing, for ever', () => undefined, 'RPC_UNREACHABLE'],
  ];
  for (const [name, answer, code] of cases) {
    test(name, async () => {
      const server = createServer((request, response) => {
        let body = '';
        request.on('data', (part: Buffer) => {
          body += part.toString();
        });
        request.on('end', () => {
          const text = answer((JSON.parse(body) as { id: number }).id);
          if (text !== undefined) response.end(text);
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const factory: NodeId = DEV_FACTORY;
      const chain = createEvmChain({ urls: [url], chainId: CHAIN_ID, factory, signer, clock, callTimeoutMs: 200 });
      await assert.rejects(chain.chainId(), (error) => codeOf(error) === code);
      await chain.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
  }
});

async function sendAs(dev: DevChain, from: NodeId, to: NodeId, data: string): Promise<void> {
  await dev.request('hardhat_impersonateAccount', [from]);
  const outcome = await dev.request('eth_sendTransaction', [{ from, to, data }]);
  assert.ok('result' in outcome, JSON.stringify(outcome));
}
