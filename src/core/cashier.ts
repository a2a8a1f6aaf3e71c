import type { Units } from './units.ts';

/** Cash when this part of riskAt is held, so that cheques in flight still find room while the transaction is mined. */
export const CASH_AT_RISK_PERCENT = 50;

/** Cash for its own sake when gas costs at most 1 % of what comes in. */
export const WORTH_GAS_FACTOR = 100;

/** "At least every N days" unless configured. */
export const CASH_EVERY_MS = 7 * 24 * 3_600_000;

/** After a failed attempt wait this long, doubled per failure up to an hour: a node must not burn gas in a loop. */
export const CASH_RETRY_MS = 30_000;
export const MAX_CASH_RETRY_MS = 3_600_000;

/** All that the decision to cash one chequebook's last cheque depends on. */
export interface CashFacts {
  /** Value of accepted cheques not yet paid out by the contract. */
  readonly uncashedUnits: Units;
  /** How much of it the contract can pay, as last seen; undefined when not looked at. */
  readonly coveredUnits?: Units | undefined;
  readonly riskAt: Units;
  /** The price of one cashing transaction. */
  readonly gasCostUnits: Units;
  /** When the oldest uncashed cheque arrived. */
  readonly uncashedSinceMs: number;
  readonly nowMs: number;
  readonly everyMs: number;
  /** The owner of the chequebook has announced a withdrawal. */
  readonly withdrawalAnnounced: boolean;
  /** Something of mine waits until this money is final, and its creditor slows me down for it (`carried-credit.ts`). */
  readonly waitedFor?: boolean;
  /** The operator asked for everything to be cashed, now or at stop. */
  readonly demanded: boolean;
  /** A cashing transaction is not mined yet. */
  readonly underWay: boolean;
  /** Attempts that failed in a row, and when the last one did. */
  readonly failures: number;
  readonly lastFailureMs: number;
}

/** Why a cheque is cashed now, or is not. */
export type CashReason =
  | 'nothing'
  | 'underWay'
  | 'empty'
  | 'retryLater'
  | 'demanded'
  | 'risk'
  | 'notWorthGas'
  | 'withdrawal'
  | 'waitedFor'
  | 'worthGas'
  | 'due'
  | 'wait';

/** What `cashNow` decided, with the reason for logs and screens. */
export interface CashDecision {
  readonly cash: boolean;
  readonly because: CashReason;
}

/**
 * Cash now? In this order: nothing to do, or nothing there; asked for; not again yet; before riskAt is reached, whatever gas costs, since a
 * full riskAt stops the link; else never at a loss: a withdrawal, somebody I owe who waits for it, gas well below the value,
 * or waiting for long (DESIGN §12).
 */
export function cashNow(facts: CashFacts): CashDecision {
  const { uncashedUnits, gasCostUnits } = facts;
  if (uncashedUnits <= 0) return no('nothing');
  if (facts.underWay) return no('underWay');
  const value = Math.min(uncashedUnits, facts.coveredUnits ?? uncashedUnits);
  if (value <= 0) return no('empty');
  if (facts.demanded) return yes('demanded');
  if (facts.nowMs - facts.lastFailureMs < retryMs(facts.failures)) return no('retryLater');
  if (value < uncashedUnits && value <= gasCostUnits) return no('empty');
  if (uncashedUnits >= Math.floor((facts.riskAt * CASH_AT_RISK_PERCENT) / 100)) return yes('risk');
  if (value <= gasCostUnits) return no('notWorthGas');
  if (facts.withdrawalAnnounced) return yes('withdrawal');
  if (facts.waitedFor === true) return yes('waitedFor');
  if (value / WORTH_GAS_FACTOR >= gasCostUnits) return yes('worthGas');
  if (facts.nowMs - facts.uncashedSinceMs >= facts.everyMs) return yes('due');
  return no('wait');
}

/** How long to wait after this many failures in a row; 0 after none. */
export function retryMs(failures: number): number {
  if (failures <= 0) return 0;
  return Math.min(MAX_CASH_RETRY_MS, CASH_RETRY_MS * 2 ** Math.min(failures - 1, 20));
}

function yes(because: CashReason): CashDecision {
  return { cash: true, because };
}

function no(because: CashReason): CashDecision {
  return { cash: false, because };
}
