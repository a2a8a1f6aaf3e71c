import type { Chain, PayReceipt } from '../chain/chain.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { codeOf, type ErrorCode, WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { type Ratio, unitsToWei, weiToUnits } from '../core/ratio.ts';
import type { PaymentMessage, PaymentProof } from '../core/session/message.ts';
import type { PaymentOutcome, SessionEvent } from '../core/session/session-effect.ts';
import type { Units } from '../core/units.ts';
import type { NoteRecord, Store, StoreRecord } from '../store/store.ts';
import type { DeskNeighbour } from './cheque-desk.ts';
import type { MethodDesk } from './method-desk.ts';
import { TransferIntake } from './transfer-intake.ts';
import { readTransferNotes, type SentTransfer, sentNote } from './transfer-notes.ts';

export interface TransferDeskOptions {
  readonly chain: Chain;
  readonly clock: Clock;
  readonly store: Store;
  readonly notes: readonly NoteRecord[];
  /**
   * A token may keep a part of a payment: then the payee is told of one only when it is known how much of it arrived, for
   * what it has answered counts as paid. Default false: of coin all of it arrives.
   */
  readonly inToken?: boolean;
  /** Blocks, its own included, until a payment counts. */
  readonly confirmations: number;
  readonly neighbour: (id: NodeId) => DeskNeighbour;
  /** Tells the neighbour's session; false: there is no account with it. */
  readonly tell: (id: NodeId, event: SessionEvent) => boolean;
  /** Makes records durable together with the neighbour's account. */
  readonly keep: (id: NodeId, records: readonly StoreRecord[]) => Promise<void>;
  /** Payments of this neighbour are final again that were taken back. */
  readonly cleared: (id: NodeId) => void;
  readonly emit: (kind: 'transferred' | 'fault', facts: Record<string, string | number>) => void;
}

/** Where nobody answers what a payment came to, it is asked again so soon. */
const AGAIN_MS = 15_000;
/** After these a payment has not been made: for good, or on this branch of the chain. */
const UNPAID: ReadonlySet<ErrorCode> = new Set(['TRANSACTION_REVERTED', 'TRANSACTION_REPLACED', 'TRANSFER_REFUSED']);

/**
 * Plain payments on the chain, one at a time to each neighbour. What arrives is seen to by `TransferIntake`; here is
 * what leaves: written down with its hash before it does, and followed until it counts at the other end.
 */
export class TransferDesk implements MethodDesk {
  readonly intake: TransferIntake;
  readonly #options: TransferDeskOptions;
  readonly #sent = new Map<NodeId, SentTransfer>();
  readonly #timers = new Set<Timer>();
  /** Payments that failed in a block, and the newest block when that was first seen: another branch may have them paid. */
  readonly #failing = new Map<NodeId, { readonly id: number; readonly block: bigint }>();
  #stopped = false;

  constructor(options: TransferDeskOptions) {
    this.#options = options;
    const { sent, books, searched } = readTransferNotes(options.notes);
    for (const each of sent) this.#sent.set(each.neighbour, each);
    this.intake = new TransferIntake({ ...options, books, searched });
  }

  /** Takes up what was under way when the node last stopped. */
  start(): void {
    for (const sent of this.#sent.values()) {
      if (sent.state === 'sent') void this.#follow(sent);
      else if (sent.state === 'mined') this.#later(sent);
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.intake.stop();
  }

  pending(neighbour: NodeId): { readonly units: Units; readonly lastPaymentId: number } {
    const last = this.#sent.get(neighbour);
    const open = last?.state === 'sent' || last?.state === 'mined';
    return { units: open ? last.units : 0, lastPaymentId: last?.id ?? 0 };
  }

  unacknowledged(neighbour: NodeId): { id: number; proof: PaymentProof } | undefined {
    const last = this.#sent.get(neighbour);
    if (last?.state !== 'mined' && (last?.state !== 'sent' || this.#options.inToken === true)) return undefined;
    return { id: last.id, proof: { kind: 'transfer', transaction: last.transaction } };
  }

  /** Resolves when it is written down and about to leave, or in a token when it is mined. Rejects when nothing ever will leave. */
  async write(neighbour: NodeId, { id, units }: { id: number; units: Units }): Promise<PaymentProof> {
    const ratio = this.#options.neighbour(neighbour).theirRatio;
    if (ratio === undefined) throw new WayleaveError('PAYMENT_METHOD_MISSING', { neighbour });
    const last = this.#sent.get(neighbour);
    const before = { remainder: last?.remainder ?? 0n, arrivedRemainder: last?.arrivedRemainder ?? 0n };
    const { wei, remainder } = unitsToWei(units, ratio, before.remainder);
    const plan = { neighbour, id, units, wei, ...before, remainder, before, state: 'sent' } as const;
    return await new Promise((resolve, reject) => {
      void this.#pay(plan, (transaction) => resolve({ kind: 'transfer', transaction })).catch(reject);
    });
  }

  /** Rejects only where nothing left. */
  async #pay(plan: Omit<SentTransfer, 'transaction'>, announce: (transaction: string) => void): Promise<void> {
    const { chain, inToken = false, store } = this.#options;
    const { neighbour: to, id, wei } = plan;
    let left = false;
    try {
      const receipt = await chain.pay({ to, wei, purpose: `transfer ${to} ${id}` }, async (transaction) => {
        const sent = { ...plan, transaction };
        left = this.#over(to, id);
        if (!left) await store.commit([sentNote(sent)]);
        left = true;
        // The payee may have answered meanwhile: what counts is not to be paid again, and not sent either.
        if (this.#over(to, id)) throw new WayleaveError('TRANSACTION_REPLACED', { transaction });
        this.#sent.set(to, sent);
        if (!inToken) announce(transaction);
      });
      if (this.#mined(to, id, receipt) && inToken) announce(receipt.hash);
    } catch (error) {
      if (!left) throw error;
      this.#notMined(to, id, error);
    }
  }

  /**
   * After a restart, or where it was not mined in time: asking for the same payment again finds the one under way. One that
   * was written down and had not left goes as another transaction: the payee, told of the first, would wait for that.
   */
  async #follow({ transaction: before, ...plan }: SentTransfer): Promise<void> {
    try {
      // In a token the payee was not told yet.
      const known = this.#options.inToken === true ? '' : before;
      await this.#pay(plan, (transaction) => this.#nameAnew(plan, known, transaction));
    } catch (error) {
      // It was written down and never left, or nobody knows now.
      this.#notMined(plan.neighbour, plan.id, error);
    }
  }

  /** Nothing is left to be written of it: it counts, or never will, or another one came after it. */
  #over(neighbour: NodeId, id: number): boolean {
    const last = this.#sent.get(neighbour);
    return last !== undefined && (last.id > id || (last.id === id && last.state !== 'sent'));
  }

  /** False: it has not been paid, or nobody knows yet what of it was. */
  #mined(neighbour: NodeId, id: number, receipt: PayReceipt): boolean {
    const last = this.#sent.get(neighbour);
    if (last?.id !== id || last.state !== 'sent') return false;
    // A token may say no without failing.
    if (receipt.paidWei === 0n && last.wei > 0n) {
      this.#unpaid(last, 'TRANSFER_REFUSED');
      return false;
    }
    const short = receipt.paidWei < last.wei;
    const ratio = this.#options.neighbour(neighbour).theirRatio;
    // After a restart the neighbour's terms come with its connection.
    if (short && ratio === undefined) {
      this.#later(last);
      return false;
    }
    this.#failing.delete(neighbour);
    this.#options.emit('transferred', { neighbour, transaction: receipt.hash, wei: String(receipt.paidWei) });
    const mined = { ...last, state: 'mined', transaction: receipt.hash, gasWei: receipt.gasWei } as const;
    this.#later(mined);
    if (short && ratio !== undefined) {
      this.#short(mined, receipt.paidWei, ratio);
      return true;
    }
    this.#sent.set(neighbour, mined);
    this.#write(neighbour);
    if (this.#options.inToken !== true) this.#nameAnew(last, last.transaction, receipt.hash);
    return true;
  }

  /** It is paid by another transaction than the payee was told of. */
  #nameAnew({ id, neighbour }: Pick<SentTransfer, 'id' | 'neighbour'>, before: string, transaction: string): void {
    if (transaction === before) return;
    const proof = { kind: 'transfer', transaction } as const;
    this.#options.tell(neighbour, { kind: 'paymentWritten', id, method: 'transfer', proof });
  }

  /** The token kept a part: what arrived is paid, as the other end counts it, and the rest is owed as before. */
  #short(mined: SentTransfer, arrivedWei: bigint, ratio: Ratio): void {
    const { arrivedRemainder = 0n, id, neighbour, units } = mined;
    const arrived = weiToUnits(arrivedWei, ratio, arrivedRemainder);
    const paid = Math.min(units, arrived.units);
    this.#sent.set(neighbour, { ...mined, units: paid, arrivedRemainder: arrived.remainder });
    this.#options.emit('fault', { neighbour, code: 'TRANSFER_SHORT', what: `${arrivedWei} of ${mined.wei}` });
    this.#options.tell(neighbour, {
      kind: 'paymentFailed',
      id,
      method: 'transfer',
      units: units - paid,
      code: 'TRANSFER_SHORT',
    });
    this.#write(neighbour);
  }

  #notMined(neighbour: NodeId, id: number, error: unknown): void {
    const last = this.#sent.get(neighbour);
    const code = codeOf(error) ?? 'RPC_UNREACHABLE';
    if (this.#stopped || last?.id !== id || last.state !== 'sent') return;
    this.#options.emit('fault', { neighbour, code, what: 'transfer' });
    // Without a hash it is only foreseen: an account without coin today may have some tomorrow.
    if (UNPAID.has(code) && (error as WayleaveError).details['hash'] !== undefined) return this.#unpaid(last, code);
    this.#later(last);
  }

  /** Looks again in a while, unless something else became of it by then. */
  #later({ id, neighbour, state }: SentTransfer): void {
    if (this.#stopped) return;
    const timer = this.#options.clock.after(AGAIN_MS, () => {
      this.#timers.delete(timer);
      const now = this.#sent.get(neighbour);
      if (now?.id !== id || now.state !== state) return;
      if (state === 'sent') void this.#follow(now);
      else void this.#lookAt(now);
    });
    this.#timers.add(timer);
  }

  /** It is in a block, and does not count at the other end yet: a reorganisation may have it fail there after all. */
  async #lookAt(mined: SentTransfer): Promise<void> {
    try {
      const receipt = await this.#options.chain.paid(mined.transaction, mined.neighbour);
      if (receipt?.paidWei === 0n && mined.wei > 0n) return this.#unpaid(mined, 'TRANSFER_REFUSED');
      this.#failing.delete(mined.neighbour);
      this.#later(mined);
    } catch (error) {
      const code = codeOf(error);
      if (code !== undefined && UNPAID.has(code)) this.#unpaid(mined, code);
      else this.#later(mined);
    }
  }

  /** It failed in a block. It is owed again once that is as deep as a payment has to be: no other branch can win then. */
  #unpaid(last: SentTransfer, code: ErrorCode): void {
    if (code === 'TRANSACTION_REPLACED') return this.#never(last, code);
    const { id, neighbour } = last;
    const again = (): void => {
      const now = this.#sent.get(neighbour);
      if (now?.id === id && now.state === last.state) this.#later(now);
    };
    void this.#options.chain.head().then(({ number }) => {
      const before = this.#failing.get(neighbour);
      const since = before?.id === id ? before.block : number;
      this.#failing.set(neighbour, { id, block: since });
      const now = this.#sent.get(neighbour);
      const deep = number - since + 1n >= BigInt(this.#options.confirmations);
      if (deep && !this.#stopped && now?.id === id && now.state === last.state) this.#never(now, code);
      else again();
    }, again);
  }

  #never(last: SentTransfer, code: ErrorCode): void {
    const { neighbour, id, units } = last;
    this.#failing.delete(neighbour);
    this.#sent.set(neighbour, { ...last, ...last.before, state: 'failed' });
    this.#options.tell(neighbour, { kind: 'paymentFailed', id, method: 'transfer', units, code });
    this.#write(neighbour);
  }

  /** What it says can be found again on the chain: where it cannot be written nothing is lost. */
  #write(neighbour: NodeId): void {
    const last = this.#sent.get(neighbour);
    if (last !== undefined) void this.#options.keep(neighbour, [sentNote(last)]).catch(() => undefined);
  }

  acknowledged(neighbour: NodeId, { id }: { id: number }): StoreRecord[] {
    const last = this.#sent.get(neighbour);
    if (last?.id !== id || last.state === 'failed') return [];
    const next = { ...last, state: 'acknowledged' } as const;
    this.#sent.set(neighbour, next);
    return [sentNote(next)];
  }

  async check(neighbour: NodeId, { id, proof }: PaymentMessage): Promise<PaymentOutcome | undefined> {
    if (proof.kind !== 'transfer') return { accepted: false, code: 'MESSAGE_UNEXPECTED', acceptedWei: 0n };
    return this.intake.announced(neighbour, id, proof.transaction);
  }

  accepted(neighbour: NodeId): StoreRecord[] {
    return this.intake.accepted(neighbour);
  }

  uncashedUnits(neighbour: NodeId): Units {
    return this.intake.undoneUnits(neighbour);
  }
}
