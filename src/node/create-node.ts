import type { SignedText } from '../chain/text-signing.ts';
import { codeOf } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { SessionEvent } from '../core/session/session-effect.ts';
import type { Link } from '../link/link.ts';
import type { CashedCheque } from '../settle/cashed-cheque.ts';
import type { StoredState } from '../store/store.ts';
import { attest } from './attestation.ts';
import { EventFeed } from './event-feed.ts';
import type { LedgerQuery, LinkLedger } from './link-ledger.ts';
import type { Known } from './neighbours.ts';
import type { Channels, Cheques, EventKind, LinkStatus, NodeEvent, NodeStatus, WayleaveNode } from './node.ts';
import { type NodeLife, NodeParts } from './node-parts.ts';
import type { CreateNodeOptions } from './node-ports.ts';
import { ObservedDebts } from './observed-debts.ts';
import type { PacketService } from './packet-service.ts';
import { Pauses } from './pauses.ts';
import { repeat } from './repeat.ts';
import { linkStatus } from './status.ts';

/** How often prices are looked at; a change of a neighbour's terms is looked at at once. */
const REPRICE_MS = 5_000;
/** The least time between two looks because of charges: what was bought moves an average, and slowly. */
const CHARGED_REPRICE_MS = 1_000;
/** A stop that waits for the chain longer than this says so. */
const CHAIN_SLOW_MS = 1_000;
/** A stop waits this long for queued frames to leave. */
const STOP_MS = 2_000;

/** Wires one node and starts it. Throws the errors of its ports: `PORT_IN_USE`, `STORE_*`, `CONFIG_*`. */
export async function createNode(options: CreateNodeOptions): Promise<WayleaveNode> {
  const node = new RunningNode(options, await options.ports.store.load());
  await node.start();
  return node;
}

/** One node's life: what follows from what its parts tell it, and what others ask it for. */
class RunningNode implements WayleaveNode {
  readonly id: NodeId;
  readonly name: string;
  readonly #options: CreateNodeOptions;
  readonly #startedMs: number;
  readonly #feed: EventFeed;
  readonly #parts: NodeParts;
  readonly #pauses = new Pauses();
  readonly #observed = new ObservedDebts();
  readonly #stops: (() => void | Promise<void>)[] = [];
  #stopping = false;
  #refreshing = false;
  #refreshedMs = Number.NEGATIVE_INFINITY;

  constructor(options: CreateNodeOptions, stored: StoredState) {
    const { config, ports, signer } = options;
    this.#options = options;
    this.id = signer.id;
    this.name = config.name;
    this.#startedMs = ports.clock.nowMs();
    this.#feed = new EventFeed(ports.clock);
    this.#parts = new NodeParts(options, stored, this.#life());
  }

  #life(): NodeLife {
    return {
      emit: (kind, facts) => this.#feed.emit(kind, facts),
      heard: (kind, facts) => this.#heard(kind, facts),
      refresh: () => this.#refresh(),
      admits: (id) => this.#admits(id),
      linkUp: (link) => this.#linkUp(link),
      streamFault: (neighbour, error) => this.#streamFault(neighbour, error),
      paused: (id) => this.#pauses.of(id),
      payAhead: (id, units) => this.settle(id, units),
    };
  }

  /** Opens the doors, and looks after the chequebook in the background. */
  async start(): Promise<void> {
    const { clock } = this.#options.ports;
    const { doors, history, settlement } = this.#parts;
    try {
      await doors.open();
    } catch (error) {
      await this.stop();
      throw error;
    }
    settlement.start(() => this.#refresh());
    history.start();
    this.#stops.push(repeat(clock, REPRICE_MS, () => this.#refresh()));
    this.#feed.emit('started', { id: this.id, listen: doors.listenAddress, clock: clock.wallMs() });
  }

  #admits(id: NodeId): boolean {
    const { discovery, neighbours } = this.#options.config;
    return discovery.accept === 'any' || neighbours.some((each) => each.id === id);
  }

  #linkUp(link: Link): void {
    const { credits, neighbours } = this.#parts;
    const known = this.#options.config.neighbours;
    const listed = link.dialled && known.some((each) => each.id === undefined && each.address !== undefined);
    if (this.#stopping || !(this.#admits(link.peer) || listed)) return link.close('NEIGHBOUR_UNKNOWN');
    credits.came(link.peer, listed || neighbours.configOf(link.peer) !== undefined);
    neighbours.refreshOffer(link.peer);
    this.#feed.emit('linkUp', { neighbour: link.peer, address: link.remoteAddress });
    try {
      neighbours.attach(link);
    } catch (error) {
      link.close(codeOf(error) ?? 'NEIGHBOURS_EXHAUSTED');
    }
  }

  #refresh(): void {
    if (this.#refreshing || this.#stopping) return;
    this.#refreshing = true;
    this.#refreshedMs = this.#options.ports.clock.nowMs();
    this.#parts.credits.renew();
    this.#parts.own?.routing.refresh();
    this.#parts.neighbours.refreshOffers();
    this.#refreshing = false;
  }

  #heard(kind: EventKind, facts: Readonly<Record<string, unknown>>): void {
    this.#feed.emit(kind, facts);
    const neighbour = facts['neighbour'] as NodeId | undefined;
    if (neighbour === undefined) return;
    const { credits, settlement } = this.#parts;
    credits.heard(kind, neighbour, facts);
    const rested = this.#options.ports.clock.nowMs() - this.#refreshedMs >= CHARGED_REPRICE_MS;
    if (kind === 'verdict' || (kind === 'charged' && rested)) this.#refresh();
    if (kind === 'charged') this.#explain(neighbour);
    if (kind === 'paymentRejected') settlement.refused(facts['code']);
    if (kind !== 'terms') return;
    settlement.learn(neighbour);
    this.#refresh();
  }

  /** Where nothing is enforced, what would have been is told. */
  #explain(neighbour: NodeId): void {
    const account = this.#parts.neighbours.get(neighbour)?.account;
    const change = account && this.#observed.changed(account);
    if (change !== undefined) this.#heard('wouldEnforce', { neighbour, ...change });
  }

  #streamFault(neighbour: NodeId, error: unknown): void {
    const code = codeOf(error);
    if (code === undefined) throw error;
    this.#parts.neighbours.get(neighbour)?.step({ kind: 'fault', code });
  }

  get packets(): PacketService | undefined {
    return this.#parts.packets;
  }

  status(): NodeStatus {
    const { config, ports } = this.#options;
    const { doors, market, neighbours, settlement, transit, uplink } = this.#parts;
    return {
      schema: 1,
      id: this.id,
      name: this.name,
      mode: config.mode,
      uptimeMs: Math.round(ports.clock.nowMs() - this.#startedMs),
      ...doors.addresses,
      chequebook: settlement.chequebook,
      chequebooks: settlement.standing,
      costPerMb: market.costPerMb(),
      askPerMb: market.askPerMb(),
      uplinkWorks: uplink?.works,
      paymentsPaused: this.#pauses.all,
      streams: transit?.streams ?? 0,
      packets: this.packets?.status,
      links: neighbours.all().map((known) => this.#linkStatus(known)),
    };
  }

  #linkStatus(known: Known): LinkStatus {
    const { credits, settlement } = this.#parts;
    return linkStatus(known, {
      settlement,
      config: this.#options.config,
      credit: credits.status(known),
      packets: this.packets?.linkStatus(known.neighbour.id),
    });
  }

  subscribe(listener: (event: NodeEvent) => void): () => void {
    return this.#feed.subscribe(listener);
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
    for (const known of this.#parts.neighbours.all()) {
      if (neighbour === undefined || known.neighbour.id === neighbour) known.neighbour.step(event);
    }
  }

  get cheques(): Cheques | undefined {
    return this.#options.config.settlement.enabled ? this.#parts.settlement.cheques : undefined;
  }

  get choice(): WayleaveNode['choice'] {
    return this.#options.config.settlement.enabled ? this.#parts.settlement : undefined;
  }

  attest(neighbour: NodeId): SignedText {
    const { config, ports, signer } = this.#options;
    const { chainId, weiPerUnit } = config.settlement;
    const link = this.status().links.find((each) => each.neighbour === neighbour);
    return attest(link, { signer, chainId, weiPerUnit, atMs: ports.clock.wallMs() });
  }

  ledger(query: LedgerQuery): Promise<LinkLedger> {
    return this.#parts.history.ledger(query);
  }

  get channels(): Channels | undefined {
    return this.#parts.settlement.channels;
  }

  cashAll(): Promise<readonly CashedCheque[]> {
    return this.#parts.settlement.cashAll();
  }

  async stop(waits: (transactions: readonly string[]) => void = () => undefined): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#feed.emit('stopping', {});
    const { credits, doors, history, journal, keeper, neighbours, own, settlement, transit, uplink } = this.#parts;
    for (const stop of this.#stops.splice(0)) await stop();
    await doors.close();
    transit?.close();
    uplink?.close();
    own?.close();
    await history.stop();
    const slow = this.#options.ports.clock.after(CHAIN_SLOW_MS, () => waits(settlement.unmined));
    await settlement.stop().finally(() => slow.cancel());
    const all = neighbours.all().map(({ neighbour }) => neighbour);
    await Promise.all(all.map((neighbour) => neighbour.close(STOP_MS)));
    keeper.stop();
    await credits.stop();
    await journal.close(all.map(({ account }) => account));
  }
}
