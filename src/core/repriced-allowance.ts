import type { LinkAccount } from './link-account.ts';
import type { Relation } from './relation.ts';
import { SERVICES } from './service.ts';
import { BYTES_PER_MB, mulDivCeil, type PricePerMb, type Units } from './units.ts';

/**
 * What may be on its way when terms change, bytes. Where one side cannot pay, the price follows from both sides' terms
 * (DESIGN §4) and no tag names both, so a frame that crosses a change of terms may be priced apart at the two ends.
 */
export const CROSSING_BYTES = 1_048_576;

/** Statements for which an allowance lasts: the one that first shows the difference may answer an older mark. */
const LASTS = 2;

interface Left {
  units: Units;
  statements: number;
}

/** How much two honest ends may differ because terms changed under way; 0 unless one-for-one prices are in play. */
export class RepricedAllowance {
  readonly #account: LinkAccount;
  readonly #last = new Map<string, Relation>();
  readonly #left = new Map<string, Left>();
  /** Given since the start: a neighbour that keeps changing its terms gets no more than its credit out of it. */
  #given = 0;

  constructor(account: LinkAccount) {
    this.#account = account;
  }

  /** Terms may have changed. */
  look(): void {
    for (const service of SERVICES) {
      const now = this.#account.relation(service);
      const before = this.#last.get(service);
      if (now === undefined || now === before) continue;
      this.#last.set(service, now);
      if (before === undefined) continue;
      if (!(before.theyCanPay && now.theyCanPay))
        this.#crossed(`provided ${service}`, before.providePerMb, now.providePerMb);
      if (!(before.iCanPay && now.iCanPay)) this.#crossed(`consumed ${service}`, before.consumePerMb, now.consumePerMb);
    }
  }

  #crossed(key: string, before: PricePerMb, now: PricePerMb): void {
    if (before === now) return;
    const most = Math.max(0, (this.#account.mine.newest?.dropAt ?? 0) - this.#given);
    const units = Math.min(most, mulDivCeil(Math.abs(before - now), CROSSING_BYTES, BYTES_PER_MB));
    this.#given += units;
    this.#left.set(key, { units: units + (this.#left.get(key)?.units ?? 0), statements: LASTS });
  }

  /** What is left of `units` of difference after what may be explained by it. */
  forgive(key: string, units: Units): Units {
    const left = this.#left.get(key);
    if (left === undefined || units <= 0) return units;
    const forgiven = Math.min(left.units, units);
    left.units -= forgiven;
    return units - forgiven;
  }

  /** A statement was compared. */
  judged(): void {
    for (const [key, left] of this.#left) {
      left.statements -= 1;
      if (left.statements <= 0) this.#left.delete(key);
    }
  }
}
