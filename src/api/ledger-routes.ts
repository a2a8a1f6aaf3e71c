import * as v from 'valibot';
import type { LinkLedger } from '../node/link-ledger.ts';
import type { WayleaveNode } from '../node/node.ts';
import { bodyInvalid } from './body-invalid.ts';
import { nodeIdField } from './node-id-field.ts';

/** A time in wall milliseconds. */
const time = v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number));

/** Query of `GET /v1/ledger`. */
const ledgerQuery = v.object({
  link: nodeIdField,
  since: v.optional(time, '0'),
  until: v.optional(time, String(10 ** 15 - 1)),
});

/** `GET /v1/ledger?link=ID&since=MS&until=MS`. Throws `API_BODY_INVALID`, and what `WayleaveNode.ledger` rejects with. */
export async function ledger(node: WayleaveNode, query: Record<string, string>): Promise<LinkLedger> {
  const result = v.safeParse(ledgerQuery, query);
  if (!result.success) throw bodyInvalid(result.issues[0]);
  const { link: neighbour, since: sinceMs, until: untilMs } = result.output;
  return node.ledger({ neighbour, sinceMs, untilMs });
}
