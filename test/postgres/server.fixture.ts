import { randomUUID } from 'node:crypto';
import { after, before } from 'node:test';
import { type PostgresServer, postgresPrograms, startPostgres } from '../../scripts/postgres-server.ts';

/** A server for the tests of one file. */
export interface TestServer {
  /** Why there is none; tests skip with it. */
  readonly missing: string | undefined;
  /** Address of an operator's schema of its own, the same for the same name. */
  url(name: string): string;
  /** The server, where it is ours to kill: only with `own: true`. */
  readonly own: PostgresServer;
}

/** Files that share a process share a server: making one takes seconds. */
const shared: { users: number; server: Promise<PostgresServer | undefined> | undefined } = {
  users: 0,
  server: undefined,
};

/**
 * The server that WAYLEAVE_POSTGRES_URL names, else one of our own that lives as long as the tests. `own: true` asks for
 * one that may be killed, and must be running again when a test ends.
 */
export function usePostgres(options: { readonly own?: boolean } = {}): TestServer {
  const given = options.own === true ? undefined : process.env['WAYLEAVE_POSTGRES_URL'];
  const missing =
    given === undefined && postgresPrograms() === undefined
      ? 'no PostgreSQL 15 or later is installed here, and WAYLEAVE_POSTGRES_URL names none'
      : undefined;
  const run = randomUUID().slice(0, 8);
  let server: PostgresServer | undefined;
  if (given === undefined && missing === undefined) {
    before(async () => {
      shared.users += 1;
      shared.server ??= startPostgres();
      server = await shared.server;
    });
    after(async () => {
      shared.users -= 1;
      if (shared.users > 0) return;
      shared.server = undefined;
      await server?.dispose();
    });
  }
  return {
    missing,
    url: (name) => {
      const url = new URL(given ?? server?.url ?? '');
      url.searchParams.set('schema', `t${run}_${name}`);
      return url.href;
    },
    get own() {
      if (server === undefined) throw new Error('the tests run on a server that is not theirs');
      return server;
    },
  };
}
