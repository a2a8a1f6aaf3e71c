import { Fifo } from '../../link/fifo.ts';
import type { Timeline } from '../timeline.ts';

/** What one parcel on a simulated wire is. Those up to `reset` stand for frames of the real link. */
export const ParcelKind = {
  control: 0,
  payment: 1,
  open: 2,
  accept: 3,
  data: 4,
  end: 5,
  reset: 6,
  window: 7,
  budget: 8,
  ping: 9,
  pong: 10,
  /** The last word of an end that closed. */
  close: 11,
  /** The connection broke here: what was sent after it is gone. */
  lost: 12,
} as const;
export type ParcelKind = (typeof ParcelKind)[keyof typeof ParcelKind];

/** One thing on its way. The wire keeps and reuses these. */
export interface Parcel {
  kind: ParcelKind;
  channel: number;
  /** The tag of an open or data parcel; the count of a window or budget; the code of a reset. */
  value: number;
  bytes: Uint8Array | undefined;
  /** The word of a close. */
  word: string;
  atMs: number;
  /** The step of the timeline in which it was sent. */
  step: number;
}

/** How one direction between two nodes behaves now. Shared by all connections between them. */
export interface WireConditions {
  /** One way, milliseconds. */
  delayMs: number;
  /** Added to the delay of each parcel, up to this much; order is kept, as on TCP. */
  jitterMs: number;
  /** `Infinity`: as much as is sent. */
  bytesPerSecond: number;
  /** Nothing arrives before this moment of the timeline. */
  stalledUntilMs: number;
  /** Nothing arrives at all; what was sent waits, and is lost only with its connection. */
  blocked: boolean;
  /** How likely a message is delivered twice, and how likely the next one overtakes it. */
  duplicate: number;
  reorder: number;
}

export interface SimWireOptions {
  readonly timeline: Timeline;
  readonly conditions: WireConditions;
  /** 0 ≤ x < 1. Drawn only where a condition needs it. */
  readonly random: () => number;
  readonly arrived: (parcel: Parcel) => void;
  /** For the counts of what really happened. */
  readonly happened: (name: string) => void;
}

/** Bytes of a frame beside its payload, for slow wires. */
const FRAME_BYTES = 13;
/** A message that waits to be overtaken waits no longer than this. */
const HELD_MS = 1_000;
const EMPTY = new Uint8Array(0);

/** One direction of one simulated connection: parcels in order, each with its moment of arrival. */
export class SimWire {
  readonly #options: SimWireOptions;
  readonly #flight = new Fifo<Parcel>();
  readonly #free: Parcel[] = [];
  #busyUntilMs = 0;
  #lastAtMs = 0;
  #armed = false;
  #dead = false;
  #overtaken: Parcel | undefined;
  #queuedBytes = 0;
  #queuedStep = -1;

  constructor(options: SimWireOptions) {
    this.#options = options;
  }

  get inFlight(): number {
    return this.#flight.length;
  }

  /** Sent in the present step of the timeline. They leave when it ends: control first, then payments, then the rest. */
  get queuedBytes(): number {
    return this.#queuedStep === this.#options.timeline.steps ? this.#queuedBytes : 0;
  }

  /** Sends one parcel. */
  put(kind: ParcelKind, channel: number, value: number, bytes?: Uint8Array): void {
    const { conditions } = this.#options;
    const parcel = this.#fill(kind, channel, value, bytes);
    const honest = conditions.duplicate === 0 && conditions.reorder === 0 && this.#overtaken === undefined;
    if (kind > ParcelKind.payment || honest) return this.#push(parcel);
    this.#mischief(parcel);
  }

  /** The last parcel of an end that closed, with the reason it gives. */
  putClose(word: string): void {
    const parcel = this.#fill(ParcelKind.close, 0, 0, undefined);
    parcel.word = word;
    this.#push(parcel);
  }

  #fill(kind: ParcelKind, channel: number, value: number, bytes: Uint8Array | undefined): Parcel {
    const parcel = this.#free.pop() ?? { kind, channel: 0, value: 0, bytes: undefined, word: '', atMs: 0, step: 0 };
    parcel.kind = kind;
    parcel.channel = channel;
    parcel.value = value;
    parcel.bytes = bytes;
    parcel.word = '';
    return parcel;
  }

  /** What a broken proxy or a hostile end could do to messages: say them twice, or let the next one pass. */
  #mischief(parcel: Parcel): void {
    const { conditions, random, happened, timeline } = this.#options;
    const held = this.#overtaken;
    this.#overtaken = undefined;
    if (held === undefined && random() < conditions.reorder) {
      this.#overtaken = parcel;
      timeline.after(HELD_MS, () => {
        if (this.#overtaken !== parcel) return;
        this.#overtaken = undefined;
        this.#push(parcel);
      });
      return;
    }
    this.#push(parcel);
    if (held !== undefined) {
      happened('message reordered');
      this.#push(held);
    }
    if (random() >= conditions.duplicate) return;
    happened('message duplicated');
    this.#push(this.#fill(parcel.kind, parcel.channel, parcel.value, parcel.bytes));
  }

  #push(parcel: Parcel): void {
    if (this.#dead) return;
    const { conditions, timeline, random } = this.#options;
    let at = timeline.nowMs;
    const bytes = (parcel.bytes ?? EMPTY).length + FRAME_BYTES;
    if (this.#queuedStep !== timeline.steps) this.#queuedBytes = 0;
    this.#queuedStep = timeline.steps;
    this.#queuedBytes += bytes;
    if (conditions.bytesPerSecond !== Number.POSITIVE_INFINITY) {
      this.#busyUntilMs = Math.max(at, this.#busyUntilMs) + (bytes * 1000) / conditions.bytesPerSecond;
      at = this.#busyUntilMs;
    }
    at += conditions.delayMs;
    if (conditions.jitterMs > 0) at += random() * conditions.jitterMs;
    if (at < this.#lastAtMs) at = this.#lastAtMs;
    this.#lastAtMs = at;
    parcel.atMs = at;
    parcel.step = timeline.steps;
    if (parcel.kind <= ParcelKind.payment) this.#pushMessage(parcel);
    else this.#flight.push(parcel);
    this.#arm();
  }

  /** Ahead of what was sent in the same step and is less urgent, as it leaves a real link's queue. */
  #pushMessage(parcel: Parcel): void {
    let behind = 0;
    let last = this.#flight.fromEnd(0);
    while (last !== undefined && last.step === parcel.step && last.kind > parcel.kind) {
      parcel.atMs = last.atMs;
      behind += 1;
      last = this.#flight.fromEnd(behind);
    }
    if (behind === 0) this.#flight.push(parcel);
    else this.#flight.pushBefore(behind, parcel);
  }

  /** One event stands on the timeline for the first parcel; those of the same moment follow it at once. */
  #arm(): void {
    const { conditions, timeline } = this.#options;
    const head = this.#flight.peek();
    if (this.#armed || head === undefined || conditions.blocked || this.#dead) return;
    this.#armed = true;
    timeline.post(Math.max(head.atMs, conditions.stalledUntilMs) - timeline.nowMs, this.#fire, 0);
  }

  readonly #fire = (): void => {
    const { arrived, conditions, timeline } = this.#options;
    this.#armed = false;
    for (;;) {
      const head = this.#flight.peek();
      if (head === undefined || this.#dead || conditions.blocked) return;
      if (head.atMs > timeline.nowMs || conditions.stalledUntilMs > timeline.nowMs) return this.#arm();
      this.#flight.shift();
      arrived(head);
      head.bytes = undefined;
      this.#free.push(head);
    }
  };

  /** Conditions changed: looks again when the first parcel arrives. */
  changed(): void {
    this.#arm();
  }

  /** The connection breaks: the first `kept` of what is under way still arrive, then the loss is noticed. */
  break(kept: number): void {
    if (this.#dead) return;
    const parcels: Parcel[] = [];
    for (let parcel = this.#flight.shift(); parcel !== undefined; parcel = this.#flight.shift()) parcels.push(parcel);
    for (const parcel of parcels.slice(0, kept)) this.#flight.push(parcel);
    this.#lastAtMs = this.#flight.length > 0 ? (parcels[kept - 1]?.atMs ?? 0) : this.#options.timeline.nowMs;
    const lost = this.#fill(ParcelKind.lost, 0, 0, undefined);
    lost.atMs = Math.max(this.#lastAtMs, this.#options.timeline.nowMs);
    // Nothing overtakes it.
    lost.step = -1;
    this.#flight.push(lost);
    this.#armed = false;
    this.#arm();
  }

  /** Nothing arrives any more, and nothing is told. */
  kill(): void {
    this.#dead = true;
    this.#flight.clear();
  }
}
