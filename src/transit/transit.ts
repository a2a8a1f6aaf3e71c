import type { Clock } from '../core/clock.ts';
import { WayleaveError } from '../core/errors.ts';
import type { ServiceDoor } from '../core/ledger/door.ts';
import type { NodeId } from '../core/node-id.ts';
import { type Channel, type ChannelHandlers, type Link, OPEN_COST_BYTES, ResetCode } from '../link/link.ts';
import { type Destination, decodeOpenRequest, destinationText, encodeOpenRequest } from '../wire/open-request.ts';
import { ProviderSide } from './channel-side.ts';
import { Gate } from './gate.ts';
import type { Gateway } from './gateway.ts';
import type { NextHop } from './next-hop.ts';
import { PendingOpens } from './pending-opens.ts';
import { resetWord } from './reset-words.ts';
import { type LocalSide, SocketSide } from './socket-side.ts';
import { type Side, Stream, type StreamResult } from './stream.ts';

/** Limits of the relay, each changeable for tests and small machines. */
export interface TransitLimits {
  /** Streams at once, all together. Each holds at most a channel's window each way. */
  readonly maxStreams: number;
  /** Streams at once that one neighbour opened. */
  readonly maxStreamsPerNeighbour: number;
  /** How long an open waits for a link, for terms, or for money, ms. */
  readonly openWaitMs: number;
  /** How long this node waits for the far end's answer to an open, ms: somewhat more than its hops' waits. */
  readonly answerMs: number;
  /** Links a stream of this node's user may cross. */
  readonly hopLimit: number;
  /** Upload credit kept granted to each neighbour, bytes: a round trip's worth at 50 MB/s and 10 ms. */
  readonly forwardTargetBytes: number;
}

export const DEFAULT_TRANSIT_LIMITS: TransitLimits = {
  maxStreams: 8192,
  maxStreamsPerNeighbour: 2000,
  openWaitMs: 10_000,
  answerMs: 30_000,
  hopLimit: 16,
  forwardTargetBytes: 512 * 1024,
};

/** What a stream was to this node. */
export type StreamRole = 'originator' | 'carrier' | 'gateway';

export type StreamFacts = { neighbour?: NodeId; to: string; role?: StreamRole } & Record<string, string | number>;

export interface TransitOptions {
  readonly clock: Clock;
  readonly nextHop: NextHop;
  /** Only at a node with an uplink; `local` routes fail without it. */
  readonly gateway?: Gateway;
  /** `streamOpen` {neighbour?, to, role} and then `streamEnd` {neighbour?, to, bytesUp, bytesDown, code}: `code` is `ok` or a word of `ResetCode`. */
  readonly emit: (kind: 'streamOpen' | 'streamEnd', facts: StreamFacts) => void;
  /** A neighbour broke a rule on a channel (which has been reset), or a rule of our own failed. */
  readonly fault: (neighbour: NodeId, error: unknown) => void;
  readonly limits?: Partial<TransitLimits>;
}

/** The relay of streams at one node. */
export interface Transit {
  /** A connection to a neighbour exists. `door` is the neighbour's transit door; it need not be ready yet. */
  linkUp(link: Link, door: ServiceDoor): void;
  /** The connection ended, after its channels were reset. A link that is no longer the present one is ignored. */
  linkDown(link: Link): void;
  /** From `LinkHandlers.granted`. */
  granted(link: Link): void;
  /** From `LinkHandlers.opened`, for headers whose service is transit. */
  opened(channel: Channel, header: Uint8Array, tag: number): void;
  /** A user of this node asks for a stream. The answer comes through `local`; it is never thrown. */
  openLocal(destination: Destination, local: LocalSide): void;
  readonly streams: number;
  /** Bytes held here on their way, over all streams. */
  readonly bufferedBytes: number;
  /** Ends every stream; later opens are refused. */
  close(): void;
}

export function createTransit(options: TransitOptions): Transit {
  return new Relay(options);
}

class Relay implements Transit {
  readonly #options: TransitOptions;
  readonly #limits: TransitLimits;
  readonly #gates = new Map<NodeId, Gate>();
  readonly #streams = new Set<Stream>();
  readonly #perNeighbour = new Map<NodeId, number>();
  readonly #opens: PendingOpens;
  #closed = false;

  constructor(options: TransitOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_TRANSIT_LIMITS, ...options.limits };
    this.#opens = new PendingOpens({
      clock: options.clock,
      gate: (neighbour) => this.#gates.get(neighbour),
      waitMs: this.#limits.openWaitMs,
    });
  }

  get streams(): number {
    return this.#streams.size;
  }

  get bufferedBytes(): number {
    let sum = 0;
    for (const stream of this.#streams) sum += stream.bufferedBytes;
    return sum;
  }

  linkUp(link: Link, door: ServiceDoor): void {
    this.#gates.get(link.peer)?.close();
    const gate = new Gate({
      clock: this.#options.clock,
      link,
      door,
      forwardTargetBytes: this.#limits.forwardTargetBytes,
      fault: this.#options.fault,
      retryOpens: (neighbour) => this.#opens.retry(neighbour),
    });
    this.#gates.set(link.peer, gate);
    this.#opens.retry(link.peer);
  }

  linkDown(link: Link): void {
    const gate = this.#gates.get(link.peer);
    if (gate?.link !== link) return;
    this.#gates.delete(link.peer);
    gate.close();
  }

  granted(link: Link): void {
    this.#opens.retry(link.peer);
  }

  opened(channel: Channel, header: Uint8Array, tag: number): void {
    const gate = this.#gates.get(channel.link.peer);
    if (gate === undefined || gate.link !== channel.link) return refuse(channel, ResetCode.noRoute, undefined);
    let request: ReturnType<typeof decodeOpenRequest>;
    try {
      gate.grants.arrived(OPEN_COST_BYTES, tag);
      request = decodeOpenRequest(header);
      if (request.service !== 'transit') throw new WayleaveError('SERVICE_NOT_OFFERED', { service: request.service });
    } catch (error) {
      refuse(channel, ResetCode.protocol, gate);
      this.#options.fault(channel.link.peer, error);
      return;
    }
    const code = this.#full(gate.link.peer) ?? (gate.door.selling ? undefined : ResetCode.noRoute);
    if (code !== undefined) return refuse(channel, code, gate);
    const side = new ProviderSide(gate, channel);
    channel.attach(side);
    this.#start(request.destination, side, { buyer: gate.link.peer, hopLimit: request.hopLimit - 1 });
  }

  openLocal(destination: Destination, local: LocalSide): void {
    const code = this.#full(undefined);
    if (code !== undefined) local.refused(code);
    else
      this.#start(destination, new SocketSide(local.socket, local), {
        buyer: undefined,
        hopLimit: this.#limits.hopLimit,
      });
  }

  close(): void {
    this.#closed = true;
    for (const stream of this.#streams) stream.abort(ResetCode.cancelled);
    for (const gate of this.#gates.values()) gate.close();
    this.#gates.clear();
  }

  #full(buyer: NodeId | undefined): ResetCode | undefined {
    if (this.#closed || this.#streams.size >= this.#limits.maxStreams) return ResetCode.overloaded;
    if (buyer === undefined) return undefined;
    const open = this.#perNeighbour.get(buyer) ?? 0;
    return open >= this.#limits.maxStreamsPerNeighbour ? ResetCode.overloaded : undefined;
  }

  #start(destination: Destination, userSide: Side, from: { buyer: NodeId | undefined; hopLimit: number }): void {
    const { buyer, hopLimit } = from;
    const stream = new Stream({ destination, buyer, userSide, over: (ended, result) => this.#over(ended, result) });
    this.#streams.add(stream);
    if (buyer !== undefined) this.#perNeighbour.set(buyer, (this.#perNeighbour.get(buyer) ?? 0) + 1);
    const hop = this.#options.nextHop(destination, buyer);
    const role = buyer === undefined ? 'originator' : hop === 'local' ? 'gateway' : 'carrier';
    this.#options.emit('streamOpen', { ...whom(buyer), to: destinationText(destination), role });
    if (hop === 'local') this.#goOut(stream);
    // Back to the buyer would be a loop, and no distance left is as good as no way.
    else if (hop === undefined || hop === buyer || hopLimit < 1) stream.abort(ResetCode.noRoute);
    else this.#goOn(stream, hop, hopLimit);
  }

  #goOn(stream: Stream, hop: NodeId, hopLimit: number): void {
    const header = encodeOpenRequest({ service: 'transit', hopLimit, destination: stream.destination });
    const timer = this.#options.clock.after(this.#limits.answerMs, () => stream.abort(ResetCode.timedOut));
    stream.cancelOpening = () => timer.cancel();
    const takeBack = this.#opens.open(hop, stream, header);
    stream.cancelOpening = () => {
      timer.cancel();
      takeBack();
    };
    if (stream.over) stream.cancelOpening();
  }

  #goOut(stream: Stream): void {
    const gateway = this.#options.gateway;
    if (gateway === undefined) return stream.abort(ResetCode.noRoute);
    stream.cancelOpening = gateway.open(stream.destination, stream.buyer, {
      connected: (socket) => {
        stream.joinFarSide(new SocketSide(socket));
        stream.accepted();
      },
      failed: (code) => stream.abort(code),
    });
  }

  #over(stream: Stream, result: StreamResult): void {
    this.#streams.delete(stream);
    const { buyer, destination } = stream;
    if (buyer !== undefined) {
      const left = (this.#perNeighbour.get(buyer) ?? 1) - 1;
      if (left > 0) this.#perNeighbour.set(buyer, left);
      else this.#perNeighbour.delete(buyer);
    }
    this.#options.emit('streamEnd', {
      ...whom(buyer),
      to: destinationText(destination),
      bytesUp: stream.up.movedBytes,
      bytesDown: stream.down.movedBytes,
      code: result === 'ok' ? 'ok' : resetWord(result),
    });
  }
}

function whom(buyer: NodeId | undefined): { neighbour?: NodeId } {
  return buyer === undefined ? {} : { neighbour: buyer };
}

/** What was sent on a refused channel before its opener knew is booked all the same, else its grant would never be freed. */
function refuse(channel: Channel, code: ResetCode, gate: Gate | undefined): void {
  channel.attach({ ...DEAF, late: (bytes, tag) => gate?.grants.discarded(bytes, tag) });
  channel.reset(code);
}

const DEAF: ChannelHandlers = { data() {}, ended() {}, reset() {}, writable() {} };
