import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ChannelChain } from '../chain/channel-chain.ts';
import { orderParties } from '../chain/channel-signing.ts';
import { signCheque } from '../chain/cheque-signing.ts';
import { createDevChain, DEV_FACTORY, type DevChain } from '../chain/dev-chain.ts';
import { type DevChainServer, serveDevChain } from '../chain/dev-chain-server.ts';
import { createEvmChain, type EvmChain } from '../chain/evm-chain.ts';
import { createSigner, type Signer } from '../chain/signer.ts';
import type { Clock } from '../core/clock.ts';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { type WatchedChannel, watchChannel } from './channel-watch.ts';

const CHAIN_ID = 31_337;
const DEPOSIT_WEI = 1_000_000n;
const HOUR_S = 3_600;
const LATER_S = 4_000_000_000;
const clock: Clock = {
  wallMs: Date.now,
  nowMs: () => performance.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** One whose node is watched for, its neighbour that pays, and one with coin for gas alone. */
const [owner, payer, watcher] = [1, 2, 3].map((each) => createSigner(new Uint8Array(32).fill(each))) as [
  Signer,
  Signer,
  Signer,
];

describe('a channel that is watched without the key of its owner', () => {
  let dev: DevChain;
  let server: DevChainServer;
  const chains: EvmChain[] = [];
  let byPayer: ChannelChain;
  let byWatcher: ChannelChain;
  let nonce = 0;

  const chainOf = (signer: Signer): ChannelChain => {
    const common = { urls: [server.url], chainId: CHAIN_ID, factory: DEV_FACTORY, clock };
    const made = createEvmChain({ ...common, signer, pollMs: 10 });
    chains.push(made);
    return made.channels;
  };

  before(async () => {
    const funded = new Map([payer.id, watcher.id].map((id) => [id, 10n ** 20n]));
    dev = await createDevChain({ chainId: CHAIN_ID, funded });
    server = await serveDevChain({ chain: dev, port: 0 });
    [byPayer, byWatcher] = [chainOf(payer), chainOf(watcher)];
  });
  after(async () => {
    for (const each of chains) await each.close();
    await server.close();
    dev.close();
  });

  /** The next channel of the two, in which `paidWei` was signed. */
  async function open(paidWei: bigint): Promise<WatchedChannel> {
    const parties = orderParties({ signer: owner.id, payee: owner.id }, { signer: payer.id, payee: payer.id });
    const place = { parties, freezeSeconds: HOUR_S, nonce };
    nonce += 1;
    const channel = await byPayer.address(place);
    await byPayer.open(place, { payee: payer.id, wei: DEPOSIT_WEI });
    const common = { chainId: CHAIN_ID, factory: DEV_FACTORY, channel, payee: owner.id, neighbour: payer.id };
    return { ...common, newest: paidWei === 0n ? undefined : signed(channel, paidWei) };
  }

  const signed = (chequebook: NodeId, cumulativeWei: bigint, by = payer) =>
    signCheque(by, CHAIN_ID, { chequebook, beneficiary: owner.id, cumulativeWei });

  async function coin(id: NodeId): Promise<bigint> {
    const answer = await dev.request('eth_getBalance', [id, 'latest']);
    return 'result' in answer ? BigInt(answer.result as string) : -1n;
  }

  it('is left alone while it is open, answered when it closes with an old state, and finished when it may be', async () => {
    const watched = await open(600_000n);
    assert.deepEqual(await watchChannel(watched, byWatcher, LATER_S), {
      ...{ channel: watched.channel, neighbour: payer.id, signedWei: '600000' },
      state: 'open',
    });
    await byPayer.startClose(watched.channel, [signed(watched.channel, 100_000n)]);
    // Off for most of the freeze period.
    await dev.passTime(HOUR_S - 60);
    const had = await coin(owner.id);
    assert.equal((await watchChannel(watched, byWatcher, 0)).act, 'answered');
    const waiting = await watchChannel(watched, byWatcher, LATER_S);
    assert.deepEqual([waiting.state, waiting.act, waiting.code], ['closing', undefined, undefined]);
    await dev.passTime(120);
    const done = await watchChannel(watched, byWatcher, LATER_S);
    assert.deepEqual([done.state, done.act, done.code], ['closed', 'finished', undefined]);
    assert.equal((await coin(owner.id)) - had, 600_000n);
    assert.equal((await watchChannel(watched, byWatcher, LATER_S)).act, undefined);
  });

  it('is reported where nobody answered in time', async () => {
    const watched = await open(600_000n);
    await byPayer.startClose(watched.channel, []);
    await dev.passTime(HOUR_S + 60);
    await byPayer.finish(watched.channel);
    const { code, state } = await watchChannel(watched, byWatcher, LATER_S);
    assert.deepEqual([state, code], ['closed', 'CHANNEL_CLOSED_BEHIND']);
    const unpaid = await watchChannel({ ...watched, newest: undefined }, byWatcher, LATER_S);
    assert.equal(unpaid.code, undefined, 'where nothing was signed, nothing is missing');
  });

  it('costs nothing where somebody else was quicker', async () => {
    const watched = await open(600_000n);
    await byPayer.startClose(watched.channel, []);
    const late: ChannelChain = Object.assign(Object.create(byWatcher) as ChannelChain, {
      facts: async (channel: NodeId) => {
        const seen = await byWatcher.facts(channel);
        if (watched.newest !== undefined && seen?.closesAtS !== undefined)
          await byPayer.submit(channel, [watched.newest]).catch(() => undefined);
        return seen;
      },
      submit: byWatcher.submit.bind(byWatcher),
    });
    const had = await coin(watcher.id);
    const sight = await watchChannel(watched, late, 0);
    assert.deepEqual([sight.state, sight.act, sight.code], ['closing', undefined, undefined]);
    assert.equal(await coin(watcher.id), had);
  });

  it('is not safe while what could not be paid out can still not be claimed', async () => {
    const watched = await open(0n);
    const refusing = (unclaimedWei: bigint): ChannelChain =>
      Object.assign(Object.create(byWatcher) as ChannelChain, {
        facts: async (channel: NodeId) => {
          const seen = await byWatcher.facts(channel);
          if (seen === undefined) return undefined;
          const [a, b] = [seen.a, seen.b].map((books) => ({ ...books, unclaimedWei }));
          return { ...seen, closed: true, a, b };
        },
        claim: () => Promise.reject(new WayleaveError('TRANSACTION_REVERTED', { reason: 'TransferFailed' })),
      });
    const [left, none] = [await watchChannel(watched, refusing(5n), 0), await watchChannel(watched, refusing(0n), 0)];
    assert.deepEqual(
      [left.state, left.code, none.state, none.code],
      [...['closed', 'TRANSACTION_REVERTED'], ...['closed', undefined]],
    );
  });

  it('is not acted on where what is known of it does not hold', async () => {
    const watched = await open(600_000n);
    await byPayer.startClose(watched.channel, []);
    const elsewhere = `0x${'12'.repeat(20)}`;
    const cases: [string, Partial<WatchedChannel>][] = [
      ['CHANNEL_FORGED', { newest: signed(watched.channel, 900_000n, watcher) }],
      ['CHANNEL_FORGED', { newest: { ...signed(elsewhere, 900_000n), chequebook: watched.channel } }],
      ['CHANNEL_WRONG_PARTIES', { payee: watcher.id }],
      ['CHANNEL_WRONG_PARTIES', { neighbour: watcher.id }],
      ['CHANNEL_NO_CONTRACT', { channel: elsewhere }],
    ];
    const had = await coin(watcher.id);
    for (const [code, wrong] of cases) {
      const sight = await watchChannel({ ...watched, ...wrong }, byWatcher, 0);
      assert.deepEqual([sight.state, sight.code], ['unseen', code]);
    }
    assert.equal(await coin(watcher.id), had);
  });

  it('is unseen where the chain does not answer, and not answered where there is no coin for gas', async () => {
    const watched = await open(600_000n);
    await byPayer.startClose(watched.channel, []);
    const poor = await watchChannel(watched, chainOf(createSigner(new Uint8Array(32).fill(9))), 0);
    assert.deepEqual([poor.state, poor.code], ['closing', 'CHAIN_FUNDS_MISSING']);
    const gone = createEvmChain({
      ...{ urls: ['http://127.0.0.1:1'], chainId: CHAIN_ID, factory: DEV_FACTORY },
      ...{ signer: watcher, clock },
    });
    chains.push(gone);
    const sight = await watchChannel(watched, gone.channels, 0);
    assert.deepEqual([sight.state, sight.code], ['unseen', 'RPC_UNREACHABLE']);
  });
});
