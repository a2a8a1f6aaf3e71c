import type { Chain, ChequebookFacts } from '../chain/chain.ts';
import type { Clock } from '../core/clock.ts';
import type { NodeId } from '../core/node-id.ts';

/** How often a chequebook that owes something is looked at: well within the shortest freeze period a factory allows, 1 h. */
export const WATCH_MS = 600_000;

export interface ChequebookWatchOptions {
  readonly chain: Chain;
  readonly clock: Clock;
  /** The beneficiary. */
  readonly me: NodeId;
  /** Told of all that was read. */
  readonly looked?: ((chequebook: NodeId, facts: ChequebookFacts) => void) | undefined;
}

interface Seen {
  readonly atMs: number;
  readonly facts: ChequebookFacts | undefined;
}

/**
 * Notices, while there is time to cash, that the owner of a chequebook has announced to take its coin out, and that
 * others have drawn it so far that it does not cover what it owes here (DESIGN §12).
 */
export class ChequebookWatch {
  readonly #options: ChequebookWatchOptions;
  readonly #seen = new Map<NodeId, Seen>();

  constructor(options: ChequebookWatchOptions) {
    this.#options = options;
  }

  /** A withdrawal was announced, as it was when last looked at. */
  announced(chequebook: NodeId): boolean {
    return this.#seen.get(chequebook)?.facts?.withdrawableAtS !== undefined;
  }

  /** What the contract could still pay here beyond `cashedWei`, as last seen; undefined when not looked at yet. */
  coveredWei(chequebook: NodeId, cashedWei: bigint): bigint | undefined {
    const facts = this.#seen.get(chequebook)?.facts;
    if (facts === undefined) return undefined;
    // What was cashed since then was paid from what was there then.
    const left = facts.availableWei - (cashedWei > facts.paidOutWei ? cashedWei - facts.paidOutWei : 0n);
    return left > 0n ? left : 0n;
  }

  /** Looks at those of `owing`, all that owe something, whose time has come; undefined when there is none. Never rejects. */
  look(owing: readonly NodeId[]): Promise<void> | undefined {
    const nowMs = this.#options.clock.nowMs();
    for (const known of this.#seen.keys()) if (!owing.includes(known)) this.#seen.delete(known);
    const due = owing.filter((chequebook) => {
      const seen = this.#seen.get(chequebook);
      // A cheque is taken on a chequebook that was read when its neighbour's terms came: the first look may wait.
      if (seen === undefined) this.#seen.set(chequebook, { atMs: nowMs, facts: undefined });
      return seen !== undefined && nowMs - seen.atMs >= WATCH_MS;
    });
    return due.length === 0 ? undefined : this.lookAt(due);
  }

  /** Looks at these now. Never rejects: what does not answer is as it was, and looked at again next time. */
  async lookAt(due: readonly NodeId[]): Promise<void> {
    const { chain, clock, looked, me } = this.#options;
    for (const chequebook of due) {
      const before = this.#seen.get(chequebook)?.facts;
      const read = await chain.chequebook(chequebook, me).catch(() => before);
      this.#seen.set(chequebook, { atMs: clock.nowMs(), facts: read });
      if (read !== undefined) looked?.(chequebook, read);
    }
  }
}
