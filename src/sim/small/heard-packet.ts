import { packetHeader } from '../../core/carrier/packet.ts';
import type { Units } from '../../core/units.ts';
import { PacketKind, packetId, readPacketHeader, readReceipt, viewOf } from '../../wire/packet.ts';

/** A packet as it reached a told node. */
export interface Heard {
  readonly at: string;
  readonly from: string;
  readonly kind: 'packet' | 'returned' | 'receipt';
  readonly value: Units;
  readonly hops: number;
  readonly lifeMs: number;
  readonly id: string;
  /** Why it came back, from whom, and what was wanted. */
  readonly reason?: string;
  readonly by?: string;
  readonly wanted?: Units;
  readonly bytes: Buffer;
}

const KINDS = {
  [PacketKind.packet]: 'packet',
  [PacketKind.returned]: 'returned',
  [PacketKind.delivered]: 'receipt',
} as const;

/** What the bytes of a packet say. */
export function heardOf(bytes: Buffer): Omit<Heard, 'from' | 'at'> {
  const header = packetHeader();
  readPacketHeader(viewOf(bytes), 0, bytes.length, header);
  const kind = KINDS[bytes[0] as keyof typeof KINDS];
  const { hops, lifeMs, value } = header;
  const plain = { kind, value, hops, lifeMs, id: packetId(bytes).toString('hex'), bytes };
  if (kind !== 'returned') return plain;
  const { reason, refusedBy, wanted } = readReceipt(bytes);
  return { ...plain, reason, wanted, by: refusedBy };
}
