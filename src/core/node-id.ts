import { WayleaveError } from './errors.ts';

/** A node's id: its Ethereum address, `0x` and 40 lower-case hex digits, derived from its one secp256k1 key (DESIGN §2). */
export type NodeId = string;

/** True for a well-formed, lower-case node id. */
export function isNodeId(text: string): boolean {
  return /^0x[0-9a-f]{40}$/.test(text);
}

/** Lower-cases and checks an id typed by a person; throws `NODE_ID_INVALID`. */
export function nodeId(text: string): NodeId {
  const id = text.toLowerCase();
  if (!isNodeId(id)) throw new WayleaveError('NODE_ID_INVALID', { id: text });
  return id;
}
