import { Column } from './ledger.ts';
import type { LinkAccount } from './link-account.ts';
import type { PerService } from './message.ts';
import { SERVICES } from './service.ts';
import type { Units } from './units.ts';

/** A link account as the store keeps it; `store/` has the same fields in its record. */
export interface AccountRecord {
  readonly provided: PerService;
  readonly consumed: PerService;
  readonly providedBytes: PerService;
  readonly consumedBytes: PerService;
  readonly providedRemainder: PerService;
  readonly consumedRemainder: PerService;
  readonly attempts: Units;
  readonly paid: Units;
  readonly received: Units;
  readonly providedCorrection: PerService;
  readonly consumedCorrection: PerService;
  readonly lease: Units;
  readonly closed: boolean;
}

/** What was promised and said with one record. */
export interface Snapshot {
  readonly lease: Units;
  /** All that had been charged either way, and what had been consumed. */
  readonly charged: Units;
  readonly consumed: PerService;
}

/** The record of an account as it stands, promising "up to `lease` more". */
export function recordOf(account: LinkAccount, lease: Units): AccountRecord {
  const { ledger, row } = account;
  const three = (offset: number): PerService => [
    ledger.get(row, offset),
    ledger.get(row, offset + 1),
    ledger.get(row, offset + 2),
  ];
  const of = (field: 'providedBytes' | 'consumedBytes' | 'providedRemainder' | 'consumedRemainder'): PerService =>
    SERVICES.map((service) => account.service(service)[field]) as unknown as PerService;
  return {
    provided: three(Column.provided),
    consumed: three(Column.consumed),
    providedBytes: of('providedBytes'),
    consumedBytes: of('consumedBytes'),
    providedRemainder: of('providedRemainder'),
    consumedRemainder: of('consumedRemainder'),
    attempts: ledger.get(row, Column.attempts),
    paid: ledger.get(row, Column.paid),
    received: ledger.get(row, Column.received),
    providedCorrection: three(Column.providedCorrection),
    consumedCorrection: three(Column.consumedCorrection),
    lease,
    closed: account.banned,
  };
}
