import type { Clock } from '../core/clock.ts';
import type { NodeId } from '../core/node-id.ts';
import { ResetCode } from '../link/link.ts';
import type { Egress } from './egress.ts';
import { resetCodeOf } from './reset-words.ts';

/** The addresses of a name, or why there are none. */
export type Resolution = readonly string[] | ResetCode;

/** A neighbour's look-ups: this many at once, and then so many a second. A page asks for 20 to 100 names. */
const LOOKUP_BURST = 100;
const LOOKUPS_PER_SECOND = 10;

/** Answers are kept this long: enough for one page's connections, too short to outlive a change of address. */
const KEEP_FOUND_MS = 30_000;
const KEEP_FAILED_MS = 3_000;

/** Names remembered; the oldest goes first. A name and its addresses take well under 1 kB. */
const MAX_NAMES = 2048;

/** Look-ups under way at once, over all neighbours: the system's resolver has four threads and a queue. */
const MAX_UNDER_WAY = 64;

/** The system's resolver may take much longer. */
const LOOKUP_TIMEOUT_MS = 5_000;

/** Neighbours whose ration is remembered; far more than a node has links. */
const MAX_BUCKETS = 4096;

interface Entry {
  readonly answer: Promise<Resolution>;
  expiresMs: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Look-ups at the gateway, each name once for everyone, and new ones rationed per neighbour. */
export class NameCache {
  readonly #clock: Clock;
  readonly #egress: Egress;
  readonly #entries = new Map<string, Entry>();
  readonly #buckets = new Map<NodeId, Bucket>();
  #underWay = 0;

  constructor(clock: Clock, egress: Egress) {
    this.#clock = clock;
    this.#egress = egress;
  }

  /** Never rejects. `neighbour` is undefined for this node's own user, who is not rationed. */
  resolve(host: string, neighbour: NodeId | undefined): Promise<Resolution> {
    const nowMs = this.#clock.nowMs();
    const known = this.#entries.get(host);
    if (known !== undefined && nowMs < known.expiresMs) return known.answer;
    if (this.#underWay >= MAX_UNDER_WAY || (neighbour !== undefined && !this.#spend(neighbour, nowMs))) {
      return Promise.resolve(ResetCode.overloaded);
    }
    const entry: Entry = { answer: this.#ask(host), expiresMs: Number.POSITIVE_INFINITY };
    void entry.answer.then((answer) => {
      entry.expiresMs = this.#clock.nowMs() + (typeof answer === 'number' ? KEEP_FAILED_MS : KEEP_FOUND_MS);
    });
    this.#entries.delete(host);
    this.#entries.set(host, entry);
    forgetOldest(this.#entries, MAX_NAMES);
    return entry.answer;
  }

  #ask(host: string): Promise<Resolution> {
    this.#underWay += 1;
    return new Promise<Resolution>((settle) => {
      const timer = this.#clock.after(LOOKUP_TIMEOUT_MS, () => settle(ResetCode.timedOut));
      const done = (answer: Resolution): void => {
        timer.cancel();
        this.#underWay -= 1;
        settle(answer);
      };
      this.#egress.resolve(host).then(
        (addresses) => done(addresses.length > 0 ? addresses : ResetCode.nameNotFound),
        (error: unknown) => {
          const code = resetCodeOf(error);
          done(code === ResetCode.internal ? ResetCode.nameNotFound : code);
        },
      );
    });
  }

  #spend(neighbour: NodeId, nowMs: number): boolean {
    let bucket = this.#buckets.get(neighbour);
    if (bucket === undefined) {
      bucket = { tokens: LOOKUP_BURST, atMs: nowMs };
      this.#buckets.set(neighbour, bucket);
      forgetOldest(this.#buckets, MAX_BUCKETS);
    }
    const earned = ((nowMs - bucket.atMs) * LOOKUPS_PER_SECOND) / 1000;
    bucket.tokens = Math.min(LOOKUP_BURST, bucket.tokens + earned);
    bucket.atMs = nowMs;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}

function forgetOldest(map: Map<string, unknown>, limit: number): void {
  const [oldest] = map.keys();
  if (map.size > limit && oldest !== undefined) map.delete(oldest);
}
