import type { ClientConfig } from 'pg';
import { WayleaveError } from '../core/errors.ts';

/** Where a store stands on a server. */
export interface PostgresPlace {
  /** What `pg` is given. */
  readonly config: ClientConfig;
  /** The operator's schema: all of its nodes share it. */
  readonly schema: string;
  /** For messages: the address without its password. */
  readonly shown: string;
}

/** Where no `schema=` is given. */
const DEFAULT_SCHEMA = 'wayleave';

/** Needs no quoting, and fits PostgreSQL's names. */
const SCHEMA = /^[a-z_][a-z0-9_]{0,62}$/;

/** A server that does not even answer is given up after this long; what waits is told, and it is tried again. Milliseconds. */
const CONNECT_TIMEOUT_MS = 5_000;

/** True for what is an address of a server rather than a path. */
export function isPostgresUrl(text: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(text);
}

/**
 * Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE?schema=NAME`. Everything else after `?` (`host` for a socket,
 * `sslmode`, `sslrootcert`) goes to `pg`. A password may also come from PGPASSWORD. Throws `STORE_URL_INVALID`.
 */
export function readPostgresUrl(text: string): PostgresPlace {
  const url = isPostgresUrl(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw new WayleaveError('STORE_URL_INVALID');
  const schema = url.searchParams.get('schema') ?? DEFAULT_SCHEMA;
  if (!SCHEMA.test(schema) || schema.startsWith('pg_')) throw new WayleaveError('STORE_URL_INVALID', { schema });
  url.searchParams.delete('schema');
  const config = { connectionString: url.href, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, keepAlive: true };
  url.password = '';
  url.searchParams.delete('password');
  url.searchParams.set('schema', schema);
  return { config, schema, shown: url.href };
}
