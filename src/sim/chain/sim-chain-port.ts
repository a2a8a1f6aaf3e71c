import type {
  CashManyReceipt,
  CashReceipt,
  Chain,
  ChequebookFacts,
  ChequebookKind,
  ChequebookOrder,
  IncomingPayment,
  OutgoingPayment,
  PayReceipt,
  Receipt,
} from '../../chain/chain.ts';
import type { Head } from '../../chain/endpoints.ts';
import type { TransactionLog } from '../../chain/outgoing.ts';
import type { Signer } from '../../chain/signer.ts';
import { codeOf, WayleaveError } from '../../core/errors.ts';
import type { NodeId } from '../../core/node-id.ts';
import type { SignedCheque } from '../../core/settlement/cheque.ts';
import type { Life } from '../life.ts';
import { EndpointView } from './endpoint-view.ts';
import type { MinedTransaction, PendingTransaction } from './sim-block-chain.ts';
import type { SimChain } from './sim-chain.ts';
import { SimChannels } from './sim-channels.ts';
import {
  administerCall,
  availableWei,
  cashCall,
  cashManyCall,
  chequebookAddress,
  deployCall,
  depositCall,
  withdrawableAtS,
} from './sim-contracts.ts';
import { SimPayer } from './sim-payer.ts';

/** As the options of the same names in `chain/evm-chain.ts`. */
export interface SimChainPortOptions {
  readonly freezeSeconds?: number;
  readonly maxFeePerGasWei?: bigint;
  readonly pollMs?: number;
  readonly minedWithinMs?: number;
}

const FREEZE_SECONDS = 86_400;
const POLL_MS = 2_000;
const MINED_WITHIN_MS = 180_000;
/** A call that takes longer is given up. What it asked for may have been done. */
const CALL_TIMEOUT_MS = 10_000;
const ZERO: NodeId = `0x${'0'.repeat(40)}`;

/** Of a contract that is not from the factory nothing is asked. */
const FOREIGN: ChequebookFacts = {
  fromFactory: false,
  issuer: ZERO,
  balanceWei: 0n,
  paidOutWei: 0n,
  bounced: false,
  availableWei: 0n,
  reservedWei: 0n,
  totalPaidOutWei: 0n,
  withdrawalWei: 0n,
};

/** What money depends on: where the endpoints of a node do not say the same, there is no answer (`chain/quorum.ts`). */
const AGREED: ReadonlySet<string> = new Set(
  ['head', 'block', 'incoming', 'chequebook', 'channel', 'outcome', 'paid', 'poll'].map((each) => `chain.${each}`),
);

interface Sending {
  readonly port: string;
  readonly transaction: PendingTransaction;
  readonly sent?: (hash: string) => Promise<void>;
}

/** The chain as one life of one node sees it, through its own endpoint. */
export class SimChainPort implements Chain {
  readonly #chain: SimChain;
  readonly #life: Life;
  readonly #me: NodeId;
  readonly #options: SimChainPortOptions;
  readonly #payer: SimPayer;
  readonly #view: EndpointView;
  readonly channels: SimChannels;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(chain: SimChain, life: Life, signer: Signer, options: SimChainPortOptions) {
    this.#chain = chain;
    this.#life = life;
    this.#me = signer.id;
    this.#options = options;
    this.#view = new EndpointView(chain.blocks, chain.endpoint(signer.id), chain.coverage);
    this.#payer = new SimPayer({
      me: signer.id,
      view: this.#view,
      blocks: chain.blocks,
      call: (port, answer) => this.#call(port, answer),
      pause: (ms) => this.#pause(ms),
      nowMs: () => chain.timeline.nowMs,
      foresee: (transaction) => this.#affordable(transaction),
      closed: () => this.#closed,
      pollMs: options.pollMs ?? POLL_MS,
      minedWithinMs: options.minedWithinMs ?? MINED_WITHIN_MS,
    });
    this.channels = new SimChannels({
      me: signer.id,
      chainId: chain.chainId,
      blocks: chain.blocks,
      payer: this.#payer,
      call: (port, answer) => this.#call(port, answer),
    });
  }

  resume(log: TransactionLog): void {
    this.#payer.resume(log);
  }

  pay(payment: OutgoingPayment, sent: (transaction: string) => Promise<void>): Promise<PayReceipt> {
    return this.#payer.pay(payment, sent);
  }

  paid(transaction: string): Promise<PayReceipt | undefined> {
    return this.#payer.paid(transaction);
  }

  head(): Promise<Head> {
    return this.#call('chain.head', () => this.#view.head());
  }

  blockHash(number: number): Promise<string | undefined> {
    return this.#call('chain.block', () => this.#view.blockHash(number));
  }

  incoming(fromBlock: number, toBlock: number): Promise<readonly IncomingPayment[] | undefined> {
    return this.#call('chain.incoming', () => this.#view.incoming(this.#me, fromBlock, toBlock));
  }

  money(address: NodeId): Promise<bigint> {
    return this.balance(address);
  }

  chainId(): Promise<number> {
    return this.#call('chain.id', () => this.#chain.chainId);
  }

  balance(address: NodeId): Promise<bigint> {
    return this.#call('chain.balance', () => this.#chain.blocks.state.balance(address));
  }

  chequebook(address: NodeId, beneficiary: NodeId, depth = 1): Promise<ChequebookFacts | undefined> {
    return this.#call('chain.chequebook', () => this.#view.told(this.#facts(address, beneficiary, depth)));
  }

  /** `depth` is about bounces alone: of the rest nobody asks how it was. */
  #facts(address: NodeId, beneficiary: NodeId, depth: number): ChequebookFacts | undefined {
    const { number, state, nowS } = this.#chain.blocks;
    const book = state.book(address);
    if (book === undefined) return undefined;
    if (!book.fromFactory) return FOREIGN;
    const fromS = withdrawableAtS(book, nowS);
    return {
      fromFactory: true,
      issuer: book.issuer,
      balanceWei: state.balance(address),
      paidOutWei: state.paidOut(address, beneficiary),
      bounced: book.bouncedIn !== undefined && book.bouncedIn <= number - depth + 1,
      availableWei: availableWei(state, book, beneficiary),
      reservedWei: state.reserved(address, beneficiary),
      totalPaidOutWei: book.totalPaidOutWei,
      withdrawalWei: fromS === undefined ? 0n : book.announcedWei,
      ...(fromS === undefined ? {} : { withdrawableAtS: fromS }),
    };
  }

  async deployChequebook(
    depositWei: bigint,
    { owner = this.#me, nonce = 0 }: ChequebookKind = {},
  ): Promise<{ readonly address: NodeId; readonly transaction: Receipt }> {
    const { blocks } = this.#chain;
    const freezeSeconds = this.#options.freezeSeconds ?? FREEZE_SECONDS;
    const deployment = { owner, issuer: this.#me, from: this.#me, freezeSeconds, depositWei, fromFactory: true, nonce };
    const address = chequebookAddress(deployment);
    const first = await this.#call('chain.foretell', () => blocks.state.book(address)?.deployedBy);
    const mined =
      (first === undefined ? undefined : blocks.receipt(first)) ??
      (await this.#send({ port: 'chain.deploy', transaction: blocks.sign(deployCall(deployment)) }));
    return { address, transaction: { hash: mined.hash, gasWei: mined.gasWei } };
  }

  async deposit(chequebook: NodeId, wei: bigint): Promise<Receipt> {
    const transaction = this.#chain.blocks.sign(depositCall(this.#me, chequebook, wei));
    const { hash, gasWei, outcome } = await this.#send({ port: 'chain.deposit', transaction });
    if (outcome?.paidWei === 0n && wei > 0n) throw new WayleaveError('TRANSFER_REFUSED', { hash });
    return { hash, gasWei };
  }

  async cash(cheque: SignedCheque, sent: (transaction: string) => Promise<void>): Promise<CashReceipt> {
    const transaction = this.#chain.blocks.sign(cashCall(this.#me, this.#chain.chainId, cheque));
    return cashReceipt(await this.#send({ port: 'chain.cash', transaction, sent }));
  }

  async cashMany(
    cheques: readonly SignedCheque[],
    sent: (transaction: string) => Promise<void>,
  ): Promise<CashManyReceipt> {
    const { blocks, chainId } = this.#chain;
    const call = cashManyCall(this.#me, chainId, cheques);
    const foreseen = await this.#call('chain.foresee', () => blocks.wouldPay(call));
    if (foreseen === 0n) throw new WayleaveError('TRANSACTION_REVERTED', { reason: 'NothingOwed' });
    const mined = await this.#send({ port: 'chain.cash', transaction: blocks.sign(call), sent });
    const { hash, gasWei } = cashReceipt(mined);
    return { hash, gasWei, paid: cheques.map(({ chequebook }) => paidFrom(mined, chequebook)) };
  }

  async administer(chequebook: NodeId, order: ChequebookOrder): Promise<Receipt> {
    const transaction = this.#chain.blocks.sign(administerCall(this.#me, chequebook, order));
    const { hash, gasWei } = await this.#send({ port: 'chain.administer', transaction });
    return { hash, gasWei };
  }

  gasPriceWei(): Promise<bigint> {
    return this.#call('chain.gas-price', () => this.#chain.blocks.gasPriceWei);
  }

  async outcome(transaction: string, chequebook: NodeId): Promise<CashReceipt | undefined> {
    const mined = await this.#call('chain.outcome', () => this.#view.receipt(transaction));
    return mined === undefined ? undefined : { ...cashReceipt(mined), ...paidFrom(mined, chequebook) };
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  /** One transaction at a time, as `chain/transaction-sender.ts` does it. */
  #send(sending: Sending): Promise<MinedTransaction> {
    const done = this.#last.then(() => this.#sendOne(sending));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #sendOne({ port, transaction, sent }: Sending): Promise<MinedTransaction> {
    const { blocks } = this.#chain;
    await this.#call('chain.estimate', () => this.#affordable(transaction));
    const priced = { ...transaction, feeWei: transaction.call.gas * blocks.gasPriceWei };
    await sent?.(transaction.hash);
    await this.#call(port, () => blocks.send(priced));
    // What was sent is out: a process that dies from here on has a transaction under way.
    if (!this.#life.touch('chain.sent')) return await new Promise<never>(() => {});
    return await this.#mined(transaction.hash);
  }

  #affordable(transaction: PendingTransaction): void {
    const { blocks, coverage } = this.#chain;
    const limit = this.#options.maxFeePerGasWei;
    const refusal = blocks.foresee({ ...transaction, feeWei: transaction.call.gas * blocks.gasPriceWei });
    if (refusal === 'funds') throw new WayleaveError('CHAIN_FUNDS_MISSING', { account: this.#me });
    if (refusal !== undefined) throw new WayleaveError('TRANSACTION_REVERTED', { reason: refusal.message });
    if (limit === undefined || blocks.gasPriceWei <= limit) return;
    coverage?.count('chain.gas-too-dear');
    throw new WayleaveError('GAS_TOO_DEAR', { feePerGasWei: blocks.gasPriceWei, limitWei: limit });
  }

  async #mined(hash: string): Promise<MinedTransaction> {
    const { timeline, coverage } = this.#chain;
    const { pollMs = POLL_MS, minedWithinMs = MINED_WITHIN_MS } = this.#options;
    const deadlineMs = timeline.nowMs + minedWithinMs;
    for (;;) {
      const mined = await this.#call('chain.poll', () => this.#view.receipt(hash)).catch((error: unknown) => {
        // It is on its way whatever the endpoint says meanwhile.
        if (codeOf(error) === 'RPC_UNREACHABLE' || codeOf(error) === 'RPC_DISAGREES') return undefined;
        throw error;
      });
      if (mined !== undefined) {
        if (mined.outcome === undefined) throw new WayleaveError('TRANSACTION_REVERTED', { hash });
        return mined;
      }
      if (this.#closed || timeline.nowMs >= deadlineMs) {
        coverage?.count('chain.pending');
        throw new WayleaveError('TRANSACTION_PENDING', { hash });
      }
      await this.#pause(pollMs);
    }
  }

  #pause(ms: number): Promise<void> {
    const { timeline } = this.#chain;
    return new Promise((resolve) => {
      timeline.after(ms, () => {
        timeline.asynchronous();
        if (this.#life.alive) resolve();
      });
    });
  }

  /** One question to the endpoint. What it does is done even when the answer never comes. */
  #call<T>(port: string, answer: () => T): Promise<T> {
    const { timeline, coverage } = this.#chain;
    timeline.asynchronous();
    if (!this.#life.touch(port)) return new Promise<never>(() => {});
    const endpoint = this.#chain.endpoint(this.#me);
    const latencyMs = this.#chain.latencyMs + endpoint.latencyMs;
    if (this.#chain.dead || endpoint.dead) {
      coverage?.count('chain.dead');
      return Promise.reject(new WayleaveError('RPC_UNREACHABLE', { reason: 'refused' }));
    }
    if (endpoint.disagrees && AGREED.has(port)) {
      coverage?.count('chain.disagreed');
      return Promise.reject(new WayleaveError('RPC_DISAGREES', { port }));
    }
    if (latencyMs === 0) return answered(answer);
    return new Promise((resolve) => {
      timeline.after(Math.min(latencyMs, CALL_TIMEOUT_MS), () => {
        timeline.asynchronous();
        const done = answered(answer);
        if (!this.#life.alive) {
          done.catch(() => undefined);
          return;
        }
        if (latencyMs < CALL_TIMEOUT_MS) return resolve(done);
        coverage?.count('chain.slow');
        done.catch(() => undefined);
        resolve(Promise.reject(new WayleaveError('RPC_UNREACHABLE', { reason: 'timeout' })));
      });
    });
  }
}

function answered<T>(answer: () => T): Promise<T> {
  try {
    return Promise.resolve(answer());
  } catch (error) {
    return Promise.reject(error);
  }
}

function cashReceipt({ hash, gasWei, outcome }: MinedTransaction): CashReceipt {
  if (outcome === undefined) throw new WayleaveError('TRANSACTION_REVERTED', { hash, gasWei });
  const { paidWei, bounced } = outcome;
  return { hash, gasWei, paidWei, bounced };
}

/** What one cheque of a transaction came to. */
function paidFrom({ outcome }: MinedTransaction, chequebook: NodeId): { paidWei: bigint; bounced: boolean } {
  const { paidWei = 0n, bounced = false } =
    outcome?.each === undefined ? (outcome ?? {}) : (outcome.each.find((one) => one.chequebook === chequebook) ?? {});
  return { paidWei, bounced };
}
