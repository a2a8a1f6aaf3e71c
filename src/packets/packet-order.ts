import type { NodeId } from '../core/node-id.ts';
import type { Units } from '../core/units.ts';
import type { Receipt } from '../wire/packet.ts';

/** A packet to send, and what to wait for. */
export interface PacketOrder {
  readonly to: NodeId;
  readonly value: Units;
  readonly payload: Uint8Array;
  /** Replies that are waited for; 0: none is asked for. */
  readonly replies: number;
  /** The destination is asked for a signed receipt. The packet lives half of `waitMs`: the rest is for the way back. */
  readonly receipt?: boolean;
  /** The packet that this one answers: `ReceivedPacket.id`. Whoever waits for answers there takes it as one. */
  readonly answers?: string;
  /** How long to wait for replies, for the receipt, or for the packet to come back. Milliseconds. */
  readonly waitMs: number;
}

/** What became of a packet, as its originator learns it. */
export interface PacketOutcome {
  readonly id: string;
  /**
   * `sent`: nothing came back, and nothing was asked for. `delivered`: its destination said so. `unanswered`: fewer replies
   * came than were waited for. `lost`: it asked for a receipt, and neither that nor the packet came back in its time.
   */
  readonly result: 'sent' | 'delivered' | 'answered' | 'unanswered' | 'refused' | 'lost';
  readonly sentUnits: Units;
  /** Change in replies, or what was left of a packet that came back. */
  readonly cameUnits: Units;
  readonly replies: readonly PacketReply[];
  /** Who refused it, and why. */
  readonly receipt: Receipt | undefined;
  /** The destination's receipt: what arrived, and its signature (`chain/receipt-signing.ts`). */
  readonly delivery: Delivery | undefined;
}

export interface Delivery {
  readonly arrivedUnits: Units;
  /** `0x` and 65 bytes in hexadecimal. */
  readonly signature: string;
}

export interface PacketReply {
  readonly value: Units;
  readonly payload: Uint8Array;
}

/** A packet for this node that answers none of its own. */
export interface ReceivedPacket {
  /** 16 hexadecimal digits. */
  readonly id: string;
  readonly value: Units;
  readonly payload: Uint8Array;
  /** The neighbour it came by; undefined: this node itself. */
  readonly from: NodeId | undefined;
  /** Where answers go; undefined: none is wanted. */
  readonly replyTo: NodeId | undefined;
}

/**
 * Takes the packets for this node. What it returns goes back as answers; together they carry at most what came, and where
 * none is wanted there are none.
 */
export type PacketReceiver = (packet: ReceivedPacket) => readonly PacketReply[] | undefined;

/**
 * What became of a packet that asked for a receipt, for whoever judges carriers. `forged`: a receipt came that its
 * destination did not sign, by `via`; a true one may still come. One that was `lost` may be late, and is told again.
 */
export interface PacketFate {
  readonly fate: 'delivered' | 'refused' | 'lost' | 'forged';
  readonly to: NodeId;
  /** The neighbour it left by; undefined where it never left. */
  readonly via: NodeId | undefined;
  readonly sentUnits: Units;
  /** `delivered`: what arrived. `refused`: what came back. */
  readonly arrivedUnits: Units;
  /** It was told as lost before. */
  readonly late?: true;
  /** It carried too little to be returned by whoever could not pass it on: that it did not come back says nothing. */
  readonly scant?: true;
}
