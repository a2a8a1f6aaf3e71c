import type { Clock } from '../core/clock.ts';
import type { NodeId } from '../core/node-id.ts';
import {
  CASH_EVERY_MS,
  type CashDecision,
  type CashFacts,
  cashableUnits,
  cashNow,
  issuerRiskPermille,
  ridesAlong,
  valueAtRisk,
} from '../core/settlement/cashier.ts';
import type { Units } from '../core/units.ts';
import type { CashingRecord, NoteRecord, ReceivedChequeRecord, Store } from '../store/store.ts';
import type { ChequebookWatch } from './chequebook-watch.ts';
import type { GasCost } from './gas-cost.ts';

export interface CashJudgeOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly notes: readonly NoteRecord[];
  readonly cashings: readonly CashingRecord[];
  readonly riskAt: (neighbour: NodeId) => Units;
  /** Wei per unit, to weigh gas against value. */
  readonly weiPerUnit: bigint;
  readonly everyMs?: number | undefined;
  /** A payment of mine waits until this neighbour's money is final. */
  readonly waitedFor: (neighbour: NodeId) => boolean;
  readonly watch: ChequebookWatch;
  readonly gas: GasCost;
  /** A transaction for it is not mined yet. */
  readonly underWay: (chequebook: NodeId) => boolean;
}

/** What cashing one cheque now would come to, for people. Units. */
export interface CashPlanEntry extends CashDecision {
  readonly neighbour: NodeId;
  readonly chequebook: NodeId;
  readonly uncashedUnits: Units;
  /** What the contract can pay of it. */
  readonly cashableUnits: Units;
  /** What waiting is expected to lose: the issuer's risk, in thousandths, of the above. */
  readonly riskPermille: number;
  readonly atRiskUnits: Units;
  readonly gasUnits: Units;
  /** What would come in, less the gas. Negative: cashing now costs more than it brings. */
  readonly profitUnits: number;
}

interface Attempt {
  /** By the date, as it is written. */
  readonly sinceMs: number;
  failures: number;
  /** By the clock that nobody sets: a date that was set back would put off the next attempt until it has caught up. */
  lastFailureMs: number;
}

const NONE_FAILED = { failures: 0, lastFailureMs: Number.NEGATIVE_INFINITY } as const;
const NEVER: Attempt = { sinceMs: 0, ...NONE_FAILED };
const SINCE = 'uncashed-since:';

/** Gathers for each cheque held what `core/settlement/cashier.ts` decides by. Remembers since when each has waited, over restarts. */
export class CashJudge {
  readonly #options: CashJudgeOptions;
  readonly #attempts = new Map<NodeId, Attempt>();

  constructor(options: CashJudgeOptions) {
    this.#options = options;
    const cashedMs = new Map<NodeId, number>();
    for (const { chequebook, atMs, status } of options.cashings) {
      if (status === 'mined') cashedMs.set(chequebook, Math.max(atMs, cashedMs.get(chequebook) ?? 0));
    }
    for (const { name, text } of options.notes) {
      if (!name.startsWith(SINCE)) continue;
      const chequebook = name.slice(SINCE.length);
      // What was cashed meanwhile waits no longer.
      const sinceMs = Math.max(Number(text), cashedMs.get(chequebook) ?? 0);
      this.#attempts.set(chequebook, { sinceMs, ...NONE_FAILED });
    }
  }

  /** Cash it now? */
  decide(record: ReceivedChequeRecord, demanded: boolean): CashDecision {
    return cashNow(this.#facts(record, demanded));
  }

  /** Should it go along with others that are cashed now? */
  ridesAlong(record: ReceivedChequeRecord): boolean {
    return ridesAlong(this.#facts(record, false), this.#units(this.#options.gas.shareWei));
  }

  plan(record: ReceivedChequeRecord): CashPlanEntry {
    const facts = this.#facts(record, false);
    const units = cashableUnits(facts);
    return {
      neighbour: record.neighbour,
      chequebook: record.chequebook,
      ...cashNow(facts),
      uncashedUnits: facts.uncashedUnits,
      cashableUnits: units,
      riskPermille: facts.riskPermille,
      atRiskUnits: valueAtRisk(units, facts.riskPermille),
      gasUnits: facts.gasCostUnits,
      profitUnits: units - facts.gasCostUnits,
    };
  }

  #units(wei: bigint): Units {
    return Number(wei / this.#options.weiPerUnit);
  }

  #facts(record: ReceivedChequeRecord, demanded: boolean): CashFacts {
    const { clock, everyMs = CASH_EVERY_MS, gas, riskAt, underWay, waitedFor, watch } = this.#options;
    const { bounced, cashedCumulative, chequebook, neighbour } = record;
    const uncashed = record.cumulative - cashedCumulative;
    const uncashedUnits = this.#units(uncashed);
    const attempt = uncashed > 0n ? this.#attemptOf(chequebook) : NEVER;
    const nowMs = clock.wallMs();
    const covered = watch.coveredWei(chequebook, cashedCumulative);
    const history = { honouredUnits: this.#units(cashedCumulative), uncashedUnits, bounced };
    return {
      uncashedUnits,
      ...(covered === undefined || covered >= uncashed ? {} : { coveredUnits: this.#units(covered) }),
      riskAt: riskAt(neighbour),
      riskPermille: issuerRiskPermille(history),
      gasCostUnits: this.#units(gas.cashWei),
      uncashedSinceMs: attempt.sinceMs,
      nowMs,
      everyMs,
      withdrawalAnnounced: watch.announced(chequebook),
      waitedFor: uncashed > 0n && waitedFor(neighbour),
      demanded: demanded && !bounced,
      underWay: underWay(chequebook),
      failures: attempt.failures,
      lastFailureMs: nowMs - (clock.nowMs() - attempt.lastFailureMs),
    };
  }

  #attemptOf(chequebook: NodeId): Attempt {
    const known = this.#attempts.get(chequebook);
    if (known !== undefined) return known;
    const { clock, store } = this.#options;
    const attempt = { sinceMs: clock.wallMs(), ...NONE_FAILED };
    this.#attempts.set(chequebook, attempt);
    // Lost with a crash at this moment, it is only counted from the next start.
    const note = { kind: 'note', name: SINCE + chequebook, text: String(attempt.sinceMs) } as const;
    store.commit([note]).catch(() => this.#attempts.delete(chequebook));
    return attempt;
  }

  failed(chequebook: NodeId): void {
    const attempt = this.#attemptOf(chequebook);
    attempt.failures += 1;
    attempt.lastFailureMs = this.#options.clock.nowMs();
  }

  /** Paid in full: what is taken from now on waits from now on. */
  cashed(chequebook: NodeId): void {
    this.#attempts.delete(chequebook);
  }
}
