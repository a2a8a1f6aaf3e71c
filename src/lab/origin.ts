import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { WayleaveError } from '../core/errors.ts';
import type { SeededFile } from './seeded-file.ts';

/** A small web site on loopback that plays the internet. */
export interface Origin {
  readonly host: string;
  readonly port: number;
  /** Drops every connection and stops listening. */
  close(): Promise<void>;
}

/** Where the web site of a scenario with one internet is. */
const HOST = '127.0.0.1';

/**
 * Serves each file under `/` and its name, whole, as fast as it is taken. The port is one the system chooses. Throws
 * `LAB_ADDRESS_MISSING`.
 */
export async function startOrigin(files: ReadonlyMap<string, SeededFile>, host: string = HOST): Promise<Origin> {
  const server = createServer((request, response) => {
    // A reader that goes away in the middle is everyday life to a web site.
    serve(request, response, files).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new WayleaveError('LAB_ADDRESS_MISSING', { address: host }, cause)));
    server.listen(0, host, resolve);
  });
  return {
    host,
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  files: ReadonlyMap<string, SeededFile>,
): Promise<void> {
  const file = files.get((request.url ?? '').slice(1));
  if (file === undefined || request.method !== 'GET') {
    response.writeHead(file === undefined ? 404 : 405).end();
    return;
  }
  const headers = { 'content-type': 'application/octet-stream', 'content-length': file.bytes, connection: 'close' };
  response.writeHead(200, headers);
  await pipeline(Readable.from(file.pieces(), { objectMode: false, highWaterMark: 262_144 }), response);
}
