import assert from 'node:assert/strict';
import {
  type ChannelClose,
  type ChannelWithdrawal,
  signClose,
  signWithdrawal,
} from '../../src/chain/channel-signing.ts';
import { createSigner, type Signer } from '../../src/chain/signer.ts';
import type { NodeId } from '../../src/core/node-id.ts';
import { type Bench, CHAIN_ID, channelCall, DAY_S, factoryCall, type Hex, stranger, tokenCall, ZERO } from './bench.ts';
import { cheque, compact } from './books.ts';

const pair = [3, 4].map((byte) => createSigner(new Uint8Array(32).fill(byte)));
pair.sort((one, other) => (one.id < other.id ? -1 : 1));

/** The two parties of the tests: their signers in the contract's order, and where their money goes. */
export const [signerA, signerB] = pair as [Signer, Signer];
export const payeeA: NodeId = `0x${'a1'.repeat(20)}`;
export const payeeB: NodeId = `0x${'b1'.repeat(20)}`;

export interface ChannelTerms {
  readonly a: { readonly signer: NodeId; readonly payee: NodeId };
  readonly b: { readonly signer: NodeId; readonly payee: NodeId };
  readonly token: NodeId;
  readonly freezeSeconds: number;
  readonly nonce: bigint;
}

export function channelTerms(bench: Bench, change: Partial<ChannelTerms> = {}): ChannelTerms {
  const nonce = bench.nextNonce();
  const a = { signer: signerA.id, payee: payeeA };
  const b = { signer: signerB.id, payee: payeeB };
  return { a, b, token: ZERO, freezeSeconds: DAY_S, nonce, ...change };
}

/** A channel with these deposits. */
export async function openChannel(bench: Bench, a = 0n, b = 0n, change: Partial<ChannelTerms> = {}): Promise<NodeId> {
  const terms = channelTerms(bench, change);
  const data = factoryCall('openChannel', [terms, terms.a.payee]);
  const { events } = await bench.must({ from: stranger, to: bench.chain.factory, data });
  const channel = events[0]?.args['channel'];
  assert.ok(typeof channel === 'string');
  await putIn(bench, { channel, payee: terms.a.payee, amount: a, token: terms.token });
  await putIn(bench, { channel, payee: terms.b.payee, amount: b, token: terms.token });
  return channel;
}

export interface Deposit {
  readonly channel: NodeId;
  readonly payee: NodeId;
  readonly amount: bigint;
  readonly token?: NodeId;
}

/** Deposits from the stranger, who is given the tokens first. */
export async function putIn(bench: Bench, { channel, payee, amount, token = ZERO }: Deposit): Promise<void> {
  if (amount === 0n) return;
  if (token !== ZERO) {
    await bench.give(stranger, amount, token);
    await bench.must({ from: stranger, to: token, data: tokenCall('approve', [channel, amount]) });
  }
  const data = channelCall('deposit', [payee, amount]);
  await bench.must({ from: stranger, to: channel, data, wei: token === ZERO ? amount : 0n });
}

/** Payments in the channel: what each has paid the other in all, where it is said. */
export function payments(channel: NodeId, paid: { readonly byA?: bigint; readonly byB?: bigint }) {
  return [
    ...(paid.byA === undefined ? [] : [cheque(channel, payeeB, paid.byA, signerA)]),
    ...(paid.byB === undefined ? [] : [cheque(channel, payeeA, paid.byB, signerB)]),
  ];
}

export const FOR_EVER_S = 2 ** 40;

export function closing(channel: NodeId, close: ChannelClose, by: readonly [Signer, Signer] = [signerA, signerB]): Hex {
  const signatures = by.map((signer) => compact(signClose(signer, CHAIN_ID, channel, close)));
  return channelCall('closeTogether', [close.paidByAWei, close.paidByBWei, BigInt(close.validUntilS), ...signatures]);
}

export function withdrawing(
  channel: NodeId,
  withdrawal: ChannelWithdrawal,
  by: readonly [Signer, Signer] = [signerA, signerB],
): Hex {
  const { withdrawnByAWei, withdrawnByBWei, validUntilS } = withdrawal;
  const signatures = by.map((signer) => compact(signWithdrawal(signer, CHAIN_ID, channel, withdrawal)));
  return channelCall('withdrawTogether', [withdrawnByAWei, withdrawnByBWei, BigInt(validUntilS), ...signatures]);
}
