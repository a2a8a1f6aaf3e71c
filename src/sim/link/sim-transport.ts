import { WayleaveError } from '../../core/errors.ts';
import type { NodeId } from '../../core/node-id.ts';
import { HANDSHAKE_MS } from '../../link/limits.ts';
import type { Link, LinkAddress, Listener, Transport } from '../../link/link.ts';
import type { Life } from '../life.ts';
import type { VirtualClock } from '../virtual-clock.ts';
import type { WireTap } from './packet-tap.ts';
import { type LinkTamper, SimLink } from './sim-link.ts';
import type { SimNetwork } from './sim-network.ts';

export interface SimTransportOptions {
  readonly network: SimNetwork;
  readonly life: Life;
  readonly clock: VirtualClock;
  readonly id: NodeId;
  /** Compressed public key, as neighbours see it. */
  readonly key: Uint8Array;
  readonly tamper?: LinkTamper | undefined;
  /** Reads the data of each new connection. */
  readonly tap?: (peer: NodeId) => WireTap | undefined;
}

/** How long a dial waits for an answer that cannot come. Milliseconds. */
const DIAL_TIMEOUT_MS = 10_000;

/** Links over a `SimNetwork`, for one life of one process. */
export class SimTransport implements Transport {
  readonly id: NodeId;
  readonly life: Life;
  admit: Transport['admit'];
  /** Whether its end is told to others at once (the process died) or shows as silence (the power failed). */
  diesSilently = false;
  readonly #options: SimTransportOptions;
  readonly #links = new Set<SimLink>();
  #accept: ((link: Link) => void) | undefined;

  constructor(options: SimTransportOptions) {
    this.#options = options;
    this.id = options.id;
    this.life = options.life;
    options.life.onDeath(() => {
      for (const link of this.#links) options.network.died(link, !this.diesSilently);
      this.#links.clear();
    });
  }

  /** Its links that are up. */
  get links(): ReadonlySet<SimLink> {
    return this.#links;
  }

  async listen(wanted: LinkAddress, accept: (link: Link) => void): Promise<Listener> {
    const { life, network } = this.#options;
    if (!life.touch('link.listen')) return never();
    network.timeline.asynchronous();
    const address = network.bind(wanted, this);
    life.onDeath(() => network.unbind(address, this));
    this.#accept = accept;
    return {
      address,
      close: () => {
        network.unbind(address, this);
        network.timeline.asynchronous();
        return Promise.resolve();
      },
    };
  }

  dial(address: LinkAddress, expected?: NodeId): Promise<Link> {
    const { life, network } = this.#options;
    if (!life.touch('link.dial')) return never();
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        network.timeline.asynchronous();
        reject(error);
      };
      const other = network.listener(address);
      const reachable = other !== undefined && network.reaches(this.id, other.id);
      // A real handshake goes there, back and there again; an address where nobody is answers sooner than a lost packet.
      const delayMs = 3 * (other === undefined ? 10 : network.conditions(this.id, other.id).delayMs);
      const waitMs = other !== undefined && !reachable ? DIAL_TIMEOUT_MS : delayMs;
      network.timeline.after(waitMs, () => {
        if (life.alive) this.#answer(address, expected).then(resolve, fail);
        network.timeline.asynchronous();
      });
      // The other end may die while it thinks.
      network.timeline.after(waitMs + HANDSHAKE_MS, () =>
        fail(new WayleaveError('LINK_HANDSHAKE_FAILED', { ...address })),
      );
    });
  }

  async #answer(address: LinkAddress, expected: NodeId | undefined): Promise<Link> {
    const { network } = this.#options;
    const other = network.listener(address);
    if (other === undefined || !other.life.alive || !network.reaches(this.id, other.id))
      throw new WayleaveError('LINK_UNREACHABLE', { ...address });
    if (other.id === this.id) throw new WayleaveError('LINK_SELF');
    if (expected !== undefined && other.id !== expected)
      throw new WayleaveError('LINK_WRONG_PEER', { expected, found: other.id });
    const giveUpMs = network.timeline.nowMs + HANDSHAKE_MS;
    const chooser = this.id < other.id ? this : other;
    const admitted = (await chooser.admit?.(chooser === this ? other.id : this.id)) ?? true;
    network.timeline.asynchronous();
    if (!admitted) throw new WayleaveError('LINK_DUPLICATE', { peer: other.id });
    if (!other.life.alive || !this.life.alive || network.timeline.nowMs >= giveUpMs)
      throw new WayleaveError('LINK_HANDSHAKE_FAILED', { ...address });
    const near = this.#link(other, true, `${address.host}:${address.port}`);
    const far = other.#link(this, false, `${this.id}:0`);
    network.connect(near, far);
    other.#accepted(far);
    return near;
  }

  #accepted(link: SimLink): void {
    if (this.life.touch('link.accept')) this.#accept?.(link);
  }

  #link(peer: SimTransport, dialled: boolean, remoteAddress: string): SimLink {
    const { clock, life, network, tamper, tap } = this.#options;
    const link = new SimLink({
      timeline: network.timeline,
      life,
      clock,
      peer: peer.id,
      peerKey: peer.#options.key,
      dialled,
      remoteAddress,
      tamper,
      tap: tap?.(peer.id),
      over: () => {
        this.#links.delete(link);
        network.ended(link, this.id);
      },
    });
    this.#links.add(link);
    return link;
  }
}

/** What a dead process waits for. */
function never<T>(): Promise<T> {
  return new Promise(() => {});
}
