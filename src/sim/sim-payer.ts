import type { OutgoingPayment, PayReceipt } from '../chain/chain.ts';
import { NO_LOG, type OutgoingTransaction, type TransactionLog } from '../chain/outgoing.ts';
import { codeOf, WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { MinedTransaction, PendingTransaction, SimBlockChain } from './sim-block-chain.ts';
import { payCall } from './sim-contracts.ts';

/** What a port lends its payer: calls that can fail and be slow, and time. All end with the life of the node. */
export interface SimPayerOptions {
  readonly me: NodeId;
  readonly blocks: SimBlockChain;
  readonly call: <T>(port: string, answer: () => T) => Promise<T>;
  readonly pause: (ms: number) => Promise<void>;
  readonly nowMs: () => number;
  readonly foresee: (transaction: PendingTransaction) => void;
  readonly closed: () => boolean;
  readonly pollMs: number;
  readonly minedWithinMs: number;
}

/** As in `chain/transaction-sender.ts`. */
const FINAL_BLOCKS = 12;
const LOOK_MS = 15_000;

/** Payments of one key, written down before they leave and told again until they are final, as `chain/transaction-sender.ts` does it. */
export class SimPayer {
  readonly #options: SimPayerOptions;
  readonly #courses = new Map<string, OutgoingTransaction>();
  #log: TransactionLog = NO_LOG;

  constructor(options: SimPayerOptions) {
    this.#options = options;
  }

  resume(log: TransactionLog): void {
    this.#log = log;
    for (const entry of log.known) {
      if (entry.state !== 'open' && entry.state !== 'mined') continue;
      this.#courses.set(entry.purpose, entry);
      void this.#seeTo(entry);
    }
  }

  async pay({ to, wei, purpose }: OutgoingPayment, sent: (hash: string) => Promise<void>): Promise<PayReceipt> {
    const under = this.#courses.get(purpose);
    const hash = under?.versions[0]?.hash ?? (await this.#send({ to, wei, purpose }, sent));
    if (under !== undefined) await sent(hash);
    return await this.#mined(hash);
  }

  async paid(hash: string): Promise<PayReceipt | undefined> {
    const mined = await this.#options.call('chain.paid', () => this.#options.blocks.receipt(hash));
    return mined === undefined ? undefined : payReceipt(mined);
  }

  async #send({ to, wei, purpose }: OutgoingPayment, sent: (hash: string) => Promise<void>): Promise<string> {
    const { blocks, call, foresee, me } = this.#options;
    const transaction = blocks.sign(payCall(me, to, wei));
    await call('chain.estimate', () => foresee(transaction));
    await sent(transaction.hash);
    const version = { hash: hex(transaction.hash), raw: hex(transaction.hash), perGasWei: blocks.gasPriceWei };
    const versions = [{ ...version, tipWei: undefined }];
    const what = { nonce: transaction.serial, purpose, to, data: hex('0x'), wei, gas: transaction.call.gas };
    const entry: OutgoingTransaction = { ...what, versions, state: 'open' };
    this.#courses.set(purpose, entry);
    await this.#log.keep(entry);
    void this.#seeTo(entry);
    return transaction.hash;
  }

  /** Tells it, and tells it again when it is neither waiting nor in a block, until it is deep in the chain. */
  async #seeTo(entry: OutgoingTransaction): Promise<void> {
    const { blocks, call, pause, closed } = this.#options;
    const hash = entry.versions[0]?.hash ?? '';
    while (!closed()) {
      const mined = await call('chain.tell', () => {
        blocks.sendAgain(hash);
        return blocks.receipt(hash);
      }).catch(() => undefined);
      if (mined !== undefined && blocks.number >= mined.block + FINAL_BLOCKS) break;
      await pause(LOOK_MS);
    }
    if (closed()) return;
    this.#courses.delete(entry.purpose);
    // Of no effect on anything else: where it cannot be written it is looked at again after a restart.
    await this.#log.keep({ ...entry, state: 'final' }).catch(() => undefined);
  }

  async #mined(hash: string): Promise<PayReceipt> {
    const { blocks, call, pause, closed, nowMs, pollMs, minedWithinMs } = this.#options;
    const deadlineMs = nowMs() + minedWithinMs;
    for (;;) {
      const mined = await call('chain.poll', () => blocks.receipt(hash)).catch((error: unknown) => {
        if (codeOf(error) === 'RPC_UNREACHABLE') return undefined;
        throw error;
      });
      if (mined !== undefined) return payReceipt(mined);
      if (closed() || nowMs() >= deadlineMs) throw new WayleaveError('TRANSACTION_PENDING', { hash });
      await pause(pollMs);
    }
  }
}

function payReceipt({ hash, gasWei, outcome, block }: MinedTransaction): PayReceipt {
  if (outcome === undefined) throw new WayleaveError('TRANSACTION_REVERTED', { hash, gasWei });
  return { hash, gasWei, paidWei: outcome.paidWei, block };
}

function hex(text: string): `0x${string}` {
  return text as `0x${string}`;
}
