import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { runScenario } from './run-scenario.ts';
import { parseScenario } from './scenario-format.ts';
import { SeededRandom } from './seeded-random.ts';

interface Net {
  readonly links: readonly { a: number; b: number; metric: number }[];
  readonly nodes: readonly { toll: number; perMb: number; price: number; replies: number; split: 'floor' | 'exact' }[];
  /** Without `to` everybody settles. */
  readonly steps: readonly { from: number; to?: number; value: number; bytes: number; asks: boolean }[];
  readonly settleAt: number;
}

type Link = Net['links'][number];
type Node = Net['nodes'][number];
type Book = { counter: number; peak: number; settlements: number; settled: number };

/** Every way without a circle, the nearest first. */
function ways(
  { links }: Pick<Net, 'links'>,
  from: number,
  to: number,
  met = [from],
): { far: number; path: number[] }[] {
  if (from === to) return [{ far: 0, path: [] }];
  const all = links.flatMap(({ a, b, metric }, n) => {
    const next = a === from ? b : b === from ? a : from;
    if (met.includes(next)) return [];
    return ways({ links }, next, to, [...met, next]).map((w) => ({ far: w.far + metric, path: [n, ...w.path] }));
  });
  return all.toSorted((x, y) => x.far - y.far);
}

/** What a scenario in which nothing is refused must come to, worked out alone: nothing here comes from the product. */
function expected(net: Net) {
  const books = net.links.map((): Book => ({ counter: 0, peak: 0, settlements: 0, settled: 0 }));
  const settle = (book: Book) => {
    book.settlements += Math.sign(Math.abs(book.counter));
    book.settled += Math.abs(book.counter);
    book.counter = 0;
  };
  const carry = (from: number, to: number, value: number, bytes: number): number => {
    let [here, left] = [from, value];
    for (const n of ways(net, from, to)[0]?.path ?? []) {
      const [link, book, node] = [net.links[n] as Link, books[n] as Book, net.nodes[here] as Node];
      if (here !== from) left -= node.toll + Math.floor(((72 + bytes) * node.perMb) / 1_000_000);
      book.counter += here === link.a ? left : -left;
      book.peak = Math.max(book.peak, Math.abs(book.counter));
      if ((here === link.a ? book.counter : -book.counter) >= net.settleAt) settle(book);
      here = here === link.a ? link.b : link.a;
    }
    return left;
  };
  for (const { from, to, value, bytes, asks } of net.steps) {
    if (to === undefined) books.forEach(settle);
    else {
      const [came, server] = [carry(from, to, value, bytes), net.nodes[to] as Node];
      const rest = came - server.price;
      for (let n = 0; asks && n < server.replies; n += 1) {
        const extra = server.split === 'exact' && n < rest % server.replies ? 1 : 0;
        carry(to, from, Math.floor(rest / server.replies) + extra, 0);
      }
    }
  }
  return books;
}

/** Any network, but for those where two ways are nearly as far: which of them is taken is a matter of what was heard first. */
function generated(random: SeededRandom): Net {
  const count = 2 + random.below(6);
  const metric = () => [1, 7, 50, 350][random.below(4)] as number;
  for (;;) {
    const links = Array.from({ length: count - 1 }, (_, n) => ({ a: n + 1, b: random.below(n + 1), metric: metric() }));
    for (let n = random.below(4); n > 0; n -= 1) {
      const [a, b] = [random.below(count), random.below(count)];
      const known = links.some((each) => (each.a === a && each.b === b) || (each.a === b && each.b === a));
      if (a !== b && !known) links.push({ a, b, metric: metric() });
    }
    const clear = Array.from({ length: count ** 2 }, (_, n) => ways({ links }, n % count, Math.floor(n / count)));
    if (clear.some(([best, second]) => (second?.far ?? Number.POSITIVE_INFINITY) < 2 * (best?.far ?? 0))) continue;
    // Answers that leave in one write are one look at a counter, which may be settled only then.
    const threshold = random.below(2) === 0;
    const nodes = Array.from({ length: count }, () => ({
      ...{ toll: random.below(100), perMb: random.below(500_000), price: random.below(5_000) },
      ...({ replies: threshold ? 1 : 1 + random.below(5), split: random.below(2) === 0 ? 'exact' : 'floor' } as const),
    }));
    const steps = Array.from({ length: 20 }, (_, n) => {
      const [from, to] = [random.below(count), random.below(count)];
      const how = { value: 100_000 + random.below(100_000), bytes: random.below(1_000), asks: random.below(2) === 0 };
      return n % 9 === 8 ? { from, ...how } : { from, to: from === to ? (to + 1) % count : to, ...how };
    });
    return { links, nodes, steps, settleAt: threshold ? 150_000 + random.below(300_000) : Number.POSITIVE_INFINITY };
  }
}

function scenario({ links, nodes, steps, settleAt }: Net): string {
  return JSON.stringify({
    schema: 1,
    scenario: 'generated',
    nodes: nodes.map(({ toll, perMb, price, replies, split }, n) => {
      return { name: `n${n}`, toll: { perPacket: toll, perMb }, serve: { price, replies, split } };
    }),
    links: links.map(({ a, b, metric }) => ({ a: `n${a}`, b: `n${b}`, metric, valueAt: 100_000_000 })),
    ...(settleAt === Number.POSITIVE_INFINITY ? {} : { settleAt }),
    steps: steps.map(({ from, to, value, bytes, asks }) => {
      if (to === undefined) return { settle: 'all' };
      return { [asks ? 'request' : 'send']: { from: `n${from}`, to: `n${to}`, value, bytes } };
    }),
  });
}

describe('a hundred generated networks', () => {
  it('read as an independent checker works them out: counters, peaks and settlements of every link', async () => {
    let [meshes, settlements] = [0, 0];
    for (let seed = 1; seed <= 100; seed += 1) {
      const net = generated(new SeededRandom(`scenario ${seed}`));
      const { links, ok } = await runScenario(parseScenario(scenario(net)), seed);
      const read = links.map(({ counter, peak, settlements, settled }) => ({ counter, peak, settlements, settled }));
      assert.deepEqual(read, expected(net), `seed ${seed}`);
      assert.ok(ok);
      if (net.links.length >= net.nodes.length) meshes += 1;
      settlements += read.reduce((sum, each) => sum + each.settlements, 0);
    }
    assert.ok(meshes >= 10 && settlements > 100, `${meshes} with circles, ${settlements} settlements`);
  });
});
