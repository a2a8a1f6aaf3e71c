/**
 * How much a node may promise in a day of UTC: what somebody who takes over its key can give away before anybody looks.
 * The owner's key is another one (DESIGN §12). Amounts in wei.
 */
export interface IssuedToday {
  /** Counted from 1970. */
  readonly day: number;
  readonly wei: bigint;
}

/** What was issued by `day`, with `wei` more; undefined where that is above `capWei`. A day that goes back counts on. */
export function issueWithin(
  before: IssuedToday,
  more: { readonly wei: bigint; readonly day: number },
  capWei: bigint,
): IssuedToday | undefined {
  const isNew = more.day > before.day;
  const wei = (isNew ? 0n : before.wei) + more.wei;
  return wei > capWei ? undefined : { day: isNew ? more.day : before.day, wei };
}
