import { clearsNow } from '../../core/credit/risk.ts';
import type { NodeId } from '../../core/node-id.ts';
import { type Ratio, unitsToWei } from '../../core/ratio.ts';
import type { PaymentMessage, PaymentProof } from '../../core/session/message.ts';
import type { PaymentOutcome } from '../../core/session/session-effect.ts';
import { CASH_EVERY_MS, type CashFacts, cashNow, issuerRiskPermille } from '../../core/settlement/cashier.ts';
import {
  checkCheque,
  type LastCheque,
  MAX_WEI,
  MIN_CHEQUE_UNITS,
  nextCumulative,
} from '../../core/settlement/cheque.ts';
import type { Units } from '../../core/units.ts';
import { GAS_UNITS } from './mass-money.ts';

/** Stands where a signature would: nobody signs here, and nobody forges. */
export const UNSIGNED = new Uint8Array(65);

/** The two sides of one end's purse. */
export interface PurseOptions {
  readonly me: NodeId;
  readonly neighbour: NodeId;
  readonly myChequebook: NodeId;
  readonly theirChequebook: NodeId;
  readonly riskAt: Units;
}

/** Cheques to and from one neighbour: cumulative, checked by `core/settlement/cheque.ts`, cashed by `core/settlement/cashier.ts`, never signed. */
export class MassPurse {
  readonly #options: PurseOptions;
  /** All that was ever written, in units, and what of it is answered, in wei. */
  issuedUnits: Units = 0;
  #issuedWei = 0n;
  #acceptedWei = 0n;
  #remainder = 0n;
  #id = 0;
  /** All that was ever taken, and what of it is cashed. */
  creditedUnits: Units = 0;
  cashedUnits: Units = 0;
  #last: LastCheque | undefined;
  #takenRemainder = 0n;
  #cashedWei = 0n;
  #uncashedSinceMs = 0;
  #cashing: { readonly units: Units; readonly wei: bigint } | undefined;

  constructor(options: PurseOptions) {
    this.#options = options;
  }

  get uncashedUnits(): Units {
    return this.creditedUnits - this.cashedUnits;
  }

  /** Writes the next cheque over all that was paid so far and `units`. */
  write(id: number, units: Units, ratio: Ratio): PaymentProof {
    const { wei, remainder } = unitsToWei(units, ratio, this.#remainder);
    this.#issuedWei = nextCumulative(this.#issuedWei, wei);
    this.#remainder = remainder;
    this.#id = id;
    this.issuedUnits += units;
    return this.#proof();
  }

  /** The last one, where it was not answered. */
  unanswered(): { readonly id: number; readonly proof: PaymentProof } | undefined {
    return this.#issuedWei > this.#acceptedWei ? { id: this.#id, proof: this.#proof() } : undefined;
  }

  answered(acceptedWei: bigint): void {
    this.#acceptedWei = acceptedWei;
  }

  #proof(): PaymentProof {
    const { myChequebook: chequebook, neighbour: beneficiary } = this.#options;
    return { kind: 'cheque', cheque: { chequebook, beneficiary, cumulativeWei: this.#issuedWei, signature: UNSIGNED } };
  }

  /** What a cheque that came in is worth. It is taken where it is good. */
  check({ proof }: PaymentMessage, ratio: Ratio, nowMs: number): PaymentOutcome {
    const acceptedWei = this.#last?.cumulativeWei ?? 0n;
    if (proof.kind !== 'cheque') return { accepted: false, code: 'PAYMENT_METHOD_MISSING', acceptedWei };
    const { me, neighbour, theirChequebook: announced, riskAt } = this.#options;
    const { cheque } = proof;
    const verdict = checkCheque({
      cheque,
      me,
      neighbour,
      announced,
      contract: {
        fromFactory: true,
        issuer: neighbour,
        balanceWei: MAX_WEI,
        paidOutWei: this.#cashedWei,
        bounced: false,
      },
      last: this.#last,
      ratio,
      remainder: this.#takenRemainder,
      minimumUnits: MIN_CHEQUE_UNITS,
      signedBy: () => true,
    });
    if (verdict.kind === 'refused') return { accepted: false, code: verdict.code, acceptedWei };
    if (verdict.kind === 'duplicate') return { accepted: true, units: 0, clearing: 0, acceptedWei };
    const { units, remainder } = verdict;
    const clearing = clearsNow(units, this.uncashedUnits, riskAt);
    if (this.uncashedUnits === 0) this.#uncashedSinceMs = nowMs;
    this.#last = { cumulativeWei: cheque.cumulativeWei, signature: cheque.signature };
    this.#takenRemainder = remainder;
    this.creditedUnits += units;
    return { accepted: true, units, clearing, acceptedWei: cheque.cumulativeWei };
  }

  /** Is the last cheque to be cashed now? Then it is under way. */
  cashes(nowMs: number): boolean {
    if (!cashNow(this.#cashFacts(nowMs)).cash) return false;
    this.#cashing = { units: this.creditedUnits, wei: this.#last?.cumulativeWei ?? 0n };
    return true;
  }

  #cashFacts(nowMs: number): CashFacts {
    const { cashedUnits: honouredUnits, uncashedUnits } = this;
    return {
      uncashedUnits,
      riskAt: this.#options.riskAt,
      riskPermille: issuerRiskPermille({ honouredUnits, uncashedUnits, bounced: false }),
      gasCostUnits: GAS_UNITS,
      uncashedSinceMs: this.#uncashedSinceMs,
      nowMs,
      everyMs: CASH_EVERY_MS,
      withdrawalAnnounced: false,
      demanded: false,
      underWay: this.#cashing !== undefined,
      failures: 0,
      lastFailureMs: 0,
    };
  }

  /** What was under way to be cashed is final. */
  cashed(nowMs: number): void {
    if (this.#cashing === undefined) return;
    this.cashedUnits = this.#cashing.units;
    this.#cashedWei = this.#cashing.wei;
    this.#cashing = undefined;
    this.#uncashedSinceMs = nowMs;
  }
}
