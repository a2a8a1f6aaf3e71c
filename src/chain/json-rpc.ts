import { WayleaveError } from '../core/errors.ts';
import { createPoster } from './http-post.ts';

/** Binary data as JSON-RPC writes it. */
export type Hex = `0x${string}`;

/** The answer to a JSON-RPC call, without its envelope. Errors are values here: what they mean depends on the call. */
export type RpcOutcome = { readonly result: unknown } | { readonly error: RpcFault };

export interface RpcFault {
  readonly code: number;
  readonly message: string;
  /** Endpoints differ: the revert data itself, or an object that holds it. */
  readonly data?: unknown;
}

export interface Rpc {
  /** Throws `RPC_UNREACHABLE` when no JSON-RPC answer came, `CHAIN_CLOSED` after `close`. */
  call(method: string, params: readonly unknown[]): Promise<RpcOutcome>;
  /** As `call`; an error in the answer throws `RPC_FAILED` with the endpoint's words. */
  ask(method: string, params: readonly unknown[]): Promise<unknown>;
  /** As `ask`, for answers that are one number. */
  askQuantity(method: string, params: readonly unknown[]): Promise<bigint>;
  readonly closed: boolean;
  /** Ends calls under way. */
  close(): void;
}

/** Nothing asked for here comes near this; a hostile endpoint may not fill the memory. */
const MAX_ANSWER_BYTES = 4 << 20;
/** Enough to recognise the message, short enough for a log line. */
const MAX_MESSAGE_CHARS = 300;

/** JSON-RPC 2.0 over HTTP to one endpoint; every call ends within `timeoutMs`. Throws `CONFIG_INVALID` for a bad URL. */
export function createRpc(url: string, timeoutMs: number): Rpc {
  const target = parseEndpoint(url);
  const poster = createPoster({ ...target, timeoutMs, maxAnswerBytes: MAX_ANSWER_BYTES });
  let closed = false;
  let lastId = 0;

  const call = async (method: string, params: readonly unknown[]): Promise<RpcOutcome> => {
    // Only the host is ever told: providers put their customers' secrets into paths.
    const facts = { endpoint: target.url.host, method };
    if (closed) throw new WayleaveError('CHAIN_CLOSED', facts);
    lastId += 1;
    const id = lastId;
    try {
      return outcomeOf(JSON.parse(await poster.post(JSON.stringify({ jsonrpc: '2.0', id, method, params }))), id);
    } catch (cause) {
      throw new WayleaveError(closed ? 'CHAIN_CLOSED' : 'RPC_UNREACHABLE', facts, cause);
    }
  };
  const ask = async (method: string, params: readonly unknown[]): Promise<unknown> => {
    const outcome = await call(method, params);
    if ('error' in outcome) throw rpcFailed(method, outcome.error);
    return outcome.result;
  };
  return {
    call,
    ask,
    async askQuantity(method, params) {
      return quantity(await ask(method, params), method);
    },
    get closed() {
      return closed;
    },
    close() {
      closed = true;
      poster.close();
    },
  };
}

/** `RPC_FAILED` with the endpoint's own words. */
export function rpcFailed(method: string, fault: RpcFault): WayleaveError {
  return new WayleaveError('RPC_FAILED', { method, answer: fault.message, rpcCode: fault.code });
}

/** A hex number of an answer; `RPC_FAILED` for anything else. */
export function quantity(value: unknown, name: string): bigint {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{1,64}$/i.test(value)) {
    throw new WayleaveError('RPC_FAILED', { method: name, answer: 'not a number' });
  }
  return BigInt(value);
}

/** Checks what an endpoint calls hex data. Throws `RPC_FAILED`. */
export function hexData(value: unknown, name: string): Hex {
  if (typeof value === 'string' && /^0x([0-9a-f]{2})*$/i.test(value)) return value as Hex;
  throw new WayleaveError('RPC_FAILED', { method: name, answer: 'not hex data' });
}

interface Endpoint {
  readonly url: URL;
  readonly headers: Record<string, string>;
}

/** A name and password inside a URL move to the header they stand for. */
function parseEndpoint(text: string): Endpoint {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) throw new WayleaveError('CONFIG_INVALID', { key: 'rpc url' });
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (url.username !== '') {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`;
    url.username = '';
    url.password = '';
  }
  return { url, headers };
}

/** Checks the envelope. What is not JSON-RPC is as good as no answer: a login page, a proxy's error. */
function outcomeOf(answer: unknown, id: number): RpcOutcome {
  const fields = (typeof answer === 'object' && answer !== null ? answer : {}) as Record<string, unknown>;
  const error = fields['error'];
  if (typeof error === 'object' && error !== null) {
    const { code, message, data } = error as Record<string, unknown>;
    const words = typeof message === 'string' ? message.slice(0, MAX_MESSAGE_CHARS) : 'no message';
    return { error: { code: typeof code === 'number' ? code : 0, message: words, data } };
  }
  if (fields['id'] !== id || !('result' in fields)) throw new Error('not a JSON-RPC answer');
  return { result: fields['result'] };
}
