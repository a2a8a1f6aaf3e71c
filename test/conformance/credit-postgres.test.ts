import { systemClock } from '../../src/node/system-clock.ts';
import { openPostgresStore } from '../../src/store/postgres-store.ts';
import { usePostgres } from '../postgres/server.fixture.ts';
import { creditConformance } from './credit-book.ts';
import { keyOf } from './store-records.ts';

const nodeId = keyOf(0xabc);
const server = usePostgres();

creditConformance(
  'postgres',
  async () => ({
    open: async (place) => {
      const store = await openPostgresStore({
        url: server.url(place.replaceAll('-', '_')),
        nodeId,
        clock: systemClock,
      });
      return { store, credit: store.credit };
    },
    dispose: async () => {},
  }),
  server.missing,
);
