import { Column, PROVIDE } from '../ledger/columns.ts';
import { doubled } from '../ledger/doubled.ts';
import type { Ledger, LinkRow } from '../ledger/ledger.ts';
import { Unsettled } from '../ledger/unsettled.ts';
import { ForwardingTable, HERE, NOWHERE } from '../routes/forwarding-table.ts';
import { serviceColumn } from '../service.ts';
import type { Units } from '../units.ts';
import { type Decision, SELF, type StrandReason } from './carrier-decision.ts';
import { type CarrierLink, CarrierLinks } from './carrier-links.ts';
import { MAX_LIFE_MS, type PacketHeader, type Reason } from './packet.ts';
import { PacketWindow, type Passed } from './packet-window.ts';

/** Why a packet goes back, and the toll that was wanted. */
interface Why {
  readonly reason: Reason;
  readonly wanted: Units;
}

/** What a carrier is made of. */
export interface CarrierOptions {
  readonly ledger: Ledger;
  /** From the node's randomness: keeps outsiders from choosing ids that collide in tables. */
  readonly salt: number;
  /** How long ids are remembered; by default twice `MAX_LIFE_MS`: what lived that long may still come back. */
  readonly windowMs?: number;
  /** A packet could not leave by a link: the neighbour takes no more value before it is paid. */
  readonly short?: (to: LinkRow) => void;
}

const PACKETS = serviceColumn.packets;

/**
 * The most a neighbour may owe by what it returns when its id is forgotten here, times `dropAt`, and in units, since sums are
 * exact. On a slow link it can be honest: packets on their way to it cleared debt here, and so made room for service.
 */
const LATE_RETURNS = 16;
const MOST_OWED = 2 ** 52;

/**
 * The rules of seed 004 for one node: a packet's value crosses each link onto that link's counter, a carrier keeps its
 * toll, and what cannot go on goes back, whole but for a posted fee, to where it came from. Pure: it decides and books;
 * whoever calls it moves the bytes. Value is booked as consumed when it leaves (`left`), as provided when it arrives.
 */
export class Carrier {
  readonly table: ForwardingTable;
  /** Tolls kept, refusal fees kept, and value that could not go back to where it came from. Units, since the start. */
  tolls = 0;
  fees = 0;
  unclaimed = 0;
  readonly #ledger: Ledger;
  readonly #short: CarrierOptions['short'];
  readonly #window: PacketWindow;
  readonly #unsettled: Unsettled;
  readonly #links: CarrierLinks;
  /** Tolls and fees kept from what came from each link. */
  #kept = new Float64Array(16);
  #beyond = new Float64Array(16);
  readonly #decision: Decision = { action: 'drop', to: SELF, value: 0, reason: 'none', wanted: 0 };
  readonly #passed: Passed = { from: SELF, to: SELF, valueIn: 0, toll: 0, wantsChange: false };

  constructor(options: CarrierOptions) {
    this.#ledger = options.ledger;
    this.#short = options.short;
    this.#links = new CarrierLinks(options.ledger);
    this.#window = new PacketWindow(options.windowMs ?? 2 * MAX_LIFE_MS, options.salt);
    this.#unsettled = new Unsettled(options.ledger);
    this.table = new ForwardingTable(options.salt);
  }

  /** A link carries packets, under these terms; undefined: it does not any more. */
  setLink(row: LinkRow, link: CarrierLink | undefined): void {
    while (row >= this.#kept.length) {
      this.#kept = doubled(this.#kept);
      this.#beyond = doubled(this.#beyond);
    }
    this.#unsettled.begin(row);
    this.#links.set(row, link);
  }

  /** Value that waits to leave, over all links. Units. */
  get queued(): Units {
    return this.#links.queued;
  }

  /** Forgets ids that are older than the window. Call now and then. */
  age(nowMs: number): void {
    this.#window.age(nowMs);
  }

  /** So many packets, perhaps, are given to `arrived` next (two halves of each id): what is known of them is fetched. */
  foresee(ids: Int32Array, count: number): void {
    this.#window.foresee(ids, count);
  }

  /**
   * A packet arrived on link `from`, or (`SELF`) starts here. What it carries is booked, unless it is refused because
   * this node never agreed to take so much on credit: then it goes back as it came. The caller has taken one hop, and the
   * time it was held, off the header.
   */
  arrived(from: LinkRow, packet: PacketHeader): Decision {
    if (from !== SELF && !this.#links.mayTake(from, packet.value)) return this.#back(from, packet, 'NO_CREDIT', 0);
    if (this.#window.has(packet.idHigh, packet.idLow)) return this.#back(from, packet, 'DUPLICATE', 0);
    const to = this.table.get(packet.destination);
    if (to === HERE) return this.#deliver(from, packet);
    if (packet.hops < 1 || packet.lifeMs < 1) return this.#refuse(from, packet, 'EXPIRED', 0);
    if (to === NOWHERE || to === from || !this.#links.isOpen(to)) return this.#refuse(from, packet, 'NO_ROUTE', 0);
    return this.#forward(from, to, packet);
  }

  #forward(from: LinkRow, to: LinkRow, packet: PacketHeader): Decision {
    const toll = from === SELF ? 0 : this.#links.toll(from, to, packet.sizeBytes);
    const value = packet.value - toll;
    if (value < 0) return this.#refuse(from, packet, this.#tooLittle(to, value), toll);
    if (!this.#links.maySend(to, value)) {
      this.#short?.(to);
      return this.#refuse(from, packet, 'NO_CREDIT', 0);
    }
    this.#remember(from, to, packet, toll);
    this.#taken(from, packet);
    this.#keep(from, toll);
    this.#links.queue(to, value);
    return this.#decide('forward', to, value, 'none');
  }

  #keep(from: LinkRow, toll: number): void {
    this.tolls += toll;
    if (from !== SELF) this.#add(this.#kept, from, toll);
  }

  #add(cells: Float64Array, row: LinkRow, units: number): void {
    cells[row] = (cells[row] as number) + units;
  }

  /**
   * What a neighbour returned though it was not to be trusted with so much: it owes it by its own word, and it went to
   * nobody. Units, since the start.
   */
  returnedBeyond(row: LinkRow): Units {
    return this.#beyond[row] ?? 0;
  }

  /** Value that came from a neighbour, net of what went to it, and did not stay here as toll or fee. Units. */
  passedOn(row: LinkRow): Units {
    const net = this.#ledger.get(row, Column.provided + PACKETS) - this.#ledger.get(row, Column.consumed + PACKETS);
    return Math.max(0, net - (this.#kept[row] ?? 0));
  }

  /** Too little for the toll: for the usual one, or only for what a long line adds to it. */
  #tooLittle(to: LinkRow, value: number): Reason {
    const surge = this.#links.surge(to);
    return surge > 0 && value + surge >= 0 ? 'CONGESTED' : 'UNDERFUNDED';
  }

  #remember(from: LinkRow, to: LinkRow, packet: PacketHeader, toll: Units): void {
    const passed = this.#passed;
    passed.from = from;
    passed.to = to;
    passed.valueIn = packet.value;
    passed.toll = toll;
    passed.wantsChange = packet.wantsChange && to !== SELF;
    this.#window.add(passed);
  }

  #deliver(from: LinkRow, packet: PacketHeader): Decision {
    this.#remember(from, SELF, packet, 0);
    this.#taken(from, packet);
    return this.#decide('deliver', SELF, packet.value, 'none');
  }

  /** Books what a packet brought, and what of it was change somebody here waited for. */
  #taken(from: LinkRow, packet: PacketHeader): void {
    if (from === SELF) return;
    this.#ledger.provided(from, PACKETS, packet.value);
    this.#unsettled.taken(from);
    if ((packet.answersHigh | packet.answersLow) !== 0) {
      this.#window.answered(packet.answersHigh, packet.answersLow, from, packet.value);
    }
  }

  /** A packet left by `to`: its value is charged. Call once for each `forward`, when its bytes are handed to the link. */
  left(to: LinkRow, value: Units): void {
    this.#links.queue(to, -value);
    this.#ledger.consumed(to, PACKETS, value);
  }

  /**
   * A forwarded packet did not leave: its queue had no room, it waited too long, or the link went down first. It goes back
   * to `from` with what it came with (`packet.value`); `value` is what it would have left with.
   */
  stranded(packet: PacketHeader, way: { from: LinkRow; to: LinkRow; value: Units }, reason: StrandReason): Decision {
    const toll = packet.value - way.value;
    this.#links.queue(way.to, -way.value);
    this.#keep(way.from, -toll);
    // Nobody may return it any more; its id may be forgotten already, which changes nothing of what it is worth.
    this.#window.take(packet.idHigh, packet.idLow, way.to);
    return this.#goBack(way.from, packet.value, reason, toll);
  }

  /**
   * A neighbour returned a packet that was sent to it. What it says it owes for it is booked, so that both ends agree; it
   * goes on back only if it can be true. Undefined: a false return (returned before, never sent there, or more than was
   * sent), nothing is booked, and it is its fault.
   */
  returned(from: LinkRow, packet: PacketHeader, reason: Reason, wanted: Units): Decision | undefined {
    const { value } = packet;
    const passed = this.#window.take(packet.idHigh, packet.idLow, from);
    if (passed === undefined) {
      if (this.#window.has(packet.idHigh, packet.idLow)) return undefined;
      return this.#forgotten(from, value, { reason, wanted });
    }
    if (value > passed.valueIn - passed.toll) return undefined;
    // What was settled meanwhile it would owe here: value on credit like any other. Else one key could be paid for a
    // packet, return it on credit, and let another key of the same owner have its value a second time.
    const unpaid = value <= this.#unsettled.returnable(from);
    const may = this.#links.mayOwe(from, value, unpaid ? Number.POSITIVE_INFINITY : this.#links.valueAt(from));
    this.#ledger.provided(from, PACKETS, value);
    if (!may) this.#add(this.#beyond, from, value);
    // This carrier keeps its toll: the packet was carried, and somebody further on refused it (DESIGN §8).
    if (passed.from === SELF) return this.#decide('return', SELF, value, { reason, wanted });
    if (!may) this.unclaimed += value;
    return this.#booked(passed.from, may ? value : 0, reason, wanted);
  }

  /** An id from before the start, or of a slow link. Nobody is cheated: it is booked, as far as an honest neighbour can owe it. */
  #forgotten(from: LinkRow, value: Units, why: Why): Decision {
    const cells = this.#ledger.providing;
    const base = from * PROVIDE;
    const dropAt = cells[base + Column.dropAt] as number;
    const owed = dropAt - (cells[base + Column.ceiling] as number) + (cells[base] as number) + value;
    if (owed <= Math.min(LATE_RETURNS * dropAt, MOST_OWED)) {
      if (!this.#links.mayOwe(from, value, this.#links.valueAt(from))) this.#add(this.#beyond, from, value);
      this.#ledger.provided(from, PACKETS, value);
      this.unclaimed += value;
    }
    return this.#decide('drop', from, 0, why);
  }

  /**
   * A receipt for a packet came from the neighbour it was sent to: the link it goes back on, or `SELF` for a packet of
   * this node's own. Undefined: nobody here waits for it, or it came before. No money moves.
   */
  receipted(from: LinkRow, { idHigh, idLow }: PacketHeader): LinkRow | undefined {
    return this.#window.receipted(idHigh, idLow, from);
  }

  /** What came in cannot go on from here: it goes back to the hop it came from, minus the posted fee. */
  #refuse(from: LinkRow, packet: PacketHeader, reason: Reason, wanted: Units): Decision {
    this.#taken(from, packet);
    return this.#goBack(from, packet.value, reason, wanted);
  }

  #goBack(from: LinkRow, value: Units, reason: Reason, wanted: Units): Decision {
    if (from === SELF) return this.#decide('return', SELF, value, { reason, wanted });
    const fee = this.#links.refusalFee(from);
    this.fees += Math.min(value, fee);
    this.#add(this.#kept, from, Math.min(value, fee));
    // An answer costs the fee: who asks with less gets none, or networks could be explored for nothing.
    if (value < fee) return this.#decide('drop', from, 0, { reason, wanted });
    return this.#booked(from, value - fee, reason, wanted);
  }

  /** Value goes back over a link: booked as consumption, since totals only grow. It stays where the link has no room for it. */
  #booked(to: LinkRow, value: Units, reason: Reason, wanted: Units): Decision {
    const ledger = this.#ledger;
    const owed = ledger.get(to, Column.assumed) - ledger.get(to, Column.balance);
    const stays = this.#links.isOpen(to) && owed + value > ledger.get(to, Column.peerDropAt);
    if (stays) this.unclaimed += value;
    const back = stays ? 0 : value;
    ledger.consumed(to, PACKETS, back);
    return this.#decide('return', to, back, { reason, wanted });
  }

  /** Never accepted: both ends book it there and back at once, so that no exposure arises. */
  #back(from: LinkRow, packet: PacketHeader, reason: Reason, wanted: Units): Decision {
    if (from === SELF) return this.#decide('return', SELF, packet.value, { reason, wanted });
    this.#ledger.provided(from, PACKETS, packet.value);
    this.#ledger.consumed(from, PACKETS, packet.value);
    return this.#decide('return', from, packet.value, { reason, wanted });
  }

  /** Whether a neighbour takes so much more value now, what waits to leave included. */
  maySend(to: LinkRow, value: Units): boolean {
    return this.#links.maySend(to, value);
  }

  /** What may still come back from a neighbour as change. Units. */
  changeDue(row: LinkRow): Units {
    return this.#window.changeDue(row);
  }

  /**
   * How much of what is owed to a neighbour must not be settled yet: change for it may still come back, and after a
   * settlement there would be no room to take it. 0 where this node would take that much value on credit. Units.
   */
  heldBack(row: LinkRow): Units {
    return Math.max(0, this.#window.changeDue(row) - this.#links.valueAt(row));
  }

  #decide(action: Decision['action'], to: LinkRow, value: Units, why: Reason | Why): Decision {
    const decision = this.#decision;
    decision.action = action;
    decision.to = to;
    decision.value = value;
    decision.reason = typeof why === 'string' ? why : why.reason;
    decision.wanted = typeof why === 'string' ? 0 : why.wanted;
    return decision;
  }
}
