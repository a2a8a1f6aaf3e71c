import type { LinkAccount } from '../ledger/link-account.ts';
import type { StatementsOptions } from '../statement/statements.ts';
import type { Terms } from '../terms/terms.ts';
import type { Conduct } from './conduct.ts';
import type { PendingPayment } from './payments.ts';
import type { SessionRules } from './session-rules.ts';

/** What a session starts from: its account, the terms to send, and what the store remembers. */
export interface SessionOptions {
  readonly account: LinkAccount;
  readonly conduct: Conduct;
  readonly terms: Terms;
  readonly storeEpoch: number;
  readonly rules?: SessionRules;
  /** What each method remembers of payments before a restart. */
  readonly pending?: readonly PendingPayment[];
  /** Without it no statements are made, and none is judged. */
  readonly statements?: StatementsOptions | undefined;
}
