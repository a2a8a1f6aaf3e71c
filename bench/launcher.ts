/** What `bin/wayleave` gives the runtime. Rivals run as Node comes. */
export const LAUNCHER_FLAGS = [
  '--max-semi-space-size=1',
  '--expose-gc',
  '--no-maglev',
  '--no-parallel-scavenge',
  '--no-memory-reducer',
  '--no-short-builtin-calls',
  '--disable-warning=ExperimentalWarning',
  '--disable-warning=DeprecationWarning',
];

/** And its environment, beside the compile cache. */
export const LAUNCHER_ENV = { MALLOC_ARENA_MAX: '2', GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' };

/** Both, for a process under measurement. */
export const AS_LAUNCHED = { flags: LAUNCHER_FLAGS, env: LAUNCHER_ENV };
