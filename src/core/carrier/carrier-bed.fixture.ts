import assert from 'node:assert/strict';
import { Column } from '../ledger/columns.ts';
import { Ledger, type LinkRow } from '../ledger/ledger.ts';
import { HERE } from '../routes/forwarding-table.ts';
import { Carrier } from './carrier.ts';
import type { CarrierLink } from './carrier-links.ts';
import { type PacketHeader, packetHeader } from './packet.ts';

export const here = Uint32Array.from([1, 1, 1, 1, 1]);
/** Reached by the link on the right. */
export const far = Uint32Array.from([2, 2, 2, 2, 2]);
export const unknown = Uint32Array.from([3, 3, 3, 3, 3]);
export const terms = (over: Partial<CarrierLink> = {}): CarrierLink => {
  return { toll: { perPacket: 5, perMb: 0 }, valueAt: 1_000, peerValueAt: 1_000, refusalFee: 1, ...over };
};

/** Books nothing on a link that is none. */
class StrictLedger extends Ledger {
  override provided(row: LinkRow, service: number, units: number): void {
    assert.ok(row >= 0);
    super.provided(row, service, units);
  }

  override consumed(row: LinkRow, service: number, units: number): void {
    assert.ok(row >= 0);
    super.consumed(row, service, units);
  }
}

/** A carrier between two neighbours. */
export class Bed {
  readonly ledger = new StrictLedger();
  readonly carrier = new Carrier({ ledger: this.ledger, salt: 1 });
  readonly left: LinkRow;
  readonly right: LinkRow;
  #id = 0;

  constructor(over: Partial<CarrierLink> = {}) {
    [this.left, this.right] = [this.addLink(over), this.addLink(over)];
    this.carrier.table.set(here, HERE);
    this.carrier.table.set(far, this.right);
  }

  addLink(over: Partial<CarrierLink> = {}): LinkRow {
    const row = this.ledger.addLink();
    for (const column of ['dropAt', 'peerDropAt', 'leaseLeft'] as const) this.ledger.setLimit(row, column, 100_000);
    this.carrier.setLink(row, terms(over));
    return row;
  }

  packet(over: Partial<PacketHeader> = {}): PacketHeader {
    this.#id += 1;
    const blank = packetHeader();
    return { ...blank, value: 100, hops: 5, lifeMs: 100, sizeBytes: 100, idLow: this.#id, destination: far, ...over };
  }

  /** A packet from the left that has left to the right, with so much of its value. */
  carried(over: Partial<PacketHeader>, value: number): PacketHeader {
    const packet = this.packet(over);
    this.carrier.arrived(this.left, packet);
    this.carrier.left(this.right, value);
    return packet;
  }

  balances(): number[] {
    return [this.left, this.right].map((row) => this.ledger.get(row, Column.balance));
  }
}
