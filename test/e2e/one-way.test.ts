import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { byteOrigin, fetchBytes, socksHello } from '../../bench/relay/origin.ts';
import type { LinkStatus } from '../../src/node/node.ts';
import { Line, type LineToml } from './line.fixture.ts';

const MB = 1_000_000;
/** What the one that can pay reaches by the other, and what the other reaches by it. */
const HOSTS = ['127.0.0.3', '127.0.0.2'] as const;

/** Two gateways that meet, ask 8800 and pay at most so much: the first can pay the second. */
function meeting(secondPaysPerMb: number): LineToml {
  const reaches = (index: number): string => `reaches = ["${HOSTS[index]}"]`;
  return {
    auto: true,
    transit: (index) => (index === 0 ? '' : `uplink = true\nuplink_price_per_mb = 8000\nallow = ["${HOSTS[0]}"]`),
    allow: HOSTS[1],
    maxPricePerMb: (index) => (index === 0 ? 100_000 : secondPaysPerMb),
    end: (index, signers) => (index === 0 ? `[[neighbour]]\nid = "${signers[1]?.id}"\n${reaches(0)}` : reaches(1)),
  };
}

interface Pair {
  readonly line: Line;
  /** The link as the one that can pay has it, and as the other does. */
  links(): readonly LinkStatus[];
  /** Downloads what only the other reaches. Resolves to how many bytes came; -1 where it was broken off. */
  take(by: number, bytes: number): Promise<number>;
  /** What it found its neighbour to have done. */
  verdicts(by: number): unknown[];
}

/** Two gateways, and a network beyond each. */
async function met(secondPaysPerMb: number, look: (pair: Pair) => Promise<void>): Promise<void> {
  await using opened = new AsyncDisposableStack();
  const origins = await Promise.all(HOSTS.map((host) => byteOrigin(host)));
  for (const origin of origins) opened.defer(() => origin.close());
  const line = new Line(2, meeting(secondPaysPerMb));
  opened.defer(() => line.close());
  await line.start();
  const links = (): LinkStatus[] => line.nodes.map(({ node }) => node.status().links[0] as LinkStatus);
  await line.until(() => links().every((link) => link?.services.transit.theirAskPerMb === 8_800));
  await line.until(() => line.nodes.every(({ node }) => node.status().chequebook !== undefined));
  const take = async (by: number, bytes: number): Promise<number> => {
    const proxy = Number(line.nodes[by]?.node.status().socks?.split(':').at(-1));
    return fetchBytes(proxy, bytes, socksHello(origins[by]?.port ?? 0, HOSTS[by])).catch(() => -1);
  };
  const verdicts = (by: number): unknown[] =>
    (line.nodes[by]?.events ?? []).flatMap((event) => (event.kind === 'verdict' ? [event['code']] : []));
  await look({ line, links, take, verdicts });
}

describe('only the first can pay', { timeout: 60_000 }, () => {
  test('the second only takes: past payAt it is left, for less than dropAt, and again when it comes back', async () => {
    await met(5_000, async ({ line, links, take, verdicts }) => {
      assert.equal(await take(1, 6 * MB), -1);
      await line.until(() => verdicts(0).length > 0);
      const left = links()[0] as LinkStatus;
      assert.ok(left.balance >= left.payAt && left.balance < left.dropAt, `${left.balance}`);
      // The connection is made again and the debt is still there: what it takes now is a sample, too.
      await line.until(() => links().every(({ connected }) => connected));
      assert.equal(await take(1, 6 * MB), -1);
      await line.until(() => verdicts(0).length > 1);
      assert.deepEqual([...new Set(verdicts(0))], ['ONE_WAY_CREDITOR']);
      assert.deepEqual(verdicts(1), [], 'it cannot pay, and that is no fault of the other');
      const [first, second] = links() as [LinkStatus, LinkStatus];
      assert.ok(first.balance < first.dropAt, `${first.balance}`);
      assert.deepEqual([first.received, second.paid], [0, 0]);
    });
  });

  test('the second mostly serves: it is paid, takes one for one, and the link is kept', async () => {
    await met(5_000, async ({ line, links, take, verdicts }) => {
      assert.equal(await take(0, 3 * MB), 3 * MB);
      assert.equal(await take(1, MB / 2), MB / 2);
      await line.settled();
      const [first, second] = links() as [LinkStatus, LinkStatus];
      assert.ok(first.paid > 0 && second.paid === 0);
      assert.equal(second.services.transit.consumed >= 4_400, true);
      assert.ok(first.connected);
      assert.deepEqual([verdicts(0), verdicts(1)], [[], []]);
    });
  });

  test('where the second can pay as well it is not left, whatever it takes', async () => {
    await met(8_800, async ({ line, links, take, verdicts }) => {
      assert.equal(await take(1, 6 * MB), 6 * MB);
      await line.settled();
      assert.ok((links()[1]?.paid ?? 0) > 0);
      assert.deepEqual([verdicts(0), verdicts(1)], [[], []]);
    });
  });
});
