import { codeOf } from '../../core/errors.ts';
import { Column } from '../../core/ledger/columns.ts';
import type { LinkAccount } from '../../core/ledger/link-account.ts';
import type { NodeId } from '../../core/node-id.ts';
import { NO_TOLL, type RouteUpdate } from '../../core/routes/route.ts';
import { serviceColumn } from '../../core/service.ts';
import type { PriorityOffers, Terms } from '../../core/terms/terms.ts';
import type { Units } from '../../core/units.ts';
import type { NodeConfig } from '../../node/config.ts';
import type { PacketService } from '../../node/packet-service.ts';
import type { PacketOrder, PacketOutcome } from '../../packets/packet-order.ts';
import type { LinkRecord } from '../../store/store.ts';
import { decodeMessage, encodeMessage } from '../../wire/message.ts';
import { deliveredPacket, encodePacket, type PacketFields, type Receipt, returnedPacket } from '../../wire/packet.ts';
import { decodeRoutes, encodeRoutes, isRoutes, type Routes } from '../../wire/routes.ts';
import type { Cheat } from '../cheat.ts';
import type { SimNode } from '../sim-node.ts';
import { WORLD_BEGINS_MS } from '../virtual-clock.ts';
import { World } from '../world.ts';
import type { PacketSettings, WorldSettings } from '../world-settings.ts';
import { type Heard, heardOf } from './heard-packet.ts';
import { ToldMail } from './told-mail.ts';
import { mustBeSame, Untrue } from './untrue.ts';

/** What a story of packets or routes begins with. Nodes have letters for names. */
export interface Neighbourhood {
  /** Who is whose neighbour; the first of each two dials. A line of three unless given. */
  readonly links?: readonly string[];
  /**
   * Nodes of which the story tells what they say of packets and routes; their sessions and books are real. The last
   * letters of all. Each says at the beginning that it is there, unless it is `mute`.
   */
  readonly told?: string;
  readonly mute?: true;
  readonly packets?: Partial<PacketSettings>;
  readonly settings?: Partial<WorldSettings>;
  readonly config?: (config: NodeConfig, name: string) => NodeConfig;
  /** Each had so many neighbours before, and still has books about them. */
  readonly before?: number;
  /** What these draw at random is always the same. */
  readonly stuck?: string;
  /** Told nodes do what an honest neighbour never does, so what honest ones can rely on does not hold. */
  readonly dishonest?: true;
}

/** What a told node sends: its value, to whom, and whatever else of it matters. */
export type Told = Partial<PacketFields> & { readonly to: string; readonly value: Units };

const { packets: PACKETS } = serviceColumn;
const NEVER_MS = 1e9;
/** Round numbers: a packet costs 5, a refusal 2; everybody is trusted with 1,000 in packets and 3,000 in all. */
const PLAIN: PacketSettings = {
  ...{ tollPerPacket: 5, tollPerMb: 0, refusalFee: 2, valueAt: 1_000, prepay: 0, price: 0 },
  ...{ everyMs: NEVER_MS, mostValue: 1 },
};
const SETTINGS: Partial<WorldSettings> = {
  ...{ costPerMb: 20_000, payAt: 2_000, dropAt: 3_000, riskAt: 20_000, weiPerUnit: 1n },
  ...{ tradeEveryMs: NEVER_MS, tradeBytes: 1, journalWindowMs: 50, methods: ['cheque'], blockMs: 0 },
};
const LINE = ['AB', 'BC'] as const;
/** Everybody knows every way by then, or never. */
const READY_MS = 5_000;
/** A few times there and back, over every link of a story, and a journal written. */
const CALM_MS = 200;
/** Whoever waits for a promise, and no port, goes on so often. */
const BEAT_MS = 50;
const TOLD: Cheat = { name: 'told', join: () => undefined };

/** Tells a story of packets and routes: production nodes, some told neighbours, one timeline. */
export class PacketTeller {
  readonly world: World;
  readonly #neighbourhood: Neighbourhood;
  readonly #told: ReadonlySet<string>;
  readonly #mails = new Map<string, ToldMail>();
  readonly #heard: Heard[] = [];
  readonly #routes: { readonly at: string; readonly from: string; readonly routes: Routes }[] = [];
  readonly #news: { readonly at: string; readonly said: string }[] = [];
  /** How far the clock of each is ahead, since it slept. */
  readonly #slept = new Map<string, number>();
  #ids = 0;

  private constructor(neighbourhood: Neighbourhood) {
    const { links = LINE, packets, settings, told = '' } = neighbourhood;
    this.#neighbourhood = neighbourhood;
    this.#told = new Set(told);
    const letters = [...new Set(links.join(''))].sort();
    this.world = new World({
      seed: 'told',
      nodes: letters.length,
      cheats: Array.from(told, () => TOLD),
      edges: links.map((link) => [letters.indexOf(link[0] as string), letters.indexOf(link[1] as string)] as const),
      faults: [],
      settings: { ...SETTINGS, packets: { ...PLAIN, ...packets }, ...settings },
    });
    for (const node of this.world.nodes) this.#prepare(node);
  }

  static async begin(neighbourhood: Neighbourhood = {}): Promise<PacketTeller> {
    const teller = new PacketTeller(neighbourhood);
    await teller.#ready();
    return teller;
  }

  #prepare(node: SimNode): void {
    const { name, watch } = node;
    const { before = 0, config, stuck = '' } = this.#neighbourhood;
    if (config !== undefined) node.config = config(node.config, name);
    const told = this.#told.has(name);
    const arrived = told ? (from: NodeId, packet: Buffer) => this.#arrived(node, this.nameOf(from), packet) : undefined;
    const mail = new ToldMail(arrived);
    this.#mails.set(name, mail);
    node.alter = (ports) => {
      mail.listenTo(ports.transport);
      const { clock, store } = ports;
      const load = store.load.bind(store);
      store.load = async () => {
        const stored = await load();
        return { ...stored, links: [...strangers(before), ...stored.links] };
      };
      const slept = () => this.#slept.get(name) ?? 0;
      return {
        ...ports,
        clock: {
          nowMs: () => clock.nowMs() + slept(),
          wallMs: () => clock.wallMs() + slept(),
          after: (delayMs, fire) => clock.after(delayMs, fire),
        },
        ...(stuck.includes(name) && { randomBytes: (count: number) => Buffer.alloc(count, 0x77) }),
      };
    };
    // Nobody serves requests but where a story says so.
    node.started.push(() => node.node?.packets?.user.serve(undefined));
    if (watch !== undefined)
      node.watch = {
        ...watch,
        said: (self, event) => {
          this.#news.push({ at: name, said: [event.kind, event['code'], event['standing']].filter(Boolean).join(' ') });
          watch.said(self, event);
        },
      };
    if (!told) return;
    node.tamper = {
      outgoing: (_peer, _kind, bytes) => (isRoutes(bytes) ? [] : undefined),
      incoming: (peer, _kind, bytes) => {
        if (!isRoutes(bytes)) return this.#knows(node, peer, bytes) ? undefined : [];
        this.#routes.push({ at: name, from: this.nameOf(peer), routes: decodeRoutes(bytes) });
        return [];
      },
    };
  }

  /** False for an answer to terms of which only the story knows. */
  #knows(node: SimNode, peer: NodeId, bytes: Uint8Array): boolean {
    const message = decodeMessage(bytes);
    if (message?.kind !== 'termsAck') return true;
    return message.epoch <= (node.accountOf(peer)?.mine.newest?.epoch ?? message.epoch);
  }

  async #ready(): Promise<void> {
    const { edges, timeline } = this.world;
    this.world.begin();
    const ready = (a: SimNode, b: SimNode): boolean => a.accountOf(b.id)?.ready === true;
    await this.world.advance(() => timeline.nowMs > READY_MS || edges.every(([a, b]) => ready(a, b) && ready(b, a)));
    await this.calm();
    if (this.#neighbourhood.mute !== true)
      for (const [a, b] of edges)
        for (const [from, to] of [
          [a, b],
          [b, a],
        ] as const)
          if (this.#told.has(from.name))
            this.tellsRoutes(from.name, to.name, { updates: [this.itself(from.name)], requests: [] });
    await this.calm();
    this.heard();
    this.heardRoutes();
    this.said();
  }

  node(name: string): SimNode {
    const found = this.world.nodes.find((node) => node.name === name);
    if (found === undefined) throw new Error(`nobody is called ${name}`);
    return found;
  }

  id(name: string): NodeId {
    return this.node(name).id;
  }

  nameOf(id: NodeId): string {
    return this.world.nodes.find((node) => node.id === id)?.name ?? id;
  }

  packets(name: string): PacketService {
    return this.node(name).node?.packets as PacketService;
  }

  account(name: string, neighbour: string): LinkAccount {
    return this.node(name).accountOf(this.id(neighbour)) as LinkAccount;
  }

  /** A number of the books of a node about a neighbour. */
  cell(name: string, neighbour: string, column: number): number {
    const { ledger, row } = this.account(name, neighbour);
    return ledger.get(row, column);
  }

  /** What a neighbour owes a node. Units, negative: it is owed to the neighbour. */
  balance(name: string, neighbour: string): Units {
    return this.cell(name, neighbour, Column.balance);
  }

  /** So much time passes, with whatever happens in it. */
  async pass(ms: number): Promise<void> {
    const { invariants, timeline } = this.world;
    const endMs = timeline.nowMs + ms;
    for (let atMs = BEAT_MS; atMs < ms + BEAT_MS; atMs += BEAT_MS)
      timeline.post(Math.min(atMs, ms), () => timeline.asynchronous(), 0);
    await this.world.advance(() => timeline.nowMs >= endMs);
    timeline.asynchronous();
    await this.world.advance(() => true);
    const { broken } = invariants;
    if (broken !== undefined && this.#neighbourhood.dishonest !== true) throw new Untrue(broken.message);
  }

  /** What is under way arrives. */
  calm(): Promise<void> {
    return this.pass(CALM_MS);
  }

  /** A node sends a packet of its own; what becomes of it is told later. */
  sends(name: string, order: Omit<Partial<PacketOrder>, 'to'> & { readonly to: string; readonly value: Units }): Sent {
    const sent: Sent = { outcome: undefined, failed: undefined };
    const plain = { payload: new Uint8Array(0), replies: 0, waitMs: 5_000 };
    this.packets(name)
      .send({ ...plain, ...order, to: this.id(order.to) })
      .then(
        (outcome) => Object.assign(sent, { outcome }),
        (error: unknown) => Object.assign(sent, { failed: codeOf(error) ?? String(error) }),
      );
    this.world.timeline.asynchronous();
    return sent;
  }

  /** The same, until its fate is known. */
  async sent(name: string, order: Parameters<PacketTeller['sends']>[1]): Promise<PacketOutcome> {
    const sent = this.sends(name, order);
    for (let turn = 0; sent.outcome === undefined && sent.failed === undefined && turn < 100; turn += 1)
      await this.calm();
    if (sent.failed !== undefined) throw new Untrue(`a packet did not leave: ${sent.failed}`);
    if (sent.outcome === undefined) throw new Untrue('the fate of a packet is never known');
    return sent.outcome;
  }

  // told nodes

  /** A told node sends a packet to a neighbour, and books it as an honest one would. Returns its bytes. */
  tells(from: string, at: string, { to, ...fields }: Told): Buffer {
    const packet = encodePacket({ id: this.newId(), payload: new Uint8Array(0), destination: this.id(to), ...fields });
    return this.hands(from, at, packet);
  }

  /** … gives one back that came from there. */
  returns(from: string, at: string, packet: Buffer, back: Receipt & { readonly value: Units }): Buffer {
    return this.hands(from, at, returnedPacket(packet, back.value, back));
  }

  /** … says that it arrived. No signature is looked at on the way. */
  receipts(from: string, at: string, packet: Buffer): Buffer {
    return this.hands(from, at, deliveredPacket(packet, new Uint8Array(65)));
  }

  /** … and these bytes, as they are. */
  hands(from: string, at: string, packet: Buffer): Buffer {
    const { kind, value } = heardOf(packet);
    if (kind !== 'receipt') {
      const { ledger, row } = this.account(from, at);
      ledger.consumed(row, PACKETS, value);
    }
    this.#mails.get(at)?.put(this.id(from), packet);
    this.world.timeline.asynchronous();
    return packet;
  }

  /** Eight bytes that no packet of this story has yet. */
  newId(): Buffer {
    this.#ids += 1;
    const id = Buffer.alloc(8, 0x5e);
    id.writeUInt32BE(this.#ids, 4);
    return id;
  }

  #arrived(node: SimNode, from: string, bytes: Buffer): void {
    const heard = heardOf(bytes);
    if (heard.kind !== 'receipt') {
      const { ledger, row } = this.account(node.name, from);
      ledger.provided(row, PACKETS, heard.value);
    }
    const by = heard.by === undefined ? {} : { by: this.nameOf(heard.by) };
    this.#heard.push({ at: node.name, from, ...heard, ...by });
  }

  /** What reached a told node, or all of them, since this was last asked, the oldest first. */
  heard(at?: string): Heard[] {
    const found = this.#heard.filter((each) => at === undefined || each.at === at);
    for (const each of found) this.#heard.splice(this.#heard.indexOf(each), 1);
    return found;
  }

  /** The same in a few words each. */
  heardWords(at?: string): string[] {
    return this.heard(at).map(({ from, kind, reason, value, wanted }) =>
      [kind, value, 'from', from, reason ?? '', wanted || ''].join(' ').trim(),
    );
  }

  /** What a told node says of itself: it is there, and costs nothing. */
  itself(name: string, more: Partial<RouteUpdate> = {}): RouteUpdate {
    const id = this.id(name);
    return { destination: id, origin: id, sequence: WORLD_BEGINS_MS / 1_000, metric: 0, price: NO_TOLL, ...more };
  }

  /** A told node says this of routes to a neighbour. */
  tellsRoutes(from: string, to: string, routes: Partial<Routes>): void {
    this.#sendRaw(from, to, encodeRoutes({ updates: [], requests: [], ...routes }));
  }

  #sendRaw(from: string, to: string, message: Uint8Array): void {
    for (const link of this.node(from).transport?.links ?? [])
      if (link.peer === this.id(to)) link.sendRaw('control', message);
  }

  /** A told node offers so much more for its place in line from now on. Units per MB. */
  offers(from: string, to: string, priority: PriorityOffers): void {
    const last = this.account(to, from).theirs.newest as Terms;
    this.#sendRaw(from, to, encodeMessage({ kind: 'terms', terms: { ...last, epoch: last.epoch + 1, priority } }));
  }

  /** What told nodes were told of routes since this was last asked. */
  heardRoutes(at?: string): { readonly at: string; readonly from: string; readonly routes: Routes }[] {
    return this.#routes.splice(0).filter((each) => at === undefined || each.at === at);
  }

  // what happens to them

  /** So many bytes of packets may leave a node to a neighbour from now on: none, or as many as it likes. */
  allows(name: string, to: string, bytes = Number.POSITIVE_INFINITY): void {
    this.#mails.get(name)?.allow(this.id(to), bytes);
    this.world.timeline.asynchronous();
  }

  /** All connections between two break; they are made anew after a while. */
  cut(a: string, b: string): void {
    this.world.network.cut(this.id(a), this.id(b));
  }

  /** A machine sleeps: its clock goes on, and all that it set itself to do comes later than it should. */
  sleeps(name: string, ms: number): void {
    this.#slept.set(name, (this.#slept.get(name) ?? 0) + ms);
  }

  /** What nodes said of themselves since this was last asked. */
  said(name?: string): string[] {
    return this.#news.splice(0).flatMap(({ at, said }) => (name === undefined || at === name ? [said] : []));
  }

  same(what: string, actual: unknown, expected: unknown): void {
    mustBeSame(what, actual, expected);
  }
}

/** A packet of a production node, and what became of it. */
export interface Sent {
  readonly outcome: PacketOutcome | undefined;
  readonly failed: string | undefined;
}

/** Books about neighbours that are gone, as a disk has them. */
function strangers(count: number): LinkRecord[] {
  const none = [0, 0, 0] as const;
  const services = { provided: none, consumed: none, providedBytes: none, consumedBytes: none };
  const rest = { providedRemainder: none, consumedRemainder: none, providedCorrection: none, consumedCorrection: none };
  const sums = { attempts: 0, paid: 0, received: 0, faded: 0, barterNet: none, lease: 0, chokedSinceMs: 0 };
  return Array.from({ length: count }, (_, at) => {
    const neighbour = `0x${String(at).padStart(40, '0')}`;
    return { kind: 'link', neighbour, ...services, ...rest, ...sums, closed: false, updatedMs: 0, historyRows: 0 };
  });
}
