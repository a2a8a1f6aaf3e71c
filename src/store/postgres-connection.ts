import type { Client } from 'pg';
import type { Clock } from '../core/clock.ts';
import { WayleaveError } from '../core/errors.ts';
import { postgresFault } from './postgres-fault.ts';
import type { PostgresPlace } from './postgres-url.ts';

/** A row as a list of cells, in the order of the columns. */
export type Cells = readonly unknown[];

/** One statement. With a name it is prepared once for each connection. */
export interface Statement {
  readonly text: string;
  readonly values?: readonly unknown[];
  readonly name?: string;
}

/**
 * Settings of every session. The server notices within some ten seconds that this machine is gone and lets go of its
 * locks, and no transaction of a process that was stopped in the middle holds up the others.
 */
const SETTINGS = `
  SET synchronous_commit = on;
  SET tcp_keepalives_idle = 4; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;
  SET tcp_user_timeout = '10s';
  SET idle_in_transaction_session_timeout = '5s';
  SET lock_timeout = '5s';
  SET timezone = 'UTC';
  SET bytea_output = 'hex'`;

/** A statement that is not answered for so long hangs with its server; the connection is given up. Milliseconds. */
const ANSWER_TIMEOUT_MS = 30_000;

/** Types by their number in PostgreSQL (pg_type.dat): these are not left as text. */
const BOOL = 16;
const BYTEA = 17;
const INT8 = 20;

const types = {
  getTypeParser: (type: number) => (text: string | Buffer) => parseCell(type, String(text)),
};

/** As the embedded store gives it: flags are 0 and 1, bytes are plain. Integers the program never wrote stay text. */
function parseCell(type: number, text: string): unknown {
  if (type === BOOL) return text === 't' ? 1 : 0;
  if (type === BYTEA) return new Uint8Array(Buffer.from(text.slice(2), 'hex'));
  if (type !== INT8) return text;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

/** One connection to a server. Lost once is lost: a new one takes its place. */
export class PostgresConnection {
  readonly shown: string;
  readonly #client: Client;
  readonly #clock: Clock;
  #lost = false;

  private constructor(client: Client, clock: Clock, shown: string) {
    this.#client = client;
    this.#clock = clock;
    this.shown = shown;
    client.on('error', () => {
      this.#lost = true;
    });
    client.on('end', () => {
      this.#lost = true;
    });
  }

  /** Connects and checks the server. Rejects with `STORE_UNREACHABLE`, `STORE_REFUSED`, `STORE_UNFIT`. */
  static async open(place: PostgresPlace, clock: Clock, name: string): Promise<PostgresConnection> {
    const { default: pg } = await import('pg');
    const client = new pg.Client({ ...place.config, application_name: name });
    const connection = new PostgresConnection(client, clock, place.shown);
    try {
      await client.connect();
      await connection.script(SETTINGS);
      await connection.#examine();
      await connection.script(`SET search_path TO "${place.schema}"`);
      return connection;
    } catch (error) {
      connection.drop();
      throw postgresFault(error, place.shown);
    }
  }

  get lost(): boolean {
    return this.#lost;
  }

  /** The number of this session at the server. */
  get processId(): number {
    return (this.#client as Client & { readonly processID: number | null }).processID ?? 0;
  }

  /** Runs one statement; rejects with what `pg` throws (see `postgresFault`). One at a time. */
  async run({ text, values = [], name }: Statement): Promise<readonly Cells[]> {
    const query = { text, values: [...values], rowMode: 'array' as const, types, ...(name !== undefined && { name }) };
    return this.#answered(this.#client.query<unknown[]>(query).then(({ rows }) => rows));
  }

  /** Runs several statements without values. */
  async script(text: string): Promise<void> {
    await this.#answered(this.#client.query(text));
  }

  /** All of `steps`, or nothing. */
  async transact<Result>(steps: () => Promise<Result>, kind = ''): Promise<Result> {
    await this.script(`BEGIN ${kind}`);
    try {
      const result = await steps();
      await this.script('COMMIT');
      return result;
    } catch (error) {
      await this.script('ROLLBACK').catch(() => this.drop());
      throw error;
    }
  }

  async #answered<Result>(answer: Promise<Result>): Promise<Result> {
    const timer = this.#clock.after(ANSWER_TIMEOUT_MS, () => this.drop());
    try {
      return await answer;
    } finally {
      timer.cancel();
    }
  }

  /** A server that forgets what it confirmed, or that only copies another, is no place for money. */
  async #examine(): Promise<void> {
    const text = `SELECT current_setting('server_version_num'), current_setting('fsync'),
      current_setting('full_page_writes'), pg_is_in_recovery()`;
    const [row = []] = await this.run({ text });
    const [version, fsync, pages, standby] = row;
    const reason =
      Number(version) < 150_000
        ? `version ${String(version)}`
        : fsync !== 'on' || pages !== 'on'
          ? 'fsync or full_page_writes is off'
          : standby === 1
            ? 'it is a standby'
            : undefined;
    if (reason !== undefined) throw new WayleaveError('STORE_UNFIT', { place: this.shown, reason });
  }

  /** Says goodbye; the server lets go of the session's locks. Never rejects. */
  async close(): Promise<void> {
    await this.#answered(this.#client.end()).catch(() => {});
    this.drop();
  }

  /** Gives the connection up at once. What was under way fails. */
  drop(): void {
    this.#lost = true;
    const { connection } = this.#client as Client & {
      readonly connection: { readonly stream: { destroy(): void } };
    };
    connection.stream.destroy();
  }
}
