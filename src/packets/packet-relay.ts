import type { Carrier } from '../core/carrier/carrier.ts';
import { type Decision, SELF, type StrandReason } from '../core/carrier/carrier-decision.ts';
import { packetHeader } from '../core/carrier/packet.ts';
import type { Discipline, PairFigures } from '../core/carrier/pair-queue.ts';
import type { Clock } from '../core/clock.ts';
import { codeOf, WayleaveError } from '../core/errors.ts';
import type { LinkRow } from '../core/ledger/ledger.ts';
import type { NodeId } from '../core/node-id.ts';
import { type Channel, type Link, ResetCode } from '../link/link.ts';
import { spent } from '../link/spent.ts';
import {
  addressWords,
  type Changed,
  encodePacket,
  type PacketFields,
  PacketKind,
  type Receipt,
  readPacketHeader,
  readReceipt,
  returnedPacket,
  viewOf,
  wantsReceipt,
} from '../wire/packet.ts';
import { Foresight } from './foresight.ts';
import { MailBox, type MailBoxHost, type Stranded } from './mail-box.ts';
import { PacketCutter, type PlacedPacket, placed } from './packet-cutter.ts';
import { RowList } from './row-list.ts';
import { SharedMedium } from './shared-medium.ts';
import { WaitingPool } from './waiting-pool.ts';

/** A packet for this node, or one of its own that came back. Views of bytes that are only borrowed. */
export interface PacketSink {
  /** It is for this node, which now has its value. */
  delivered(packet: Buffer, value: number, from: NodeId | undefined): void;
  /** One of this node's own could not go on; `value` is what is left of it. `from` undefined: it never left this node. */
  refunded(packet: Buffer, value: number, receipt: Receipt, from: NodeId | undefined): void;
  /** Somebody, perhaps its destination, says that one of this node's own arrived. */
  confirmed?(receipt: Buffer, from: NodeId | undefined): void;
}

export interface PacketRelayOptions {
  readonly self: NodeId;
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly sink: PacketSink;
  /** A neighbour broke a rule. */
  readonly fault: (neighbour: NodeId, error: unknown) => void;
  /** The account of a link moved: payments may be due. */
  readonly moved: (row: LinkRow) => void;
  /** Whether nothing new may leave by a link for a moment; `resume` ends it. */
  readonly holds?: (row: LinkRow) => boolean;
  /** The receipt for a packet that is for this node and arrived with `value`; undefined: none is given. */
  readonly receiptFor?: (packet: Buffer, value: number) => Buffer | undefined;
  readonly queue?: Partial<QueueLimits>;
  /** What packets from one neighbour (or `SELF`) to another weigh in line (DESIGN §6); 0 unless given. */
  readonly weightOf?: (from: LinkRow, to: LinkRow) => number;
  /** All links share one medium that takes so much, a radio; unless given each has its own. Bytes a second. */
  readonly mediumBytesPerSecond?: number | undefined;
}

/** What may wait for one link. */
export interface QueueLimits {
  readonly discipline: Discipline;
  readonly maxBytes: number;
  readonly maxPackets: number;
}

/** 1 MiB waits 80 ms at 100 Mbit/s: longer is of no use to anyone. */
const DEFAULT_QUEUE: QueueLimits = { discipline: 'weighted', maxBytes: 2 ** 20, maxPackets: 8_192 };

/** Ids are forgotten, and the like, this often. */
const AGE_MS = 1_000;

/** Moves packets between links as the carrier decides: reads, patches in place, copies once, writes many at a time. */
export class PacketRelay {
  readonly #options: PacketRelayOptions;
  /** By the row of the link's account. */
  readonly #boxes: (MailBox | undefined)[] = [];
  readonly #header = packetHeader();
  readonly #changed: Changed = { value: 0, hops: 0, lifeMs: 0 };
  /** Links that are written to, and accounts that are looked at, when the burst is over. */
  readonly #touched = new RowList();
  readonly #moved = new RowList();
  #lastTouched: LinkRow = SELF;
  #depth = 0;
  #agedMs = Number.NEGATIVE_INFINITY;
  readonly #limits: QueueLimits;
  readonly #host: MailBoxHost;
  readonly #medium: SharedMedium | undefined;
  readonly #foresight: Foresight;
  /** Somebody may look at what came in just now when the burst is over. */
  #kept = false;

  constructor(options: PacketRelayOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_QUEUE, ...options.queue };
    this.#host = this.#makeHost();
    this.#foresight = new Foresight(options.carrier);
    const bytesPerSecond = options.mediumBytesPerSecond;
    if (bytesPerSecond === undefined) return;
    this.#medium = new SharedMedium({
      ...{ bytesPerSecond, clock: options.clock, limits: this.#limits },
      weightOf: (from, to) => this.#weightOf(from, to),
      leave: (from, to, packet, changed) => this.#leave(from, to, packet, changed),
      stranded: (to, packet, reason) => this.#stranded(to, packet, reason),
      burst: (act) => this.#burst(act),
    });
  }

  #makeHost(): MailBoxHost {
    const { carrier, fault, holds } = this.#options;
    return {
      pool: new WaitingPool(),
      weightOf: (from, to) => this.#weightOf(from, to),
      left: (to, value) => carrier.left(to, value),
      stranded: (to, packet, reason) => this.#stranded(to, packet, reason),
      received: (row, channel, link) => this.#listen(channel, row, link.peer),
      holds: holds ?? (() => false),
      broken: (link) => fault(link.peer, new WayleaveError('MESSAGE_UNEXPECTED', { what: 'mailbox' })),
      writable: (row) => this.#burst(() => this.#touched.add(row)),
    };
  }

  #weightOf(from: LinkRow, to: LinkRow): number {
    return this.#options.weightOf?.(from, to) ?? 0;
  }

  /** A link to a neighbour is up; `row` is its account. */
  linkUp(link: Link, row: LinkRow): void {
    this.linkDown(row);
    const { clock } = this.#options;
    this.#boxes[row] = new MailBox({ link, row, host: this.#host, clock, limits: this.#limits });
  }

  /** The link ended: what waited for it goes back. */
  linkDown(row: LinkRow): void {
    const box = this.#boxes[row];
    this.#boxes[row] = undefined;
    if (box === undefined) return;
    this.#burst(() => box.close());
    for (const other of this.#boxes) other?.queue.forget(row);
    this.#medium?.forget(row);
  }

  /** The neighbour granted upload credit: enough, perhaps, to open this node's own mailbox. */
  granted(row: LinkRow): void {
    this.#boxes[row]?.listen();
  }

  /** The neighbour opened its mailbox: what goes to it is sent there. */
  opened(channel: Channel, row: LinkRow): void {
    const box = this.#boxes[row];
    if (box === undefined || box.link !== channel.link) return channel.reset(ResetCode.noRoute);
    box.open(channel);
  }

  /** What waited for a link because nothing new might leave may go now. */
  resume(row: LinkRow): void {
    if (this.#boxes[row] !== undefined) this.#burst(() => this.#touched.add(row));
  }

  /** What a neighbour offers changed: its packets, and those to it, are weighed anew. */
  reweigh(row: LinkRow): void {
    for (const [to, box] of this.#boxes.entries()) box?.queue.reweigh(to === row ? undefined : row);
    this.#medium?.reweigh();
  }

  /** Every pair queue towards a link. */
  figures(to: LinkRow): PairFigures[] {
    const pairs = [...(this.#boxes[to]?.queue.figures() ?? [])];
    if (this.#medium === undefined) return pairs;
    // What waits for the medium has not come to its link yet; what left is counted there.
    return this.#medium.figures(to).map((shared) => {
      const own = pairs.find(({ from }) => from === shared.from);
      return {
        ...shared,
        waiting: shared.waiting + (own?.waiting ?? 0),
        waitingBytes: shared.waitingBytes + (own?.waitingBytes ?? 0),
        dropped: shared.dropped + (own?.dropped ?? 0),
      };
    });
  }

  /** How full the line towards a link is, 0 … 1, for tolls that rise with it. */
  fill(to: LinkRow): number {
    const queue = this.#boxes[to]?.queue;
    if (queue === undefined) return 0;
    const { maxBytes, maxPackets } = this.#limits;
    return Math.max(queue.bytes / maxBytes, queue.packets / maxPackets, this.#medium?.fill ?? 0);
  }

  /** Bytes that are charged and have not left by a link yet, because it takes no more. */
  unsent(to: LinkRow): number {
    return this.#boxes[to]?.unsent ?? 0;
  }

  /**
   * Sends a packet of this node's own. Its value is charged when it leaves. Returns the neighbour it leaves by; undefined
   * where it came back at once, or is for this node. Throws as `encodePacket`.
   */
  send(fields: PacketFields): NodeId | undefined {
    const packet = encodePacket(fields);
    let by: LinkRow = SELF;
    this.#burst(() => {
      by = this.#arrived(SELF, placed(packet));
    });
    return this.#peer(by);
  }

  #listen(channel: Channel, row: LinkRow, neighbour: NodeId): void {
    const cutter = new PacketCutter((packet) => this.#arrived(row, packet), this.#foresight);
    channel.attach({
      data: (bytes) => {
        const { length } = bytes;
        this.#kept = false;
        try {
          this.#burst(() => {
            this.#moved.add(row);
            cutter.feed(bytes);
          });
        } catch (error) {
          if (codeOf(error) === undefined) throw error;
          channel.reset(ResetCode.protocol);
          this.#options.fault(neighbour, error);
        }
        // Whatever goes on was copied.
        if (!this.#kept) spent(bytes, length);
        this.#boxes[row]?.read(length);
      },
      ended: () => undefined,
      reset: () => undefined,
      writable: () => undefined,
      late: () => undefined,
    });
  }

  /** One burst of packets, one write for each link they leave by, one look at each account. */
  #burst(act: () => void): void {
    // Before anything arrives: after a long rest all that is remembered is old, and what comes now must not be.
    if (this.#depth === 0) this.#age();
    this.#depth += 1;
    try {
      act();
    } finally {
      this.#depth -= 1;
      if (this.#depth === 0) this.#flush();
    }
  }

  #age(): void {
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - this.#agedMs < AGE_MS) return;
    this.#agedMs = nowMs;
    this.#options.carrier.age(nowMs);
  }

  #flush(): void {
    // A link that is only looked at charges nothing: its account must not be written for that, or each write, which
    // makes this node look again, would be followed by the next for ever.
    this.#touched.each((row) => {
      // What one link could not take goes back by another, which may have had its turn: then it has another.
      this.#lastTouched = SELF;
      if (this.#boxes[row]?.flush() === true) this.#moved.add(row);
    });
    this.#moved.each((row) => this.#options.moved(row));
  }

  /** Returns the link it goes on by; `SELF` where it does not go on. */
  #arrived(from: LinkRow, placed: PlacedPacket): LinkRow {
    const { at, bytes, length, view } = placed;
    const header = this.#header;
    readPacketHeader(view, at, length, header);
    if (view.getUint8(at) !== PacketKind.packet) return this.#wentBack(from, bytes.subarray(at, at + length));
    const decision = this.#options.carrier.arrived(from, header);
    if (decision.action === 'forward') return this.#forward(from, decision, placed);
    const packet = bytes.subarray(at, at + length);
    if (decision.action === 'deliver') this.#deliver(from, packet, decision.value);
    else if (decision.action === 'return') this.#giveBack(decision, packet, this.#options.self);
    return SELF;
  }

  #deliver(from: LinkRow, packet: Buffer, value: number): void {
    this.#kept = true;
    const receipt = wantsReceipt(packet) ? this.#options.receiptFor?.(packet, value) : undefined;
    if (receipt !== undefined) this.#confirm(from, receipt);
    this.#options.sink.delivered(packet, value, this.#peer(from));
  }

  /** A receipt goes to where the packet came from. */
  #confirm(to: LinkRow, receipt: Buffer, from?: NodeId): void {
    if (to === SELF) return this.#options.sink.confirmed?.(receipt, from);
    this.#boxes[to]?.putReceipt(receipt);
    this.#touch(to);
  }

  /** A packet that could not go on, or a receipt: both go back hop by hop, the way the packet came. */
  #wentBack(from: LinkRow, packet: Buffer): LinkRow {
    if (packet[0] === PacketKind.returned) {
      this.#cameBack(from, packet);
      return SELF;
    }
    // One that nobody waits for any more is no fault: it may be late.
    const back = this.#options.carrier.receipted(from, this.#header);
    if (back !== undefined) this.#confirm(back, Buffer.from(packet), this.#peer(from));
    return SELF;
  }

  #peer(row: LinkRow): NodeId | undefined {
    return this.#boxes[row]?.link.peer;
  }

  #forward(from: LinkRow, { to, value }: Decision, packet: PlacedPacket): LinkRow {
    const { hops, lifeMs } = this.#header;
    // At least a millisecond a hop, so that no packet lives for ever however quick the carriers are.
    const changed = this.#changed;
    changed.value = value;
    changed.hops = hops - 1;
    changed.lifeMs = lifeMs - 1;
    if (this.#medium !== undefined) this.#medium.put(from, to, packet, changed);
    else this.#leave(from, to, packet, changed);
    return to;
  }

  #leave(from: LinkRow, to: LinkRow, packet: PlacedPacket, changed: Changed): void {
    const box = this.#boxes[to];
    if (box === undefined) {
      const bytes = packet.bytes.subarray(packet.at, packet.at + packet.length);
      return this.#stranded(to, { packet: bytes, from, value: changed.value }, 'NO_ROUTE');
    }
    this.#touch(to);
    box.put(from, packet, changed);
  }

  /** Lets go of timers. */
  close(): void {
    this.#medium?.close();
  }

  #touch(row: LinkRow): void {
    if (row === this.#lastTouched) return;
    this.#lastTouched = row;
    this.#touched.add(row);
    this.#moved.add(row);
  }

  /** A packet could not leave by `to`: its value goes back to where it came from. */
  #stranded(to: LinkRow, { packet, from, value }: Stranded, reason: StrandReason): void {
    readPacketHeader(viewOf(packet), 0, packet.length, this.#header);
    this.#giveBack(
      this.#options.carrier.stranded(this.#header, { from, to, value }, reason),
      packet,
      this.#options.self,
    );
  }

  #cameBack(from: LinkRow, packet: Buffer): void {
    const receipt = readReceipt(packet);
    const decision = this.#options.carrier.returned(from, this.#header, receipt.reason, receipt.wanted);
    if (decision === undefined) throw new WayleaveError('PACKET_RETURN_FALSE', { neighbour: this.#peer(from) });
    this.#giveBack(decision, packet, receipt.refusedBy, this.#peer(from));
  }

  #giveBack(decision: Decision, packet: Buffer, refusedBy: NodeId, from?: NodeId): void {
    const { action, to, value, reason, wanted } = decision;
    if (action !== 'return') return;
    const receipt = { reason, refusedBy, wanted };
    if (to === SELF) {
      this.#kept = true;
      return this.#options.sink.refunded(packet, value, receipt, from);
    }
    const box = this.#boxes[to];
    if (box === undefined) return;
    box.putBack(returnedPacket(packet, value, receipt));
    this.#touch(to);
  }

  /** Leads packets for a node to a link, to this node (`HERE`) or nowhere (`NOWHERE`). */
  route(destination: NodeId, link: number): void {
    this.#options.carrier.table.set(addressWords(destination), link);
  }
}
