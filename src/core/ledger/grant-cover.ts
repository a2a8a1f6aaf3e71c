import {
  BYTES_PER_MB as bytesPerMb,
  MAX_CHARGE_BYTES as maxChargeBytes,
  millionthsFor,
  type PricePerMb,
  type Units,
} from '../units.ts';
import type { Hold } from './door.ts';
import { fitting, upperBound } from './fitting.ts';
import type { Ledger, LinkRow } from './ledger.ts';

// Constants of its own, for speed (core/ledger/ledger.ts).
const [BYTES_PER_MB, MAX_CHARGE_BYTES] = [bytesPerMb, maxChargeBytes];

/**
 * What a neighbour was granted to send through me by one service, and the one hold that covers it: what arrives is charged
 * to it, and room for the rest stays reserved, whatever a limit is now. What arrives beyond it is charged all the same.
 */
export class GrantCover {
  readonly #ledger: Ledger;
  readonly #row: LinkRow;
  readonly #column: number;
  /** Granted and not arrived yet. */
  #bytes = 0;
  /** Undefined where nothing is charged. */
  #hold: Hold | undefined;
  #held: Units = 0;

  /** `column`: the service's, of the ledger's totals. */
  constructor(ledger: Ledger, row: LinkRow, column: number) {
    this.#ledger = ledger;
    this.#row = row;
    this.#column = column;
  }

  /** Something is reserved, or was until what arrived used it up. */
  get holds(): boolean {
    return this.#hold !== undefined;
  }

  /** How many of `wanted` bytes may be granted beside those that were. A unit is kept for the millionths. */
  roomFor(wanted: number, price: PricePerMb): number {
    const room = this.#ledger.roomToProvide(this.#row, this.#held);
    const most = Math.min(this.#bytes + wanted, MAX_CHARGE_BYTES);
    return Math.max(0, fitting(most, price, room - 1) - this.#bytes);
  }

  /** Grants `bytes` more, and holds for all that are granted what they can cost. */
  grant(bytes: number, price: PricePerMb): void {
    this.#bytes += bytes;
    this.#cover(upperBound(this.#bytes, price));
  }

  /**
   * Grants share their millionths with what is served, `remainder`: a piece that filled them up leaves a unit of its own
   * hold over, which the next bytes to arrive will cost.
   */
  served(price: PricePerMb, remainder: number): void {
    const due = Math.floor(millionthsFor(this.#bytes, price, remainder) / BYTES_PER_MB);
    const more = due > this.#held ? this.#ledger.holdProvide(this.#row, due - this.#held) : -1;
    // Refused where a limit was lowered meanwhile: then what is held stays.
    if (more < 0) return;
    this.#ledger.release(more);
    this.#cover(due);
  }

  /** Bytes arrived, and cost `units`. */
  arrived(bytes: number, units: Units): void {
    this.#bytes = Math.max(0, this.#bytes - bytes);
    const held = Math.min(units, this.#held);
    if (this.#hold !== undefined) this.#ledger.commitPart(this.#hold, this.#column, held);
    this.#held -= held;
    // Dearer than it was when it was granted: it has been served, so it is charged all the same.
    if (units > held) this.#ledger.provided(this.#row, this.#column, units - held);
    if (this.#bytes === 0) this.#drop();
  }

  /** The connection that the grants were given on is gone. */
  forget(): void {
    this.#drop();
    this.#bytes = 0;
  }

  /** Puts one hold over everything granted, as far as it still fits: what arrives beyond it is booked all the same. */
  #cover(all: Units): void {
    this.#drop();
    const units = Math.min(all, this.#ledger.roomToProvide(this.#row));
    if (units === 0) return;
    const hold = this.#ledger.holdProvide(this.#row, units);
    if (hold < 0) return;
    this.#hold = hold;
    this.#held = units;
  }

  #drop(): void {
    if (this.#hold !== undefined) this.#ledger.release(this.#hold);
    this.#hold = undefined;
    this.#held = 0;
  }
}
