import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { type ApiAppOptions, createApiApp } from './api-app.ts';

/** Nobody's globals are ours to replace; and a Host that cannot be parsed is refused by name, not by chance. */
const LISTENER_OPTIONS = { overrideGlobalObjects: false, hostname: '127.0.0.1' };

export interface ApiListener {
  /** Answers one request. Rejects where the connection broke off. */
  readonly answer: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>;
  /** Ends the event streams. */
  close(): void;
}

/** Everything that answers requests: the application, and what carries it on Node's HTTP server. */
export function createApiListener(options: ApiAppOptions): ApiListener {
  const app = createApiApp(options);
  const answer = getRequestListener((request, env) => app.fetch(request, env as HttpBindings), LISTENER_OPTIONS);
  return { answer, close: () => app.close() };
}
