import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { WayleaveError } from '../core/errors.ts';

/** Names that mean this machine and nothing else. A page that rebinds its own name to 127.0.0.1 sends its own name. */
const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Refuses requests that a web page from elsewhere could cause: another `Host` (`API_HOST_REFUSED`, DNS rebinding), or an
 * `Origin` that is not this very address (`API_ORIGIN_REFUSED`). Any port passes: tunnels change it.
 */
export function loopbackOnly(): MiddlewareHandler {
  return async (context, next) => {
    const host = context.req.header('host') ?? '';
    const name = hostName(host);
    if (name === undefined || !LOOPBACK_NAMES.has(name)) throw new WayleaveError('API_HOST_REFUSED', { host });
    const origin = context.req.header('origin');
    if (origin !== undefined && origin !== `http://${host}`) throw new WayleaveError('API_ORIGIN_REFUSED', { origin });
    await next();
  };
}

function hostName(host: string): string | undefined {
  if (!/^[A-Za-z0-9.\-:[\]]{1,255}$/.test(host)) return undefined;
  return URL.parse(`http://${host}`)?.hostname;
}

/** Asks for `Authorization: Bearer TOKEN`; refuses with `API_TOKEN_WRONG`. */
export function bearerToken(token: string): MiddlewareHandler {
  const expected = digest(token);
  return async (context, next) => {
    const given = /^Bearer ([\x21-\x7e]{1,256})$/i.exec(context.req.header('authorization') ?? '')?.[1];
    // Digests have one length, so that the comparison says nothing about the token's.
    if (given === undefined || !timingSafeEqual(digest(given), expected)) throw new WayleaveError('API_TOKEN_WRONG');
    await next();
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
