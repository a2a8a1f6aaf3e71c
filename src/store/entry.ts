/** `wayleave/store`: what a node remembers, in one SQLite file or on a PostgreSQL server. */
export type { CreditBook } from './credit-book.ts';
export { EmbeddedCreditBook } from './embedded-credit-book.ts';
export { openPostgresStore } from './postgres-store.ts';
export { restoreBackup } from './restore.ts';
export { openSqliteStore } from './sqlite-store.ts';
export type { Store, StoredState, StoreRecord } from './store.ts';
