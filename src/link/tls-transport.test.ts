import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, describe, it } from 'node:test';
import tls, { type TLSSocket } from 'node:tls';
import type { Clock } from '../core/clock.ts';
import { codeOf, type WayleaveError } from '../core/errors.ts';
import { type Identity, makeIdentity } from './certificate.ts';
import { encodeFrame, FrameType } from './frame.ts';
import { PROTOCOL } from './handshake.ts';
import type { LinkAddress, LinkEnd, Listener } from './link.ts';
import { testKey } from './link-bed.fixture.ts';
import type { Mux } from './mux.ts';
import { TlsTransport, type TlsTransportOptions } from './tls-transport.ts';

const clock: Clock = {
  wallMs: () => Date.now(),
  nowMs: () => performance.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};
const LOCAL = { host: '127.0.0.1', port: 0 };
const [mine, other] = await Promise.all([makeIdentity(testKey(1)), makeIdentity(testKey(2))]);

/** A listening node, and what came of those who knocked. */
class House implements AsyncDisposable {
  readonly refused: WayleaveError[] = [];
  readonly links: Mux[] = [];
  readonly ends: LinkEnd[] = [];
  readonly sockets: TLSSocket[] = [];
  readonly #listener: Listener;

  private constructor(listener: Listener) {
    this.#listener = listener;
  }

  static async open(options: Partial<TlsTransportOptions> = {}): Promise<House> {
    const late: { house?: House } = {};
    const refused = (_: string, error: WayleaveError): void => void late.house?.refused.push(error);
    const transport = new TlsTransport({ identity: mine, clock, refused, ...options });
    const house = new House(await transport.listen(LOCAL, (link) => late.house?.took(link)));
    late.house = house;
    return house;
  }

  took(link: Mux): void {
    this.links.push(link);
    link.attach({
      message: () => undefined,
      opened: (channel) => channel.attach({ data() {}, ended() {}, reset() {}, writable() {} }),
      granted: () => undefined,
      closed: (end) => this.ends.push(end),
    });
  }

  get address(): LinkAddress {
    return this.#listener.address;
  }

  /** Knocks with a TLS client of any sort; it shows `other` and speaks the protocol unless told otherwise. */
  knock(options: tls.ConnectionOptions & { identity?: Identity } = {}): TLSSocket {
    const { identity = other, ...rest } = options;
    const shown = { cert: identity.certificatePem, key: identity.privateKeyPem };
    const socket = tls.connect({
      ...this.address,
      ...shown,
      ALPNProtocols: [PROTOCOL],
      minVersion: 'TLSv1.3',
      rejectUnauthorized: false,
      ...rest,
    });
    socket.on('error', () => undefined);
    socket.resume();
    this.sockets.push(socket);
    return socket;
  }

  async refusal(): Promise<string> {
    await until(() => this.refused.length > 0);
    assert.equal(this.links.length, 0);
    return `${codeOf(this.refused[0])}: ${String(this.refused[0]?.details['reason'])}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    for (const link of this.links) link.destroy();
    await this.#listener.close();
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; !condition(); i++) {
    if (i > 5000) throw new Error('never came');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function closed(socket: { once(event: 'close', done: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => socket.once('close', resolve));
}

describe('who is not let in', () => {
  it('a client that names no protocol', async () => {
    await using house = await House.open();
    const socket = house.knock({ ALPNProtocols: [] });
    await closed(socket);
    assert.match(await house.refusal(), /LINK_HANDSHAKE_FAILED: .*wayleave/);
  });

  it('a client of another protocol', async () => {
    await using house = await House.open();
    await closed(house.knock({ ALPNProtocols: ['h2'] }));
    assert.match(await house.refusal(), /^LINK_HANDSHAKE_FAILED/);
  });

  it('a client without a certificate', async () => {
    await using house = await House.open();
    const socket = tls.connect({ ...house.address, ALPNProtocols: [PROTOCOL], rejectUnauthorized: false });
    socket.on('error', () => undefined);
    house.sockets.push(socket.resume());
    await closed(socket);
    assert.equal(await house.refusal(), 'LINK_UNPROVEN: no certificate');
  });

  it('a client with two certificates', async () => {
    await using house = await House.open();
    const certificatePem = other.certificatePem + '\n' + mine.certificatePem;
    await closed(house.knock({ identity: { ...other, certificatePem } }));
    assert.equal(await house.refusal(), 'LINK_UNPROVEN: more than one certificate');
  });

  it('a client whose key signed nothing', async () => {
    await using house = await House.open();
    const forged = await makeIdentity({ publicKey: testKey(3).publicKey, signSha256: testKey(4).signSha256 });
    await closed(house.knock({ identity: forged }));
    assert.equal(await house.refusal(), 'LINK_UNPROVEN: wrong signature');
  });

  it('the node itself', async () => {
    await using house = await House.open();
    await closed(house.knock({ identity: mine }));
    assert.match(await house.refusal(), /^LINK_SELF/);
  });

  it('TLS 1.2, and what is no TLS', async () => {
    await using house = await House.open();
    await closed(house.knock({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }));
    const plain = connect(house.address.port, house.address.host);
    plain.on('error', () => undefined).write('GET / HTTP/1.1\r\n\r\n');
    await closed(plain.resume());
    await until(() => house.refused.length === 2);
    assert.deepEqual(house.refused.map(codeOf), ['LINK_HANDSHAKE_FAILED', 'LINK_HANDSHAKE_FAILED']);
  });

  it('who takes too long, at every stage', async () => {
    await using house = await House.open({ handshakeMs: 60 });
    const silent = connect(house.address.port, house.address.host);
    await closed(silent.resume());
    // proves itself, and then says nothing
    await closed(house.knock());
    await until(() => house.refused.length === 2);
  });

  it('who knocks too often, or while too many stand at the door', async () => {
    await using often = await House.open({ guard: { burst: 2, perSecond: 0 } });
    for (let i = 0; i < 3; i++)
      await new Promise((resolve) => often.knock().on('secureConnect', resolve).on('close', resolve));
    await until(() => often.refused.some((error) => codeOf(error) === 'LINK_FLOODED'));
    await using crowded = await House.open({ guard: { maxHalfOpen: 1 } });
    const first = connect(crowded.address.port, crowded.address.host);
    await new Promise((resolve) => first.once('connect', resolve));
    await closed(connect(crowded.address.port, crowded.address.host).resume());
    assert.deepEqual(crowded.refused.map(codeOf), ['LINK_FLOODED']);
    first.destroy();
    await until(() => crowded.refused.length === 2);
  });
});

describe('a resumed session', () => {
  it('is never taken up: every connection is proved anew', async () => {
    await using house = await House.open();
    const sessions: Buffer[] = [];
    const socket = house.knock();
    socket.on('session', (session) => sessions.push(session));
    socket.write(Uint8Array.of(1));
    await until(() => house.links.length === 1);
    house.links[0]?.send('control', new Uint8Array(10));
    await new Promise((resolve) => socket.once('data', resolve));
    // without tickets, OpenSSL still names sessions that it does not keep
    const [session] = sessions;
    const again = house.knock(session === undefined ? {} : { session });
    await new Promise((resolve) => again.once('secureConnect', resolve));
    assert.equal(again.isSessionReused(), false);
    again.write(Uint8Array.of(1));
    await until(() => house.links.length === 2);
    assert.equal(house.links[1]?.peer, other.id);
  });
});

describe('whom a node does not dial', () => {
  const servers: tls.Server[] = [];
  after(() => {
    for (const server of servers) server.close();
  });
  const serve = async (options: tls.TlsOptions, welcome?: (socket: TLSSocket) => void): Promise<LinkAddress> => {
    const shown = { cert: other.certificatePem, key: other.privateKeyPem };
    const server = tls.createServer({
      ...shown,
      ALPNProtocols: [PROTOCOL],
      requestCert: true,
      rejectUnauthorized: false,
      ...options,
    });
    server.on('secureConnection', (socket) => {
      socket.on('error', () => undefined);
      welcome?.(socket);
    });
    server.on('tlsClientError', () => undefined);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { host: '127.0.0.1', port: (server.address() as { port: number }).port };
  };
  const dial = (address: LinkAddress): Promise<Mux> =>
    new TlsTransport({ identity: mine, clock, handshakeMs: 500 }).dial(address);

  it('a server that names no protocol', async () => {
    const shown = { cert: other.certificatePem, key: other.privateKeyPem };
    const server = tls.createServer(shown, (socket) => socket.on('error', () => undefined));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await assert.rejects(dial({ host: '127.0.0.1', port }), (error) => codeOf(error) === 'LINK_HANDSHAKE_FAILED');
  });

  it('a server with two certificates', async () => {
    const address = await serve({ cert: other.certificatePem + '\n' + mine.certificatePem });
    await assert.rejects(dial(address), (error) => codeOf(error) === 'LINK_UNPROVEN');
  });

  it('a server that proves itself and then falls silent, closes, or talks nonsense', async () => {
    const welcomes: ((socket: TLSSocket) => void)[] = [
      () => undefined,
      (socket) => socket.end(),
      (socket) => socket.write(Uint8Array.of(99)),
    ];
    for (const welcome of welcomes) {
      const address = await serve({}, welcome);
      await assert.rejects(dial(address), (error) => codeOf(error) === 'LINK_HANDSHAKE_FAILED');
    }
  });

  it('a server that is no TLS, or not there', async () => {
    await assert.rejects(dial({ host: '127.0.0.1', port: 1 }), (error) => codeOf(error) === 'LINK_UNREACHABLE');
    await assert.rejects(dial({ host: 'nowhere.invalid', port: 1 }), (error) => codeOf(error) === 'LINK_UNREACHABLE');
  });
});

describe('a neighbour that is who it says, and misbehaves', () => {
  /** Each is written straight after the handshake byte. */
  const floods: Record<string, Uint8Array> = {
    nonsense: Buffer.from('x'.repeat(100)),
    'a frame too large': encodeFrame({ type: FrameType.data, channel: 1 }, new Uint8Array(70_000)),
    'an open without budget': encodeFrame({ type: FrameType.open, channel: 1 }),
    'messages without end': Buffer.concat(Array.from({ length: 3000 }, () => encodeFrame({ type: FrameType.control }))),
  };
  for (const [what, bytes] of Object.entries(floods)) {
    it(`${what} over a real socket ends that link and no other`, async () => {
      await using house = await House.open();
      const honest = await new TlsTransport({ identity: await makeIdentity(testKey(5)), clock }).dial(house.address);
      const socket = house.knock();
      await new Promise((resolve) => socket.once('secureConnect', resolve));
      socket.write(Buffer.concat([Uint8Array.of(1), bytes]));
      await closed(socket);
      await until(() => house.ends.length === 1);
      assert.equal(house.ends[0]?.by, 'fault');
      assert.match(house.ends[0]?.code ?? '', /^LINK_(FRAME_INVALID|FLOODED)$/);
      let alive = false;
      honest.attach({
        message: () => undefined,
        opened: () => undefined,
        granted: () => undefined,
        closed: () => undefined,
      });
      honest.probe(() => {
        alive = true;
      });
      await until(() => alive);
      honest.destroy();
    });
  }
});
