import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { codeOf } from '../../core/errors.ts';
import type { NoteRecord } from '../../store/store.ts';
import { Coverage } from '../coverage.ts';
import { Life } from '../life.ts';
import { SeededRandom } from '../seeded-random.ts';
import { Timeline } from '../timeline.ts';
import { SimDisk } from './sim-disk.ts';

/** Faults of the disk. What every store must do is in the conformance suite of the store port. */

const note = (name: string): NoteRecord => ({ kind: 'note', name, text: 'x' });

function bed(seed: number | string = 1) {
  const timeline = new Timeline();
  const coverage = new Coverage();
  const disk = new SimDisk({ timeline, coverage, random: new SeededRandom(seed) });
  const stored = () => disk.state.notes.map(({ name }) => name);
  return { timeline, coverage, disk, stored };
}

/** What a promise has come to by now; `waiting` when it was not settled. */
async function fate(promise: Promise<unknown>): Promise<unknown> {
  const settled = promise.then(
    () => 'done',
    (error: unknown) => codeOf(error) ?? error,
  );
  return await Promise.race([settled, new Promise((resolve) => setImmediate(resolve, 'waiting'))]);
}

describe('simulated disk', () => {
  test('a process that dies at its call of commit wrote nothing', async () => {
    const { disk, stored } = bed();
    const life = new Life();
    const store = disk.open(life);
    assert.equal(await fate(store.commit([note('a')])), 'done');
    life.killAtCall(life.calls + 1);
    assert.equal(await fate(store.commit([note('b')])), 'waiting');
    assert.equal(life.diedAt, 'store.commit');
    assert.deepEqual(stored(), ['a']);
  });

  test('a process that dies once the batch is durable is never told, and the next life finds it', async () => {
    const { disk } = bed();
    const life = new Life();
    const store = disk.open(life);
    life.killAtCall(2);
    assert.equal(await fate(store.commit([note('a')])), 'waiting');
    assert.equal(life.diedAt, 'store.durable');
    assert.equal(await fate(store.commit([note('b')])), 'waiting');
    const next = disk.open(new Life());
    assert.deepEqual((await next.load()).notes, [note('a')]);
  });

  test('what was being written at a death is there whole up to some batch and gone from there on; what was told stays', async () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 60; seed += 1) {
      const { timeline, coverage, disk, stored } = bed(seed);
      disk.commitLatencyMs = 10;
      const life = new Life();
      const store = disk.open(life);
      const told = store.commit([note('1a'), note('1b')]);
      timeline.next();
      const untold = [store.commit([note('2a'), note('2b')]), store.commit([note('3')])];
      assert.equal(await fate(told), 'done');
      life.kill();
      while (timeline.next());
      assert.deepEqual(await Promise.all(untold.map(fate)), ['waiting', 'waiting']);
      const found = stored().join(' ');
      seen.add(found);
      assert.equal(coverage.of('disk.torn'), found.endsWith('3') ? 0 : 1);
    }
    assert.deepEqual([...seen].sort(), ['1a 1b', '1a 1b 2a 2b', '1a 1b 2a 2b 3']);
  });

  test('a full or failing disk refuses batches whole, and takes them again afterwards', async () => {
    const { coverage, disk, stored } = bed();
    const store = disk.open(new Life());
    disk.full = true;
    assert.equal(await fate(store.commit([note('a')])), 'STORE_FULL');
    disk.full = false;
    disk.failing = true;
    assert.equal(await fate(store.commit([note('b')])), 'STORE_FAILED');
    disk.failing = false;
    assert.equal(await fate(store.commit([note('c')])), 'done');
    assert.deepEqual(stored(), ['c']);
    assert.deepEqual(coverage.toJSON(), { 'disk.failed': 1, 'disk.full': 1 });
  });

  test('a server killed in the middle of a batch has it or not; what was sent is done once, what was not is refused', async () => {
    const seen = new Set<number>();
    for (let seed = 0; seed < 20; seed += 1) {
      const { timeline, disk, stored } = bed(seed);
      const store = disk.open(new Life());
      const written: string[] = [];
      disk.written = (records) => void written.push(...records.flatMap((each) => ('name' in each ? [each.name] : [])));
      disk.server = 'dying';
      const sent = store.commit([note('sent')]);
      const never = store.commit([note('never')]);
      timeline.next();
      seen.add(stored().length);
      assert.deepEqual([await fate(sent), await fate(never)], ['waiting', 'waiting']);
      while (timeline.next());
      assert.deepEqual([await fate(sent), await fate(never)], ['waiting', 'STORE_UNREACHABLE']);
      disk.serverBack();
      const next = store.commit([note('next')]);
      while (timeline.next());
      assert.deepEqual([await fate(sent), await fate(next), written], ['done', 'done', ['sent', 'next']]);
    }
    assert.equal(seen.size, 2);
  });

  test('an old copy comes back under a higher epoch; a lost disk starts anew', async () => {
    const { disk, stored } = bed();
    const life = new Life();
    const store = disk.open(life);
    await store.commit([note('old')]);
    const image = disk.image();
    await store.commit([note('new')]);
    assert.throws(
      () => disk.restore(image),
      (error) => codeOf(error) === 'STORE_IN_USE',
    );
    assert.throws(
      () => disk.open(new Life()),
      (error) => codeOf(error) === 'STORE_IN_USE',
    );
    life.kill();
    disk.restore(image);
    assert.deepEqual([stored(), disk.state.epoch], [['old'], 2]);
    disk.restore(image);
    assert.equal(disk.state.epoch, 3);
    disk.lose();
    assert.deepEqual([stored(), disk.state.epoch], [[], 1]);
  });

  test('the world is told whenever promises must run out', () => {
    const { timeline, disk } = bed();
    const store = disk.open(new Life());
    void store.commit([note('a')]);
    assert.equal(timeline.takeAsynchronous(), true);
    disk.commitLatencyMs = 1;
    void store.commit([note('b')]);
    timeline.takeAsynchronous();
    timeline.next();
    assert.equal(timeline.takeAsynchronous(), true);
  });
});
