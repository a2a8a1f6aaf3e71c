import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { Cells, PostgresConnection } from './postgres-connection.ts';
import { POSTGRES_MIGRATIONS, POSTGRES_SCHEMA_VERSION } from './postgres-schema.ts';

/**
 * The one place from which a node key may write. Two things hold it: a lock of the session, which the server drops with
 * the connection, tells a living second process at once; and the fence, a number in the node's row that every
 * process raises when it starts and names with all it writes, refuses whatever an earlier process still has under way.
 */
export interface Seat {
  readonly node: NodeId;
  readonly fence: number;
  /** Number of the last group that was stored under this fence. */
  readonly batch: number;
  readonly epoch: number;
}

/** A process that is just ending may still be known to the server. */
const LOCK_WAIT = '2s';

/** Serialises migrations of all schemas of a database; any fixed number does ("WAYL"). */
const MIGRATION_LOCK = 0x5741594c;

/** What the session is called at the server: says which process of which node it is. */
export function sessionName(node: NodeId, process: string): string {
  return `wayleave ${node.slice(0, 10)} ${process}`;
}

/** Makes the schema, or brings it to this version. Throws `STORE_NEWER`, `STORE_CORRUPT`, or what `pg` throws. */
export async function migrate(connection: PostgresConnection, schema: string): Promise<void> {
  if ((await schemaVersion(connection, schema)) === POSTGRES_SCHEMA_VERSION) return;
  // Before the transaction: what others made meanwhile is seen only by one that begins afterwards.
  await connection.script(`SELECT pg_advisory_lock(${MIGRATION_LOCK})`);
  try {
    await connection.transact(() => migrateFrom(connection, schema));
  } finally {
    await connection.script(`SELECT pg_advisory_unlock(${MIGRATION_LOCK})`).catch(() => connection.drop());
  }
}

async function migrateFrom(connection: PostgresConnection, schema: string): Promise<void> {
  const from = await schemaVersion(connection, schema);
  if (from === 0) {
    await connection.script(`CREATE SCHEMA IF NOT EXISTS "${schema}"`);
    await connection.script('CREATE TABLE meta (name text NOT NULL PRIMARY KEY, value text NOT NULL)');
  }
  for (const { version, sql } of POSTGRES_MIGRATIONS) if (version > from) await connection.script(sql);
  const text = "INSERT INTO meta VALUES ('schema', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
  await connection.run({ text, values: [String(POSTGRES_SCHEMA_VERSION)] });
}

/** 0 where nothing stands yet. */
async function schemaVersion(connection: PostgresConnection, schema: string): Promise<number> {
  const [found] = await connection.run({ text: 'SELECT to_regclass($1)', values: [`${schema}.meta`] });
  if (found?.[0] === null) return 0;
  const [row] = await connection.run({ text: "SELECT value FROM meta WHERE name = 'schema'" });
  const version = Number(row?.[0]);
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new WayleaveError('STORE_CORRUPT', { schema, reason: 'its version is missing' });
  }
  if (version > POSTGRES_SCHEMA_VERSION) {
    throw new WayleaveError('STORE_NEWER', { schema, version, known: POSTGRES_SCHEMA_VERSION });
  }
  return version;
}

/** Takes the seat for a process that starts: whatever an earlier one still sends is refused from now on. Throws `STORE_IN_USE`. */
export async function takeSeat(connection: PostgresConnection, node: NodeId): Promise<Seat> {
  await lockNode(connection, node);
  const text = `INSERT INTO nodes (node, fence, batch, epoch) VALUES ($1, 1, 0, 1)
    ON CONFLICT (node) DO UPDATE SET fence = nodes.fence + 1, batch = 0 RETURNING fence, batch, epoch`;
  return seatOf(node, await connection.run({ text, values: [node] }));
}

/**
 * Sits down again after the connection was lost. When this returns nothing that was sent before can still happen: the
 * old session is over. Throws `STORE_FENCED`, `STORE_IN_USE`.
 */
export async function resumeSeat(connection: PostgresConnection, seat: Seat, oldProcess: number): Promise<Seat> {
  // The server may not have noticed yet. The name makes sure that the number was not given to somebody else since.
  const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid = $1 AND pid <> pg_backend_pid() AND application_name = current_setting('application_name')`;
  await connection.run({ text: end, values: [oldProcess] });
  await readSeat(connection, seat); // who was taken over is told so, also while its successor holds the lock
  await lockNode(connection, seat.node);
  return readSeat(connection, seat);
}

async function readSeat(connection: PostgresConnection, seat: Seat): Promise<Seat> {
  const text = 'SELECT fence, batch, epoch FROM nodes WHERE node = $1';
  const now = seatOf(seat.node, await connection.run({ text, values: [seat.node] }));
  if (now.fence !== seat.fence) throw new WayleaveError('STORE_FENCED', { fence: seat.fence, now: now.fence });
  return now;
}

function seatOf(node: NodeId, [row]: readonly Cells[]): Seat {
  const [fence, batch, epoch] = row ?? [];
  if (typeof fence !== 'number' || typeof batch !== 'number' || typeof epoch !== 'number') {
    throw new WayleaveError('STORE_CORRUPT', { table: 'nodes' });
  }
  return { node, fence, batch, epoch };
}

const NODE_LOCK = "hashtextextended(current_schema() || ' ' || $1, 0)";

async function lockNode(connection: PostgresConnection, node: NodeId): Promise<void> {
  await connection.script(`SET lock_timeout = '${LOCK_WAIT}'`);
  try {
    await connection.run({ text: `SELECT pg_advisory_lock(${NODE_LOCK})`, values: [node] });
  } catch (error) {
    if ((error as { code?: string }).code !== '55P03') throw error;
    throw new WayleaveError('STORE_IN_USE', { place: connection.shown, node, ...(await holder(connection, node)) });
  }
  await connection.script("SET lock_timeout = '5s'");
}

/** Who has the seat, for the message. */
async function holder(connection: PostgresConnection, node: NodeId): Promise<Record<string, string>> {
  const text = `WITH key AS (SELECT ${NODE_LOCK} AS key)
    SELECT a.application_name, coalesce(host(a.client_addr), 'local') FROM pg_locks l
      JOIN pg_stat_activity a USING (pid) CROSS JOIN key
      WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
        AND ((l.classid::bigint << 32) | l.objid::bigint) = key`;
  const [row] = await connection.run({ text, values: [node] }).catch(() => []);
  return row === undefined ? {} : { by: String(row[0]), from: String(row[1]) };
}
