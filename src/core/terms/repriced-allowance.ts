import type { LinkAccount } from '../ledger/link-account.ts';
import type { Relation } from '../ledger/relation.ts';
import { SERVICES } from '../service.ts';
import { BYTES_PER_MB, mulDivCeil, type PricePerMb, type Units } from '../units.ts';

/**
 * What may be on its way when terms change, bytes. Where one side cannot pay, the price follows from both sides' terms
 * (DESIGN §4) and no tag names both, so a frame that crosses a change of terms may be priced apart at the two ends.
 */
export const CROSSING_BYTES = 1_048_576;

/** How much two honest ends may differ because terms changed under way; 0 unless one-for-one prices are in play. */
export class RepricedAllowance {
  readonly #account: LinkAccount;
  readonly #last: (Relation | undefined)[] = [undefined, undefined, undefined];
  /** By side and service; made when first needed, since links are many and this is rare. */
  #left: Map<string, Units> | undefined;
  /** Given since the start: a neighbour that keeps changing its terms gets no more than its credit out of it. */
  #given = 0;

  constructor(account: LinkAccount) {
    this.#account = account;
  }

  /** Terms may have changed. */
  look(): void {
    for (const [s, service] of SERVICES.entries()) {
      const now = this.#account.relation(service);
      const before = this.#last[s];
      if (now === undefined || now === before) continue;
      this.#last[s] = now;
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
    this.#left ??= new Map();
    this.#left.set(key, units + (this.#left.get(key) ?? 0));
  }

  /** What is left of `units` of difference after what may be explained by it. */
  forgive(key: string, units: Units): Units {
    if (units <= 0) return units;
    const left = this.#left?.get(key);
    if (left === undefined) return units;
    const forgiven = Math.min(left, units);
    this.#left?.set(key, left - forgiven);
    // What crossed may have left a fraction between the two ends, which shows as a whole unit now and then.
    return Math.max(0, units - forgiven - 1);
  }
}
