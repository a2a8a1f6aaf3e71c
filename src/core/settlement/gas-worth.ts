/** Wei of one coin of a chain: what gas is paid in. */
export const COIN_WEI = 10n ** 18n;

/**
 * What gas is worth in the money a node settles in, rounded up. `perCoin`: so many of that money's smallest units are worth
 * one coin, ≥ 1; the coin itself unless given.
 */
export function gasWorth(gasWei: bigint, perCoin: bigint = COIN_WEI): bigint {
  return (gasWei * perCoin + COIN_WEI - 1n) / COIN_WEI;
}
