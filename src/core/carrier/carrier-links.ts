import { CONSUME, Column, PROVIDE } from '../ledger/columns.ts';
import { doubled } from '../ledger/doubled.ts';
import type { Ledger, LinkRow } from '../ledger/ledger.ts';
import { NO_TOLL, type PathPrice } from '../routes/route.ts';
import type { PriorityOffers } from '../terms/terms.ts';
import type { Units } from '../units.ts';
import { tollFor } from './packet.ts';

/** What a link means to a carrier. */
export interface CarrierLink {
  /** Taken from a packet for sending it out on this link. */
  readonly toll: PathPrice;
  /** Part of the toll that is there only because the line is long: who cannot pay it is told so. Units a packet. */
  readonly surgePerPacket?: Units;
  /** The most value taken from this neighbour on credit, and what it said it takes from here (DESIGN §3). Units. */
  readonly valueAt: Units;
  readonly peerValueAt: Units;
  /** Kept from the value of a packet of this neighbour that cannot go on: asking for ways is not free. */
  readonly refusalFee: Units;
  /**
   * What the neighbour offers for its place in line (DESIGN §6): taken from each packet that comes from it and goes on,
   * and from each that goes to it, beside the toll.
   */
  readonly offers?: PriorityOffers;
}

/**
 * A link's cells: one cache line. `open` is 0 where it carries nothing, else 1 and what the neighbour offers for sending;
 * what it offers for receiving is in `perMb`. `queued` is value that waits to leave by it: inside its limit already.
 */
const Cell = {
  open: 0,
  valueAt: 1,
  peerValueAt: 2,
  refusalFee: 3,
  perPacket: 4,
  perMb: 5,
  queued: 6,
  surge: 7,
} as const;
const CELLS = 8;

const CLOSED: CarrierLink = { toll: NO_TOLL, valueAt: 0, peerValueAt: 0, refusalFee: 0 };

/** The terms under which each link carries value, and how much more of it a neighbour may owe by them, and be owed. */
export class CarrierLinks {
  /** Value that waits to leave, over all links. Units. */
  queued = 0;
  readonly #ledger: Ledger;
  #cells = new Float64Array(16 * CELLS);

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** A link carries packets, under these terms; undefined: it does not any more. What waits to leave by it goes on waiting. */
  set(row: LinkRow, link: CarrierLink | undefined): void {
    while ((row + 1) * CELLS > this.#cells.length) this.#cells = doubled(this.#cells);
    const { offers, toll, valueAt, peerValueAt, refusalFee, surgePerPacket = 0 } = link ?? CLOSED;
    const queued = this.#cell(row, Cell.queued);
    this.#cells.set(
      [
        link === undefined ? 0 : 1 + (offers?.sendingPerMb ?? 0),
        valueAt,
        peerValueAt,
        refusalFee,
        toll.perPacket,
        toll.perMb + (offers?.receivingPerMb ?? 0),
        queued,
        surgePerPacket,
      ],
      row * CELLS,
    );
  }

  #cell(row: LinkRow, cell: number): number {
    return this.#cells[row * CELLS + cell] as number;
  }

  /** So much more value, or less, waits to leave by it. */
  queue(row: LinkRow, value: Units): void {
    this.queued += value;
    this.#cells[row * CELLS + Cell.queued] = this.#cell(row, Cell.queued) + value;
  }

  /** It carries packets now. */
  isOpen(row: LinkRow): boolean {
    return this.#cell(row, Cell.open) > 0;
  }

  /** The most value taken from this neighbour on credit. Units. */
  valueAt(row: LinkRow): Units {
    return this.#cell(row, Cell.valueAt);
  }

  /** What a refusal costs this neighbour. Units. */
  refusalFee(row: LinkRow): Units {
    return this.#cell(row, Cell.refusalFee);
  }

  /** The part of a packet's toll that is there only because the line is long. Units. */
  surge(row: LinkRow): Units {
    return this.#cell(row, Cell.surge);
  }

  /** What is taken from a packet of so many bytes that goes from one neighbour to another. Units. */
  toll(from: LinkRow, to: LinkRow, sizeBytes: number): Units {
    const offered = Math.max(0, this.#cell(from, Cell.open) - 1);
    return tollFor(sizeBytes, this.#cell(to, Cell.perPacket), this.#cell(to, Cell.perMb) + offered);
  }

  /** Value on credit stays below what this neighbour was granted for value, whatever it may owe for service. */
  mayTake(from: LinkRow, value: Units): boolean {
    // Beyond the lease a crash could forget it, while what went on for it is owed all the same.
    const lease = this.#ledger.providing[from * PROVIDE + Column.leaseLeft] as number;
    if (value > Math.max(0, lease)) return false;
    return this.mayOwe(from, value, this.#cell(from, Cell.valueAt));
  }

  /** Whether a neighbour may owe so much more for packets, up to `limit`. */
  mayOwe(from: LinkRow, value: Units, limit: Units): boolean {
    // Cells are read where they lie: a number that is handed over beyond 2³¹ is an allocation, four times a packet.
    const cells = this.#ledger.providing;
    const base = from * PROVIDE;
    // The ceiling is dropAt less all that is owed beside the balance; below all numbers on a link that was halted.
    const room = (cells[base + Column.ceiling] as number) - (cells[base] as number) - value;
    // Service under way may still be owed for later, as if it had begun then: it only has to fit the whole limit.
    if (!(room >= (cells[base + Column.heldProvide] as number))) return false;
    return (cells[base + Column.dropAt] as number) - room <= limit;
  }

  /** Whether a neighbour takes so much more value now, what waits to leave included. */
  maySend(to: LinkRow, value: Units): boolean {
    const cells = this.#ledger.consuming;
    const base = to * CONSUME - PROVIDE;
    const provide = this.#ledger.providing;
    const more = this.#cell(to, Cell.queued) + value;
    const owed = (cells[base + Column.assumed] as number) - (provide[to * PROVIDE] as number) + more;
    const held = cells[base + Column.heldConsume] as number;
    const room = owed + held <= (cells[base + Column.peerDropAt] as number);
    // What carries nothing needs no room.
    if (more > 0 && !(room && more <= (provide[to * PROVIDE + Column.leaseLeft] as number))) return false;
    return owed <= this.#cell(to, Cell.peerValueAt);
  }
}
