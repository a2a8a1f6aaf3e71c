import type { Signer } from '../chain/signer.ts';
import { Carrier } from '../core/carrier/carrier.ts';
import { SELF } from '../core/carrier/carrier-decision.ts';
import { type Surge, surgedToll, surgeFor } from '../core/carrier/congestion.ts';
import type { Outcome, Way } from '../core/carrier/deliveries.ts';
import type { PairFigures } from '../core/carrier/pair-queue.ts';
import type { Clock, RandomBytes } from '../core/clock.ts';
import type { Ledger } from '../core/ledger/ledger.ts';
import type { LinkAccount } from '../core/ledger/link-account.ts';
import type { NodeId } from '../core/node-id.ts';
import { HERE, NOWHERE } from '../core/routes/forwarding-table.ts';
import type { PathPrice } from '../core/routes/route.ts';
import type { Route } from '../core/routes/route-table.ts';
import type { PriorityOffers } from '../core/terms/terms.ts';
import { amount, MAX_PRICE, type PricePerMb, type Units } from '../core/units.ts';
import type { Channel, Link } from '../link/link.ts';
import type { PacketOrder, PacketOutcome } from '../packets/packet-order.ts';
import { PacketRelay } from '../packets/packet-relay.ts';
import { PacketUser } from '../packets/packet-user.ts';
import { ReceiptDesk } from '../packets/receipt-desk.ts';
import { PACKET_HEADER_BYTES } from '../wire/packet.ts';
import type { PacketsConfig } from './config.ts';
import type { PacketLinkStatus, PacketStatus } from './node.ts';
import { PacketPrepayments } from './packet-prepayments.ts';
import { carrierLinkOf, type PacketStanding, sameStanding } from './packet-standing.ts';

export interface PacketServiceOptions {
  readonly signer: Signer;
  readonly config: PacketsConfig;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  /** Read late: accounts are made with what this service holds back. */
  readonly ledger: () => Ledger;
  readonly accountOf: (neighbour: NodeId) => LinkAccount | undefined;
  readonly routeTo: (node: NodeId) => Route | undefined;
  /** What is taken for sending out to a neighbour changed. */
  readonly tolled: (neighbour: NodeId, toll: PathPrice) => void;
  /** Pays a neighbour what is owed, and so much beyond it; nothing ahead to one that the operator did not list. */
  readonly payAhead: (neighbour: NodeId, units: Units) => void;
  readonly fault: (neighbour: NodeId, error: unknown) => void;
  /** What became of a packet that asked for a receipt. */
  readonly fated: (way: Way, outcome: Outcome) => void;
  readonly emit: (
    kind: 'packet' | 'packetFate' | 'fault',
    facts: Record<string, string | number | boolean | undefined>,
  ) => void;
}

/** Pairs of a link that a status lists, those that sent most. */
const MOST_PAIRS_SHOWN = 100;
const NO_OFFERS: PriorityOffers = { sendingPerMb: 0, receivingPerMb: 0 };

interface Member {
  readonly account: LinkAccount;
  readonly link: Link;
  readonly unwatch: () => void;
  /** Terms are exchanged, and the link has been used since. */
  open: boolean;
  /** How many times the usual toll is taken for sending out to it. */
  surge: Surge;
  /** By what the carrier and routes were last told of it; undefined while the link carries nothing. */
  standing: PacketStanding | undefined;
  /** What routes were last told that sending by it takes. */
  told: PathPrice | undefined;
  /** What it offered when its packets were weighed last. */
  weighed: PriorityOffers;
}

/** Value packets on one node's links and accounts. */
export class PacketService {
  readonly user: PacketUser;
  readonly #options: PacketServiceOptions;
  readonly #members = new Map<NodeId, Member>();
  /** The same by the row of the account: looked at after every burst. */
  readonly #byRow: (Member | undefined)[] = [];
  readonly #receipts: ReceiptDesk;
  readonly #prepayments: PacketPrepayments;
  #carrier: Carrier | undefined;
  #relay: PacketRelay | undefined;

  constructor(options: PacketServiceOptions) {
    const { signer, clock, config, payAhead, randomBytes } = options;
    this.#options = options;
    this.#prepayments = new PacketPrepayments({ clock, mostUnits: config.prepayUnits, payAhead });
    this.#receipts = new ReceiptDesk(signer, clock);
    this.user = new PacketUser({
      ...{ self: signer.id, clock, randomBytes, budgetUnits: config.sendBudgetUnits },
      relay: () => this.#made.relay,
      needed: (to, payloadBytes) => this.#needed(to, payloadBytes),
      delivered: ({ from, value, bytes }) => options.emit('packet', { neighbour: from, value, bytes }),
      failed: ({ code, message }) => options.emit('fault', { code, what: message }),
      fate: ({ via, ...facts }) => {
        options.emit('packetFate', { neighbour: via, ...facts });
        if (via !== undefined && facts.scant !== true) options.fated({ via, to: facts.to }, facts);
      },
    });
  }

  /** Packets for a node leave by this neighbour from now on; undefined: no way is known. */
  route(node: NodeId, via: NodeId | undefined): void {
    const row = via === undefined ? undefined : this.#options.accountOf(via)?.row;
    this.#made.relay.route(node, row ?? NOWHERE);
  }

  /** Made when first needed: the ledger exists by then. */
  get #made(): { carrier: Carrier; relay: PacketRelay } {
    if (this.#carrier === undefined || this.#relay === undefined) {
      const { clock, config, ledger, randomBytes, signer } = this.#options;
      const [a = 0, b = 0, c = 0, d = 0] = randomBytes(4);
      const salt = (a << 24) | (b << 16) | (c << 8) | d;
      this.#carrier = new Carrier({ ledger: ledger(), salt, short: (row) => this.#shortOn(row) });
      this.#relay = new PacketRelay({
        self: signer.id,
        carrier: this.#carrier,
        clock,
        sink: this.user,
        fault: (neighbour, error) => this.#options.fault(neighbour, error),
        moved: (row) => this.#movedOn(row),
        holds: (row) => this.#byRow[row]?.account.settling === true,
        receiptFor: (packet, value) => this.#receipts.receiptFor(packet, value),
        queue: { discipline: config.discipline, maxBytes: config.queueKb * 1_024, maxPackets: config.queuePackets },
        mediumBytesPerSecond: config.sharedMediumKbit === 0 ? undefined : config.sharedMediumKbit * 125,
        weightOf: (from, to) => this.#sending(from) + this.#offers(to).receivingPerMb,
      });
      this.#relay.route(signer.id, HERE);
    }
    return { carrier: this.#carrier, relay: this.#relay };
  }

  /** What this node takes for sending a packet out. */
  get toll(): PathPrice {
    const { tollPerMb, tollPerPacket } = this.#options.config;
    return { perPacket: tollPerPacket, perMb: tollPerMb };
  }

  linkUp(link: Link): void {
    const account = this.#options.accountOf(link.peer);
    if (account === undefined) return;
    this.#members.get(link.peer)?.unwatch();
    const unwatch = account.watch(() => this.#terms(account));
    const member: Member = {
      account,
      link,
      unwatch,
      open: false,
      surge: 1,
      standing: undefined,
      told: undefined,
      weighed: NO_OFFERS,
    };
    this.#members.set(link.peer, member);
    this.#byRow[account.row] = member;
    this.#made.relay.linkUp(link, account.row);
    this.#made.carrier.setLink(account.row, undefined);
    this.#tell(member);
    this.#terms(account);
  }

  /** An account moved; and where a line grew long, or short again, its toll changes and is announced. */
  #movedOn(row: number): void {
    const member = this.#byRow[row];
    if (member === undefined) return;
    member.account.moved();
    const surge = surgeFor(this.#made.relay.fill(row), member.surge);
    if (surge === member.surge) return;
    member.surge = surge;
    this.#terms(member.account);
  }

  #shortOn(row: number): void {
    const account = this.#byRow[row]?.account;
    if (account !== undefined) this.#prepayments.soon(account);
  }

  /**
   * Sends a packet of this node's own and says what became of it; first pays ahead for it where that is needed, which
   * takes part of `order.waitMs`. Throws as `PacketUser.send`.
   */
  async send(order: PacketOrder): Promise<PacketOutcome> {
    amount(order.value, 'value');
    const startMs = this.#options.clock.nowMs();
    await this.#paidFor(order);
    const waitedMs = this.#options.clock.nowMs() - startMs;
    return this.user.send({ ...order, waitMs: Math.max(0, order.waitMs - waitedMs) });
  }

  #paidFor({ to, value, waitMs }: PacketOrder): Promise<void> {
    const via = this.#options.routeTo(to)?.via;
    const account = via === undefined ? undefined : this.#members.get(via)?.account;
    if (account === undefined) return Promise.resolve();
    return this.#prepayments.paid(account, () => this.#made.carrier.maySend(account.row, value), waitMs);
  }

  /** What a neighbour offers for its place in line (DESIGN §6). */
  #offers(row: number): PriorityOffers {
    return this.#byRow[row]?.account.theirs.newest?.priority ?? NO_OFFERS;
  }

  /** What packets from a neighbour, or of this node itself, count for in line by where they come from. */
  #sending(row: number): PricePerMb {
    return row === SELF ? this.#options.config.ownPriorityPerMb : this.#offers(row).sendingPerMb;
  }

  /** What a packet that goes out to a neighbour is charged on this hop: here, and there for what this node offers. */
  tollTo(neighbour: NodeId): PathPrice {
    const { perMb, perPacket } = this.#kept(neighbour);
    const offered = this.#members.get(neighbour)?.account.mine.newest?.priority.sendingPerMb ?? 0;
    return { perPacket, perMb: Math.min(MAX_PRICE, perMb + offered) };
  }

  /** The part of it that stays here: the toll, and what the neighbour offers for being sent to. */
  #kept(neighbour: NodeId): PathPrice {
    const member = this.#members.get(neighbour);
    const toll = surgedToll(this.toll, member?.surge ?? 1);
    const offered = member === undefined ? 0 : this.#offers(member.account.row).receivingPerMb;
    return { perPacket: toll.perPacket, perMb: Math.min(MAX_PRICE, toll.perMb + offered) };
  }

  /** Who sends by this way is told what it takes now. */
  #tell(member: Member): void {
    const { neighbour, row } = member.account;
    const now = this.tollTo(neighbour);
    const offers = this.#offers(row);
    if (
      offers.sendingPerMb !== member.weighed.sendingPerMb ||
      offers.receivingPerMb !== member.weighed.receivingPerMb
    ) {
      member.weighed = offers;
      this.#made.relay.reweigh(row);
    }
    if (member.told?.perPacket === now.perPacket && member.told.perMb === now.perMb) return;
    member.told = now;
    this.#options.tolled(neighbour, now);
  }

  /** What the link may carry now, by both sides' terms: nothing before they are exchanged. */
  #terms(account: LinkAccount): void {
    const member = this.#members.get(account.neighbour);
    if (member === undefined) return;
    const [mine, theirs] = [account.mine.limits, account.theirs.newest];
    // While a mark is being set what arrives is still taken; only what would leave waits.
    const ready = account.ready || (account.settling && member.open);
    const known = mine !== undefined && theirs !== undefined;
    member.open = ready && !account.closed && known;
    this.#stand(member, member.open && known ? { mine, theirs, surge: member.surge } : undefined);
    if (member.open && !account.settling) this.#made.relay.resume(account.row);
  }

  /** Most of what an account tells, such as each write of it, changes nothing here. */
  #stand(member: Member, now: PacketStanding | undefined): void {
    if (sameStanding(member.standing, now)) return;
    member.standing = now;
    const usual = { toll: this.toll, refusalFee: this.#options.config.refusalFee };
    this.#made.carrier.setLink(member.account.row, now === undefined ? undefined : carrierLinkOf(now, usual));
    this.#tell(member);
  }

  linkDown(link: Link): void {
    const member = this.#members.get(link.peer);
    if (member?.link !== link) return;
    member.unwatch();
    this.#made.relay.linkDown(member.account.row);
    this.#made.carrier.setLink(member.account.row, undefined);
    this.#members.delete(link.peer);
    this.#byRow[member.account.row] = undefined;
  }

  granted(link: Link): void {
    const account = this.#members.get(link.peer)?.account;
    if (account !== undefined) this.#made.relay.granted(account.row);
  }

  opened(channel: Channel): void {
    const account = this.#members.get(channel.link.peer)?.account;
    if (account !== undefined) this.#made.relay.opened(channel, account.row);
  }

  /** Bytes charged already that have not left yet. */
  waiting(link: Link): number {
    const account = this.#members.get(link.peer)?.account;
    return account === undefined ? 0 : this.#made.relay.unsent(account.row);
  }

  /** What is owed to a neighbour and may come back as change. Units. */
  heldBack(neighbour: NodeId): Units {
    const account = this.#members.get(neighbour)?.account;
    return account === undefined ? 0 : this.#made.carrier.heldBack(account.row);
  }

  /** Value of a neighbour's packets that went on to others: what it pays for that is no income. Units. */
  passedOn(neighbour: NodeId): Units {
    const account = this.#options.accountOf(neighbour);
    return account === undefined ? 0 : this.#made.carrier.passedOn(account.row);
  }

  /** What a neighbour returned beyond what it may owe: its own word. Units. */
  returnedBeyond(neighbour: NodeId): Units {
    const account = this.#options.accountOf(neighbour);
    return account === undefined ? 0 : (this.#carrier?.returnedBeyond(account.row) ?? 0);
  }

  /** What a packet of `payloadBytes` to `to` will be charged on its way; undefined where no way is known. Units. */
  quote(to: NodeId, payloadBytes: number): Units | undefined {
    const route = this.#options.routeTo(to);
    if (route === undefined) return undefined;
    if (route.via === undefined) return 0;
    // This node takes no toll from packets of its own, but the price from here has it.
    const own = this.#kept(route.via);
    const { perMb, perPacket } = route.price;
    const sizeBytes = PACKET_HEADER_BYTES + payloadBytes;
    return perPacket - own.perPacket + Math.ceil((sizeBytes * (perMb - own.perMb)) / 1_000_000);
  }

  /** … and what is left of it then must cover a refusal, by what this node asks for one. */
  #needed(to: NodeId, payloadBytes: number): Units | undefined {
    const price = this.quote(to, payloadBytes);
    return price === undefined ? undefined : price + this.#options.config.refusalFee;
  }

  /** Tolls and refusal fees kept so far. Units. */
  get earned(): { tolls: Units; fees: Units } {
    return { tolls: this.#carrier?.tolls ?? 0, fees: this.#carrier?.fees ?? 0 };
  }

  get status(): PacketStatus {
    const { given, skipped } = this.#receipts;
    const { queued = 0, unclaimed = 0 } = this.#carrier ?? {};
    const receipts = { receiptsGiven: given, receiptsSkipped: skipped };
    return { ...this.user.figures, ...this.earned, unclaimed, queued, ...receipts };
  }

  /** Packets on one link, by the pairs that send over it; undefined while it is down. */
  linkStatus(neighbour: NodeId): PacketLinkStatus | undefined {
    const member = this.#members.get(neighbour);
    if (member === undefined) return undefined;
    const { mine, row, theirs } = member.account;
    const { perMb, perPacket } = this.#kept(neighbour);
    const pairs = this.#made.relay.figures(row);
    const sum = (of: (pair: PairFigures) => number) => pairs.reduce((all, pair) => all + of(pair), 0);
    return {
      tollPerPacket: perPacket,
      tollPerMb: perMb,
      surge: member.surge,
      valueAt: mine.limits?.valueAt ?? 0,
      theirValueAt: theirs.newest?.valueAt ?? 0,
      changeDue: this.#made.carrier.changeDue(row),
      waiting: sum((pair) => pair.waiting),
      waitingBytes: sum((pair) => pair.waitingBytes),
      pairs: pairs
        .toSorted((a, b) => b.sentBytes - a.sentBytes)
        .slice(0, MOST_PAIRS_SHOWN)
        .map(({ from, ...figures }) => ({
          from: from === SELF ? 'own' : this.#byRow[from]?.account.neighbour,
          ...figures,
        })),
    };
  }

  close(): void {
    this.user.close();
    this.#relay?.close();
  }
}
