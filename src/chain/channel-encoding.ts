import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { SignedCheque } from '../core/settlement/cheque.ts';
import { CHANNEL_ABI, CHANNEL_FACTORY_ABI } from './channel-abi.ts';
import type { BothSignatures, ChannelFacts, ChannelPlace } from './channel-chain.ts';
import type { ChannelClose, ChannelWithdrawal } from './channel-signing.ts';
import { compactSignature } from './compact-signature.ts';
import type { Hex } from './json-rpc.ts';
import { loadViem, type Viem } from './viem-parts.ts';

/** Calls of a channel and its factory as bytes. Like `encoding.ts` it loads viem when something is first to be encoded. */
export interface ChannelEncoding {
  address(place: ChannelPlace, token: NodeId): Hex;
  /** Undefined when the answer is not one of the factory's. */
  readAddress(answer: Hex): NodeId | undefined;
  facts(channel: NodeId): Hex;
  /** Undefined when the answer is not one of the factory's; `hasCode` is false where nothing stands. Amounts are of `token`. */
  readFacts(answer: Hex, token: NodeId): (ChannelFacts & { readonly hasCode: boolean }) | undefined;
  open(place: ChannelPlace, token: NodeId, payee: NodeId): Hex;
  deposit(payee: NodeId, wei: bigint): Hex;
  submit(cheques: readonly SignedCheque[]): Hex;
  startClose(cheques: readonly SignedCheque[]): Hex;
  finish(): Hex;
  closeTogether(agreed: ChannelClose & BothSignatures): Hex;
  withdrawTogether(agreed: ChannelWithdrawal & BothSignatures): Hex;
  claim(payee: NodeId): Hex;
}

let made: Promise<ChannelEncoding> | undefined;

/** A second call is free. */
export function loadChannelEncoding(): Promise<ChannelEncoding> {
  made ??= loadViem().then(make);
  return made;
}

function make(viem: Viem): ChannelEncoding {
  const factory = viem.parseAbi(CHANNEL_FACTORY_ABI);
  const abi = viem.parseAbi(CHANNEL_ABI);
  return {
    address: (place, token) =>
      viem.encodeFunctionData({ abi: factory, functionName: 'channelAddress', args: [termsOf(place, token)] }),
    readAddress: (data) =>
      orUndefined(() =>
        viem.decodeFunctionResult({ abi: factory, functionName: 'channelAddress', data }).toLowerCase(),
      ),
    facts: (channel) => viem.encodeFunctionData({ abi: factory, functionName: 'channelFacts', args: [channel as Hex] }),
    readFacts: (data, token) =>
      orUndefined(() =>
        factsOf(viem.decodeFunctionResult({ abi: factory, functionName: 'channelFacts', data }), token),
      ),
    open: (place, token, payee) =>
      viem.encodeFunctionData({
        abi: factory,
        functionName: 'openChannel',
        args: [termsOf(place, token), payee as Hex],
      }),
    deposit: (payee, wei) => viem.encodeFunctionData({ abi, functionName: 'deposit', args: [payee as Hex, wei] }),
    submit: (cheques) => viem.encodeFunctionData({ abi, functionName: 'submit', args: [cheques.map(chequeOf)] }),
    startClose: (cheques) =>
      viem.encodeFunctionData({ abi, functionName: 'startClose', args: [cheques.map(chequeOf)] }),
    finish: () => viem.encodeFunctionData({ abi, functionName: 'finish', args: [] }),
    closeTogether({ byA, byB, paidByAWei, paidByBWei, validUntilS }) {
      const args = [paidByAWei, paidByBWei, BigInt(validUntilS), compact(byA), compact(byB)] as const;
      return viem.encodeFunctionData({ abi, functionName: 'closeTogether', args });
    },
    withdrawTogether({ byA, byB, validUntilS, withdrawnByAWei, withdrawnByBWei }) {
      const args = [withdrawnByAWei, withdrawnByBWei, BigInt(validUntilS), compact(byA), compact(byB)] as const;
      return viem.encodeFunctionData({ abi, functionName: 'withdrawTogether', args });
    },
    claim: (payee) => viem.encodeFunctionData({ abi, functionName: 'claim', args: [payee as Hex] }),
  };
}

function termsOf({ freezeSeconds, nonce, parties }: ChannelPlace, token: NodeId) {
  const party = ({ payee, signer }: { payee: NodeId; signer: NodeId }) => ({
    signer: signer as Hex,
    payee: payee as Hex,
  });
  return {
    a: party(parties.a),
    b: party(parties.b),
    token: token as Hex,
    freezeSeconds,
    nonce: BigInt(nonce),
  } as const;
}

function chequeOf({ beneficiary, cumulativeWei, signature }: SignedCheque) {
  return { beneficiary: beneficiary as Hex, cumulativePayout: cumulativeWei, ...compact(signature) };
}

function compact(signature: Uint8Array): { readonly r: Hex; readonly vs: Hex } {
  const short = compactSignature(signature);
  if (short === undefined) throw new WayleaveError('AMOUNT_INVALID', { signature: signature.length });
  return short;
}

interface Decoded {
  readonly hasCode: boolean;
  readonly fromFactory: boolean;
  readonly terms: {
    readonly a: { readonly signer: string; readonly payee: string };
    readonly b: { readonly signer: string; readonly payee: string };
    readonly token: string;
    readonly freezeSeconds: number;
    readonly nonce: bigint;
  };
  readonly a: { readonly deposited: bigint; readonly withdrawn: bigint };
  readonly b: { readonly deposited: bigint; readonly withdrawn: bigint };
  readonly paidByA: bigint;
  readonly paidByB: bigint;
  readonly closesAt: bigint;
  readonly closed: boolean;
  readonly unclaimedByA: bigint;
  readonly unclaimedByB: bigint;
}

function factsOf(raw: Decoded, token: NodeId): ChannelFacts & { readonly hasCode: boolean } {
  const { terms } = raw;
  const party = ({ payee, signer }: { payee: string; signer: string }) => ({
    signer: signer.toLowerCase(),
    payee: payee.toLowerCase(),
  });
  const books = (of: 'a' | 'b', paidWei: bigint, unclaimedWei: bigint) => ({
    depositedWei: raw[of].deposited,
    withdrawnWei: raw[of].withdrawn,
    paidWei,
    unclaimedWei,
  });
  return {
    hasCode: raw.hasCode,
    // One in another token would count its units as this one's.
    fromFactory: raw.fromFactory && terms.token.toLowerCase() === token,
    parties: { a: party(terms.a), b: party(terms.b) },
    freezeSeconds: terms.freezeSeconds,
    nonce: Number(terms.nonce),
    a: books('a', raw.paidByA, raw.unclaimedByA),
    b: books('b', raw.paidByB, raw.unclaimedByB),
    ...(raw.closesAt === 0n ? {} : { closesAtS: Number(raw.closesAt) }),
    closed: raw.closed,
  };
}

/** viem throws at data that does not decode; here that is an answer like any other. */
function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
