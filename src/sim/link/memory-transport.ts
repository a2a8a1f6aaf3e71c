import type { Clock } from '../../core/clock.ts';
import { WayleaveError } from '../../core/errors.ts';
import type { NodeId } from '../../core/node-id.ts';
import type { KeepAliveOptions } from '../../link/keep-alive.ts';
import type { LinkAddress, Listener, Transport } from '../../link/link.ts';
import { Mux } from '../../link/mux.ts';
import { type MemoryPipe, memoryPipes } from './memory-pipe.ts';

export interface MemoryNetworkOptions {
  readonly clock: Clock;
  /** One way, milliseconds. */
  readonly latencyMs?: number;
  readonly keepAlive?: KeepAliveOptions;
}

interface MemoryListener {
  readonly transport: MemoryTransport;
  readonly accept: (link: Mux) => void;
}

interface Connection {
  readonly ends: readonly [NodeId, NodeId];
  readonly pipes: readonly [MemoryPipe, MemoryPipe];
}

/** First port given for port 0. */
const FIRST_PORT = 49_152;

/** A network in memory: the links of the node are real, the wire is not, and everybody is who they say they are. */
export class MemoryNetwork {
  readonly clock: Clock;
  readonly latencyMs: number;
  readonly keepAlive: KeepAliveOptions | undefined;
  readonly #listeners = new Map<string, MemoryListener>();
  readonly #connections = new Set<Connection>();
  #nextPort = FIRST_PORT;

  constructor(options: MemoryNetworkOptions) {
    this.clock = options.clock;
    this.latencyMs = options.latencyMs ?? 0;
    this.keepAlive = options.keepAlive;
  }

  /** A node's transport. `key` is what its neighbours see as its compressed public key. */
  transport(id: NodeId, key: Uint8Array = new Uint8Array(33)): MemoryTransport {
    return new MemoryTransport(this, id, key);
  }

  /** Breaks every connection of the two: what was written and not delivered is lost, and both ends learn it. */
  cut(a: NodeId, b: NodeId): void {
    for (const { pipes } of this.#between(a, b)) for (const pipe of pipes) pipe.lose();
  }

  /** What `from` writes to `to` vanishes from now on, and what is under way. Nobody is told. */
  silence(from: NodeId, to: NodeId): void {
    for (const { ends, pipes } of this.#between(from, to)) pipes[ends[0] === from ? 0 : 1].silence();
  }

  /** Connections that are up. */
  get size(): number {
    return this.#connections.size;
  }

  bind(address: LinkAddress, listener: MemoryListener): LinkAddress {
    const port = address.port === 0 ? this.#nextPort++ : address.port;
    const bound = { host: address.host, port };
    if (this.#listeners.has(keyOf(bound))) throw new WayleaveError('PORT_IN_USE', { ...bound });
    this.#listeners.set(keyOf(bound), listener);
    return bound;
  }

  unbind(address: LinkAddress): void {
    this.#listeners.delete(keyOf(address));
  }

  listener(address: LinkAddress): MemoryListener | undefined {
    return this.#listeners.get(keyOf(address));
  }

  connect(dialler: NodeId, acceptor: NodeId): readonly [MemoryPipe, MemoryPipe] {
    const pipes = memoryPipes(this.clock, this.latencyMs);
    const connection = { ends: [dialler, acceptor], pipes } as const;
    this.#connections.add(connection);
    for (const pipe of pipes) pipe.onClosed(() => this.#connections.delete(connection));
    return pipes;
  }

  #between(a: NodeId, b: NodeId): Connection[] {
    return [...this.#connections].filter(({ ends }) => ends.includes(a) && ends.includes(b));
  }
}

/** Links over a `MemoryNetwork`. */
export class MemoryTransport implements Transport {
  readonly id: NodeId;
  readonly key: Uint8Array;
  admit: Transport['admit'];
  readonly #network: MemoryNetwork;

  constructor(network: MemoryNetwork, id: NodeId, key: Uint8Array) {
    this.#network = network;
    this.id = id;
    this.key = key;
  }

  async listen(address: LinkAddress, accept: (link: Mux) => void): Promise<Listener> {
    const bound = this.#network.bind(address, { transport: this, accept });
    return {
      address: bound,
      close: async () => this.#network.unbind(bound),
    };
  }

  async dial(address: LinkAddress, expected?: NodeId): Promise<Mux> {
    const network = this.#network;
    // as long as a real handshake: there, back and there again
    await new Promise<void>((resolve) => network.clock.after(3 * network.latencyMs, resolve));
    const listener = network.listener(address);
    if (listener === undefined) throw new WayleaveError('LINK_UNREACHABLE', { ...address });
    const other = listener.transport;
    if (other.id === this.id) throw new WayleaveError('LINK_SELF');
    if (expected !== undefined && other.id !== expected) {
      throw new WayleaveError('LINK_WRONG_PEER', { expected, found: other.id });
    }
    const chooser = this.id < other.id ? this : other;
    const admitted = (await chooser.admit?.(chooser === this ? other.id : this.id)) ?? true;
    if (!admitted) throw new WayleaveError('LINK_DUPLICATE', { peer: other.id });
    const [near, far] = network.connect(this.id, other.id);
    const link = this.#link(near, other, { dialled: true, remoteAddress: `${address.host}:${address.port}` });
    listener.accept(other.#link(far, this, { dialled: false, remoteAddress: 'memory:0' }));
    return link;
  }

  #link(pipe: MemoryPipe, peer: MemoryTransport, how: { dialled: boolean; remoteAddress: string }): Mux {
    const { clock, keepAlive } = this.#network;
    return new Mux({
      ...how,
      pipe,
      clock,
      peer: peer.id,
      peerKey: peer.key,
      ...(keepAlive === undefined ? {} : { keepAlive }),
    });
  }
}

function keyOf({ host, port }: LinkAddress): string {
  return `${host} ${port}`;
}
