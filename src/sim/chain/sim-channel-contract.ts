import type { BothSignatures, ChannelBooks, ChannelPlace } from '../../chain/channel-chain.ts';
import {
  type ChannelClose,
  type ChannelWithdrawal,
  closeDigest,
  recoverAgreementSigner,
  withdrawalDigest,
} from '../../chain/channel-signing.ts';
import { recoverChequeIssuer } from '../../chain/cheque-signing.ts';
import type { NodeId } from '../../core/node-id.ts';
import type { SignedCheque } from '../../core/settlement/cheque.ts';
import type { ChainState, SimPaymentChannel } from './chain-state.ts';
import { type CallOutcome, type ContractCall, hashOf, NOTHING, pay, Revert, tryPay } from './sim-contracts.ts';

/** What the channel contract does, as `contracts/Channel.sol` does it, in coin or in a token. */

/** Gas by call, near what docs/contracts.md says was measured. */
const GAS = { open: 250_000n, deposit: 60_000n, submit: 60_000n, close: 90_000n, claim: 50_000n } as const;

const EMPTY: ChannelBooks = { depositedWei: 0n, withdrawnWei: 0n, paidWei: 0n, unclaimedWei: 0n };

interface Deposit {
  readonly payee: NodeId;
  readonly wei: bigint;
}

/** The block it is done in: its time, seconds since the epoch, and its number. */
interface At {
  readonly nowS: number;
  readonly number: number;
}

type Change = (channel: SimPaymentChannel, state: ChainState, at: At) => SimPaymentChannel;

/** Where a channel stands: it follows from everything it is made of. */
export function channelAddress({ freezeSeconds, nonce, parties: { a, b } }: ChannelPlace): NodeId {
  const text = `channel ${a.signer} ${a.payee} ${b.signer} ${b.payee} ${freezeSeconds} ${nonce}`;
  return `0x${hashOf(text).slice(2, 42)}`;
}

/** Opens it where it does not stand yet, with a deposit. */
export function openCall(from: NodeId, place: ChannelPlace, deposit: Deposit): ContractCall {
  const address = channelAddress(place);
  const call = depositToCall(from, address, deposit);
  return {
    ...call,
    gas: GAS.open,
    run(state, block) {
      if (state.channel(address) === undefined)
        state.setChannel({ address, fromFactory: true, ...place, a: EMPTY, b: EMPTY, closed: false, deposits: [] });
      return call.run(state, block);
    },
  };
}

export function depositToCall(from: NodeId, address: NodeId, { payee, wei }: Deposit): ContractCall {
  const call = changing({ from, address, gas: GAS.deposit }, (channel, state, { number }) => {
    const ofA = payee === channel.parties.a.payee;
    if (!ofA && payee !== channel.parties.b.payee) throw new Revert('NotAParty');
    const arrivedWei = pay(state, from, address, wei);
    const side = ofA ? 'a' : 'b';
    const deposits = [...channel.deposits, { block: number, side, wei: arrivedWei } as const];
    const depositedWei = channel[side].depositedWei + arrivedWei;
    return { ...channel, deposits, [side]: { ...channel[side], depositedWei } };
  });
  return { ...call, wei };
}

interface Submission {
  readonly from: NodeId;
  readonly chainId: number;
  readonly address: NodeId;
  readonly cheques: readonly SignedCheque[];
}

export function submitCall({ from, chainId, address, cheques }: Submission): ContractCall {
  return changing({ from, address, gas: GAS.submit }, (channel) => {
    const after = raise(channel, chainId, cheques);
    if (after === channel) throw new Revert('NothingNew');
    return after;
  });
}

export function startCloseCall({ from, chainId, address, cheques }: Submission): ContractCall {
  return changing({ from, address, gas: GAS.close }, (channel, _state, { nowS }) => {
    const { a, b } = channel.parties;
    if (channel.closesAtS !== undefined) throw new Revert('AlreadyClosing');
    if (![a.signer, b.signer, a.payee, b.payee].includes(from)) throw new Revert('NotAParty');
    return { ...raise(channel, chainId, cheques), closesAtS: nowS + channel.freezeSeconds };
  });
}

export function finishCall(from: NodeId, address: NodeId): ContractCall {
  return changing({ from, address, gas: GAS.close }, (channel, state, { nowS }) => {
    if (channel.closesAtS === undefined) throw new Revert('NotClosing');
    if (nowS < channel.closesAtS) throw new Revert('StillFrozen');
    return close(channel, state);
  });
}

/** Pays a payee what it could not be paid before. Anyone may, also when the channel is closed. */
export function claimCall(from: NodeId, address: NodeId, payee: NodeId): ContractCall {
  return {
    from,
    gas: GAS.claim,
    wei: 0n,
    run(state): CallOutcome {
      const channel = state.channel(address);
      if (channel === undefined) return NOTHING;
      const side = payee === channel.parties.a.payee ? 'a' : 'b';
      const wei = payee === channel.parties[side].payee ? channel[side].unclaimedWei : 0n;
      if (wei === 0n) throw new Revert('NothingOwed');
      pay(state, address, payee, wei);
      state.setChannel({ ...channel, [side]: { ...channel[side], unclaimedWei: 0n } });
      return NOTHING;
    },
  };
}

interface Agreement<Agreed> {
  readonly from: NodeId;
  readonly chainId: number;
  readonly address: NodeId;
  readonly agreed: Agreed & BothSignatures;
}

export function closeTogetherCall({ from, chainId, address, agreed }: Agreement<ChannelClose>): ContractCall {
  return changing({ from, address, gas: GAS.close }, (channel, state, { nowS }) => {
    checkBoth(channel, closeDigest(chainId, address, agreed), { ...agreed, nowS });
    const a = { ...channel.a, paidWei: agreed.paidByAWei };
    return close({ ...channel, a, b: { ...channel.b, paidWei: agreed.paidByBWei } }, state);
  });
}

export function withdrawTogetherCall({ from, chainId, address, agreed }: Agreement<ChannelWithdrawal>): ContractCall {
  return changing({ from, address, gas: GAS.close }, (channel, state, { nowS }) => {
    checkBoth(channel, withdrawalDigest(chainId, address, agreed), { ...agreed, nowS });
    const { a, b } = channel;
    const [toA, toB] = [agreed.withdrawnByAWei - a.withdrawnWei, agreed.withdrawnByBWei - b.withdrawnWei];
    if (toA < 0n || toB < 0n || toA + toB === 0n) throw new Revert('NothingNew');
    if (agreed.withdrawnByAWei + agreed.withdrawnByBWei > a.depositedWei + b.depositedWei)
      throw new Revert('NotCovered');
    const taken = { a: agreed.withdrawnByAWei, b: agreed.withdrawnByBWei };
    const booked = { ...channel, a: { ...a, withdrawnWei: taken.a }, b: { ...b, withdrawnWei: taken.b } };
    return payOut(payOut(booked, state, 'a', toA), state, 'b', toB);
  });
}

function changing(
  call: Pick<ContractCall, 'from' | 'gas'> & { readonly address: NodeId },
  change: Change,
): ContractCall {
  const { address, from, gas } = call;
  return {
    from,
    gas,
    wei: 0n,
    run(state, at): CallOutcome {
      const channel = state.channel(address);
      // As on an EVM: a call of an address without code does nothing, and succeeds.
      if (channel === undefined) return NOTHING;
      if (channel.closed) throw new Revert('AlreadyClosed');
      state.setChannel(change(channel, state, at));
      return NOTHING;
    },
  };
}

function checkBoth(
  { parties }: SimPaymentChannel,
  digest: Uint8Array,
  { byA, byB, nowS, validUntilS }: BothSignatures & { readonly nowS: number; readonly validUntilS: number },
): void {
  if (nowS > validUntilS) throw new Revert('AgreementLapsed');
  if (recoverAgreementSigner(digest, byA) !== parties.a.signer) throw new Revert('SignerNotParty');
  if (recoverAgreementSigner(digest, byB) !== parties.b.signer) throw new Revert('SignerNotParty');
}

/** The channel itself where none of the cheques said something new. */
function raise(channel: SimPaymentChannel, chainId: number, cheques: readonly SignedCheque[]): SimPaymentChannel {
  let raised = channel;
  for (const cheque of cheques) {
    const { parties } = channel;
    const toA = cheque.beneficiary === parties.a.payee;
    if (!toA && cheque.beneficiary !== parties.b.payee) throw new Revert('NotAParty');
    const payer = toA ? raised.b : raised.a;
    if (cheque.cumulativeWei <= payer.paidWei) continue;
    const signer = recoverChequeIssuer(chainId, cheque);
    const drawnHere = cheque.chequebook === channel.address;
    if (!drawnHere || signer !== (toA ? parties.b : parties.a).signer) throw new Revert('SignerNotPayer');
    raised = { ...raised, [toA ? 'b' : 'a']: { ...payer, paidWei: cheque.cumulativeWei } };
  }
  return raised;
}

/** Pays both their share by the totals as they stand. */
function close(channel: SimPaymentChannel, state: ChainState): SimPaymentChannel {
  const { a, b } = channel;
  const pot = a.depositedWei + b.depositedWei - a.withdrawnWei - b.withdrawnWei;
  const credit = a.depositedWei + b.paidWei;
  const debit = a.withdrawnWei + a.paidWei;
  const shareWei = credit > debit ? credit - debit : 0n;
  const toA = shareWei < pot ? shareWei : pot;
  const { closesAtS: _closesAtS, ...rest } = channel;
  return payOut(payOut({ ...rest, closed: true }, state, 'a', toA), state, 'b', pot - toA);
}

/** A payee that cannot be paid keeps its claim and does not keep the other from its money. */
function payOut(channel: SimPaymentChannel, state: ChainState, side: 'a' | 'b', wei: bigint): SimPaymentChannel {
  if (wei === 0n || tryPay(state, channel.address, channel.parties[side].payee, wei)) return channel;
  const books = channel[side];
  return { ...channel, [side]: { ...books, unclaimedWei: books.unclaimedWei + wei } };
}
