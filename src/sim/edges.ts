import type { Cheat } from './cheat.ts';
import type { SeededRandom } from './seeded-random.ts';

/** The first neighbour of each cheat that needs a carrier. */
export function carriersFor(
  cheats: readonly Cheat[],
  count: number,
  edges: readonly (readonly [number, number])[],
): readonly number[] {
  return cheats.flatMap((cheat, at) => {
    const own = count - cheats.length + at;
    const edge = edges.find((pair) => pair.includes(own));
    return cheat.needsCarrier !== true || edge === undefined ? [] : [edge[0] === own ? edge[1] : edge[0]];
  });
}

/** All from `first` up, which are cheats, and their neighbours. */
export function neighboursOf(first: number, edges: readonly (readonly [number, number])[]): ReadonlySet<number> {
  const found = edges.filter(([a, b]) => a >= first || b >= first).flat();
  return new Set(found);
}

/** A line, so that all are connected, and a few more links across. */
export function drawEdges(count: number, random: SeededRandom): [number, number][] {
  const edges: [number, number][] = [];
  for (let index = 1; index < count; index += 1) {
    edges.push(random.chance(0.5) ? [index - 1, index] : [index, index - 1]);
  }
  for (let extra = random.below(Math.max(1, count - 1)); extra > 0; extra -= 1) {
    const [a, b] = [random.below(count), random.below(count)];
    const known = edges.some(([from, to]) => (from === a && to === b) || (from === b && to === a));
    if (a !== b && !known) edges.push([a, b]);
  }
  return edges;
}
