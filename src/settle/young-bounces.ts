import type { Chain } from '../chain/chain.ts';
import type { Clock } from '../core/clock.ts';
import type { NodeId } from '../core/node-id.ts';
import type { NoteRecord } from '../store/store.ts';

/** They are not asked after more often than this, however fast blocks come. */
const LEAST_ASK_MS = 1_000;

const PREFIX = 'bounce:';

export interface YoungBouncesOptions {
  readonly chain: Chain;
  readonly clock: Clock;
  /** The beneficiary of the cheques. */
  readonly me: NodeId;
  /** Blocks, its own included, until a bounce stands. */
  readonly confirmations: number;
  /** Time between two blocks: each may decide. */
  readonly blockMs: number;
  readonly notes: readonly NoteRecord[];
}

/** What became of one: it stands, or the branch of the chain that had it lost. */
export interface DecidedBounce {
  readonly chequebook: NodeId;
  readonly transaction: string;
  readonly stands: boolean;
}

interface Young {
  readonly transaction: string;
  /** The newest block when it was first seen to be gone. */
  goneSince?: bigint | undefined;
}

/**
 * Chequebooks that bounced in a block which another branch of the chain may still replace. Meanwhile whoever pays from
 * them is not served, and is not blamed for good either. Kept in the store until it is decided.
 */
export class YoungBounces {
  readonly #options: YoungBouncesOptions;
  readonly #young = new Map<NodeId, Young>();
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(options: YoungBouncesOptions) {
    this.#options = options;
    for (const { name, text } of options.notes)
      if (name.startsWith(PREFIX) && text !== '') this.#young.set(name.slice(PREFIX.length), { transaction: text });
  }

  has(chequebook: NodeId): boolean {
    return this.#young.has(chequebook);
  }

  all(): readonly NodeId[] {
    return [...this.#young.keys()];
  }

  /** A cheque on it bounced. The note to be written with what that changed. */
  add(chequebook: NodeId, transaction: string): NoteRecord {
    this.#young.set(chequebook, { transaction });
    return { kind: 'note', name: PREFIX + chequebook, text: transaction };
  }

  /** The note to be written with what was decided; once that is durable, `forget`. */
  settled(chequebook: NodeId): NoteRecord {
    return { kind: 'note', name: PREFIX + chequebook, text: '' };
  }

  forget(chequebook: NodeId): void {
    this.#young.delete(chequebook);
  }

  /** Those that can be decided; undefined while there is none to ask after, or it is too early. Never rejects. */
  look(): Promise<readonly DecidedBounce[]> | undefined {
    const { blockMs, clock } = this.#options;
    const nowMs = clock.nowMs();
    if (this.#young.size === 0 || nowMs - this.#askedMs < Math.max(blockMs, LEAST_ASK_MS)) return undefined;
    this.#askedMs = nowMs;
    return this.#decide();
  }

  async #decide(): Promise<readonly DecidedBounce[]> {
    const decided: DecidedBounce[] = [];
    for (const [chequebook, young] of [...this.#young]) {
      // Unread: asked again later.
      const stands = await this.#stands(chequebook, young).catch(() => undefined);
      if (stands !== undefined) decided.push({ chequebook, transaction: young.transaction, stands });
    }
    return decided;
  }

  /** Undefined: nobody knows yet. */
  async #stands(chequebook: NodeId, young: Young): Promise<boolean | undefined> {
    const { chain, confirmations, me } = this.#options;
    if (confirmations <= 1) return true;
    const facts = await chain.chequebook(chequebook, me);
    if (facts?.bounced === true) {
      young.goneSince = undefined;
      return (await bouncedForGood(chain, { chequebook, me, confirmations })) ? true : undefined;
    }
    // It may be mined again, and an endpoint may be behind: as many blocks without it as would have made it stand.
    const { number } = await chain.head();
    young.goneSince ??= number;
    return number - young.goneSince + 1n >= BigInt(confirmations) ? false : undefined;
  }
}

/** Has this chequebook bounced, so deep that no other branch can win? What cannot be read has not. */
export async function bouncedForGood(
  chain: Chain,
  of: { readonly chequebook: NodeId; readonly me: NodeId; readonly confirmations: number },
): Promise<boolean> {
  const then = await chain.chequebook(of.chequebook, of.me, of.confirmations).catch(() => undefined);
  return then?.bounced === true;
}
