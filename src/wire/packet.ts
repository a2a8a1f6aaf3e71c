import {
  MAX_HOPS,
  MAX_LIFE_MS,
  MAX_PAYLOAD_BYTES,
  MAX_VALUE,
  type PacketHeader,
  REASONS,
  type Reason,
} from '../core/carrier/packet.ts';
import { WayleaveError } from '../core/errors.ts';
import { isNodeId, type NodeId } from '../core/node-id.ts';

/**
 * The bytes of a packet: a fixed header that carriers read and patch in place, then the payload. All big-endian.
 *
 *      0 kind 1 (1 packet, 2 returned, 3 delivered) · 1 hops 1 · 2 flags 1 (bit 0: wants change, bit 1: wants a receipt)
 *      3 reason 1 · 4 payload length 2 (delivered: 0)
 *      6 value 6 · 12 life in ms 2 · 14 zero 2 · 16 id 8 · 24 id answered 8 · 32 destination 20 · 52 reply address 20
 *     72 payload · (returned only) the refusing carrier's id 20 · the toll it wanted 6 · (delivered only) signature 65
 */
export const PACKET_HEADER_BYTES = 72;
const RETURN_TRAILER_BYTES = 26;

const SIGNATURE_BYTES = 65;

/** `delivered`: a receipt of the destination, which goes back the way the packet came. */
export const PacketKind = { packet: 1, returned: 2, delivered: 3 } as const;

/** The longest packet as it travels. */
export const MAX_PACKET_BYTES = PACKET_HEADER_BYTES + MAX_PAYLOAD_BYTES + RETURN_TRAILER_BYTES;

const WANTS_CHANGE = 1;
const WANTS_RECEIPT = 2;
const TWO_32 = 2 ** 32;

/** What an originator says of a packet. `id` and `answers` are 8 bytes; an id of zeros names nothing. */
export interface PacketFields {
  readonly destination: NodeId;
  readonly value: number;
  readonly id: Uint8Array;
  readonly answers?: Uint8Array;
  /** Where change and answers go; absent: none are wanted. */
  readonly replyTo?: NodeId;
  /** The destination is to say, signed, that it arrived. */
  readonly receipt?: boolean;
  readonly hops?: number;
  readonly lifeMs?: number;
  readonly payload: Uint8Array;
}

/** Throws `AMOUNT_INVALID`, `NODE_ID_INVALID`, `PACKET_TOO_LARGE`. */
export function encodePacket(fields: PacketFields): Buffer {
  const { value, payload, hops = MAX_HOPS, lifeMs = MAX_LIFE_MS } = fields;
  if (payload.length > MAX_PAYLOAD_BYTES) throw new WayleaveError('PACKET_TOO_LARGE', { bytes: payload.length });
  if (!Number.isSafeInteger(value) || value < 0 || value > MAX_VALUE)
    throw new WayleaveError('AMOUNT_INVALID', { value });
  const bytes = Buffer.alloc(PACKET_HEADER_BYTES + payload.length);
  bytes[0] = PacketKind.packet;
  bytes[1] = hops;
  bytes[2] = (fields.replyTo === undefined ? 0 : WANTS_CHANGE) | (fields.receipt === true ? WANTS_RECEIPT : 0);
  bytes.writeUInt16BE(payload.length, 4);
  bytes.writeUIntBE(value, 6, 6);
  bytes.writeUInt16BE(lifeMs, 12);
  bytes.set(fields.id, 16);
  if (fields.answers !== undefined) bytes.set(fields.answers, 24);
  bytes.set(idBytes(fields.destination), 32);
  if (fields.replyTo !== undefined) bytes.set(idBytes(fields.replyTo), 52);
  bytes.set(payload, PACKET_HEADER_BYTES);
  return bytes;
}

/** How many bytes the packet that starts at `at` has; 0 while not even its length is there. Throws `WIRE_MALFORMED`. */
export function packetLength(view: DataView, at: number): number {
  if (view.byteLength - at < 6) return 0;
  const kind = view.getUint8(at);
  const payload = view.getUint16(at + 4);
  if (payload > MAX_PAYLOAD_BYTES) throw malformed('payload length');
  if (kind === PacketKind.packet) return PACKET_HEADER_BYTES + payload;
  if (kind === PacketKind.returned) return PACKET_HEADER_BYTES + payload + RETURN_TRAILER_BYTES;
  if (kind !== PacketKind.delivered) throw malformed('kind');
  if (payload > 0) throw malformed('payload of a receipt');
  return PACKET_HEADER_BYTES + SIGNATURE_BYTES;
}

/** The bytes as carriers read and patch them: five times as fast as by the methods of `Buffer`. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Fills `header` from a whole packet of `length` bytes at `at`. Throws `WIRE_MALFORMED`. */
export function readPacketHeader(view: DataView, at: number, length: number, header: PacketHeader): void {
  const flags = view.getUint8(at + 2);
  const { destination } = header;
  header.hops = view.getUint8(at + 1);
  header.value = view.getUint16(at + 6) * TWO_32 + view.getUint32(at + 8);
  header.lifeMs = view.getUint16(at + 12);
  header.sizeBytes = view.getUint8(at) === PacketKind.returned ? length - RETURN_TRAILER_BYTES : length;
  header.idHigh = view.getInt32(at + 16);
  header.idLow = view.getInt32(at + 20);
  header.answersHigh = view.getInt32(at + 24);
  header.answersLow = view.getInt32(at + 28);
  header.wantsChange = (flags & WANTS_CHANGE) !== 0;
  destination[0] = view.getUint32(at + 32);
  destination[1] = view.getUint32(at + 36);
  destination[2] = view.getUint32(at + 40);
  destination[3] = view.getUint32(at + 44);
  destination[4] = view.getUint32(at + 48);
  if (flags > (WANTS_CHANGE | WANTS_RECEIPT) || header.hops > MAX_HOPS || header.lifeMs > MAX_LIFE_MS)
    throw malformed('header');
  if ((header.idHigh | header.idLow) === 0) throw malformed('id');
  if (view.getUint16(at + 14) !== 0) throw malformed('reserved');
}

/** What a hop changes in a packet. */
export interface Changed {
  value: number;
  hops: number;
  lifeMs: number;
}

export function patchPacket(bytes: Uint8Array, at: number, { hops, lifeMs, value }: Changed): void {
  const high = Math.floor(value / TWO_32);
  const low = value | 0;
  bytes[at + 1] = hops;
  bytes[at + 6] = high >>> 8;
  bytes[at + 7] = high;
  bytes[at + 8] = low >>> 24;
  bytes[at + 9] = low >>> 16;
  bytes[at + 10] = low >>> 8;
  bytes[at + 11] = low;
  bytes[at + 12] = lifeMs >>> 8;
  bytes[at + 13] = lifeMs;
}

/** Why a packet came back, and from whom. */
export interface Receipt {
  readonly reason: Reason;
  readonly refusedBy: NodeId;
  /** The toll the carrier wanted, where that was the reason. Units. */
  readonly wanted: number;
}

/** The packet (without its trailer, if it has one) as it goes back, carrying `value`. */
export function returnedPacket(packet: Buffer, value: number, receipt: Receipt): Buffer {
  const length = PACKET_HEADER_BYTES + packet.readUInt16BE(4);
  const bytes = Buffer.allocUnsafe(length + RETURN_TRAILER_BYTES);
  packet.copy(bytes, 0, 0, length);
  bytes[0] = PacketKind.returned;
  bytes[3] = REASONS.indexOf(receipt.reason);
  bytes.writeUIntBE(value, 6, 6);
  bytes.set(idBytes(receipt.refusedBy), length);
  bytes.writeUIntBE(Math.min(receipt.wanted, MAX_VALUE), length + 20, 6);
  return bytes;
}

/** The receipt on a returned packet. Throws `WIRE_MALFORMED`. */
export function readReceipt(packet: Buffer): Receipt {
  const at = packet.length - RETURN_TRAILER_BYTES;
  const reason = REASONS[packet[3] as number];
  if (reason === undefined || reason === 'none') throw malformed('reason');
  return { reason, refusedBy: idText(packet, at), wanted: packet.readUIntBE(at + 20, 6) };
}

/** What a receipt says: a destination got the packet of this id, with so much value left. Units. */
export interface Delivered {
  readonly id: Buffer;
  readonly destination: NodeId;
  readonly value: number;
  /** r ‖ s ‖ v of the destination over it and the payload (`chain/receipt-signing.ts`), 65 bytes. */
  readonly signature: Buffer;
}

/** Whether the originator asks its destination for a receipt. */
export function wantsReceipt(packet: Buffer): boolean {
  return ((packet[2] as number) & WANTS_RECEIPT) !== 0;
}

/** The receipt for a packet, as it goes back. */
export function deliveredPacket(packet: Buffer, signature: Uint8Array): Buffer {
  const bytes = Buffer.alloc(PACKET_HEADER_BYTES + SIGNATURE_BYTES);
  packet.copy(bytes, 0, 0, PACKET_HEADER_BYTES);
  bytes[0] = PacketKind.delivered;
  bytes.writeUInt16BE(0, 4);
  bytes.set(signature, PACKET_HEADER_BYTES);
  return bytes;
}

/** What a receipt says; whether it is true is for who knows the payload to find out. */
export function readDelivered(packet: Buffer): Delivered {
  return {
    id: packetId(packet),
    destination: idText(packet, 32),
    value: packet.readUIntBE(6, 6),
    signature: packet.subarray(PACKET_HEADER_BYTES),
  };
}

/** What a packet carries for its destination. */
export function packetPayload(packet: Buffer): Buffer {
  return packet.subarray(PACKET_HEADER_BYTES, PACKET_HEADER_BYTES + packet.readUInt16BE(4));
}

/** The 8 bytes of the packet's id. */
export function packetId(packet: Buffer): Buffer {
  return packet.subarray(16, 24);
}

/** The id of the packet this one answers; undefined: it answers none. */
export function packetAnswers(packet: Buffer): Buffer | undefined {
  const id = packet.subarray(24, 32);
  return id.some((byte) => byte !== 0) ? id : undefined;
}

/** Where change and answers go; undefined: nowhere. */
export function packetReplyTo(packet: Buffer): NodeId | undefined {
  return ((packet[2] as number) & WANTS_CHANGE) === 0 ? undefined : idText(packet, 52);
}

/** A node id as the words tables are looked up by. */
export function addressWords(id: NodeId): Uint32Array {
  const bytes = idBytes(id);
  return Uint32Array.from({ length: 5 }, (_, word) => bytes.readUInt32BE(word * 4));
}

function idBytes(id: NodeId): Buffer {
  if (!isNodeId(id)) throw new WayleaveError('NODE_ID_INVALID', { id });
  return Buffer.from(id.slice(2), 'hex');
}

function idText(bytes: Buffer, at: number): NodeId {
  return `0x${bytes.toString('hex', at, at + 20)}`;
}

function malformed(what: string): WayleaveError {
  return new WayleaveError('WIRE_MALFORMED', { what: `packet ${what}` });
}
