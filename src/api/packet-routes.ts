import * as v from 'valibot';
import { MAX_PAYLOAD_BYTES, MAX_VALUE } from '../core/carrier/packet.ts';
import { WayleaveError } from '../core/errors.ts';
import { isNodeId } from '../core/node-id.ts';
import type { WayleaveNode } from '../node/node.ts';
import type { PacketOutcome } from '../packets/packet-order.ts';
import type { Told } from './event-stream.ts';

/** Base64 of the longest payload. */
const MAX_PAYLOAD_TEXT = 4 * Math.ceil(MAX_PAYLOAD_BYTES / 3);
const MAX_REPLIES = 10_000;
const MAX_WAIT_MS = 50_000;
const RECEIVED_BUFFER_BYTES = 2 ** 21;

const units = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(MAX_VALUE));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(MAX_REPLIES));
const payload = v.optional(v.pipe(v.string(), v.maxLength(MAX_PAYLOAD_TEXT), v.base64()), '');

/** Body of `POST /v1/packets/send`. Without `value` the packet gets what its path takes, and `marginPercent` more. */
export const sendBody = v.strictObject({
  to: v.pipe(v.string(), v.toLowerCase(), v.check(isNodeId)),
  value: v.optional(units),
  marginPercent: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(1_000)), 10),
  payload,
  replies: v.optional(count, 0),
  answers: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/))),
  receipt: v.optional(v.boolean(), false),
  waitMs: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(MAX_WAIT_MS)), 2_000),
});

/** Query of `GET /v1/packets/quote`: what a packet with so many bytes of payload will be charged on its way. */
export const quoteQuery = v.object({
  to: v.pipe(v.string(), v.toLowerCase(), v.check(isNodeId)),
  bytes: v.optional(v.pipe(v.string(), v.regex(/^\d{1,6}$/), v.transform(Number), v.maxValue(MAX_PAYLOAD_BYTES)), '0'),
});

/** Body of `POST /v1/packets/serve`; `off` stops it. */
export const serveBody = v.union([
  v.strictObject({ off: v.literal(true) }),
  v.strictObject({
    price: units,
    replies: v.optional(v.pipe(count, v.minValue(1)), 1),
    split: v.optional(v.picklist(['floor', 'exact']), 'floor'),
    payload,
  }),
]);

/** The price of a path, null where none is known. Throws `PACKETS_OFF`, `API_BODY_INVALID`. */
export function quotePacket(node: WayleaveNode, query: Record<string, string>): object {
  const result = v.safeParse(quoteQuery, query);
  if (!result.success) throw new WayleaveError('API_BODY_INVALID', { what: result.issues[0].message });
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
  return { ok: true, quote, ...shown(await packets.send(order)) };
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

function packetsOf(node: WayleaveNode): NonNullable<WayleaveNode['packets']> {
  if (node.packets === undefined) throw new WayleaveError('PACKETS_OFF');
  return node.packets;
}

function shown({ replies, ...outcome }: PacketOutcome): object {
  return {
    ...outcome,
    costUnits: outcome.sentUnits - outcome.cameUnits,
    replies: replies.map(({ value, payload: bytes }) => ({ value, payload: Buffer.from(bytes).toString('base64') })),
  };
}
