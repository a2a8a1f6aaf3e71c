import type { FaultKind } from './faults.ts';
import { TOKEN_METHODS } from './world-settings.ts';

/**
 * What operators do while a world runs: nothing is wrong with it, and everything may happen at once with it. Each is drawn
 * like a fault, so that a run can be told to leave it out.
 */
export const OPERATOR_ACTS: readonly FaultKind[] = [
  {
    name: 'channel closed',
    group: 'operator',
    needs: ['channel'],
    weight: 8,
    lastsMs: 0,
    strike({ anyPair, coverage }, random) {
      const [a, b] = anyPair(random);
      const [one, other] = random.chance(0.5) ? [a, b] : [b, a];
      const alone = random.chance(0.5);
      const open = one.alive && one.node?.channels?.list().some((each) => each.neighbour === other.id);
      if (open !== true) return undefined;
      coverage.count(alone ? 'operator.closes-alone' : 'operator.closes-together');
      void one.node?.channels?.close(other.id, alone).catch(() => coverage.count('operator.close-failed'));
      return undefined;
    },
  },
  {
    name: 'channel withdrawn',
    group: 'operator',
    needs: ['channel'],
    weight: 8,
    lastsMs: 0,
    strike({ anyPair, coverage }, random) {
      const [a, b] = anyPair(random);
      const [one, other] = random.chance(0.5) ? [a, b] : [b, a];
      const most = random.chance(0.5) ? undefined : BigInt(1 + random.below(1_000_000_000));
      const channels = one.alive ? one.node?.channels : undefined;
      if (channels?.list().some((each) => each.neighbour === other.id && each.state === 'open') !== true)
        return undefined;
      channels.withdraw(other.id, most).then(
        () => coverage.count('operator.withdrew'),
        () => coverage.count('operator.withdraw-failed'),
      );
      return undefined;
    },
  },
  {
    name: 'methods switched',
    group: 'operator',
    needs: TOKEN_METHODS,
    weight: 8,
    lastsMs: 0,
    strike({ anyNode, coverage }, random) {
      const node = anyNode(random);
      const { settlement } = node.config;
      if (settlement.methods.length < 2) return undefined;
      // One may be given up for a while: what it has under way goes on, and any two lists have one in common.
      const order = random.shuffled(TOKEN_METHODS).slice(random.chance(0.3) ? 1 : 0);
      const choice = node.alive ? node.node?.choice : undefined;
      if (random.chance(0.5) && order.every((each) => choice?.configured.includes(each))) {
        coverage.count('operator.switched-running');
        choice?.use([...order, 'barter']);
        return undefined;
      }
      node.config = { ...node.config, settlement: { ...settlement, methods: [...order, 'barter'] } };
      coverage.count('operator.switched');
      if (node.alive && node.node !== undefined) void node.stop();
      return undefined;
    },
  },
];
