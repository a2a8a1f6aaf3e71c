import { WayleaveError } from '../core/errors.ts';
import { ByteReader, ByteWriter } from './bytes.ts';

/** A close of a channel as one party would have it, signed by that party; the other signs too and hands it in. */
export interface ChannelCloseOffer {
  readonly channel: string;
  readonly paidByAWei: bigint;
  readonly paidByBWei: bigint;
  /** Seconds since the epoch after which the contract refuses it. */
  readonly validUntilS: number;
  /** r, s, v: 65 bytes, of the type `Close` of the contract. */
  readonly signature: Uint8Array;
}

/** Their type byte among the messages of docs/wire.md: one that a node without channels passes over. */
const CLOSE_TYPE = 129;

/** Whether a message of the control class offers to close a channel. */
export function isChannelClose(message: Uint8Array): boolean {
  return message[0] === CLOSE_TYPE;
}

/** Throws `AMOUNT_INVALID` for a field out of range. */
export function encodeChannelClose(offer: ChannelCloseOffer): Uint8Array {
  const { channel, paidByAWei, paidByBWei, signature, validUntilS } = offer;
  if (signature.length !== 65) throw new WayleaveError('AMOUNT_INVALID', { signature: signature.length });
  const out = new ByteWriter().u8(CLOSE_TYPE).address(channel).u256(paidByAWei).u256(paidByBWei);
  return out.u53(validUntilS).raw(signature).done();
}

/** Throws `WIRE_MALFORMED`. */
export function decodeChannelClose(message: Uint8Array): ChannelCloseOffer {
  const input = new ByteReader(message);
  input.u8();
  const channel = input.address();
  const paidByAWei = input.u256();
  const paidByBWei = input.u256();
  const offer = { channel, paidByAWei, paidByBWei, validUntilS: input.u53(), signature: input.raw(65) };
  input.end();
  return offer;
}
