import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { runScenario } from './run-scenario.ts';
import { parseScenario } from './scenario-format.ts';
import { SeededRandom } from './seeded-random.ts';

interface Net {
  readonly links: readonly { a: number; b: number; metric: number }[];
  readonly nodes: readonly { toll: number; perMb: number; price: number; replies: number; split: 'floor' | 'exact' }[];
  /** Without `to` all that is asked later is answered, and then everybody settles. */
  readonly steps: readonly { from: number; to?: number; value: number; bytes: number; asks: false | 'now' | 'later' }[];
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
  const [made, cost, held] = [net.nodes.map(() => 0), net.nodes.map(() => 0), [] as (() => void)[]];
  const add = (to: number[], at: number, units: number) => to.splice(at, 1, (to[at] as number) + units);
  const settle = (book: Book) => {
    book.settlements += Math.sign(Math.abs(book.counter));
    book.settled += Math.abs(book.counter);
    book.counter = 0;
  };
  const carry = (from: number, to: number, value: number, bytes: number): number => {
    let [here, left] = [from, value];
    add(cost, from, value);
    for (const n of ways(net, from, to)[0]?.path ?? []) {
      const [link, book, node] = [net.links[n] as Link, books[n] as Book, net.nodes[here] as Node];
      if (here !== from) left -= node.toll + Math.floor(((72 + bytes) * node.perMb) / 1_000_000);
      book.counter += here === link.a ? left : -left;
      book.peak = Math.max(book.peak, Math.abs(book.counter));
      if ((here === link.a ? book.counter : -book.counter) >= net.settleAt) settle(book);
      add(made, here, -left);
      here = here === link.a ? link.b : link.a;
      add(made, here, left);
    }
    add(cost, to, -left);
    return left;
  };
  for (const { from, to, value, bytes, asks } of net.steps) {
    if (to === undefined) {
      for (const answer of held.splice(0)) answer();
      books.forEach(settle);
      cost.fill(0);
    } else {
      const server = net.nodes[to] as Node;
      const rest = carry(from, to, value, bytes) - server.price;
      const answer = () => {
        for (let n = 0; rest >= 0 && n < server.replies; n += 1) {
          const extra = server.split === 'exact' && n < rest % server.replies ? 1 : 0;
          carry(to, from, Math.floor(rest / server.replies) + extra, 0);
        }
      };
      if (asks === 'later') held.push(answer);
      else if (asks === 'now') answer();
    }
  }
  return { books, made, cost };
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
    const nodes = Array.from({ length: count }, () => ({
      ...{ toll: random.below(100), perMb: random.below(500_000), replies: 1 + random.below(5) },
      // One in five takes more than anybody sends, and answers nothing.
      price: random.below(5) === 0 ? 200_000 : random.below(5_000),
      split: random.below(2) === 0 ? ('exact' as const) : ('floor' as const),
    }));
    const steps = Array.from({ length: 20 }, (_, n) => {
      const [from, to] = [random.below(count), random.below(count)];
      const asks = ([false, false, 'now', 'later'] as const)[random.below(4)] as false | 'now' | 'later';
      const how = { value: 100_000 + random.below(100_000), bytes: random.below(1_000), asks };
      return n % 9 === 8 ? { from, ...how } : { from, to: from === to ? (to + 1) % count : to, ...how };
    });
    const settleAt = random.below(2) === 0 ? 10_000 + random.below(300_000) : Number.POSITIVE_INFINITY;
    return { links, nodes, steps, settleAt };
  }
}

function scenario({ links, nodes, steps, settleAt }: Net, { made, cost }: ReturnType<typeof expected>): string {
  const each = (units: number[]) => Object.fromEntries(units.map((value, n) => [`n${n}`, value]));
  return JSON.stringify({
    schema: 1,
    scenario: 'generated',
    nodes: nodes.map(({ toll, perMb, price, replies, split }, n) => {
      return { name: `n${n}`, toll: { perPacket: toll, perMb }, serve: { price, replies, split } };
    }),
    links: links.map(({ a, b, metric }) => ({ a: `n${a}`, b: `n${b}`, metric, valueAt: 100_000_000 })),
    ...(settleAt === Number.POSITIVE_INFINITY ? {} : { settleAt }),
    steps: [
      ...steps.flatMap(({ from, to, value, bytes, asks }): object[] => {
        if (to === undefined) return [{ answer: 'all' }, { settle: 'all' }];
        const how = { from: `n${from}`, to: `n${to}`, value, bytes };
        return [asks === false ? { send: how } : { request: { ...how, answers: asks } }];
      }),
      { expect: { net: each(made), originatorCost: each(cost) } },
    ],
  });
}

describe('a hundred generated networks', () => {
  it('read as an independent checker works them out: counters, peaks and settlements of every link, net and cost of every node', async () => {
    let [meshes, settlements] = [0, 0];
    for (let seed = 1; seed <= 100; seed += 1) {
      const net = generated(new SeededRandom(`scenario ${seed}`));
      const sums = expected(net);
      const { links, checks, nodes } = await runScenario(parseScenario(scenario(net, sums)), seed);
      const read = links.map(({ counter, peak, settlements, settled }) => ({ counter, peak, settlements, settled }));
      assert.deepEqual(read, sums.books, `seed ${seed}`);
      const failed = checks.filter(({ ok }) => !ok);
      assert.deepEqual(failed, [], `seed ${seed}`);
      assert.ok(nodes.every(({ refused }) => refused === 0));
      if (net.links.length >= net.nodes.length) meshes += 1;
      settlements += read.reduce((sum, each) => sum + each.settlements, 0);
    }
    assert.ok(meshes >= 10 && settlements > 100, `${meshes} with circles, ${settlements} settlements`);
  });
});
