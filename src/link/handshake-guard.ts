import type { Clock } from '../core/clock.ts';
import { HANDSHAKES_BURST, HANDSHAKES_PER_SECOND, MAX_HALF_OPEN, MAX_HANDSHAKE_ADDRESSES } from './limits.ts';
import { TokenBucket } from './token-bucket.ts';

export interface GuardOptions {
  /** Handshakes per remote address, lasting and at once. */
  readonly perSecond?: number;
  readonly burst?: number;
  /** Unfinished handshakes, over all addresses. */
  readonly maxHalfOpen?: number;
}

/** Decides whether a stranger's connection is worth a handshake. */
export class HandshakeGuard {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #maxHalfOpen: number;
  readonly #buckets = new Map<string, TokenBucket>();
  #halfOpen = 0;

  constructor(clock: Clock, options: GuardOptions = {}) {
    this.#clock = clock;
    this.#perSecond = options.perSecond ?? HANDSHAKES_PER_SECOND;
    this.#burst = options.burst ?? HANDSHAKES_BURST;
    this.#maxHalfOpen = options.maxHalfOpen ?? MAX_HALF_OPEN;
  }

  /** Begins a handshake: returns the function that ends it (calling it twice is harmless), or undefined for a refusal. */
  begin(remoteAddress: string): (() => void) | undefined {
    if (this.#halfOpen >= this.#maxHalfOpen || !this.#bucket(networkOf(remoteAddress)).take()) return undefined;
    this.#halfOpen++;
    let open = true;
    return () => {
      if (open) this.#halfOpen--;
      open = false;
    };
  }

  /** Addresses remembered; for tests and metrics. */
  get size(): number {
    return this.#buckets.size;
  }

  #bucket(key: string): TokenBucket {
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      if (this.#buckets.size >= MAX_HANDSHAKE_ADDRESSES) this.#forget();
      bucket = new TokenBucket(this.#clock, this.#perSecond, this.#burst);
    } else {
      this.#buckets.delete(key);
    }
    // most recently seen last
    this.#buckets.set(key, bucket);
    return bucket;
  }

  /** Drops all that have nothing to remember, else the one seen longest ago. */
  #forget(): void {
    for (const [key, bucket] of this.#buckets) if (bucket.full()) this.#buckets.delete(key);
    const oldest = this.#buckets.keys().next();
    if (this.#buckets.size >= MAX_HANDSHAKE_ADDRESSES && !oldest.done) this.#buckets.delete(oldest.value);
  }
}

/** An IPv4 address, or the /64 of an IPv6 address: what one stranger commands at least. */
export function networkOf(address: string): string {
  const plain = address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  while (tail !== undefined && groups.length + after.length < 8) groups.push('0');
  return [...groups, ...after].slice(0, 4).join(':');
}
