import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { WayleaveError } from '../core/errors.ts';
import type { LinkAddress } from '../link/link.ts';
import { connectThrough } from './socks-client.ts';

export interface DownloadOptions {
  readonly proxy: LinkAddress;
  readonly origin: LinkAddress;
  /** Path on the origin, without the slash. */
  readonly file: string;
  /** Told of every piece that arrives: bytes so far. */
  readonly progress?: (bytes: number) => void;
  /** Gives up when nothing arrives for so long, milliseconds; 0: never, for one who watches a choked link. */
  readonly idleMs: number;
  readonly signal?: AbortSignal;
  /** Asked after each piece: a reader that takes its time until what it returns is over. */
  readonly held?: (() => Promise<void> | undefined) | undefined;
}

/** What arrived, whole or not; whoever asked compares it with what should have. */
export interface Download {
  readonly bytes: number;
  readonly sha256: string;
  readonly seconds: number;
}

/** One HTTP GET by a user of the proxy, hashed while it streams. Throws `SOCKS_REFUSED`, `DOWNLOAD_FAILED`. */
export async function download(options: DownloadOptions): Promise<Download> {
  const startedMs = performance.now();
  const socket = await connectThrough(options.proxy, options.origin, options.signal);
  socket.setTimeout(options.idleMs, () => socket.destroy(new Error(`nothing arrived for ${options.idleMs} ms`)));
  const abort = (): void => void socket.destroy(new Error('given up'));
  options.signal?.addEventListener('abort', abort, { once: true });
  try {
    const response = await get(socket, options);
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const piece of response as AsyncIterable<Buffer>) {
      hash.update(piece);
      bytes += piece.length;
      options.progress?.(bytes);
      await options.held?.();
    }
    const seconds = Math.round(performance.now() - startedMs) / 1000;
    return { bytes, sha256: hash.digest('hex'), seconds };
  } catch (cause) {
    const { file } = options;
    if (cause instanceof WayleaveError) throw cause;
    throw new WayleaveError('DOWNLOAD_FAILED', { file, what: String((cause as Error).message) }, cause);
  } finally {
    options.signal?.removeEventListener('abort', abort);
    socket.destroy();
  }
}

async function get(socket: Socket, { origin, file }: DownloadOptions): Promise<IncomingMessage> {
  const { host, port } = origin;
  // An agent, `agent: false` included, would ignore `createConnection` and go past the proxy.
  const asked = request({ host, port, path: `/${file}`, createConnection: () => socket });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  // Without a listener of its own, a connection that breaks later would end the process.
  asked.on('error', () => undefined);
  if (response.statusCode === 200) return response;
  throw new WayleaveError('DOWNLOAD_FAILED', { file, status: response.statusCode });
}
