import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { byteOrigin, fetchBytes, socksHello } from '../../bench/relay/origin.ts';
import type { LinkStatus } from '../../src/node/node.ts';
import { Line, type LineToml } from './line.fixture.ts';

/** Runs a line of two nodes, gateway and user, and hands over what a download of `bytes` left behind. */
async function download(
  bytes: number,
  toml: LineToml,
  look: (seen: { seller: LinkStatus; line: Line }) => Promise<void> | void,
): Promise<void> {
  const origin = await byteOrigin();
  const line = new Line(2, toml);
  try {
    await line.start();
    await line.ready();
    assert.equal(await fetchBytes(line.proxyPort, bytes, socksHello(origin.port)), bytes);
    await line.until(() => line.nodes.every(({ node }) => node.status().streams === 0));
    await look({ seller: line.nodes[0]?.node.status().links[0] as LinkStatus, line });
  } finally {
    await line.close();
    origin.close();
  }
}

describe('modes of a node', { timeout: 60_000 }, () => {
  test('observe: everything is metered and priced, nothing is refused or paid', async () => {
    await download(10_000_000, { top: () => 'mode = "observe"' }, async ({ seller, line }) => {
      assert.equal(seller.state, 'open');
      assert.ok(seller.balance >= 88_000, 'ten MB at the ask, far beyond the credit of four');
      assert.equal(seller.received, 0);
      const actions = (node: number) =>
        (line.nodes[node]?.events ?? []).flatMap((each) => (each.kind === 'wouldEnforce' ? [each['action']] : []));
      await line.until(() => actions(0).includes('choke'));
      assert.deepEqual(actions(1), ['pay']);
    });
  });

  test('a friend is served for nothing', async () => {
    const friend: LineToml = {
      end: (index, signers) => (index === 0 ? `[[neighbour]]\nid = "${signers[1]?.id}"\nfree = true` : ''),
    };
    await download(10_000_000, friend, ({ seller }) => {
      assert.equal(seller.services.transit.provided, 0);
      assert.ok(seller.services.transit.providedBytes >= 10_000_000);
    });
  });

  test('so many MB a day are free, then the price holds, and both ends agree where it began', async () => {
    const allowance: LineToml = {
      end: (index, signers) => (index === 0 ? `[[neighbour]]\nid = "${signers[1]?.id}"\nfree_mb_per_day = 3` : ''),
    };
    await download(2_000_000, allowance, async ({ seller, line }) => {
      assert.equal(seller.services.transit.provided, 0);
      assert.equal(seller.services.transit.askPerMb, 0);
      const origin = await byteOrigin();
      await fetchBytes(line.proxyPort, 2_000_000, socksHello(origin.port));
      await line.until(() => line.nodes[1]?.node.status().links[0]?.services.transit.theirAskPerMb === 8_800);
      await fetchBytes(line.proxyPort, 2_000_000, socksHello(origin.port));
      origin.close();
      const [a, b] = line.nodes.map(
        ({ node }) =>
          (): LinkStatus =>
            node.status().links[0] as LinkStatus,
      );
      await line.until(() => a?.().balance === -(b?.().balance ?? Number.NaN));
      assert.ok((a?.().services.transit.provided ?? 0) >= 2 * 8_800 - 1);
    });
  });
});
