import { WayleaveError } from '../../core/errors.ts';
import type { NodeId } from '../../core/node-id.ts';
import { SILENT_MS } from '../../link/limits.ts';
import type { LinkAddress } from '../../link/link.ts';
import type { Coverage } from '../coverage.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { Timeline } from '../timeline.ts';
import type { SimLink } from './sim-link.ts';
import type { SimTransport } from './sim-transport.ts';
import { type Parcel, SimWire, type WireConditions } from './sim-wire.ts';

/** How a wire behaves that nobody has harmed. */
export const CALM: Readonly<WireConditions> = {
  delayMs: 10,
  jitterMs: 0,
  bytesPerSecond: Number.POSITIVE_INFINITY,
  stalledUntilMs: 0,
  blocked: false,
  duplicate: 0,
  reorder: 0,
};

/** First port given for port 0. */
const FIRST_PORT = 49_152;

/** A message that was said twice may arrive so much later, over a stalled wire. Milliseconds. */
const LATELY_MS = 60_000;

/** One connection: two ends, and a wire towards each. */
interface Connection {
  readonly ends: readonly [SimLink, SimLink];
  readonly ids: readonly [NodeId, NodeId];
  /** `wires[i]` leads to `ends[i]`. */
  readonly wires: readonly [SimWire, SimWire];
  over: number;
}

export interface SimNetworkOptions {
  readonly timeline: Timeline;
  readonly random: SeededRandom;
  readonly coverage: Coverage;
  readonly delayMs?: number | undefined;
  /** Makes what is called after everything that reached one node from another: whoever looks whether the rules hold. */
  readonly observer?: (to: NodeId, from: NodeId) => () => void;
}

/**
 * A network of light links: no frames and no bytes on the wire, for worlds of millions of charges. Faults are those a
 * TCP connection can show (delay, stall, loss of the connection with an undelivered tail, silence), and two only a
 * broken or hostile end can show (a message twice, or out of turn).
 */
export class SimNetwork {
  readonly timeline: Timeline;
  readonly #options: SimNetworkOptions;
  readonly #listeners = new Map<string, SimTransport>();
  readonly #conditions = new Map<string, WireConditions>();
  readonly #tampered = new Map<string, number>();
  readonly #connections = new Map<string, Set<Connection>>();
  #nextPort = FIRST_PORT;

  constructor(options: SimNetworkOptions) {
    this.#options = options;
    this.timeline = options.timeline;
  }

  /** How long a message is under way where nothing is wrong. Milliseconds. */
  get delayMs(): number {
    return this.#options.delayMs ?? CALM.delayMs;
  }

  /** How the wire from one node to another behaves; changes hold for what is sent from now on. */
  conditions(from: NodeId, to: NodeId): WireConditions {
    const key = `${from} ${to}`;
    const found = this.#conditions.get(key);
    if (found !== undefined) return found;
    const made = { ...CALM, delayMs: this.delayMs };
    this.#conditions.set(key, made);
    return made;
  }

  /** Whether messages between the two were, lately, said twice or out of turn. */
  tampered(a: NodeId, b: NodeId): boolean {
    const of = (from: NodeId, to: NodeId): boolean => {
      const { duplicate, reorder } = this.conditions(from, to);
      return duplicate > 0 || reorder > 0;
    };
    const lastMs = this.#tampered.get(pairOf(a, b)) ?? Number.NEGATIVE_INFINITY;
    return of(a, b) || of(b, a) || this.timeline.nowMs - lastMs < LATELY_MS;
  }

  /** Ends every fault between two nodes. */
  heal(a: NodeId, b: NodeId): void {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const)
      Object.assign(this.conditions(from, to), CALM, { delayMs: this.delayMs });
    for (const { wires } of this.#between(a, b)) for (const wire of wires) wire.changed();
  }

  /** Nothing passes from one node to the other, though nobody is told; what lasts is noticed as silence. */
  block(from: NodeId, to: NodeId): void {
    this.conditions(from, to).blocked = true;
    for (const connection of this.#between(from, to)) this.#watchSilence(connection, connection.ids[0] === to ? 0 : 1);
  }

  #watchSilence(connection: Connection, at: 0 | 1): void {
    this.timeline.after(SILENT_MS, () => {
      const { conditions, end } = { conditions: this.#towards(connection, at), end: connection.ends[at] };
      if (conditions.blocked && !end.ended) end.cut({ by: 'fault', code: 'LINK_SILENT' });
    });
  }

  #towards({ ids }: Connection, at: 0 | 1): WireConditions {
    return this.conditions(ids[at === 0 ? 1 : 0], ids[at]);
  }

  /** Breaks every connection of the two; of what is under way some still arrives, the rest is lost. Returns how many broke. */
  cut(a: NodeId, b: NodeId): number {
    const broken = this.#between(a, b);
    for (const { wires } of broken) {
      for (const wire of wires) wire.break(this.#options.random.below(wire.inFlight + 1));
    }
    return broken.length;
  }

  /** A process died. `told`: its system closes its connections; otherwise only silence tells. */
  died(link: SimLink, told: boolean): void {
    for (const connections of this.#connections.values()) {
      for (const connection of connections) {
        const at = connection.ends[0] === link ? 0 : connection.ends[1] === link ? 1 : undefined;
        if (at === undefined) continue;
        const other = at === 0 ? 1 : 0;
        connection.wires[at].kill();
        if (told) connection.wires[other].break(this.#options.random.below(connection.wires[other].inFlight + 1));
        else this.#fallSilent(connection, other);
      }
    }
  }

  #fallSilent(connection: Connection, at: 0 | 1): void {
    const end = connection.ends[at];
    this.timeline.after(SILENT_MS, () => end.cut({ by: 'fault', code: 'LINK_SILENT' }));
  }

  /** Whether somebody at `from` reaches `to` now. */
  reaches(from: NodeId, to: NodeId): boolean {
    return !this.conditions(from, to).blocked && !this.conditions(to, from).blocked;
  }

  /** The ends of living connections between two nodes. */
  ends(a: NodeId, b: NodeId): SimLink[] {
    return this.#between(a, b).flatMap(({ ends }) => ends.filter((end) => !end.ended));
  }

  /** Where it listens now. A dead process leaves its port. Throws `PORT_IN_USE`. */
  bind(address: LinkAddress, transport: SimTransport): LinkAddress {
    const bound = { host: address.host, port: address.port === 0 ? this.#nextPort++ : address.port };
    if (this.#listeners.get(keyOf(bound))?.life.alive === true) throw new WayleaveError('PORT_IN_USE', { ...bound });
    this.#listeners.set(keyOf(bound), transport);
    return bound;
  }

  unbind(address: LinkAddress, transport: SimTransport): void {
    if (this.#listeners.get(keyOf(address)) === transport) this.#listeners.delete(keyOf(address));
  }

  listener(address: LinkAddress): SimTransport | undefined {
    return this.#listeners.get(keyOf(address));
  }

  /** Joins two ends that admitted each other. */
  connect(near: SimLink, far: SimLink): void {
    const [a, b] = [far.peer, near.peer];
    const connection: Connection = {
      ends: [near, far],
      ids: [a, b],
      wires: [this.#wire(b, a, near), this.#wire(a, b, far)],
      over: 0,
    };
    near.connect(connection.wires[1]);
    far.connect(connection.wires[0]);
    const key = pairOf(a, b);
    const set = this.#connections.get(key) ?? new Set();
    this.#connections.set(key, set.add(connection));
  }

  /** One end has ended and told its users; with both, the connection is forgotten. */
  ended(link: SimLink, self: NodeId): void {
    const connections = this.#connections.get(pairOf(link.peer, self));
    for (const connection of connections ?? []) {
      if (!connection.ends.includes(link)) continue;
      connection.over += 1;
      // Its last word may be lost: then the other end hears nothing more, and keep-alive tells it so.
      for (const end of connection.ends) {
        if (!end.ended) this.timeline.after(SILENT_MS, () => end.cut({ by: 'fault', code: 'LINK_SILENT' }));
      }
      if (connection.ends.every((end) => end.ended)) connections?.delete(connection);
    }
  }

  #wire(from: NodeId, to: NodeId, end: SimLink): SimWire {
    const { coverage, observer, random, timeline } = this.#options;
    const delivered = observer?.(to, from);
    return new SimWire({
      timeline,
      conditions: this.conditions(from, to),
      random: () => random.next(),
      arrived: (parcel: Parcel) => {
        end.arrived(parcel);
        delivered?.();
      },
      happened: (name) => {
        coverage.count(name);
        this.#tampered.set(pairOf(from, to), timeline.nowMs);
      },
    });
  }

  #between(a: NodeId, b: NodeId): Connection[] {
    return [...(this.#connections.get(pairOf(a, b)) ?? [])];
  }
}

function pairOf(a: NodeId, b: NodeId): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

function keyOf({ host, port }: LinkAddress): string {
  return `${host} ${port}`;
}
