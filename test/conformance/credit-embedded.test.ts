import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/node/system-clock.ts';
import { EmbeddedCreditBook } from '../../src/store/embedded-credit-book.ts';
import { openSqliteStore } from '../../src/store/sqlite-store.ts';
import { creditConformance } from './credit-book.ts';
import { keyOf } from './store-records.ts';

const node = keyOf(0xabc);

creditConformance('embedded', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wayleave-credit-'));
  return {
    open: async (place) => {
      const store = await openSqliteStore({ path: join(folder, place, 'node.db'), nodeId: node });
      const state = await store.load();
      return { store, credit: new EmbeddedCreditBook({ store, state, node, clock: systemClock }) };
    },
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
});
