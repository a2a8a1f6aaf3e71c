import type { OutgoingPayment, PayReceipt } from '../../chain/chain.ts';
import { NO_LOG, type OutgoingTransaction, type TransactionLog } from '../../chain/outgoing.ts';
import { codeOf, WayleaveError } from '../../core/errors.ts';
import type { NodeId } from '../../core/node-id.ts';
import type { EndpointView } from './endpoint-view.ts';
import type { MinedTransaction, PendingTransaction, SimBlockChain } from './sim-block-chain.ts';
import { type ContractCall, payCall } from './sim-contracts.ts';

/** What a port lends its payer: calls that can fail and be slow, and time. All end with the life of the node. */
export interface SimPayerOptions {
  readonly me: NodeId;
  readonly blocks: SimBlockChain;
  /** The blocks as this node's endpoint tells of them. */
  readonly view: EndpointView;
  readonly call: <T>(port: string, answer: () => T) => Promise<T>;
  readonly pause: (ms: number) => Promise<void>;
  readonly nowMs: () => number;
  readonly foresee: (transaction: PendingTransaction) => void;
  readonly closed: () => boolean;
  readonly pollMs: number;
  readonly minedWithinMs: number;
}

/** One thing to be done on the chain, under a name. */
export interface Errand {
  readonly purpose: string;
  readonly call: ContractCall;
  /** The purpose is of one transaction for good: also one that is mined, or final, is not sent again. */
  readonly once?: boolean;
}

type Sent = (hash: string) => Promise<void>;

/** As in `chain/transaction-sender.ts`. */
const FINAL_BLOCKS = 12;
const LOOK_MS = 15_000;

/** Transactions of one key, written down before they leave and told again until they are final, as `chain/transaction-sender.ts` does it. */
export class SimPayer {
  readonly #options: SimPayerOptions;
  readonly #courses = new Map<string, OutgoingTransaction>();
  #turn: Promise<unknown> = Promise.resolve();
  #log: TransactionLog = NO_LOG;

  constructor(options: SimPayerOptions) {
    this.#options = options;
  }

  resume(log: TransactionLog): void {
    this.#log = log;
    for (const entry of log.known) {
      this.#courses.set(entry.purpose, entry);
      if (entry.state === 'open' || entry.state === 'mined') void this.#seeTo(entry);
    }
  }

  async pay({ to, wei, purpose }: OutgoingPayment, sent: Sent): Promise<PayReceipt> {
    return payReceipt(await this.#do({ purpose, call: payCall(this.#options.me, to, wei), once: true }, sent));
  }

  /** Returns when it is mined. */
  async perform(errand: Errand, sent: Sent): Promise<PayReceipt> {
    return payReceipt(await this.#do(errand, sent));
  }

  async paid(hash: string): Promise<PayReceipt | undefined> {
    const mined = await this.#options.call('chain.paid', () => this.#options.view.receipt(hash));
    return mined === undefined ? undefined : payReceipt(mined);
  }

  /** One at a time until it has left: of two with one purpose the second finds the first. */
  async #do(errand: Errand, sent: Sent): Promise<MinedTransaction> {
    const left = this.#turn.then(async () => {
      const under = this.#courses.get(errand.purpose);
      const joins = under !== undefined && (errand.once === true || under.state === 'open');
      const hash = joins ? under.versions[0]?.hash : undefined;
      if (hash === undefined) return await this.#send(errand, sent);
      await sent(hash);
      return hash;
    });
    this.#turn = left.catch(() => undefined);
    const mined = await this.#mined(await left);
    const entry = this.#courses.get(errand.purpose);
    if (entry?.state === 'open' && entry.versions[0]?.hash === mined.hash) await this.#become(entry, 'mined');
    return mined;
  }

  async #send({ call: what, purpose }: Errand, sent: Sent): Promise<string> {
    const { blocks, call, foresee } = this.#options;
    const transaction = blocks.sign(what);
    await call('chain.estimate', () => foresee(transaction));
    await sent(transaction.hash);
    const version = { hash: hex(transaction.hash), raw: hex(transaction.hash), perGasWei: blocks.gasPriceWei };
    const versions = [{ ...version, tipWei: undefined }];
    const plan = { nonce: transaction.serial, purpose, to: what.from, data: hex('0x'), wei: what.wei, gas: what.gas };
    const entry: OutgoingTransaction = { ...plan, versions, state: 'open' };
    await this.#log.keep(entry);
    this.#courses.set(purpose, entry);
    void this.#seeTo(entry);
    return transaction.hash;
  }

  /** Tells it, and tells it again when it is neither waiting nor in a block, until it is deep in the chain. */
  async #seeTo(first: OutgoingTransaction): Promise<void> {
    const { blocks, call, pause, closed, view } = this.#options;
    const hash = first.versions[0]?.hash ?? '';
    let entry = first;
    while (!closed()) {
      const mined = await call('chain.tell', () => {
        blocks.sendAgain(hash);
        return view.receipt(hash);
      }).catch(() => undefined);
      if (mined !== undefined && blocks.number >= mined.block + FINAL_BLOCKS) break;
      entry = await this.#become(this.#present(entry), mined === undefined ? 'open' : 'mined');
      await pause(LOOK_MS);
    }
    if (!closed()) await this.#become(this.#present(entry), 'final');
  }

  #present(entry: OutgoingTransaction): OutgoingTransaction {
    const present = this.#courses.get(entry.purpose);
    return present?.nonce === entry.nonce ? present : entry;
  }

  /** Of no effect on anything else: where it cannot be written it is looked at again after a restart. */
  async #become(entry: OutgoingTransaction, state: OutgoingTransaction['state']): Promise<OutgoingTransaction> {
    if (entry.state === state) return entry;
    const next = { ...entry, state };
    if (this.#courses.get(entry.purpose)?.nonce === entry.nonce) this.#courses.set(entry.purpose, next);
    await this.#log.keep(next).catch(() => undefined);
    return next;
  }

  async #mined(hash: string): Promise<MinedTransaction> {
    const { call, pause, closed, nowMs, pollMs, minedWithinMs, view } = this.#options;
    const deadlineMs = nowMs() + minedWithinMs;
    for (;;) {
      const mined = await call('chain.poll', () => view.receipt(hash)).catch((error: unknown) => {
        if (codeOf(error) === 'RPC_UNREACHABLE' || codeOf(error) === 'RPC_DISAGREES') return undefined;
        throw error;
      });
      if (mined !== undefined) return mined;
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
