import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import type { Clock } from '../core/clock.ts';
import { ResetCode } from '../link/link.ts';
import { UplinkWatch } from './uplink-watch.ts';

type Fate = 'connects' | 'refuses' | 'silent';

/** An uplink behind which addresses do what `fates` says, and a clock that stands until it is told to go on. */
function bed() {
  let nowMs = 0;
  const timers = new Set<{ atMs: number; fire: () => void }>();
  const fates = new Map<string, Fate>();
  const looks: string[] = [];
  const told: boolean[] = [];
  const clock: Clock = {
    wallMs: () => nowMs,
    nowMs: () => nowMs,
    after: (delayMs, fire) => {
      const timer = { atMs: nowMs + delayMs, fire };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
  };
  const connect = ({ address }: { address: string }): Duplex => {
    looks.push(address);
    const socket = new Duplex({ read: () => {}, write: (_bytes, _encoding, done) => done() });
    const fate = fates.get(address) ?? 'silent';
    if (fate === 'connects') setImmediate(() => socket.emit('connect'));
    if (fate === 'refuses') setImmediate(() => socket.destroy(Object.assign(new Error(), { code: 'ECONNREFUSED' })));
    return socket;
  };
  const egress = { connect, resolve: () => Promise.resolve([]), ownAddresses: () => [] };
  const watch = new UplinkWatch({ clock, egress, changed: (works) => told.push(works) });
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left >= 0; left -= 1_000) {
      for (let turn = 0; turn < 5; turn += 1) await new Promise((later) => setImmediate(later));
      for (const timer of timers) {
        if (timer.atMs > nowMs) continue;
        timers.delete(timer);
        timer.fire();
      }
      nowMs += 1_000;
    }
  };
  const fail = (times: number, code: ResetCode = ResetCode.timedOut): void => {
    for (let time = 0; time < times; time += 1) watch.failed(code);
  };
  return { watch, fates, looks, told, timers, pass, fail };
}

const target = (address: string) => ({ address, port: 443 });

test('an uplink by which nothing answers any more is dead until something does', async () => {
  const { watch, fates, looks, told, timers, pass, fail } = bed();
  watch.reached(target('1.1.1.1'));
  fail(4, ResetCode.hostUnreachable);
  assert.deepEqual(looks, []);
  fail(1);
  await pass(5_000);
  assert.deepEqual([looks, watch.works, told], [['1.1.1.1'], false, [false]]);
  await pass(30_000);
  assert.equal(watch.works, false);
  fates.set('1.1.1.1', 'connects');
  await pass(15_000);
  assert.deepEqual([watch.works, told], [true, [false, true]]);
  assert.equal(timers.size, 0, 'it is looked at no more');
});

test('who asks for addresses at which nobody is does not make it look dead, nor makes it look all the time', async () => {
  const { watch, fates, looks, told, pass, fail } = bed();
  for (const [index, address] of ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'].entries()) {
    watch.reached(target(address));
    fates.set(address, index === 2 ? 'refuses' : 'silent');
  }
  for (let second = 0; second < 20; second += 1) {
    fail(10);
    await pass(0);
  }
  assert.deepEqual(told, []);
  assert.deepEqual([...new Set(looks)], ['1.1.1.2', '1.1.1.3', '1.1.1.4'], 'those reached last');
  assert.ok(looks.length <= 9, `${looks.length}`);
});

test('what was reached last may be gone itself: after a while it is offered again all the same', async () => {
  const { watch, told, looks, pass, fail } = bed();
  watch.reached(target('1.1.1.1'));
  fail(5);
  await pass(100_000);
  assert.deepEqual(told, [false]);
  assert.ok(looks.length >= 5, 'it is looked at meanwhile');
  await pass(40_000);
  assert.deepEqual(told, [false, true]);
});

test('what answers, or is no fault of the uplink, does not count', async () => {
  const { told, looks, fail, pass } = bed();
  fail(4);
  fail(1, ResetCode.connectionRefused);
  fail(4);
  for (const code of [ResetCode.nameNotFound, ResetCode.refusedByPolicy, ResetCode.overloaded]) fail(9, code);
  await pass(5_000);
  assert.deepEqual([told, looks], [[], []]);
});

test('where nothing was ever reached it is offered again after a while, and at once when something is', async () => {
  const { watch, told, timers, pass, fail } = bed();
  fail(5);
  await pass(1_000);
  assert.deepEqual(told, [false]);
  await pass(122_000);
  assert.deepEqual(told, [false, true]);
  fail(5);
  await pass(1_000);
  watch.reached(target('1.1.1.1'));
  assert.deepEqual(told, [false, true, false, true]);
  fail(5);
  watch.close();
  await pass(15_000);
  assert.deepEqual([told.length, timers.size], [4, 0]);
});
