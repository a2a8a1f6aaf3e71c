import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/node/system-clock.ts';
import { importInto, readExport } from '../../src/store/export.ts';
import { openPostgresStore } from '../../src/store/postgres-store.ts';
import { usePostgres } from '../postgres.fixture.ts';
import { storeConformance } from './store.ts';
import { keyOf } from './store-records.ts';

const nodeId = keyOf(0xabc);
const clock = systemClock;
const server = usePostgres();

storeConformance(
  'postgres',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'wayleave-store-'));
    const open = (place: string) => openPostgresStore({ url: server.url(place.replaceAll('-', '_')), nodeId, clock });
    return {
      open,
      backupPath: (name) => join(folder, `${name}.backup`),
      restore: async (from, place) => {
        const store = await open(place);
        await importInto({ store, startEpoch: (epoch) => store.startEpoch(epoch) }, await readExport(from));
        await store.close();
      },
      dispose: () => rm(folder, { recursive: true, force: true }),
    };
  },
  server.missing,
);
