import type { FaultKind } from './faults.ts';

/** What goes wrong between a node and the chain. */
export const ENDPOINT_FAULTS: readonly FaultKind[] = [
  {
    name: 'endpoint dead',
    group: 'chain',
    weight: 3,
    lastsMs: 20_000,
    strike({ anyNode, chain }, random) {
      const endpoint = chain.endpoint(anyNode(random).id);
      endpoint.dead = true;
      return () => {
        endpoint.dead = false;
      };
    },
  },
  {
    name: 'endpoint slow',
    group: 'chain',
    weight: 3,
    lastsMs: 20_000,
    strike({ anyNode, chain, coverage }, random) {
      const endpoint = chain.endpoint(anyNode(random).id);
      endpoint.latencyMs = 50 + random.below(11_000);
      coverage.count('chain.endpoint-slow');
      return () => {
        endpoint.latencyMs = 0;
      };
    },
  },
  {
    name: 'endpoint lies',
    group: 'chain',
    weight: 2,
    lastsMs: 30_000,
    strike({ anyNode, chain }, random) {
      const endpoint = chain.endpoint(anyNode(random).id);
      endpoint.lies = true;
      return () => {
        endpoint.lies = false;
      };
    },
  },
  {
    name: 'endpoints disagree',
    group: 'chain',
    weight: 2,
    lastsMs: 20_000,
    strike({ anyNode, chain }, random) {
      const endpoint = chain.endpoint(anyNode(random).id);
      endpoint.disagrees = true;
      return () => {
        endpoint.disagrees = false;
      };
    },
  },
  {
    name: 'endpoint on another fork',
    group: 'chain',
    weight: 2,
    lastsMs: 20_000,
    strike({ anyNode, chain }, random) {
      const endpoint = chain.endpoint(anyNode(random).id);
      const head = chain.blocks.number;
      endpoint.fork = { head, from: head + 1 - random.below(chain.deepest + 1) };
      return () => {
        endpoint.fork = undefined;
      };
    },
  },
];
