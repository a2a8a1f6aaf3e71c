/** What `bin/wayleave` gives the runtime. Rivals run as Node comes. */
export const LAUNCHER_FLAGS = [
  '--max-semi-space-size=1',
  '--expose-gc',
  '--no-maglev',
  '--no-parallel-scavenge',
  '--no-memory-reducer',
  '--disable-warning=ExperimentalWarning',
  '--disable-warning=DeprecationWarning',
];

/** And its environment, beside the compile cache. */
export const LAUNCHER_ENV = { MALLOC_ARENA_MAX: '2' };
