import type { Clock, Timer } from '../core/clock.ts';
import { codeOf } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { OPEN_COST_BYTES, ResetCode } from '../link/link.ts';
import { BuyerSide } from './channel-side.ts';
import type { Gate } from './gate.ts';
import type { Stream } from './stream.ts';

export interface PendingOpensOptions {
  readonly clock: Clock;
  /** The present connection to a neighbour. */
  readonly gate: (neighbour: NodeId) => Gate | undefined;
  /** How long an open waits for a link, for terms, or for money. */
  readonly waitMs: number;
}

interface PendingOpen {
  readonly stream: Stream;
  readonly header: Uint8Array;
  timer: Timer | undefined;
  /** Why it could not be opened when last tried. */
  reason: ResetCode;
}

/**
 * Opens towards neighbours. What is refused for now (no link yet, no terms yet, unpaid) waits a bounded time, in order,
 * and is tried again whenever the account, the link or its budget may have changed.
 */
export class PendingOpens {
  readonly #clock: Clock;
  readonly #gate: (neighbour: NodeId) => Gate | undefined;
  readonly #waitMs: number;
  readonly #waiting = new Map<NodeId, Set<PendingOpen>>();
  readonly #retrying = new Set<NodeId>();

  constructor(options: PendingOpensOptions) {
    this.#clock = options.clock;
    this.#gate = options.gate;
    this.#waitMs = options.waitMs;
  }

  /** Opens a channel for `stream`, now or soon; aborts the stream if it cannot. Returns what takes the open back. */
  open(neighbour: NodeId, stream: Stream, header: Uint8Array): () => void {
    const pending: PendingOpen = { stream, header, timer: undefined, reason: ResetCode.noRoute };
    const line = this.#waiting.get(neighbour);
    if (line === undefined && this.#tryOpen(neighbour, pending)) return () => {};
    const queue = line ?? new Set();
    for (const other of queue) pending.reason = other.reason;
    queue.add(pending);
    this.#waiting.set(neighbour, queue);
    pending.timer = this.#clock.after(this.#waitMs, () => {
      this.#leave(neighbour, pending);
      stream.abort(pending.reason);
    });
    return () => this.#leave(neighbour, pending);
  }

  /** Tries those that wait for `neighbour`, first come first served. */
  retry(neighbour: NodeId): void {
    const line = this.#waiting.get(neighbour);
    if (line === undefined || this.#retrying.has(neighbour)) return;
    this.#retrying.add(neighbour);
    for (const pending of line) {
      if (!this.#tryOpen(neighbour, pending)) {
        for (const other of line) other.reason = pending.reason;
        break;
      }
      this.#leave(neighbour, pending);
    }
    this.#retrying.delete(neighbour);
  }

  /** Returns false when it may be tried again later. */
  #tryOpen(neighbour: NodeId, pending: PendingOpen): boolean {
    const gate = this.#gate(neighbour);
    const reason = gate === undefined ? ResetCode.noRoute : notNow(gate);
    if (gate === undefined || reason !== undefined) {
      pending.reason = reason ?? ResetCode.noRoute;
      return false;
    }
    const side = new BuyerSide(gate);
    const hold = gate.door.use(OPEN_COST_BYTES);
    try {
      side.opened(gate.link.open(pending.header, gate.door.buyEpoch, side));
    } catch (error) {
      gate.door.release(hold);
      pending.stream.abort(openFailure(error));
      return true;
    }
    gate.door.commit(hold, pending.stream.buyer);
    pending.stream.joinFarSide(side);
    return true;
  }

  #leave(neighbour: NodeId, pending: PendingOpen): void {
    pending.timer?.cancel();
    const line = this.#waiting.get(neighbour);
    if (line?.delete(pending) && line.size === 0) this.#waiting.delete(neighbour);
  }
}

function notNow(gate: Gate): ResetCode | undefined {
  if (!gate.door.ready || !gate.door.buying) return ResetCode.noRoute;
  if (gate.door.usable(OPEN_COST_BYTES) < OPEN_COST_BYTES) return ResetCode.unpaid;
  return gate.link.forwardBudget < OPEN_COST_BYTES ? ResetCode.unpaid : undefined;
}

function openFailure(error: unknown): ResetCode {
  const code = codeOf(error);
  if (code === 'LINK_CLOSED') return ResetCode.linkLost;
  return code === undefined ? ResetCode.internal : ResetCode.overloaded;
}
