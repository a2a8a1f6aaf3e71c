import type { Clock, Timer } from '../core/clock.ts';
import { codeOf } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { Store } from '../store/store.ts';
import { type LedgerQuery, type LinkLedger, readLedger } from './link-ledger.ts';

export interface HistoryKeeperOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly days: number;
  readonly links: () => readonly NodeId[];
  /** Writes what a link was charged since its last record. */
  readonly write: (neighbour: NodeId) => Promise<void>;
  readonly fault: (error: unknown) => void;
}

const DAY_MS = 86_400_000;
/** What has become too old is folded this often; the first time, when a node that starts has better things behind it. */
const FOLD_MS = 6 * 3_600_000;
const FIRST_MS = 60_000;

/** Tells the history of a running node's links, and folds what is older than the operator wants it told apart. */
export class HistoryKeeper {
  readonly #options: HistoryKeeperOptions;
  #timer: Timer | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: HistoryKeeperOptions) {
    this.#options = options;
  }

  start(): void {
    this.#schedule(FIRST_MS);
  }

  /** What explains a link's account as it stands now. Rejects with `LEDGER_NO_ACCOUNT`, `LEDGER_TOO_LONG`, `STORE_*`. */
  async ledger(query: LedgerQuery): Promise<LinkLedger> {
    // Books that broke are written no more: what is on the disk is all there is to tell.
    await this.#options.write(query.neighbour).catch((error: unknown) => {
      if (codeOf(error) !== 'INVARIANT_BROKEN') throw error;
    });
    return readLedger(this.#options.store, query);
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#running = this.#fold().then(() => this.#schedule(FOLD_MS));
    });
  }

  async #fold(): Promise<void> {
    const { clock, days, fault, links, store } = this.#options;
    const beforeMs = clock.wallMs() - days * DAY_MS;
    try {
      for (const neighbour of links()) {
        if (!this.#stopped) await store.foldHistory(neighbour, beforeMs);
      }
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      fault(error);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }
}
