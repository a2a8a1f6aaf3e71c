import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { PacketService } from '../../src/node/packet-service.ts';
import { Line } from './line.fixture.ts';

/** A, b, c, D of the seed: only the two in the middle are carriers, with their tolls. */
const tolls = [0, 5, 60, 0];
const credit = 'pay_at_units = 10000000\ndrop_at_units = 100000000';

describe('value packets over real nodes', { timeout: 120_000 }, () => {
  const line = new Line(4, {
    end: (index) => `[packets]\ntoll_per_packet = ${tolls[index]}\nvalue_at_units = 1000000\n[credit]\n${credit}`,
  });
  const packets = (index: number): PacketService => line.nodes[index]?.node.packets as PacketService;
  const id = (index: number): string => line.signers[index]?.id as string;
  /** What the left node of each link owes the right one. */
  const counters = (): number[] =>
    [0, 1, 2].map((left) => {
      const link = line.nodes[left]?.node.status().links.find(({ neighbour }) => neighbour === id(left + 1));
      return 0 - (link?.balance ?? Number.NaN);
    });

  before(async () => {
    await line.start();
    await line.ready();
    await line.until(() => packets(0).quote(id(3), 0) !== undefined && packets(3).quote(id(0), 0) !== undefined);
  });
  after(() => line.close());

  test('the price of a path is known before anything is sent', () => {
    assert.equal(packets(0).quote(id(3), 0), 65);
    assert.equal(packets(3).quote(id(0), 100), 65);
    assert.equal(packets(0).quote(`0x${'9'.repeat(40)}`, 0), undefined);
  });

  test("the seed's first example comes out to the unit: a thousand packets, and a confirmation", async () => {
    const sent = Array.from({ length: 1000 }, () =>
      packets(0).user.send({ to: id(3), value: 100, payload: Buffer.alloc(0), replies: 0, waitMs: 2_000 }),
    );
    await line.until(() => packets(3).user.figures.delivered === 1000);
    assert.deepEqual(counters(), [100_000, 95_000, 35_000]);
    await packets(3).user.send({ to: id(0), value: 35_000, payload: Buffer.alloc(0), replies: 0, waitMs: 500 });
    await line.until(() => packets(0).user.figures.delivered === 1);
    assert.deepEqual(counters(), [65_065, 60_060, 0]);
    assert.equal(packets(0).user.figures.originatorCost, 65_065);
    assert.deepEqual([packets(1).earned.tolls, packets(2).earned.tolls], [5_005, 60_060]);
    assert.ok((await Promise.all(sent)).every(({ result }) => result === 'sent'));
  });

  test('and the second: a request, and change in a hundred replies', async () => {
    const start = counters();
    packets(3).user.serve({ price: 200, replies: 100, split: 'floor', payload: Buffer.from('one of a hundred') });
    const order = { to: id(3), value: 10_000, payload: Buffer.from('a hundred, please'), replies: 100, waitMs: 10_000 };
    const outcome = await packets(0).user.send(order);
    assert.deepEqual([outcome.result, outcome.replies.length, outcome.cameUnits], ['answered', 100, 3_200]);
    assert.equal(Buffer.from(outcome.replies[0]?.payload ?? []).toString(), 'one of a hundred');
    assert.deepEqual(
      counters().map((counter, link) => counter - (start[link] as number)),
      [6_800, 6_295, 235],
    );
  });

  test('what cannot go on comes back, with the name of who refused it and what it wanted', async () => {
    const order = { to: id(3), value: 64, payload: Buffer.alloc(0), replies: 0, waitMs: 10_000 };
    const outcome = await packets(0).user.send(order);
    assert.equal(outcome.result, 'refused');
    assert.deepEqual(outcome.receipt, { reason: 'UNDERFUNDED', refusedBy: id(2), wanted: 60 });
    assert.equal(outcome.cameUnits, 58, 'less the toll of b, who did its work, and the fee of c');
    const unknown = { ...order, to: `0x${'9'.repeat(40)}`, value: 100 };
    assert.equal((await packets(0).user.send(unknown)).receipt?.reason, 'NO_ROUTE');
  });

  test('its destination signs for a packet that asks for it, and no counter moves for that', async () => {
    const before = counters();
    const order = { to: id(3), value: 100, payload: Buffer.from('hello'), replies: 0, receipt: true, waitMs: 10_000 };
    const { delivery, result } = await packets(0).send(order);
    assert.deepEqual([result, delivery?.arrivedUnits], ['delivered', 35]);
    assert.deepEqual(
      counters().map((counter, link) => counter - (before[link] as number)),
      [100, 95, 35],
    );
    const { confirmed, lost } = packets(0).user.figures;
    assert.deepEqual([confirmed, lost, packets(3).status.receiptsGiven], [1, 0, 1]);
  });

  test('more value than a link takes on credit is refused before it leaves', async () => {
    const order = { to: id(3), value: 2_000_000, payload: Buffer.alloc(0), replies: 0, waitMs: 10_000 };
    const before = counters();
    const outcome = await packets(0).user.send(order);
    assert.deepEqual([outcome.receipt?.reason, outcome.receipt?.refusedBy], ['NO_CREDIT', id(0)]);
    assert.deepEqual(counters(), before);
  });

  test('both ends of each link have the same books', async () => {
    for (const left of [0, 1, 2]) {
      const [a, b] = [left, left + 1].map((at) => line.nodes[at]?.node.status().links ?? []);
      const mine = a?.find(({ neighbour }) => neighbour === id(left + 1))?.services.packets;
      const theirs = b?.find(({ neighbour }) => neighbour === id(left))?.services.packets;
      assert.deepEqual([mine?.provided, mine?.consumed], [theirs?.consumed, theirs?.provided]);
    }
  });
});

describe('a place in line, offered for', { timeout: 120_000 }, () => {
  // Node 0 offers its carrier one unit a byte for what it sends, and half of it for what it gets.
  const offers = (carrier: string) =>
    `[[neighbour]]\nid = "${carrier}"\noffer_sending_per_mb = 1000000\noffer_receiving_per_mb = 500000`;
  const line = new Line(3, {
    end: (index, signers) =>
      `[packets]\nvalue_at_units = 1000000\n[credit]\n${credit}\n${index === 0 ? offers(signers[1]?.id as string) : ''}`,
  });
  const packets = (index: number): PacketService => line.nodes[index]?.node.packets as PacketService;
  const id = (index: number): string => line.signers[index]?.id as string;

  before(async () => {
    await line.start();
    await line.ready();
  });
  after(() => line.close());

  test('is in the price of the path, is paid by the packets, and weighs what they wait in', async () => {
    await line.until(() => packets(0).quote(id(2), 0) === 5 + 72 && packets(2).quote(id(0), 28) === 5 + 50);
    const order = { payload: Buffer.alloc(28), replies: 0, waitMs: 200 };
    await packets(0).user.send({ ...order, to: id(2), value: 1_000 });
    await packets(2).user.send({ ...order, to: id(0), value: 1_000 });
    await line.until(() => packets(0).user.figures.delivered + packets(2).user.figures.delivered === 2);
    const came = [2, 0].map((index) => packets(index).user.figures.deliveredUnits);
    assert.deepEqual([...came, packets(1).earned.tolls], [895, 945, 160]);
    const links = line.nodes[1]?.node.status().links ?? [];
    const pair = (to: number, from: number) =>
      links.find(({ neighbour }) => neighbour === id(to))?.packets?.pairs.find((each) => each.from === id(from));
    assert.deepEqual([pair(2, 0)?.weight, pair(0, 2)?.weight], [1_000_000, 500_000]);
    assert.deepEqual([pair(2, 0)?.sent, pair(2, 0)?.sentBytes, pair(0, 2)?.dropped], [1, 100, 0]);
  });
});

describe('packets of who gets no credit for value', { timeout: 120_000 }, () => {
  const line = new Line(3, { end: (index) => `[packets]\nprepay_units = ${index === 0 ? 0 : 5_000}` });
  const packets = (index: number): PacketService => line.nodes[index]?.node.packets as PacketService;
  const id = (index: number): string => line.signers[index]?.id as string;
  const link = (index: number, to: number) =>
    line.nodes[index]?.node.status().links.find(({ neighbour }) => neighbour === id(to));

  before(async () => {
    await line.start();
    await line.ready();
    await line.until(() => packets(2).quote(id(0), 0) !== undefined);
  });
  after(() => line.close());

  test('are paid for before they leave, hop by hop, as far as each operator allows', async () => {
    assert.deepEqual([link(2, 1)?.packets?.theirValueAt, link(1, 0)?.packets?.theirValueAt], [0, 0]);
    const order = { to: id(0), value: 1_000, payload: Buffer.alloc(0), replies: 0, waitMs: 5_000 };
    const first = await packets(2).send(order);
    assert.deepEqual([first.receipt?.reason, first.receipt?.refusedBy], ['NO_CREDIT', id(1)], 'b has not paid A yet');
    assert.equal(link(2, 1)?.paid, 5_000);
    await line.until(() => link(1, 0)?.paid === 5_000);
    assert.equal((await packets(2).send({ ...order, waitMs: 300 })).result, 'sent');
    assert.equal(packets(0).user.figures.deliveredUnits, 995);
    assert.equal(link(1, 2)?.balance, 1_001 - 5_000, 'what was used is taken from what was paid ahead');
  });

  test('are refused before they are accepted where that is more than may be paid ahead', async () => {
    const order = { to: id(0), value: 6_000, payload: Buffer.alloc(0), replies: 0, waitMs: 500 };
    const { receipt } = await packets(2).send(order);
    assert.deepEqual([receipt?.reason, receipt?.refusedBy], ['NO_CREDIT', id(2)]);
    assert.ok((link(1, 2)?.balance as number) >= -5_000);
  });
});
