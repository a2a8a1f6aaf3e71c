import type { ServiceDoor } from '../../src/core/ledger/door.ts';
import type { NodeId } from '../../src/core/node-id.ts';

/** A door that says yes to everything and counts nothing. */
export function passDoor(neighbour: NodeId): ServiceDoor {
  return {
    neighbour,
    ready: true,
    selling: true,
    buying: true,
    buyPricePerMb: 0,
    sellEpoch: 1,
    buyEpoch: 1,
    servable: (wanted) => ({ bytes: wanted }),
    serve: () => 0,
    reserveForward: (wanted) => ({ bytes: wanted }),
    arrived: () => undefined,
    forgetForward: () => undefined,
    usable: (wanted) => wanted,
    use: () => 0,
    delivered: () => undefined,
    commit: () => undefined,
    release: () => undefined,
    watch: () => () => undefined,
  };
}
