import { createConnection, type Socket } from 'node:net';
import { WayleaveError } from '../core/errors.ts';
import type { LinkAddress } from '../link/link.ts';

/**
 * The user's side of SOCKS5 CONNECT (RFC 1928), just enough for a download, and no line of it shared with the proxy: an
 * ordinary client is what the lab must show working. Resolves with a socket that leads to `target`.
 * Throws `SOCKS_REFUSED`, with the reply's code, or with `reply: 'none'` when the proxy hung up or was not there.
 */
export async function connectThrough(proxy: LinkAddress, target: LinkAddress, signal?: AbortSignal): Promise<Socket> {
  const socket = createConnection({ host: proxy.host, port: proxy.port });
  // Whoever reads from it sees the end; an error that nobody listens for would end the process.
  socket.on('error', () => undefined);
  const abort = (): void => void socket.destroy();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    if (signal?.aborted === true) abort();
    const refusal = await converse(socket, target);
    if (refusal !== undefined) throw refused(proxy, refusal);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error instanceof WayleaveError ? error : refused(proxy, 'none', error);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** Greeting and request. Resolves to the words of a refusal, if it is one. */
async function converse(socket: Socket, target: LinkAddress): Promise<string | undefined> {
  const take = reader(socket);
  socket.write(Uint8Array.of(VERSION, 1, NO_AUTH));
  const [version, method] = await take(2);
  if (version !== VERSION || method !== NO_AUTH) return `method ${method}`;
  socket.write(request(target));
  const [, reply = 0xff, , kind = 0] = await take(4);
  if (reply !== SUCCEEDED) return REPLIES[reply] ?? String(reply);
  const length = kind === NAME ? ((await take(1))[0] ?? 0) : kind === IPV6 ? 16 : 4;
  await take(length + 2);
  return undefined;
}

const VERSION = 5;
const NO_AUTH = 0;
const CONNECT = 1;
const SUCCEEDED = 0;
const NAME = 3;
const IPV6 = 4;

/** RFC 1928, section 6. */
const REPLIES = [
  'succeeded',
  'general failure',
  'not allowed',
  'network unreachable',
  'host unreachable',
  'connection refused',
  'TTL expired',
  'command not supported',
  'address type not supported',
];

function refused(proxy: LinkAddress, reply: string, cause?: unknown): WayleaveError {
  return new WayleaveError('SOCKS_REFUSED', { proxy: `${proxy.host}:${proxy.port}`, reply }, cause);
}

/** The host always goes as a name: addresses written out are names that need no look-up. */
function request({ host, port }: LinkAddress): Uint8Array {
  const name = Buffer.from(host);
  return Uint8Array.of(VERSION, CONNECT, 0, NAME, name.length, ...name, port >> 8, port & 0xff);
}

/** Takes exactly so many bytes and leaves the rest to whoever reads next. */
function reader(socket: Socket): (count: number) => Promise<Buffer> {
  return (count) =>
    new Promise((resolve, reject) => {
      const fail = (error?: Error): void => done(() => reject(error ?? new Error('closed')));
      const look = (): void => {
        const bytes = socket.read(count) as Buffer | null;
        if (bytes !== null && bytes.length === count) done(() => resolve(bytes));
        else if (bytes !== null) fail();
      };
      const done = (then: () => void): void => {
        socket.off('readable', look).off('error', fail).off('close', fail).off('end', fail);
        then();
      };
      socket.on('readable', look).on('error', fail).on('close', fail).on('end', fail);
      look();
    });
}
