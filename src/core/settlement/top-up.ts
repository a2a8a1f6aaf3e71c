/** When a node fills its own chequebook, and how far. Amounts in wei. */
export interface TopUpFacts {
  /** What cheques may still promise. */
  readonly freeWei: bigint;
  /** Filled when less than this is free, 0 for never; until `targetWei` is. */
  readonly lowWaterWei: bigint;
  readonly targetWei: bigint;
  readonly filledTodayWei: bigint;
  readonly maxPerDayWei: bigint;
  /** What the node's account holds, and what of it must stay there to pay for gas. */
  readonly accountWei: bigint;
  readonly gasWei: bigint;
}

/** How much to put in now; 0 for nothing. */
export function topUpWei(facts: TopUpFacts): bigint {
  if (facts.freeWei >= facts.lowWaterWei) return 0n;
  const wanted = [
    facts.targetWei - facts.freeWei,
    facts.maxPerDayWei - facts.filledTodayWei,
    facts.accountWei - facts.gasWei,
  ];
  const least = wanted.reduce((a, b) => (a < b ? a : b));
  return least > 0n ? least : 0n;
}
