import type { HttpBindings } from '@hono/node-server';
import type { Context, Hono } from 'hono';
import * as v from 'valibot';
import { WayleaveError } from '../core/errors.ts';
import type { WayleaveNode } from '../node/node.ts';
import { nodeIdField } from './node-id-field.ts';

/** What `POST /v1/channels/close` takes. */
export const closeBody = v.strictObject({
  neighbour: nodeIdField,
  alone: v.optional(v.boolean()),
});

/** What `POST /v1/channels/withdraw` takes; without an amount it is all that is free. */
export const withdrawBody = v.strictObject({
  neighbour: nodeIdField,
  wei: v.optional(v.pipe(v.string(), v.regex(/^\d{1,78}$/))),
});

interface Bodies {
  close(context: Context): Promise<v.InferOutput<typeof closeBody>>;
  withdraw(context: Context): Promise<v.InferOutput<typeof withdrawBody>>;
}

/** `GET /v1/channels`, which whoever watches reads, and what an operator does with one. */
export function channelRoutes(app: Hono<{ Bindings: HttpBindings }>, node: WayleaveNode, read: Bodies): void {
  app.get('/v1/channels', (context) => context.json({ channels: node.channels?.list() ?? [] }));
  app.post('/v1/channels/close', async (context) => {
    const { alone = false, neighbour } = await read.close(context);
    if (node.channels === undefined) throw new WayleaveError('SETTLEMENT_OFF');
    const channel = await node.channels.close(neighbour, alone);
    return context.json({ ok: true, neighbour, channel });
  });
  app.post('/v1/channels/withdraw', async (context) => {
    const { neighbour, wei } = await read.withdraw(context);
    if (node.channels === undefined) throw new WayleaveError('SETTLEMENT_OFF');
    const taken = await node.channels.withdraw(neighbour, wei === undefined ? undefined : BigInt(wei));
    return context.json({ ok: true, neighbour, wei: String(taken.wei), transaction: taken.hash });
  });
}
