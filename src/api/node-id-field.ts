import * as v from 'valibot';
import { isNodeId } from '../core/node-id.ts';

/** A node id in a body or a query, in letters of either case. */
export const nodeIdField = v.pipe(
  v.string(),
  v.toLowerCase(),
  v.check(isNodeId, 'not a node id: 0x and 40 hex digits'),
);
