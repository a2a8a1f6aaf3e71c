import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { dirname } from 'node:path';
import { WayleaveError } from '../core/errors.ts';
import type { WayleaveNode } from '../node/node.ts';
import { makeFolder } from '../store/make-folder.ts';
import type { ApiActions } from './api-app.ts';
import type { ApiListener } from './api-listener.ts';

export interface ApiOptions {
  readonly node: WayleaveNode;
  /** A loopback address. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Where to leave `ApiAccess` for the commands of this machine, readable by the owner only. */
  readonly tokenFile?: string;
  readonly actions?: ApiActions;
  /** Told of every failure that has no code: a defect. */
  readonly fault?: (error: unknown) => void;
}

/** How to reach a running node: the content of `api.json` in its data folder. */
export interface ApiAccess {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
}

export interface Api extends ApiAccess {
  /** Ends streams and connections, removes the token file. */
  close(): Promise<void>;
}

/** Not by `import`, which would load `fetch` and WebSockets too (`chain/http-post.ts`). */
const { createServer } = process.getBuiltinModule('node:http');

/** Connections at once; a dashboard takes a handful. */
const MAX_CONNECTIONS = 256;
/** A request that takes longer to arrive is not one of ours. */
const REQUEST_TIMEOUT_MS = 10_000;
/** 256 bits: beyond guessing. */
const TOKEN_BYTES = 32;

/** Starts the HTTP API of a node on loopback, with a token made for this run. Throws `PORT_IN_USE`, `LISTEN_FAILED`. */
export async function startApi(options: ApiOptions): Promise<Api> {
  const { host, port, tokenFile } = options;
  const token = randomBytes(TOKEN_BYTES).toString('hex');
  let listener: Promise<ApiListener> | undefined;
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (incoming, outgoing) => {
    // Loaded by the first request: with the runtime's `fetch` it takes 5 MB, and most of the time nobody asks.
    listener ??= import('./api-listener.ts').then(({ createApiListener }) => createApiListener({ ...options, token }));
    listener.catch((error) => options.fault?.(error));
    // Every failure of a handler is an answer already; what is left is a connection that broke off.
    listener.then(({ answer }) => answer(incoming, outgoing)).catch(() => outgoing.destroy());
  });
  server.maxConnections = MAX_CONNECTIONS;
  const chosen = await listen(server, host, port);
  const access: ApiAccess = {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${chosen}`,
    token,
    pid: process.pid,
  };
  if (tokenFile !== undefined) writeAccess(tokenFile, access);
  return {
    ...access,
    async close() {
      (await listener?.catch(() => undefined))?.close();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      if (tokenFile !== undefined) removeAccess(tokenFile, token);
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  server.listen({ host, port });
  try {
    await once(server, 'listening');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'EADDRINUSE') throw new WayleaveError('PORT_IN_USE', { use: 'api', host, port }, cause);
    throw new WayleaveError('LISTEN_FAILED', { use: 'api', host, port, reason: code }, cause);
  }
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/** Whole or not at all, and never readable by others, not even for a moment. */
function writeAccess(file: string, access: ApiAccess): void {
  const partial = `${file}.${process.pid}.new`;
  makeFolder(dirname(file));
  writeFileSync(partial, `${JSON.stringify(access)}\n`, { mode: 0o600 });
  chmodSync(partial, 0o600);
  renameSync(partial, file);
}

/** Leaves the file alone when another process has put its own there meanwhile. */
function removeAccess(file: string, token: string): void {
  try {
    if (readFileSync(file, 'utf8').includes(token)) rmSync(file);
  } catch {
    // Gone already: that is all that was wanted.
  }
}
