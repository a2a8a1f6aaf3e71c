import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { codeOf } from '../../src/core/errors.ts';
import { MAX_CHANNELS, MAX_DATA_BYTES, MAX_HEADER_BYTES, MAX_MESSAGE_BYTES } from '../../src/link/limits.ts';
import { OPEN_COST_BYTES, ResetCode } from '../../src/link/link.ts';
import { join, LinkLog, type LinkPair, type LinkWorld, settle, until } from './link-world.fixture.ts';

const BUDGET = 10_000_000;

function bytes(count: number, seed = 7): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (i * seed + (i >> 8)) & 255);
}

function throwsCode(code: string, act: () => unknown): void {
  assert.throws(act, (error) => codeOf(error) === code);
}

function rejectsCode(code: string, act: Promise<unknown>): Promise<void> {
  return assert.rejects(act, (error) => codeOf(error) === code);
}

/** Every promise of the link port, to be kept by whatever makes links. */
export function linkConformance(name: string, makeWorld: () => Promise<LinkWorld>): void {
  const inWorld = (act: (world: LinkWorld) => Promise<void>) => async () => {
    const world = await makeWorld();
    try {
      await act(world);
    } finally {
      await world.close();
    }
  };
  const joined = (act: (pair: LinkPair, world: LinkWorld) => Promise<void>) =>
    inWorld(async (world) => {
      const pair = await join(world.a, world.b);
      try {
        await act(pair, world);
      } finally {
        await pair.close();
      }
    });
  describe(`link port: ${name}`, () => {
    connecting(inWorld);
    messages(inWorld, joined);
    opening(joined);
    flowing(joined);
    ending(joined);
    closing(joined);
    reentering(joined);
  });
}

type InWorld = (act: (world: LinkWorld) => Promise<void>) => () => Promise<void>;
type Joined = (act: (pair: LinkPair, world: LinkWorld) => Promise<void>) => () => Promise<void>;

function connecting(inWorld: InWorld): void {
  for (const [who, dialler] of [['lower', 'a'] as const, ['higher', 'b'] as const]) {
    it(
      `both ends know who the other is, dialled by the ${who} id`,
      inWorld(async (world) => {
        const [from, to] = dialler === 'a' ? [world.a, world.b] : [world.b, world.a];
        const { near, far, close } = await join(from, to);
        assert.equal(near.link.peer, dialler === 'a' ? world.idB : world.idA);
        assert.equal(far.link.peer, dialler === 'a' ? world.idA : world.idB);
        assert.deepEqual([near.link.peerKey.length, far.link.peerKey.length], [33, 33]);
        assert.deepEqual([near.link.dialled, far.link.dialled], [true, false]);
        assert.match(near.link.remoteAddress, /:\d+$/);
        await until(() => near.link.roundTripMs !== undefined && far.link.roundTripMs !== undefined, 'a round trip');
        await close();
      }),
    );
  }

  it(
    'refuses to dial the wrong peer, itself, and nobody',
    inWorld(async ({ a, b, idA, idB }) => {
      const listener = await b.listen({ host: '127.0.0.1', port: 0 }, (link) => link.destroy());
      const own = await a.listen({ host: '127.0.0.1', port: 0 }, (link) => link.destroy());
      await rejectsCode('LINK_WRONG_PEER', a.dial(listener.address, idA));
      await rejectsCode('LINK_SELF', a.dial(own.address));
      (await a.dial(listener.address, idB)).destroy();
      await listener.close();
      await rejectsCode('LINK_UNREACHABLE', a.dial(listener.address));
      await own.close();
    }),
  );

  it(
    'a port is listened on once',
    inWorld(async ({ a, b }) => {
      const listener = await b.listen({ host: '127.0.0.1', port: 0 }, () => undefined);
      assert.ok(listener.address.port > 0);
      await rejectsCode(
        'PORT_IN_USE',
        a.listen(listener.address, () => undefined),
      );
      await listener.close();
    }),
  );

  it(
    'links live on when their listener closes',
    inWorld(async ({ a, b }) => {
      const { near, far, close } = await join(a, b);
      await close.call(undefined).catch(() => undefined);
      near.link.destroy();
      await until(() => far.end !== undefined);
    }),
  );

  it(
    'the end with the lower id decides on further connections, whoever dials',
    inWorld(async (world) => {
      const asked: string[] = [];
      world.a.admit = (peer) => asked.push(peer) === 1;
      world.b.admit = () => assert.fail('the higher id is not asked');
      const first = await join(world.b, world.a);
      await rejectsCode('LINK_DUPLICATE', join(world.b, world.a));
      await rejectsCode('LINK_DUPLICATE', join(world.a, world.b));
      assert.deepEqual(asked, [world.idB, world.idB, world.idB]);
      await first.close();
    }),
  );
}

function messages(inWorld: InWorld, joined: Joined): void {
  it(
    'delivers nothing before attach, and everything after',
    inWorld(async ({ a, b }) => {
      const { near, far, close } = await join(a, b, false);
      near.attach();
      near.link.send('control', Buffer.from('early'));
      await settle();
      assert.deepEqual(far.messages, []);
      far.attach();
      await until(() => far.messages.length === 1);
      assert.deepEqual(far.messages, [{ kind: 'control', text: 'early' }]);
      await close();
    }),
  );

  it(
    'keeps the order of each class, control before payments, both before data',
    joined(async ({ near, far }) => {
      far.link.grantForward(BUDGET);
      await until(() => near.link.forwardBudget > 0);
      const channel = near.open();
      await far.got();
      far.events.length = 0;
      (far.opened[0] as { onData?: unknown }).onData = () => far.events.push('data');
      channel.own.send(bytes(10_000), 1);
      near.link.send('payment', Buffer.from('p1'));
      near.link.send('payment', Buffer.from('p2'));
      near.link.send('control', Buffer.from('c1'));
      near.link.send('control', Buffer.from(''));
      await until(() => far.opened[0]?.received === 10_000);
      assert.deepEqual(
        far.messages.map(({ text }) => text),
        ['c1', '', 'p1', 'p2'],
      );
      assert.deepEqual(far.events.slice(0, 5), ['control', 'control', 'payment', 'payment', 'data']);
    }),
  );

  it(
    'carries messages up to the limit and no larger',
    joined(async ({ near, far }) => {
      throwsCode('FRAME_TOO_LARGE', () => near.link.send('control', new Uint8Array(MAX_MESSAGE_BYTES + 1)));
      near.link.send('control', new Uint8Array(MAX_MESSAGE_BYTES));
      assert.ok(near.link.queuedBytes >= MAX_MESSAGE_BYTES);
      await until(() => far.messages.length === 1);
      assert.equal(far.messages[0]?.text.length, MAX_MESSAGE_BYTES);
      await until(() => near.link.queuedBytes === 0, 'an empty queue');
    }),
  );
}

function opening(joined: Joined): void {
  it(
    'an open costs forward budget, which only the neighbour grants',
    joined(async ({ near, far }) => {
      assert.equal(near.link.forwardBudget, 0);
      throwsCode('LINK_BUDGET_SPENT', () => near.open());
      far.link.grantForward(OPEN_COST_BYTES * 2 - 1);
      await until(() => near.events.includes('granted'));
      const channel = near.open('to the world', 77);
      assert.equal(near.link.forwardBudget, OPEN_COST_BYTES - 1);
      throwsCode('LINK_BUDGET_SPENT', () => near.open());
      const theirs = await far.got();
      assert.deepEqual([theirs.header, theirs.tag], ['to the world', 77]);
      assert.deepEqual([channel.own.opener, theirs.own.opener], [true, false]);
      assert.equal(channel.own.id, theirs.own.id);
      await until(() => channel.events.includes('accepted'));
    }),
  );

  it(
    'channels are opened from either side at once',
    joined(async ({ near, far }) => {
      near.link.grantForward(BUDGET);
      far.link.grantForward(BUDGET);
      await until(() => near.link.forwardBudget > 0 && far.link.forwardBudget > 0);
      for (let i = 0; i < 20; i++) {
        near.open(`n${i}`).own.send(Buffer.from(`from near ${i}`), 1);
        far.open(`f${i}`).own.send(Buffer.from(`from far ${i}`), 1);
      }
      await until(() => near.opened.length === 20 && far.opened.length === 20);
      await until(() => [...near.opened, ...far.opened].every((log) => log.received > 0));
      for (let i = 0; i < 20; i++) {
        assert.equal(far.opened[i]?.text, `from near ${i}`);
        assert.equal(near.opened[i]?.header, `f${i}`);
      }
    }),
  );

  it(
    'headers, channels and their number are limited',
    joined(async ({ near, far }) => {
      far.link.grantForward((MAX_CHANNELS + 2) * OPEN_COST_BYTES);
      await until(() => near.link.forwardBudget > 0);
      throwsCode('FRAME_TOO_LARGE', () => near.link.open(new Uint8Array(MAX_HEADER_BYTES + 1), 0, new LogNothing()));
      const first = near.open('x'.repeat(MAX_HEADER_BYTES));
      for (let i = 1; i < MAX_CHANNELS; i++) near.open();
      throwsCode('LINK_CHANNELS_EXHAUSTED', () => near.open());
      await far.got(MAX_CHANNELS - 1);
      first.own.reset(ResetCode.cancelled);
      await until(() => far.opened[0]?.events.includes('reset 0') === true);
      await settle();
      near.open('again');
      assert.equal((await far.got(MAX_CHANNELS)).header, 'again');
    }),
  );

  it(
    'the side that was asked sends nothing before it accepts',
    joined(async ({ near, far }) => {
      far.accepting = false;
      far.link.grantForward(BUDGET);
      await until(() => near.link.forwardBudget > 0);
      const channel = near.open();
      const theirs = await far.got();
      assert.equal(theirs.own.sendable(), 0);
      theirs.own.accept();
      await until(() => theirs.events.includes('writable'));
      theirs.own.send(Buffer.from('welcome'), 9);
      await until(() => channel.received > 0);
      assert.deepEqual(channel.events, ['accepted']);
      assert.deepEqual([channel.text, channel.pieces[0]?.tag], ['welcome', 9]);
    }),
  );
}

class LogNothing {
  data(): void {}
  ended(): void {}
  reset(): void {}
  writable(): void {}
}

function flowing(joined: Joined): void {
  it(
    'carries every byte in order under its tag, both ways at once',
    joined(async ({ near, far }) => {
      far.link.grantForward(BUDGET);
      await until(() => near.link.forwardBudget > 0);
      const up = near.open();
      const down = await far.got();
      const total = 1_500_000;
      const content = bytes(total);
      const pour = (log: typeof up): void => {
        let sent = 0;
        let tag = 0;
        const more = (): void => {
          while (sent < total) {
            const room = Math.min(log.own.sendable(), total - sent, 1 + ((sent * 7919) % MAX_DATA_BYTES));
            if (room === 0) return;
            log.own.send(content.subarray(sent, sent + room), tag);
            sent += room;
            tag = (tag + 1) % 3;
          }
        };
        log.onWritable = more;
        more();
      };
      pour(up);
      pour(down);
      await until(() => up.received === total && down.received === total, 'all bytes');
      const sent = Buffer.from(content);
      for (const log of [up, down]) assert.ok(Buffer.concat(log.pieces.map((piece) => piece.bytes)).equals(sent));
      assert.ok(new Set(up.pieces.map(({ tag }) => tag)).size === 3);
    }),
  );

  it(
    'a receiver that releases nothing stops its sender, and only that one',
    joined(async ({ near, far }) => {
      far.link.grantForward(BUDGET);
      await until(() => near.link.forwardBudget > 0);
      const stuck = near.open();
      const free = near.open();
      const theirs = await far.got(1);
      const slow = far.opened[0] as typeof theirs;
      slow.releasing = false;
      const fill = (log: typeof stuck): void => {
        for (let room = log.own.sendable(); room > 0; room = log.own.sendable()) {
          log.own.send(bytes(Math.min(room, 5000)), 1);
        }
      };
      stuck.onWritable = () => fill(stuck);
      fill(stuck);
      await settle();
      const held = slow.received;
      assert.equal(stuck.own.sendable(), 0);
      assert.ok(held > 0 && held < 2 ** 20, `${held} bytes`);
      throwsCode('LINK_WINDOW_EXCEEDED', () => stuck.own.send(bytes(1), 1));
      throwsCode('LINK_WINDOW_EXCEEDED', () => slow.own.release(held + 1));
      free.own.send(bytes(10_000), 1);
      await until(() => theirs.received === 10_000);
      assert.equal(slow.received, held);
      stuck.events.length = 0;
      slow.releasing = true;
      slow.own.release(held);
      await until(() => slow.received > held && stuck.events.includes('writable'));
    }),
  );

  it(
    'the opener sends no more than it was granted, the other side needs no grant',
    joined(async ({ near, far }) => {
      far.link.grantForward(OPEN_COST_BYTES + 100);
      await until(() => near.link.forwardBudget > 0);
      const channel = near.open();
      assert.equal(channel.own.sendable(), 100);
      throwsCode('LINK_WINDOW_EXCEEDED', () => channel.own.send(bytes(101), 1));
      channel.own.send(bytes(100), 1);
      assert.deepEqual([channel.own.sendable(), near.link.forwardBudget], [0, 0]);
      const theirs = await far.got();
      theirs.own.send(bytes(5000), 2);
      await until(() => theirs.received === 100 && channel.received === 5000);
      channel.events.length = 0;
      far.link.grantForward(50);
      await until(() => channel.events.includes('writable'));
      assert.equal(channel.own.sendable(), 50);
    }),
  );

  it(
    'many channels share the link without loss',
    joined(async ({ near, far }) => {
      far.link.grantForward(BUDGET * 10);
      far.onOpened = (log) => {
        log.onData = (piece, tag) => log.own.send(piece, tag);
      };
      await until(() => near.link.forwardBudget > 0);
      const sizes = Array.from({ length: 300 }, (_, i) => 1 + ((i * 48_271) % 12_000));
      const logs = sizes.map((size, i) => {
        const log = near.open();
        log.own.send(bytes(size, i + 1), i);
        return log;
      });
      await until(() => logs.every((log, i) => log.received === sizes[i]), 'every echo');
      for (const [i, log] of logs.entries()) {
        assert.ok(Buffer.concat(log.pieces.map((piece) => piece.bytes)).equals(bytes(sizes[i] ?? 0, i + 1)));
      }
    }),
  );
}

function ending(joined: Joined): void {
  it(
    'half-close: what was sent arrives, the other way stays open',
    joined(async ({ near, far }) => {
      far.link.grantForward(BUDGET);
      await until(() => near.link.forwardBudget > 0);
      const channel = near.open();
      channel.own.send(bytes(9000), 1);
      channel.own.end();
      channel.own.end();
      assert.equal(channel.own.sendable(), 0);
      const theirs = await far.got();
      await until(() => theirs.events.includes('ended'));
      assert.equal(theirs.received, 9000);
      theirs.own.send(bytes(3000), 1);
      theirs.own.end();
      await until(() => channel.events.includes('ended'));
      assert.equal(channel.received, 3000);
      theirs.own.reset(ResetCode.internal);
      channel.own.reset(ResetCode.internal);
      await settle();
      for (const log of [channel, theirs]) assert.ok(!log.events.some((event) => event.startsWith('reset')));
    }),
  );

  it(
    'reset: both sides hear of it once; what was sent still leaves, and what comes late is counted',
    joined(async ({ near, far }) => {
      far.link.grantForward(BUDGET);
      await until(() => near.link.forwardBudget > 0);
      const channel = near.open();
      const theirs = await far.got();
      await until(() => channel.events.includes('accepted'));
      theirs.own.send(bytes(700), 1);
      channel.own.send(bytes(1000), 1);
      channel.own.reset(ResetCode.unpaid);
      channel.own.reset(ResetCode.internal);
      assert.equal(channel.own.sendable(), 0);
      throwsCode('LINK_WINDOW_EXCEEDED', () => channel.own.send(bytes(1), 1));
      await until(() => theirs.events.includes(`reset ${ResetCode.unpaid}`) && channel.lateBytes > 0);
      await settle();
      assert.deepEqual([theirs.received, channel.received, channel.lateBytes], [1000, 0, 700]);
      assert.deepEqual(
        channel.events.filter((event) => event.startsWith('reset')),
        [`reset ${ResetCode.unpaid}`],
      );
      assert.equal(theirs.events.at(-1), `reset ${ResetCode.unpaid}`);
    }),
  );

  it(
    'an open is refused by a reset',
    joined(async ({ near, far }) => {
      far.accepting = false;
      far.onOpened = (log) => log.own.reset(ResetCode.noRoute);
      far.link.grantForward(BUDGET);
      await until(() => near.link.forwardBudget > 0);
      const channel = near.open();
      channel.own.send(bytes(10_000), 1);
      await until(() => channel.events.includes(`reset ${ResetCode.noRoute}`));
      assert.deepEqual(channel.events, [`reset ${ResetCode.noRoute}`]);
      // what was under way when the reset left is no fault
      near.link.send('control', Buffer.from('still here'));
      await until(() => far.messages.length === 1);
      assert.equal(near.end, undefined);
    }),
  );
}

function closing(joined: Joined): void {
  it(
    'close: what is queued arrives, then both ends hear the end once, with its code',
    joined(async ({ near, far }) => {
      far.link.grantForward(BUDGET);
      await until(() => near.link.forwardBudget > 0);
      const channel = near.open();
      const theirs = await far.got();
      await until(() => channel.events.includes('accepted'));
      channel.own.send(bytes(15_000), 1);
      near.link.send('payment', Buffer.from('last'));
      near.link.close('TERMS_WRONG_CHAIN');
      near.link.close('LINK_SELF');
      near.link.send('control', Buffer.from('ignored'));
      throwsCode('LINK_CLOSED', () => near.open());
      assert.equal(channel.own.sendable(), 0);
      await until(() => near.end !== undefined && far.end !== undefined, 'both ends');
      assert.deepEqual(near.end, { by: 'local', code: 'TERMS_WRONG_CHAIN' });
      assert.deepEqual(far.end, { by: 'remote', code: 'TERMS_WRONG_CHAIN' });
      assert.equal(theirs.received, 15_000);
      assert.deepEqual(far.messages, [{ kind: 'payment', text: 'last' }]);
      for (const log of [channel, theirs]) assert.equal(log.events.at(-1), `reset ${ResetCode.linkLost}`);
      await settle();
      assert.deepEqual([near.ends, far.ends], [1, 1]);
      assert.deepEqual([near.events.at(-1), far.events.at(-1)], ['closed', 'closed']);
    }),
  );

  it(
    'destroy: the other end hears that the connection broke',
    joined(async ({ near, far }) => {
      near.link.destroy();
      near.link.destroy();
      await until(() => near.end !== undefined && far.end !== undefined);
      assert.deepEqual(near.end, { by: 'local' });
      assert.deepEqual(far.end, { by: 'fault', code: 'LINK_LOST' });
    }),
  );

  it(
    'a cut connection ends both ends and every channel',
    joined(async ({ near, far }, world) => {
      far.link.grantForward(BUDGET);
      await until(() => near.link.forwardBudget > 0);
      const channel = near.open();
      const theirs = await far.got();
      const watched: string[] = [];
      near.link.watchEnd((end) => watched.push(`${end.code} after ${near.ends}`));
      world.cut();
      await until(() => near.end !== undefined && far.end !== undefined);
      assert.deepEqual([near.end, far.end], [lost, lost]);
      for (const log of [channel, theirs]) assert.equal(log.events.at(-1), `reset ${ResetCode.linkLost}`);
      assert.deepEqual(watched, ['LINK_LOST after 1']);
      near.link.watchEnd(() => watched.push('late'));
      assert.equal(watched.at(-1), 'late');
    }),
  );

  it(
    'an end before attach is told at attach',
    joined(async (_, world) => {
      const { near, far, close } = await join(world.b, world.a, false);
      near.attach();
      far.link.destroy();
      await until(() => near.end !== undefined);
      far.attach();
      await until(() => far.end !== undefined);
      assert.deepEqual([far.end, far.ends], [{ by: 'local' }, 1]);
      await close();
    }),
  );

  it(
    'a probe is answered by a living neighbour',
    joined(async ({ near }) => {
      let answers = 0;
      near.link.probe(() => answers++);
      near.link.probe(() => answers++);
      await until(() => answers === 2);
    }),
  );
}

const lost = { by: 'fault', code: 'LINK_LOST' };

function reentering(joined: Joined): void {
  const acts: Record<string, (log: LinkLog, index: number) => void> = {
    'sends and ends': (log, index) => {
      const channel = log.opened[index]?.own;
      channel?.send(bytes(Math.min(5000, channel.sendable())), 1);
      channel?.end();
    },
    resets: (log, index) => log.opened[index]?.own.reset(ResetCode.cancelled),
    'resets another': (log, index) => log.opened[1 - index]?.own.reset(ResetCode.cancelled),
    closes: (log) => log.link.close(),
    destroys: (log) => log.link.destroy(),
    'opens and grants': (log) => {
      log.link.grantForward(1);
      throwsCode('LINK_BUDGET_SPENT', () => log.open());
    },
  };
  for (const [what, act] of Object.entries(acts)) {
    it(
      `a handler that ${what} inside data()`,
      joined(async ({ near, far }) => {
        far.link.grantForward(BUDGET);
        await until(() => near.link.forwardBudget > 0);
        const channels = [near.open(), near.open()];
        await far.got(1);
        for (const [index, log] of far.opened.entries()) log.onData = () => act(far, index);
        for (const channel of channels) channel.own.send(bytes(12_000), 1);
        near.link.send('control', Buffer.from('after'));
        await settle();
        near.link.close();
        await until(() => near.end !== undefined && far.end !== undefined);
        assert.deepEqual([near.ends, far.ends], [1, 1]);
        for (const log of [...channels, ...far.opened]) {
          assert.ok(log.events.filter((event) => event.startsWith('reset')).length <= 1);
        }
      }),
    );
  }
}
