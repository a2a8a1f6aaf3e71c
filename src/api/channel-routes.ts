import type { HttpBindings } from '@hono/node-server';
import type { Context, Hono } from 'hono';
import * as v from 'valibot';
import { WayleaveError } from '../core/errors.ts';
import { isNodeId } from '../core/node-id.ts';
import type { WayleaveNode } from '../node/node.ts';

/** What `POST /v1/channels/close` takes. */
export const closeBody = v.strictObject({
  neighbour: v.pipe(v.string(), v.toLowerCase(), v.check(isNodeId)),
  alone: v.optional(v.boolean()),
});

type CloseOrder = v.InferOutput<typeof closeBody>;

/** `GET /v1/channels`, which whoever watches reads, and `POST /v1/channels/close`. */
export function channelRoutes(
  app: Hono<{ Bindings: HttpBindings }>,
  node: WayleaveNode,
  read: (context: Context) => Promise<CloseOrder>,
): void {
  app.get('/v1/channels', (context) => context.json({ channels: node.channels?.list() ?? [] }));
  app.post('/v1/channels/close', async (context) => {
    const { alone = false, neighbour } = await read(context);
    if (node.channels === undefined) throw new WayleaveError('SETTLEMENT_OFF');
    await node.channels.close(neighbour, alone);
    return context.json({ ok: true, neighbour });
  });
}
