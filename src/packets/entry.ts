/** `wayleave/packets`: value packets, for programs that send, take and answer them (docs/packets.md). */
export type { ChangeRule } from './change.ts';
export { changeOf } from './change.ts';
export type {
  Delivery,
  PacketFate,
  PacketOrder,
  PacketOutcome,
  PacketReceiver,
  PacketReply,
  ReceivedPacket,
} from './packet-order.ts';
export { PacketRelay } from './packet-relay.ts';
export { PacketUser } from './packet-user.ts';
