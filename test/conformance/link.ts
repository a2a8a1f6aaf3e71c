import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_MESSAGE_BYTES } from '../../src/link/limits.ts';
import { ResetCode } from '../../src/link/link.ts';
import { channelConformance } from './link-channels.ts';
import {
  BUDGET,
  bytes,
  type InWorld,
  type Joined,
  join,
  type LinkLog,
  type LinkPair,
  type LinkWorld,
  rejectsCode,
  settle,
  throwsCode,
  until,
} from './link-world.fixture.ts';

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
    channelConformance(joined);
    closing(joined);
    reentering(joined);
  });
}

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
