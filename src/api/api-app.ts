import { isAbsolute } from 'node:path';
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import * as v from 'valibot';
import { type ErrorCode, WayleaveError } from '../core/errors.ts';
import type { WayleaveNode } from '../node/node.ts';
import { bodyInvalid } from './body-invalid.ts';
import { channelRoutes, closeBody, withdrawBody } from './channel-routes.ts';
import { cashAll, cashPlan, chequebookBody, chequebookStanding, orderChequebook } from './cheque-routes.ts';
import { EventStreams } from './event-stream.ts';
import { bearerToken, loopbackOnly } from './guard.ts';
import { ledger } from './ledger-routes.ts';
import { methodsBody, methodsOf, useMethods } from './method-routes.ts';
import { nodeIdField } from './node-id-field.ts';
import { quotePacket, receivePackets, sendBody, sendPacket, serveBody, servePackets } from './packet-routes.ts';

/** What the process around the node can do, beside the node itself. */
export interface ApiActions {
  /** Writes a consistent copy of the store to an absolute path. */
  readonly backup?: (path: string) => Promise<void>;
  /** Begins to stop the process; the answer is sent before. */
  readonly stop?: () => void;
}

export interface ApiAppOptions {
  readonly node: WayleaveNode;
  readonly token: string;
  readonly actions?: ApiActions;
  /** Told of every failure that has no code: a defect. */
  readonly fault?: (error: unknown) => void;
}

export interface ApiApp {
  readonly fetch: (request: Request, env: HttpBindings) => Response | Promise<Response>;
  /** Ends the event streams. */
  close(): void;
}

/** No request has more to say, but for the one that takes along the payload of a packet, in base64. */
const MAX_BODY_BYTES = 16_384;
const MAX_PACKET_BODY_BYTES = 32_768;

const NDJSON = { 'content-type': 'application/x-ndjson' };

const neighbourBody = v.optional(v.strictObject({ neighbour: v.optional(nodeIdField) }), {});
const linkBody = v.strictObject({ neighbour: nodeIdField });
const settleBody = v.optional(
  v.strictObject({
    neighbour: v.optional(nodeIdField),
    aheadUnits: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0)), 0),
  }),
  { aheadUnits: 0 },
);
const emptyBody = v.optional(v.strictObject({}), {});
const backupBody = v.strictObject({
  path: v.pipe(v.string(), v.minLength(1), v.maxLength(4096), v.check(isAbsolute, 'an absolute path')),
});

/** The HTTP API of a running node: reading is free on this machine, whatever changes something needs the token. */
export function createApiApp({ node, token, actions = {}, fault }: ApiAppOptions): ApiApp {
  const app = new Hono<{ Bindings: HttpBindings }>();
  const events = new EventStreams(node);
  app.onError((error, context) => {
    if (!(error instanceof WayleaveError)) fault?.(error);
    return refusal(context, error);
  });
  app.notFound((context) => refusal(context, new WayleaveError('API_NOT_FOUND', { path: context.req.path })));
  app.use(loopbackOnly());
  // Counters change all the time, and nothing here belongs in a shared cache.
  app.use(async (context, next) => {
    await next();
    context.header('cache-control', 'no-store');
    context.header('x-content-type-options', 'nosniff');
  });

  app.get('/v1/status', (context) => context.json(node.status()));
  app.get('/v1/events', (context) => {
    const drop = (): void => void context.env.outgoing.destroy();
    return context.body(events.open(drop), 200, NDJSON);
  });
  app.get('/metrics', async (context) => {
    // Loaded when first asked for: most nodes are never scraped.
    const { renderMetrics } = await import('./metrics.ts');
    const { type, text } = await renderMetrics(node.status());
    return context.body(text, 200, { 'content-type': type });
  });

  app.get('/v1/ledger', async (context) => context.json(await ledger(node, context.req.query())));

  app.get('/v1/chequebook', async (context) => context.json(await chequebookStanding(node)));
  app.get('/v1/methods', (context) => context.json(methodsOf(node)));
  app.get('/v1/cash', async (context) => context.json(await cashPlan(node)));

  app.on('POST', '/v1/*', bearerToken(token));
  app.post('/v1/payments/pause', async (context) => pausePayments(context, node, true));
  app.post('/v1/payments/resume', async (context) => pausePayments(context, node, false));
  app.post('/v1/payments/settle', async (context) => {
    const { aheadUnits, neighbour } = await readBody(context, settleBody);
    node.settle(neighbour, aheadUnits);
    return context.json({ ok: true, ...(neighbour !== undefined && { neighbour }) });
  });
  app.post('/v1/methods', async (context) => context.json(useMethods(node, await readBody(context, methodsBody))));
  app.post('/v1/history/sign', async (context) => {
    return context.json(node.attest((await readBody(context, linkBody)).neighbour));
  });
  chequeOrders(app, node);
  channelRoutes(app, node, {
    close: (context) => readBody(context, closeBody),
    withdraw: (context) => readBody(context, withdrawBody),
  });
  packetRoutes(app, node, events);
  app.post('/v1/backup', async (context) => {
    const { path } = await readBody(context, backupBody);
    if (actions.backup === undefined) throw new WayleaveError('API_UNSUPPORTED', { action: 'backup' });
    await actions.backup(path);
    return context.json({ ok: true, path });
  });
  app.post('/v1/stop', async (context) => {
    await readBody(context, emptyBody);
    if (actions.stop === undefined) throw new WayleaveError('API_UNSUPPORTED', { action: 'stop' });
    setImmediate(actions.stop);
    return context.json({ ok: true });
  });
  return { fetch: (request, env) => app.fetch(request, env), close: () => events.close() };
}

/** Value packets. What comes for the node is its owner's affair: behind the token, like what changes something. */
function packetRoutes(app: Hono<{ Bindings: HttpBindings }>, node: WayleaveNode, events: EventStreams): void {
  app.get('/v1/packets/quote', (context) => context.json(quotePacket(node, context.req.query())));
  app.post('/v1/packets/send', async (context) => {
    return context.json(await sendPacket(node, await readBody(context, sendBody, MAX_PACKET_BODY_BYTES)));
  });
  app.post('/v1/packets/receive', async (context) => {
    await readBody(context, emptyBody);
    const drop = (): void => void context.env.outgoing.destroy();
    return context.body(events.open(drop, receivePackets(node)), 200, NDJSON);
  });
  app.post('/v1/packets/serve', async (context) => {
    return context.json(servePackets(node, await readBody(context, serveBody, MAX_PACKET_BODY_BYTES)));
  });
}

/** What moves money of cheques; behind the token. */
function chequeOrders(app: Hono<{ Bindings: HttpBindings }>, node: WayleaveNode): void {
  app.post('/v1/cash', async (context) => {
    await readBody(context, emptyBody);
    return context.json(await cashAll(node));
  });
  app.post('/v1/chequebook', async (context) => {
    return context.json(await orderChequebook(node, await readBody(context, chequebookBody)));
  });
}

async function pausePayments(context: Context, node: WayleaveNode, paused: boolean): Promise<Response> {
  const { neighbour } = await readBody(context, neighbourBody);
  node.pausePayments(paused, neighbour);
  return context.json({ ok: true, paused, ...(neighbour !== undefined && { neighbour }) });
}

/** The body, checked; an absent body is undefined to the schema. Throws `API_BODY_INVALID`, `API_BODY_TOO_LARGE`. */
async function readBody<const S extends v.GenericSchema>(
  context: Context,
  schema: S,
  most = MAX_BODY_BYTES,
): Promise<v.InferOutput<S>> {
  const text = await readText(context, most);
  let value: unknown;
  try {
    value = text === '' ? undefined : JSON.parse(text);
  } catch (cause) {
    throw new WayleaveError('API_BODY_INVALID', { what: 'not JSON' }, cause);
  }
  if (Array.isArray(value)) throw new WayleaveError('API_BODY_INVALID', { what: 'a list' });
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw bodyInvalid(result.issues[0]);
}

/** Counts what arrives: the length that a client announces may be absent or a lie. */
async function readText(context: Context, most: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (context.env as HttpBindings).incoming) {
    bytes += (chunk as Uint8Array).length;
    if (bytes > most) throw new WayleaveError('API_BODY_TOO_LARGE');
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** HTTP status of a refusal; anything else that has a code is a request that could not be met (409). */
const STATUS: Partial<Record<ErrorCode, 400 | 401 | 403 | 404 | 413 | 501 | 503>> = {
  API_HOST_REFUSED: 403,
  API_ORIGIN_REFUSED: 403,
  API_TOKEN_WRONG: 401,
  API_NOT_FOUND: 404,
  LEDGER_NO_ACCOUNT: 404,
  API_BODY_INVALID: 400,
  API_BODY_TOO_LARGE: 413,
  API_LISTENERS_EXHAUSTED: 503,
  API_UNSUPPORTED: 501,
  NODE_ID_INVALID: 400,
};

function refusal(context: Context, error: unknown): Response {
  if (!(error instanceof WayleaveError)) {
    return context.json({ ok: false, code: 'INTERNAL', message: 'Something failed that should not.' }, 500);
  }
  const { code, message, remedy } = error;
  // JSON has no bigint.
  const details = Object.entries(error.details).map(([name, value]) => [
    name,
    typeof value === 'bigint' ? String(value) : value,
  ]);
  const told = { ok: false, code, message, remedy, details: Object.fromEntries(details) as Record<string, unknown> };
  return context.json(told, STATUS[code] ?? 409);
}
