import type { Receipt } from '../../chain/chain.ts';
import type { BothSignatures, ChannelChain, ChannelFacts, ChannelPlace, Sent } from '../../chain/channel-chain.ts';
import type { ChannelClose, ChannelWithdrawal } from '../../chain/channel-signing.ts';
import type { NodeId } from '../../core/node-id.ts';
import type { SignedCheque } from '../../core/settlement/cheque.ts';
import type { SimPaymentChannel } from './chain-state.ts';
import type { SimBlockChain } from './sim-block-chain.ts';
import {
  channelAddress,
  claimCall,
  closeTogetherCall,
  depositToCall,
  finishCall,
  openCall,
  startCloseCall,
  submitCall,
  withdrawTogetherCall,
} from './sim-channel-contract.ts';
import type { ContractCall } from './sim-contracts.ts';
import type { SimPayer } from './sim-payer.ts';

export interface SimChannelsOptions {
  readonly me: NodeId;
  readonly chainId: number;
  readonly blocks: SimBlockChain;
  readonly payer: SimPayer;
  readonly call: <T>(port: string, answer: () => T) => Promise<T>;
}

type Deposit = { readonly payee: NodeId; readonly wei: bigint };

/** Channels of a simulated chain, as one life of one node sees them: what `EvmChannels` is to an EVM. */
export class SimChannels implements ChannelChain {
  readonly #options: SimChannelsOptions;

  constructor(options: SimChannelsOptions) {
    this.#options = options;
  }

  address(place: ChannelPlace): Promise<NodeId> {
    return this.#options.call('chain.channel-address', () => channelAddress(place));
  }

  facts(channel: NodeId, depth = 1): Promise<ChannelFacts | undefined> {
    return this.#options.call('chain.channel', () => {
      const { number, state } = this.#options.blocks;
      const found = state.channel(channel);
      return found === undefined ? undefined : asOf(found, number - depth + 1);
    });
  }

  open(place: ChannelPlace, deposit: Deposit, sent?: Sent): Promise<Receipt> {
    return this.#send(`open ${channelAddress(place)} ${deposit.wei}`, openCall(this.#options.me, place, deposit), sent);
  }

  deposit(channel: NodeId, deposit: Deposit, sent?: Sent): Promise<Receipt> {
    return this.#send(`deposit ${channel} ${deposit.wei}`, depositToCall(this.#options.me, channel, deposit), sent);
  }

  submit(channel: NodeId, cheques: readonly SignedCheque[], sent?: Sent): Promise<Receipt> {
    return this.#send(`submit ${channel} ${words(cheques)}`, submitCall(this.#submission(channel, cheques)), sent);
  }

  startClose(channel: NodeId, cheques: readonly SignedCheque[], sent?: Sent): Promise<Receipt> {
    return this.#send(`start ${channel} ${words(cheques)}`, startCloseCall(this.#submission(channel, cheques)), sent);
  }

  finish(channel: NodeId, sent?: Sent): Promise<Receipt> {
    return this.#send(`finish ${channel}`, finishCall(this.#options.me, channel), sent);
  }

  closeTogether(address: NodeId, agreed: ChannelClose & BothSignatures, sent?: Sent): Promise<Receipt> {
    const { chainId, me } = this.#options;
    const purpose = `close ${address} ${agreed.paidByAWei} ${agreed.paidByBWei} ${agreed.validUntilS}`;
    return this.#send(purpose, closeTogetherCall({ from: me, chainId, address, agreed }), sent);
  }

  withdrawTogether(address: NodeId, agreed: ChannelWithdrawal & BothSignatures, sent?: Sent): Promise<Receipt> {
    const { chainId, me } = this.#options;
    const purpose = `withdraw ${address} ${agreed.withdrawnByAWei} ${agreed.withdrawnByBWei} ${agreed.validUntilS}`;
    return this.#send(purpose, withdrawTogetherCall({ from: me, chainId, address, agreed }), sent);
  }

  claim(channel: NodeId, payee: NodeId, sent?: Sent): Promise<Receipt> {
    return this.#send(`claim ${channel} ${payee}`, claimCall(this.#options.me, channel, payee), sent);
  }

  #submission(address: NodeId, cheques: readonly SignedCheque[]) {
    const { chainId, me: from } = this.#options;
    return { from, chainId, address, cheques };
  }

  async #send(what: string, call: ContractCall, sent: Sent = () => Promise.resolve()): Promise<Receipt> {
    // The same thing under way is joined, not done twice.
    const { gasWei, hash } = await this.#options.payer.perform({ purpose: `channel ${what}`, call }, sent);
    return { hash, gasWei };
  }
}

/** Of an older block only the deposits are told apart: nothing else is asked of one. */
function asOf({ address: _address, deposits, ...facts }: SimPaymentChannel, number: number): ChannelFacts | undefined {
  const later = deposits.filter(({ block }) => block > number);
  if (later.length === 0) return facts;
  if (later.length === deposits.length) return undefined;
  const before = (side: 'a' | 'b') => ({
    ...facts[side],
    depositedWei: later.reduce((wei, each) => (each.side === side ? wei - each.wei : wei), facts[side].depositedWei),
  });
  return { ...facts, a: before('a'), b: before('b') };
}

function words(cheques: readonly SignedCheque[]): string {
  return cheques.map(({ beneficiary, cumulativeWei }) => `${beneficiary} ${cumulativeWei}`).join(' ');
}
