import { existsSync } from 'node:fs';
import { keystoreId } from '../chain/keystore.ts';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { NodeConfig } from '../node/config.ts';
import { systemClock } from '../node/system-clock.ts';
import type { CreditBook } from '../store/credit-book.ts';
import type { ImportTarget } from '../store/export.ts';
import { openSqliteStore } from '../store/sqlite-store.ts';
import { openFileTarget } from '../store/sqlite-target.ts';
import type { Store } from '../store/store.ts';

/** The store that the configuration names. Rejects with the store's errors. The client of the server is loaded only for one. */
export async function openStore(config: NodeConfig, nodeId: NodeId): Promise<Store & { readonly credit?: CreditBook }> {
  const { path, url } = config.store;
  return url === undefined ? openSqliteStore({ path, nodeId }) : openServer(url, nodeId);
}

async function openServer(url: string, nodeId: NodeId) {
  const { openPostgresStore } = await import('../store/postgres-store.ts');
  return openPostgresStore({ url, nodeId, clock: systemClock });
}

/**
 * The epoch of books that come from elsewhere: seconds since 1970, so that it is above any that this node ever had, also
 * where nothing is left that could be counted from. Fits the four bytes it has on a link until 2106.
 */
export function epochOfNow(): number {
  return Math.floor(systemClock.wallMs() / 1000);
}

/**
 * Begins with empty books, in a store that is empty or not there: the ones the node had are lost, and so is what they were
 * counted by. Neighbours then take its totals for those of a restored copy. The epoch, above that of books `before`.
 * Rejects with `STORE_NOT_EMPTY`.
 */
export async function beginAnew(config: NodeConfig, before = 0): Promise<number> {
  await using books = await openBooks(config, { make: true });
  const { epoch: _epoch, ...kinds } = await books.store.load();
  const records = Object.values(kinds).reduce((sum, each) => sum + each.length, 0);
  if (records > 0) throw new WayleaveError('STORE_NOT_EMPTY', { records });
  const epoch = Math.max(epochOfNow(), before + 1);
  await books.startEpoch(epoch);
  return epoch;
}

/** The books of a node that is not running, by the key's own word for whose they are. */
export interface Books extends ImportTarget, AsyncDisposable {
  readonly node: NodeId;
}

/** Opens the books while no node has them. `make`: also where there are none yet. Rejects with `BACKUP_EMPTY`. */
export async function openBooks(
  config: NodeConfig,
  { key = config.key.file, make = false }: { readonly key?: string; readonly make?: boolean } = {},
): Promise<Books> {
  const node = await keystoreId(key);
  const { path, url } = config.store;
  if (url === undefined && !make && !existsSync(path)) throw new WayleaveError('BACKUP_EMPTY', { path });
  const target: ImportTarget = url === undefined ? await openFileTarget(path, node) : await serverTarget(url, node);
  return {
    node,
    get store() {
      return target.store;
    },
    startEpoch: (epoch) => target.startEpoch(epoch),
    [Symbol.asyncDispose]: () => target.store.close(),
  };
}

async function serverTarget(url: string, node: NodeId): Promise<ImportTarget> {
  const store = await openServer(url, node);
  return { store, startEpoch: (epoch) => store.startEpoch(epoch) };
}
