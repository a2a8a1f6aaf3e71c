import { PAIR_ID, termsOf } from '../session/session-pair.fixture.ts';
import type { Terms } from '../terms/terms.ts';
import { Ledger } from './ledger.ts';
import { LinkAccount } from './link-account.ts';

/** A price of one unit a byte: what is served is what is charged. */
export const UNIT_A_BYTE = 1_000_000;

/** Terms for tests of an account: sells and buys transit at a unit a byte, pays at 1,000 and drops at 4,000 bytes. */
export function plainTerms(change: Partial<Terms> = {}): Terms {
  const price = { askPerMb: UNIT_A_BYTE, bidPerMb: UNIT_A_BYTE };
  return { ...termsOf({ ...price, payAtMb: 0, dropAtMb: 0 }), payAt: 1_000, dropAt: 4_000, ...change };
}

/** An account before any terms. */
export function bareAccount(change: { enforce?: boolean; fullRateBytesPerSecond?: number } = {}): LinkAccount {
  const options = { fullRateBytesPerSecond: Number.POSITIVE_INFINITY, enforce: true, ...change };
  return new LinkAccount({ ...options, ledger: new Ledger(), neighbour: PAIR_ID, epochGraceMs: 10_000 });
}

/** New terms are announced, acknowledged at once, and taken. */
export function agree(account: LinkAccount, mine: Terms, theirs: Terms): void {
  account.mine.announce(mine);
  account.mine.acknowledge(mine.epoch, 0);
  account.theirs.take(theirs);
  account.applyLimits();
}

/** An account that is connected, with both sides' terms and a durable lease. */
export function readyAccount(
  change: {
    readonly mine?: Partial<Terms>;
    readonly theirs?: Partial<Terms>;
    readonly enforce?: boolean;
    readonly fullRateBytesPerSecond?: number;
  } = {},
): LinkAccount {
  const { mine, theirs, ...options } = change;
  const account = bareAccount(options);
  agree(account, plainTerms(mine), plainTerms(theirs));
  account.record(1_000_000);
  account.durable(account.lease.snapshot);
  account.ready = true;
  return account;
}
