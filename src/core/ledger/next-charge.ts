import type { Units } from '../units.ts';
import type { ServiceAccount } from './service-account.ts';

/** The price of the next smallest piece of the dearest service: worked out anew when terms change, read at every look. */
export class NextCharge {
  #changes = -1;
  #units: Units = 0;

  /** `changes`: of the terms, as `Relations` counts them. */
  units(changes: number, services: readonly ServiceAccount[]): Units {
    if (changes !== this.#changes) {
      this.#changes = changes;
      this.#units = Math.max(...services.map((service) => service.pieceUnits()));
    }
    return this.#units;
  }
}
