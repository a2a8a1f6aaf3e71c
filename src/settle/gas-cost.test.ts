import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chain } from '../chain/chain.ts';
import { WayleaveError } from '../core/errors.ts';
import { COIN_WEI } from '../core/settlement/gas-worth.ts';
import { GasCost } from './gas-cost.ts';

const GWEI = 1_000_000_000n;
const FRESH_MS = 60_000;

/** The cost of gas on a chain that says the price a test wants; undefined: it does not answer. */
class Bed {
  priceWei: bigint | undefined = 7n;
  asked = 0;
  nowMs = 0;
  readonly gas: GasCost;

  constructor(perCoin?: bigint) {
    const gasPriceWei = async () => {
      this.asked += 1;
      if (this.priceWei === undefined) throw new WayleaveError('RPC_UNREACHABLE');
      return this.priceWei;
    };
    this.gas = new GasCost({
      ...{ chain: { gasPriceWei } as Partial<Chain> as Chain, perCoin },
      clock: { nowMs: () => this.nowMs, wallMs: () => 0, after: () => ({ cancel: () => undefined }) },
    });
  }

  /** As it is once the chain has said this price. */
  async at(priceWei: bigint): Promise<GasCost> {
    this.priceWei = priceWei;
    this.nowMs += FRESH_MS;
    await this.gas.look();
    return this.gas;
  }
}

test('before the chain has said a price it is 1 gwei', () => {
  const { gas } = new Bed();
  assert.deepEqual([gas.priceWei, gas.cashWei, gas.shareWei], [GWEI, 90_000n * GWEI, 40_000n * GWEI]);
});

test('the price is asked for at once, and again when the last question is a minute old', async () => {
  const bed = new Bed();
  for (const asked of [1, 2, 3]) {
    await bed.gas.look();
    assert.equal(bed.asked, asked);
    bed.nowMs += FRESH_MS - 1;
    assert.equal(bed.gas.look(), undefined);
    assert.equal(bed.asked, asked);
    bed.nowMs += 1;
  }
  // A question that is still open is not put twice.
  const open = bed.gas.look();
  assert.equal(bed.gas.look(), undefined);
  await open;
});

test('a price holds until another comes: no answer, and gas for nothing, are none', async () => {
  const bed = new Bed();
  for (const [said, priceWei] of [
    [undefined, GWEI],
    [0n, GWEI],
    [7n, 7n],
    [0n, 7n],
    [undefined, 7n],
    [1n, 1n],
  ] as const) {
    bed.priceWei = said;
    bed.nowMs += FRESH_MS;
    const asking = bed.gas.look();
    assert.ok(asking);
    await asking;
    assert.deepEqual([bed.gas.priceWei, bed.gas.cashWei], [priceWei, priceWei * 90_000n], String(said));
  }
});

test('what the last cashing by itself has cost counts where that is more, at the price of now', async () => {
  const bed = new Bed();
  for (const [gasWei, count, gas] of [
    [90_001n * 10n, 0, 90_000n],
    [90_001n * 10n, 2, 90_000n],
    [90_001n * 10n, 1, 90_001n],
    [180_000n * 10n + 9n, 1, 180_000n],
    // From one that cost nothing, and from several together, nothing is learned.
    [0n, 1, 180_000n],
    [1n, 2, 180_000n],
    [90_000n * 10n, 1, 90_000n],
    [180_000n * 10n, 1, 180_000n],
    [1n, 1, 90_000n],
    [180_000n * 10n, 1, 180_000n],
  ] as const) {
    const cost = await bed.at(10n);
    cost.saw(gasWei, count);
    assert.deepEqual([cost.cashWei, cost.shareWei], [gas * 10n, (gas * 10n * 4n) / 9n], `${gasWei} of ${count}`);
    await bed.at(3n);
    assert.deepEqual([cost.cashWei, cost.shareWei], [gas * 3n, (gas * 3n * 4n) / 9n], 'gas is cheaper now');
  }
});

test('it is counted in the money settled in, rounded up for one by itself and down for one more', async () => {
  for (const [perCoin, priceWei, cash, share] of [
    [undefined, 7n, 630_000n, 280_000n],
    [COIN_WEI, 7n, 630_000n, 280_000n],
    [2n * COIN_WEI, 7n, 1_260_000n, 560_000n],
    // A token of six places, at 2,500 to the coin.
    [2_500_000_000n, GWEI, 225_000n, 100_000n],
    [2_500_000_000n, GWEI + 1n, 225_001n, 100_000n],
    [1n, 1n, 1n, 0n],
  ] as const) {
    const gas = await new Bed(perCoin).at(priceWei);
    assert.deepEqual([gas.priceWei, gas.cashWei, gas.shareWei], [priceWei, cash, share], `${perCoin} ${priceWei}`);
  }
});
