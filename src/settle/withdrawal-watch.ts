import type { Chain } from '../chain/chain.ts';
import type { Clock } from '../core/clock.ts';
import type { NodeId } from '../core/node-id.ts';

/** How often a chequebook that owes something is looked at: well within the shortest freeze period a factory allows, 1 h. */
export const WATCH_MS = 600_000;

export interface WithdrawalWatchOptions {
  readonly chain: Chain;
  readonly clock: Clock;
  /** The beneficiary. */
  readonly me: NodeId;
}

/** Notices that the owner of a chequebook has announced to take its coin out, while there is time to cash (DESIGN §12). */
export class WithdrawalWatch {
  readonly #options: WithdrawalWatchOptions;
  readonly #seen = new Map<NodeId, { atMs: number; announced: boolean }>();

  constructor(options: WithdrawalWatchOptions) {
    this.#options = options;
  }

  /** As it was when last looked at. */
  announced(chequebook: NodeId): boolean {
    return this.#seen.get(chequebook)?.announced === true;
  }

  /** Looks at those of `owing`, all that owe something, whose time has come; undefined when there is none. Never rejects. */
  look(owing: readonly NodeId[]): Promise<void> | undefined {
    const nowMs = this.#options.clock.nowMs();
    for (const known of this.#seen.keys()) if (!owing.includes(known)) this.#seen.delete(known);
    const due = owing.filter((chequebook) => {
      const seen = this.#seen.get(chequebook);
      // A cheque is taken on a chequebook that was read when its neighbour's terms came: the first look may wait.
      if (seen === undefined) this.#seen.set(chequebook, { atMs: nowMs, announced: false });
      return seen !== undefined && nowMs - seen.atMs >= WATCH_MS;
    });
    return due.length === 0 ? undefined : this.#lookAt(due);
  }

  async #lookAt(due: readonly NodeId[]): Promise<void> {
    const { chain, clock, me } = this.#options;
    for (const chequebook of due) {
      const before = this.announced(chequebook);
      const facts = await chain.chequebook(chequebook, me).then(
        (read) => read?.withdrawableAtS !== undefined,
        // Not known: as it was, and again next time.
        () => before,
      );
      this.#seen.set(chequebook, { atMs: clock.nowMs(), announced: facts });
    }
  }
}
