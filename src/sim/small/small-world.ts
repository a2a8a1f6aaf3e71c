import type { Message, PaymentMessage } from '../../core/session/message.ts';
import type { MessageClass } from '../../link/link.ts';
import type { NodeConfig } from '../../node/config.ts';
import { decodeMessage } from '../../wire/message.ts';
import { Ghost } from './ghost.ts';
import type { Scenario } from './scenario.ts';
import { SmallChain } from './small-chain.ts';
import { type DataFrame, emptyFlight, type Flight, SmallLink } from './small-link.ts';
import { CHEQUEBOOKS, IDS, type MoreDesks, SmallNode, smallConfig, WEI_PER_UNIT } from './small-node.ts';

/** Promises that follow from one action run out within this many turns; the longest chain seen takes fewer than 10. */
const TURNS = 16;

/** Two nodes and what is between them. The order in which a class of messages is sent is kept; the classes race. */
export class SmallWorld {
  readonly scenario: Scenario;
  readonly nodes: readonly [SmallNode, SmallNode];
  readonly chain: SmallChain | undefined;
  readonly ghost = new Ghost();
  /** What is on its way to each node. */
  readonly toward: [Flight, Flight] = [emptyFlight(), emptyFlight()];
  /** The last message of the payment class that reached each node on this connection. */
  readonly paid: [Uint8Array | undefined, Uint8Array | undefined] = [undefined, undefined];
  #sequence = 0;
  readonly #messages = new WeakMap<Uint8Array, Message>();

  constructor(
    scenario: Scenario,
    configs: readonly [NodeConfig, NodeConfig] = smallConfigs(scenario),
    moreDesks?: MoreDesks,
  ) {
    this.scenario = scenario;
    const drained = scenario.drainedTo === undefined ? 10n ** 18n : BigInt(scenario.drainedTo) * WEI_PER_UNIT;
    const balances = new Map([
      [CHEQUEBOOKS[0], 10n ** 18n],
      [CHEQUEBOOKS[1], drained],
    ]);
    this.chain = scenario.cashing ? new SmallChain(balances) : undefined;
    const { chain } = this;
    const answers = (): boolean => this.ghost.chainAnswers;
    const shared = { scenario, chain, answers, moreDesks };
    const make = (who: 0 | 1): SmallNode => new SmallNode({ who, config: configs[who], ...shared });
    this.nodes = [make(0), make(1)];
  }

  /** True while both ends hold the same connection. */
  get connected(): boolean {
    return this.nodes.every(({ link, who }) => link?.out === this.toward[(1 - who) as 0 | 1]);
  }

  get ending(): boolean {
    return this.nodes.some(({ link }) => link?.ending !== undefined);
  }

  connect(): void {
    for (const who of [0, 1] as const) {
      this.toward[who] = emptyFlight();
      this.paid[who] = undefined;
    }
    const link = (who: 0 | 1): SmallLink => {
      const other = (1 - who) as 0 | 1;
      return new SmallLink(IDS[other], this.toward[other], (kind, bytes) => this.#leaves(who, kind, bytes));
    };
    this.nodes[0].attach(link(0));
    this.nodes[1].attach(link(1));
    this.ghost.connects += 1;
  }

  /** Nothing that pays or admits leaves before it is durable (DESIGN §12). */
  #leaves(who: 0 | 1, kind: MessageClass, bytes: Uint8Array): number {
    const message = this.#read(bytes);
    if (message?.kind === 'counts' && message.consumed[0] > consumedUnits(this.nodes[who]))
      this.ghost.broken ??= 'what was used was admitted before it was durable';
    if (message?.kind === 'payment' && weiOf(message) > issuedWei(this.nodes[who]))
      this.ghost.broken ??= 'a cheque left before it was durable';
    if (message?.kind === 'paymentAck' && message.acceptedWei > receivedWei(this.nodes[who]))
      this.ghost.broken ??= 'a cheque was acknowledged before it was durable';
    return this.#next();
  }

  /** A message is looked at when it leaves and when it arrives. */
  #read(bytes: Uint8Array): Message | undefined {
    const known = this.#messages.get(bytes);
    if (known !== undefined) return known;
    const message = decodeMessage(bytes);
    if (message !== undefined) this.#messages.set(bytes, message);
    return message;
  }

  #next(): number {
    this.#sequence += 1;
    return this.#sequence;
  }

  /** One end finds the connection broken: what was under way to it is lost, and what is sent to it from now on. */
  cut(who: 0 | 1, by: 'local' | 'fault' = 'fault'): void {
    const other = this.nodes[1 - who];
    this.toward[who] = emptyFlight();
    if (other?.link !== undefined) other.link.out = emptyFlight();
    this.nodes[who].hangUp(by);
  }

  /** The process of `who` dies, with `kept` of the writes under way durable, and starts again. */
  crash(who: 0 | 1, kept: number): void {
    this.nodes[who].disk.crash(kept);
    this.#startAnew(who);
  }

  /** The process of `who` dies, and starts again with an old copy of its books. */
  restore(who: 0 | 1): void {
    this.nodes[who].disk.restore();
    this.#startAnew(who);
  }

  #startAnew(who: 0 | 1): void {
    const node = this.nodes[who];
    const other = this.nodes[1 - who];
    this.ghost.crashed = true;
    this.ghost.admitted[who] = 0;
    this.toward[who] = emptyFlight();
    if (other?.link !== undefined) other.link.out = emptyFlight();
    node.start();
  }

  serve(who: 0 | 1): void {
    const node = this.nodes[who];
    const door = node.account.door('transit');
    const bytes = door.servable(this.scenario.pieceBytes, node.clock.nowMs()).bytes;
    if (bytes === 0) return;
    const price = node.account.mine.acknowledged?.services.transit.askPerMb ?? 0;
    const hold = door.serve(bytes, node.clock.nowMs());
    this.#send(who, { bytes, tag: door.sellEpoch, upload: false, price });
    door.commit(hold);
    this.ghost.served(who, bytes, price);
  }

  grant(who: 0 | 1): void {
    const node = this.nodes[who];
    const { bytes } = node.account.door('transit').reserveForward(this.scenario.pieceBytes, node.clock.nowMs());
    if (bytes > 0) node.link?.out.grants.push({ bytes, at: this.#next() });
  }

  /** Sends through the other node, as far as it granted. */
  use(who: 0 | 1): void {
    const node = this.nodes[who];
    const door = node.account.door('transit');
    const bytes = door.usable(Math.min(node.credit, this.scenario.pieceBytes));
    if (bytes === 0) return;
    const price = node.account.theirs.newest?.services.transit.askPerMb ?? 0;
    const hold = door.use(bytes);
    this.#send(who, { bytes, tag: door.buyEpoch, upload: true, price });
    node.credit -= bytes;
    door.commit(hold);
    this.ghost.used(who, bytes, price);
  }

  #send(who: 0 | 1, frame: Omit<DataFrame, 'at'>): void {
    this.nodes[who].link?.out.data.push({ ...frame, at: this.#next() });
  }

  /** Delivers the oldest item of one class. */
  deliver(to: 0 | 1, kind: keyof Flight): void {
    const node = this.nodes[to];
    const flight = this.toward[to];
    if (kind === 'data') return this.#arrive(node, flight.data.shift());
    if (kind === 'grants') {
      node.credit += flight.grants.shift()?.bytes ?? 0;
      return;
    }
    const bytes = flight[kind].shift()?.bytes;
    if (bytes === undefined) return;
    if (kind === 'payment') this.#noteCheque(to, bytes);
    else this.#noteCounts(to, bytes);
    node.link?.handlers?.message(kind, bytes);
  }

  /** The last message about a payment comes once more. */
  repeat(to: 0 | 1): void {
    const bytes = this.paid[to];
    if (bytes !== undefined) this.nodes[to].link?.handlers?.message('payment', bytes);
  }

  /** What the buyer admits stands from the moment the seller knows it. */
  #noteCounts(to: 0 | 1, bytes: Uint8Array): void {
    const message = this.#read(bytes);
    if (message?.kind !== 'counts' || message.opening || !this.nodes[to].neighbour.session.up) return;
    this.ghost.admitted[to] = Math.max(this.ghost.admitted[to], message.consumed[0]);
  }

  #noteCheque(to: 0 | 1, bytes: Uint8Array): void {
    this.paid[to] = bytes;
    const message = this.#read(bytes);
    if (message?.kind !== 'payment') return;
    const units = Number(weiOf(message) / WEI_PER_UNIT);
    this.ghost.reached[to] = Math.max(this.ghost.reached[to], units);
  }

  #arrive(node: SmallNode, frame: DataFrame | undefined): void {
    if (frame === undefined) return;
    const door = node.account.door('transit');
    const { bytes, tag, upload, price } = frame;
    const other = (1 - node.who) as 0 | 1;
    if (upload) {
      door.arrived(bytes, tag, node.clock.nowMs());
      this.ghost.uploaded(node.who, bytes, price);
    } else {
      door.delivered(bytes, tag);
      this.ghost.delivered(other, bytes, price);
    }
  }

  /** What follows from an action: promises run out, and ends that were closed are told. Ask `restless` first. */
  async quiet(): Promise<void> {
    for (let round = 0; this.restless; round += 1) {
      if (round > TURNS) throw new Error('a small world closes its links without end');
      this.#forgetPromises();
      for (let turn = 0; turn < TURNS; turn += 1) await undefined; // oxlint-disable-line typescript/await-thenable -- one turn of the promises, nothing else
      for (const { who, link } of this.nodes) if (link?.ending !== undefined) this.cut(who, 'local');
      // Whoever is still busy waits for its disk.
      if (!this.#asynchronous && !this.ending) return;
    }
  }

  /** Did something happen that a promise may wait for, or that the nodes are not told yet? */
  get restless(): boolean {
    return this.#asynchronous || this.ending || this.nodes.some(({ neighbour }) => neighbour?.busy);
  }

  get #asynchronous(): boolean {
    const [a, b] = this.nodes;
    return a.disk.asynchronous || b.disk.asynchronous || this.chain?.asynchronous === true;
  }

  #forgetPromises(): void {
    for (const { disk } of this.nodes) disk.asynchronous = false;
    if (this.chain !== undefined) this.chain.asynchronous = false;
  }
}

/** The configurations of both nodes. */
export function smallConfigs(scenario: Scenario): readonly [NodeConfig, NodeConfig] {
  return [smallConfig(scenario, 0), smallConfig(scenario, 1)];
}

function weiOf({ proof }: PaymentMessage): bigint {
  return proof.kind === 'cheque' ? proof.cheque.cumulativeWei : 0n;
}

function issuedWei(node: SmallNode): bigint {
  let most = 0n;
  for (const row of node.disk.rows()) if (row.kind === 'issued') most = row.cumulative;
  return most;
}

function consumedUnits(node: SmallNode): number {
  for (const row of node.disk.rows()) if (row.kind === 'link') return row.consumed[0] + row.consumedCorrection[0];
  return 0;
}

function receivedWei(node: SmallNode): bigint {
  let most = 0n;
  for (const row of node.disk.rows()) if (row.kind === 'received') most = row.cumulative;
  return most;
}
