import type { CashReceipt, Chain, ChequebookFacts } from '../chain/chain.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { codeOf } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { type CashReason, MAX_BATCH_CHEQUES } from '../core/settlement/cashier.ts';
import type { Units } from '../core/units.ts';
import type { CashingRecord, NoteRecord, ReceivedChequeRecord, Store, StoreRecord } from '../store/store.ts';
import { CashJudge, type CashPlanEntry } from './cash-judge.ts';
import { type CashedCheque, type CashResult, cashedCheque } from './cashed-cheque.ts';
import type { ChequeDesk } from './cheque-desk.ts';
import { ChequebookWatch } from './chequebook-watch.ts';
import { GasCost } from './gas-cost.ts';
import { OpenCashings, transactionOf } from './open-cashings.ts';
import { PayoutWatch } from './payout-watch.ts';
import { type DecidedBounce, YoungBounces } from './young-bounces.ts';

export interface CashierOptions {
  readonly chain: Chain;
  readonly clock: Clock;
  readonly store: Store;
  readonly desk: ChequeDesk;
  readonly riskAt: (neighbour: NodeId) => Units;
  /** Wei per unit, to weigh gas against value. */
  readonly weiPerUnit: bigint;
  /** What gas is weighed at (`core/settlement/gas-worth.ts`); the coin itself unless given. */
  readonly perCoin?: bigint;
  readonly everyMs?: number;
  readonly cashings: readonly CashingRecord[];
  readonly notes?: readonly NoteRecord[];
  /** A payment of mine waits until this neighbour's money is final. */
  readonly waitedFor: (neighbour: NodeId) => boolean;
  /** Makes records durable together with the neighbour's account, which may hold a cheque that is newer than they say. */
  readonly keep: (neighbour: NodeId, records: readonly StoreRecord[]) => Promise<void>;
  /** Payments from this chequebook became final. */
  readonly cleared: (chequebook: NodeId) => void;
  /** Blocks, its own included, until a bounce is held against its issuer for good; 1 unless given. */
  readonly confirmations?: number;
  /** Time between two blocks; 15 s unless given. */
  readonly blockMs?: number;
  /** A cheque bounced, for good. Told before that is durable, and again where it cannot be written. */
  readonly bounced: (chequebook: NodeId) => void;
  /** `doubts` says something else of this chequebook. */
  readonly doubted?: (chequebook: NodeId) => void;
  /** Told of every look at a chequebook. */
  readonly looked?: (chequebook: NodeId, facts: ChequebookFacts) => void;
  readonly emit: (kind: 'cashing' | 'cashed' | 'bounced' | 'fault', facts: Record<string, string | number>) => void;
}

/** What the cashier would do now, and what it would bring. */
export interface CashPlan {
  readonly gasPriceWei: bigint;
  readonly entries: readonly CashPlanEntry[];
}

/** Looked at this often; the decision itself costs nothing. */
const LOOK_MS = 1_000;
const BLOCK_MS = 15_000;

/** Cashes what neighbours paid, when `core/settlement/cashier.ts` says so: all that is ready in one transaction, one at a time. */
export class CashierDesk {
  readonly #options: CashierOptions;
  #timer: Timer | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #busy = false;
  #stopped = false;

  readonly #gas: GasCost;
  readonly #judge: CashJudge;
  readonly #open: OpenCashings;
  readonly #payouts: PayoutWatch;
  readonly #watch: ChequebookWatch;
  readonly #young: YoungBounces;

  constructor(options: CashierOptions) {
    this.#options = options;
    this.#gas = new GasCost(options);
    this.#open = new OpenCashings(options);
    this.#payouts = new PayoutWatch(options);
    this.#watch = new ChequebookWatch({ ...options, me: options.desk.me });
    const { blockMs = BLOCK_MS, confirmations = 1, notes = [] } = options;
    this.#young = new YoungBounces({ ...options, blockMs, confirmations, notes, me: options.desk.me });
    this.#judge = new CashJudge({
      ...options,
      notes,
      watch: this.#watch,
      gas: this.#gas,
      underWay: (chequebook) => this.#open.underWay(chequebook),
    });
  }

  /** Chequebooks that bounced where another branch of the chain may win: nothing is to be served on them until that is known. */
  get doubted(): readonly NodeId[] {
    return this.#young.all();
  }

  doubts(chequebook: NodeId): boolean {
    return this.#young.has(chequebook);
  }

  /** Looks up what was under way when the node last stopped, then watches. */
  start(): void {
    for (const chequebook of this.#young.all()) this.#options.doubted?.(chequebook);
    this.#payouts.resume(this.#options.cashings);
    const looking = this.#open.look();
    if (looking !== undefined) this.#running = this.#close(looking);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = this.#options.clock.after(LOOK_MS, () => {
      if (!this.#busy) void this.#pass(false);
      this.#schedule();
    });
  }

  /** Cashes everything now. What became of each cheque that owed something. */
  cashAll(): Promise<readonly CashedCheque[]> {
    return this.#pass(true);
  }

  /** What would be done now and what it would bring: looks at the chain, and sends nothing. */
  async plan(): Promise<CashPlan> {
    await this.#gas.look();
    await this.#watch.lookAt(this.#owing());
    const owing = this.#options.desk.received().filter(isOwed);
    return { gasPriceWei: this.#gas.priceWei, entries: owing.map((record) => this.#judge.plan(record)) };
  }

  #pass(demanded: boolean): Promise<readonly CashedCheque[]> {
    const pass = this.#running.then(() => this.#cashEach(demanded));
    this.#running = pass.catch(() => undefined);
    return pass;
  }

  async #cashEach(demanded: boolean): Promise<readonly CashedCheque[]> {
    this.#busy = true;
    try {
      await this.#look();
      const done: CashedCheque[] = [];
      const { chosen, left } = await this.#choose(demanded);
      for (let at = 0; at < chosen.length; at += MAX_BATCH_CHEQUES)
        done.push(...(await this.#cash(chosen.slice(at, at + MAX_BATCH_CHEQUES))));
      return [...done, ...left];
    } finally {
      this.#busy = false;
    }
  }

  async #look(): Promise<void> {
    const closing = this.#open.look();
    if (closing !== undefined) await this.#close(closing);
    for (const undone of await this.#payouts.due()) await this.#undone(undone.chequebook, undone.paidOutWei);
    const deciding = this.#young.look();
    if (deciding !== undefined) for (const bounce of await deciding) await this.#decided(bounce);
    const owing = this.#owing();
    const looking = this.#watch.look(owing);
    if (looking !== undefined) await looking;
    const asking = owing.length === 0 ? undefined : this.#gas.look();
    if (asking !== undefined) await asking;
  }

  #owing(): NodeId[] {
    return this.#options.desk
      .received()
      .filter(isOwed)
      .map(({ chequebook }) => chequebook);
  }

  /** What is ready, and with it what then costs little more. Where somebody asked for it, also what was left and why. */
  async #choose(demanded: boolean): Promise<{ chosen: ReceivedChequeRecord[]; left: CashedCheque[] }> {
    const chosen: ReceivedChequeRecord[] = [];
    const left: CashedCheque[] = [];
    const others: [record: ReceivedChequeRecord, why: CashReason][] = [];
    for (const record of this.#options.desk.received()) {
      const { because, cash } = this.#judge.decide(record, demanded);
      if (!cash) others.push([record, because]);
      else if (await this.#covered(record)) chosen.push(record);
      else others.push([record, 'empty']);
    }
    const anyway = chosen.length > 0;
    for (const [record, why] of others) {
      if (anyway && !this.#hasBounced(record) && this.#judge.ridesAlong(record)) chosen.push(record);
      else if (demanded && isOwed(record)) left.push(cashedCheque(record, why === 'underWay' ? why : 'left', { why }));
    }
    return { chosen, left };
  }

  #hasBounced({ bounced, chequebook }: ReceivedChequeRecord): boolean {
    return bounced || this.doubts(chequebook);
  }

  /** A chequebook that bounced is looked at before it is tried again, since each try costs gas. */
  async #covered(record: ReceivedChequeRecord): Promise<boolean> {
    if (!this.#hasBounced(record)) return true;
    const { chain, desk } = this.#options;
    const facts = await chain.chequebook(record.chequebook, desk.me).catch(() => undefined);
    if ((facts?.availableWei ?? 0n) > 0n) return true;
    this.#judge.failed(record.chequebook);
    return false;
  }

  async #cash(records: readonly ReceivedChequeRecord[]): Promise<CashedCheque[]> {
    const { chain, clock, emit, store } = this.#options;
    let sent: CashingRecord[] = [];
    const tell = async (transaction: string): Promise<void> => {
      sent = records.map((record, at) => {
        return cashing(record, at === 0 ? transaction : `${transaction}/${at}`, clock.wallMs());
      });
      await store.commit(sent);
      for (const { neighbour } of records) emit('cashing', { neighbour, transaction });
    };
    try {
      const receipts = await this.#send(chain, records, tell);
      this.#gas.saw(receipts[0]?.gasWei ?? 0n, receipts.length);
      const done: CashedCheque[] = [];
      for (const [at, record] of records.entries()) {
        const receipt = receipts[at];
        const result = sent[at] === undefined ? 'failed' : await this.#found(sent[at], receipt);
        const { gasWei, hash: transaction, paidWei = 0n } = receipt ?? {};
        const why = result === 'failed' ? 'CASHING_FAILED' : undefined;
        done.push(cashedCheque(record, result, { gasWei, paidWei, transaction, why }));
      }
      return done;
    } catch (error) {
      return await this.#failed(records, sent, error);
    }
  }

  /** One receipt for each cheque; those of a batch share the gas. */
  async #send(
    chain: Chain,
    records: readonly ReceivedChequeRecord[],
    tell: (transaction: string) => Promise<void>,
  ): Promise<CashReceipt[]> {
    const cheques = records.map((record) => this.#options.desk.cashable(record));
    const [first] = cheques;
    if (first !== undefined && cheques.length === 1) return [await chain.cash(first, tell)];
    const { gasWei, hash, paid } = await chain.cashMany(cheques, tell);
    const share = gasWei / BigInt(paid.length);
    return paid.map((one, at) => {
      return { hash, ...one, gasWei: at === 0 ? gasWei - share * BigInt(paid.length - 1) : share };
    });
  }

  async #failed(
    records: readonly ReceivedChequeRecord[],
    sent: readonly CashingRecord[],
    error: unknown,
  ): Promise<CashedCheque[]> {
    const { emit } = this.#options;
    const code = codeOf(error) ?? 'CASHING_FAILED';
    const pending = code === 'TRANSACTION_PENDING';
    if (pending) for (const record of sent) this.#open.add(record);
    for (const { chequebook, neighbour } of records) {
      if (!pending) this.#judge.failed(chequebook);
      emit('fault', { neighbour, code, what: String(error) });
      if (code === 'TRANSACTION_REVERTED') await this.#compare(chequebook);
    }
    const transaction = sent[0] && transactionOf(sent[0]);
    return records.map((each) => cashedCheque(each, pending ? 'underWay' : 'failed', { transaction, why: code }));
  }

  /** The contract refuses what was handed in before, by whomever: also by what is on another branch of the chain now. */
  async #compare(chequebook: NodeId): Promise<void> {
    const { cleared, desk } = this.#options;
    const paidOutWei = await this.#payouts.paidOut(chequebook);
    const known = desk.receivedOn(chequebook);
    if (paidOutWei === undefined || known === undefined || paidOutWei <= known.cashedCumulative) return;
    this.#payouts.lookAgain(chequebook);
    await this.#corrected(chequebook, paidOutWei);
    if (paidOutWei >= known.cumulative) this.#judge.cashed(chequebook);
    cleared(chequebook);
  }

  async #close(looking: NonNullable<ReturnType<OpenCashings['look']>>): Promise<void> {
    for (const { record, receipt } of await looking) {
      if (receipt !== undefined) await this.#found(record, receipt);
      else await this.#lost(record);
    }
  }

  /** It never came into a block, or was refused there: the cheque is cashed once more in its turn. */
  async #lost(record: CashingRecord): Promise<void> {
    this.#judge.failed(record.chequebook);
    await this.#options.store.commit([{ ...record, status: 'failed' }]).catch(() => undefined);
  }

  /** As `#mined`; what could not be written of it is looked up again. */
  async #found(sent: CashingRecord, receipt: CashReceipt | undefined): Promise<CashResult> {
    try {
      return await this.#mined(sent, receipt);
    } catch (error) {
      this.#open.add(sent);
      this.#options.emit('fault', { code: codeOf(error) ?? 'STORE_FAILED', what: `cashing ${transactionOf(sent)}` });
      return 'underWay';
    }
  }

  async #mined(sent: CashingRecord, receipt: CashReceipt | undefined): Promise<CashResult> {
    const { chequebook, cumulative } = sent;
    const { clock, desk, doubted, emit, keep } = this.#options;
    // The contract's word: a transaction that ran where the contract did not stand, on a branch that lost, pays nothing.
    const cashedWei = await this.#payouts.paidOut(chequebook);
    const before = desk.receivedOn(chequebook);
    if (before === undefined || receipt === undefined) return 'failed';
    // Added to what was noted it could be counted twice, where it cannot be written the first time.
    if (cashedWei === undefined) {
      this.#open.add(sent);
      return 'underWay';
    }
    const { bounced, gasWei, paidWei } = receipt;
    const transaction = transactionOf(sent);
    this.#payouts.lookAgain(chequebook);
    const record = desk.cashed(chequebook, cashedWei, false);
    if (record === undefined) return 'failed';
    const { neighbour } = record;
    const told = { ...sent, paidOut: paidWei, gasWei, atMs: clock.wallMs() };
    // Who has bounced for good is not asked after again.
    const young = bounced && !record.bounced;
    if (young) {
      const note = this.#young.add(chequebook, transaction);
      doubted?.(chequebook);
      await keep(neighbour, [record, { ...told, status: 'bounced' }, note]);
    } else await keep(neighbour, [record, { ...told, status: bounced ? 'bounced' : 'mined' }]);
    emit('cashed', { neighbour, transaction, wei: String(paidWei), gasWei: String(gasWei) });
    this.#options.cleared(chequebook);
    const full = cashedWei >= cumulative;
    if (full) this.#judge.cashed(chequebook);
    else this.#judge.failed(chequebook);
    if (!young) return full ? 'cashed' : bounced ? 'bounced' : 'failed';
    const { confirmations = 1 } = this.#options;
    if (confirmations <= 1) await this.#decided({ chequebook, transaction, stands: true });
    else emit('fault', { neighbour, code: 'CHEQUE_DOUBTED', what: `bounced in ${transaction}` });
    return 'bounced';
  }

  /** A bounce stands for good, or never was: written with the account, which it closes. What cannot be written is decided again. */
  async #decided({ chequebook, stands, transaction }: DecidedBounce): Promise<void> {
    const { bounced, desk, doubted, emit, keep } = this.#options;
    const known = desk.receivedOn(chequebook);
    // In books that were put back since nobody has paid from it.
    if (known === undefined) return this.#young.forget(chequebook);
    const { cashedCumulative, cumulative, neighbour } = known;
    const news = stands && !known.bounced;
    const record = stands ? (desk.cashed(chequebook, cashedCumulative, true) ?? known) : known;
    if (news) emit('bounced', { neighbour, transaction, chequebook, missing: String(cumulative - cashedCumulative) });
    if (stands) bounced(chequebook);
    try {
      await keep(neighbour, [record, this.#young.settled(chequebook)]);
    } catch {
      return;
    }
    this.#young.forget(chequebook);
    doubted?.(chequebook);
    // On the branch that won the same transaction may have paid.
    if (!stands) await this.#compare(chequebook);
  }

  /** The chain took a payout back: the cheque is uncashed again, and cashed once more in its turn. */
  async #undone(chequebook: NodeId, paidOutWei: bigint): Promise<void> {
    const known = this.#options.desk.receivedOn(chequebook);
    if (known === undefined) return;
    const { cumulative, neighbour } = known;
    this.#options.emit('fault', { neighbour, code: 'CASHING_UNDONE', what: String(cumulative - paidOutWei) });
    await this.#corrected(chequebook, paidOutWei);
  }

  /** The contract has paid so much, and not what was noted. */
  async #corrected(chequebook: NodeId, paidOutWei: bigint): Promise<void> {
    const { desk, keep } = this.#options;
    const record = desk.cashed(chequebook, paidOutWei, false);
    if (record !== undefined) await keep(record.neighbour, [record]).catch(() => this.#payouts.lookAgain(chequebook));
  }

  /** Waits for the transaction under way, and starts no other. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }
}

function isOwed({ cashedCumulative, cumulative }: ReceivedChequeRecord): boolean {
  return cumulative > cashedCumulative;
}

function cashing(record: ReceivedChequeRecord, transaction: string, atMs: number): CashingRecord {
  const { chequebook, cumulative } = record;
  return { kind: 'cashing', transaction, chequebook, cumulative, status: 'sent', paidOut: 0n, gasWei: 0n, atMs };
}
