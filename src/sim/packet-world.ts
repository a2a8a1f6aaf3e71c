import { PacketTrade, type PacketTradeOptions } from './packet-trade.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimNode } from './sim-node.ts';
import { PacketWatch } from './watch/packet-watch.ts';
import type { World } from './world.ts';

export interface PacketWorldOptions extends PacketTradeOptions {
  readonly honest: (node: SimNode) => boolean;
  /** Runs a look at a rule, and keeps what it finds broken. */
  readonly guard: (look: () => void) => void;
}

/** Value packets in a world: who sends them, and whether what they carry stays what it is. */
export class PacketWorld extends PacketTrade {
  readonly #options: PacketWorldOptions;
  readonly #watch: PacketWatch;

  constructor(options: PacketWorldOptions) {
    super(options);
    this.#options = options;
    this.#watch = new PacketWatch(options.nodes);
  }

  born(node: SimNode): void {
    this.#watch.born(node);
  }

  died(node: SimNode): void {
    this.#watch.died(node);
  }

  /** A node did something. */
  look(node: SimNode): void {
    const { guard, honest } = this.#options;
    if (node.alive && honest(node)) guard(() => this.#watch.look(node));
  }

  /** Everything is at rest, and all books agree: what all packets came to, where everybody is honest. */
  total(): void {
    const { guard, honest, nodes } = this.#options;
    if (nodes.every(honest)) guard(() => this.#watch.total());
  }
}

/** Those of a world; undefined where it carries none. */
export function packetsOf(
  world: World,
  random: SeededRandom,
  honest: (node: SimNode) => boolean,
): PacketWorld | undefined {
  const { coverage, invariants, nodes, timeline } = world;
  const { packets: settings } = world.settings;
  if (settings === undefined) return undefined;
  return new PacketWorld({
    ...{ coverage, honest, nodes, random, settings, timeline },
    guard: (look) => invariants.guard(look),
    traded: (node) => invariants.lookAt(node),
  });
}
