import type { Clock } from '../../core/clock.ts';
import type { ServiceDoor } from '../../core/ledger/door.ts';
import type { NodeId } from '../../core/node-id.ts';
import { type Channel, type Link, ResetCode } from '../../link/link.ts';
import type { LinkServices } from '../../neighbour/link-services.ts';
import type { ServicesContext } from '../../node/node-ports.ts';
import { LinkTraffic } from './link-traffic.ts';
import { Tally } from './tally.ts';

/** No more than this waits for one neighbour: a want beyond it is dropped, as a full queue drops packets. Bytes. */
const MOST_WANTED_BYTES = 4_000_000;

export interface TrafficOptions {
  /** Where what arrives is counted, over all lives of the node. */
  readonly tallyOf?: (peer: NodeId) => Tally;
  readonly frameBytes?: number | undefined;
}

/**
 * Stands where transit stands in a node, and trades made-up bytes over the same channels through the same doors. It
 * works over any link: simulated, in memory, or TLS.
 */
export class Traffic implements LinkServices {
  readonly #clock: Clock;
  readonly #context: ServicesContext;
  readonly #frameBytes: number | undefined;
  readonly #tallyOf: (peer: NodeId) => Tally;
  readonly #links = new Map<NodeId, { link: Link; traffic: LinkTraffic }>();
  #framesBefore = 0;

  constructor(clock: Clock, context: ServicesContext, options: TrafficOptions = {}) {
    const { tallyOf = () => new Tally() } = options;
    this.#frameBytes = options.frameBytes;
    this.#clock = clock;
    this.#context = context;
    this.#tallyOf = tallyOf;
  }

  linkUp(link: Link, door: ServiceDoor): void {
    const before = this.#links.get(link.peer)?.link;
    if (before !== undefined) this.linkDown(before);
    const fault = (error: unknown): void => this.#context.fault(link.peer, error);
    const carry = (bytes: number): void => this.#carry(link.peer, bytes);
    const tally = this.#tallyOf(link.peer);
    tally.account = this.#context.accountOf(link.peer);
    const traffic = new LinkTraffic({
      clock: this.#clock,
      link,
      door,
      fault,
      carry,
      tally,
      frameBytes: this.#frameBytes,
    });
    this.#links.set(link.peer, { link, traffic });
  }

  linkDown(link: Link): void {
    const present = this.#links.get(link.peer);
    if (present?.link !== link) return;
    this.#framesBefore += present.traffic.frames;
    present.traffic.close();
    this.#links.delete(link.peer);
  }

  granted(link: Link): void {
    this.#of(link)?.changed();
  }

  opened(channel: Channel, _header: Uint8Array, tag: number): void {
    const traffic = this.#of(channel.link);
    if (traffic !== undefined) return traffic.opened(channel, tag);
    channel.attach({ data() {}, ended() {}, reset() {}, writable() {} });
    channel.reset(ResetCode.noRoute);
  }

  #of(link: Link): LinkTraffic | undefined {
    const present = this.#links.get(link.peer);
    return present?.link === link ? present.traffic : undefined;
  }

  /** Somebody behind this node has `bytes` for a neighbour that buys here. False: there is no connection, or no room. */
  serve(to: NodeId, bytes: number): boolean {
    const traffic = this.#links.get(to)?.traffic;
    if (traffic === undefined || traffic.toServe >= MOST_WANTED_BYTES) return false;
    traffic.toServe += bytes;
    traffic.serve();
    return true;
  }

  /** This node has `bytes` to send through a neighbour that sells. */
  upload(through: NodeId, bytes: number): boolean {
    const traffic = this.#links.get(through)?.traffic;
    if (traffic === undefined || traffic.toUpload >= MOST_WANTED_BYTES) return false;
    traffic.toUpload += bytes;
    traffic.upload();
    return true;
  }

  /** There is a connection with a neighbour, a channel to buy from it, and nothing waits to go to it. */
  still(peer: NodeId): boolean {
    return this.#links.get(peer)?.traffic.still === true;
  }

  /** What a neighbour sent goes on where its node says; what has nowhere to go is dropped, as a full queue drops it. */
  #carry(from: NodeId, bytes: number): void {
    const hop = this.#context.nextHop(from);
    if (hop === undefined || hop === 'local' || hop === from) return;
    const traffic = this.#links.get(hop)?.traffic;
    const waiting = traffic?.toCarry.get(from) ?? 0;
    if (traffic === undefined || waiting >= MOST_WANTED_BYTES) return;
    traffic.toCarry.set(from, waiting + bytes);
    traffic.upload();
  }

  /** Frames sent and charged so far. */
  get frames(): number {
    let sum = this.#framesBefore;
    for (const { traffic } of this.#links.values()) sum += traffic.frames;
    return sum;
  }

  /** Wants nothing any more. What is under way still arrives. */
  rest(): void {
    for (const { traffic } of this.#links.values()) {
      traffic.toServe = 0;
      traffic.toUpload = 0;
      traffic.toCarry.clear();
    }
  }
}
