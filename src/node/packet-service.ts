import { Carrier, type CarrierLink } from '../core/carrier.ts';
import type { Clock, RandomBytes } from '../core/clock.ts';
import { type Surge, surgedToll, surgeFor } from '../core/congestion.ts';
import { HERE, NOWHERE } from '../core/forwarding-table.ts';
import type { Ledger } from '../core/ledger.ts';
import type { LinkAccount } from '../core/link-account.ts';
import type { NodeId } from '../core/node-id.ts';
import type { PairFigures } from '../core/pair-queue.ts';
import type { PathPrice } from '../core/route.ts';
import type { Route } from '../core/route-table.ts';
import type { Units } from '../core/units.ts';
import type { Channel, Link } from '../link/link.ts';
import { PacketRelay } from '../packets/packet-relay.ts';
import { PacketUser } from '../packets/packet-user.ts';
import { PACKET_HEADER_BYTES } from '../wire/packet.ts';
import type { PacketsConfig } from './config.ts';
import type { PacketStatus } from './node.ts';

export interface PacketServiceOptions {
  readonly self: NodeId;
  readonly config: PacketsConfig;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  /** Read late: accounts are made with what this service holds back. */
  readonly ledger: () => Ledger;
  readonly accountOf: (neighbour: NodeId) => LinkAccount | undefined;
  readonly routeTo: (node: NodeId) => Route | undefined;
  /** What is taken for sending out to a neighbour changed. */
  readonly tolled: (neighbour: NodeId, toll: PathPrice) => void;
  readonly fault: (neighbour: NodeId, error: unknown) => void;
  readonly emit: (kind: 'packet', facts: Record<string, string | number | undefined>) => void;
}

interface Member {
  readonly account: LinkAccount;
  readonly link: Link;
  readonly unwatch: () => void;
  /** Terms are exchanged, and the link has been used since. */
  open: boolean;
  /** How many times the usual toll is taken for sending out to it. */
  surge: Surge;
}

/** Value packets on one node's links and accounts. */
export class PacketService {
  readonly user: PacketUser;
  readonly #options: PacketServiceOptions;
  readonly #members = new Map<NodeId, Member>();
  /** The same by the row of the account: looked at after every burst. */
  readonly #byRow: (Member | undefined)[] = [];
  #carrier: Carrier | undefined;
  #relay: PacketRelay | undefined;

  constructor(options: PacketServiceOptions) {
    const { self, clock, randomBytes } = options;
    this.#options = options;
    this.user = new PacketUser({
      self,
      clock,
      randomBytes,
      relay: () => this.#made.relay,
      delivered: ({ from, value, bytes }) => options.emit('packet', { neighbour: from, value, bytes }),
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
      const { clock, config, ledger, randomBytes, self } = this.#options;
      const [a = 0, b = 0, c = 0, d = 0] = randomBytes(4);
      this.#carrier = new Carrier({ ledger: ledger(), salt: (a << 24) | (b << 16) | (c << 8) | d });
      this.#relay = new PacketRelay({
        self,
        carrier: this.#carrier,
        clock,
        sink: this.user,
        fault: (neighbour, error) => this.#options.fault(neighbour, error),
        moved: (row) => this.#movedOn(row),
        holds: (row) => this.#byRow[row]?.account.settling === true,
        queue: { discipline: config.discipline },
      });
      this.#relay.route(self, HERE);
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
    const member: Member = { account, link, unwatch, open: false, surge: 1 };
    this.#members.set(link.peer, member);
    this.#byRow[account.row] = member;
    this.#made.relay.linkUp(link, account.row);
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
    this.#options.tolled(member.account.neighbour, surgedToll(this.toll, surge));
  }

  /** What the link may carry now, by both sides' terms: nothing before they are exchanged. */
  #terms(account: LinkAccount): void {
    const [mine, theirs] = [account.mine.newest, account.theirs.newest];
    const member = this.#members.get(account.neighbour);
    // While a mark is being set what arrives is still taken; only what would leave waits.
    const ready = account.ready || (account.settling && member?.open === true);
    const open = ready && !account.closed && mine !== undefined && theirs !== undefined;
    if (member !== undefined) member.open = open;
    const { refusalFee } = this.#options.config;
    this.#made.carrier.setLink(
      account.row,
      open ? { ...this.#tollTo(member), valueAt: mine.valueAt, peerValueAt: theirs.valueAt, refusalFee } : undefined,
    );
    if (open && !account.settling) this.#made.relay.resume(account.row);
  }

  #tollTo(member: Member | undefined): Pick<CarrierLink, 'toll' | 'surgePerPacket'> {
    const toll = surgedToll(this.toll, member?.surge ?? 1);
    return { toll, surgePerPacket: toll.perPacket - this.toll.perPacket };
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

  /** What a packet of `payloadBytes` to `to` will be charged on its way; undefined where no way is known. Units. */
  quote(to: NodeId, payloadBytes: number): Units | undefined {
    const route = this.#options.routeTo(to);
    if (route === undefined) return undefined;
    if (route.via === undefined) return 0;
    // This node takes no toll from packets of its own, but the price from here has it.
    const own = surgedToll(this.toll, this.#members.get(route.via)?.surge ?? 1);
    const { perMb, perPacket } = route.price;
    const sizeBytes = PACKET_HEADER_BYTES + payloadBytes;
    return perPacket - own.perPacket + Math.ceil((sizeBytes * (perMb - own.perMb)) / 1_000_000);
  }

  /** Tolls and refusal fees kept so far. Units. */
  get earned(): { tolls: Units; fees: Units } {
    return { tolls: this.#carrier?.tolls ?? 0, fees: this.#carrier?.fees ?? 0 };
  }

  get status(): PacketStatus {
    return { ...this.user.figures, ...this.earned };
  }

  queues(neighbour: NodeId): PairFigures[] {
    const account = this.#members.get(neighbour)?.account;
    return account === undefined ? [] : this.#made.relay.figures(account.row);
  }

  close(): void {
    this.user.close();
  }
}
