import type { Chain } from '../chain/chain.ts';
import type { Clock } from '../core/clock.ts';
import { gasWorth } from '../core/settlement/gas-worth.ts';

/** A price this old is asked for again before the next decision. A minute is five blocks: fees move by half at most. */
const FRESH_MS = 60_000;
/** Before the chain has answered: 1 gwei. */
const FIRST_PRICE_WEI = 1_000_000_000n;
/** Gas of cashing one cheque by itself, and of one more in a transaction that is sent anyway: docs/contracts.md, rounded up. */
const CASH_GAS = 90_000n;
const SHARE_GAS = 40_000n;

/** What cashing costs, in the money settled in: by the price of gas now, and by what this node's last transaction really cost. */
export class GasCost {
  readonly #chain: Chain;
  readonly #clock: Clock;
  readonly #perCoin: bigint | undefined;
  #priceWei = FIRST_PRICE_WEI;
  #askedMs = Number.NEGATIVE_INFINITY;
  /** Of the last cashing, by itself: rollups charge for more than gas. */
  #seenGas = 0n;

  /** `perCoin`: what gas is weighed at (`core/settlement/gas-worth.ts`). */
  constructor(options: { readonly chain: Chain; readonly clock: Clock; readonly perCoin?: bigint | undefined }) {
    this.#perCoin = options.perCoin;
    this.#chain = options.chain;
    this.#clock = options.clock;
  }

  /** Asks for the price where it is old; undefined where it is not. Never rejects: without an answer the last one holds. */
  look(): Promise<void> | undefined {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#askedMs < FRESH_MS) return undefined;
    this.#askedMs = nowMs;
    return this.#chain.gasPriceWei().then(
      (wei) => {
        if (wei > 0n) this.#priceWei = wei;
      },
      () => undefined,
    );
  }

  /** A transaction that cashed `count` cheques cost so much. */
  saw(gasWei: bigint, count: number): void {
    if (count === 1 && gasWei > 0n) this.#seenGas = gasWei / this.#priceWei;
  }

  /** In coin, as the chain has it. */
  get priceWei(): bigint {
    return this.#priceWei;
  }

  /** Of one cheque in a transaction of its own. */
  get cashWei(): bigint {
    return gasWorth(this.#priceWei * (this.#seenGas > CASH_GAS ? this.#seenGas : CASH_GAS), this.#perCoin);
  }

  /** Of one more cheque in a transaction that is sent anyway. */
  get shareWei(): bigint {
    return (this.cashWei * SHARE_GAS) / CASH_GAS;
  }
}
