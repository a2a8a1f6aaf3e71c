import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { describe, test } from 'node:test';
import { byteOrigin, fetchBytes, socksHello } from '../../bench/relay/origin.ts';
import { type Egress, systemEgress } from '../../src/transit/egress.ts';
import { Line } from './line.fixture.ts';

/** Fetches until there is a way: news of one takes a moment to come round. Nothing comes where there is none. */
async function fetched(line: Line, port: number, bytes: number): Promise<number> {
  for (;;) {
    const got = await fetchBytes(line.proxyPort, bytes, socksHello(port));
    if (got > 0) return got;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function unreachable(): Duplex {
  const socket = new Duplex({ read: () => {}, write: (_bytes, _encoding, done) => done() });
  setImmediate(() => socket.destroy(Object.assign(new Error('no way'), { code: 'ENETUNREACH' })));
  return socket;
}

const neighbour = (id: string | undefined, address: string | undefined): string =>
  `[[neighbour]]\nid = "${id}"\naddress = "${address}"\nname = "cheap"`;

describe('streams by announced routes', { timeout: 60_000 }, () => {
  test('a user finds the gateway two hops away, and buys only where there is a way out', async () => {
    const origin = await byteOrigin();
    // Nobody is told whom to buy from: the gateway announces what it reaches.
    const line = new Line(3, { auto: true });
    try {
      await line.start();
      await line.ready();
      assert.equal(await fetched(line, origin.port, 300_000), 300_000);
      const [gateway, carrier, user] = line.nodes.map(({ node }) => node.status().links);
      assert.equal(user?.length, 1);
      assert.ok((user?.[0]?.services.transit.consumedBytes ?? 0) >= 300_000);
      assert.ok((gateway?.[0]?.services.transit.providedBytes ?? 0) >= 300_000);
      // The carrier never offers the gateway a way out through itself.
      const up = carrier?.find(({ neighbour }) => neighbour === line.signers[0]?.id);
      assert.equal(up?.services.transit.askPerMb, undefined);
    } finally {
      await line.close();
      origin.close();
    }
  });

  test('a gateway whose uplink fails sells none of it, until it works again', async () => {
    const origin = await byteOrigin();
    let broken = false;
    const system = systemEgress();
    const failing: Egress = {
      ...system,
      connect: (target) => (broken ? unreachable() : system.connect(target)),
    };
    const line: Line = new Line(3, {
      auto: true,
      egress: (index) => (index === 0 ? failing : undefined),
      // The second node has an uplink too, a dear one; the user at the third is joined to both.
      transit: (index) => (index === 1 ? 'uplink = true\nuplink_price_per_mb = 40000\nallow = ["127.0.0.1"]' : ''),
      end: (index, signers) => (index === 2 ? neighbour(signers[0]?.id, line.nodes[0]?.node.status().listen) : ''),
    });
    try {
      await line.start();
      await line.ready();
      const bought = (): number[] =>
        line.signers.map(({ id }) => {
          const link = line.nodes[2]?.node.status().links.find((each) => each.neighbour === id);
          return link?.services.transit.consumedBytes ?? 0;
        });
      const ask = () => line.nodes[2]?.node.status().links.find(({ name }) => name === 'cheap')?.services.transit;
      await line.until(() => ask()?.theirAskPerMb !== undefined);
      assert.equal(await fetched(line, origin.port, 100_000), 100_000);
      const [cheap = 0, dear = 0] = bought();
      assert.ok(cheap >= 100_000 && dear < 1_000, `${cheap} ${dear}`);
      broken = true;
      assert.equal(await fetched(line, origin.port, 100_000), 100_000, 'by the other one');
      assert.ok((bought()[1] ?? 0) >= 100_000);
      assert.deepEqual(
        line.nodes[0]?.events.filter(({ kind }) => kind === 'uplink').map(({ works }) => works),
        [false],
      );
      assert.equal(ask()?.theirAskPerMb, undefined);
      assert.deepEqual(
        line.nodes.map(({ node }) => node.status().uplinkWorks),
        [false, true, undefined],
      );
      broken = false;
      // Its own user goes on trying; without one the gateway itself looks, every 10 s.
      const own = Number(line.nodes[0]?.node.status().socks?.split(':').at(-1));
      assert.equal(await fetchBytes(own, 1_000, socksHello(origin.port)), 1_000);
      await line.until(() => ask()?.theirAskPerMb !== undefined);
      assert.equal(await fetched(line, origin.port, 100_000), 100_000);
    } finally {
      await line.close();
      origin.close();
    }
  });

  test('a way that is gone is given up, and taken again when it is back', async () => {
    const origin = await byteOrigin();
    const line = new Line(3, { auto: true });
    try {
      await line.start();
      await line.ready();
      assert.equal(await fetched(line, origin.port, 1_000), 1_000);
      await line.nodes[0]?.stop();
      assert.equal(await fetchBytes(line.proxyPort, 1_000, socksHello(origin.port)), 0);
      await line.startNode(0);
      assert.equal(await fetched(line, origin.port, 1_000), 1_000);
    } finally {
      await line.close();
      origin.close();
    }
  });
});
