import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { codeOf } from '../../src/core/errors.ts';
import type { Store, StoredState, StoreRecord } from '../../src/store/store.ts';
import { explains } from './store-history.ts';
import { anyRecord, keyOf, link, note, sorted, stateOf } from './store-records.ts';

/** Where the stores of one implementation stand. The suite opens and closes them; every new `place` is empty. */
export interface StoreWorld {
  /** Opens the store at a place. After a close, finds what was committed before. */
  open(place: string): Promise<Store>;
  /** The same, with room for some ten thousand bytes of records only. Absent where space cannot be limited. */
  openSmall?(place: string): Promise<Store>;
  /** A store that is full takes small batches no more either: what a failed transaction wrote keeps its room for a while. */
  readonly fullForAll?: boolean;
  /** A path that does not exist yet, for a backup. */
  backupPath(name: string): string;
  /** Puts a backup at an empty place. */
  restore(backup: string, place: string): Promise<void>;
  dispose(): Promise<void>;
}

/** What the tests use: the world, and two short cuts. */
interface Bench {
  readonly world: StoreWorld;
  newPlace(): string;
  /** What a later process finds at a place. */
  find(place: string): Promise<StoredState>;
  /** Opens, uses and closes a store at a place, then finds what is there. */
  reload(place: string, use: (store: Store) => Promise<unknown>): Promise<StoredState>;
}

/** What every store must do. Run it from the test of an implementation; `missing` says why it cannot run here. */
export function storeConformance(name: string, makeWorld: () => Promise<StoreWorld>, missing?: string): void {
  describe(`store conformance: ${name}`, { skip: missing ?? false }, () => {
    let world: StoreWorld;
    let places = 0;
    before(async () => {
      world = await makeWorld();
    });
    after(() => world.dispose());

    const withStore = async <Result>(place: string, use: (store: Store) => Promise<Result>) => {
      const store = await world.open(place);
      try {
        return await use(store);
      } finally {
        await store.close();
      }
    };
    const find = async (place: string) => sorted(await withStore(place, (store) => store.load()));
    const bench: Bench = {
      get world() {
        return world;
      },
      newPlace: () => `place-${++places}`,
      find,
      reload: async (place, use) => {
        await withStore(place, use);
        return find(place);
      },
    };
    remembers(bench);
    replaces(bench);
    keepsOrder(bench);
    closes(bench);
    refuses(bench);
    fillsUp(bench);
    explains(() => world.open(bench.newPlace()));
    backsUp(bench);
  });
}

function remembers({ reload, newPlace }: Bench): void {
  test('a new store is empty and in its first epoch', async () => {
    assert.deepEqual(await reload(newPlace(), async () => {}), stateOf([]));
  });

  test('load returns exactly what was committed, for every kind of record and at the ends of every range', async () => {
    const all: StoreRecord[] = [];
    const state = await reload(newPlace(), (store) =>
      fc.assert(
        // One store takes all runs, so each also replaces rows of the runs before it.
        fc.asyncProperty(fc.array(anyRecord, { maxLength: 50 }), async (records) => {
          all.push(...records);
          await store.commit(records);
          assert.deepEqual(sorted(await store.load()), stateOf(all));
        }),
        { numRuns: 100, endOnFailure: true },
      ),
    );
    assert.deepEqual(state, stateOf(all));
  });

  test('a large state comes back whole', async () => {
    const records = Array.from({ length: 2500 }, (_, i) => link(i, i));
    assert.deepEqual(await reload(newPlace(), (store) => store.commit(records)), stateOf(records));
  });

  test('load sees what was committed before it on the same open store', async () => {
    await reload(newPlace(), async (store) => {
      const commit = store.commit([note('a', '1')]);
      assert.deepEqual((await store.load()).notes, [note('a', '1')]);
      await commit;
    });
  });

  test('what the caller changes after commit is not stored', async () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const records: StoreRecord[] = [{ kind: 'terms', neighbour: keyOf(1), side: 'mine', epoch: 1, bytes }];
    const state = await reload(newPlace(), (store) => {
      const done = store.commit(records);
      bytes[0] = 9;
      records.push(note('late', 'x'));
      return done;
    });
    assert.deepEqual(state.terms[0]?.bytes, new Uint8Array([1, 2, 3]));
    assert.equal(state.notes.length, 0);
  });
}

function replaces({ reload, newPlace }: Bench): void {
  test('a record replaces the one with the same key, as a whole', async () => {
    const state = await reload(newPlace(), async (store) => {
      await store.commit([link(1, 5), link(2, 6), note('a', 'old')]);
      await store.commit([link(1, 7), note('a', 'new')]);
    });
    assert.deepEqual(state, stateOf([link(2, 6), link(1, 7), note('a', 'new')]));
  });

  test('within a batch the last record of a key holds', async () => {
    const state = await reload(newPlace(), (store) => store.commit([note('a', '1'), note('a', '2')]));
    assert.deepEqual(state.notes, [note('a', '2')]);
  });

  test('a redelivered batch changes nothing', async () => {
    const batch = [link(1, 5), note('a', 'x')];
    const state = await reload(newPlace(), async (store) => {
      await store.commit(batch);
      await store.commit(batch);
    });
    assert.deepEqual(state, stateOf(batch));
  });

  test('an empty batch is accepted and changes nothing', async () => {
    assert.deepEqual(await reload(newPlace(), (store) => store.commit([])), stateOf([]));
  });
}

function keepsOrder({ reload, newPlace }: Bench): void {
  test('batches that are under way together are applied in call order', async () => {
    const settled: number[] = [];
    const state = await reload(newPlace(), (store) =>
      Promise.all(
        Array.from({ length: 500 }, (_, i) =>
          store.commit([note('last', `${i}`), note(`n${i % 50}`, `${i}`)]).then(() => settled.push(i)),
        ),
      ),
    );
    const inOrder = Array.from({ length: 500 }, (_, i) => i);
    assert.deepEqual(settled, inOrder);
    assert.deepEqual(state, stateOf(inOrder.flatMap((i) => [note('last', `${i}`), note(`n${i % 50}`, `${i}`)])));
  });

  test('commits of many turns, made while others are under way, all hold', async () => {
    const state = await reload(newPlace(), async (store) => {
      const run = async (worker: number) => {
        for (let i = 0; i < 20; i++) await store.commit([note(`${worker}-${i}`, 'x')]);
      };
      await Promise.all(Array.from({ length: 16 }, (_, worker) => run(worker)));
    });
    assert.equal(state.notes.length, 320);
  });
}

function closes(bench: Bench): void {
  test('close waits for the commits made before it', async () => {
    const place = bench.newPlace();
    const store = await bench.world.open(place);
    const commits = Array.from({ length: 100 }, (_, i) => store.commit([note(`n${i}`, 'x')]));
    await store.close();
    await Promise.all(commits);
    assert.equal((await bench.find(place)).notes.length, 100);
  });

  test('after close everything is refused, and a second close does nothing', async () => {
    const place = bench.newPlace();
    const store = await bench.world.open(place);
    const closing = store.close();
    await rejectsWith(store.commit([note('a', 'x')]), 'STORE_CLOSED');
    await closing;
    await store.close();
    await rejectsWith(store.commit([note('a', 'x')]), 'STORE_CLOSED');
    await rejectsWith(store.load(), 'STORE_CLOSED');
    await rejectsWith(store.backup(bench.world.backupPath('closed')), 'STORE_CLOSED');
    assert.deepEqual(await bench.find(place), stateOf([]));
  });
}

/** Records no store takes. */
const MALFORMED: readonly (readonly [string, StoreRecord])[] = [
  ['an unsafe integer', { ...link(1, 1), paid: 2 ** 53 }],
  ['a fraction', { ...link(1, 1), provided: [0.5, 0, 0] }],
  ['not a number', { ...link(1, 1), lease: Number.NaN }],
  ['too few services', { ...link(1, 1), provided: [1, 2] as unknown as [number, number, number] }],
  ['an id with capitals', { ...link(1, 1), neighbour: `0x${'A'.repeat(40)}` }],
  ['a missing field', { ...link(1, 1), closed: undefined as unknown as boolean }],
  ['an unknown side', { kind: 'terms', neighbour: keyOf(1), side: 'x' as 'mine', epoch: 1, bytes: new Uint8Array() }],
  ['half a character', note('a', '\ud800')],
  ['a NUL', note('a\0b', '')],
  ['negative wei', cashing(-1n)],
  ['wei of 257 bits', cashing(2n ** 256n)],
  ['an unknown kind', { kind: 'x' } as unknown as StoreRecord],
];

function cashing(cumulative: bigint): StoreRecord {
  const amounts = { cumulative, paidOut: 0n, gasWei: 0n };
  return { kind: 'cashing', transaction: '0x1', chequebook: keyOf(1), status: 'sent', atMs: 0, ...amounts };
}

function refuses({ reload, newPlace }: Bench): void {
  test('a malformed record is refused with its whole batch, and nothing else is', async () => {
    const state = await reload(newPlace(), async (store) => {
      for (const [what, record] of MALFORMED) {
        const refused = rejectsWith(store.commit([note('with', 'x'), record]), 'STORE_RECORD_INVALID', what);
        await Promise.all([store.commit([note('before', what)]), refused, store.commit([note('after', what)])]);
      }
    });
    const [last] = MALFORMED.at(-1) ?? [''];
    assert.deepEqual(state, stateOf([note('before', last), note('after', last)]));
  });
}

function fillsUp(bench: Bench): void {
  test('without room a batch is refused whole, small ones go on, and with room it is taken', async (t) => {
    const small = await bench.world.openSmall?.(bench.newPlace());
    if (small === undefined) return t.skip('the space of this store cannot be limited');
    await small.close();

    const place = bench.newPlace();
    const store = await (bench.world.openSmall?.(place) as Promise<Store>);
    await store.commit([note('first', 'stored')]);
    if (bench.world.fullForAll === true) return fillsUpForAll(bench, place, store);
    const large = Array.from({ length: 400 }, (_, i) => note(`large-${i}`, 'x'.repeat(4000)));
    await Promise.all([
      store.commit([note('before', 'stored')]),
      rejectsWith(store.commit(large), 'STORE_FULL'),
      store.commit([note('after', 'stored')]),
    ]);
    await rejectsWith(store.commit(large), 'STORE_FULL');
    await store.commit([note('first', 'replaced')]);
    await store.close();

    const stored = [note('first', 'replaced'), note('before', 'stored'), note('after', 'stored')];
    assert.deepEqual(await bench.find(place), stateOf(stored));
    assert.deepEqual(await bench.reload(place, (roomy) => roomy.commit(large)), stateOf([...stored, ...large]));
  });
}

async function fillsUpForAll(bench: Bench, place: string, store: Store): Promise<void> {
  const large = Array.from({ length: 400 }, (_, i) => note(`large-${i}`, 'x'.repeat(4000)));
  await rejectsWith(store.commit([...large, note('first', 'replaced')]), 'STORE_FULL');
  await rejectsWith(store.commit(large), 'STORE_FULL');
  await store.close();
  assert.deepEqual(await bench.find(place), stateOf([note('first', 'stored')]));
  const after = [note('first', 'stored'), ...large];
  assert.deepEqual(await bench.reload(place, (roomy) => roomy.commit(large)), stateOf(after));
}

function backsUp(bench: Bench): void {
  const restored = async (backup: string) => {
    const place = bench.newPlace();
    await bench.world.restore(backup, place);
    return place;
  };

  test('a backup holds every commit made before it and none made after', async () => {
    const links = Array.from({ length: 50 }, (_, i) => link(i, i));
    const path = bench.world.backupPath('consistent');
    const place = bench.newPlace();
    const state = await bench.reload(place, (store) =>
      Promise.all([
        ...links.map((record) => store.commit([record])),
        store.backup(path),
        store.commit([link(1, 1000)]),
      ]),
    );
    assert.deepEqual(state, stateOf([...links, link(1, 1000)]));
    assert.deepEqual(await bench.find(await restored(path)), stateOf(links, 2));
  });

  test('each restored backup starts one epoch more', async () => {
    let place = bench.newPlace();
    for (const epoch of [1, 2, 3]) {
      const path = bench.world.backupPath(`epoch-${epoch}`);
      assert.equal((await bench.reload(place, (store) => store.backup(path))).epoch, epoch);
      place = await restored(path);
    }
  });

  test('a backup never overwrites', async () => {
    const path = bench.world.backupPath('twice');
    const state = await bench.reload(bench.newPlace(), async (store) => {
      await store.backup(path);
      await store.commit([note('later', 'x')]);
      await rejectsWith(store.backup(path), 'BACKUP_EXISTS');
    });
    assert.deepEqual(state, stateOf([note('later', 'x')]));
    assert.deepEqual(await bench.find(await restored(path)), stateOf([], 2));
  });
}

async function rejectsWith(promise: Promise<unknown>, code: string, what = ''): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.equal(codeOf(error), code, `${what} ${String(error)}`);
}
