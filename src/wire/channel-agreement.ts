import { WayleaveError } from '../core/errors.ts';
import { ByteReader, ByteWriter } from './bytes.ts';

/** What both parties of a channel have to sign, signed by the one that sends it. */
interface Agreement {
  readonly channel: string;
  /** Seconds since the epoch after which the contract refuses it. */
  readonly validUntilS: number;
  /** r, s, v: 65 bytes, of the type `Close` or `Withdrawal` of the contract. */
  readonly signature: Uint8Array;
}

/** A close of a channel as one party would have it; the other signs too and hands it in. */
export interface ChannelCloseOffer extends Agreement {
  readonly paidByAWei: bigint;
  readonly paidByBWei: bigint;
}

/** All that both ever took out, with what one of them wants now; the other signs the same and sends it back. */
export interface ChannelWithdrawalOffer extends Agreement {
  readonly withdrawnByAWei: bigint;
  readonly withdrawnByBWei: bigint;
}

/** Their type bytes among the messages of docs/wire.md: such that a node without channels passes them over. */
const CLOSE_TYPE = 129;
const WITHDRAWAL_TYPE = 132;

/** Whether a message of the control class is about what both parties of a channel sign. */
export function isChannelAgreement(message: Uint8Array): boolean {
  return message[0] === CLOSE_TYPE || message[0] === WITHDRAWAL_TYPE;
}

/** Which of the two it is. */
export function isChannelWithdrawal(message: Uint8Array): boolean {
  return message[0] === WITHDRAWAL_TYPE;
}

/** Throws `AMOUNT_INVALID` for a field out of range. */
export function encodeChannelClose(offer: ChannelCloseOffer): Uint8Array {
  return encode(CLOSE_TYPE, offer, [offer.paidByAWei, offer.paidByBWei]);
}

/** Throws `WIRE_MALFORMED`. */
export function decodeChannelClose(message: Uint8Array): ChannelCloseOffer {
  const { ofA: paidByAWei, ofB: paidByBWei, ...rest } = decode(message);
  return { ...rest, paidByAWei, paidByBWei };
}

/** Throws `AMOUNT_INVALID` for a field out of range. */
export function encodeChannelWithdrawal(offer: ChannelWithdrawalOffer): Uint8Array {
  return encode(WITHDRAWAL_TYPE, offer, [offer.withdrawnByAWei, offer.withdrawnByBWei]);
}

/** Throws `WIRE_MALFORMED`. */
export function decodeChannelWithdrawal(message: Uint8Array): ChannelWithdrawalOffer {
  const { ofA: withdrawnByAWei, ofB: withdrawnByBWei, ...rest } = decode(message);
  return { ...rest, withdrawnByAWei, withdrawnByBWei };
}

function encode(type: number, { channel, signature, validUntilS }: Agreement, totals: [bigint, bigint]): Uint8Array {
  if (signature.length !== 65) throw new WayleaveError('AMOUNT_INVALID', { signature: signature.length });
  const out = new ByteWriter().u8(type).address(channel).u256(totals[0]).u256(totals[1]);
  return out.u53(validUntilS).raw(signature).done();
}

function decode(message: Uint8Array): Agreement & { readonly ofA: bigint; readonly ofB: bigint } {
  const input = new ByteReader(message);
  input.u8();
  const channel = input.address();
  const ofA = input.u256();
  const ofB = input.u256();
  const agreement = { channel, ofA, ofB, validUntilS: input.u53(), signature: input.raw(65) };
  input.end();
  return agreement;
}
