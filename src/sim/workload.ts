import type { SeededRandom } from './seeded-random.ts';
import type { SimNode } from './sim-node.ts';
import type { Timeline } from './timeline.ts';
import type { WorldSettings } from './world-settings.ts';

export interface WorkloadOptions {
  readonly timeline: Timeline;
  readonly random: SeededRandom;
  readonly settings: WorldSettings;
  readonly edges: readonly (readonly [SimNode, SimNode])[];
  /** A node did something about a neighbour. */
  readonly traded: (node: SimNode, neighbour: SimNode) => void;
}

interface Flow {
  readonly from: SimNode;
  readonly to: SimNode;
  readonly everyMs: number;
  readonly bytes: number;
}

/** People who want bytes: along every link, both ways, at moments and in sizes drawn from the seed. */
export class Workload {
  readonly #options: WorkloadOptions;
  readonly #flows: Flow[] = [];
  #resting = false;

  constructor(options: WorkloadOptions) {
    this.#options = options;
    this.#add(options.edges);
  }

  #add(edges: WorkloadOptions['edges']): void {
    const { random, settings } = this.#options;
    for (const [a, b] of edges) {
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        const everyMs = settings.tradeEveryMs * (0.5 + random.next());
        // Not every link is used both ways alike.
        const bytes = Math.max(1, Math.floor(settings.tradeBytes * random.next() ** 2));
        this.#flows.push({ from, to, everyMs, bytes });
      }
    }
  }

  begin(): void {
    for (let index = 0; index < this.#flows.length; index += 1) this.#again(index);
  }

  /** More links, along which there is trade from now on. */
  join(edges: WorkloadOptions['edges']): void {
    const from = this.#flows.length;
    this.#add(edges);
    for (let index = from; index < this.#flows.length; index += 1) this.#again(index);
  }

  /** Nobody wants anything any more, and what waits is given up. */
  rest(): void {
    this.#resting = true;
    for (const { from } of this.#flows) if (from.alive) from.traffic?.rest();
  }

  /** Frames sent and charged, over all lives. */
  charges(): number {
    let frames = 0;
    for (const node of new Set(this.#flows.map(({ from }) => from))) frames += node.frames;
    return frames;
  }

  #again(index: number): void {
    const { random, timeline } = this.#options;
    const { everyMs } = this.#flows[index] as Flow;
    timeline.post(everyMs * (0.5 + random.next()), this.#want, index);
  }

  readonly #want = (index: number): void => {
    if (this.#resting) return;
    const { random, settings, traded } = this.#options;
    const { bytes, from, to } = this.#flows[index] as Flow;
    if (from.alive && from.traffic !== undefined) {
      const wanted = 1 + random.below(bytes);
      if (random.below(settings.uploadOneIn) === 0) from.traffic.upload(to.id, wanted);
      else from.traffic.serve(to.id, wanted);
      traded(from, to);
    }
    this.#again(index);
  };
}
