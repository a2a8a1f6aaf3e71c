import type { PaymentMethod } from '../core/terms/terms.ts';
import type { SimChain } from './chain/sim-chain.ts';
import type { Coverage } from './coverage.ts';
import { ENDPOINT_FAULTS } from './endpoint-faults.ts';
import type { SimNetwork } from './link/sim-network.ts';
import { CALM } from './link/sim-network.ts';
import { OPERATOR_ACTS } from './operator-acts.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimNode } from './sim-node.ts';
import type { Timeline } from './timeline.ts';
import { TOKEN_FAULTS } from './token-faults.ts';

/** What is there to be struck. */
export interface FaultPlace {
  readonly timeline: Timeline;
  readonly network: SimNetwork;
  readonly chain: SimChain;
  readonly coverage: Coverage;
  readonly nodes: readonly SimNode[];
  /** Pairs of neighbours. */
  readonly edges: readonly (readonly [SimNode, SimNode])[];
}

/** What a fault may reach. Whom it draws is told in the trace. */
export interface FaultScene extends Omit<FaultPlace, 'nodes' | 'edges'> {
  readonly anyNode: (random: SeededRandom) => SimNode;
  /** Two neighbours. */
  readonly anyPair: (random: SeededRandom) => readonly [SimNode, SimNode];
}

export interface FaultKind {
  readonly name: string;
  readonly group: 'network' | 'process' | 'disk' | 'chain' | 'clock' | 'operator';
  /** Only in worlds where all of these are paid by. */
  readonly needs?: readonly PaymentMethod[];
  /** Only in worlds that settle in a token. */
  readonly inToken?: boolean;
  /** Only in worlds whose nodes keep their books on servers. */
  readonly onServer?: boolean;
  /** How often it is drawn, relative to the others. */
  readonly weight: number;
  /** How long it lasts at the longest, milliseconds; 0 for what is done in a moment. */
  readonly lastsMs: number;
  /** Lets it happen; draws who and how much from `random`, which is its own. Returns what ends it. */
  strike(scene: FaultScene, random: SeededRandom): (() => void) | undefined;
}

/** Two hundred times what a quartz does. */
const MOST_DRIFT_PPM = 20_000;

/** Every fault of the simulator. A process that died is started again by its world after a while. To add one, add an entry (docs/testing.md). */
export const FAULTS: readonly FaultKind[] = [
  {
    name: 'cut',
    group: 'network',
    weight: 6,
    lastsMs: 0,
    strike({ anyPair, coverage, network }, random) {
      const [a, b] = anyPair(random);
      if (network.cut(a.id, b.id) > 0) coverage.count('network.cut');
      return undefined;
    },
  },
  {
    name: 'partition',
    group: 'network',
    weight: 3,
    lastsMs: 40_000,
    strike({ anyPair, coverage, network }, random) {
      const [a, b] = anyPair(random);
      network.block(a.id, b.id);
      if (random.chance(0.7)) network.block(b.id, a.id);
      coverage.count('network.partition');
      return () => network.heal(a.id, b.id);
    },
  },
  {
    name: 'stall',
    group: 'network',
    weight: 4,
    lastsMs: 0,
    strike({ anyPair, coverage, network, timeline }, random) {
      const [a, b] = anyPair(random);
      network.conditions(a.id, b.id).stalledUntilMs = timeline.nowMs + random.below(5_000);
      coverage.count('network.stall');
      return undefined;
    },
  },
  {
    name: 'delay',
    group: 'network',
    weight: 3,
    lastsMs: 20_000,
    strike({ anyPair, coverage, network }, random) {
      const [a, b] = anyPair(random);
      const conditions = network.conditions(a.id, b.id);
      conditions.delayMs = 1 + random.below(800);
      conditions.jitterMs = random.below(300);
      coverage.count('network.delay');
      return () => {
        conditions.delayMs = network.delayMs;
        conditions.jitterMs = 0;
      };
    },
  },
  {
    name: 'slow link',
    group: 'network',
    weight: 3,
    lastsMs: 20_000,
    strike({ anyPair, coverage, network }, random) {
      const [a, b] = anyPair(random);
      const conditions = network.conditions(a.id, b.id);
      conditions.bytesPerSecond = 4_000 + random.below(200_000);
      coverage.count('network.slow');
      return () => {
        conditions.bytesPerSecond = CALM.bytesPerSecond;
      };
    },
  },
  {
    name: 'mischief',
    group: 'network',
    weight: 3,
    lastsMs: 15_000,
    strike({ anyPair, network }, random) {
      const [a, b] = anyPair(random);
      const conditions = network.conditions(a.id, b.id);
      if (random.chance(0.5)) conditions.duplicate = 0.3;
      else conditions.reorder = 0.2;
      return () => {
        conditions.duplicate = 0;
        conditions.reorder = 0;
      };
    },
  },
  {
    name: 'crash',
    group: 'process',
    weight: 5,
    lastsMs: 0,
    strike({ anyNode, coverage }, random) {
      const node = anyNode(random);
      if (!node.alive) return undefined;
      const silently = random.chance(0.3);
      coverage.count(silently ? 'crash.power' : 'crash.process');
      node.crash(silently);
      return undefined;
    },
  },
  {
    name: 'crash between effects',
    group: 'process',
    weight: 8,
    lastsMs: 0,
    strike({ anyNode, coverage }, random) {
      const node = anyNode(random);
      const { life } = node;
      if (!life.alive) return undefined;
      life.onDeath(() => coverage.count(`crash.${life.diedAt ?? 'other'}`));
      life.killAtCall(life.calls + 1 + random.below(60));
      return undefined;
    },
  },
  {
    name: 'restart',
    group: 'process',
    weight: 2,
    lastsMs: 0,
    strike({ anyNode, coverage }, random) {
      const node = anyNode(random);
      if (!node.alive || node.node === undefined) return undefined;
      coverage.count('process.restart');
      void node.stop();
      return undefined;
    },
  },
  {
    name: 'disk full',
    group: 'disk',
    weight: 2,
    lastsMs: 6_000,
    strike({ anyNode }, random) {
      const { disk } = anyNode(random);
      disk.full = true;
      return () => {
        disk.full = false;
      };
    },
  },
  {
    name: 'disk failing',
    group: 'disk',
    weight: 2,
    lastsMs: 4_000,
    strike({ anyNode }, random) {
      const { disk } = anyNode(random);
      disk.failing = true;
      return () => {
        disk.failing = false;
      };
    },
  },
  {
    name: 'disk slow',
    group: 'disk',
    weight: 4,
    lastsMs: 15_000,
    strike({ anyNode, coverage }, random) {
      const { disk } = anyNode(random);
      disk.commitLatencyMs = 1 + random.below(300);
      coverage.count('disk.slow');
      return () => {
        disk.commitLatencyMs = 0;
      };
    },
  },
  {
    name: 'server killed',
    group: 'disk',
    onServer: true,
    weight: 8,
    lastsMs: 25_000,
    strike({ anyNode }, random) {
      const { disk } = anyNode(random);
      if (disk.server !== 'there') return undefined;
      disk.server = 'dying';
      return () => disk.serverBack();
    },
  },
  ...ENDPOINT_FAULTS,
  {
    name: 'slow blocks',
    group: 'chain',
    weight: 3,
    lastsMs: 30_000,
    strike({ chain, coverage }, random) {
      const { blocks, usualBlockMs } = chain;
      blocks.blockMs = random.pick([1_000, 5_000, 15_000]);
      coverage.count('chain.slow-blocks');
      // Where nobody waits for blocks to come they stay as they are.
      return usualBlockMs === 0
        ? undefined
        : () => {
            blocks.blockMs = usualBlockMs;
          };
    },
  },
  {
    name: 'revert',
    group: 'chain',
    weight: 2,
    lastsMs: 0,
    strike({ chain }, random) {
      chain.blocks.revertNext += 1 + random.below(2);
      return undefined;
    },
  },
  {
    name: 'transaction lost',
    group: 'chain',
    weight: 2,
    lastsMs: 0,
    strike({ chain }) {
      chain.blocks.loseNext += 1;
      return undefined;
    },
  },
  {
    name: 'gas spike',
    group: 'chain',
    weight: 2,
    lastsMs: 20_000,
    strike({ chain }, random) {
      const { blocks } = chain;
      blocks.gasPriceWei = 1_000_000_000n * BigInt(10 + random.below(1_000));
      return () => {
        blocks.gasPriceWei = 1_000_000_000n;
      };
    },
  },
  {
    name: 'reorganisation',
    group: 'chain',
    weight: 2,
    lastsMs: 0,
    strike({ chain }, random) {
      chain.blocks.reorganise(1 + random.below(chain.deepest), random.chance(0.3) ? 0.3 : 0);
      return undefined;
    },
  },
  {
    name: 'clock jump',
    group: 'clock',
    weight: 2,
    lastsMs: 0,
    strike({ anyNode, coverage }, random) {
      const node = anyNode(random);
      node.wallOffsetMs = (random.below(2) * 2 - 1) * random.below(7_200_000);
      if (node.clock !== undefined) node.clock.wallOffsetMs = node.wallOffsetMs;
      coverage.count('clock.jump');
      return undefined;
    },
  },
  {
    name: 'clock drifts',
    group: 'clock',
    weight: 2,
    lastsMs: 0,
    strike({ anyNode, coverage }, random) {
      const node = anyNode(random);
      // From its next start on, and that is now: it was moved to another machine.
      node.driftPpm = random.between(-MOST_DRIFT_PPM, MOST_DRIFT_PPM);
      coverage.count('clock.drift');
      if (node.alive && node.node !== undefined) void node.stop();
      return undefined;
    },
  },
  ...OPERATOR_ACTS,
  ...TOKEN_FAULTS,
];
