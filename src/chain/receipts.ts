import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { Encoding, Log } from './encoding.ts';
import { hexData, quantity, type RpcFault, type RpcOutcome, rpcFailed } from './json-rpc.ts';

/** A transaction in a block, and it worked. */
export interface Mined {
  readonly hash: string;
  readonly gasWei: bigint;
  readonly contract: NodeId | undefined;
  readonly logs: readonly Log[];
  readonly block: bigint;
}

/** A transaction in a block, and it was refused there: only its gas was paid. */
export interface Reverted {
  readonly reverted: true;
  readonly hash: string;
  readonly gasWei: bigint;
  readonly block: bigint;
}

/** Reads what `eth_getTransactionReceipt` answered; undefined while it is in no block. Throws `RPC_FAILED`. */
export function readReceipt(hash: string, outcome: RpcOutcome): Mined | Reverted | undefined {
  const name = 'eth_getTransactionReceipt';
  if ('error' in outcome) throw rpcFailed(name, outcome.error);
  if (outcome.result === null || outcome.result === undefined) return undefined;
  const receipt = fieldsOf(outcome.result);
  const price = quantity(receipt['effectiveGasPrice'], name);
  // Rollups charge for the data on their parent chain besides.
  const parentFee = receipt['l1Fee'] === undefined ? 0n : quantity(receipt['l1Fee'], name);
  const gasWei = quantity(receipt['gasUsed'], name) * price + parentFee;
  const block = quantity(receipt['blockNumber'], name);
  if (quantity(receipt['status'], name) === 0n) return { reverted: true, hash, gasWei, block };
  const contract = receipt['contractAddress'];
  const logs = Array.isArray(receipt['logs']) ? receipt['logs'].map(readLog) : [];
  return { hash, gasWei, contract: typeof contract === 'string' ? contract.toLowerCase() : undefined, logs, block };
}

export function readLog(log: unknown): Log {
  const { address, topics, data } = fieldsOf(log);
  const name = 'a log';
  const list: unknown[] = Array.isArray(topics) ? topics : [];
  return {
    address: hexData(address, name).toLowerCase(),
    topics: list.map((topic) => hexData(topic, name)),
    data: hexData(data, name),
  };
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

/** The fields of what should be an object; none of anything else. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
}
