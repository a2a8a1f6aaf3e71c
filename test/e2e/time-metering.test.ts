import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { byteOrigin, fetchBytes, socksHello } from '../../bench/relay/origin.ts';
import type { LinkStatus } from '../../src/node/node.ts';
import { Line } from './line.fixture.ts';

const BYTES = 8_000_000;

describe('access sold by the second', { timeout: 60_000 }, () => {
  test('a download works, seconds are charged and not bytes, and both ends of every link agree', async () => {
    const origin = await byteOrigin();
    const line = new Line(3, { transit: () => 'metering = "time"' });
    try {
      await line.start();
      await line.ready();
      assert.equal(await fetchBytes(line.proxyPort, BYTES, socksHello(origin.port)), BYTES);
      const links = (): [LinkStatus, LinkStatus][] =>
        line.nodes.slice(1).map(({ node }, index) => {
          const up = node.status().links.find((link) => link.name === 'up');
          const down = line.nodes[index]?.node.status().links.find((link) => link.neighbour === node.id);
          return [up as LinkStatus, down as LinkStatus];
        });
      await line.until(() => line.nodes.every(({ node }) => node.status().streams === 0));
      await line.until(() => links().every(([up, down]) => up.balance === -down.balance && up.pending === 0));
      for (const [up, down] of links()) {
        const { consumed, consumedBytes, theirAskPerMb } = up.services.transit;
        assert.ok(consumedBytes >= BYTES);
        assert.ok(theirAskPerMb !== undefined && theirAskPerMb > 0);
        assert.ok(consumed >= theirAskPerMb, 'time was bought');
        assert.equal(consumed % theirAskPerMb, 0, 'in whole seconds');
        assert.equal(consumed, down.services.transit.provided);
        assert.equal(up.writeOff, 0);
        assert.ok(up.paid > 0, 'and paid at payAt');
      }
    } finally {
      await line.close();
      origin.close();
    }
  });
});
