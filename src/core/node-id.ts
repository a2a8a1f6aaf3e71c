import { WayleaveError } from './errors.ts';

/** A node's id: its Ethereum address, `0x` and 40 lower-case hex digits, derived from its one secp256k1 key (DESIGN §2). */
export type NodeId = string;

/** True for a well-formed, lower-case node id. */
export function isNodeId(text: string): boolean {
  if (text.length !== 42 || !text.startsWith('0x')) return false;
  // A regular expression takes three times as long, and every id that is signed or stored is looked at.
  for (let at = 2; at < 42; at += 1) if (!isDigit(text.charCodeAt(at))) return false;
  return true;
}

/** 0 to 9, a to f. */
function isDigit(code: number): boolean {
  return code <= 57 ? code >= 48 : code >= 97 && code <= 102;
}

/** Lower-cases and checks an id typed by a person; throws `NODE_ID_INVALID`. */
export function nodeId(text: string): NodeId {
  const id = text.toLowerCase();
  if (!isNodeId(id)) throw new WayleaveError('NODE_ID_INVALID', { id: text });
  return id;
}
