import * as v from 'valibot';
import { MAX_PAYLOAD_BYTES, MAX_VALUE } from '../core/carrier/packet.ts';
import { WayleaveError } from '../core/errors.ts';
import type { WayleaveNode } from '../node/node.ts';
import type { PacketOutcome } from '../packets/packet-order.ts';
import { bodyInvalid } from './body-invalid.ts';
import type { Told } from './event-stream.ts';
import { nodeIdField } from './node-id-field.ts';
import { MAX_MARGIN_PERCENT, MAX_REPLIES, MAX_WAIT_MS } from './packet-limits.ts';

/** Base64 of the longest payload. */
const MAX_PAYLOAD_TEXT = 4 * Math.ceil(MAX_PAYLOAD_BYTES / 3);
const RECEIVED_BUFFER_BYTES = 2 ** 21;

const units = whole(0, MAX_VALUE);
const payload = v.optional(
  v.pipe(
    v.string(),
    v.maxLength(MAX_PAYLOAD_TEXT, `at most ${MAX_PAYLOAD_BYTES} bytes, in base64`),
    v.base64('not base64'),
  ),
  '',
);

/** Body of `POST /v1/packets/send`. Without `value` the packet gets what its path takes, and `marginPercent` more. */
export const sendBody = v.strictObject({
  to: nodeIdField,
  value: v.optional(units),
  marginPercent: v.optional(whole(0, MAX_MARGIN_PERCENT), 10),
  payload,
  replies: v.optional(whole(0, MAX_REPLIES), 0),
  answers: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/, 'not 16 hex digits'))),
  receipt: v.optional(v.boolean(), false),
  waitMs: v.optional(whole(0, MAX_WAIT_MS), 2_000),
});

const payloadBytes = `a whole number from 0 to ${MAX_PAYLOAD_BYTES}`;

/** Query of `GET /v1/packets/quote`: what a packet with so many bytes of payload will be charged on its way. */
export const quoteQuery = v.object({
  to: nodeIdField,
  bytes: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,6}$/, payloadBytes),
      v.transform(Number),
      v.maxValue(MAX_PAYLOAD_BYTES, payloadBytes),
    ),
    '0',
  ),
});

const serveOff = v.strictObject({ off: v.literal(true) });
const serveRule = v.strictObject({
  price: units,
  replies: v.optional(whole(1, MAX_REPLIES), 1),
  split: v.optional(v.picklist(['floor', 'exact']), 'floor'),
  payload,
});

/** Body of `POST /v1/packets/serve`; `off` stops it. Not a union: what is wrong with it would be said of neither. */
export const serveBody = v.lazy((body): typeof serveOff | typeof serveRule => {
  return typeof body === 'object' && body !== null && 'off' in body ? serveOff : serveRule;
});

/** The price of a path, null where none is known. Throws `PACKETS_OFF`, `API_BODY_INVALID`. */
export function quotePacket(node: WayleaveNode, query: Record<string, string>): object {
  const result = v.safeParse(quoteQuery, query);
  if (!result.success) throw bodyInvalid(result.issues[0]);
  const { to, bytes } = result.output;
  return { ok: true, to, bytes, quote: packetsOf(node).quote(to, bytes) ?? null };
}

/** Sends a packet of the node's own and says what became of it. Throws `PACKETS_OFF`, `PACKET_NO_ROUTE`. */
export async function sendPacket(node: WayleaveNode, body: v.InferOutput<typeof sendBody>): Promise<object> {
  const packets = packetsOf(node);
  const bytes = Buffer.from(body.payload, 'base64');
  const quote = packets.quote(body.to, bytes.length);
  if (body.value === undefined && quote === undefined) throw new WayleaveError('PACKET_NO_ROUTE', { to: body.to });
  const value = body.value ?? Math.ceil(((quote ?? 0) * (100 + body.marginPercent)) / 100);
  const { to, replies, receipt, waitMs, answers } = body;
  const order = { to, value, payload: bytes, replies, receipt, waitMs, ...(answers === undefined ? {} : { answers }) };
  return { ok: true, quote, ...shown(await packets.send(order), quote) };
}

/** Sets how the node answers requests. Throws `PACKETS_OFF`. */
export function servePackets(node: WayleaveNode, body: v.InferOutput<typeof serveBody>): object {
  const packets = packetsOf(node);
  if ('off' in body) packets.user.serve(undefined);
  else packets.user.serve({ ...body, payload: Buffer.from(body.payload, 'base64') });
  return { ok: true, ...('off' in body ? { serving: false } : { serving: true, price: body.price }) };
}

/**
 * Packets that arrive and answer none of the node's own, with their payloads. Two MB wait: what one read of a link
 * brings, in base64. Throws `PACKETS_OFF`.
 */
export function receivePackets(node: WayleaveNode): Told {
  const { user } = packetsOf(node);
  const listen: Told['listen'] = (tell) =>
    user.receive(({ payload: bytes, ...packet }) => {
      tell({ ...packet, payload: Buffer.from(bytes).toString('base64') });
      return undefined;
    });
  return { listen, bufferBytes: RECEIVED_BUFFER_BYTES };
}

/** A number within limits that are named where it is not. */
function whole(least: number, most: number) {
  const within = `a whole number from ${least} to ${most}`;
  return v.pipe(v.number(within), v.safeInteger(within), v.minValue(least, within), v.maxValue(most, within));
}

function packetsOf(node: WayleaveNode): NonNullable<WayleaveNode['packets']> {
  if (node.packets === undefined) throw new WayleaveError('PACKETS_OFF');
  return node.packets;
}

/** Who sends less than the path takes, and too little for a refusal, hears nothing: it is not called sent. */
function shown({ replies, ...outcome }: PacketOutcome, quote = 0): object {
  const scant = outcome.result === 'sent' && outcome.sentUnits < quote;
  return {
    ...outcome,
    ...(scant && { result: 'underfunded' }),
    costUnits: outcome.sentUnits - outcome.cameUnits,
    replies: replies.map(({ value, payload: bytes }) => ({ value, payload: Buffer.from(bytes).toString('base64') })),
  };
}
