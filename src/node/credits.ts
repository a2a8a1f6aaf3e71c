import type { Clock } from '../core/clock.ts';
import { CreditBook, type CreditChange, type CreditFacts, type CreditRules } from '../core/credit/credit.ts';
import { codeOf, type ErrorCode } from '../core/errors.ts';
import { Column } from '../core/ledger/columns.ts';
import type { NodeId } from '../core/node-id.ts';
import { gasWorth } from '../core/settlement/gas-worth.ts';
import { BYTES_PER_MB, type PricePerMb, type Units } from '../core/units.ts';
import type { ReceivedChequeRecord, Store, StoredState, StoreRecord } from '../store/store.ts';
import type { NodeConfig } from './config.ts';
import type { Known, Neighbours } from './neighbours.ts';
import type { CreditStatus, EventKind } from './node.ts';
import { creditFor, isCreditFixed } from './offer.ts';
import { PaymentHistories } from './payment-histories.ts';
import { uncashedByNeighbour } from './uncashed-by-neighbour.ts';

export interface CreditsOptions {
  readonly config: NodeConfig;
  readonly clock: Clock;
  readonly store: Store;
  readonly stored: StoredState;
  /** Read late: the neighbours are made with what this says of them. */
  readonly neighbours: () => Neighbours | undefined;
  readonly received: () => readonly ReceivedChequeRecord[];
  /** Value of its packets that went on to others. */
  readonly passedOn: (neighbour: NodeId) => Units;
  /** What access costs now, at the least. */
  readonly costPerMb: () => PricePerMb | undefined;
  readonly emit: (kind: 'credit' | 'fault', facts: Record<string, string | number | undefined>) => void;
}

const DAY_MS = 86_400_000;
/** Income moves with payments, which are seconds apart; looking more often would find nothing new. */
const LOOK_MS = 1_000;
/** What service cost is written this often: what a crash forgets of it is small, and no money of others. */
const WRITE_MS = 10_000;

/** Faults after which nothing is sold to a neighbour any more. */
const BARRING: ReadonlySet<string> = new Set<ErrorCode>([
  'CHEQUE_BOUNCED',
  'CHEQUE_FORGED',
  'STATEMENT_CONTRADICTS',
  'STATEMENT_REPEATED',
]);

/** How far what a neighbour was given has been counted as cost. */
interface Counted {
  bytes: number;
  units: Units;
  /** Millionths of a unit. */
  remainder: bigint;
}

/** Puts `core/credit/credit.ts` to work: the facts from the books, what a neighbour's service cost, and what must be remembered. */
export class Credits {
  readonly #options: CreditsOptions;
  readonly #book: CreditBook;
  readonly #counted = new Map<NodeId, Counted>();
  readonly #dirty = new Set<NodeId>();
  /** How each has paid; and of whom that is not written yet. */
  readonly #payers: PaymentHistories;
  readonly #unwritten = new Set<NodeId>();
  /** Newcomers that are here, and came when there was no place left. */
  readonly #turnedAway = new Set<NodeId>();
  #lookedMs = Number.NEGATIVE_INFINITY;
  #writtenMs = Number.NEGATIVE_INFINITY;

  constructor(options: CreditsOptions) {
    const { config, stored } = options;
    this.#options = options;
    this.#book = new CreditBook({ newcomersPerDay: config.credit.newcomersPerDay, hasUplink: config.transit.uplink });
    this.#payers = new PaymentHistories(options.clock, stored.notes);
    for (const record of stored.credits) this.#book.restore(record.neighbour, record);
    // Who was a neighbour before places were counted is no newcomer.
    for (const { neighbour } of stored.links) this.#book.places.welcome(neighbour);
  }

  get #enforced(): boolean {
    return this.#options.config.mode === 'enforce';
  }

  /** Credit beyond a newcomer's. */
  earned(id: NodeId): Units {
    return this.#enforced ? this.#book.earned(id) : 0;
  }

  /** Nothing is offered to it: conduct ended its credit, or today's places for newcomers are taken. */
  refuses(id: NodeId): boolean {
    return this.#enforced && (this.#book.barred(id) || !this.#book.places.has(id));
  }

  /** A neighbour comes; call before it is offered anything. */
  came(id: NodeId, listed: boolean): void {
    const { places } = this.#book;
    if (places.has(id)) return;
    if (listed) places.welcome(id);
    else if (!places.take(id, this.#day())) {
      this.#turnedAway.add(id);
      return this.#tell(id, 0, 'newcomers');
    }
    void this.#write([id]);
  }

  /** Something happened with a neighbour that its credit may depend on. */
  heard(kind: EventKind, id: NodeId, facts: Readonly<Record<string, unknown>>): void {
    const known = this.#options.neighbours()?.known(id);
    if (known === undefined) return;
    const worth = this.#payers.heard(kind, known, String(facts['code']));
    if (worth !== 'nothing') this.#unwritten.add(id);
    if (worth === 'now') void this.#write([id]);
    if (kind === 'linkDown') this.#went(known);
    if (kind === 'cashed') this.#cashed(id, BigInt(String(facts['gasWei'])));
    if (!this.#enforced) return;
    if (kind === 'restored') this.#changed(this.#book.forfeit(id, this.#facts(known, this.#uncashed())));
    const bars = kind === 'verdict' && BARRING.has(String(facts['code']));
    if (bars && !this.#book.barred(id)) this.#changed(this.#book.bar(id));
  }

  /** A newcomer that used nothing gives its place back. */
  #went({ neighbour: { account, id } }: Known): void {
    this.#turnedAway.delete(id);
    const given = [0, 1, 2].reduce((sum, s) => sum + account.ledger.get(account.row, Column.provided + s), 0);
    if (given > 0 || !this.#book.places.isNew(id)) return;
    this.#book.places.free(id, false);
    void this.#write([id]);
  }

  /** The gas of cashing its cheque is part of what its income cost. */
  #cashed(id: NodeId, gasWei: bigint): void {
    const { perCoin, weiPerUnit } = this.#options.config.settlement;
    this.#book.spent(id, { gas: Number((gasWorth(gasWei, perCoin) + weiPerUnit - 1n) / weiPerUnit) });
    this.#dirty.add(id);
  }

  /** Looks at everybody's income; at most once a second. */
  renew(): void {
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - this.#lookedMs < LOOK_MS) return;
    this.#lookedMs = nowMs;
    const all = this.#options.neighbours()?.all() ?? [];
    for (const known of all) this.#count(known);
    if (this.#enforced) this.#renew(all, nowMs);
    if (nowMs - this.#writtenMs < WRITE_MS) return;
    this.#writtenMs = nowMs;
    void this.#write([...this.#dirty, ...this.#unwritten]);
  }

  #renew(all: readonly Known[], nowMs: number): void {
    const uncashed = this.#uncashed();
    const entries = all.map((known) => {
      return { id: known.neighbour.id, facts: this.#facts(known, uncashed), rules: this.#rules(known) };
    });
    for (const { id, facts, rules } of entries) {
      if (this.#book.places.isNew(id) && rules.newcomer > 0 && facts.final >= rules.newcomer) {
        this.#book.places.free(id, true);
        this.#dirty.add(id);
      }
    }
    for (const change of this.#book.renew(entries, { nowMs, day: this.#day() })) this.#changed(change);
  }

  #changed({ id, earned, why }: CreditChange): void {
    this.#tell(id, earned, why);
    void this.#write([id]);
  }

  #tell(id: NodeId, earned: Units, why: string): void {
    this.#options.emit('credit', { neighbour: id, earned, why });
  }

  /** Adds what it cost to give this neighbour what it was given since the last look. */
  #count({ neighbour: { account, id } }: Known): void {
    const transit = account.service('transit');
    const now = { bytes: transit.providedBytes, units: account.net('provided', 0) };
    const before = this.#counted.get(id);
    this.#counted.set(id, { ...now, remainder: before?.remainder ?? 0n });
    const costPerMb = this.#options.costPerMb();
    if (before === undefined || costPerMb === undefined || now.bytes <= before.bytes) return;
    const asked = account.mine.newest;
    const ask = asked?.services.transit.askPerMb ?? 0;
    const bySeconds = asked?.metering === 'time' && ask > 0;
    const exact = bySeconds
      ? (BigInt(Math.max(0, now.units - before.units)) * BigInt(costPerMb) * BigInt(BYTES_PER_MB)) / BigInt(ask)
      : BigInt(now.bytes - before.bytes) * BigInt(costPerMb);
    const sum = before.remainder + exact;
    this.#counted.set(id, { ...now, remainder: sum % BigInt(BYTES_PER_MB) });
    this.#book.spent(id, { cost: Number(sum / BigInt(BYTES_PER_MB)) });
    this.#dirty.add(id);
  }

  #facts({ neighbour: { account, id } }: Known, uncashed: ReadonlyMap<NodeId, Units>): CreditFacts {
    const { ledger, row } = account;
    const paid = ledger.get(row, Column.paid) + ledger.get(row, Column.pending);
    let corrected = 0;
    for (const s of [0, 1, 2]) corrected += ledger.get(row, Column.providedCorrection + s);
    return {
      final: Math.max(0, ledger.get(row, Column.received) - (uncashed.get(id) ?? 0)),
      paidOut: paid + ledger.unpaidDebt(row),
      writtenOff: Math.max(0, -corrected),
      passedOn: this.#options.passedOn(id),
    };
  }

  #rules({ config: listed, neighbour: { account } }: Known): CreditRules {
    const { config } = this.#options;
    const askPerMb = account.mine.newest?.services.transit.askPerMb ?? 0;
    const fixed = isCreditFixed(config, listed);
    return {
      newcomer: creditFor(config, listed, { askPerMb }).dropAt,
      sharePercent: config.credit.earnPercent,
      growPerDay: Math.floor(config.credit.growMbPerDay * askPerMb),
      most: fixed ? 0 : Math.floor(config.credit.maxEarnedMb * askPerMb),
    };
  }

  #uncashed(): ReadonlyMap<NodeId, Units> {
    return uncashedByNeighbour(this.#options.received(), this.#options.config.settlement.weiPerUnit);
  }

  #day(): number {
    return Math.floor(this.#options.clock.wallMs() / DAY_MS);
  }

  /** What the faces show of one neighbour's credit. */
  status(known: Known): CreditStatus {
    const { id } = known.neighbour;
    const rules = this.#rules(known);
    const earned = this.earned(id);
    const facts = this.#facts(known, this.#uncashed());
    const kept = this.#book.kept(id, facts);
    const history = { honoured: facts.final, kept, ...this.#payers.view(id) };
    return { newcomer: rules.newcomer, earned, kept, why: this.#why(id, known, earned), history };
  }

  #why(id: NodeId, known: Known, earned: Units): CreditStatus['why'] {
    if (!this.#enforced) return 'observing';
    if (this.#book.barred(id)) return 'barred';
    if (this.#turnedAway.has(id)) return 'newcomers';
    if (isCreditFixed(this.#options.config, known.config)) return 'fixed';
    return earned > 0 ? 'earned' : 'newcomer';
  }

  async #write(ids: readonly NodeId[]): Promise<void> {
    if (ids.length === 0) return;
    const { clock, emit, store } = this.#options;
    const histories = ids.filter((id) => this.#unwritten.delete(id));
    const credits = [...new Set(ids)].map((neighbour) => {
      const state = this.#book.stateOf(neighbour);
      return { kind: 'credit' as const, neighbour, ...state, updatedMs: clock.wallMs() };
    });
    const records: StoreRecord[] = [...credits, ...histories.map((id) => this.#payers.record(id))];
    for (const id of ids) this.#dirty.delete(id);
    try {
      await store.commit(records);
    } catch (error) {
      for (const id of ids) this.#dirty.add(id);
      for (const id of histories) this.#unwritten.add(id);
      emit('fault', { code: codeOf(error) ?? 'STORE_FAILED', what: String(error) });
    }
  }

  /** Writes what is not written yet. */
  async stop(): Promise<void> {
    await this.#write([...this.#dirty, ...this.#unwritten]);
  }
}
