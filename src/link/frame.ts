import { MAX_CLOSE_BYTES, MAX_DATA_BYTES, MAX_HEADER_BYTES, MAX_MESSAGE_BYTES } from './limits.ts';

/**
 * Frames as they travel. Each starts with 12 bytes, big-endian: type (1), payload length (3), channel (4), value (4).
 * `value` is the tag, code or amount a type needs, else 0. The protocol name `wayleave/1` fixes all of it, so anything
 * else is a fault.
 */
export const HEADER_BYTES = 12;

export const FrameType = {
  /** A control message. */
  control: 1,
  /** A payment message. */
  payment: 2,
  /** Opens `channel`; value = tag, payload = header. Odd ids belong to the side that dialled. */
  open: 3,
  /** The service asked for by `open` is granted. */
  accept: 4,
  /** Bytes of a channel; value = tag. */
  data: 5,
  /** No more data from this side. */
  end: 6,
  /** The channel is gone; value = `ResetCode`. */
  reset: 7,
  /** value = bytes given back to the window of the channel. */
  window: 8,
  /** value = bytes the neighbour may send more on channels it opens. */
  budget: 9,
  /** value comes back in a pong. */
  ping: 10,
  pong: 11,
  /** The last frame; payload = error code in ASCII, or nothing. */
  close: 12,
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

/** Resets carry one of `ResetCode`; room for more. */
const MAX_RESET_CODE = 255;

interface Rule {
  readonly least: number;
  readonly most: number;
  /** Whether the frame belongs to a channel. */
  readonly channel: boolean;
  /** Least and largest value. */
  readonly value: readonly [number, number];
}

const ANY: readonly [number, number] = [0, 2 ** 32 - 1];
const SOME: readonly [number, number] = [1, 2 ** 32 - 1];
const ZERO: readonly [number, number] = [0, 0];

/** What each type may look like, by number; a hole is no type. */
const RULES: readonly (Rule | undefined)[] = [
  undefined,
  { least: 0, most: MAX_MESSAGE_BYTES, channel: false, value: ZERO },
  { least: 0, most: MAX_MESSAGE_BYTES, channel: false, value: ZERO },
  { least: 0, most: MAX_HEADER_BYTES, channel: true, value: ANY },
  { least: 0, most: 0, channel: true, value: ZERO },
  { least: 1, most: MAX_DATA_BYTES, channel: true, value: ANY },
  { least: 0, most: 0, channel: true, value: ZERO },
  { least: 0, most: 0, channel: true, value: [0, MAX_RESET_CODE] },
  { least: 0, most: 0, channel: true, value: SOME },
  { least: 0, most: 0, channel: false, value: SOME },
  { least: 0, most: 0, channel: false, value: ANY },
  { least: 0, most: 0, channel: false, value: ANY },
  { least: 0, most: MAX_CLOSE_BYTES, channel: false, value: ZERO },
];

/** What of a header is wrong, in a word; undefined when nothing is. */
export function headerFault(type: number, length: number, channel: number, value: number): string | undefined {
  const rule = RULES[type];
  if (rule === undefined) return 'type';
  if (length < rule.least || length > rule.most) return 'length';
  if ((channel !== 0) !== rule.channel) return 'channel';
  if (value < rule.value[0] || value > rule.value[1]) return 'value';
  return undefined;
}

/** The fields of a header, as one argument where speed does not matter. */
export interface FrameHead {
  readonly type: FrameType;
  readonly channel?: number;
  readonly value?: number;
  readonly length?: number;
}

/** Writes a header at `at`; returns where the payload goes. */
export function writeHead(target: Uint8Array, at: number, head: FrameHead): number {
  const length = head.length ?? 0;
  target[at] = head.type;
  target[at + 1] = length >>> 16;
  target[at + 2] = length >>> 8;
  target[at + 3] = length;
  writeU32(target, at + 4, head.channel ?? 0);
  writeU32(target, at + 8, head.value ?? 0);
  return at + HEADER_BYTES;
}

/** A whole frame, for tests and for the rare frames. */
export function encodeFrame(head: Omit<FrameHead, 'length'>, payload: Uint8Array = new Uint8Array()): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  bytes.set(payload, writeHead(bytes, 0, { ...head, length: payload.length }));
  return bytes;
}

function writeU32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

/** Reads 4 bytes that are known to be there. */
export function readU32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0
  );
}

/** Reads 3 bytes that are known to be there. */
export function readU24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
}
