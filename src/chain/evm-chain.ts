import type { Clock } from '../core/clock.ts';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { SignedCheque } from '../core/settlement/cheque.ts';
import { readArtifact } from './artifacts.ts';
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
} from './chain.ts';
import { ContractView } from './contract-view.ts';
import { COIN, loadEncoding } from './encoding.ts';
import { type EndpointNews, Endpoints, type Head } from './endpoints.ts';
import { EvmChannels } from './evm-channels.ts';
import { incoming } from './incoming.ts';
import { type Hex, hexData, quantity, type RpcOutcome, rpcFailed } from './json-rpc.ts';
import type { TransactionLog } from './outgoing.ts';
import { fieldsOf, type Mined } from './receipts.ts';
import type { Signer } from './signer.ts';
import { TransactionSender } from './transaction-sender.ts';

export interface EvmChainOptions {
  /** JSON-RPC endpoints, http or https, the best first. */
  readonly urls: readonly string[];
  /** So many of them must say the same before money depends on it. Default 1. */
  readonly quorum?: number | undefined;
  readonly chainId: number;
  /** The ERC-20 token this node settles in. Default: native coin. */
  readonly token?: NodeId | undefined;
  /** The chequebook factory this node trusts. */
  readonly factory: NodeId;
  readonly signer: Signer;
  readonly clock: Clock;
  /** Freeze period of chequebooks deployed here, in seconds; default 24 h, at least 1 h. */
  readonly freezeSeconds?: number;
  /** Refuse to pay more than this per unit of gas, tip included. Default: no limit. */
  readonly maxFeePerGasWei?: bigint;
  /** How often to ask whether a transaction is mined. Default 2 s. */
  readonly pollMs?: number;
  /** How long to wait for it. Default 3 min. */
  readonly minedWithinMs?: number;
  /** Not mined for so long, a transaction is sent again with higher fees. Default 60 s. */
  readonly replaceAfterMs?: number;
  /** How long one call may take. Default 10 s; 4 s where there is another endpoint to ask. */
  readonly callTimeoutMs?: number;
}

const FREEZE_SECONDS = 86_400;
/**
 * Gas for a batch. An estimate finds the least with which the batch as a whole succeeds, and it does so too when a cheque
 * in it runs out of gas. One cheque takes at most 110,000: a first payment to a beneficiary, bounced.
 */
const BATCH_GAS = 60_000n;
const CLAIM_GAS = 150_000n;
const POLL_MS = 2_000;
const MINED_WITHIN_MS = 180_000;
const REPLACE_AFTER_MS = 60_000;
const CALL_TIMEOUT_MS = 10_000;
const SHORT_CALL_TIMEOUT_MS = 4_000;

/** The chain port on any EVM behind JSON-RPC. Nothing is asked of an endpoint before the first call. */
export function createEvmChain(options: EvmChainOptions): EvmChain {
  const { urls, quorum, chainId, clock, callTimeoutMs } = options;
  const usual = urls.length > 1 ? SHORT_CALL_TIMEOUT_MS : CALL_TIMEOUT_MS;
  return new EvmChain(options, new Endpoints({ urls, quorum, chainId, clock, callTimeoutMs: callTimeoutMs ?? usual }));
}

export class EvmChain implements Chain {
  readonly #options: EvmChainOptions;
  readonly #token: NodeId;
  readonly #rpc: Endpoints;
  readonly #sender: TransactionSender;
  readonly #contracts: ContractView;
  #made = 0;
  readonly channels: EvmChannels;

  /** Made by `createEvmChain`. */
  constructor(options: EvmChainOptions, rpc: Endpoints) {
    this.#options = options;
    this.#token = options.token ?? COIN;
    this.#rpc = rpc;
    this.#contracts = new ContractView({ rpc, factory: options.factory, token: this.#token });
    this.#sender = new TransactionSender({
      rpc,
      signer: options.signer,
      chainId: options.chainId,
      clock: options.clock,
      maxFeePerGasWei: options.maxFeePerGasWei,
      pollMs: options.pollMs ?? POLL_MS,
      minedWithinMs: options.minedWithinMs ?? MINED_WITHIN_MS,
      replaceAfterMs: options.replaceAfterMs ?? REPLACE_AFTER_MS,
    });
    this.channels = new EvmChannels({
      factory: options.factory,
      token: this.#token,
      allowance: (spender) => this.#contracts.allowance(options.signer.id, spender),
      ask: (data, depth) => this.#contracts.askFactory(data, depth),
      send: async (sending) => receiptOf(await this.#sender.send(sending)),
    });
  }

  set told(told: ((news: EndpointNews) => void) | undefined) {
    this.#rpc.told = told;
  }

  resume(log: TransactionLog): void {
    this.#sender.resume(log);
  }

  async chainId(): Promise<number> {
    // Each endpoint is asked before anything else; one of another chain answers nothing.
    return Number(await this.#rpc.askQuantity('eth_chainId', []));
  }

  head(): Promise<Head> {
    return this.#rpc.head();
  }

  blockHash(number: number): Promise<string | undefined> {
    const method = 'eth_getBlockByNumber';
    const read = (outcome: RpcOutcome): string | undefined => {
      if ('error' in outcome) throw rpcFailed(method, outcome.error);
      return outcome.result === null ? undefined : hexData(fieldsOf(outcome.result)['hash'], method);
    };
    return this.#rpc.agreed({ method, params: [`0x${number.toString(16)}`, false], read });
  }

  balance(address: NodeId): Promise<bigint> {
    return this.#rpc.askQuantity('eth_getBalance', [address, 'latest']);
  }

  money(address: NodeId): Promise<bigint> {
    return this.#token === COIN ? this.balance(address) : this.#contracts.tokenBalance(address);
  }

  chequebook(address: NodeId, beneficiary: NodeId, depth?: number): Promise<ChequebookFacts | undefined> {
    return this.#contracts.chequebook(address, beneficiary, depth);
  }

  /**
   * The address follows from the key, so this is safe to repeat: a chequebook that stands there already, from a
   * deployment cut short by a crash, is returned with the receipt it had, and no second deposit is made. One in a token
   * is filled by a second transaction: where a crash left that out, it is made up for.
   */
  async deployChequebook(
    depositWei: bigint,
    { owner = this.#options.signer.id, nonce = 0 }: ChequebookKind = {},
  ): Promise<{ readonly address: NodeId; readonly transaction: Receipt }> {
    const { signer, factory, freezeSeconds = FREEZE_SECONDS } = this.#options;
    const place = { owner, issuer: signer.id, token: this.#token, freezeSeconds, nonce };
    const { address, deployedBy } = await this.#contracts.placeOf(place);
    if (deployedBy !== undefined) {
      const mined = await this.#sender.outcome(deployedBy);
      if (mined === undefined) throw new WayleaveError('TRANSACTION_PENDING', { hash: deployedBy });
      if (this.#token !== COIN) await this.#fillFresh(address, depositWei);
      return { address, transaction: receiptOf(mined) };
    }
    const { deploy } = await loadEncoding();
    const wei = this.#token === COIN ? depositWei : 0n;
    const mined = await this.#sender.send({ purpose: `deploy ${address}`, to: factory, data: deploy(place), wei });
    if (wei < depositWei) await this.deposit(address, depositWei);
    return { address, transaction: receiptOf(mined) };
  }

  /** Puts in what a chequebook that never had anything is still to be filled with. */
  async #fillFresh(address: NodeId, depositWei: bigint): Promise<void> {
    const facts = await this.chequebook(address, address);
    const fresh = facts !== undefined && facts.balanceWei === 0n && facts.totalPaidOutWei === 0n;
    if (fresh && depositWei > 0n) await this.deposit(address, depositWei);
  }

  async deposit(chequebook: NodeId, wei: bigint): Promise<Receipt> {
    const purpose = this.#once(`deposit ${chequebook}`);
    const { hash, gasWei, paidWei } = await this.pay({ to: chequebook, wei, purpose }, () => Promise.resolve());
    if (paidWei === 0n && wei > 0n) throw new WayleaveError('TRANSFER_REFUSED', { hash });
    return { hash, gasWei };
  }

  /** A purpose of its own for what may be done twice: two deposits are two deposits. */
  #once(what: string): string {
    this.#made += 1;
    return `${what} ${this.#options.clock.wallMs()} ${this.#made}`;
  }

  async cash(cheque: SignedCheque, sent: (transaction: string) => Promise<void>): Promise<CashReceipt> {
    const { chequebook, beneficiary, cumulativeWei } = cheque;
    const { cash } = await loadEncoding();
    const purpose = `cash ${chequebook} ${beneficiary} ${cumulativeWei}`;
    const mined = await this.#sender.send({ purpose, to: chequebook, data: cash(cheque), wei: 0n, sent });
    return await cashReceipt(mined, chequebook);
  }

  async cashMany(
    cheques: readonly SignedCheque[],
    sent: (transaction: string) => Promise<void>,
  ): Promise<CashManyReceipt> {
    const { cashAcross, readCash } = await loadEncoding();
    const data = cashAcross(cheques);
    const foreseen = await this.#contracts.foresee(data);
    if (foreseen.every((paid) => paid === 0n))
      throw new WayleaveError('TRANSACTION_REVERTED', { reason: 'NothingOwed' });
    const leastGas = BATCH_GAS + BigInt(cheques.length) * CLAIM_GAS;
    const { factory: to } = this.#options;
    const mined = await this.#sender.send({ purpose: `cash ${data}`, to, data, wei: 0n, leastGas, sent });
    return { ...receiptOf(mined), paid: cheques.map(({ chequebook }) => readCash(chequebook, mined.logs)) };
  }

  async administer(chequebook: NodeId, order: ChequebookOrder): Promise<Receipt> {
    const data = (await loadEncoding()).administer(order);
    const purpose = this.#once(`administer ${chequebook} ${data}`);
    return receiptOf(await this.#sender.send({ purpose, to: chequebook, data, wei: 0n }));
  }

  gasPriceWei(): Promise<bigint> {
    return this.#rpc.askQuantity('eth_gasPrice', []);
  }

  async outcome(transaction: string, chequebook: NodeId): Promise<CashReceipt | undefined> {
    const mined = await this.#sender.outcome(transaction);
    return mined === undefined ? undefined : await cashReceipt(mined, chequebook);
  }

  async pay(payment: OutgoingPayment, sent: (transaction: string) => Promise<void>): Promise<PayReceipt> {
    const { to, wei, purpose } = payment;
    if (this.#token === COIN) {
      const mined = await this.#sender.send({ purpose, once: true, to, data: '0x', wei, sent });
      return { ...receiptOf(mined), paidWei: wei, block: Number(mined.block) };
    }
    const { transfer } = await loadEncoding();
    const data = transfer(to, wei);
    const mined = await this.#sender.send({ purpose, once: true, to: this.#token, data, wei: 0n, sent });
    return await this.#payReceipt(mined, to);
  }

  async paid(transaction: string, to: NodeId): Promise<PayReceipt | undefined> {
    const mined = await this.#sender.outcome(transaction);
    return mined === undefined ? undefined : await this.#payReceipt(mined, to);
  }

  /**
   * Old tokens answer nothing, some answer `false`: what was moved is what the token says was moved. What it took back from
   * the payee at once, as a fee, is none of it.
   */
  async #payReceipt(mined: Mined, to: NodeId): Promise<PayReceipt> {
    const { readTransfer } = await loadEncoding();
    let paidWei = 0n;
    for (const log of mined.logs) {
      const moved = log.address === this.#token ? readTransfer(log) : undefined;
      if (moved?.to === to && moved.from === this.#options.signer.id) paidWei += moved.wei;
      if (moved?.from === to) paidWei -= moved.wei;
    }
    if (paidWei < 0n) paidWei = 0n;
    if (this.#token === COIN) paidWei = await this.#valueOf(mined.hash);
    return { ...receiptOf(mined), paidWei, block: Number(mined.block) };
  }

  async #valueOf(hash: string): Promise<bigint> {
    const method = 'eth_getTransactionByHash';
    return quantity(fieldsOf(await this.#rpc.ask(method, [hash]))['value'], method);
  }

  incoming(fromBlock: number, toBlock: number): Promise<readonly IncomingPayment[] | undefined> {
    return incoming(this.#rpc, { to: this.#options.signer.id, token: this.#token, fromBlock, toBlock });
  }

  /** Deploys a factory, for a chain that has none yet; `factory` of the options is not looked at. */
  async deployFactory(): Promise<{ readonly address: NodeId; readonly transaction: Receipt }> {
    return await this.deploy(readArtifact('WayleaveFactory').bytecode);
  }

  /** Deploys any contract. */
  async deploy(bytecode: Hex): Promise<{ readonly address: NodeId; readonly transaction: Receipt }> {
    const mined = await this.#sender.send({ purpose: `create ${bytecode}`, data: bytecode, wei: 0n });
    if (mined.contract === undefined) throw new WayleaveError('RPC_FAILED', { answer: 'no contract address' });
    return { address: mined.contract, transaction: receiptOf(mined) };
  }

  async close(): Promise<void> {
    this.#rpc.close();
    this.#sender.close();
  }
}

function receiptOf({ hash, gasWei }: Mined): Receipt {
  return { hash, gasWei };
}

async function cashReceipt(mined: Mined, chequebook: NodeId): Promise<CashReceipt> {
  const encoding = await loadEncoding();
  return { ...receiptOf(mined), ...encoding.readCash(chequebook, mined.logs) };
}
