import type { Chain } from '../chain/chain.ts';
import type { Clock } from '../core/clock.ts';
import type { NodeId } from '../core/node-id.ts';
import type { CashingRecord } from '../store/store.ts';
import type { ChequeDesk } from './cheque-desk.ts';

/** So long after a payout it is looked at once more: 15 blocks of 12 s, beyond any reorganisation but a catastrophe. */
export const FINAL_MS = 180_000;

/** Wait before the chain is asked again where it did not answer. */
const RETRY_MS = 15_000;

export interface PayoutWatchOptions {
  readonly chain: Chain;
  readonly clock: Clock;
  readonly desk: ChequeDesk;
}

/** What the chain took back. */
export interface Undone {
  readonly chequebook: NodeId;
  readonly paidOutWei: bigint;
}

/** Looks at each payout again when it should be final: a reorganisation may have undone it (DESIGN §12). */
export class PayoutWatch {
  readonly #options: PayoutWatchOptions;
  readonly #dueMs = new Map<NodeId, number>();

  constructor(options: PayoutWatchOptions) {
    this.#options = options;
  }

  /** After a restart each chequebook that was ever cashed is looked at: the calendar may have been corrected since. */
  resume(cashings: readonly CashingRecord[]): void {
    for (const { chequebook } of cashings) this.lookAgain(chequebook);
  }

  lookAgain(chequebook: NodeId): void {
    this.#dueMs.set(chequebook, this.#options.clock.nowMs() + FINAL_MS);
  }

  /** All that a chequebook has paid to this node; undefined where the chain does not answer. */
  async paidOut(chequebook: NodeId): Promise<bigint | undefined> {
    const { chain, desk } = this.#options;
    try {
      return (await chain.chequebook(chequebook, desk.me))?.paidOutWei ?? 0n;
    } catch {
      return undefined;
    }
  }

  /** Of the payouts that should be final by now, those that are not there any more. */
  async due(): Promise<readonly Undone[]> {
    const { clock, desk } = this.#options;
    const undone: Undone[] = [];
    for (const [chequebook, dueMs] of this.#dueMs) {
      if (clock.nowMs() < dueMs) continue;
      const paidOutWei = await this.paidOut(chequebook);
      if (paidOutWei === undefined) {
        this.#dueMs.set(chequebook, clock.nowMs() + RETRY_MS);
        continue;
      }
      this.#dueMs.delete(chequebook);
      const record = desk.received().find((each) => each.chequebook === chequebook);
      if (record !== undefined && paidOutWei < record.cashedCumulative) undone.push({ chequebook, paidOutWei });
    }
    return undone;
  }
}
