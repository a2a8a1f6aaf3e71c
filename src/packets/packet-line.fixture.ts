import { createSigner, type Signer } from '../chain/signer.ts';
import { Carrier } from '../core/carrier/carrier.ts';
import { Column } from '../core/ledger/columns.ts';
import { Ledger } from '../core/ledger/ledger.ts';
import { HERE } from '../core/routes/forwarding-table.ts';
import type { Channel, ChannelHandlers, Link } from '../link/link.ts';
import type { PacketFate } from './packet-order.ts';
import { PacketRelay } from './packet-relay.ts';
import { PacketUser } from './packet-user.ts';
import { ReceiptDesk } from './receipt-desk.ts';

/** Time that stands still until it is told to pass. */
export class HandClock {
  #nowMs = 0;
  #timers: { readonly atMs: number; readonly run: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }

  after(ms: number, run: () => void): { cancel: () => void } {
    const timer = { atMs: this.#nowMs + ms, run };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((each) => each !== timer);
      },
    };
  }

  pass(ms: number): void {
    this.#nowMs += ms;
    const due = this.#timers.filter(({ atMs }) => atMs <= this.#nowMs);
    this.#timers = this.#timers.filter((timer) => !due.includes(timer));
    for (const { run } of due) run();
  }
}

/** What a wire does with bytes on their way: gives them on, or not, or others. */
export type Meddle = (bytes: Buffer, to: number) => Buffer | undefined;

const VALUE_AT = 1_000_000;
/** Enough for the tolls of two carriers and a refusal. Units. */
export const NEEDED = 13;

/** One node of a line: the real carrier, relay and user, without sessions. */
export class LineEnd {
  readonly signer: Signer;
  readonly ledger = new Ledger();
  readonly faults: unknown[] = [];
  readonly failures: string[] = [];
  readonly fates: PacketFate[] = [];
  readonly relay: PacketRelay;
  readonly user: PacketUser;
  readonly carrier: Carrier;

  constructor(index: number, clock: HandClock, budgetUnits: number) {
    this.signer = createSigner(new Uint8Array(32).fill(index + 1));
    const desk = new ReceiptDesk(this.signer, clock);
    let ids = index * 1_000;
    this.user = new PacketUser({
      ...{ self: this.signer.id, clock, budgetUnits, relay: () => this.relay, delivered: () => undefined },
      needed: () => NEEDED,
      randomBytes: (count) => {
        const bytes = Buffer.alloc(count);
        bytes.writeUInt32BE((ids += 1), count - 4);
        return bytes;
      },
      failed: ({ code }) => this.failures.push(code),
      fate: (fate) => this.fates.push(fate),
    });
    this.carrier = new Carrier({ ledger: this.ledger, salt: index });
    this.relay = new PacketRelay({
      ...{ self: this.signer.id, carrier: this.carrier, clock, sink: this.user, moved: () => undefined },
      fault: (_, error) => this.faults.push((error as { code?: string }).code ?? error),
      receiptFor: (packet, value) => desk.receiptFor(packet, value),
    });
    this.relay.route(this.signer.id, HERE);
  }

  get id(): string {
    return this.signer.id;
  }

  balance(row: number): number {
    return this.ledger.get(row, Column.balance);
  }

  addLink(): number {
    const row = this.ledger.addLink();
    for (const column of ['dropAt', 'peerDropAt', 'leaseLeft'] as const) this.ledger.setLimit(row, column, 2 ** 40);
    const toll = { perPacket: 5, perMb: 0 };
    this.carrier.setLink(row, { toll, valueAt: VALUE_AT, peerValueAt: VALUE_AT, refusalFee: 1 });
    return row;
  }
}

/** Nodes in a row, each with a toll of 5, joined by wires that deliver when they are told to. */
export class PacketLine {
  readonly clock = new HandClock();
  readonly ends: readonly LineEnd[];
  readonly #wires: (() => void)[] = [];
  meddle: Meddle = (bytes) => bytes;

  constructor(count: number, budgetUnits = 0) {
    this.ends = Array.from({ length: count }, (_, index) => new LineEnd(index, this.clock, budgetUnits));
    for (let right = 1; right < count; right += 1) this.#join(right - 1, right);
  }

  end(index: number): LineEnd {
    return this.ends[index] as LineEnd;
  }

  /** Everything that is on a wire arrives, and what follows from it. */
  run(): void {
    for (let next = this.#wires.shift(); next !== undefined; next = this.#wires.shift()) next();
  }

  #join(left: number, right: number): void {
    const [rowOfRight, rowOfLeft] = [this.end(left).addLink(), this.end(right).addLink()];
    const inboxes = new Map<number, ChannelHandlers>();
    const outbox = (to: number): Channel =>
      ({
        ...{ attach: () => undefined, accept: () => undefined, sendable: () => 2 ** 20, reset: () => undefined },
        send: (bytes: Uint8Array) => {
          const copy = Buffer.from(bytes);
          this.#wires.push(() => {
            const meddled = this.meddle(copy, to);
            if (meddled !== undefined) inboxes.get(to)?.data(meddled, 0);
          });
        },
        link: links.get(to),
      }) as unknown as Channel;
    const link = (owner: number, peer: number): Link =>
      ({
        ...{ peer: this.end(peer).id, forwardBudget: 10_000, grantForward: () => undefined, dialled: true },
        open: () => ({
          attach: (handlers: ChannelHandlers) => inboxes.set(owner, handlers),
          ...{ reset: () => undefined, release: () => undefined },
        }),
        close: () => undefined,
      }) as unknown as Link;
    // By the node whose mailbox it leads to.
    const links = new Map([
      [right, link(left, right)],
      [left, link(right, left)],
    ]);
    this.end(left).relay.linkUp(links.get(right) as Link, rowOfRight);
    this.end(right).relay.linkUp(links.get(left) as Link, rowOfLeft);
    this.end(left).relay.opened(outbox(right), rowOfRight);
    this.end(right).relay.opened(outbox(left), rowOfLeft);
    for (const [at, end] of this.ends.entries()) {
      if (at >= right) this.end(left).relay.route(end.id, rowOfRight);
      if (at <= left) this.end(right).relay.route(end.id, rowOfLeft);
    }
  }
}
