import { BYTES_PER_MB, type PricePerMb, type Units } from '../units.ts';

/** The most payload a packet carries: with its header it fits the smallest window a channel may have. Bytes. */
export const MAX_PAYLOAD_BYTES = 15_360;

/** The most value in one packet: six bytes, about 2.8 million dollars in the default unit. A link's limit lies far below. */
export const MAX_VALUE = 2 ** 48 - 1;

/** A packet lives at most so long from carrier to carrier: what a window must remember. Milliseconds. */
export const MAX_LIFE_MS = 10_000;

/** Hops a packet may start with. */
export const MAX_HOPS = 64;

/** Why a packet came back (DESIGN §8). The order is part of the wire format. */
export const REASONS = [
  'none',
  /** The value does not cover the carrier's toll; `wanted` says what it is. */
  'UNDERFUNDED',
  /** The link it came in on, or the one it would leave on, has no room for its value. */
  'NO_CREDIT',
  'NO_ROUTE',
  /** The queue is full, or the toll rose above what the packet carries. */
  'CONGESTED',
  /** Out of hops or of time. */
  'EXPIRED',
  /** The id was seen a moment ago: a copy, or a loop. */
  'DUPLICATE',
] as const;
/** One of `REASONS`. */
export type Reason = (typeof REASONS)[number];

/** A node id as five 32-bit words: what tables are looked up by, without making strings. */
export type AddressWords = Uint32Array;

/** The fields of a packet that carriers look at and change. One object is used again for every packet. */
export interface PacketHeader {
  /** Units, 0 … `MAX_VALUE`. */
  value: number;
  hops: number;
  /** What is left of its life, milliseconds: no two clocks are compared. */
  lifeMs: number;
  /** The whole packet, header and payload, bytes. */
  sizeBytes: number;
  /** Chosen at random by the originator; two halves. */
  idHigh: number;
  idLow: number;
  /** The id this one answers; both 0 where it answers none. */
  answersHigh: number;
  answersLow: number;
  /** Somebody waits for change: room for it is kept on the way. */
  wantsChange: boolean;
  readonly destination: AddressWords;
}

/** An empty header to be filled again and again. */
export function packetHeader(): PacketHeader {
  return {
    value: 0,
    hops: 0,
    lifeMs: 0,
    sizeBytes: 0,
    idHigh: 0,
    idLow: 0,
    answersHigh: 0,
    answersLow: 0,
    wantsChange: false,
    destination: new Uint32Array(5),
  };
}

/**
 * What a carrier takes for sending a packet of `sizeBytes` out on a link: so much a packet, and so much per MB, rounded
 * down for each packet, so that the price of a whole path is never more than its parts added up and rounded down once.
 */
export function tollFor(sizeBytes: number, perPacket: Units, perMb: PricePerMb): Units {
  return perPacket + Math.floor((sizeBytes * perMb) / BYTES_PER_MB);
}
