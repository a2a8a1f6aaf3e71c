import type { NodeId } from '../core/node-id.ts';
import type { ImportTarget } from './export.ts';
import { openStoreFile, writeEpoch } from './sqlite-file.ts';
import { openSqliteStore } from './sqlite-store.ts';

/** An embedded store to import into. Rejects with the errors of `openSqliteStore`. */
export async function openFileTarget(path: string, nodeId: NodeId): Promise<ImportTarget> {
  let store = await openSqliteStore({ path, nodeId });
  return {
    get store() {
      return store;
    },
    async startEpoch(epoch) {
      // The thread that has the file open knows nothing of epochs.
      await store.close();
      const db = openStoreFile({ path, nodeId });
      writeEpoch(db, epoch);
      db.close();
      store = await openSqliteStore({ path, nodeId });
    },
  };
}
