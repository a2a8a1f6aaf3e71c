import type { Units } from '../units.ts';

/** Cash when this part of riskAt is held, so that cheques in flight still find room while the transaction is mined. */
export const CASH_AT_RISK_PERCENT = 50;

/**
 * What part of the uncashed is at risk, in thousandths: of an issuer that has never paid, of one that has paid much more
 * than it owes, and of one whose cheque has bounced. With these, gas costs at most a twentieth of a first cheque that is
 * cashed for its own sake, and a hundredth of later ones.
 */
export const NEW_ISSUER_PERMILLE = 50;
export const PROVEN_ISSUER_PERMILLE = 10;
export const BOUNCED_ISSUER_PERMILLE = 1000;

/** Cheques in one transaction: it stays far below the gas of a block, and one that fails costs little. */
export const MAX_BATCH_CHEQUES = 50;

/** What this node knows of an issuer by its own cheques. */
export interface IssuerHistory {
  /** Paid out by its chequebook to this node. */
  readonly honouredUnits: Units;
  readonly uncashedUnits: Units;
  readonly bounced: boolean;
}

/** The issuer's risk in thousandths: what it has paid, against what it owes. */
export function issuerRiskPermille({ honouredUnits, uncashedUnits, bounced }: IssuerHistory): number {
  if (bounced) return BOUNCED_ISSUER_PERMILLE;
  const all = honouredUnits + uncashedUnits;
  const doubted = all > 0 ? uncashedUnits / all : 1;
  return PROVEN_ISSUER_PERMILLE + Math.ceil((NEW_ISSUER_PERMILLE - PROVEN_ISSUER_PERMILLE) * doubted);
}

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
  /** `issuerRiskPermille` of whoever signed. */
  readonly riskPermille: number;
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
  | 'uncovered'
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
 * full riskAt stops the link; else never at a loss: a withdrawal, or others drawing the chequebook empty; somebody I owe
 * who waits for it; more at risk than gas costs; or waiting for long (DESIGN §12).
 */
export function cashNow(facts: CashFacts): CashDecision {
  const { uncashedUnits, gasCostUnits } = facts;
  if (uncashedUnits <= 0) return no('nothing');
  if (facts.underWay) return no('underWay');
  const value = cashableUnits(facts);
  if (value <= 0) return no('empty');
  if (facts.demanded) return yes('demanded');
  if (facts.nowMs - facts.lastFailureMs < retryMs(facts.failures)) return no('retryLater');
  if (value < uncashedUnits && value <= gasCostUnits) return no('empty');
  if (uncashedUnits >= Math.floor((facts.riskAt * CASH_AT_RISK_PERCENT) / 100)) return yes('risk');
  if (value <= gasCostUnits) return no('notWorthGas');
  if (facts.withdrawalAnnounced) return yes('withdrawal');
  if (value < uncashedUnits) return yes('uncovered');
  if (facts.waitedFor === true) return yes('waitedFor');
  if (valueAtRisk(value, facts.riskPermille) >= gasCostUnits) return yes('worthGas');
  if (facts.nowMs - facts.uncashedSinceMs >= facts.everyMs) return yes('due');
  return no('wait');
}

/** What cashing would bring now: the uncashed, as far as there is coin for it. */
export function cashableUnits({ uncashedUnits, coveredUnits = uncashedUnits }: CashFacts): Units {
  return Math.max(0, Math.min(uncashedUnits, coveredUnits));
}

/** What waiting is expected to lose. */
export function valueAtRisk(units: Units, riskPermille: number): Units {
  return Math.floor((units * riskPermille) / 1000);
}

/**
 * Should a cheque that would wait by itself go along in a transaction that is sent anyway, which takes `shareGasUnits`
 * more for it? Where as much is at risk. Never one that failed a moment ago.
 */
export function ridesAlong(facts: CashFacts, shareGasUnits: Units): boolean {
  const { because } = cashNow(facts);
  if (because !== 'wait' && because !== 'notWorthGas') return false;
  const value = cashableUnits(facts);
  return value > shareGasUnits && valueAtRisk(value, facts.riskPermille) >= shareGasUnits;
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
