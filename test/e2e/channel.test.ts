import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { byteOrigin, fetchBytes, socksHello } from '../../bench/relay/origin.ts';
import { createDevChain, type DevChain } from '../../src/chain/dev-chain.ts';
import { serveDevChain } from '../../src/chain/dev-chain-server.ts';
import type { ChannelStatus, LinkStatus } from '../../src/node/node.ts';
import { Line, lineSigners } from './line.fixture.ts';

const DEPOSIT_WEI = 10n ** 15n;
const DAY_S = 86_400;

/** A gateway and its customer, which pays in a channel of 100,000 units: 11 MB. */
async function pair(
  work: (line: Line, get: (bytes: number) => Promise<void>, chain: DevChain) => Promise<void>,
  lookS: (index: number) => number = () => 1,
) {
  const origin = await byteOrigin();
  const funded = new Map(lineSigners(2).map((signer) => [signer.id, 10n ** 20n]));
  const chain = await createDevChain({ chainId: 31_337, funded });
  const rpc = await serveDevChain({ chain, port: 0 });
  const settlement = (index: number) =>
    `methods = ["channel", "barter"]\nconfirmations = 1\nchannel_deposit_wei = ${DEPOSIT_WEI}\nchannel_look_s = ${lookS(index)}`;
  const line = new Line(2, { rpcUrl: rpc.url, settlement });
  const get = async (bytes: number) => {
    assert.equal(await fetchBytes(line.proxyPort, bytes, socksHello(origin.port)), bytes);
  };
  try {
    await line.start();
    await line.until(() => channel(line, 1) !== undefined);
    await work(line, get, chain);
  } finally {
    await line.close();
    await rpc.close();
    origin.close();
  }
}

const channel = (line: Line, index: number): ChannelStatus | undefined =>
  line.nodes[index]?.node.channels?.list().at(-1);
const link = (line: Line, index: number) => line.nodes[index]?.node.status().links[0] as LinkStatus;

describe('payment in channels', { timeout: 120_000 }, () => {
  test('opened, paid in, topped up, kept over restarts of both ends, closed together in one transaction', async () => {
    await pair(async (line, get, chain) => {
      await get(3_000_000);
      await line.until(() => link(line, 1).paid > 0);
      await line.settled();
      const before = link(line, 1);
      assert.ok(before.paid >= 8_000, `paid ${before.paid}`);
      assert.equal(channel(line, 0)?.receivedWei, channel(line, 1)?.paidWei);

      for (const index of [0, 1]) {
        await line.nodes[index]?.stop();
        await line.startNode(index);
      }
      assert.equal(link(line, 1).paid, before.paid);
      await line.until(() => link(line, 1).connected && link(line, 0).connected);
      await get(12_000_000);
      await line.settled();
      await line.until(() => link(line, 1).paid > 100_000);
      assert.ok(BigInt(channel(line, 1)?.depositedWei ?? 0) > DEPOSIT_WEI);

      const balance = async () => {
        const answer = await chain.request('eth_getBalance', [line.signers[0]?.id, 'latest']);
        return 'result' in answer ? BigInt(answer.result as string) : 0n;
      };
      const had = await balance();
      await line.nodes[0]?.node.channels?.close(line.signers[1]?.id ?? '', false);
      const received = BigInt(line.nodes[0]?.node.channels?.list()[0]?.receivedWei ?? 0);
      assert.equal((await balance()) - had, received, 'all that was signed, and no gas: the other end hands it in');
      await line.until(() => line.nodes[1]?.node.channels?.list()[0]?.state === 'closed');
      await get(3_000_000);
      await line.until(() => line.nodes[1]?.node.channels?.list().length === 2);
      await line.settled();
      assert.equal(line.nodes[1]?.node.channels?.list().length, 2, 'the next payments open the next channel');
    });
  });

  test('either takes out what is free while it stays open, and never what it has signed away', async () => {
    await pair(async (line, get, chain) => {
      await get(3_000_000);
      await line.until(() => link(line, 1).paid > 0);
      await line.settled();
      const [seller = '', buyer = ''] = line.signers.map(({ id }) => id);
      const channels = (index: number) => line.nodes[index]?.node.channels;
      const onChain = async (address: string) => {
        const answer = await chain.request('eth_getBalance', [address, 'latest']);
        return 'result' in answer ? BigInt(answer.result as string) : 0n;
      };
      const received = BigInt(channel(line, 0)?.receivedWei ?? 0);
      assert.equal((await channels(0)?.withdraw(buyer))?.wei, received, 'all it was paid, which nobody has handed in');
      assert.equal(channel(line, 0)?.withdrawnWei, String(received));
      assert.ok(line.nodes[0]?.events.some(({ act, wei }) => act === 'withdrawn' && wei === String(received)));
      await assert.rejects(async () => channels(0)?.withdraw(buyer, 1n), { code: 'CHANNEL_TOO_LITTLE' });

      const told = await line.nodes[0]?.node.ledger({ neighbour: buyer, sinceMs: 0, untilMs: 10 ** 15 });
      assert.equal(told?.entries.find(({ entry }) => entry === 'withdrawn')?.wei, String(received));
      assert.deepEqual(told?.gaps, []);

      const free = DEPOSIT_WEI - received;
      await assert.rejects(async () => channels(1)?.withdraw(seller, free + 1n), { code: 'CHANNEL_TOO_LITTLE' });
      assert.equal((await channels(1)?.withdraw(seller, free))?.wei, free, 'and what it has not signed away');
      assert.equal(await onChain(channel(line, 0)?.channel ?? ''), 0n);
      await line.nodes[0]?.stop();
      await line.startNode(0);
      await line.until(() => link(line, 1).connected && link(line, 0).connected);
      const before = link(line, 1).paid;
      await get(3_000_000);
      await line.until(() => BigInt(channel(line, 1)?.depositedWei ?? 0) > DEPOSIT_WEI && link(line, 1).paid > before);
      await line.settled();
      assert.equal(line.nodes[1]?.node.channels?.list().length, 1, 'topped up, and still the same one');
      assert.equal(link(line, 0).uncashed, 0);
      const had = await onChain(seller);
      await channels(0)?.close(buyer, false);
      const paid = BigInt(channel(line, 0)?.receivedWei ?? 0) - received;
      assert.ok(paid > 0n);
      assert.equal((await onChain(seller)) - had, paid, 'the rest, and nothing twice');
    });
  });

  test('who pays in a channel that is closed, and did not know, pays the same in the next one', async () => {
    // The buyer looks at its channels every ten minutes: it cannot know.
    await pair(
      async (line, get, chain) => {
        await get(3_000_000);
        await line.until(() => link(line, 1).paid > 0);
        await line.settled();
        const before = link(line, 1).paid;
        await line.nodes[0]?.node.channels?.close(line.signers[1]?.id ?? '', true);
        await chain.passTime(DAY_S + 60);
        await line.until(() => line.nodes[0]?.node.channels?.list()[0]?.state === 'closed');
        assert.equal(line.nodes[1]?.node.channels?.list()[0]?.state, 'open', 'as far as the buyer knows');
        await get(3_000_000);
        await line.until(
          () =>
            line.nodes[1]?.events.some(({ kind, code }) => kind === 'paymentRejected' && code === 'CHANNEL_CLOSED') ===
            true,
        );
        await line.until(() => line.nodes[1]?.node.channels?.list().length === 2 && link(line, 1).paid > before);
        await line.settled();
        assert.equal(link(line, 0).received, link(line, 1).paid, 'nothing twice, and nothing lost');
        assert.equal(channel(line, 0)?.receivedWei, channel(line, 1)?.paidWei);
      },
      (index) => (index === 0 ? 1 : 600),
    );
  });

  test('who closes with an old state while the other is away for the whole freeze period is cut off', async () => {
    await pair(async (line, get, chain) => {
      await get(3_000_000);
      await line.until(() => link(line, 1).paid > 0);
      await line.settled();
      await line.nodes[0]?.stop();
      await line.nodes[1]?.node.channels?.close(line.signers[0]?.id ?? '', true);
      await chain.passTime(DAY_S + 60);
      await line.until(() => line.nodes[1]?.node.channels?.list()[0]?.state === 'closed');
      const seller = await line.startNode(0);
      await line.until(() => seller.events.some(({ code }) => code === 'CHANNEL_CLOSED_BEHIND'));
      await line.until(() => link(line, 0).state === 'closed');

      await seller.stop();
      // As a crash leaves the books right behind the note that the channel is closed.
      const books = new DatabaseSync(join(line.folder, 'A.db'));
      assert.equal(books.prepare('UPDATE links SET closed = 0').run().changes, 1);
      books.close();
      await line.startNode(0);
      await line.until(() => link(line, 0).state === 'closed');
    });
  });

  test('who closes with an old state is answered in the freeze period, and gets what is left of it', async () => {
    await pair(async (line, get, chain) => {
      await get(3_000_000);
      await line.until(() => link(line, 1).paid > 0);
      await line.settled();
      const seller = line.signers[0]?.id ?? '';
      // The buyer closes alone, and says nothing of what it has signed: 0 is the oldest state there is.
      await line.nodes[1]?.node.channels?.close(seller, true);
      await line.until(
        () => line.nodes[0]?.events.some(({ kind, act }) => kind === 'channel' && act === 'answered') === true,
      );
      await chain.passTime(DAY_S + 60);
      await line.until(() => line.nodes.every(({ node }) => node.channels?.list()[0]?.state === 'closed'));
      assert.equal(
        line.nodes[0]?.events.some(({ code }) => code === 'CHANNEL_CLOSED_BEHIND'),
        false,
      );
      assert.equal(link(line, 0).uncashed, 0);
    });
  });
});
