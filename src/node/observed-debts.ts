import type { LinkAccount } from '../core/ledger/link-account.ts';
import { type DebtState, debtState } from '../core/meter/pace.ts';
import type { NodeId } from '../core/node-id.ts';

/** What a node that enforces would do to whom, in the words of the event `wouldEnforce`. */
const ACTIONS: Readonly<Record<DebtState, string>> = { open: 'serve', throttled: 'throttle', choked: 'choke' };

/** Tells in observe mode how neighbours would be served for what they owe, as far as that changes. */
export class ObservedDebts {
  readonly #states = new Map<NodeId, DebtState>();

  /** What would be done now, and how much is owed; undefined while that is what would have been done before. */
  changed(account: LinkAccount): { readonly action: string; readonly amount: number } | undefined {
    const limits = account.mine.newest;
    if (account.enforce || limits === undefined) return undefined;
    const { ledger, neighbour, row } = account;
    const debt = ledger.debtOf(row);
    const state = debtState(debt, limits, account.nextCharge);
    if (state === (this.#states.get(neighbour) ?? 'open')) return undefined;
    this.#states.set(neighbour, state);
    return { action: ACTIONS[state], amount: debt };
  }
}
