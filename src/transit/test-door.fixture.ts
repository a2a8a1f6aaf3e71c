import type { Allowance, Hold, ServiceDoor } from '../core/ledger/door.ts';
import type { NodeId } from '../core/node-id.ts';

/** A door whose limits a test opens and closes. It checks that every hold is ended once. */
export class TestDoor implements ServiceDoor {
  readonly neighbour: NodeId;
  ready = true;
  selling = true;
  buying = true;
  readonly buyPricePerMb = 1;
  sellEpoch = 1;
  buyEpoch = 1;
  /** Bytes that may still be served, granted, used. */
  serveLeft = Number.POSITIVE_INFINITY;
  forwardLeft = Number.POSITIVE_INFINITY;
  useLeft = Number.POSITIVE_INFINITY;
  /** Given with a refusal to serve, as a paced door does. */
  retryMs: number | undefined;
  served = 0;
  arrivedBytes = 0;
  used = 0;
  deliveredBytes = 0;
  reserved = 0;
  readonly holds = new Map<Hold, () => void>();
  /** Throws for the next bytes that come in. */
  failure: Error | undefined;
  readonly #watchers = new Set<() => void>();
  #nextHold = 1;

  constructor(neighbour: NodeId) {
    this.neighbour = neighbour;
  }

  servable(wanted: number): Allowance {
    const bytes = Math.min(wanted, this.serveLeft);
    return bytes === 0 && this.retryMs !== undefined ? { bytes, retryMs: this.retryMs } : { bytes };
  }

  serve(bytes: number): Hold {
    this.serveLeft -= bytes;
    if (this.serveLeft < 0) throw new Error('served more than allowed');
    return this.#hold(() => {
      this.served += bytes;
    });
  }

  reserveForward(wanted: number): Allowance {
    const bytes = Math.min(wanted, this.forwardLeft);
    this.forwardLeft -= bytes;
    this.reserved += bytes;
    return { bytes };
  }

  arrived(bytes: number): void {
    if (this.failure !== undefined) throw this.failure;
    this.reserved -= bytes;
    this.arrivedBytes += bytes;
    if (this.reserved < 0) throw new Error('more arrived than was granted');
  }

  forgetForward(): void {
    this.reserved = 0;
  }

  usable(wanted: number): number {
    return Math.min(wanted, this.useLeft);
  }

  use(bytes: number): Hold {
    this.useLeft -= bytes;
    return this.#hold(() => {
      this.used += bytes;
    });
  }

  delivered(bytes: number): void {
    if (this.failure !== undefined) throw this.failure;
    this.deliveredBytes += bytes;
  }

  commit(hold: Hold): void {
    const done = this.holds.get(hold);
    if (done === undefined) throw new Error('hold ended twice');
    this.holds.delete(hold);
    done();
  }

  release(hold: Hold): void {
    if (!this.holds.delete(hold)) throw new Error('hold ended twice');
  }

  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  /** Changes limits and tells whoever waits. */
  allow(limits: Partial<Pick<TestDoor, 'serveLeft' | 'forwardLeft' | 'useLeft' | 'ready' | 'buying'>>): void {
    Object.assign(this, limits);
    for (const changed of this.#watchers) changed();
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  #hold(done: () => void): Hold {
    const hold = this.#nextHold++;
    this.holds.set(hold, done);
    return hold;
  }
}
