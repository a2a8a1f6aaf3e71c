import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startPostgres } from '../scripts/postgres-server.ts';
import { systemClock } from '../src/node/system-clock.ts';
import { openPostgresStore, type PostgresStore } from '../src/store/postgres-store.ts';
import type { Bench, BenchContext, Row } from './bench.ts';
import { median } from './measure.ts';
import type { WorkerResult } from './postgres-worker.ts';

/**
 * Books on a PostgreSQL server: four processes with a node key each, all paying from one chequebook through leases.
 * Every charge is a commit of its own that waits until it is durable, and the sums are checked afterwards. Server and
 * processes share this machine's cores. Without an installed server there are no rows.
 */

const PROCESSES = 4;
const SECONDS = 6;
const CHEQUEBOOK = `0x${'b'.repeat(40)}`;
const CAPACITY = 10n ** 24n;
/** Rows of the history that a ledger without running totals would add up. */
const HISTORY_ROWS = 10_000_000;
const BALANCE_READS = 300;
const SUMS = 5;

export const bench: Bench = {
  id: 'postgres',
  async rows(context: BenchContext) {
    const server = await startPostgres();
    if (server === undefined) {
      context.say('no PostgreSQL server is installed here');
      return [];
    }
    try {
      const url = (schema: string) => `${server.url}?schema=${schema}`;
      const rows = [
        await shared(url('charges'), { id: 'postgres.charges-4', mode: 'charges', unit: 'charges/s', least: 10_000 }),
        await shared(url('leases'), { id: 'postgres.leases-4', mode: 'leases', unit: 'transactions/s', least: 200 }),
        ...(await balances(server.url, context)),
      ];
      return rows;
    } finally {
      await server.dispose();
    }
  },
};

interface SharedCase {
  readonly id: string;
  readonly mode: 'charges' | 'leases';
  readonly unit: string;
  readonly least: number;
}

async function shared(url: string, { id, mode, unit, least }: SharedCase): Promise<Row> {
  const watcher = await openPostgresStore({ url, nodeId: `0x${'f'.repeat(40)}`, clock: systemClock });
  await watcher.credit.fund(CHEQUEBOOK, { capacityWei: CAPACITY, reservedWei: 0n, asOf: 1 });
  const workers = await Promise.all(Array.from({ length: PROCESSES }, (_, index) => startNode(url, index, mode)));
  const startedMs = performance.now();
  for (const worker of workers) worker.send('go');
  await sleep(SECONDS * 1000);
  for (const worker of workers) worker.send('stop');
  const results = await Promise.all(
    workers.map(async (worker) => {
      const [message] = await once(worker, 'message');
      return message as WorkerResult;
    }),
  );
  const tookS = (performance.now() - startedMs) / 1000;
  await checkSums(watcher, results);
  await watcher.close();
  const done = results.reduce((sum, each) => sum + each.done, 0);
  return { id, value: done / tookS, unit, target: { of: 'value', least } };
}

async function startNode(url: string, index: number, mode: string): Promise<ChildProcess> {
  const file = join(import.meta.dirname, 'postgres-worker.ts');
  const child = fork(file, [url, String(index), CHEQUEBOOK, mode], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(child, 'message');
  return child;
}

/** What was promised is what the nodes paid, and within what there is; leases on top come to the committed sum. */
async function checkSums(watcher: PostgresStore, results: readonly WorkerResult[]): Promise<void> {
  const standing = await watcher.credit.standing(CHEQUEBOOK);
  const cheques = results.reduce((sum, each) => sum + each.cheques, 0);
  const issued = standing?.leases.reduce((sum, { issuedWei }) => sum + issuedWei, 0n);
  const granted = standing?.leases.reduce((sum, { grantedWei }) => sum + grantedWei, 0n);
  if (
    issued !== 1000n * BigInt(cheques) ||
    granted !== standing?.committedWei ||
    granted === undefined ||
    granted > CAPACITY
  ) {
    throw new Error(`the sums are wrong: ${cheques} cheques, ${issued} issued, ${granted} granted`);
  }
}

/** Reading one balance: by key from the running totals, among few links and many, and by adding up a history. */
async function balances(url: string, { say }: BenchContext): Promise<Row[]> {
  const client = new pg.Client({ connectionString: `${url}?options=-c%20search_path%3Dcharges` });
  await client.connect();
  try {
    say('tables of 1,000 and of 1,000,000 links');
    const few = await readBalance(client, 1_000);
    const value = await readBalance(client, 1_000_000);
    say(`a history of ${HISTORY_ROWS.toLocaleString('en')} rows`);
    const summed = await sumHistory(client);
    const beside = await readTimes(client, 1_000_000);
    const common = { value, unit: 'ms/read' };
    return [
      {
        ...common,
        id: 'postgres.balance-1m',
        rival: 'the same among 1,000 links',
        rivalValue: few,
        target: { of: 'ratio', most: 2 },
      },
      {
        ...common,
        id: 'postgres.balance-history',
        value: beside,
        rival: 'the same without a history',
        rivalValue: value,
        target: { of: 'ratio', most: 2 },
      },
      { ...common, id: 'postgres.balance-sum', value: summed },
    ];
  } finally {
    await client.end();
  }
}

async function readBalance(client: pg.Client, links: number): Promise<number> {
  const { rows } = await client.query<{ name: string; type: string }>(
    `SELECT attname AS name, atttypid::regtype::text AS type FROM pg_attribute
     WHERE attrelid = 'links'::regclass AND attnum > 2 AND NOT attisdropped`,
  );
  const names = rows.map(({ name }) => `"${name}"`).join(', ');
  const zeros = rows.map(({ type }) => (type === 'boolean' ? 'false' : '0')).join(', ');
  await client.query('TRUNCATE links');
  await client.query(
    `INSERT INTO links (node, neighbour, ${names}) SELECT 'n', 'k' || i, ${zeros} FROM generate_series(1, ${links}) AS i`,
  );
  await client.query('VACUUM ANALYZE links');
  return readTimes(client, links);
}

function readTimes(client: pg.Client, links: number): Promise<number> {
  const text =
    'SELECT provided_transit, consumed_transit, paid, received FROM links WHERE node = $1 AND neighbour = $2';
  return readTime(BALANCE_READS, (n) =>
    client.query({ name: 'balance', text, values: ['n', `k${1 + ((n * 7919) % links)}`] }),
  );
}

async function sumHistory(client: pg.Client): Promise<number> {
  // No table of this size is worth its log here.
  await client.query('ALTER TABLE history SET UNLOGGED');
  await client.query(
    `INSERT INTO history SELECT 'n', 'k' || (1 + i % 1000), i, 'service', 'transit', 0, i, 1, 1, 0, 1, 0, 0, 0, 0, 0, ''
     FROM generate_series(1, ${HISTORY_ROWS}) AS i`,
  );
  await client.query('VACUUM ANALYZE history');
  const text = 'SELECT sum(provided - consumed + paid - received) FROM history WHERE node = $1 AND neighbour = $2';
  return readTime(SUMS, (n) => client.query({ name: 'sum', text, values: ['n', `k${1 + n}`] }));
}

/** Median milliseconds of one read. */
async function readTime(reads: number, read: (n: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < reads; n += 1) {
    const startedMs = performance.now();
    await read(n);
    times.push(performance.now() - startedMs);
  }
  return median(times);
}
