import { randomBytes } from 'node:crypto';
import type { Signer } from '../chain/signer.ts';
import type { SignedText } from '../chain/text-signing.ts';
import { codeOf } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { SessionEvent } from '../core/session/session-effect.ts';
import { LinkKeeper } from '../link/keeper.ts';
import type { Link } from '../link/link.ts';
import { Journal } from '../neighbour/journal.ts';
import type { LinkServices } from '../neighbour/link-services.ts';
import type { StoredState } from '../store/store.ts';
import { createTransit, type Transit } from '../transit/transit.ts';
import { attest } from './attestation.ts';
import { Carried } from './carried.ts';
import type { NodeConfig } from './config.ts';
import { Credits } from './credits.ts';
import { Doors } from './doors.ts';
import { FreeAllowance } from './free-allowance.ts';
import { HistoryKeeper } from './history-keeper.ts';
import type { LedgerQuery, LinkLedger } from './link-ledger.ts';
import { makeGateway } from './make-gateway.ts';
import { Market } from './market.ts';
import { type Known, Neighbours } from './neighbours.ts';
import type { Channels, Cheques, EventKind, LinkStatus, NodeEvent, NodeStatus, WayleaveNode } from './node.ts';
import type { CreateNodeOptions, NodePorts } from './node-ports.ts';
import { NodeServices } from './node-services.ts';
import type { PacketService } from './packet-service.ts';
import { Pauses } from './pauses.ts';
import { repeat } from './repeat.ts';
import { Settlement } from './settlement.ts';
import { linkStatus } from './status.ts';

/** How often prices are looked at; a change of a neighbour's terms is looked at at once. */
const REPRICE_MS = 5_000;
/** The least time between two looks because of charges: what was bought moves an average, and slowly. */
const CHARGED_REPRICE_MS = 1_000;
/** A stop waits this long for queued frames to leave. */
const STOP_MS = 2_000;

/** Wires one node and starts it. Throws the errors of its ports: `PORT_IN_USE`, `STORE_*`, `CONFIG_*`. */
export async function createNode(options: CreateNodeOptions): Promise<WayleaveNode> {
  const node = new RunningNode(options, await options.ports.store.load());
  await node.start();
  return node;
}

/** One node's wiring and life: the only place that knows every room of floor 2. */
class RunningNode implements WayleaveNode {
  readonly id: NodeId;
  readonly name: string;
  readonly #config: NodeConfig;
  readonly #ports: NodePorts;
  readonly #startedMs: number;
  readonly #listeners = new Set<(event: NodeEvent) => void>();
  readonly #journal: Journal;
  readonly #market: Market;
  readonly #carried: Carried;
  readonly #credits: Credits;
  readonly #settlement: Settlement;
  readonly #neighbours: Neighbours;
  readonly #transit: Transit | undefined;
  readonly #services: LinkServices;
  readonly #own: NodeServices | undefined;
  readonly #keeper: LinkKeeper;
  readonly #stops: (() => void | Promise<void>)[] = [];
  readonly #doors: Doors;
  readonly #history: HistoryKeeper;
  readonly #attest: (link: LinkStatus | undefined) => SignedText;
  readonly #pauses = new Pauses();
  #stopping = false;
  #refreshing = false;
  #refreshedMs = Number.NEGATIVE_INFINITY;

  constructor(options: CreateNodeOptions, stored: StoredState) {
    const { config, ports, signer } = options;
    const { clock, store, chain } = ports;
    const carries = options.services === undefined || options.carries === true;
    this.#config = config;
    this.#ports = ports;
    this.id = signer.id;
    this.name = config.name;
    this.#startedMs = clock.nowMs();
    this.#journal = new Journal({
      store,
      clock,
      windowMs: config.store.journalWindowMs,
      historySpanMs: config.store.historySpanS * 1000,
      failed: (error) => this.#emit('fault', { code: codeOf(error) ?? 'STORE_FAILED', what: String(error) }),
    });
    this.#market = new Market({
      config,
      clock,
      free: new FreeAllowance({ clock, store, notes: stored.notes }),
      neighbours: () => this.#neighbours,
      settlement: () => this.#settlement,
      credits: () => this.#credits,
      ...(carries ? { via: (host) => this.#own?.routing.toHost(host) } : {}),
    });
    this.#credits = this.#makeCredits(stored);
    this.#carried = new Carried({
      config,
      neighbours: () => this.#neighbours,
      received: () => this.#settlement.received(),
      earned: (id) => this.#credits.earned(id),
    });
    this.#settlement = new Settlement({
      config: config.settlement,
      ...{ signer, issuer: options.issuer, credit: ports.credit, clock, store, chain, stored },
      market: () => this.#market,
      neighbours: () => this.#neighbours,
      waitedFor: (id) => this.#carried.waitsFor(id),
      emit: (kind, facts) => this.#heard(kind, facts),
    });
    this.#neighbours = this.#makeNeighbours(stored, signer);
    this.#carried.assume();
    this.#transit = options.services === undefined ? this.#makeTransit() : undefined;
    const streams: LinkServices =
      options.services?.({
        accountOf: (id) => this.#neighbours.get(id)?.account,
        fault: (neighbour, error) => this.#streamFault(neighbour, error),
        nextHop: (buyer) => this.#nextHop(buyer),
      }) ?? (this.#transit as Transit);
    this.#own = carries ? this.#makeServices(streams, signer) : undefined;
    this.#services = this.#own ?? streams;
    this.#keeper = this.#makeKeeper();
    this.#doors = this.#makeDoors();
    const { chainId, weiPerUnit } = config.settlement;
    this.#attest = (link) => attest(link, { signer, chainId, weiPerUnit, atMs: clock.wallMs() });
    this.#history = new HistoryKeeper({
      store,
      clock,
      days: config.store.historyDays,
      links: () => this.#neighbours.all().map(({ neighbour }) => neighbour.id),
      write: async (id) => this.#neighbours.get(id)?.keep([]),
      fault: (error) => this.#emit('fault', { code: codeOf(error) ?? 'STORE_FAILED', what: 'history' }),
    });
  }

  #nextHop(buyer: NodeId | undefined, host?: string): NodeId | 'local' | undefined {
    return this.#carried.hopFor(buyer, this.#market.nextHop(host));
  }

  #makeTransit(): Transit {
    return createTransit({
      clock: this.#ports.clock,
      nextHop: (destination, buyer) => this.#nextHop(buyer, destination.host),
      ...(this.#config.transit.uplink ? { gateway: makeGateway(this.#config.transit, this.#ports) } : {}),
      emit: (kind, facts) => this.#emit(kind, facts),
      fault: (neighbour, error) => this.#streamFault(neighbour, error),
    });
  }

  #makeCredits(stored: StoredState): Credits {
    return new Credits({
      config: this.#config,
      clock: this.#ports.clock,
      store: this.#ports.store,
      stored,
      neighbours: () => this.#neighbours,
      received: () => this.#settlement.received(),
      passedOn: (id) => this.packets?.passedOn(id) ?? 0,
      costPerMb: () => this.#market.resaleCostPerMb(),
      emit: (kind, facts) => this.#emit(kind, facts),
    });
  }

  #makeNeighbours(stored: StoredState, signer: Signer): Neighbours {
    return new Neighbours({
      config: this.#config,
      clock: this.#ports.clock,
      journal: this.#journal,
      desk: this.#settlement.desks,
      stored,
      signer,
      services: {
        opened: (channel, header, tag) => this.#services.opened(channel, header, tag),
        granted: (link) => this.#services.granted(link),
        linkUp: (link, door) => this.#services.linkUp(link, door),
        linkDown: (link) => this.#services.linkDown(link),
        heard: (link, message) => this.#settlement.heard(link.peer, message) || this.#services.heard?.(link, message),
        waiting: (link) => this.#services.waiting?.(link) ?? 0,
      },
      emit: (kind, facts) => this.#heard(kind as EventKind, facts),
      paused: (id) => this.#pauses.of(id),
      facts: (id) => this.#market.offerTo(id),
      bought: (bytes, pricePerMb) => this.#market.bought(bytes, pricePerMb),
      carried: (upstream, customer, units) => this.#carried.note(upstream, customer, units),
      heldBack: (id, listed) => (listed ? 0 : this.#carried.heldBack(id)) + (this.packets?.heldBack(id) ?? 0),
    });
  }

  #makeServices(transit: LinkServices, signer: Signer): NodeServices {
    return new NodeServices({
      signer,
      config: this.#config,
      clock: this.#ports.clock,
      randomBytes: this.#ports.randomBytes ?? randomBytes,
      transit,
      ledger: () => this.#neighbours.ledger,
      accountOf: (id) => this.#neighbours.get(id)?.account,
      preference: (id) => this.#market.preference(id),
      rerouted: () => this.#refresh(),
      payAhead: (id, units) => this.#neighbours.known(id)?.config && this.settle(id, units),
      fault: (neighbour, error) => this.#streamFault(neighbour, error),
      emit: (kind, facts) => this.#emit(kind, facts),
    });
  }

  #makeKeeper(): LinkKeeper {
    const { clock, random, transport } = this.#ports;
    return new LinkKeeper({
      transport,
      clock,
      random,
      self: this.id,
      up: (link) => this.#linkUp(link),
      dialFailed: (address, error) => {
        this.#emit('fault', {
          code: codeOf(error) ?? 'LINK_UNREACHABLE',
          what: `dial ${address.host}:${address.port}`,
        });
      },
    });
  }

  #makeDoors(): Doors {
    const { clock, transport, discover } = this.#ports;
    return new Doors({
      self: this.id,
      config: this.#config,
      clock,
      transport,
      discover,
      keeper: this.#keeper,
      transit: this.#transit,
      admits: (id) => this.#admits(id),
      warn: (error) => this.#emit('fault', { code: error.code, what: error.message }),
    });
  }

  /** Opens the doors, and looks after the chequebook in the background. */
  async start(): Promise<void> {
    try {
      await this.#doors.open();
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#settlement.start(() => this.#refresh());
    this.#history.start();
    this.#stops.push(repeat(this.#ports.clock, REPRICE_MS, () => this.#refresh()));
    const listen = this.#doors.listenAddress;
    this.#emit('started', { id: this.id, listen, clock: this.#ports.clock.wallMs() });
  }

  #admits(id: NodeId): boolean {
    return this.#config.discovery.accept === 'any' || this.#config.neighbours.some((each) => each.id === id);
  }

  #linkUp(link: Link): void {
    const listed =
      link.dialled && this.#config.neighbours.some((each) => each.id === undefined && each.address !== undefined);
    if (this.#stopping || !(this.#admits(link.peer) || listed)) return link.close('NEIGHBOUR_UNKNOWN');
    this.#credits.came(link.peer, listed || this.#neighbours.configOf(link.peer) !== undefined);
    this.#neighbours.refreshOffer(link.peer);
    this.#emit('linkUp', { neighbour: link.peer, address: link.remoteAddress });
    try {
      this.#neighbours.attach(link);
    } catch (error) {
      link.close(codeOf(error) ?? 'NEIGHBOURS_EXHAUSTED');
    }
  }

  #refresh(): void {
    if (this.#refreshing || this.#stopping) return;
    this.#refreshing = true;
    this.#refreshedMs = this.#ports.clock.nowMs();
    this.#credits.renew();
    this.#own?.routing.refresh();
    this.#neighbours.refreshOffers();
    this.#refreshing = false;
  }

  #heard(kind: EventKind, facts: Readonly<Record<string, unknown>>): void {
    this.#emit(kind, facts);
    if (facts['neighbour'] === undefined) return;
    this.#credits.heard(kind, facts['neighbour'] as NodeId, facts);
    const rested = this.#ports.clock.nowMs() - this.#refreshedMs >= CHARGED_REPRICE_MS;
    if (kind === 'verdict' || (kind === 'charged' && rested)) this.#refresh();
    if (kind === 'paymentRejected') this.#settlement.refused(facts['code']);
    if (kind !== 'terms') return;
    this.#settlement.learn(facts['neighbour'] as NodeId);
    this.#refresh();
  }

  #streamFault(neighbour: NodeId, error: unknown): void {
    const code = codeOf(error);
    if (code === undefined) throw error;
    this.#neighbours.get(neighbour)?.step({ kind: 'fault', code });
  }

  #emit(kind: EventKind, facts: Readonly<Record<string, unknown>>): void {
    if (this.#listeners.size === 0) return;
    const event = { kind, atMs: this.#ports.clock.wallMs(), ...facts } as NodeEvent;
    for (const listener of [...this.#listeners]) listener(event);
  }

  get packets(): PacketService | undefined {
    return this.#own?.packets;
  }

  status(): NodeStatus {
    return {
      schema: 1,
      id: this.id,
      name: this.name,
      mode: this.#config.mode,
      uptimeMs: Math.round(this.#ports.clock.nowMs() - this.#startedMs),
      ...this.#doors.addresses,
      chequebook: this.#settlement.chequebook,
      chequebooks: this.#settlement.standing,
      costPerMb: this.#market.costPerMb(),
      askPerMb: this.#market.askPerMb(),
      paymentsPaused: this.#pauses.all,
      streams: this.#transit?.streams ?? 0,
      packets: this.packets?.status,
      links: this.#neighbours.all().map((known) => this.#linkStatus(known)),
    };
  }

  #linkStatus(known: Known): LinkStatus {
    return linkStatus(known, {
      settlement: this.#settlement,
      config: this.#config,
      credit: this.#credits.status(known),
      packets: this.packets?.linkStatus(known.neighbour.id),
    });
  }

  subscribe(listener: (event: NodeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  pausePayments(paused: boolean, neighbour?: NodeId): void {
    this.#pauses.set(paused, neighbour);
    this.#tell({ kind: 'pause', paused }, neighbour);
  }

  settle(neighbour?: NodeId, aheadUnits = 0): void {
    this.#tell({ kind: 'settle', aheadUnits }, neighbour);
  }

  /** One neighbour's session, or every one's. */
  #tell(event: SessionEvent, neighbour: NodeId | undefined): void {
    for (const known of this.#neighbours.all()) {
      if (neighbour === undefined || known.neighbour.id === neighbour) known.neighbour.step(event);
    }
  }

  get cheques(): Cheques | undefined {
    return this.#config.settlement.enabled ? this.#settlement.cheques : undefined;
  }

  attest(neighbour: NodeId): SignedText {
    return this.#attest(this.status().links.find((link) => link.neighbour === neighbour));
  }

  ledger(query: LedgerQuery): Promise<LinkLedger> {
    return this.#history.ledger(query);
  }

  get channels(): Channels | undefined {
    return this.#settlement.channels;
  }

  cashAll(): Promise<number> {
    return this.#settlement.cashAll();
  }

  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#emit('stopping', {});
    for (const stop of this.#stops.splice(0)) await stop();
    await this.#doors.close();
    this.#transit?.close();
    this.#own?.close();
    await this.#history.stop();
    await this.#settlement.stop();
    const links = this.#neighbours.all().map(({ neighbour }) => neighbour);
    await Promise.all(links.map((neighbour) => neighbour.close(STOP_MS)));
    this.#keeper.stop();
    await this.#credits.stop();
    await this.#journal.close(links.map(({ account }) => account));
  }
}
