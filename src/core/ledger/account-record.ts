import { SERVICES } from '../service.ts';
import type { PerService } from '../session/message.ts';
import type { Units } from '../units.ts';
import { Column } from './columns.ts';
import type { LinkAccount } from './link-account.ts';

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
  /** Of what was written off in the neighbour's favour, so much has faded. */
  readonly faded: Units;
  /** What is exchanged one for one: given less taken, signed. */
  readonly barterNet: PerService;
  readonly lease: Units;
  readonly closed: boolean;
}

/** What was promised and said with one record. */
export interface Snapshot {
  readonly lease: Units;
  /** All that had been charged either way, and what had been consumed. */
  readonly charged: Units;
  readonly consumed: PerService;
  /** All payments taken in this life that are to clear debt once they are on disk. */
  readonly clearing: Units;
}

/** All that was ever charged either way: what a lease is counted in. */
export function chargedOf({ ledger, row }: LinkAccount): Units {
  let sum = 0;
  for (let s = 0; s < SERVICES.length; s += 1)
    sum += ledger.get(row, Column.provided + s) + ledger.get(row, Column.consumed + s);
  return sum;
}

/** The record of an account as it stands, promising "up to `lease` more". */
export function recordOf(account: LinkAccount, lease: Units): AccountRecord {
  const { ledger, row } = account;
  const three = (offset: number): PerService => [
    ledger.get(row, offset),
    ledger.get(row, offset + 1),
    ledger.get(row, offset + 2),
  ];
  const of = (
    field: 'providedBytes' | 'consumedBytes' | 'providedRemainder' | 'consumedRemainder' | 'barterNet',
  ): PerService => SERVICES.map((service) => account.service(service)[field]) as unknown as PerService;
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
    faded: ledger.get(row, Column.faded),
    barterNet: of('barterNet'),
    lease,
    closed: account.banned,
  };
}

/** Puts the totals and quantities of a record back. `uncleared` follows from what is not final, so it is not stored. */
export function putBack(account: LinkAccount, record: AccountRecord, uncleared: Units): void {
  const three = (offset: number, values: PerService) => values.map((value, s) => [offset + s, value] as const);
  account.ledger.restore(account.row, [
    [Column.attempts, record.attempts],
    [Column.paid, record.paid],
    [Column.received, record.received],
    [Column.assumed, record.lease],
    [Column.uncleared, Math.min(uncleared, record.received)],
    [Column.faded, record.faded],
    ...three(Column.provided, record.provided),
    ...three(Column.consumed, record.consumed),
    ...three(Column.providedCorrection, record.providedCorrection),
    ...three(Column.consumedCorrection, record.consumedCorrection),
  ]);
  for (const [s, service] of SERVICES.entries()) {
    account.service(service).restore({
      providedBytes: record.providedBytes[s] as number,
      consumedBytes: record.consumedBytes[s] as number,
      providedRemainder: record.providedRemainder[s] as number,
      consumedRemainder: record.consumedRemainder[s] as number,
      barterNet: record.barterNet[s] as number,
    });
  }
}
