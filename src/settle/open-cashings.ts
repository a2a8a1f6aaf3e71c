import type { CashReceipt, Chain } from '../chain/chain.ts';
import type { Clock } from '../core/clock.ts';
import { codeOf } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { CashingRecord } from '../store/store.ts';

/** How often a transaction that was left under way is asked after. */
const ASK_MS = 15_000;
/**
 * After this it is taken for lost, and the cheque is cashed again: in a block that comes later it pays once all the same,
 * and only its gas is lost.
 */
export const LOST_MS = 300_000;

/** What became of one that was under way. */
export interface ClosedCashing {
  readonly record: CashingRecord;
  /** Undefined: reverted, or lost. */
  readonly receipt: CashReceipt | undefined;
}

/** The hash of a cashing; those of one transaction that cashed several cheques have their place behind it. */
export function transactionOf({ transaction }: CashingRecord): string {
  return transaction.split('/')[0] ?? transaction;
}

/** Cashings that were sent and not seen in a block: of before a restart, and those that took too long. */
export class OpenCashings {
  readonly #chain: Chain;
  readonly #clock: Clock;
  readonly #open = new Map<string, CashingRecord>();
  /** Since when each is waited for here, by the clock that nobody sets. */
  readonly #sinceMs = new Map<string, number>();
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(options: { readonly chain: Chain; readonly clock: Clock; readonly cashings: readonly CashingRecord[] }) {
    this.#chain = options.chain;
    this.#clock = options.clock;
    for (const record of options.cashings) if (record.status === 'sent') this.add(record);
  }

  add(record: CashingRecord): void {
    this.#open.set(record.transaction, record);
    this.#sinceMs.set(record.transaction, this.#sinceMs.get(record.transaction) ?? this.#clock.nowMs());
  }

  underWay(chequebook: NodeId): boolean {
    if (this.#open.size === 0) return false;
    for (const record of this.#open.values()) if (record.chequebook === chequebook) return true;
    return false;
  }

  /** Those that are not open any more; undefined while there is none to ask after, or it is too early. Never rejects. */
  look(): Promise<readonly ClosedCashing[]> | undefined {
    const nowMs = this.#clock.nowMs();
    if (this.#open.size === 0 || nowMs - this.#askedMs < ASK_MS) return undefined;
    this.#askedMs = nowMs;
    return this.#ask();
  }

  async #ask(): Promise<readonly ClosedCashing[]> {
    const closed: ClosedCashing[] = [];
    for (const [key, record] of [...this.#open]) {
      const outcome = await this.#outcome(record);
      if (outcome === 'unknown' && !this.#isLost(record)) continue;
      this.#open.delete(key);
      this.#sinceMs.delete(key);
      closed.push({ record, receipt: typeof outcome === 'string' ? undefined : outcome });
    }
    return closed;
  }

  /** By either clock: one that was set back would keep a cheque uncashed until it has caught up. */
  #isLost({ atMs, transaction }: CashingRecord): boolean {
    const { nowMs, wallMs } = { nowMs: this.#clock.nowMs(), wallMs: this.#clock.wallMs() };
    return wallMs - atMs >= LOST_MS || nowMs - (this.#sinceMs.get(transaction) ?? nowMs) >= LOST_MS;
  }

  async #outcome(record: CashingRecord): Promise<CashReceipt | 'unknown' | 'reverted'> {
    try {
      return (await this.#chain.outcome(transactionOf(record), record.chequebook)) ?? 'unknown';
    } catch (error) {
      return codeOf(error) === 'TRANSACTION_REVERTED' ? 'reverted' : 'unknown';
    }
  }
}
