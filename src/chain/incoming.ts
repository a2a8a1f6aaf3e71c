import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { IncomingPayment } from './chain.ts';
import { COIN, loadEncoding } from './encoding.ts';
import type { Endpoints } from './endpoints.ts';
import { hexData, quantity, type RpcOutcome, rpcFailed } from './json-rpc.ts';
import { fieldsOf, readLog, readReceipt } from './receipts.ts';

/** Blocks asked for in one call; public endpoints refuse wide ranges of logs, and whole blocks are large. */
export const MAX_RANGE_BLOCKS = 500;

export interface Watched {
  /** Whose payments. */
  readonly to: NodeId;
  /** `COIN` for native coin. */
  readonly token: NodeId;
  readonly fromBlock: number;
  /** Included. */
  readonly toBlock: number;
}

/**
 * What arrived in these blocks, in their order. Of native coin only what an account sent itself counts: what contracts
 * pass on is in no block's list and names no payer. Undefined when a block is not known to the quorum.
 */
export async function incoming(rpc: Endpoints, watched: Watched): Promise<readonly IncomingPayment[] | undefined> {
  const { fromBlock, toBlock } = watched;
  if (toBlock - fromBlock >= MAX_RANGE_BLOCKS) throw new WayleaveError('AMOUNT_INVALID', { fromBlock, toBlock });
  if (watched.token !== COIN) return await tokenPayments(rpc, watched);
  const payments: IncomingPayment[] = [];
  for (let block = fromBlock; block <= toBlock; block += 1) {
    const found = await coinPayments(rpc, watched.to, block);
    if (found === undefined) return undefined;
    payments.push(...found);
  }
  return payments;
}

async function coinPayments(rpc: Endpoints, to: NodeId, block: number): Promise<IncomingPayment[] | undefined> {
  const method = 'eth_getBlockByNumber';
  const read = (outcome: RpcOutcome): IncomingPayment[] | undefined => {
    if ('error' in outcome) throw rpcFailed(method, outcome.error);
    if (outcome.result === null || outcome.result === undefined) return undefined;
    const { transactions } = fieldsOf(outcome.result);
    const list: readonly unknown[] = Array.isArray(transactions) ? transactions : [];
    return list.flatMap((each) => {
      const { from, to: payee, value, hash } = fieldsOf(each);
      if (typeof payee !== 'string' || payee.toLowerCase() !== to) return [];
      const wei = quantity(value, method);
      if (wei === 0n) return [];
      const transaction = hexData(hash, method).toLowerCase();
      return [{ from: hexData(from, method).toLowerCase(), wei, transaction, index: 0, block }];
    });
  };
  const found = await rpc.agreed({ method, params: [hex(block), true], read });
  if (found === undefined) return undefined;
  const good = await Promise.all(found.map((payment) => worked(rpc, payment)));
  return found.filter((_payment, at) => good[at]);
}

/** A payment to a plain account fails only for lack of gas, and stands in its block all the same. */
async function worked(rpc: Endpoints, { transaction }: IncomingPayment): Promise<boolean> {
  const method = 'eth_getTransactionReceipt';
  const read = readReceipt.bind(undefined, transaction);
  const receipt = await rpc.agreed({ method, params: [transaction], read });
  if (receipt === undefined) throw new WayleaveError('RPC_FAILED', { method, answer: 'no receipt' });
  return !('reverted' in receipt);
}

/** Payments of a token, less what it took back from the payee in the same transaction: what arrived is what counts. */
async function tokenPayments(rpc: Endpoints, watched: Watched): Promise<readonly IncomingPayment[] | undefined> {
  // An endpoint that has not these blocks yet answers with no logs.
  const { number } = await rpc.head();
  if (number < BigInt(watched.toBlock)) return undefined;
  const came = await movements(rpc, watched, { to: watched.to });
  if (came === undefined || came.length === 0) return came && [];
  const taken = await movements(rpc, watched, { from: watched.to });
  if (taken === undefined) return undefined;
  const seen = new Map<string, number>();
  return came.flatMap(({ place, ...payment }, at) => {
    const { transaction } = payment;
    // Its place among those of its own transaction: that in the block changes when it is mined again.
    const index = seen.get(transaction) ?? 0;
    seen.set(transaction, index + 1);
    const next = came[at + 1]?.transaction === transaction ? came[at + 1] : undefined;
    const mine = taken.filter((each) => each.transaction === transaction && (index === 0 || each.place > place));
    const fees = mine.filter((each) => next === undefined || each.place < next.place);
    const wei = fees.reduce((left, fee) => left - fee.wei, payment.wei);
    return wei > 0n ? [{ ...payment, wei, index }] : [];
  });
}

interface Movement extends Omit<IncomingPayment, 'index'> {
  /** Of its log in its block. */
  readonly place: number;
}

async function movements(
  rpc: Endpoints,
  { token, fromBlock, toBlock }: Watched,
  of: { readonly to: NodeId } | { readonly from: NodeId },
): Promise<readonly Movement[] | undefined> {
  const encoding = await loadEncoding();
  const method = 'eth_getLogs';
  const topics = encoding.transferTopics(of);
  const isMine = (transfer: { from: NodeId; to: NodeId }): boolean =>
    'to' in of ? transfer.to === of.to : transfer.from === of.from;
  const filter = { address: token, topics, fromBlock: hex(fromBlock), toBlock: hex(toBlock) };
  const read = (outcome: RpcOutcome): readonly Movement[] => {
    if ('error' in outcome) throw rpcFailed(method, outcome.error);
    const logs: readonly unknown[] = Array.isArray(outcome.result) ? outcome.result : [];
    return logs.flatMap((each) => {
      const log = readLog(each);
      const transfer = log.address === token ? encoding.readTransfer(log) : undefined;
      if (transfer === undefined || !isMine(transfer) || transfer.wei === 0n) return [];
      const { transactionHash, blockNumber, logIndex } = fieldsOf(each);
      const transaction = hexData(transactionHash, method).toLowerCase();
      const [block, place] = [Number(quantity(blockNumber, method)), Number(quantity(logIndex, method))];
      return [{ from: transfer.from, wei: transfer.wei, transaction, block, place }];
    });
  };
  return await rpc.agreed({ method, params: [filter], read });
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
