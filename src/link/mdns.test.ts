import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { describe, it } from 'node:test';
import multicastDns from 'multicast-dns';
import { codeOf, type WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { HandClock } from './link-bed.fixture.ts';
import { type MdnsOptions, SERVICE_NAME, startMdns } from './mdns.ts';

const LOOPBACK = '127.0.0.1';
const GROUP = '224.0.0.251';

function id(digit: string): NodeId {
  return `0x${digit.repeat(40)}`;
}

/** A port no other test or program listens on. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, LOOPBACK, resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; !condition(); i++) {
    if (i > 3000) throw new Error('never came');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

class Neighbourhood implements AsyncDisposable {
  readonly found: string[] = [];
  readonly warnings: WayleaveError[] = [];
  readonly clock = new HandClock();
  readonly #port: number;
  readonly #stops: (() => Promise<void>)[] = [];

  constructor(port: number) {
    this.#port = port;
  }

  start(digit: string, port: number, options: Partial<MdnsOptions> = {}): () => Promise<void> {
    const stop = startMdns({
      self: id(digit),
      port,
      clock: this.clock,
      found: (found, { host, port: at }) => this.found.push(`${digit} found ${found.slice(2, 3)} at ${host}:${at}`),
      warn: (error) => this.warnings.push(error),
      interface: LOOPBACK,
      mdnsPort: this.#port,
      ...options,
    });
    this.#stops.push(stop);
    return stop;
  }

  /** Sends answers of any sort. */
  async announce(answers: Parameters<ReturnType<typeof multicastDns>['respond']>[0]): Promise<void> {
    const dns = multicastDns({ port: this.#port, interface: LOOPBACK, bind: '0.0.0.0' });
    await new Promise<void>((resolve) => dns.respond(answers, () => resolve()));
    await new Promise<void>((resolve) => dns.destroy(() => resolve()));
  }

  async raw(bytes: Uint8Array): Promise<void> {
    const socket: Socket = createSocket({ type: 'udp4', reuseAddr: true });
    await new Promise<void>((resolve) => socket.bind(0, '0.0.0.0', resolve));
    socket.setMulticastInterface(LOOPBACK);
    await new Promise((resolve) => socket.send(bytes, this.#port, GROUP, resolve));
    await new Promise<void>((resolve) => socket.close(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stop of this.#stops) await stop();
  }
}

describe('discovery on the local network', () => {
  it('two nodes find each other, once, and never themselves', async () => {
    await using hood = new Neighbourhood(await freePort());
    hood.start('a', 1111);
    hood.start('b', 2222);
    await until(() => hood.found.length >= 2);
    const stop = hood.start('c', 3333);
    // both have just answered, and wait a little before they do so again
    await until(() => hood.found.length >= 4 && hood.clock.timers === 5);
    hood.clock.pass(1000);
    await until(() => hood.found.length >= 6);
    await stop();
    const lines = ['a found b', 'a found c', 'b found a', 'b found c', 'c found a', 'c found b'];
    assert.deepEqual(hood.found.map((line) => line.slice(0, 9)).toSorted(), lines);
    assert.ok(hood.found.includes('a found b at 127.0.0.1:2222'));
    assert.deepEqual(hood.warnings, []);
  });

  it('what is malformed, foreign or contradictory is passed over', async () => {
    await using hood = new Neighbourhood(await freePort());
    hood.start('a', 1111);
    const named = (digit: string, data: object, text?: string): Parameters<Neighbourhood['announce']>[0] => [
      { name: `${id(digit)}.${SERVICE_NAME}`, type: 'SRV', ttl: 120, data: { target: 'x.local', port: 1, ...data } },
      { name: `${id(digit)}.${SERVICE_NAME}`, type: 'TXT', ttl: 120, data: [text ?? `id=${id(digit)}`] },
    ];
    await hood.raw(Buffer.from('no dns at all'));
    await hood.raw(new Uint8Array(2000).fill(0xff));
    await hood.announce(named('b', { port: 0 }));
    await hood.announce(named('c', { port: 5 }, `id=${id('d')}`));
    await hood.announce([{ name: `printer.${SERVICE_NAME}`, type: 'SRV', data: { target: 'x.local', port: 9 } }]);
    await hood.announce([{ name: '_http._tcp.local', type: 'PTR', data: 'x._http._tcp.local' }]);
    await hood.announce([{ name: `${id('e')}.${SERVICE_NAME}`, type: 'SRV', ttl: 0, data: { target: 'x', port: 9 } }]);
    await hood.announce(named('f', { port: 7 }));
    await until(() => hood.found.length > 0);
    assert.deepEqual(
      hood.found.map((line) => line.slice(0, 9)),
      ['a found f'],
    );
  });

  it('remembers so many and no more', async () => {
    await using hood = new Neighbourhood(await freePort());
    hood.start('a', 1111);
    await until(() => hood.clock.timers > 0);
    for (let packet = 0; packet < 15; packet++) {
      const names = Array.from({ length: 20 }, (_, i) => `0x${(packet * 20 + i).toString(16).padStart(40, '0')}`);
      await hood.announce(
        names.flatMap((self) => [
          { name: `${self}.${SERVICE_NAME}`, type: 'SRV' as const, ttl: 120, data: { target: 'x.local', port: 1 } },
          { name: `${self}.${SERVICE_NAME}`, type: 'TXT' as const, ttl: 120, data: [`id=${self}`] },
        ]),
      );
    }
    await until(() => hood.found.length >= 256);
    assert.equal(hood.found.length, 256);
  });

  it('a port that cannot be had is a warning', async () => {
    const taken = createSocket('udp4');
    await new Promise<void>((resolve) => taken.bind(0, '0.0.0.0', resolve));
    await using hood = new Neighbourhood(taken.address().port);
    hood.start('a', 1111);
    await until(() => hood.warnings.length > 0);
    assert.deepEqual(hood.warnings.map(codeOf), ['DISCOVERY_FAILED']);
    await new Promise<void>((resolve) => taken.close(resolve));
  });
});
