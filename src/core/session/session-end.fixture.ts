import assert from 'node:assert/strict';
import type { ErrorCode } from '../errors.ts';
import { bareAccount, plainTerms } from '../ledger/account-pair.fixture.ts';
import type { LinkAccount } from '../ledger/link-account.ts';
import { Conduct } from './conduct.ts';
import type { CountsMessage, Message } from './message.ts';
import type { PendingPayment } from './payments.ts';
import { Session } from './session.ts';
import type { SessionEffect, SessionEvent } from './session-effect.ts';

/** A cheque that nobody looks at. */
export const proof = {
  kind: 'cheque',
  cheque: { chequebook: '0x', beneficiary: '0x', cumulativeWei: 1n, signature: new Uint8Array(65) },
} as const;

/** One end of a link, stepped by hand: what follows from each event, by name. */
export class SessionEnd {
  readonly account: LinkAccount;
  readonly session: Session;
  nowMs = 1_000;
  effects: SessionEffect[] = [];

  constructor(options: { pending?: readonly PendingPayment[]; restored?: (account: LinkAccount) => void } = {}) {
    this.account = bareAccount();
    options.restored?.(this.account);
    const { account } = this;
    const [conduct, terms, pending] = [new Conduct(), plainTerms(), options.pending ?? []];
    this.session = new Session({ account, conduct, terms, storeEpoch: 1, pending });
  }

  step(event: SessionEvent): string[] {
    this.effects = this.session.step(event, this.nowMs);
    return this.effects.map((each) =>
      each.kind === 'emit' ? each.event.kind : each.kind === 'send' ? `send ${each.message.kind}` : each.kind,
    );
  }

  hears(message: Message): string[] {
    return this.step({ kind: 'message', message });
  }

  tick(afterMs = 0): string[] {
    this.nowMs += afterMs;
    return this.step({ kind: 'tick' });
  }

  /** What its journal does now and then. */
  save(): void {
    this.account.record(1_000_000);
    this.account.durable(this.account.lease.snapshot);
  }

  up(): this {
    this.step({ kind: 'linkUp' });
    for (const message of GREETING) this.hears(message);
    this.save();
    this.step({ kind: 'leaseDurable' });
    assert.ok(this.session.up && this.account.ready);
    return this;
  }

  get closed(): ErrorCode | undefined {
    const close = this.effects.find((each) => each.kind === 'close');
    return close?.kind === 'close' ? close.code : undefined;
  }
}

/** Counts of an end that counted nothing. */
export const counts = (change: Partial<CountsMessage> = {}): CountsMessage => ({
  ...{ kind: 'counts', opening: true, storeEpoch: 1 },
  ...{ provided: [0, 0, 0], admitted: [0, 0, 0], consumed: [0, 0, 0], ...change },
});
/** All that an end says to make a connection. */
export const GREETING: readonly Message[] = [
  { kind: 'terms', terms: plainTerms() },
  { kind: 'termsAck', epoch: 1 },
  counts(),
];
