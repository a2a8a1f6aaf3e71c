import { ServiceAccount } from '../../src/core/ledger/service-account.ts';
import { passDoor } from './pass-door.ts';

/**
 * Switches accounting off in all nodes of this process: their accounts' doors say yes to everything and count nothing, so
 * that nothing is metered, no account moves, and there is nothing to journal. All else of a node stays as it is.
 */
export function countNothing(): void {
  const { arrived, commit, delivered, forgetForward, release, reserveForward, servable, serve, usable, use } = passDoor(
    '0x0000000000000000000000000000000000000000',
  );
  const served = { servable, serve, reserveForward, arrived, forgetForward };
  Object.assign(ServiceAccount.prototype, served, { usable, use, delivered, commit, release });
}
