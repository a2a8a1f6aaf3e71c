import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import type { Clock } from '../core/clock.ts';
import { ResetCode } from '../link/link.ts';
import { createEgressPolicy } from './egress-policy.ts';
import { createGateway, type Gateway } from './gateway.ts';

type Fate = 'connects' | 'refuses' | 'silent';

class World {
  nowMs = 0;
  readonly timers = new Set<{ atMs: number; fire: () => void }>();
  readonly lookups: string[] = [];
  readonly dialled: string[] = [];
  readonly gateway: Gateway;

  constructor(names: Record<string, readonly string[]>, fates: Record<string, Fate>) {
    const clock: Clock = {
      wallMs: () => this.nowMs,
      nowMs: () => this.nowMs,
      after: (delayMs, fire) => {
        const timer = { atMs: this.nowMs + delayMs, fire };
        this.timers.add(timer);
        return { cancel: () => this.timers.delete(timer) };
      },
    };
    const egress = {
      resolve: async (host: string) => {
        this.lookups.push(host);
        const found = names[host];
        if (found === undefined) throw Object.assign(new Error('none'), { code: 'ENOTFOUND' });
        return found;
      },
      connect: ({ address }: { address: string }) => {
        this.dialled.push(address);
        return socketThat(fates[address] ?? 'connects');
      },
      ownAddresses: () => [],
    };
    this.gateway = createGateway({ clock, egress, policy: createEgressPolicy() });
  }

  async pass(ms: number): Promise<void> {
    await settled();
    this.nowMs += ms;
    for (const timer of this.timers) {
      if (timer.atMs > this.nowMs) continue;
      this.timers.delete(timer);
      timer.fire();
    }
    await settled();
  }

  open(host: string, buyer = 'b'): { result: ResetCode | 'connected' | undefined; cancel: () => void } {
    const outcome: { result: ResetCode | 'connected' | undefined; cancel: () => void } = {
      result: undefined,
      cancel() {},
    };
    outcome.cancel = this.gateway.open({ host, port: 80 }, buyer, {
      connected: () => {
        outcome.result = 'connected';
      },
      failed: (code) => {
        outcome.result = code;
      },
    });
    return outcome;
  }
}

function socketThat(fate: Fate): Duplex {
  const socket = new Duplex({ read() {}, write: (_bytes, _encoding, done) => done() });
  if (fate === 'connects') setImmediate(() => socket.emit('connect'));
  if (fate === 'refuses') setImmediate(() => socket.destroy(Object.assign(new Error('no'), { code: 'ECONNREFUSED' })));
  return socket;
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((later) => setImmediate(later));
}

test('only addresses that passed are dialled, in order, and a name is looked up once', async () => {
  const world = new World({ 'a.test': ['10.0.0.1', '1.1.1.1', '::1', '1.1.1.2'] }, { '1.1.1.1': 'refuses' });
  const outcome = world.open('a.test');
  await settled();
  assert.equal(outcome.result, 'connected');
  assert.deepEqual(world.dialled, ['1.1.1.1', '1.1.1.2']);
  assert.deepEqual(world.lookups, ['a.test']);
  assert.equal(world.timers.size, 0);
});

test('each failure has its own code', async () => {
  const world = new World({ 'in.test': ['10.0.0.1'], 'none.test': [] }, { '1.1.1.1': 'refuses', '1.1.1.2': 'silent' });
  const [nowhere, none, inside, refused, silent] = ['x.test', 'none.test', 'in.test', '1.1.1.1', '1.1.1.2'].map(
    (host) => world.open(host),
  );
  await world.pass(11_000);
  assert.deepEqual(
    [nowhere, none, inside, refused, silent].map((outcome) => outcome?.result),
    [
      ResetCode.nameNotFound,
      ResetCode.nameNotFound,
      ResetCode.refusedByPolicy,
      ResetCode.connectionRefused,
      ResetCode.timedOut,
    ],
  );
  assert.equal(world.timers.size, 0);
});

test('a silent address gives way to the next sooner than the last one times out', async () => {
  const world = new World({ 'a.test': ['1.1.1.1', '1.1.1.2'] }, { '1.1.1.1': 'silent' });
  const outcome = world.open('a.test');
  await world.pass(3_000);
  assert.equal(outcome.result, 'connected');
});

test('who takes the open back hears nothing more, and nothing stays behind', async () => {
  const world = new World({}, { '1.1.1.1': 'silent' });
  const outcome = world.open('1.1.1.1');
  outcome.cancel();
  await world.pass(20_000);
  assert.equal(outcome.result, undefined);
  assert.equal(world.timers.size, 0);
});

test('look-ups are shared and remembered, and rationed for each neighbour', async () => {
  const world = new World({ 'a.test': ['1.1.1.1'] }, {});
  const same = [world.open('a.test'), world.open('a.test'), world.open('a.test', 'c')];
  await world.pass(20_000);
  same.push(world.open('a.test'));
  await settled();
  assert.deepEqual(
    same.map((outcome) => outcome.result),
    ['connected', 'connected', 'connected', 'connected'],
  );
  assert.equal(world.lookups.length, 1);
  await world.pass(30_000);
  world.open('a.test');
  assert.equal(world.lookups.length, 2);
  let refused = 0;
  for (let count = 0; count < 150; count++) {
    const outcome = world.open(`${count}.test`);
    await new Promise((later) => setImmediate(later));
    await settled();
    if (outcome.result === ResetCode.overloaded) refused++;
  }
  assert.equal(refused, 51);
  const other = world.open('other.test', 'c');
  await world.pass(1_000);
  assert.equal(other.result, ResetCode.nameNotFound);
  const again = world.open('again.test');
  await settled();
  assert.equal(again.result, ResetCode.nameNotFound);
});
