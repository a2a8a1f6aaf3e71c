import type { NodeId } from '../core/node-id.ts';
import type { PaymentMethod } from '../core/terms/terms.ts';
import type { SimChain } from './chain/sim-chain.ts';
import type { SimNetwork } from './link/sim-network.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimNode } from './sim-node.ts';
import type { Timeline } from './timeline.ts';
import type { WorldSettings } from './world-settings.ts';

/**
 * A strategy of somebody who wants more than he pays for: a production node with altered ports. It may use everything
 * public (its own node, disk, keys, links and chequebooks); it may not reach into another node's memory.
 */
export interface Cheat {
  /** For `--cheats` and the counts. */
  readonly name: string;
  /** Its first victim must have no way out of its own, and carry traffic on through its neighbours. */
  readonly needsCarrier?: true;
  /** What its victims must be paid by for it to have a chance; default whatever the world pays by. */
  readonly needs?: PaymentMethod;
  /** It cheats with value packets: its worlds carry them. */
  readonly needsPackets?: true;
  /** Prepares its machine before the first start: configuration, ports, what it does to its links, what it does when. */
  join(context: CheatContext): void;
}

/** What a cheat has. */
export interface CheatContext {
  readonly random: SeededRandom;
  readonly timeline: Timeline;
  readonly network: SimNetwork;
  readonly chain: SimChain;
  readonly settings: WorldSettings;
  /** Its machine, which stands in the neighbourhood and has not been started. */
  readonly machine: SimNode;
  /** The honest nodes it is a neighbour of. */
  readonly victims: readonly NodeId[];
  /** Calls `act` each time its process has started. */
  onStart(act: () => void): void;
  /** Calls `act` again and again while the world runs. */
  every(intervalMs: number, act: () => void): void;
  /** Another machine of the same owner, with the same neighbours and a key of its own. It is started at once. */
  secondMachine(name: string): SimNode;
  /** Counts that it really cheated, for the coverage. */
  cheated(times?: number): void;
}
