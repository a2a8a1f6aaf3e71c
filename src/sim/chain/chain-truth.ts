import type { ChannelBooks } from '../../chain/channel-chain.ts';
import type { NodeId } from '../../core/node-id.ts';
import { coverWei } from '../../core/settlement/channel-payment.ts';
import type { SimPaymentChannel } from './chain-state.ts';
import type { SimChain } from './sim-chain.ts';

/** What two parties' disks say was signed in a channel. Wei. */
export interface SignedTotals {
  readonly mine: bigint;
  readonly theirs: bigint;
}

/** What the chain really has of transfers and channels: for whoever checks what nodes write down. */
export class ChainTruth {
  readonly confirmations: number;
  readonly #chain: SimChain;

  constructor(chain: SimChain, confirmations: number) {
    this.#chain = chain;
    this.confirmations = confirmations;
  }

  /** Blocks over a payment, its own included; undefined where it is in none. */
  depthOf(
    payer: NodeId,
    payee: NodeId,
    { transaction, wei }: { readonly transaction: string; readonly wei: bigint },
  ): number | undefined {
    const { number, state } = this.#chain.blocks;
    const found = state.paymentsTo(payee).find((each) => each.transaction === transaction);
    return found?.from === payer && found.wei === wei ? number - found.block + 1 : undefined;
  }

  stands(payer: NodeId, payee: NodeId, transaction: string): boolean {
    const theirs = this.#chain.blocks.state.paymentsTo(payee);
    return theirs.some((each) => each.from === payer && each.transaction === transaction);
  }

  /** Everything one paid the other by plain payments. */
  paidWei(payer: NodeId, payee: NodeId): bigint {
    let wei = 0n;
    for (const each of this.#chain.blocks.state.paymentsTo(payee)) if (each.from === payer) wei += each.wei;
    return wei;
  }

  /** A channel is over without this total of one of its parties. */
  neverCounts(channel: NodeId, payer: NodeId, cumulativeWei: bigint): boolean {
    const found = this.#chain.blocks.state.channel(channel);
    return found?.closed === true && sides(found, payer).own.paidWei < cumulativeWei;
  }

  /** All channels of two nodes. */
  between(a: NodeId, b: NodeId): SimPaymentChannel[] {
    return [...this.#chain.blocks.state.channels].filter(({ parties }) => {
      const signers = [parties.a.signer, parties.b.signer];
      return signers.includes(a) && signers.includes(b);
    });
  }

  /** What of a neighbour's total in a channel the contract pays, or has paid, to the node that holds it. */
  worthWei(channel: SimPaymentChannel, node: NodeId, { mine, theirs }: SignedTotals): bigint {
    const { other, own } = sides(channel, node);
    const back = channel.closed ? own.paidWei : larger(mine, own.paidWei);
    const cover = coverWei({ ...other, receivedWei: back });
    const total = channel.closed ? other.paidWei : theirs;
    return total < cover ? total : cover;
  }

  /** What a node signed to its neighbour in a closed channel and the neighbour never handed in: it stays with the node. */
  keptWei(channel: SimPaymentChannel, node: NodeId, { mine }: SignedTotals): bigint {
    return larger(mine - sides(channel, node).own.paidWei, 0n);
  }
}

function sides({ a, b, parties }: SimPaymentChannel, node: NodeId): { own: ChannelBooks; other: ChannelBooks } {
  return parties.a.signer === node ? { own: a, other: b } : { own: b, other: a };
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
