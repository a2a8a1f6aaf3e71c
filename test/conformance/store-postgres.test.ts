import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { systemClock } from '../../src/node/system-clock.ts';
import { importInto, readExport } from '../../src/store/export.ts';
import { openPostgresStore } from '../../src/store/postgres-store.ts';
import type { Store } from '../../src/store/store.ts';
import { usePostgres } from '../postgres/server.fixture.ts';
import { storeConformance } from './store.ts';
import { keyOf } from './store-records.ts';

const nodeId = keyOf(0xabc);
const clock = systemClock;
// Its own: the disk of the tables is made small.
const server = usePostgres({ own: true });

/** A file system of a chosen size, on which the server keeps the tables of the stores that are to fill up. */
class SmallDisk {
  readonly #path: string;
  readonly #schemas: string[] = [];

  private constructor(path: string) {
    this.#path = path;
  }

  /** Undefined where there is no right to mount one. */
  static async make(folder: string): Promise<SmallDisk | undefined> {
    const path = join(folder, 'disk');
    try {
      execFileSync('mkdir', [path]);
      execFileSync('chmod', ['755', folder]);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', path], { stdio: 'ignore' });
      execFileSync('chown', ['postgres', path]);
    } catch {
      return undefined;
    }
    await sql([`CREATE TABLESPACE small LOCATION '${path}'`]);
    return new SmallDisk(path);
  }

  /** The address of a store whose tables lie here. */
  url(place: string): string {
    const url = new URL(place);
    this.#schemas.push(url.searchParams.get('schema') ?? '');
    url.searchParams.set('options', '-c default_tablespace=small');
    return url.href;
  }

  /** Room for so much more. */
  resize(roomKb: number): void {
    const used = Number(execFileSync('df', ['--output=used', '-k', this.#path], { encoding: 'utf8' }).split('\n')[1]);
    execFileSync('mount', ['-o', `remount,size=${used + roomKb}k`, this.#path]);
  }

  /** The server could not be started again if its files just went away. */
  async dispose(): Promise<void> {
    await sql([
      ...this.#schemas.map((schema) => `DROP SCHEMA "${schema}" CASCADE`),
      'DROP TABLESPACE small',
      'CHECKPOINT',
    ]);
    execFileSync('umount', ['--lazy', this.#path]);
  }
}

async function sql(texts: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: server.own.url });
  await client.connect();
  try {
    for (const text of texts) await client.query(text);
  } finally {
    await client.end();
  }
}

/** What the tables need for their first rows; beyond it some ten thousand bytes. */
const SMALL_KB = 40;
const LARGE_KB = 64_000;

storeConformance(
  'postgres',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'wayleave-store-'));
    const disk = await SmallDisk.make(folder);
    const url = (place: string) => server.url(place.replaceAll('-', '_'));
    const open = (place: string) => {
      disk?.resize(LARGE_KB);
      return openPostgresStore({ url: url(place), nodeId, clock });
    };
    const openSmall = async (small: SmallDisk, place: string): Promise<Store> => {
      small.resize(LARGE_KB);
      const store = await openPostgresStore({ url: small.url(url(place)), nodeId, clock });
      small.resize(SMALL_KB);
      return store;
    };
    return {
      open,
      ...(disk !== undefined && { openSmall: (place: string) => openSmall(disk, place) }),
      fullForAll: true,
      backupPath: (name) => join(folder, `${name}.backup`),
      restore: async (from, place) => {
        const store = await open(place);
        await importInto({ store, startEpoch: (epoch) => store.startEpoch(epoch) }, await readExport(from));
        await store.close();
      },
      dispose: async () => {
        await disk?.dispose();
        await rm(folder, { recursive: true, force: true });
      },
    };
  },
  server.missing,
);
