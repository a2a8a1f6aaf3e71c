import { codeOf } from '../errors.ts';
import type { Message } from '../session/message.ts';
import { PAIR_ID, Side } from '../session/session-pair.fixture.ts';
import type { Terms } from '../terms/terms.ts';
import type { SignedStatement } from './statement.ts';

/** The first statement of an account on which nothing happened. */
export const STATED: SignedStatement = {
  ...{ chainId: 31337, from: PAIR_ID, to: PAIR_ID, storeEpoch: 1, sequence: 1, answers: 1 },
  ...{ provided: [0, 0, 0], consumed: [0, 0, 0], providedCorrection: [0, 0, 0], consumedCorrection: [0, 0, 0] },
  ...{ providedBytes: [0, 0, 0], consumedBytes: [0, 0, 0], paid: 0, received: 0, packetsSent: 0, packetsReceived: 0 },
  signature: new Uint8Array(65),
};

type Frame =
  | { readonly kind: 'message'; readonly message: Message }
  /** Bytes of a download (the receiver uses) or of an upload (the receiver sends them on), tagged with an epoch. */
  | { readonly kind: 'down' | 'up'; readonly bytes: number; readonly epoch: number };

/** What leaves one end: messages before data, as on a link; then a pipe that keeps the order. */
class Way {
  readonly messages: Frame[] = [];
  readonly data: Frame[] = [];
  readonly pipe: Frame[] = [];

  /** Hands up to `count` frames to the system. */
  leave(count: number): void {
    for (let i = 0; i < count; i += 1) {
      const next = this.messages.shift() ?? this.data.shift();
      if (next === undefined) return;
      this.pipe.push(next);
    }
  }

  get queued(): number {
    return this.messages.length + this.data.length;
  }
}

/** Two ends of a lossless link on which anything may be queued, under way and overtaken by messages. */
export class StatementPair {
  readonly sides: readonly [Side, Side];
  readonly #ways: readonly [Way, Way] = [new Way(), new Way()];
  nowMs = 1000;

  constructor(left: Terms, right: Terms) {
    this.sides = [new Side(left, true), new Side(right, true)];
    for (const at of [0, 1] as const) this.sides[at].quiet = () => this.#settled(at);
    for (const side of this.sides) side.step({ kind: 'linkUp' }, this.nowMs);
    this.drain();
  }

  #collect(): void {
    for (const at of [0, 1] as const) {
      for (const message of this.sides[at].outbox.splice(0)) this.#ways[at].messages.push({ kind: 'message', message });
    }
  }

  /** As `Neighbour` sees it: nothing queued. What was just said counts too. */
  #settled(at: 0 | 1): boolean {
    this.#collect();
    return this.#ways[at].queued === 0;
  }

  /** The end `at` serves `bytes` to the other, or sends them through it, as far as its door allows. */
  charge(at: 0 | 1, kind: 'down' | 'up', bytes: number): void {
    const door = this.sides[at].account.door('transit');
    if (kind === 'down') {
      const allowed = door.servable(bytes, this.nowMs).bytes;
      if (allowed === 0) return;
      const hold = door.serve(allowed, this.nowMs);
      this.#ways[at].data.push({ kind, bytes: allowed, epoch: door.sellEpoch });
      door.commit(hold);
    } else {
      const granted = this.sides[at === 0 ? 1 : 0].account.door('transit').reserveForward(bytes, this.nowMs).bytes;
      const used = Math.min(granted, door.usable(granted));
      if (used === 0) return;
      const hold = door.use(used);
      this.#ways[at].data.push({ kind, bytes: used, epoch: door.buyEpoch });
      door.commit(hold);
    }
  }

  leave(at: 0 | 1, count: number): void {
    this.#collect();
    this.#ways[at].leave(count);
    this.#look();
  }

  arrive(at: 0 | 1, count: number): void {
    const to = this.sides[at === 0 ? 1 : 0];
    for (let i = 0; i < count; i += 1) {
      const frame = this.#ways[at].pipe.shift();
      if (frame === undefined) break;
      const door = to.account.door('transit');
      if (frame.kind === 'message') to.step({ kind: 'message', message: frame.message }, this.nowMs);
      else if (frame.kind === 'down') door.delivered(frame.bytes, frame.epoch);
      else this.#upload(to, frame);
    }
    this.#look();
  }

  /** What was priced by terms that are over is refused, as a service does it. */
  #upload(to: Side, frame: Extract<Frame, { kind: 'down' | 'up' }>): void {
    try {
      to.account.door('transit').arrived(frame.bytes, frame.epoch, this.nowMs);
    } catch (error) {
      if (codeOf(error) !== 'EPOCH_STALE') throw error;
      to.step({ kind: 'fault', code: 'EPOCH_STALE' }, this.nowMs);
    }
  }

  /** A mark that was wanted may be set now; the session is asked as `MarkSeeker` asks it. */
  #look(): void {
    this.#collect();
    for (const side of this.sides)
      if (side.session.markWanted && side.quiet()) side.step({ kind: 'quiet' }, this.nowMs);
    this.#collect();
  }

  tick(ms: number): void {
    this.nowMs += ms;
    for (const side of this.sides) {
      side.save();
      side.step({ kind: 'tick' }, this.nowMs);
    }
    this.#look();
  }

  /** Everything leaves and arrives, until nothing is left to say. */
  drain(): void {
    for (let again = true; again; ) {
      this.#collect();
      again = false;
      for (const at of [0, 1] as const) {
        if (this.#ways[at].queued + this.#ways[at].pipe.length === 0) continue;
        again = true;
        this.leave(at, 1_000_000);
        this.arrive(at, 1_000_000);
      }
    }
  }
}
