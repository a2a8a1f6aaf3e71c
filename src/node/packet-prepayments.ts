import type { Clock } from '../core/clock.ts';
import type { LinkAccount } from '../core/ledger/link-account.ts';
import type { NodeId } from '../core/node-id.ts';
import type { Units } from '../core/units.ts';

export interface PacketPrepaymentsOptions {
  readonly clock: Clock;
  /** The most that is paid beyond what is owed, as the operator allows; 0: nothing is. */
  readonly mostUnits: Units;
  /** Pays a neighbour what is owed, and so much beyond it. */
  readonly payAhead: (neighbour: NodeId, units: Units) => void;
}

/** Packets that are short at once share one payment. Milliseconds. */
const PAY_AHEAD_MS = 10;

/** Value is taken on no credit from this node: it is paid for first, as far as the operator allows (DESIGN §3). */
export class PacketPrepayments {
  readonly #options: PacketPrepaymentsOptions;
  /** Something is about to be paid ahead to them. */
  readonly #paying = new Set<LinkAccount>();

  constructor(options: PacketPrepaymentsOptions) {
    this.#options = options;
  }

  /** A packet could not leave before something is paid ahead. */
  soon(account: LinkAccount): void {
    const { clock, mostUnits, payAhead } = this.#options;
    if (mostUnits === 0 || this.#paying.has(account)) return;
    this.#paying.add(account);
    clock.after(PAY_AHEAD_MS, () => {
      this.#paying.delete(account);
      const ahead = mostUnits - Math.max(0, account.ledger.debtOf(account.row));
      if (ahead > 0) payAhead(account.neighbour, ahead);
    });
  }

  /** Waits, for `waitMs` at the most, until a packet `fits` what was paid; at once where it does, or nothing is paid ahead. */
  paid(account: LinkAccount, fits: () => boolean, waitMs: number): Promise<void> {
    if (this.#options.mostUnits === 0 || fits()) return Promise.resolve();
    this.soon(account);
    return new Promise((resolve) => {
      const done = () => {
        unwatch();
        timer.cancel();
        resolve();
      };
      const unwatch = account.watch(() => {
        if (fits()) done();
      });
      const timer = this.#options.clock.after(waitMs, done);
    });
  }
}
