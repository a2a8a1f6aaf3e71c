import { Carrier } from '../core/carrier/carrier.ts';
import type { Clock } from '../core/clock.ts';
import { Column } from '../core/ledger/columns.ts';
import { Ledger, type LinkRow } from '../core/ledger/ledger.ts';
import type { NodeId } from '../core/node-id.ts';
import { HERE, NOWHERE } from '../core/routes/forwarding-table.ts';
import type { Link } from '../link/link.ts';
import { changeOf } from '../packets/change.ts';
import { PacketRelay } from '../packets/packet-relay.ts';
import { RouteExchange } from '../packets/route-exchange.ts';
import { packetAnswers, packetId, packetReplyTo } from '../wire/packet.ts';
import { decodeRoutes, encodeRoutes } from '../wire/routes.ts';
import type { ScenarioLinkSpec, ScenarioNodeSpec } from './scenario-format.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface ScenarioNodeOptions {
  readonly id: NodeId;
  readonly spec: ScenarioNodeSpec;
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** The counter of a link of this node moved. */
  readonly moved: (node: ScenarioNode, row: LinkRow) => void;
}

/** No limit: the scenario's own limit for value is the only one. Units. */
const PLENTY = 2 ** 50;

/** A carrier, originator or server of a scenario: the real ledger, carrier, relay and routes, without a session around them. */
export class ScenarioNode {
  readonly id: NodeId;
  readonly name: string;
  readonly ledger = new Ledger();
  /** By neighbour. */
  readonly rows = new Map<NodeId, LinkRow>();
  delivered = 0;
  refused = 0;
  /** Value this node put into packets of its own, and value that came to it, since the counters were last settled. */
  sentUnits = 0;
  cameUnits = 0;
  readonly #options: ScenarioNodeOptions;
  readonly #carrier: Carrier;
  readonly #relay: PacketRelay;
  readonly #routes: RouteExchange;
  readonly #links = new Map<NodeId, Link>();
  readonly #unanswered: (() => void)[] = [];

  constructor(options: ScenarioNodeOptions) {
    const { id, spec, clock, random } = options;
    this.#options = options;
    this.id = id;
    this.name = spec.name;
    this.#carrier = new Carrier({ ledger: this.ledger, salt: random.below(2 ** 31) });
    this.#relay = new PacketRelay({
      self: id,
      carrier: this.#carrier,
      clock,
      fault: (_, error) => {
        throw error;
      },
      moved: (row) => options.moved(this, row),
      sink: {
        delivered: (packet, value) => this.#delivered(packet, value),
        refunded: (_, value) => {
          this.refused += 1;
          this.cameUnits += value;
        },
      },
    });
    this.#relay.route(id, HERE);
    this.#routes = new RouteExchange({
      self: id,
      clock,
      send: (to, routes) => this.#links.get(to)?.send('control', encodeRoutes(routes)),
      changed: (destination, route) => {
        if (destination !== id) this.#relay.route(destination, this.rows.get(route?.via ?? '') ?? NOWHERE);
      },
      fault: (_, code) => {
        throw new Error(code);
      },
    });
  }

  /** A link of this node is up. */
  join(link: Link, spec: ScenarioLinkSpec): void {
    const row = this.ledger.addLink();
    for (const column of ['dropAt', 'peerDropAt', 'leaseLeft'] as const) this.ledger.setLimit(row, column, PLENTY);
    const { toll, refusalFee } = this.#options.spec;
    this.rows.set(link.peer, row);
    this.#links.set(link.peer, link);
    this.#carrier.setLink(row, { toll, valueAt: spec.valueAt, peerValueAt: spec.valueAt, refusalFee });
    link.attach({
      message: (_, bytes) => this.#routes.heard(link.peer, decodeRoutes(bytes)),
      opened: (channel) => this.#relay.opened(channel, row),
      granted: () => this.#relay.granted(row),
      closed: () => undefined,
    });
    this.#relay.linkUp(link, row);
    this.#routes.linkUp(link.peer, { metric: spec.metric, toll });
  }

  /** Sends one packet; with `wantsChange` it asks for an answer. */
  send(to: NodeId, value: number, how: { bytes: number; wantsChange: boolean; answers?: Uint8Array }): void {
    this.sentUnits += value;
    this.#relay.send({
      destination: to,
      value,
      id: this.#options.random.bytes(8),
      payload: new Uint8Array(how.bytes),
      ...(how.answers === undefined ? {} : { answers: how.answers }),
      ...(how.wantsChange ? { replyTo: this.id } : {}),
    });
  }

  #delivered(packet: Buffer, value: number): void {
    this.delivered += 1;
    this.cameUnits += value;
    const { serve } = this.#options.spec;
    const replyTo = packetReplyTo(packet);
    if (serve === undefined || replyTo === undefined || packetAnswers(packet) !== undefined) return;
    const answers = Uint8Array.from(packetId(packet));
    for (const change of changeOf(value, serve)) {
      this.#unanswered.push(() => this.send(replyTo, change, { bytes: serve.replyBytes, wantsChange: false, answers }));
    }
  }

  /** The replies to what came since this was last asked for, in order: each call sends one. */
  takeReplies(): (() => void)[] {
    return this.#unanswered.splice(0);
  }

  /** What a neighbour owes this node. Units, negative: this node owes it. */
  balance(neighbour: NodeId): number {
    const row = this.rows.get(neighbour);
    return row === undefined ? 0 : this.ledger.get(row, Column.balance);
  }

  /** What this node's own packets cost so far, as it learns from what came back. Units. */
  get originatorCost(): number {
    return this.sentUnits - this.cameUnits;
  }

  /** The counters start anew, and so does what is learned from them. */
  forgetCost(): void {
    this.sentUnits = 0;
    this.cameUnits = 0;
  }

  /** What this node made, or lost, so far: all balances, and all that was settled. Units. */
  get net(): number {
    let sum = 0;
    for (const row of this.rows.values()) {
      sum += this.ledger.get(row, Column.balance);
      sum += this.ledger.get(row, Column.received) - this.ledger.get(row, Column.paid);
    }
    return sum;
  }

  /** Pays `units` of what is owed to a neighbour, or takes them (negative). */
  settled(neighbour: NodeId, units: number): void {
    const row = this.rows.get(neighbour) as LinkRow;
    if (units < 0) return this.ledger.received(row, -units, -units);
    this.ledger.paying(row, units);
    this.ledger.paid(row, units);
  }

  close(): void {
    this.#routes.close();
    for (const link of this.#links.values()) link.destroy();
  }
}
