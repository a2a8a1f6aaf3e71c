import { MAX_LIFE_MS, MAX_VALUE } from '../core/carrier/packet.ts';
import { SendBudget } from '../core/carrier/send-budget.ts';
import type { Clock, RandomBytes, Timer } from '../core/clock.ts';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { amount, type Units } from '../core/units.ts';
import { packetAnswers, packetId, packetPayload, packetReplyTo, type Receipt, readDelivered } from '../wire/packet.ts';
import { type ChangeRule, changeOf } from './change.ts';
import type {
  Delivery,
  PacketFate,
  PacketOrder,
  PacketOutcome,
  PacketReceiver,
  PacketReply,
  ReceivedPacket,
} from './packet-order.ts';
import type { PacketRelay, PacketSink } from './packet-relay.ts';
import { isGenuine } from './receipt-desk.ts';

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
  /** Of those that asked for a receipt: arrived, as their destinations signed; and what arrived with them. */
  readonly confirmed: number;
  readonly confirmedUnits: Units;
  /** Of those: neither receipt nor packet came back in their time. */
  readonly lost: number;
  readonly lostUnits: Units;
  /** Receipts that their destination did not sign. */
  readonly forged: number;
  /** Sent less what came: what this node's packets cost it, or (negative) earned it, here at the end of the path. */
  readonly originatorCost: Units;
  /** What its own packets may cost in a day (0: no limit), and what they took of it today. */
  readonly budgetUnits: Units;
  readonly spentUnits: Units;
}

export interface PacketUserOptions {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly relay: () => PacketRelay;
  /** A packet for this node that nobody here waited for. */
  readonly delivered: (facts: { from: NodeId | undefined; value: Units; bytes: number }) => void;
  /** What own packets may cost in a day; 0, unless given: no limit. */
  readonly budgetUnits?: Units;
  /** A program that takes packets failed. */
  readonly failed?: (error: WayleaveError) => void;
  /** What a packet has to carry to arrive, or to be returned by any carrier on its way; undefined: not known. Default 0. */
  readonly needed?: (to: NodeId, payloadBytes: number) => Units | undefined;
  /** Told of every packet that asked for a receipt. */
  readonly fate?: (fate: PacketFate) => void;
}

interface Waiting {
  readonly order: PacketOrder;
  readonly replies: PacketReply[];
  readonly done: (outcome: PacketOutcome) => void;
  readonly timer: Timer;
  readonly scant: boolean;
  via: NodeId | undefined;
  cameUnits: Units;
  delivery: Delivery | undefined;
}

/** Requests that may wait at once: each holds its replies. */
export const MAX_WAITING = 10_000;

/** Lost packets that may still turn up: each holds its payload, 15 MiB in all. */
const MAX_LOST = 1_000;

/** The end of the path: sends this node's packets, collects what comes back, and takes and serves those of others. */
export class PacketUser implements PacketSink {
  readonly #options: PacketUserOptions;
  readonly #waiting = new Map<string, Waiting>();
  /** Given up as lost, the oldest first: what still comes of them corrects the count. */
  readonly #lost = new Map<string, Waiting>();
  readonly #receivers = new Set<PacketReceiver>();
  readonly #budget: SendBudget;
  readonly #counts = {
    ...{ sent: 0, sentUnits: 0, delivered: 0, deliveredUnits: 0, refused: 0, refundedUnits: 0 },
    ...{ confirmed: 0, confirmedUnits: 0, lost: 0, lostUnits: 0, forged: 0 },
  };
  #serve: ServeRule | undefined;

  constructor(options: PacketUserOptions) {
    this.#options = options;
    this.#budget = new SendBudget(options.budgetUnits ?? 0);
  }

  get figures(): PacketFigures {
    const { sentUnits, deliveredUnits, refundedUnits } = this.#counts;
    return {
      ...this.#counts,
      originatorCost: sentUnits - deliveredUnits - refundedUnits,
      budgetUnits: this.#budget.perDay,
      spentUnits: this.#budget.spent(this.#nowMs),
    };
  }

  get #nowMs(): number {
    return this.#options.clock.nowMs();
  }

  /** Answers requests by this rule from now on; undefined: keeps what comes and says nothing. */
  serve(rule: ServeRule | undefined): void {
    this.#serve = rule;
  }

  /** Takes the packets for this node that answer none of its own, from now on; returns a function that ends it. */
  receive(receiver: PacketReceiver): () => void {
    this.#receivers.add(receiver);
    return () => this.#receivers.delete(receiver);
  }

  /**
   * Sends a packet and resolves when its fate is known. Throws `PACKETS_WAITING`, `PACKETS_OVER_BUDGET`,
   * `PACKET_TOO_LARGE`, `AMOUNT_INVALID`, `PACKET_ID_INVALID`.
   */
  async send(order: PacketOrder): Promise<PacketOutcome> {
    if (this.#waiting.size >= MAX_WAITING) throw new WayleaveError('PACKETS_WAITING', { waiting: MAX_WAITING });
    const { clock } = this.#options;
    if (!this.#budget.spend(amount(order.value, 'value'), this.#nowMs))
      throw new WayleaveError('PACKETS_OVER_BUDGET', { value: order.value, budget: this.#budget.perDay });
    const id = this.#newId();
    const name = id.toString('hex');
    return new Promise((done, reject) => {
      const timer = clock.after(order.waitMs, () => this.#timeOut(name));
      const waiting: Waiting = {
        ...{ order, replies: [], done, timer, scant: this.#scant(order) },
        ...{ via: undefined, cameUnits: 0, delivery: undefined },
      };
      this.#waiting.set(name, waiting);
      try {
        waiting.via = this.#put(order, id, answeredId(order.answers));
      } catch (error) {
        timer.cancel();
        this.#waiting.delete(name);
        this.#budget.cameBack(order.value, this.#nowMs);
        reject(error);
      }
    });
  }

  #put(
    order: Pick<PacketOrder, 'to' | 'value' | 'payload' | 'replies' | 'receipt'> & { waitMs?: number },
    id: Uint8Array,
    answers?: Uint8Array,
  ): NodeId | undefined {
    const { self, relay } = this.#options;
    const { receipt = false, waitMs = 0 } = order;
    const via = relay().send({
      destination: order.to,
      value: order.value,
      id,
      payload: order.payload,
      ...(answers === undefined ? {} : { answers }),
      ...(order.replies > 0 ? { replyTo: self } : {}),
      ...(receipt ? { receipt, lifeMs: Math.min(MAX_LIFE_MS, Math.max(1, Math.floor(waitMs / 2))) } : {}),
    });
    this.#counts.sent += 1;
    this.#counts.sentUnits += order.value;
    return via;
  }

  #newId(): Buffer {
    const id = Buffer.from(this.#options.randomBytes(8));
    // An id of zeros names nothing.
    if (id.every((byte) => byte === 0)) id[0] = 1;
    return id;
  }

  #timeOut(name: string): void {
    const waiting = this.#waiting.get(name);
    if (waiting === undefined) return;
    const { delivery, order, replies } = waiting;
    if (order.receipt !== true || delivery !== undefined || replies.length > 0)
      return this.#end(name, order.replies > 0 ? 'unanswered' : 'sent');
    this.#counts.lost += 1;
    this.#counts.lostUnits += order.value;
    this.#lost.set(name, waiting);
    for (const oldest of this.#lost.keys()) if (this.#lost.size > MAX_LOST) this.#lost.delete(oldest);
    this.#tell(waiting, 'lost', 0);
    this.#end(name, 'lost');
  }

  /** Something came of it at last: it was only late. */
  #found(name: string): Waiting | undefined {
    const waiting = this.#lost.get(name);
    if (waiting === undefined) return undefined;
    this.#lost.delete(name);
    this.#counts.lost -= 1;
    this.#counts.lostUnits -= waiting.order.value;
    return waiting;
  }

  #scant({ payload, receipt, to, value }: PacketOrder): boolean {
    const { needed } = this.#options;
    return receipt === true && needed !== undefined && value < (needed(to, payload.length) ?? Number.POSITIVE_INFINITY);
  }

  #tell({ order, scant, via }: Waiting, fate: PacketFate['fate'], arrivedUnits: Units, late = false): void {
    if (order.receipt !== true) return;
    const facts = { fate, to: order.to, via, sentUnits: order.value, arrivedUnits };
    this.#options.fate?.({ ...facts, ...(late ? { late } : {}), ...(scant ? { scant } : {}) });
  }

  #end(name: string, result: PacketOutcome['result'], receipt?: Receipt): void {
    const waiting = this.#waiting.get(name);
    if (waiting === undefined) return;
    this.#waiting.delete(name);
    waiting.timer.cancel();
    const { order, replies, cameUnits, delivery } = waiting;
    waiting.done({ id: name, result, sentUnits: order.value, cameUnits, replies, receipt, delivery });
  }

  delivered(packet: Buffer, value: Units, from: NodeId | undefined): void {
    this.#counts.delivered += 1;
    this.#counts.deliveredUnits += value;
    const answers = packetAnswers(packet)?.toString('hex');
    const waiting = answers === undefined ? undefined : this.#waiting.get(answers);
    if (waiting === undefined || answers === undefined) {
      this.#options.delivered({ from, value, bytes: packetPayload(packet).length });
      if (answers === undefined) this.#answer(packet, value, from);
      return;
    }
    waiting.replies.push({ value, payload: Uint8Array.from(packetPayload(packet)) });
    waiting.cameUnits += value;
    this.#budget.cameBack(value, this.#nowMs);
    if (waiting.replies.length >= waiting.order.replies) this.#end(answers, 'answered');
  }

  #answer(packet: Buffer, value: Units, from: NodeId | undefined): void {
    const to = packetReplyTo(packet);
    const id = Uint8Array.from(packetId(packet));
    const replies = [...this.#ruled(value, to), ...this.#taken(packet, value, from)];
    if (to === undefined) return;
    for (const reply of replies) this.#put({ ...reply, to, replies: 0 }, this.#newId(), id);
  }

  #ruled(value: Units, to: NodeId | undefined): PacketReply[] {
    const rule = this.#serve;
    if (rule === undefined || to === undefined) return [];
    return changeOf(Math.min(value, MAX_VALUE), rule).map((change) => ({ value: change, payload: rule.payload }));
  }

  #taken(packet: Buffer, value: Units, from: NodeId | undefined): PacketReply[] {
    if (this.#receivers.size === 0) return [];
    const received: ReceivedPacket = {
      ...{ id: packetId(packet).toString('hex'), value, from },
      ...{ payload: Uint8Array.from(packetPayload(packet)), replyTo: packetReplyTo(packet) },
    };
    try {
      const replies = [...this.#receivers].flatMap((receiver) => receiver(received) ?? []);
      const sum = replies.reduce((all, reply) => all + reply.value, 0);
      if (sum > value) throw new WayleaveError('AMOUNT_INVALID', { answered: sum, came: value });
      return replies;
    } catch (cause) {
      // Whoever sent the packet has no part in it.
      this.#options.failed?.(new WayleaveError('PACKET_RECEIVER_FAILED', { id: received.id }, cause));
      return [];
    }
  }

  refunded(packet: Buffer, value: Units, receipt: Receipt, from: NodeId | undefined): void {
    this.#counts.refused += 1;
    this.#counts.refundedUnits += value;
    const name = packetId(packet).toString('hex');
    const found = this.#found(name);
    const waiting = found ?? this.#waiting.get(name);
    if (waiting === undefined) return;
    waiting.cameUnits += value;
    this.#budget.cameBack(value, this.#nowMs);
    // One that never left says nothing of those it would have left by.
    this.#tell({ ...waiting, via: from }, 'refused', value, found !== undefined);
    this.#end(name, 'refused', receipt);
  }

  confirmed(receipt: Buffer, from: NodeId | undefined): void {
    const delivered = readDelivered(receipt);
    const name = delivered.id.toString('hex');
    const waiting = this.#waiting.get(name) ?? this.#lost.get(name);
    if (waiting?.order.receipt !== true || waiting.delivery !== undefined) return;
    const { order } = waiting;
    if (delivered.destination !== order.to || delivered.value > order.value || !isGenuine(delivered, order.payload)) {
      this.#counts.forged += 1;
      this.#tell({ ...waiting, via: from ?? waiting.via }, 'forged', 0);
      return;
    }
    const late = this.#found(name) !== undefined;
    this.#counts.confirmed += 1;
    this.#counts.confirmedUnits += delivered.value;
    waiting.delivery = { arrivedUnits: delivered.value, signature: `0x${delivered.signature.toString('hex')}` };
    this.#tell(waiting, 'delivered', delivered.value, late);
    if (order.replies === 0) this.#end(name, 'delivered');
  }

  close(): void {
    for (const name of [...this.#waiting.keys()]) this.#end(name, 'unanswered');
  }
}

function answeredId(id: string | undefined): Buffer | undefined {
  if (id === undefined) return undefined;
  if (!/^[0-9a-f]{16}$/.test(id)) throw new WayleaveError('PACKET_ID_INVALID', { id });
  return Buffer.from(id, 'hex');
}
