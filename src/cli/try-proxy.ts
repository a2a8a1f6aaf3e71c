import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { request as requestSecure } from 'node:https';
import type { Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { WayleaveError } from '../core/errors.ts';

/** A proxy that speaks HTTP CONNECT. */
export interface ProxyTarget {
  /** `host:port` */
  readonly address: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

export interface ProxyTrial {
  readonly status: number;
  readonly bytes: number;
  readonly ms: number;
}

/** Long enough for a slow page over several hops, short enough to wait for. */
const TRIAL_MS = 60_000;

/** Characters. */
const MOST_SAID = 200;

/** Fetches `url` once through the proxy. Throws `URL_INVALID` and `PROXY_FAILED`, naming what the proxy answered. */
export async function tryProxy(proxy: ProxyTarget, url: string): Promise<ProxyTrial> {
  const target = URL.parse(url);
  if (target === null || !/^https?:$/.test(target.protocol)) throw new WayleaveError('URL_INVALID', { url });
  const signal = AbortSignal.timeout(TRIAL_MS);
  const started = performance.now();
  try {
    const socket = await tunnel(proxy, target, signal);
    const response = await fetchThrough(socket, target, signal);
    let bytes = 0;
    for await (const chunk of response) bytes += (chunk as Buffer).length;
    return { status: response.statusCode ?? 0, bytes, ms: performance.now() - started };
  } catch (error) {
    if (error instanceof WayleaveError) throw error;
    const reason = signal.aborted ? `no answer within ${TRIAL_MS / 1000} s` : (error as Error).message;
    throw new WayleaveError('PROXY_FAILED', { proxy: proxy.address, url, reason }, error);
  }
}

async function tunnel(proxy: ProxyTarget, target: URL, signal: AbortSignal): Promise<Socket> {
  const { hostname, port } = new URL(`http://${proxy.address}`);
  const secret = Buffer.from(`${proxy.username}:${proxy.password}`).toString('base64');
  const headers = proxy.username === undefined ? {} : { 'proxy-authorization': `Basic ${secret}` };
  const host = hostname.replace(/^\[|\]$/g, '');
  const path = `${target.hostname}:${portOf(target)}`;
  const asking = request({ host, port, method: 'CONNECT', path, headers, signal, agent: false });
  asking.end();
  const [response, socket, head] = (await once(asking, 'connect')) as [IncomingMessage, Socket, Buffer];
  if (response.statusCode === 200) return socket;
  const reason = `${response.statusCode} ${response.statusMessage}: ${await sentence(socket, head)}`;
  throw new WayleaveError('PROXY_FAILED', { proxy: proxy.address, url: target.href, reason });
}

/** The first line of what a refusal says, which is where the cause stands: the same status may have several. */
async function sentence(socket: Socket, head: Buffer): Promise<string> {
  let text = head.toString();
  for await (const chunk of socket) {
    text += String(chunk);
    if (text.includes('\n') || text.length > MOST_SAID) break;
  }
  return text.slice(0, MOST_SAID).split(/[^ -~]/, 1)[0] ?? '';
}

async function fetchThrough(socket: Socket, target: URL, signal: AbortSignal): Promise<IncomingMessage> {
  const secure = target.protocol === 'https:';
  const createConnection = () => (secure ? connectSecure({ socket, servername: target.hostname }) : socket);
  // No agent, not even `false`: an agent would make a connection of its own, past the proxy.
  const asking = (secure ? requestSecure : request)(target, { createConnection, signal });
  asking.end();
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  return response;
}

function portOf(target: URL): number {
  return Number(target.port) || (target.protocol === 'https:' ? 443 : 80);
}
