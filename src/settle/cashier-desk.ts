import type { CashReceipt, Chain } from '../chain/chain.ts';
import { CASH_EVERY_MS, cashNow } from '../core/cashier.ts';
import type { SignedCheque } from '../core/cheque.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { codeOf } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { Units } from '../core/units.ts';
import type { CashingRecord, ReceivedChequeRecord, Store, StoreRecord } from '../store/store.ts';
import type { ChequeDesk } from './cheque-desk.ts';
import { PayoutWatch } from './payout-watch.ts';
import { WithdrawalWatch } from './withdrawal-watch.ts';

export interface CashierOptions {
  readonly chain: Chain;
  readonly clock: Clock;
  readonly store: Store;
  readonly desk: ChequeDesk;
  readonly riskAt: (neighbour: NodeId) => Units;
  /** Wei per unit, to weigh gas against value. */
  readonly weiPerUnit: bigint;
  readonly everyMs?: number;
  readonly cashings: readonly CashingRecord[];
  /** A payment of mine waits until this neighbour's money is final. */
  readonly waitedFor: (neighbour: NodeId) => boolean;
  /** Makes records durable together with the neighbour's account, which may hold a cheque that is newer than they say. */
  readonly keep: (neighbour: NodeId, records: readonly StoreRecord[]) => Promise<void>;
  /** Payments of this neighbour became final. */
  readonly cleared: (neighbour: NodeId) => void;
  readonly bounced: (neighbour: NodeId, chequebook: NodeId) => void;
  readonly emit: (kind: 'cashing' | 'cashed' | 'bounced' | 'fault', facts: Record<string, string | number>) => void;
}

/** Looked at this often; the decision itself costs nothing. */
const LOOK_MS = 1_000;
/** Gas of one cashing before the first was seen: 100,000 gas at 1 gwei. */
const FIRST_GAS_WEI = 100_000n * 1_000_000_000n;

interface Attempt {
  since: number;
  failures: number;
  lastFailureMs: number;
}

/** Cashes what neighbours paid, when `core/cashier.ts` says so. One transaction at a time. */
export class CashierDesk {
  readonly #options: CashierOptions;
  readonly #attempts = new Map<NodeId, Attempt>();
  #timer: Timer | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #busy = false;
  #gasWei = FIRST_GAS_WEI;
  #stopped = false;

  readonly #payouts: PayoutWatch;
  readonly #withdrawals: WithdrawalWatch;

  constructor(options: CashierOptions) {
    this.#options = options;
    this.#payouts = new PayoutWatch(options);
    this.#withdrawals = new WithdrawalWatch({ ...options, me: options.desk.me });
  }

  /** Looks up what was under way when the node last stopped, then watches. */
  start(): void {
    const open = this.#options.cashings.filter(({ status }) => status === 'sent');
    this.#payouts.resume(this.#options.cashings);
    this.#running = open.length === 0 ? this.#running : this.#resume(open);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = this.#options.clock.after(LOOK_MS, () => {
      if (!this.#busy) void this.#pass(false);
      this.#schedule();
    });
  }

  async #resume(open: readonly CashingRecord[]): Promise<void> {
    for (const record of open) {
      const receipt = await this.#options.chain.outcome(record.transaction, record.chequebook).catch(() => undefined);
      if (receipt !== undefined)
        await this.#mined(record.chequebook, record.cumulative, receipt).catch(() => undefined);
    }
  }

  /** Cashes everything now. Returns how many cheques were cashed. */
  cashAll(): Promise<number> {
    return this.#pass(true);
  }

  #pass(demanded: boolean): Promise<number> {
    const pass = this.#running.then(() => this.#cashEach(demanded));
    this.#running = pass.catch(() => 0);
    return pass;
  }

  async #cashEach(demanded: boolean): Promise<number> {
    this.#busy = true;
    let cashed = 0;
    try {
      for (const undone of await this.#payouts.due()) await this.#undone(undone.chequebook, undone.paidOutWei);
      const looking = this.#withdrawals.look(this.#owing());
      if (looking !== undefined) await looking;
      for (const record of this.#options.desk.received()) {
        if (this.#decide(record, demanded) && (await this.#covered(record))) cashed += await this.#cash(record);
      }
    } finally {
      this.#busy = false;
    }
    return cashed;
  }

  #owing(): NodeId[] {
    const owing = this.#options.desk.received().filter((each) => each.cumulative > each.cashedCumulative);
    return owing.map(({ chequebook }) => chequebook);
  }

  #decide(record: ReceivedChequeRecord, demanded: boolean): boolean {
    const nowMs = this.#options.clock.wallMs();
    const attempt = this.#attemptOf(record.chequebook, nowMs);
    const uncashed = record.cumulative - record.cashedCumulative;
    const ratio = this.#options.weiPerUnit;
    return cashNow({
      uncashedUnits: Number(uncashed / ratio),
      riskAt: this.#options.riskAt(record.neighbour),
      gasCostUnits: Number(this.#gasWei / ratio),
      uncashedSinceMs: attempt.since,
      nowMs,
      everyMs: this.#options.everyMs ?? CASH_EVERY_MS,
      withdrawalAnnounced: this.#withdrawals.announced(record.chequebook),
      waitedFor: uncashed > 0n && this.#options.waitedFor(record.neighbour),
      demanded: demanded && !record.bounced,
      underWay: false,
      failures: attempt.failures,
      lastFailureMs: attempt.lastFailureMs,
    }).cash;
  }

  /** A chequebook that bounced is looked at before it is tried again, since each try costs gas. */
  async #covered(record: ReceivedChequeRecord): Promise<boolean> {
    if (!record.bounced) return true;
    const { chain, clock, desk } = this.#options;
    const facts = await chain.chequebook(record.chequebook, desk.me).catch(() => undefined);
    if ((facts?.balanceWei ?? 0n) > 0n) return true;
    this.#failed(this.#attemptOf(record.chequebook, clock.wallMs()));
    return false;
  }

  #failed(attempt: Attempt): void {
    attempt.failures += 1;
    attempt.lastFailureMs = this.#options.clock.wallMs();
  }

  #attemptOf(chequebook: NodeId, nowMs: number): Attempt {
    const found = this.#attempts.get(chequebook) ?? { since: nowMs, failures: 0, lastFailureMs: 0 };
    this.#attempts.set(chequebook, found);
    return found;
  }

  async #cash(record: ReceivedChequeRecord): Promise<number> {
    const { chain, clock, desk, emit, store } = this.#options;
    const cheque: SignedCheque = {
      chequebook: record.chequebook,
      beneficiary: desk.me,
      cumulativeWei: record.cumulative,
      signature: record.signature,
    };
    const attempt = this.#attemptOf(record.chequebook, clock.wallMs());
    try {
      const receipt = await chain.cash(cheque, async (transaction) => {
        await store.commit([cashing(record, transaction, clock.wallMs())]);
        emit('cashing', { neighbour: record.neighbour, transaction });
      });
      await this.#mined(record.chequebook, record.cumulative, receipt);
      if (receipt.bounced) {
        this.#failed(attempt);
        return 0;
      }
      this.#attempts.delete(record.chequebook);
      return 1;
    } catch (error) {
      this.#failed(attempt);
      emit('fault', { neighbour: record.neighbour, code: codeOf(error) ?? 'CASHING_FAILED', what: String(error) });
      return 0;
    }
  }

  async #mined(chequebook: NodeId, cumulative: bigint, receipt: CashReceipt): Promise<void> {
    const { clock, desk, emit, keep } = this.#options;
    this.#gasWei = receipt.gasWei > 0n ? receipt.gasWei : this.#gasWei;
    // The contract's word: a transaction that ran where the contract did not stand, on a branch that lost, pays nothing.
    const paidOut = await this.#payouts.paidOut(chequebook);
    const before = desk.received().find((each) => each.chequebook === chequebook);
    if (before === undefined) return;
    const cashedWei = paidOut ?? before.cashedCumulative + receipt.paidWei;
    this.#payouts.lookAgain(chequebook);
    const record = desk.cashed(chequebook, cashedWei, receipt.bounced);
    if (record === undefined) return;
    const done: CashingRecord = {
      ...cashing(before, receipt.hash, clock.wallMs()),
      status: receipt.bounced ? 'bounced' : 'mined',
      paidOut: receipt.paidWei,
      gasWei: receipt.gasWei,
    };
    await keep(record.neighbour, [record, done]);
    const facts = { neighbour: record.neighbour, transaction: receipt.hash };
    emit('cashed', { ...facts, wei: String(receipt.paidWei), gasWei: String(receipt.gasWei) });
    this.#options.cleared(record.neighbour);
    if (!receipt.bounced) return;
    emit('bounced', { ...facts, chequebook, missing: String(cumulative - cashedWei) });
    this.#options.bounced(record.neighbour, chequebook);
  }

  /** The chain took a payout back: the cheque is uncashed again, and cashed once more in its turn. */
  async #undone(chequebook: NodeId, paidOutWei: bigint): Promise<void> {
    const { desk, emit, keep } = this.#options;
    const record = desk.cashed(chequebook, paidOutWei, false);
    if (record === undefined) return;
    emit('fault', {
      neighbour: record.neighbour,
      code: 'CASHING_UNDONE',
      what: String(record.cumulative - paidOutWei),
    });
    await keep(record.neighbour, [record]).catch(() => this.#payouts.lookAgain(chequebook));
  }

  /** Waits for the transaction under way, and starts no other. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }
}

function cashing(record: ReceivedChequeRecord, transaction: string, atMs: number): CashingRecord {
  return {
    kind: 'cashing',
    transaction,
    chequebook: record.chequebook,
    cumulative: record.cumulative,
    status: 'sent',
    paidOut: 0n,
    gasWei: 0n,
    atMs,
  };
}
