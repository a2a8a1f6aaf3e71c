import { randomBytes } from 'node:crypto';
import { codeOf } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { LinkKeeper } from '../link/keeper.ts';
import type { Link } from '../link/link.ts';
import { Journal } from '../neighbour/journal.ts';
import type { LinkServices } from '../neighbour/link-services.ts';
import type { StoredState } from '../store/store.ts';
import { createTransit, type Transit } from '../transit/transit.ts';
import { UplinkWatch } from '../transit/uplink-watch.ts';
import { Carried } from './carried.ts';
import { Credits } from './credits.ts';
import { Doors } from './doors.ts';
import { FreeAllowance } from './free-allowance.ts';
import { HistoryKeeper } from './history-keeper.ts';
import { makeGateway } from './make-gateway.ts';
import { Market } from './market.ts';
import { Neighbours } from './neighbours.ts';
import type { EventKind } from './node.ts';
import type { CreateNodeOptions, ServicesContext } from './node-ports.ts';
import { NodeServices } from './node-services.ts';
import type { PacketService } from './packet-service.ts';
import { Settlement } from './settlement.ts';

type Facts = Readonly<Record<string, unknown>>;

/** What the parts tell the node that they are of, which knows what follows from it. */
export interface NodeLife {
  /** For whoever listens, and nobody else. */
  emit(kind: EventKind, facts: Facts): void;
  /** A session or a payment method has something to tell; more than listeners may have to act on it. */
  heard(kind: EventKind, facts: Facts): void;
  /** Prices and routes have to be looked at. */
  refresh(): void;
  admits(neighbour: NodeId): boolean;
  linkUp(link: Link): void;
  /** A neighbour broke a rule on a stream. */
  streamFault(neighbour: NodeId, error: unknown): void;
  paused(neighbour: NodeId): boolean;
  /** Pays a neighbour so much more than what is owed. */
  payAhead(neighbour: NodeId, units: number): void;
}

/**
 * The parts of a node, wired to each other: the only place that knows every room of floor 2. Those that need one that is made
 * after them ask for it when they use it.
 */
export class NodeParts {
  readonly journal: Journal;
  readonly market: Market;
  readonly credits: Credits;
  readonly carried: Carried;
  readonly settlement: Settlement;
  readonly neighbours: Neighbours;
  /** Absent where this node is no gateway. */
  readonly uplink: UplinkWatch | undefined;
  /** Absent where something else takes its place. */
  readonly transit: Transit | undefined;
  /** Packets and routes; absent where the node carries neither. */
  readonly own: NodeServices | undefined;
  readonly keeper: LinkKeeper;
  readonly doors: Doors;
  readonly history: HistoryKeeper;
  readonly #services: LinkServices;
  readonly #options: CreateNodeOptions;
  readonly #life: NodeLife;

  constructor(options: CreateNodeOptions, stored: StoredState, life: NodeLife) {
    this.#options = options;
    this.#life = life;
    const carries = options.services === undefined || options.carries === true;
    this.journal = this.#makeJournal();
    this.uplink = options.config.transit.uplink ? this.#makeUplink() : undefined;
    this.market = this.#makeMarket(stored, carries);
    this.credits = this.#makeCredits(stored);
    this.carried = this.#makeCarried();
    this.settlement = this.#makeSettlement(stored);
    this.neighbours = this.#makeNeighbours(stored);
    this.carried.assume();
    const instead = options.services?.(this.#context());
    this.transit = instead === undefined ? this.#makeTransit() : undefined;
    const streams = (instead ?? this.transit) as LinkServices;
    this.own = carries ? this.#makeServices(streams) : undefined;
    this.#services = this.own ?? streams;
    this.keeper = this.#makeKeeper();
    this.doors = this.#makeDoors();
    this.history = this.#makeHistory();
  }

  get packets(): PacketService | undefined {
    return this.own?.packets;
  }

  /** Where the traffic of `buyer` goes on from here, or that of this node's own users. */
  nextHop(buyer: NodeId | undefined, host?: string): NodeId | 'local' | undefined {
    return this.carried.hopFor(buyer, this.market.nextHop(host));
  }

  #makeJournal(): Journal {
    const { config, ports } = this.#options;
    return new Journal({
      store: ports.store,
      clock: ports.clock,
      windowMs: config.store.journalWindowMs,
      historySpanMs: config.store.historySpanS * 1000,
      failed: (error) => this.#storeFault(error, String(error)),
    });
  }

  #makeUplink(): UplinkWatch {
    const { clock, egress } = this.#options.ports;
    const changed = (works: boolean): void => {
      this.#life.emit('uplink', { works });
      this.#life.refresh();
    };
    return new UplinkWatch({ clock, egress, changed });
  }

  #makeMarket({ notes }: StoredState, carries: boolean): Market {
    const { config, ports } = this.#options;
    const { clock, store } = ports;
    return new Market({
      config,
      clock,
      free: new FreeAllowance({ clock, store, notes }),
      hasWayOut: () => this.uplink?.works !== false,
      neighbours: () => this.neighbours,
      settlement: () => this.settlement,
      credits: () => this.credits,
      ...(carries ? { via: (host) => this.own?.routing.toHost(host) } : {}),
    });
  }

  #makeCredits(stored: StoredState): Credits {
    const { config, ports } = this.#options;
    return new Credits({
      config,
      clock: ports.clock,
      store: ports.store,
      stored,
      neighbours: () => this.neighbours,
      received: () => this.settlement.received(),
      passedOn: (id) => this.packets?.passedOn(id) ?? 0,
      costPerMb: () => this.market.resaleCostPerMb(),
      emit: (kind, facts) => this.#life.emit(kind, facts),
    });
  }

  #makeCarried(): Carried {
    return new Carried({
      config: this.#options.config,
      neighbours: () => this.neighbours,
      received: () => this.settlement.received(),
      earned: (id) => this.credits.earned(id),
    });
  }

  #makeSettlement(stored: StoredState): Settlement {
    const { config, issuer, ports, signer } = this.#options;
    const { chain, clock, credit, store } = ports;
    return new Settlement({
      config: config.settlement,
      ...{ signer, issuer, credit, clock, store, chain, stored },
      market: () => this.market,
      neighbours: () => this.neighbours,
      waitedFor: (id) => this.carried.waitsFor(id),
      emit: (kind, facts) => this.#life.heard(kind, facts),
    });
  }

  #makeNeighbours(stored: StoredState): Neighbours {
    const { config, ports, signer } = this.#options;
    return new Neighbours({
      config,
      clock: ports.clock,
      journal: this.journal,
      desk: this.settlement.desks,
      stored,
      signer,
      services: {
        opened: (channel, header, tag) => this.#services.opened(channel, header, tag),
        granted: (link) => this.#services.granted(link),
        linkUp: (link, door) => this.#services.linkUp(link, door),
        linkDown: (link) => this.#services.linkDown(link),
        heard: (link, message) => this.settlement.heard(link.peer, message) || this.#services.heard?.(link, message),
        waiting: (link) => this.#services.waiting?.(link) ?? 0,
      },
      emit: (kind, facts) => this.#life.heard(kind as EventKind, facts),
      paused: (id) => this.#life.paused(id),
      facts: (id) => this.market.offerTo(id),
      bought: (bytes, pricePerMb) => this.market.bought(bytes, pricePerMb),
      carried: (upstream, customer, units) => this.carried.note(upstream, customer, units),
      heldBack: (id, listed) => (listed ? 0 : this.carried.heldBack(id)) + (this.packets?.heldBack(id) ?? 0),
    });
  }

  #makeTransit(): Transit {
    const { config, ports } = this.#options;
    return createTransit({
      clock: ports.clock,
      nextHop: (destination, buyer) => this.nextHop(buyer, destination.host),
      ...(this.uplink === undefined ? {} : { gateway: makeGateway(config.transit, ports, this.uplink) }),
      emit: (kind, facts) => this.#life.emit(kind, facts),
      fault: (neighbour, error) => this.#life.streamFault(neighbour, error),
    });
  }

  /** For what takes the place of transit. */
  #context(): ServicesContext {
    return {
      accountOf: (id) => this.neighbours.get(id)?.account,
      fault: (neighbour, error) => this.#life.streamFault(neighbour, error),
      nextHop: (buyer) => this.nextHop(buyer),
    };
  }

  #makeServices(streams: LinkServices): NodeServices {
    const { config, ports, signer } = this.#options;
    return new NodeServices({
      signer,
      config,
      clock: ports.clock,
      randomBytes: ports.randomBytes ?? randomBytes,
      transit: streams,
      ledger: () => this.neighbours.ledger,
      accountOf: (id) => this.neighbours.get(id)?.account,
      preference: (id) => this.market.preference(id),
      rerouted: () => this.#life.refresh(),
      payAhead: (id, units) => this.neighbours.known(id)?.config && this.#life.payAhead(id, units),
      fault: (neighbour, error) => this.#life.streamFault(neighbour, error),
      emit: (kind, facts) => this.#life.emit(kind, facts),
    });
  }

  #makeKeeper(): LinkKeeper {
    const { clock, random, transport } = this.#options.ports;
    return new LinkKeeper({
      transport,
      clock,
      random,
      self: this.#options.signer.id,
      up: (link) => this.#life.linkUp(link),
      dialFailed: ({ host, port }, error) =>
        this.#life.emit('fault', { code: codeOf(error) ?? 'LINK_UNREACHABLE', what: `dial ${host}:${port}` }),
    });
  }

  #makeDoors(): Doors {
    const { config, ports, signer } = this.#options;
    const { clock, discover, transport } = ports;
    return new Doors({
      self: signer.id,
      config,
      clock,
      transport,
      discover,
      keeper: this.keeper,
      transit: this.transit,
      admits: (id) => this.#life.admits(id),
      warn: (error) => this.#life.emit('fault', { code: error.code, what: error.message }),
    });
  }

  #makeHistory(): HistoryKeeper {
    const { config, ports } = this.#options;
    return new HistoryKeeper({
      store: ports.store,
      clock: ports.clock,
      days: config.store.historyDays,
      links: () => this.neighbours.all().map(({ neighbour }) => neighbour.id),
      write: async (id) => this.neighbours.get(id)?.keep([]),
      fault: (error) => this.#storeFault(error, 'history'),
    });
  }

  #storeFault(error: unknown, what: string): void {
    this.#life.emit('fault', { code: codeOf(error) ?? 'STORE_FAILED', what });
  }
}
