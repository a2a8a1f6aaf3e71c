import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WayleaveError } from '../core/errors.ts';
import type { DevChain } from './dev-chain.ts';

export interface DevChainServerOptions {
  readonly chain: DevChain;
  /** 0 lets the system choose. Always on 127.0.0.1: a development chain is nobody else's business. */
  readonly port: number;
  /** Also answers what moves time or changes accounts (`evm_`, `hardhat_`). Default false. */
  readonly control?: boolean;
}

export interface DevChainServer {
  readonly url: string;
  /** Stops listening and drops every connection. The chain lives on. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
/** A deployment with its envelope is under 20 kB; this leaves room for a batch of them. */
const MAX_BODY_BYTES = 1 << 20;
/** More calls than viem ever puts into one batch. */
const MAX_BATCH_CALLS = 100;
/** A loopback caller that is slower than this is not a caller. */
const REQUEST_TIMEOUT_MS = 10_000;
/** Five nodes with a few connections each; more is a leak or a flood. */
const MAX_CONNECTIONS = 256;

/** JSON-RPC 2.0, section 5.1. */
const PARSE_ERROR = { code: -32700, message: 'not JSON' };
const INVALID_REQUEST = { code: -32600, message: 'not a JSON-RPC request' };
const METHOD_REFUSED = { code: -32601, message: 'method not offered here' };
const INTERNAL_ERROR = { code: -32603, message: 'the development chain failed' };

/** Serves a development chain to other processes on this machine. Throws `PORT_IN_USE`, `LISTEN_FAILED`. */
export async function serveDevChain(options: DevChainServerOptions): Promise<DevChainServer> {
  const server = createServer((request, response) => {
    answer(request, options).then(
      (reply) => send(response, reply.status, reply.body),
      () => send(response, 500, JSON.stringify({ jsonrpc: '2.0', id: null, error: INTERNAL_ERROR })),
    );
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  server.maxConnections = MAX_CONNECTIONS;
  await listen(server, options.port);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${HOST}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new WayleaveError(cause.code === 'EADDRINUSE' ? 'PORT_IN_USE' : 'LISTEN_FAILED', { host: HOST, port }, cause),
      );
    });
    server.listen(port, HOST, resolve);
  });
}

interface Reply {
  readonly status: number;
  readonly body: string;
}

async function answer(request: IncomingMessage, options: DevChainServerOptions): Promise<Reply> {
  // A page in a browser can reach loopback by a name of its own (DNS rebinding), or post a form without asking first.
  if (!isLoopbackHost(request.headers.host)) return { status: 403, body: 'Host not allowed' };
  if (request.headers.origin !== undefined) return { status: 403, body: 'Origin not allowed' };
  if (request.method !== 'POST') return { status: 405, body: 'POST only' };
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return { status: 415, body: 'JSON only' };
  const text = await readBody(request);
  if (text === undefined) return { status: 413, body: 'too large' };
  let call: unknown;
  try {
    call = JSON.parse(text);
  } catch {
    return { status: 200, body: JSON.stringify({ jsonrpc: '2.0', id: null, error: PARSE_ERROR }) };
  }
  if (!Array.isArray(call)) return { status: 200, body: JSON.stringify(await answerCall(call, options)) };
  if (call.length === 0 || call.length > MAX_BATCH_CALLS) {
    return { status: 200, body: JSON.stringify({ jsonrpc: '2.0', id: null, error: INVALID_REQUEST }) };
  }
  return { status: 200, body: JSON.stringify(await Promise.all(call.map((one) => answerCall(one, options)))) };
}

async function answerCall(call: unknown, { chain, control = false }: DevChainServerOptions): Promise<object> {
  const { id, method, params } = (typeof call === 'object' && call !== null ? call : {}) as Record<string, unknown>;
  const head = { jsonrpc: '2.0', id: typeof id === 'number' || typeof id === 'string' ? id : null };
  if (typeof method !== 'string' || !(params === undefined || Array.isArray(params))) {
    return { ...head, error: INVALID_REQUEST };
  }
  if (!isOffered(method, control)) return { ...head, error: METHOD_REFUSED };
  return { ...head, ...(await chain.request(method, params ?? [])) };
}

/** Filters and subscriptions would be remembered for callers who never come back; `eth_getLogs` says the same. */
function isOffered(method: string, control: boolean): boolean {
  if (/^eth_(subscribe|new\w*Filter)/.test(method)) return false;
  return /^(eth|net|web3)_/.test(method) || (control && /^(evm|hardhat)_/.test(method));
}

/** The body as text, or undefined when it is over the limit; then the rest of it is not read. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  // Left undestroyed, so that the refusal can still be sent.
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function isLoopbackHost(host: string | undefined): boolean {
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(host ?? '');
}

function send(response: ServerResponse, status: number, body: string): void {
  if (response.destroyed) return;
  const type = status === 200 || status === 500 ? 'application/json' : 'text/plain';
  response.writeHead(status, { 'content-type': type, ...(status === 413 ? { connection: 'close' } : {}) });
  response.end(body);
}
