import type { Clock, RandomBytes, Timer } from '../core/clock.ts';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { MAX_VALUE } from '../core/packet.ts';
import type { Units } from '../core/units.ts';
import { packetAnswers, packetId, packetPayload, packetReplyTo, type Receipt } from '../wire/packet.ts';
import { type ChangeRule, changeOf } from './change.ts';
import type { PacketRelay, PacketSink } from './packet-relay.ts';

/** A packet to send, and what to wait for. */
export interface PacketOrder {
  readonly to: NodeId;
  readonly value: Units;
  readonly payload: Uint8Array;
  /** Replies that are waited for; 0: none is asked for. */
  readonly replies: number;
  /** How long to wait for replies, or for the packet to come back. Milliseconds. */
  readonly waitMs: number;
}

/** What became of a packet, as its originator learns it. */
export interface PacketOutcome {
  readonly id: string;
  /** `sent`: nothing came back, and nothing was asked for. `unanswered`: fewer replies came than were waited for. */
  readonly result: 'sent' | 'answered' | 'unanswered' | 'refused';
  readonly sentUnits: Units;
  /** Change in replies, or what was left of a packet that came back. */
  readonly cameUnits: Units;
  readonly replies: readonly PacketReply[];
  readonly receipt: Receipt | undefined;
}

export interface PacketReply {
  readonly value: Units;
  readonly payload: Uint8Array;
}

/** How this node answers requests. */
export interface ServeRule extends ChangeRule {
  readonly payload: Uint8Array;
}

/** What this node's own packets came to so far. */
export interface PacketFigures {
  readonly sent: number;
  readonly sentUnits: Units;
  readonly delivered: number;
  readonly deliveredUnits: Units;
  readonly refused: number;
  readonly refundedUnits: Units;
  /** Sent less what came: what this node's packets cost it, or (negative) earned it, here at the end of the path. */
  readonly originatorCost: Units;
}

export interface PacketUserOptions {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly relay: () => PacketRelay;
  /** A packet for this node that nobody here waited for. */
  readonly delivered: (facts: { from: NodeId | undefined; value: Units; bytes: number }) => void;
}

interface Waiting {
  readonly order: PacketOrder;
  readonly replies: PacketReply[];
  readonly done: (outcome: PacketOutcome) => void;
  readonly timer: Timer;
  cameUnits: Units;
}

/** Requests that may wait at once: each holds its replies. */
export const MAX_WAITING = 10_000;

/** The end of the path: sends this node's packets, collects what comes back, and serves requests of others. */
export class PacketUser implements PacketSink {
  readonly #options: PacketUserOptions;
  readonly #waiting = new Map<string, Waiting>();
  #serve: ServeRule | undefined;
  #sent = 0;
  #sentUnits = 0;
  #delivered = 0;
  #deliveredUnits = 0;
  #refused = 0;
  #refundedUnits = 0;

  constructor(options: PacketUserOptions) {
    this.#options = options;
  }

  get figures(): PacketFigures {
    return {
      sent: this.#sent,
      sentUnits: this.#sentUnits,
      delivered: this.#delivered,
      deliveredUnits: this.#deliveredUnits,
      refused: this.#refused,
      refundedUnits: this.#refundedUnits,
      originatorCost: this.#sentUnits - this.#deliveredUnits - this.#refundedUnits,
    };
  }

  /** Answers requests by this rule from now on; undefined: keeps what comes and says nothing. */
  serve(rule: ServeRule | undefined): void {
    this.#serve = rule;
  }

  /** Sends a packet and resolves when its fate is known. Throws `PACKETS_WAITING`, `PACKET_TOO_LARGE`, `AMOUNT_INVALID`. */
  send(order: PacketOrder): Promise<PacketOutcome> {
    if (this.#waiting.size >= MAX_WAITING) throw new WayleaveError('PACKETS_WAITING', { waiting: MAX_WAITING });
    const { clock } = this.#options;
    const id = this.#newId();
    const name = id.toString('hex');
    return new Promise((resolve, reject) => {
      const timer = clock.after(order.waitMs, () => this.#end(name, order.replies === 0 ? 'sent' : 'unanswered'));
      this.#waiting.set(name, { order, replies: [], done: resolve, timer, cameUnits: 0 });
      try {
        this.#put(order, id, undefined);
      } catch (error) {
        timer.cancel();
        this.#waiting.delete(name);
        reject(error);
      }
    });
  }

  #put(order: Pick<PacketOrder, 'to' | 'value' | 'payload' | 'replies'>, id: Uint8Array, answers?: Uint8Array): void {
    const { self, relay } = this.#options;
    relay().send({
      destination: order.to,
      value: order.value,
      id,
      payload: order.payload,
      ...(answers === undefined ? {} : { answers }),
      ...(order.replies > 0 ? { replyTo: self } : {}),
    });
    this.#sent += 1;
    this.#sentUnits += order.value;
  }

  #newId(): Buffer {
    const id = Buffer.from(this.#options.randomBytes(8));
    // An id of zeros names nothing.
    if (id.every((byte) => byte === 0)) id[0] = 1;
    return id;
  }

  #end(name: string, result: PacketOutcome['result'], receipt?: Receipt): void {
    const waiting = this.#waiting.get(name);
    if (waiting === undefined) return;
    this.#waiting.delete(name);
    waiting.timer.cancel();
    const { order, replies, cameUnits } = waiting;
    waiting.done({ id: name, result, sentUnits: order.value, cameUnits, replies, receipt });
  }

  delivered(packet: Buffer, value: Units, from: NodeId | undefined): void {
    this.#delivered += 1;
    this.#deliveredUnits += value;
    const answers = packetAnswers(packet)?.toString('hex');
    const waiting = answers === undefined ? undefined : this.#waiting.get(answers);
    if (waiting === undefined || answers === undefined) {
      this.#options.delivered({ from, value, bytes: packetPayload(packet).length });
      if (answers === undefined) this.#answer(packet, value);
      return;
    }
    waiting.replies.push({ value, payload: Uint8Array.from(packetPayload(packet)) });
    waiting.cameUnits += value;
    if (waiting.replies.length >= waiting.order.replies) this.#end(answers, 'answered');
  }

  #answer(packet: Buffer, value: Units): void {
    const rule = this.#serve;
    const to = packetReplyTo(packet);
    // Who does not pay the price gets no service; what it paid stays, as at any counter with a posted price.
    if (rule === undefined || to === undefined || value < rule.price) return;
    const answers = Uint8Array.from(packetId(packet));
    for (const change of changeOf(Math.min(value, MAX_VALUE), rule)) {
      this.#put({ to, value: change, payload: rule.payload, replies: 0 }, this.#newId(), answers);
    }
  }

  refunded(packet: Buffer, value: Units, receipt: Receipt): void {
    this.#refused += 1;
    this.#refundedUnits += value;
    const name = packetId(packet).toString('hex');
    const waiting = this.#waiting.get(name);
    if (waiting === undefined) return;
    waiting.cameUnits += value;
    this.#end(name, 'refused', receipt);
  }

  close(): void {
    for (const name of [...this.#waiting.keys()]) this.#end(name, 'unanswered');
  }
}
