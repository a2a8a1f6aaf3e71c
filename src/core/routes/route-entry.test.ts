import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { NO_TOLL, type RouteUpdate } from './route.ts';
import { type Candidate, chooseRoute, RouteEntry } from './route-entry.ts';
import { RequestPace } from './sequence-pace.ts';

const update: RouteUpdate = { destination: 'd', origin: 'o', sequence: 1, metric: 1, price: NO_TOLL };
const way = (via: string, metric: number, perPacket = 0, perMb = 0): Candidate => ({
  ...{ via, update, metric, price: { perPacket, perMb }, heardMs: 0 },
});

describe('what is known of a destination', () => {
  it('is nothing where nobody announced it, nobody was told, and nobody was asked', () => {
    const filled: readonly ((entry: RouteEntry) => unknown)[] = [
      (entry) => entry.candidates.set('a', way('a', 1)),
      (entry) => (entry.ownSequence = 1),
      (entry) => (entry.told = update),
      (entry) => (entry.requests = new RequestPace()),
    ];
    assert.ok(new RouteEntry('d').empty);
    for (const fill of filled) {
      const entry = new RouteEntry('d');
      fill(entry);
      assert.equal(entry.empty, false, String(fill));
    }
  });

  it('is not told because it is new: somebody asks, or something changed', () => {
    const { asked, flaps, told } = new RouteEntry('d');
    assert.deepEqual([asked, flaps, told], [false, 0, undefined]);
  });
});

describe('the way that is chosen', () => {
  const even = (): number => 0;
  const chosen = (ways: readonly Candidate[], present?: string, rank: (via: string) => number = even) =>
    chooseRoute(ways, present === undefined ? undefined : way(present, 99), rank)?.via;

  it('is the one of the best rank, then the nearest, then the cheapest, then the lowest name', () => {
    assert.equal(chosen([]), undefined);
    const rules: readonly [string, Candidate, Candidate][] = [
      ['nearer', way('b', 9, 5, 5), way('a', 10, 1, 1)],
      ['cheaper a packet', way('b', 9, 4, 9), way('a', 9, 5, 1)],
      ['cheaper a megabyte', way('b', 9, 4, 8), way('a', 9, 4, 9)],
      ['cheaper for what is usual', way('b', 9, 5, 0), way('a', 9, 4, 1_001)],
      ['lower', way('a', 9, 4, 8), way('b', 9, 4, 8)],
    ];
    for (const [name, best, other] of rules) {
      assert.equal(chosen([best, other]), best.via, name);
      assert.equal(chosen([other, best]), best.via, name);
      const ranked = (via: string): number => (via === other.via ? 2 : 1);
      assert.equal(chosen([best, other], undefined, ranked), other.via, `ranked before ${name}`);
      assert.equal(chosen([other, best], undefined, ranked), other.via, `ranked before ${name}`);
    }
  });

  it('stays the one in use unless another is better by more than a tenth, or in rank', () => {
    const [kept, best] = [way('b', 100), way('a', 90)];
    assert.equal(chosen([kept, best], 'b'), 'b');
    assert.equal(chosen([kept, way('a', 89)], 'b'), 'a');
    assert.equal(chosen([kept, best], 'gone'), 'a');
    assert.equal(chosen([kept, best]), 'a');
    assert.equal(
      chosen([kept, best], 'b', (via) => (via === 'a' ? 1 : 0)),
      'a',
    );
    assert.equal(
      chosen([kept, way('c', 200)], 'c', (via) => (via === 'b' ? 1 : 0)),
      'b',
    );
    assert.equal(chosen([way('b', 100), way('a', 100)], 'b'), 'b');
    assert.equal(chosen([way('b', 0), way('a', 0)], 'b'), 'b');
    assert.equal(chosen([kept, way('a', 92)], 'b'), 'b');
    assert.equal(chosen([way('b', 10), way('a', 9)], 'b'), 'b');
    assert.equal(chosen([way('b', 10), way('a', 8)], 'b'), 'a');
  });

  it('stays the one in use unless another that is no farther is cheaper by more than a tenth', () => {
    const kept = way('b', 100, 1, 0);
    const rules: readonly [string, Candidate, string][] = [
      ['a tenth', way('a', 100, 0, 900), 'b'],
      ['more', way('a', 100, 0, 899), 'a'],
      ['more, and a little nearer', way('a', 99, 0, 899), 'a'],
      ['dearer, and a little nearer', way('a', 99, 1, 1), 'b'],
      ['more, and farther', way('a', 101, 0, 0), 'b'],
    ];
    for (const [name, other, via] of rules) {
      assert.equal(chosen([kept, other], 'b'), via, name);
      assert.equal(chosen([other, kept], 'b'), via, name);
    }
    assert.equal(chosen([way('b', 9), way('a', 9)], 'b'), 'b', 'both for nothing');
    assert.equal(
      chosen([kept, way('a', 100)], 'b', (via) => (via === 'b' ? 1 : 0)),
      'b',
      'of a lower rank',
    );
  });
});
