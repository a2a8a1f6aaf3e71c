import type { SignedCheque } from '../core/cheque.ts';
import type { Clock } from '../core/clock.ts';
import { codeOf, WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { readArtifact } from './artifacts.ts';
import type {
  CashManyReceipt,
  CashReceipt,
  Chain,
  ChequebookFacts,
  ChequebookKind,
  ChequebookOrder,
  Receipt,
} from './chain.ts';
import { COIN, type Encoding, type FactoryFacts, loadEncoding } from './encoding.ts';
import { createRpc, type Hex, hexData, type Rpc } from './json-rpc.ts';
import type { Signer } from './signer.ts';
import { type Mined, refusal, TransactionSender } from './transaction-sender.ts';

export interface EvmChainOptions {
  /** JSON-RPC endpoint, http or https. */
  readonly url: string;
  readonly chainId: number;
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
  /** How long one call may take. Default 10 s. */
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
const CALL_TIMEOUT_MS = 10_000;

/**
 * The chain port on any EVM behind JSON-RPC. Nothing is asked of the endpoint before the first call; the first call
 * checks that it serves the right chain, and so does the first after it was unreachable.
 */
export function createEvmChain(options: EvmChainOptions): EvmChain {
  return new EvmChain(options, createRpc(options.url, options.callTimeoutMs ?? CALL_TIMEOUT_MS));
}

export class EvmChain implements Chain {
  readonly #options: EvmChainOptions;
  readonly #rpc: Rpc;
  readonly #sender: TransactionSender;
  #checked = false;

  /** Made by `createEvmChain`. */
  constructor(options: EvmChainOptions, rpc: Rpc) {
    this.#options = options;
    this.#rpc = rpc;
    this.#sender = new TransactionSender({
      rpc,
      signer: options.signer,
      chainId: options.chainId,
      clock: options.clock,
      maxFeePerGasWei: options.maxFeePerGasWei,
      pollMs: options.pollMs ?? POLL_MS,
      minedWithinMs: options.minedWithinMs ?? MINED_WITHIN_MS,
    });
  }

  async chainId(): Promise<number> {
    const actual = Number(await this.#rpc.askQuantity('eth_chainId', []));
    const { chainId } = this.#options;
    if (actual !== chainId) throw new WayleaveError('CHAIN_WRONG', { actual, configured: chainId });
    return actual;
  }

  balance(address: NodeId): Promise<bigint> {
    return this.#onRightChain(() => this.#rpc.askQuantity('eth_getBalance', [address, 'latest']));
  }

  chequebook(address: NodeId, beneficiary: NodeId): Promise<ChequebookFacts | undefined> {
    return this.#onRightChain(async () => {
      const facts = await this.#factoryFacts(address, beneficiary, await loadEncoding());
      if (!facts.hasCode) return undefined;
      return {
        // One in some token would count its units as wei.
        fromFactory: facts.fromFactory && facts.token === COIN,
        issuer: facts.issuer,
        balanceWei: facts.balance,
        paidOutWei: facts.paidOut,
        bounced: facts.bounced,
        availableWei: facts.available,
        reservedWei: facts.reserved,
        totalPaidOutWei: facts.totalPaidOut,
        withdrawalWei: facts.withdrawalAmount,
        ...(facts.withdrawableAt === 0n ? {} : { withdrawableAtS: Number(facts.withdrawableAt) }),
      };
    });
  }

  /**
   * The address follows from the key, so this is safe to repeat: a chequebook that stands there already, from a
   * deployment cut short by a crash, is returned with the receipt it had, and no second deposit is made.
   */
  deployChequebook(
    depositWei: bigint,
    { owner = this.#options.signer.id, nonce = 0 }: ChequebookKind = {},
  ): Promise<{ readonly address: NodeId; readonly transaction: Receipt }> {
    return this.#onRightChain(async () => {
      const { signer, factory, freezeSeconds = FREEZE_SECONDS } = this.#options;
      const encoding = await loadEncoding();
      const place = { owner, issuer: signer.id, freezeSeconds, nonce };
      const address = encoding.readAddress(await this.#callFactory(encoding.foretell(place)));
      if (address === undefined) throw new WayleaveError('CHAIN_NOT_FACTORY', { factory });
      const { fromFactory } = await this.#factoryFacts(address, signer.id, encoding);
      if (fromFactory) return { address, transaction: await this.#deploymentOf(address, encoding) };
      const mined = await this.#sender.send({ to: factory, data: encoding.deploy(place), wei: depositWei });
      return { address, transaction: receiptOf(mined) };
    });
  }

  deposit(chequebook: NodeId, wei: bigint): Promise<Receipt> {
    return this.#onRightChain(async () => receiptOf(await this.#sender.send({ to: chequebook, data: '0x', wei })));
  }

  cash(cheque: SignedCheque, sent: (transaction: string) => Promise<void>): Promise<CashReceipt> {
    return this.#onRightChain(async () => {
      const encoding = await loadEncoding();
      const data = encoding.cash(cheque);
      return cashReceipt(await this.#sender.send({ to: cheque.chequebook, data, wei: 0n, sent }), cheque.chequebook);
    });
  }

  cashMany(cheques: readonly SignedCheque[], sent: (transaction: string) => Promise<void>): Promise<CashManyReceipt> {
    return this.#onRightChain(async () => {
      const encoding = await loadEncoding();
      const data = encoding.cashAcross(cheques);
      const { factory } = this.#options;
      const foreseen = encoding.readPaid(await this.#callFactory(data));
      if (foreseen === undefined) throw new WayleaveError('CHAIN_NOT_FACTORY', { factory });
      if (foreseen.every((paid) => paid === 0n))
        throw new WayleaveError('TRANSACTION_REVERTED', { reason: 'NothingOwed' });
      const leastGas = BATCH_GAS + BigInt(cheques.length) * CLAIM_GAS;
      const mined = await this.#sender.send({ to: factory, data, wei: 0n, leastGas, sent });
      return { ...receiptOf(mined), paid: cheques.map(({ chequebook }) => encoding.readCash(chequebook, mined.logs)) };
    });
  }

  administer(chequebook: NodeId, order: ChequebookOrder): Promise<Receipt> {
    return this.#onRightChain(async () => {
      const data = (await loadEncoding()).administer(order);
      return receiptOf(await this.#sender.send({ to: chequebook, data, wei: 0n }));
    });
  }

  gasPriceWei(): Promise<bigint> {
    return this.#onRightChain(() => this.#rpc.askQuantity('eth_gasPrice', []));
  }

  outcome(transaction: string, chequebook: NodeId): Promise<CashReceipt | undefined> {
    return this.#onRightChain(async () => {
      const mined = await this.#sender.outcome(transaction);
      return mined === undefined ? undefined : await cashReceipt(mined, chequebook);
    });
  }

  /** Deploys a factory, for a chain that has none yet; `factory` of the options is not looked at. */
  deployFactory(): Promise<{ readonly address: NodeId; readonly transaction: Receipt }> {
    return this.#onRightChain(async () => {
      const mined = await this.#sender.send({ data: readArtifact('WayleaveFactory').bytecode, wei: 0n });
      if (mined.contract === undefined) throw new WayleaveError('RPC_FAILED', { answer: 'no contract address' });
      return { address: mined.contract, transaction: receiptOf(mined) };
    });
  }

  async close(): Promise<void> {
    this.#rpc.close();
    this.#sender.close();
  }

  async #onRightChain<T>(work: () => Promise<T>): Promise<T> {
    try {
      if (!this.#checked) await this.chainId();
      this.#checked = true;
      return await work();
    } catch (error) {
      // What answers at this address next may be something else.
      if (codeOf(error) === 'RPC_UNREACHABLE') this.#checked = false;
      throw error;
    }
  }

  async #factoryFacts(chequebook: NodeId, beneficiary: NodeId, encoding: Encoding): Promise<FactoryFacts> {
    const facts = encoding.readFacts(await this.#callFactory(encoding.facts(chequebook, beneficiary)));
    if (facts === undefined) throw new WayleaveError('CHAIN_NOT_FACTORY', { factory: this.#options.factory });
    return facts;
  }

  async #callFactory(data: Hex): Promise<Hex> {
    const outcome = await this.#rpc.call('eth_call', [{ to: this.#options.factory, data }, 'latest']);
    if ('error' in outcome) {
      const error = refusal('eth_call', outcome.error);
      // Another contract stands there and refuses what it does not know.
      if (error.code === 'TRANSACTION_REVERTED')
        throw new WayleaveError('CHAIN_NOT_FACTORY', { factory: this.#options.factory });
      throw error;
    }
    return hexData(outcome.result, 'eth_call');
  }

  /** The receipt of an earlier deployment, found by its event. */
  async #deploymentOf(chequebook: NodeId, encoding: Encoding): Promise<Receipt> {
    const topics = encoding.deployedTopics(chequebook);
    const filter = { address: this.#options.factory, topics, fromBlock: 'earliest', toBlock: 'latest' };
    const logs = await this.#rpc.ask('eth_getLogs', [filter]);
    const first = (Array.isArray(logs) ? logs : [])[0] as { readonly transactionHash?: unknown } | undefined;
    const hash = hexData(first?.transactionHash, 'eth_getLogs');
    const mined = await this.#sender.outcome(hash);
    if (mined === undefined) throw new WayleaveError('TRANSACTION_PENDING', { hash });
    return receiptOf(mined);
  }
}

function receiptOf({ hash, gasWei }: Mined): Receipt {
  return { hash, gasWei };
}

async function cashReceipt(mined: Mined, chequebook: NodeId): Promise<CashReceipt> {
  const encoding = await loadEncoding();
  return { ...receiptOf(mined), ...encoding.readCash(chequebook, mined.logs) };
}
