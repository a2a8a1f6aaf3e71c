import type { Clock } from '../core/clock.ts';
import { codeOf, WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { type Encoding, type Log, loadEncoding } from './encoding.ts';
import { type Hex, hexData, quantity, type Rpc, type RpcFault, rpcFailed } from './json-rpc.ts';
import type { Signer } from './signer.ts';

export interface SenderOptions {
  readonly rpc: Rpc;
  readonly signer: Signer;
  readonly chainId: number;
  readonly clock: Clock;
  /** The most to pay per unit of gas, tip included; undefined for no limit. */
  readonly maxFeePerGasWei: bigint | undefined;
  readonly pollMs: number;
  readonly minedWithinMs: number;
}

export interface Sending {
  readonly to?: NodeId | undefined;
  readonly data: Hex;
  readonly wei: bigint;
  /** At least so much gas, whatever the estimate: calls that may run out of it inside without anybody noticing. */
  readonly leastGas?: bigint;
  /** Told the hash before the transaction leaves, and waited for: what is written down there can be resumed. */
  readonly sent?: (hash: string) => Promise<void>;
}

/** A transaction in a block, and it worked. */
export interface Mined {
  readonly hash: string;
  readonly gasWei: bigint;
  readonly contract: NodeId | undefined;
  readonly logs: readonly Log[];
}

/**
 * Room over the estimate: state may move between the estimate and the block. A cheque that bounces costs 24,000 more
 * than one that does not. What is not used is not paid.
 */
const GAS_MARGIN_PERCENT = 20n;
const GAS_MARGIN = 30_000n;
/** The base fee can at most double in six blocks (EIP-1559: 12.5 % a block), so this stays valid that long. */
const BASE_FEE_HEADROOM = 2n;

/**
 * Sends transactions of one key, one at a time: nonces never race, and none is left waiting behind a gap. Needs a chain
 * with EIP-1559 fees.
 */
export class TransactionSender {
  readonly #options: SenderOptions;
  #last: Promise<unknown> = Promise.resolve();
  /** The nonce after the last one used here; endpoints behind a balancer may not know of it yet. */
  #nextNonce = 0;
  #wake: () => void = () => {};

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /**
   * Returns when mined. Throws `TRANSACTION_REVERTED` (before anything is sent when the estimate says so, then without
   * a hash), `TRANSACTION_PENDING`, `CHAIN_FUNDS_MISSING`, `GAS_TOO_DEAR`, `RPC_UNREACHABLE`, `RPC_FAILED`.
   */
  send(sending: Sending): Promise<Mined> {
    const done = this.#last.then(() => this.#send(sending));
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** A transaction sent earlier: undefined while it is not mined or not known. Throws `TRANSACTION_REVERTED`. */
  async outcome(hash: string): Promise<Mined | undefined> {
    const answer = await this.#options.rpc.ask('eth_getTransactionReceipt', [hash]);
    if (answer === null || answer === undefined) return undefined;
    const mined = readReceipt(hash, answer);
    if ('reverted' in mined) throw new WayleaveError('TRANSACTION_REVERTED', { hash, gasWei: mined.gasWei });
    return mined;
  }

  /** Wakes whoever waits for a block, so that nothing is left behind when the connection is closed. */
  close(): void {
    this.#wake();
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.after(ms, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  async #send({ to, data, wei, leastGas = 0n, sent }: Sending): Promise<Mined> {
    const { rpc, signer, chainId } = this.#options;
    const encoding = await loadEncoding();
    const estimate = await this.#estimate({ to, data, wei }, encoding);
    const gas = estimate > leastGas ? estimate : leastGas;
    const fees = await this.#fees();
    const pending = await rpc.askQuantity('eth_getTransactionCount', [signer.id, 'pending']);
    const nonce = Math.max(Number(pending), this.#nextNonce);
    const { raw, hash } = encoding.sign({ chainId, nonce, gas, ...fees, to, data, value: wei }, signer);
    await sent?.(hash);
    await this.#broadcast(raw, hash);
    this.#nextNonce = nonce + 1;
    return await this.#mined(hash);
  }

  async #estimate({ to, data, wei }: Sending, encoding: Encoding): Promise<bigint> {
    const call = { from: this.#options.signer.id, ...(to === undefined ? {} : { to }), data, value: hex(wei) };
    const outcome = await this.#options.rpc.call('eth_estimateGas', [call]);
    if ('error' in outcome) throw refusal('eth_estimateGas', outcome.error, encoding);
    const estimate = quantity(outcome.result, 'eth_estimateGas');
    return estimate + (estimate * GAS_MARGIN_PERCENT) / 100n + GAS_MARGIN;
  }

  async #fees(): Promise<{ maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }> {
    const { rpc, maxFeePerGasWei: limit } = this.#options;
    const [block, tip] = await Promise.all([
      rpc.ask('eth_getBlockByNumber', ['latest', false]),
      rpc.askQuantity('eth_maxPriorityFeePerGas', []),
    ]);
    const base = quantity(fieldsOf(block)['baseFeePerGas'], 'eth_getBlockByNumber');
    const roomy = base * BASE_FEE_HEADROOM + tip;
    if (limit === undefined) return { maxFeePerGas: roomy, maxPriorityFeePerGas: tip };
    if (base + tip > limit) throw new WayleaveError('GAS_TOO_DEAR', { feePerGasWei: base + tip, limitWei: limit });
    return { maxFeePerGas: roomy < limit ? roomy : limit, maxPriorityFeePerGas: tip };
  }

  async #broadcast(raw: Hex, hash: string): Promise<void> {
    const outcome = await this.#options.rpc.call('eth_sendRawTransaction', [raw]);
    // Some endpoints hand a transaction on twice and complain about the second time.
    if (!('error' in outcome) || /already known|already imported|known transaction/i.test(outcome.error.message))
      return;
    // The local memory of nonces may be what is wrong.
    this.#nextNonce = 0;
    const { code, details } = refusal('eth_sendRawTransaction', outcome.error);
    throw new WayleaveError(code, { ...details, refusedHash: hash });
  }

  async #mined(hash: string): Promise<Mined> {
    const { clock, pollMs, minedWithinMs } = this.#options;
    const deadlineMs = clock.nowMs() + minedWithinMs;
    for (;;) {
      try {
        const mined = await this.outcome(hash);
        if (mined !== undefined) return mined;
      } catch (error) {
        // It is on its way whatever the endpoint says meanwhile.
        if (codeOf(error) !== 'RPC_UNREACHABLE' && codeOf(error) !== 'RPC_FAILED') throw error;
      }
      if (clock.nowMs() >= deadlineMs) throw new WayleaveError('TRANSACTION_PENDING', { hash });
      await this.#pause(pollMs);
    }
  }
}

/** What an endpoint means by refusing to run, estimate or take a transaction. */
export function refusal(method: string, fault: RpcFault, encoding?: Encoding): WayleaveError {
  if (/insufficient funds|enough funds/i.test(fault.message)) {
    return new WayleaveError('CHAIN_FUNDS_MISSING', { answer: fault.message });
  }
  const data = revertData(fault.data);
  // Code 3 is what go-ethereum says for a revert; others only say it in words.
  if (fault.code === 3 || data !== undefined || /revert/i.test(fault.message)) {
    return new WayleaveError('TRANSACTION_REVERTED', { reason: encoding?.revertReason(data) ?? fault.message });
  }
  return rpcFailed(method, fault);
}

function revertData(data: unknown): string | undefined {
  if (typeof data === 'string') return data.startsWith('0x') ? data : undefined;
  const inner = fieldsOf(data)['data'];
  return typeof inner === 'string' && inner.startsWith('0x') ? inner : undefined;
}

function readReceipt(hash: string, answer: unknown): Mined | { readonly reverted: true; readonly gasWei: bigint } {
  const name = 'eth_getTransactionReceipt';
  const receipt = fieldsOf(answer);
  const price = quantity(receipt['effectiveGasPrice'], name);
  // Rollups charge for the data on their parent chain besides.
  const parentFee = receipt['l1Fee'] === undefined ? 0n : quantity(receipt['l1Fee'], name);
  const gasWei = quantity(receipt['gasUsed'], name) * price + parentFee;
  if (quantity(receipt['status'], name) === 0n) return { reverted: true, gasWei };
  const contract = receipt['contractAddress'];
  const logs = Array.isArray(receipt['logs']) ? receipt['logs'].map(readLog) : [];
  return { hash, gasWei, contract: typeof contract === 'string' ? contract.toLowerCase() : undefined, logs };
}

function readLog(log: unknown): Log {
  const { address, topics, data } = fieldsOf(log);
  const name = 'a log';
  const list: unknown[] = Array.isArray(topics) ? topics : [];
  return {
    address: hexData(address, name).toLowerCase(),
    topics: list.map((topic) => hexData(topic, name)),
    data: hexData(data, name),
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
}

function hex(value: bigint): Hex {
  return `0x${value.toString(16)}`;
}
