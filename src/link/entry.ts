/** `wayleave/link`: authenticated, encrypted links between neighbours, cut into messages and channels. */

export { makeIdentity } from './certificate.ts';
export type {
  Channel,
  ChannelHandlers,
  Link,
  LinkAddress,
  LinkEnd,
  LinkHandlers,
  Listener,
  MessageClass,
  Transport,
} from './link.ts';
export { OPEN_COST_BYTES, ResetCode } from './link.ts';
export { TlsTransport } from './tls-transport.ts';
