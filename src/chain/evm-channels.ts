import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { SignedCheque } from '../core/settlement/cheque.ts';
import type { Receipt } from './chain.ts';
import type { BothSignatures, ChannelChain, ChannelFacts, ChannelPlace, Sent } from './channel-chain.ts';
import { loadChannelEncoding } from './channel-encoding.ts';
import type { ChannelClose, ChannelWithdrawal } from './channel-signing.ts';
import { COIN, loadEncoding } from './encoding.ts';
import type { Hex } from './json-rpc.ts';

export interface EvmChannelsOptions {
  readonly factory: NodeId;
  /** What channels hold; `COIN` for native coin. */
  readonly token: NodeId;
  /** How much of the token a contract may take from this node. */
  readonly allowance: (spender: NodeId) => Promise<bigint>;
  /** Asks the factory, as of the block that `depth` blocks stand on. Throws `CHAIN_NOT_FACTORY` where it does not understand. */
  readonly ask: (data: Hex, depth?: number) => Promise<Hex>;
  /** Sends a transaction of this node's key; resolves when it is mined. */
  readonly send: (sending: { purpose: string; to: NodeId; data: Hex; wei: bigint; sent?: Sent }) => Promise<Receipt>;
}

/** Channels on any EVM behind JSON-RPC: what `EvmChain.channels` is. */
export class EvmChannels implements ChannelChain {
  readonly #options: EvmChannelsOptions;

  constructor(options: EvmChannelsOptions) {
    this.#options = options;
  }

  async address(place: ChannelPlace): Promise<NodeId> {
    const encoding = await loadChannelEncoding();
    const address = encoding.readAddress(await this.#options.ask(encoding.address(place, this.#options.token)));
    if (address === undefined) throw new WayleaveError('CHAIN_NOT_FACTORY', { factory: this.#options.factory });
    return address;
  }

  async facts(channel: NodeId, depth = 1): Promise<ChannelFacts | undefined> {
    const encoding = await loadChannelEncoding();
    const read = encoding.readFacts(await this.#options.ask(encoding.facts(channel), depth), this.#options.token);
    if (read === undefined) throw new WayleaveError('CHAIN_NOT_FACTORY', { factory: this.#options.factory });
    const { hasCode, ...facts } = read;
    return hasCode ? facts : undefined;
  }

  async open(place: ChannelPlace, { payee, wei }: { payee: NodeId; wei: bigint }, sent?: Sent): Promise<Receipt> {
    const { factory, token } = this.#options;
    const data = (await loadChannelEncoding()).open(place, token, payee);
    if (token === COIN) return this.#send(factory, data, sent, wei);
    const opened = await this.#send(factory, data, sent);
    if (wei > 0n) await this.deposit(await this.address(place), { payee, wei });
    return opened;
  }

  async deposit(channel: NodeId, { payee, wei }: { payee: NodeId; wei: bigint }, sent?: Sent): Promise<Receipt> {
    const data = (await loadChannelEncoding()).deposit(payee, wei);
    if (this.#options.token === COIN) return this.#send(channel, data, sent, wei);
    await this.#approve(channel, wei);
    return this.#send(channel, data, sent);
  }

  /** For this deposit and no more. Some tokens change an allowance only from 0 and to 0. */
  async #approve(channel: NodeId, wei: bigint): Promise<void> {
    const { allowance, token } = this.#options;
    const { approve } = await loadEncoding();
    const before = await allowance(channel);
    if (before >= wei) return;
    if (before > 0n) await this.#send(token, approve(channel, 0n), undefined);
    await this.#send(token, approve(channel, wei), undefined);
  }

  async submit(channel: NodeId, cheques: readonly SignedCheque[], sent?: Sent): Promise<Receipt> {
    return this.#send(channel, (await loadChannelEncoding()).submit(cheques), sent);
  }

  async startClose(channel: NodeId, cheques: readonly SignedCheque[], sent?: Sent): Promise<Receipt> {
    return this.#send(channel, (await loadChannelEncoding()).startClose(cheques), sent);
  }

  async finish(channel: NodeId, sent?: Sent): Promise<Receipt> {
    return this.#send(channel, (await loadChannelEncoding()).finish(), sent);
  }

  async closeTogether(channel: NodeId, agreed: ChannelClose & BothSignatures, sent?: Sent): Promise<Receipt> {
    return this.#send(channel, (await loadChannelEncoding()).closeTogether(agreed), sent);
  }

  async withdrawTogether(channel: NodeId, agreed: ChannelWithdrawal & BothSignatures, sent?: Sent): Promise<Receipt> {
    return this.#send(channel, (await loadChannelEncoding()).withdrawTogether(agreed), sent);
  }

  async claim(channel: NodeId, payee: NodeId, sent?: Sent): Promise<Receipt> {
    return this.#send(channel, (await loadChannelEncoding()).claim(payee), sent);
  }

  #send(to: NodeId, data: Hex, sent: Sent | undefined, wei = 0n): Promise<Receipt> {
    // The same thing under way is joined, not done twice: also a top-up, which a crash may have left open.
    return this.#options.send({
      purpose: `channel ${to} ${data}`,
      to,
      data,
      wei,
      ...(sent === undefined ? {} : { sent }),
    });
  }
}
