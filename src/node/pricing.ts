import { askFor, bidFor, CostBook } from '../core/terms/bargain.ts';
import type { PricePerMb } from '../core/units.ts';
import type { TransitConfig } from './config.ts';

/** Prices paid over the last quarter of an hour are what access costs (seed 000, option 1: "the past X minutes"). */
const COST_MINUTES = 15;

/** What this node pays for access, asks for carrying, and bids: the operator's two numbers put to work (DESIGN §5). */
export class Pricing {
  readonly #config: TransitConfig;
  readonly #book = new CostBook(COST_MINUTES);

  constructor(config: TransitConfig) {
    this.#config = config;
  }

  bought(bytes: number, pricePerMb: PricePerMb, nowMs: number): void {
    this.#book.bought(bytes, pricePerMb, nowMs);
  }

  /** Undefined while there is no access and never was. */
  costPerMb(nowMs: number, cheapestAskPerMb: PricePerMb | undefined): PricePerMb | undefined {
    const uplinkPerMb = this.#config.uplink ? this.#config.uplinkPricePerMb : undefined;
    return this.#book.cost({ nowMs, uplinkPerMb, cheapestAskPerMb });
  }

  askPerMb(costPerMb: PricePerMb | undefined): PricePerMb | undefined {
    if (!this.#config.sell || costPerMb === undefined) return undefined;
    return askFor(costPerMb, this.#config.minProfitBp);
  }

  bidPerMb(customerBidsPerMb: readonly PricePerMb[]): PricePerMb {
    if (!this.#config.buy) return 0;
    return bidFor({
      maximumPerMb: this.#config.maxPricePerMb,
      customerBidsPerMb,
      profitBp: this.#config.minProfitBp,
    });
  }
}
