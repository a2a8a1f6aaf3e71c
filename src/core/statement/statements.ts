import type { ErrorCode } from '../errors.ts';
import { Column } from '../ledger/columns.ts';
import { arrivedHalf, cutTotals, sentHalf } from '../ledger/cut.ts';
import type { LinkAccount } from '../ledger/link-account.ts';
import type { Reconciled } from '../ledger/reconcile.ts';
import type { NodeId } from '../node-id.ts';
import { SERVICES } from '../service.ts';
import type { CountsMessage, MarkMessage, PerService, StatementMessage } from '../session/message.ts';
import { news, type SessionEffect, type SessionEvent } from '../session/session-effect.ts';
import { RepricedAllowance } from '../terms/repriced-allowance.ts';
import { admittedBy, type SignedStatement, type Statement, successionOf } from './statement.ts';
import { type Cut, StatementCuts } from './statement-cuts.ts';
import { type FoundGap, GapBook } from './statement-gaps.ts';
import { FLOOD_WINDOW_MS, LATE_AGAIN_MS, LATE_MS, STATEMENT_RULES as RULES } from './statement-rules.ts';

/** What statements with one neighbour start from. */
export interface StatementsOptions {
  readonly me: NodeId;
  readonly chainId: number;
  /** How often this node makes one while something is charged, ms. */
  readonly intervalMs: number;
  /** The last one of mine, and of theirs, as the store remembers them. */
  readonly mine?: Statement | undefined;
  readonly theirs?: Statement | undefined;
}

/** Where a step's consequences go. */
export interface Step {
  readonly nowMs: number;
  readonly effects: SessionEffect[];
  /** A fault of the neighbour. */
  readonly fault: (code: ErrorCode) => void;
}

type Checked = SessionEvent & { kind: 'statementChecked' };
type StatementEvent = Extract<SessionEvent, { kind: 'quiet' | 'finish' | 'statementKept' | 'statementChecked' }>;

/**
 * Statements with one neighbour (DESIGN §3): when one is due, what it says, and what is made of the neighbour's. Pure,
 * like the session it belongs to. `core/statement/statement.ts` says why equality can be demanded to the unit.
 */
export class Statements {
  readonly #account: LinkAccount;
  readonly #options: StatementsOptions;
  readonly #storeEpoch: number;
  readonly #gaps: GapBook;
  readonly #repriced: RepricedAllowance;
  #sequence: number;
  #mine: Statement | undefined;
  #theirs: Statement | undefined;
  #agreed = 0;
  /** Of this connection: both ends' marks, whether books were compared, and the neighbour's store epoch. */
  readonly #cuts = new StatementCuts();
  #open = false;
  #theirEpoch = 0;
  #wantedMs: number | undefined;
  #toldEpoch = 0;
  #nextMs = 0;
  #statedMoves = 0;
  #waitingSinceMs: number | undefined;
  #window = { startMs: Number.NEGATIVE_INFINITY, count: 0 };

  constructor(account: LinkAccount, storeEpoch: number, options: StatementsOptions) {
    this.#account = account;
    this.#options = options;
    this.#storeEpoch = storeEpoch;
    this.#mine = options.mine;
    this.#theirs = options.theirs;
    this.#sequence = options.mine?.sequence ?? 0;
    this.#agreed = options.theirs?.sequence ?? 0;
    this.#repriced = new RepricedAllowance(account);
    this.#gaps = new GapBook(this.#repriced);
    if (options.theirs !== undefined) account.counts.admit(admittedBy(options.theirs));
  }

  /** My books are a copy that was put back, and nothing was stated since. */
  get restored(): boolean {
    return this.#storeEpoch > (this.#mine?.storeEpoch ?? 1);
  }

  /** A mark is to be set as soon as nothing waits to leave. */
  get wanted(): boolean {
    return this.#wantedMs !== undefined;
  }

  /** From when on a tick is needed: always while one is wanted or waited for, else when the next one is due, if anything moved. */
  get dueMs(): number {
    const waits = this.#wantedMs !== undefined || this.#waitingSinceMs !== undefined || this.#account.settling;
    if (waits) return Number.NEGATIVE_INFINITY;
    return this.#moves() === this.#statedMoves ? Number.POSITIVE_INFINITY : this.#nextMs;
  }

  /** A statement is under way: its mark is wanted, or awaits the neighbour's, or theirs of the same cut has not come. */
  get underWay(): boolean {
    return this.wanted || this.#cuts.underWay(this.#theirs?.sequence ?? 0);
  }

  /** Numbers of the last statements of mine, of theirs, and of theirs that my books agreed with; gaps still open. */
  get view(): { mine: number; theirs: number; agreed: number; gapUnits: number; disputed: boolean } {
    const { open, strikes } = this.#gaps;
    return {
      mine: this.#sequence,
      theirs: this.#theirs?.sequence ?? 0,
      agreed: this.#agreed,
      gapUnits: open,
      disputed: strikes > 0,
    };
  }

  /** All that decides its next steps, beside the account; as in `Session.standing`. */
  standing(nowMs: number): readonly (number | boolean)[] {
    const { mine, theirs, gapUnits, disputed } = this.view;
    const dueInMs = Math.max(0, this.#nextMs - nowMs);
    const wantedForMs = this.#wantedMs === undefined ? -1 : nowMs - this.#wantedMs;
    const waitedMs = this.#waitingSinceMs === undefined ? -1 : nowMs - this.#waitingSinceMs;
    return [mine, theirs, gapUnits, disputed, this.#cuts.lastMet, dueInMs, wantedForMs, waitedMs];
  }

  /** Both ends' books were just compared, and `moved` so much: the connection's first cut, from which both go on alike. */
  opened(counts: CountsMessage, moved: Reconciled, step: Step): void {
    const { inflated } = moved;
    this.#open = true;
    this.#cuts.opened();
    this.#theirEpoch = counts.storeEpoch;
    this.#statedMoves = this.#moves();
    this.#waitingSinceMs = undefined;
    this.#nextMs = step.nowMs + this.#options.intervalMs;
    const iWasRestored = this.restored;
    const theyWere = this.#theirs !== undefined && counts.storeEpoch > this.#theirs.storeEpoch;
    this.#gaps.opened(inflated || iWasRestored || theyWere);
    if (inflated && !iWasRestored) this.#strike('COUNTS_INFLATED', step);
    if (theyWere && this.#toldEpoch < counts.storeEpoch) {
      this.#toldEpoch = counts.storeEpoch;
      step.effects.push(news('restored', { storeEpoch: counts.storeEpoch }));
    }
    this.#remindOfPayments(moved, step);
    const denied = this.#theirs !== undefined && lower(counts.consumed, admittedBy(this.#theirs));
    if (denied && !theyWere) this.#strike('STATEMENT_DENIED', step);
  }

  /** Whoever lost its books forgot what it was paid. Told until it states by its new books. */
  #remindOfPayments({ consumed, provided }: Reconciled, { effects }: Step): void {
    const units = provided - consumed;
    if (this.restored && units > 0) effects.push({ kind: 'forgot', units });
    if (this.#theirEpoch > (this.#theirs?.storeEpoch ?? 1)) effects.push({ kind: 'restatePayments' });
  }

  /** What whoever runs the session reports of statements. `up`: the connection they speak of is there. */
  on(event: StatementEvent, up: boolean, step: Step): void {
    if (event.kind === 'statementChecked') return this.#checked(event, step);
    if (!up) return;
    if (event.kind === 'quiet') this.#quiet(step);
    else if (event.kind === 'finish') this.#finish(step);
    else this.#kept(event.statement, step.effects);
  }

  closed(): void {
    this.#wantedMs = undefined;
    this.#cuts.closed();
    this.#account.settling = false;
  }

  /** Terms of either side changed. */
  repriced(): void {
    this.#repriced.look();
  }

  /** The connection is about to be ended in order: one last statement, if there is anything new to state. */
  #finish(step: Step): void {
    if (!this.#open || this.#moves() === this.#statedMoves) return;
    this.#wantedMs ??= step.nowMs;
    this.#account.settling = true;
  }

  tick(step: Step): void {
    const { nowMs } = step;
    if (this.#wantedMs === undefined) {
      if (nowMs >= this.#nextMs && this.#moves() !== this.#statedMoves) this.#wantedMs = nowMs;
    } else if (nowMs - this.#wantedMs > RULES.giveUpMs) {
      this.#settled(step);
    } else if (nowMs - this.#wantedMs > RULES.patienceMs) {
      this.#account.settling = true;
    }
    this.#lookLate(step);
  }

  #settled({ nowMs, effects }: Step): void {
    this.#wantedMs = undefined;
    this.#nextMs = nowMs + this.#options.intervalMs;
    if (!this.#account.settling) return;
    this.#account.settling = false;
    effects.push({ kind: 'changed' });
  }

  /** I set marks, and the neighbour states nothing. */
  #lookLate({ nowMs, fault }: Step): void {
    if (this.#waitingSinceMs === undefined || nowMs - this.#waitingSinceMs <= LATE_MS) return;
    this.#waitingSinceMs += LATE_AGAIN_MS;
    fault('STATEMENT_LATE');
  }

  /**
   * Nothing waits to leave: sets a mark now. It makes a cut with the neighbour's mark that it answers, or with the one
   * that will answer it; both ends then state the same cut.
   */
  #quiet(step: Step): void {
    if (this.#wantedMs === undefined || !this.#open) return;
    this.#sequence += 1;
    const cut = this.#cuts.set({ sequence: this.#sequence, half: sentHalf(this.#account), paid: 0 });
    this.#waitingSinceMs ??= step.nowMs;
    this.#statedMoves = this.#moves();
    const answers = cut?.theirs.sequence ?? 0;
    step.effects.push({ kind: 'send', message: { kind: 'mark', sequence: this.#sequence, answers } });
    if (cut !== undefined) this.#state(cut, step);
    this.#settled(step);
  }

  #state(cut: Cut, { effects }: Step): void {
    effects.push({ kind: 'keepStatement', statement: this.#statement(cut) });
  }

  #statement({ mine, theirs }: Cut): Statement {
    const { ledger, row, neighbour } = this.#account;
    const totals = cutTotals(mine.half, theirs.half);
    const three = (offset: number): PerService => [
      ledger.get(row, offset),
      ledger.get(row, offset + 1),
      ledger.get(row, offset + 2),
    ];
    const providedCorrection = three(Column.providedCorrection);
    const consumedCorrection = three(Column.consumedCorrection);
    return {
      chainId: this.#options.chainId,
      from: this.#options.me,
      to: neighbour,
      storeEpoch: this.#storeEpoch,
      sequence: mine.sequence,
      answers: theirs.sequence,
      provided: minus(totals.provided, providedCorrection),
      consumed: minus(totals.consumed, consumedCorrection),
      providedCorrection,
      consumedCorrection,
      providedBytes: totals.providedBytes,
      consumedBytes: totals.consumedBytes,
      paid: ledger.get(row, Column.paid),
      received: ledger.get(row, Column.received),
      packetsSent: 0,
      packetsReceived: 0,
    };
  }

  /** My statement is signed and durable. It goes out unless the connection it speaks of is gone. */
  #kept(statement: SignedStatement, effects: SessionEffect[]): void {
    this.#mine = statement;
    if (!this.#cuts.isMine(statement.sequence)) return;
    effects.push({ kind: 'send', message: { kind: 'statement', statement } });
  }

  /** A mark or a statement of the neighbour came in. */
  came(message: MarkMessage | StatementMessage, step: Step): void {
    if (this.#floods(step)) return;
    if (message.kind === 'mark') this.#marked(message, step);
    // Its signature is looked at before anything else.
    else step.effects.push({ kind: 'checkStatement', statement: message.statement });
  }

  /** Everything that the neighbour charged at sending before its mark has arrived. It awaits mine, or answers mine. */
  #marked({ sequence, answers }: MarkMessage, step: Step): void {
    if (sequence <= this.#cuts.lastMet) return step.fault('STATEMENT_STALE');
    const { ledger, row } = this.#account;
    const mark = { sequence, half: arrivedHalf(this.#account), paid: ledger.get(row, Column.paid) };
    const cut = this.#cuts.met(mark, answers);
    if (cut !== undefined) this.#state(cut, step);
    else if (answers === 0) this.#wantedMs ??= step.nowMs;
  }

  #floods({ nowMs, fault }: Step): boolean {
    if (nowMs - this.#window.startMs >= FLOOD_WINDOW_MS) this.#window = { startMs: nowMs, count: 0 };
    this.#window.count += 1;
    if (this.#window.count <= RULES.perWindow) return false;
    fault('STATEMENT_FLOOD');
    return true;
  }

  #checked({ statement, genuine }: Checked, step: Step): void {
    const { me, chainId } = this.#options;
    const ours = statement.from === this.#account.neighbour && statement.to === me && statement.chainId === chainId;
    if (!ours || statement.storeEpoch !== this.#theirEpoch) return step.fault('STATEMENT_INVALID');
    if (!genuine) return step.fault('STATEMENT_FORGED');
    const succession = successionOf(this.#theirs, statement);
    if (succession === 'repeats') return;
    if (succession === 'stale') return step.fault('STATEMENT_STALE');
    if (succession === 'contradicts') {
      step.effects.push({ kind: 'rememberStatement', party: 'disputed', statement });
      return this.#strike('STATEMENT_CONTRADICTS', step);
    }
    this.#judge(statement, step);
  }

  #judge(statement: SignedStatement, step: Step): void {
    const cut = this.#cuts.find(statement.sequence, statement.answers);
    if (cut === undefined) return step.fault('STATEMENT_STALE');
    const { ledger, row } = this.#account;
    const found = this.#gaps.compare(statement, {
      totals: cutTotals(cut.mine.half, cut.theirs.half),
      paid: cut.theirs.paid,
      received: ledger.get(row, Column.received),
      slack: this.#roundingUnits(),
    });
    this.#theirs = statement;
    this.#waitingSinceMs = undefined;
    this.#account.counts.admit(admittedBy(statement));
    step.effects.push({ kind: 'rememberStatement', party: 'theirs', statement });
    if (found.length > 0) return this.#diverged(found, statement, step);
    if (this.#gaps.open === 0) this.#agreed = statement.sequence;
  }

  #diverged(found: readonly FoundGap[], statement: SignedStatement, step: Step): void {
    step.effects.push({ kind: 'rememberStatement', party: 'disputed', statement });
    for (const gap of found) {
      step.effects.push(news('divergence', { ...gap, from: this.#agreed, to: statement.sequence }));
    }
    this.#strike(CODES[found[0]?.side ?? 'payments'], step);
  }

  /** One more wrong thing it signed or claimed. Nothing that happens to honest books comes three times. */
  #strike(code: ErrorCode, step: Step): void {
    this.#gaps.strikes += 1;
    step.fault(code);
    if (this.#gaps.strikes >= RULES.strikesToCut) step.fault('STATEMENT_REPEATED');
  }

  /** Two ends may round a payment apart by what one wei is worth, where a unit is worth less than one. */
  #roundingUnits(): number {
    const { mine, theirs } = this.#account;
    const worth = [mine.acknowledged?.ratio, theirs.newest?.ratio].map((ratio) =>
      ratio === undefined ? 0 : Number(ratio.denominator / ratio.numerator),
    );
    return 2 * Math.max(...worth);
  }

  /** Grows with everything that is charged or carried, and with nothing else. */
  #moves(): number {
    const { ledger, row } = this.#account;
    let sum = ledger.get(row, Column.paid) + ledger.get(row, Column.received);
    for (const [s, name] of SERVICES.entries()) {
      const service = this.#account.service(name);
      sum += service.providedBytes + service.consumedBytes;
      sum += ledger.get(row, Column.provided + s) + ledger.get(row, Column.consumed + s);
    }
    return sum;
  }
}

const CODES = {
  provided: 'STATEMENT_UNDERCOUNTS',
  consumed: 'STATEMENT_OVERCOUNTS',
  payments: 'STATEMENT_PAYMENTS',
} as const satisfies Record<FoundGap['side'], ErrorCode>;

function lower(claimed: PerService, admitted: PerService): boolean {
  return admitted.some((units, s) => (claimed[s] as number) < units);
}

function minus(a: PerService, b: PerService): PerService {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}
