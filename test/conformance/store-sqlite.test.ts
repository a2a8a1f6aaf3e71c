import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { restoreBackup } from '../../src/store/restore.ts';
import { openSqliteStore } from '../../src/store/sqlite-store.ts';
import { storeConformance } from './store.ts';
import { keyOf } from './store-records.ts';

const nodeId = keyOf(0xabc);

storeConformance('sqlite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wayleave-store-'));
  const at = (place: string) => join(folder, place, 'node.db');
  return {
    open: (place) => openSqliteStore({ path: at(place), nodeId }),
    openSmall: (place) => openSqliteStore({ path: at(place), nodeId, maxBytes: 200_000 }),
    backupPath: (name) => join(folder, `${name}.backup`),
    restore: async (from, place) => {
      await restoreBackup({ from, to: at(place) });
    },
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
});
