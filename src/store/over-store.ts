import type { Store } from './store.ts';

/** A store that does some things in a way of its own, and the rest as `store` does. */
export function overStore(store: Store, own: Partial<Store>): Store {
  return {
    load: () => store.load(),
    commit: (records) => store.commit(records),
    history: (query) => store.history(query),
    historyPage: (limit, after) => store.historyPage(limit, after),
    foldHistory: (neighbour, beforeMs) => store.foldHistory(neighbour, beforeMs),
    backup: (path) => store.backup(path),
    close: () => store.close(),
    ...own,
  };
}
