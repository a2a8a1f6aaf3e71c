import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { byteOrigin, fetchBytes, socksHello } from '../../bench/relay/origin.ts';
import { Line } from './line.fixture.ts';

/** Fetches until there is a way: news of one takes a moment to come round. Nothing comes where there is none. */
async function fetched(line: Line, port: number, bytes: number): Promise<number> {
  for (;;) {
    const got = await fetchBytes(line.proxyPort, bytes, socksHello(port));
    if (got > 0) return got;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

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
