import { connect, createServer, type Server, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { clearTimeout, setTimeout } from 'node:timers';
import type { Clock } from '../core/clock.ts';
import type { NodeId } from '../core/node-id.ts';
import type { Link } from '../link/link.ts';
import { Mux } from '../link/mux.ts';
import type { BytePipe } from '../link/pipe.ts';
import { type Egress, systemEgress } from './egress.ts';
import { createEgressPolicy } from './egress-policy.ts';
import { createGateway } from './gateway.ts';
import { memoryPipes } from './memory-pipe.fixture.ts';
import { createProxyServer, type ProxyServer } from './proxy-server.ts';
import { TestDoor } from './test-door.fixture.ts';
import { createTransit, type StreamFacts, type Transit, type TransitLimits } from './transit.ts';

/** For the tests of this room: nodes in one process, joined by real multiplexers over pipes in memory. */

export const realClock: Clock = {
  wallMs: () => Math.round(performance.timeOrigin + performance.now()),
  nowMs: () => performance.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

export interface BedNode {
  readonly id: NodeId;
  readonly transit: Transit;
  readonly doors: Map<NodeId, TestDoor>;
  readonly links: Map<NodeId, Link>;
  readonly events: (StreamFacts & { kind: string })[];
  readonly faults: { neighbour: NodeId; error: unknown }[];
  door(neighbour: BedNode): TestDoor;
}

export interface BedOptions {
  /** How many nodes stand in the line; the first has the user, the last is the gateway. */
  readonly nodes: number;
  readonly limits?: Partial<TransitLimits>;
  readonly egress?: Partial<Egress>;
  readonly allow?: readonly string[];
}

/** A line of nodes with a proxy at the first. Call `close` at the end of the test. */
export class TestBed {
  readonly nodes: BedNode[] = [];
  readonly proxy: ProxyServer;
  port = 0;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  private constructor(options: BedOptions) {
    for (let index = 0; index < options.nodes; index++) this.nodes.push(makeNode(options, index));
    for (let index = 1; index < options.nodes; index++) this.join(index - 1, index);
    this.proxy = createProxyServer({
      clock: realClock,
      open: (destination, local) => this.at(0).transit.openLocal(destination, local),
    });
  }

  static async make(options: BedOptions): Promise<TestBed> {
    const bed = new TestBed(options);
    bed.port = (await bed.proxy.listen({ port: 0 })).port;
    return bed;
  }

  at(index: number): BedNode {
    const node = this.nodes[index];
    if (node === undefined) throw new Error('no such node');
    return node;
  }

  /** Connects two nodes, again if they were connected. */
  join(left: number, right: number): void {
    const [a, b] = memoryPipes();
    attach(this.at(left), this.at(right), a, true);
    attach(this.at(right), this.at(left), b, false);
  }

  /** Serves `answer` on loopback and returns the port. */
  async origin(answer: (socket: Socket) => void): Promise<number> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      answer(socket);
    });
    this.#servers.push(server);
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** A raw connection to the proxy. */
  async dial(): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port: this.port, allowHalfOpen: true });
    this.#sockets.add(socket);
    await new Promise<void>((ready, failed) => socket.once('connect', ready).once('error', failed));
    socket.on('error', () => {});
    return socket;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    for (const node of this.nodes) node.transit.close();
    for (const node of this.nodes) for (const link of node.links.values()) link.destroy();
    await this.proxy.close();
    await Promise.all(this.#servers.map((server) => new Promise((done) => server.close(done))));
  }
}

function makeNode(options: BedOptions, index: number): BedNode {
  const events: BedNode['events'] = [];
  const faults: BedNode['faults'] = [];
  const last = index === options.nodes - 1;
  const doors = new Map<NodeId, TestDoor>();
  const gateway = createGateway({
    clock: realClock,
    egress: { ...systemEgress(), ...options.egress },
    policy: createEgressPolicy({ allow: options.allow ?? ['127.0.0.1'] }),
  });
  const transit = createTransit({
    clock: realClock,
    nextHop: () => (last ? 'local' : idOf(index + 1)),
    ...(last ? { gateway } : {}),
    emit: (kind, facts) => events.push({ kind, ...facts }),
    fault: (neighbour, error) => faults.push({ neighbour, error }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  const door = (neighbour: BedNode): TestDoor => {
    const found = doors.get(neighbour.id);
    if (found === undefined) throw new Error('no such neighbour');
    return found;
  };
  return { id: idOf(index), transit, doors, links: new Map(), events, faults, door };
}

function attach(node: BedNode, peer: BedNode, pipe: BytePipe, dialled: boolean): void {
  const door = node.doors.get(peer.id) ?? new TestDoor(peer.id);
  const options = {
    pipe,
    clock: realClock,
    peer: peer.id,
    peerKey: new Uint8Array(33),
    dialled,
    remoteAddress: 'memory',
  };
  const link: Link = new Mux(options);
  node.doors.set(peer.id, door);
  node.links.set(peer.id, link);
  link.attach({
    message() {},
    opened: (channel, header, tag) => node.transit.opened(channel, header, tag),
    granted: () => node.transit.granted(link),
    closed: () => node.transit.linkDown(link),
  });
  node.transit.linkUp(link, door);
}

function idOf(index: number): NodeId {
  return `0x${(index + 1).toString(16).padStart(40, '0')}`;
}

/** Waits until `met`, looking every few milliseconds; fails after ten seconds. */
export async function until(met: () => boolean, what = 'condition'): Promise<void> {
  const limit = performance.now() + 10_000;
  while (!met()) {
    if (performance.now() > limit) throw new Error(`timed out waiting for ${what}`);
    await new Promise((later) => setTimeout(later, 5));
  }
}

/** Asks for a stream by SOCKS5 and returns the reply code; at 0 the socket is the stream. */
export async function socksConnect(socket: Socket, host: string, port: number): Promise<number> {
  const name = Buffer.from(host, 'latin1');
  socket.write(Uint8Array.of(5, 1, 0));
  await readExactly(socket, 2);
  socket.write(Buffer.concat([Uint8Array.of(5, 1, 0, 3, name.length), name, Uint8Array.of(port >> 8, port & 255)]));
  return (await readExactly(socket, 10))[1] ?? -1;
}

/** Reads `count` bytes and leaves the rest in the socket. */
export async function readExactly(socket: Socket, count: number): Promise<Uint8Array> {
  for (;;) {
    const bytes: Uint8Array | null = socket.read(count);
    if (bytes !== null && bytes.length === count) return bytes;
    if (socket.readableEnded || socket.destroyed) throw new Error('the connection ended');
    await new Promise<void>((more) => {
      const done = (): void => {
        for (const event of ['readable', 'end', 'close']) socket.off(event, done);
        more();
      };
      for (const event of ['readable', 'end', 'close']) socket.on(event, done);
    });
  }
}

/** Everything until the other end's last byte; rejects when the connection breaks. */
export async function readAll(socket: Socket): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
