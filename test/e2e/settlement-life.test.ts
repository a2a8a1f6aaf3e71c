import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { byteOrigin, fetchBytes, socksHello } from '../../bench/relay/origin.ts';
import type { DevChainServer } from '../../src/chain/dev-chain-server.ts';
import { epochOfNow } from '../../src/cli/open-store.ts';
import type { LinkStatus, NodeEvent } from '../../src/node/node.ts';
import { openFileTarget } from '../../src/store/sqlite-target.ts';
import { Line, lineChain, lineSigners } from './line.fixture.ts';

/**
 * What happens to one link in months: its payer takes a new chequebook, both change how they settle, and the payer loses its
 * disk. No unit is lost or paid twice on the way, and what was paid is what the chain has paid out.
 */

const WEI_PER_UNIT = 10n ** 10n;
const MB = 1_000_000;

describe('the life of a link', { timeout: 180_000 }, () => {
  let rpc: DevChainServer;
  let line: Line;
  let origin: Awaited<ReturnType<typeof byteOrigin>>;
  let methods = 'cheque';
  /** Everything the seller was paid, by method, over all of its lives. */
  const taken: NodeEvent[] = [];

  before(async () => {
    origin = await byteOrigin();
    rpc = await lineChain(lineSigners(2), 60);
    const settlement = () =>
      `methods = [${methods}]\nconfirmations = 2\nblock_ms = 60\nchannel_look_s = 1\nchannel_deposit_wei = ${10n ** 16n}`;
    methods = '"cheque", "barter"';
    line = new Line(2, { rpcUrl: rpc.url, settlement });
    await line.start();
    listen();
    await line.ready();
  });
  after(async () => {
    await line.close();
    await rpc.close();
    origin.close();
  });

  const listen = () => line.nodes[0]?.node.subscribe((event) => event.kind === 'received' && taken.push(event));
  const at = (index: number) => {
    const found = line.nodes[index];
    assert.ok(found !== undefined);
    return found;
  };
  const cheques = (index: number) => {
    const { cheques: found } = at(index).node;
    assert.ok(found !== undefined);
    return found;
  };
  const link = (index: number): LinkStatus => at(index).node.status().links[0] as LinkStatus;
  const connected = () => line.until(() => link(0)?.connected && link(1)?.services.transit.theirAskPerMb !== undefined);
  const takenBy = (method: string) =>
    taken.filter((event) => event['method'] === method).reduce((sum, { amount }) => sum + Number(amount), 0);

  async function restart(index: number, between: () => Promise<void> = async () => undefined): Promise<void> {
    await at(index).stop();
    await between();
    await line.startNode(index);
    if (index === 0) listen();
    await connected();
  }

  async function download(bytes = 4 * MB): Promise<void> {
    assert.equal(await fetchBytes(line.proxyPort, bytes, socksHello(origin.port)), bytes);
    await line.until(() => line.nodes.every(({ node }) => node.status().streams === 0));
  }

  /** Downloads until something more was paid, and both ends say the same of it. */
  async function trade(): Promise<void> {
    const before = link(1).paid;
    await download();
    await line.until(() => link(1).paid > before);
    at(1).node.settle();
    await agreed();
  }

  const agreed = () =>
    line.until(() => {
      const [seller, buyer] = [link(0), link(1)];
      // What a connection that broke had on its way is written off, and owed by nobody.
      const owed = Math.max(Math.abs(seller.balance), Math.abs(buyer.balance));
      return buyer.pending === 0 && buyer.paid === seller.received && owed < 100;
    });

  async function switchTo(list: string): Promise<void> {
    methods = list;
    // One after the other, while the user goes on: what is under way by the old method stays with it.
    const running = fetchBytes(line.proxyPort, 3 * MB, socksHello(origin.port)).catch(() => 0);
    await restart(0);
    await restart(1);
    await running;
  }

  test('a new chequebook takes over, and what stands on the old one is cashed', async () => {
    await trade();
    const [old] = (await cheques(1).chequebooks()).map(({ address }) => address);
    await cheques(1).order({ kind: 'replace', wei: 10n ** 19n });
    await line.until(() => at(1).node.status().chequebook !== old);
    await trade();
    await at(0).node.cashAll();
    const paidOut = (await cheques(1).chequebooks()).map(({ address, paidOutWei }) => [address, paidOutWei]);
    assert.equal(paidOut.length, 2);
    assert.ok(
      paidOut.every(([, wei]) => BigInt(wei ?? 0) > 0n),
      String(paidOut),
    );
    const sum = paidOut.reduce((wei, [, each]) => wei + BigInt(each ?? 0), 0n);
    assert.equal(sum, BigInt(link(0).received) * WEI_PER_UNIT);
  });

  test('methods are switched while a user downloads, and each unit is paid by one of them', async () => {
    await switchTo('"transfer", "barter"');
    await trade();
    await switchTo('"channel", "barter"');
    await trade();
    await switchTo('"cheque", "barter"');
    await trade();
    for (const method of ['cheque', 'transfer', 'channel']) assert.ok(takenBy(method) > 0, `${method} was used`);
    assert.equal(takenBy('cheque') + takenBy('transfer') + takenBy('channel'), link(0).received);
    await at(0).node.cashAll();
    const standing = await cheques(1).chequebooks();
    const cashed = standing.reduce((wei, { paidOutWei }) => wei + BigInt(paidOutWei), 0n);
    assert.equal(cashed, BigInt(takenBy('cheque')) * WEI_PER_UNIT);
    const [channel] = at(0).node.channels?.list() ?? [];
    assert.equal(channel?.receivedWei, String(BigInt(takenBy('channel')) * WEI_PER_UNIT));
  });

  test('and while both nodes run, among those they were started for', async () => {
    await switchTo('"cheque", "channel", "transfer", "barter"');
    const all = ['transfer', 'channel', 'cheque'] as const;
    for (const method of all) {
      const before = takenBy(method);
      const running = fetchBytes(line.proxyPort, 3 * MB, socksHello(origin.port));
      // With the others behind it: one that both ends know is there at every moment.
      const wanted = [method, ...all.filter((each) => each !== method), 'barter'] as const;
      for (const index of [0, 1]) at(index).node.choice?.use(wanted);
      assert.deepEqual(at(1).node.choice?.methods, wanted);
      assert.equal(await running, 3 * MB, 'nobody is cut for it');
      while (takenBy(method) === before) await trade();
      await trade();
    }
    assert.equal(takenBy('cheque') + takenBy('transfer') + takenBy('channel'), link(0).received);
    await switchTo('"cheque", "barter"');
    assert.throws(() => at(1).node.choice?.use(['transfer']), { code: 'PAYMENT_METHOD_UNPREPARED' });
  });

  /** What was promised on each chequebook of the buyer, wei. */
  const promised = async () =>
    new Map((await cheques(1).chequebooks()).map(({ address, promisedWei }) => [address, BigInt(promisedWei)]));

  /** The buyer owes nothing any more, and each payment was answered. */
  async function paidUp(): Promise<void> {
    await download();
    at(1).node.settle();
    await line.until(() => link(1).pending === 0 && Math.abs(link(1).balance) < 100);
  }

  test('a payer that lost its store goes on from the cheque it is given back', async () => {
    const [before, received] = [await promised(), link(0).received];
    await restart(1, () => loseStore(1));
    await line.until(() => at(1).node.status().chequebook !== undefined);
    await paidUp();
    assert.equal(link(0).received - received, link(1).paid, 'all it has paid since was credited');
    const book = at(1).node.status().chequebook ?? '';
    const grown = ((await promised()).get(book) ?? 0n) - (before.get(book) ?? 0n);
    assert.equal(grown, BigInt(link(1).paid) * WEI_PER_UNIT, 'on top of what it had promised there and forgotten');
    await at(0).node.cashAll();
    assert.equal(link(0).uncashed, 0);
    assert.ok(at(0).events.every(({ kind }) => kind !== 'bounced' && kind !== 'refused'));
    assert.equal(link(0).state, 'open');
  });

  test('a receiver that lost its store is told what it was paid, and serves on', async () => {
    const before = link(1).paid;
    assert.ok(before > link(0).dropAt, 'more than is served without payment');
    await restart(0, () => loseStore(0));
    await line.until(() => link(0).connected && link(1).connected && link(0).received > 0);
    assert.ok(link(0).received <= before, 'never more than it was');
    await paidUp();
    assert.equal(link(0).state, 'open');
    assert.ok(at(0).events.every(({ kind }) => kind !== 'bounced' && kind !== 'refused'));
  });

  /** The disk is gone, and `wayleave restore --lost` was run. */
  async function loseStore(index: number): Promise<void> {
    const path = join(line.folder, `${String.fromCharCode(65 + index)}.db`);
    for (const ending of ['', '-wal', '-shm']) rmSync(path + ending, { force: true });
    const target = await openFileTarget(path, line.signers[index]?.id ?? '');
    await target.startEpoch(epochOfNow());
    await target.store.close();
  }
});
