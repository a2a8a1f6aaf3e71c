import type { NodeId } from '../core/node-id.ts';

/** A node id as people tell it from a few others; commands take the beginning of one for the whole. */
export function shortId(id: NodeId): string {
  return `${id.slice(0, 8)}…${id.slice(-4)}`;
}
