import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { codeOf } from '../../src/core/errors.ts';
import type { NodeId } from '../../src/core/node-id.ts';
import { makeIdentity } from '../../src/link/certificate.ts';
import { LinkKeeper } from '../../src/link/keeper.ts';
import type { Link, LinkAddress, Listener, Transport } from '../../src/link/link.ts';
import { TlsTransport } from '../../src/link/tls-transport.ts';
import { MemoryNetwork } from '../../src/sim/link/memory-transport.ts';
import { LinkLog, realClock, settle, signer, until } from './link-world.fixture.ts';

/** A node as far as links go. */
class Keeping {
  readonly keeper: LinkKeeper;
  readonly ups: LinkLog[] = [];
  readonly downs: Link[] = [];
  readonly failures: unknown[] = [];
  address: LinkAddress = { host: '', port: 0 };
  #listener: Listener | undefined;
  readonly #transport: Transport;

  constructor(self: NodeId, transport: Transport) {
    this.#transport = transport;
    this.keeper = new LinkKeeper({
      transport,
      clock: realClock,
      random: Math.random,
      self,
      up: (link) => this.ups.push(new LinkLog(link)),
      down: (link) => this.downs.push(link),
      dialFailed: (_, error) => this.failures.push(error),
    });
  }

  async listen(port = 0): Promise<this> {
    this.#listener = await this.#transport.listen({ host: '127.0.0.1', port }, (link) => this.keeper.adopt(link));
    this.address = this.#listener.address;
    return this;
  }

  /** Links that are up now. */
  get live(): LinkLog[] {
    return this.ups.filter(({ end }) => end === undefined);
  }

  async stop(): Promise<void> {
    this.keeper.stop();
    for (const { link } of this.ups) link.destroy();
    await this.#listener?.close();
  }
}

const identities = await Promise.all([0, 1].map((index) => makeIdentity(signer(index))));

/** Two nodes, the lower id first, over one kind of network. */
const kinds: Record<string, () => Promise<[Keeping, Keeping, MemoryNetwork | undefined]>> = {
  memory: async () => {
    const network = new MemoryNetwork({
      clock: realClock,
      latencyMs: 1,
      keepAlive: { everyMs: 50, silentMs: 100_000 },
    });
    const make = (index: number): Promise<Keeping> =>
      new Keeping(signer(index).id, network.transport(signer(index).id)).listen();
    return [await make(0), await make(1), network];
  },
  TLS: async () => {
    const make = (index: number): Promise<Keeping> => {
      const identity = identities[index];
      if (identity === undefined) throw new Error('no identity');
      return new Keeping(identity.id, new TlsTransport({ identity, clock: realClock })).listen();
    };
    return [await make(0), await make(1), undefined];
  },
};

for (const [kind, make] of Object.entries(kinds)) {
  const withTwo = (act: (low: Keeping, high: Keeping, network?: MemoryNetwork) => Promise<void>) => async () => {
    const [low, high, network] = await make();
    try {
      await act(low, high, network);
    } finally {
      await Promise.all([low.stop(), high.stop()]);
    }
  };

  describe(`the link keeper over ${kind}`, () => {
    for (let run = 0; run < 5; run++) {
      it(
        `two that dial each other at once end with one link, the same at both ends (${run})`,
        withTwo(async (low, high) => {
          low.keeper.know(high.address, run % 2 === 0 ? signer(1).id : undefined);
          high.keeper.know(low.address, run % 2 === 0 ? undefined : signer(0).id);
          await until(() => low.ups.length > 0 && high.ups.length > 0);
          await settle();
          assert.deepEqual([low.ups.length, high.ups.length], [1, 1]);
          low.live[0]?.link.send('control', Buffer.from('to high'));
          high.live[0]?.link.send('control', Buffer.from('to low'));
          await until(() => low.live[0]?.messages.length === 1 && high.live[0]?.messages.length === 1);
          assert.deepEqual([low.failures, high.failures], [[], []]);
        }),
      );
    }

    it(
      'a lost link is dialled again',
      withTwo(async (low, high) => {
        low.keeper.know(high.address);
        await until(() => high.ups.length === 1 && low.ups.length === 1);
        high.ups[0]?.link.destroy();
        await until(() => low.ups.length === 2 && high.ups.length === 2);
        assert.deepEqual([low.downs.length, low.live.length, high.live.length], [1, 1, 1]);
      }),
    );

    it(
      'an address is dialled until somebody answers',
      withTwo(async (low, high) => {
        await high.stop();
        low.keeper.know(high.address);
        await until(() => low.failures.length >= 2);
        assert.ok(low.failures.every((error) => codeOf(error) === 'LINK_UNREACHABLE'));
        await high.listen(high.address.port);
        await until(() => low.live.length === 1);
      }),
    );

    it(
      'our own address is tried once',
      withTwo(async (low) => {
        low.keeper.know(low.address);
        await until(() => low.failures.length === 1);
        assert.deepEqual(low.failures.map(codeOf), ['LINK_SELF']);
        await new Promise((resolve) => setTimeout(resolve, 600));
        assert.equal(low.failures.length, 1);
      }),
    );

    it(
      'after stop nobody is dialled and nobody gets in',
      withTwo(async (low, high) => {
        low.keeper.know(high.address);
        await until(() => low.ups.length === 1 && high.ups.length === 1);
        low.keeper.stop();
        low.ups[0]?.link.destroy();
        await until(() => high.live.length === 0);
        high.keeper.know(low.address);
        await settle();
        assert.deepEqual([low.ups.length, high.ups.length], [1, 1]);
      }),
    );
  });
}

describe('a neighbour that died without a word', () => {
  it('is let in again when it comes back, and the old link ends first', async () => {
    const network = new MemoryNetwork({ clock: realClock });
    const [low, high] = [new Keeping(signer(0).id, network.transport(signer(0).id)), signer(1)];
    await low.listen();
    const before = new Keeping(high.id, network.transport(high.id));
    before.keeper.know(low.address);
    await until(() => low.ups.length === 1 && before.ups.length === 1);
    network.silence(high.id, signer(0).id);
    before.keeper.stop();
    const reborn = new Keeping(high.id, network.transport(high.id));
    reborn.keeper.know(low.address);
    await until(() => low.ups.length === 2, 'the second link');
    assert.deepEqual([low.ups[0]?.ends, low.downs.length, low.live.length], [1, 1, 1]);
    await until(() => reborn.live.length === 1);
    await Promise.all([low.stop(), before.stop(), reborn.stop()]);
  });

  it('a node that is connected does not fall for a second connection', async () => {
    const network = new MemoryNetwork({ clock: realClock });
    const low = await new Keeping(signer(0).id, network.transport(signer(0).id)).listen();
    const high = new Keeping(signer(1).id, network.transport(signer(1).id));
    high.keeper.know(low.address);
    await until(() => low.live.length === 1 && high.live.length === 1);
    const again = network.transport(signer(1).id).dial(low.address);
    await assert.rejects(again, (error) => codeOf(error) === 'LINK_DUPLICATE');
    assert.deepEqual([low.ups.length, low.live.length], [1, 1]);
    await Promise.all([low.stop(), high.stop()]);
  });
});

describe('admission', () => {
  it('one connection at a time, from the moment it is admitted', async () => {
    const transport = new MemoryNetwork({ clock: realClock }).transport(signer(0).id);
    const node = new Keeping(signer(0).id, transport);
    assert.deepEqual(
      [1, 1, 2].map((index) => transport.admit?.(signer(index).id)),
      [true, false, true],
    );
    node.keeper.stop();
    assert.equal(transport.admit?.(signer(3).id), false);
  });
});

describe('an address learned from the network', () => {
  it('is given up after some tries, one typed in is not', async () => {
    const failures: string[] = [];
    const timers: (() => void)[] = [];
    const clock = {
      ...realClock,
      after: (_: number, fire: () => void) => {
        timers.push(fire);
        return { cancel: () => undefined };
      },
    };
    const network = new MemoryNetwork({ clock: realClock });
    const keeper = new LinkKeeper({
      transport: network.transport(signer(0).id),
      clock,
      random: () => 1,
      self: signer(0).id,
      up: () => assert.fail(),
      dialFailed: ({ host }) => failures.push(host),
    });
    keeper.learn({ host: 'learned', port: 1 }, signer(1).id);
    keeper.know({ host: 'typed', port: 1 });
    for (let i = 0; i < 12; i++) {
      await settle();
      for (const fire of timers.splice(0)) fire();
    }
    await settle();
    assert.equal(failures.filter((host) => host === 'learned').length, 8);
    assert.ok(failures.filter((host) => host === 'typed').length > 10);
    keeper.stop();
  });
});
