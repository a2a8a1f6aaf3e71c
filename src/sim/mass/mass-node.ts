import { CreditBook, type CreditEntry, type CreditFacts, type CreditRules } from '../../core/credit/credit.ts';
import { Column } from '../../core/ledger/columns.ts';
import type { Ledger } from '../../core/ledger/ledger.ts';
import type { NodeId } from '../../core/node-id.ts';
import type { Terms } from '../../core/terms/terms.ts';
import { BYTES_PER_MB, type PricePerMb, type Units } from '../../core/units.ts';
import type { MassEnd } from './mass-end.ts';
import { COST_PERCENT, massCredit, massRiskAt, massTerms } from './mass-money.ts';

/** A node's place, what it asks, and whether it pays. */
export interface MassNodeOptions {
  readonly index: number;
  /** Of the whole world: a link is a row, whoever's it is (DESIGN §2). */
  readonly ledger: Ledger;
  readonly askPerMb: PricePerMb;
  readonly freeRider: boolean;
}

/** One node: a ledger, the ends of its links, and what its neighbours have earned with it. */
export class MassNode {
  readonly name: string;
  readonly id: NodeId;
  readonly chequebook: NodeId;
  readonly ledger: Ledger;
  readonly askPerMb: PricePerMb;
  readonly riskAt: Units;
  readonly freeRider: boolean;
  readonly ends: MassEnd[] = [];
  readonly #credit = new CreditBook({ newcomersPerDay: 0, hasUplink: true });
  readonly #rules: CreditRules;
  readonly #costPerMb: PricePerMb;
  /** Of what each was given, so much is counted as cost. Bytes. */
  readonly #counted: number[] = [];

  constructor({ askPerMb, freeRider, index, ledger }: MassNodeOptions) {
    this.name = `n${index}`;
    this.id = addressOf(1, index);
    this.chequebook = addressOf(2, index);
    this.ledger = ledger;
    this.askPerMb = askPerMb;
    this.freeRider = freeRider;
    this.riskAt = massRiskAt(askPerMb);
    this.#rules = massCredit(askPerMb);
    this.#costPerMb = Math.floor((askPerMb * COST_PERCENT) / 100);
  }

  termsFor(earned: Units, epoch: number): Terms {
    return massTerms(this.chequebook, this.askPerMb, { epoch, earned });
  }

  /** Credit that grows: looks at the income kept from everybody (DESIGN §3). */
  renew(nowMs: number, day: number): void {
    const entries: CreditEntry[] = [];
    for (const [at, end] of this.ends.entries()) {
      this.#count(end, at);
      entries.push({ id: end.account.neighbour, facts: factsOf(end), rules: this.#rules });
    }
    for (const { id, earned } of this.#credit.renew(entries, { nowMs, day })) {
      this.ends.find((end) => end.account.neighbour === id)?.offer(earned);
    }
  }

  #count(end: MassEnd, at: number): void {
    const given = end.account.service('transit').providedBytes;
    const before = this.#counted[at] ?? 0;
    if (given === before) return;
    this.#counted[at] = given;
    const cost = Math.ceil(((given - before) * this.#costPerMb) / BYTES_PER_MB);
    this.#credit.spent(end.account.neighbour, { cost });
  }
}

function factsOf({ account, purse }: MassEnd): CreditFacts {
  const { ledger, row } = account;
  const paid = ledger.get(row, Column.paid) + ledger.get(row, Column.pending);
  return {
    final: purse.cashedUnits,
    paidOut: paid + ledger.unpaidDebt(row),
    writtenOff: Math.max(0, -ledger.get(row, Column.providedCorrection)),
  };
}

/** An address that nobody has a key to: these nodes sign nothing. */
function addressOf(kind: number, index: number): NodeId {
  return `0x${kind}${index.toString(16).padStart(39, '0')}`;
}
