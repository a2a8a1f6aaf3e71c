/** `wayleave/store`: what a node remembers, in one SQLite file. */
export { restoreBackup } from './restore.ts';
export { openSqliteStore } from './sqlite-store.ts';
export type { Store, StoredState, StoreRecord } from './store.ts';
