import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { encodeFunctionData } from 'viem';
import { byteOrigin, fetchBytes, socksHello } from '../bench/relay/origin.ts';
import { Bench, stranger } from '../contracts/testing/bench.ts';
import { type FixtureName, fixture } from '../contracts/testing/fixtures.ts';
import { orderParties } from '../src/chain/channel-signing.ts';
import { signCheque } from '../src/chain/cheque-signing.ts';
import { createDevChain, DEV_FACTORY } from '../src/chain/dev-chain.ts';
import { type DevChainServer, serveDevChain } from '../src/chain/dev-chain-server.ts';
import { createEvmChain, type EvmChain } from '../src/chain/evm-chain.ts';
import { createSigner, type Signer } from '../src/chain/signer.ts';
import { codeOf } from '../src/core/errors.ts';
import type { NodeId } from '../src/core/node-id.ts';
import type { LinkStatus } from '../src/node/node.ts';
import { systemClock } from '../src/node/system-clock.ts';
import { Line, lineSigners } from './e2e/line.fixture.ts';

const CHAIN_ID = 31_337;
const BLOCK_MS = 60;
const RICH = 10n ** 20n;
const WEI_PER_UNIT = 10n ** 10n;
const DEPOSIT_WEI = 10n ** 15n;
const ignore = () => Promise.resolve();
const refuses = (work: Promise<unknown>, code: string) => assert.rejects(work, (error) => codeOf(error) === code);

/** The embedded chain with blocks every so often, where the accounts of a line hold coin. */
async function openBench(): Promise<{ bench: Bench; rpc: DevChainServer }> {
  const people = [stranger, ...lineSigners(2).map(({ id }) => id)].map((id) => [id, RICH] as const);
  const chain = await createDevChain({ chainId: CHAIN_ID, funded: new Map(people), intervalMs: BLOCK_MS });
  return { bench: new Bench(chain), rpc: await serveDevChain({ chain, port: 0 }) };
}

async function tell(bench: Bench, token: NodeId, call: { name: FixtureName; does: string; args: readonly unknown[] }) {
  const { abi } = await fixture(call.name);
  const data = encodeFunctionData({ abi, functionName: call.does, args: call.args });
  await bench.must({ from: stranger, to: token, data });
}

describe('the chain port in a token', { timeout: 120_000 }, () => {
  const [payer, payee] = [11, 12].map((byte) => createSigner(new Uint8Array(32).fill(byte))) as [Signer, Signer];
  let bench: Bench;
  let rpc: DevChainServer;
  const open: EvmChain[] = [];
  before(async () => {
    ({ bench, rpc } = await openBench());
    for (const { id } of [payer, payee]) await bench.give(id, 10n ** 18n);
  });
  after(async () => {
    for (const chain of open) await chain.close();
    await rpc.close();
  });

  const port = (signer: Signer, token: NodeId): EvmChain => {
    const common = { urls: [rpc.url], chainId: CHAIN_ID, factory: DEV_FACTORY, clock: systemClock, pollMs: 10 };
    const chain = createEvmChain({ ...common, signer, token });
    open.push(chain);
    return chain;
  };
  const both = async (name: FixtureName) => {
    const token = await bench.deploy(name);
    await bench.give(payer.id, 1_000n, token);
    return { token, mine: port(payer, token), theirs: port(payee, token) };
  };
  const parties = orderParties({ signer: payer.id, payee: payer.id }, { signer: payee.id, payee: payee.id });
  const channelOf = { parties, freezeSeconds: 86_400, nonce: 0 };
  const mineOf = async (chain: EvmChain, nonce = 0) => {
    const place = { ...channelOf, nonce };
    const facts = await chain.channels.facts(await chain.channels.address(place));
    return facts?.parties.a.signer === payer.id ? facts.a : facts?.b;
  };

  for (const name of ['SilentToken', 'PlainToken'] as const) {
    test(`${name}: chequebook, channel and transfer hold and move it, and coin only pays for gas`, async () => {
      const { mine, theirs } = await both(name);
      const { address } = await mine.deployChequebook(100n);
      assert.equal((await theirs.chequebook(address, payee.id))?.balanceWei, 100n);
      const order = { chequebook: address, beneficiary: payee.id, cumulativeWei: 30n };
      const cheque = signCheque(payer, CHAIN_ID, order);
      assert.equal((await theirs.cash(cheque, ignore)).paidWei, 30n);
      await mine.channels.open(channelOf, { payee: payer.id, wei: 50n });
      const channel = await mine.channels.address(channelOf);
      await mine.channels.deposit(channel, { payee: payer.id, wei: 25n });
      assert.equal((await mineOf(theirs))?.depositedWei, 75n);
      const fromBlock = Number((await mine.head()).number) + 1;
      const { block, paidWei } = await mine.pay({ to: payee.id, wei: 7n, purpose: 'a debt' }, ignore);
      assert.equal(paidWei, 7n);
      const came = await theirs.incoming(fromBlock, block);
      assert.deepEqual(
        came?.map(({ from, wei }) => [from, wei]),
        [[payer.id, 7n]],
      );
      assert.deepEqual([await mine.money(payer.id), await theirs.money(payee.id)], [1_000n - 182n, 37n]);
    });
  }

  test('a channel and a chequebook in another token are not what this node settles in', async () => {
    const { mine } = await both('PlainToken');
    const other = port(payee, await bench.deploy('PlainToken'));
    const { address } = await mine.deployChequebook(1n);
    assert.equal((await other.chequebook(address, payee.id))?.fromFactory, false);
    await mine.channels.open(channelOf, { payee: payer.id, wei: 1n });
    const channel = await mine.channels.address(channelOf);
    assert.equal((await other.channels.facts(channel))?.fromFactory, false);
  });

  test('a deposit that a crash left out is made up for, and not made twice', async () => {
    const { mine } = await both('PlainToken');
    const { address } = await mine.deployChequebook(0n);
    assert.equal((await mine.deployChequebook(60n)).address, address);
    assert.equal((await mine.chequebook(address, payee.id))?.balanceWei, 60n);
    await mine.deployChequebook(60n);
    assert.equal((await mine.chequebook(address, payee.id))?.balanceWei, 60n);
    await mine.channels.open(channelOf, { payee: payer.id, wei: 0n });
    assert.equal((await mineOf(mine))?.depositedWei, 0n);
    await mine.channels.open(channelOf, { payee: payer.id, wei: 9n });
    assert.equal((await mineOf(mine))?.depositedWei, 9n);
  });

  test('one that keeps a part: what arrives counts, at both ends and in every contract', async () => {
    const { mine, theirs } = await both('FeeToken');
    const { address } = await mine.deployChequebook(100n);
    assert.equal((await theirs.chequebook(address, payee.id))?.balanceWei, 90n);
    await mine.channels.open(channelOf, { payee: payer.id, wei: 50n });
    assert.equal((await mineOf(theirs))?.depositedWei, 45n);
    const fromBlock = Number((await mine.head()).number) + 1;
    const receipt = await mine.pay({ to: payee.id, wei: 200n, purpose: 'a debt' }, ignore);
    assert.equal(receipt.paidWei, 180n);
    assert.equal((await mine.paid(receipt.hash, payee.id))?.paidWei, 180n);
    const came = await theirs.incoming(fromBlock, receipt.block);
    assert.deepEqual(
      came?.map(({ wei, index }) => [wei, index]),
      [[180n, 0]],
    );
    assert.equal(await theirs.money(payee.id), 180n);
  });

  test('one that reverts: nothing is told, nothing moves, and it works when it works again', async () => {
    const { mine, theirs, token } = await both('PausableToken');
    const { address } = await mine.deployChequebook(100n);
    const order = { chequebook: address, beneficiary: payee.id, cumulativeWei: 30n };
    const cheque = signCheque(payer, CHAIN_ID, order);
    await tell(bench, token, { name: 'PausableToken', does: 'pause', args: [true] });
    const untold = () => assert.fail('nothing may leave');
    await refuses(mine.pay({ to: payee.id, wei: 1n, purpose: 'a debt' }, untold), 'TRANSACTION_REVERTED');
    await refuses(mine.deposit(address, 5n), 'TRANSACTION_REVERTED');
    await refuses(theirs.cash(cheque, untold), 'TRANSACTION_REVERTED');
    await refuses(mine.channels.open(channelOf, { payee: payer.id, wei: 5n }), 'TRANSACTION_REVERTED');
    await tell(bench, token, { name: 'PausableToken', does: 'pause', args: [false] });
    assert.equal((await mine.pay({ to: payee.id, wei: 1n, purpose: 'a debt' }, ignore)).paidWei, 1n);
    assert.equal((await theirs.cash(cheque, ignore)).paidWei, 30n);
    await mine.channels.open(channelOf, { payee: payer.id, wei: 5n });
    assert.equal((await mineOf(mine))?.depositedWei, 5n);
  });

  test('one that says no without failing has paid nothing', async () => {
    const { mine, token } = await both('FalseToken');
    await tell(bench, token, { name: 'FalseToken', does: 'refuse', args: [payee.id, true] });
    assert.equal((await mine.pay({ to: payee.id, wei: 1n, purpose: 'a debt' }, ignore)).paidWei, 0n);
    const { address } = await mine.deployChequebook(0n);
    await tell(bench, token, { name: 'FalseToken', does: 'refuse', args: [address, true] });
    await refuses(mine.deposit(address, 5n), 'TRANSFER_REFUSED');
  });

  test('where no token stands, every use of it says so', async () => {
    const nowhere = port(payer, payee.id);
    await refuses(nowhere.money(payer.id), 'TOKEN_MISSING');
    await refuses(nowhere.channels.open(channelOf, { payee: payer.id, wei: 5n }), 'TRANSACTION_REVERTED');
  });
});

describe('nodes that settle in a token', { timeout: 180_000 }, () => {
  let bench: Bench;
  let rpc: DevChainServer;
  let origin: Awaited<ReturnType<typeof byteOrigin>>;
  const [seller, buyer] = lineSigners(2) as [Signer, Signer];
  before(async () => {
    ({ bench, rpc } = await openBench());
    origin = await byteOrigin();
  });
  after(async () => {
    await rpc.close();
    origin.close();
  });

  const link = (line: Line, index: number) => line.nodes[index]?.node.status().links[0] as LinkStatus;
  /** A gateway and its customer, who has tokens; the customer fetches 3 MB, which is more than it may owe unpaid. */
  async function trade(o: { name: FixtureName; method: string }, look: (line: Line, token: NodeId) => Promise<void>) {
    const token = await bench.deploy(o.name);
    await bench.give(buyer.id, RICH, token);
    const settlement = () =>
      [
        `methods = ["${o.method}", "barter"]\ntoken = "${token}"\nconfirmations = 3\nblock_ms = ${BLOCK_MS}`,
        `channel_deposit_wei = ${DEPOSIT_WEI}\nchannel_look_s = 1`,
      ].join('\n');
    const line = new Line(2, { rpcUrl: rpc.url, settlement });
    try {
      await line.start();
      if (o.method === 'cheque') await line.until(() => line.nodes[1]?.node.status().chequebook !== undefined);
      if (o.method === 'channel') await line.until(() => line.nodes[1]?.node.channels?.list().length === 1);
      await line.until(() => link(line, 1)?.services.transit.theirAskPerMb !== undefined);
      assert.equal(await fetchBytes(line.proxyPort, 3_000_000, socksHello(origin.port)), 3_000_000);
      await look(line, token);
    } finally {
      await line.close();
    }
  }

  /** What the seller holds of it is what its books say that it received. */
  async function arrived(line: Line, token: NodeId): Promise<void> {
    const units = (await bench.balance(seller.id, token)) / WEI_PER_UNIT;
    assert.ok(units > 0n);
    assert.equal(units, BigInt(link(line, 0).received));
  }

  test('by cheque', async () => {
    await trade({ name: 'SilentToken', method: 'cheque' }, async (line, token) => {
      await line.settled();
      await line.nodes[0]?.node.cashAll();
      await arrived(line, token);
    });
  });

  test('in channels', async () => {
    await trade({ name: 'SilentToken', method: 'channel' }, async (line, token) => {
      await line.settled();
      assert.equal(line.nodes[1]?.node.channels?.list()[0]?.token, token);
      await line.nodes[1]?.node.channels?.close(seller.id, false);
      await arrived(line, token);
    });
  });

  test('by transfer, in one that keeps a part: both ends count what arrived, and the rest stays owed', async () => {
    await trade({ name: 'FeeToken', method: 'transfer' }, async (line, token) => {
      await line.settled();
      await arrived(line, token);
      const spent = RICH - (await bench.balance(buyer.id, token));
      assert.ok(spent > BigInt(link(line, 1).paid) * WEI_PER_UNIT);
      assert.ok(line.nodes[1]?.events.some(({ code }) => code === 'TRANSFER_SHORT'));
      assert.ok(link(line, 0).balance > 0, 'the tenth that did not arrive');
    });
  });

  test('by transfer, in one that reverts: it stays owed, and nothing was paid', async () => {
    const { name } = { name: 'PausableToken' as const };
    await trade({ name, method: 'transfer' }, async (line, token) => {
      await tell(bench, token, { name, does: 'pause', args: [true] });
      const before = link(line, 0).received;
      void fetchBytes(line.proxyPort, 9_000_000, socksHello(origin.port)).catch(() => undefined);
      await line.until(() => line.nodes[1]?.events.some(({ code }) => code === 'TRANSACTION_REVERTED') === true);
      await line.until(() => link(line, 0).state === 'choked');
      assert.ok(link(line, 0).balance <= link(line, 0).dropAt);
      await tell(bench, token, { name, does: 'pause', args: [false] });
      await line.until(() => link(line, 0).received > before && link(line, 0).state !== 'choked');
    });
  });
});
