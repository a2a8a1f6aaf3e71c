import type { ChannelBooks, ChannelChain, ChannelFacts, ChannelPlace } from '../chain/channel-chain.ts';
import { type ChannelWithdrawal, orderParties } from '../chain/channel-signing.ts';
import type { Clock } from '../core/clock.ts';
import type { NodeId } from '../core/node-id.ts';
import type { NoteRecord, Store } from '../store/store.ts';

/** Channels remembered at once: a neighbour has one open at a time, so more is somebody opening them in a loop. */
const MAX_CHANNELS = 65_536;

/** One channel of this node, as the chain had it when it was last read. */
export interface KnownChannel {
  readonly address: NodeId;
  readonly neighbour: NodeId;
  readonly facts: ChannelFacts;
  /** The books of this node and of the neighbour, what both signed to take out counted as taken; where the neighbour is paid. */
  readonly mine: ChannelBooks;
  readonly theirs: ChannelBooks;
  /** Of the neighbour's deposit, what no reorganisation takes back any more. */
  readonly sureWei: bigint;
  readonly theirPayee: NodeId;
  readonly iAmA: boolean;
}

export interface ChannelBookOptions {
  /** Undefined: nothing is looked up, what is remembered stands. */
  readonly chain: ChannelChain | undefined;
  readonly store: Store;
  readonly me: NodeId;
  /** Freeze period of channels opened here, seconds. */
  readonly freezeSeconds: number;
  /** A deposit is sure when so many blocks stand on it, its own included; 1 unless given. */
  readonly confirmations?: number;
  /** Some of the neighbour's deposit is not sure yet: to be looked at again when there are more blocks. */
  readonly young?: (channel: NodeId, neighbour: NodeId) => void;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly notes: readonly NoteRecord[];
}

/**
 * What was signed to be taken out counts as taken for so long after the chain would refuse it: clocks may be wrong by
 * hours, and it only keeps back what somebody wanted to have. Seconds.
 */
const FORGET_S = 86_400;

/** What is known of this node's channels: read from the chain in the background, kept in the store. */
export class ChannelBook {
  readonly #options: ChannelBookOptions;
  readonly #known = new Map<NodeId, KnownChannel>();
  /** Of each neighbour, the addresses of its channels. */
  readonly #with = new Map<NodeId, Set<NodeId>>();
  readonly #absent = new Set<NodeId>();
  /** Channels that a reorganisation took back, with whom. */
  readonly #undone = new Map<NodeId, NodeId>();
  /** Of which more is known than is on disk. */
  readonly #unwritten = new Set<NodeId>();
  /** What was signed to be taken out, by channel. */
  readonly #signed = new Map<NodeId, ChannelWithdrawal>();
  /** What of the neighbour's deposit is sure, by channel. */
  readonly #sure = new Map<NodeId, bigint>();
  readonly #reading = new Map<NodeId, Promise<void>>();

  constructor(options: ChannelBookOptions) {
    this.#options = options;
    for (const { name, text } of options.notes) {
      if (!name.startsWith(PREFIX)) continue;
      const { neighbour, facts, signed, sureWei } = parse(text);
      const address = name.slice(PREFIX.length);
      if (sureWei !== undefined) this.#sure.set(address, sureWei);
      if (signed !== undefined) this.#signed.set(address, signed);
      const known = this.#view(address, neighbour, facts);
      if (known !== undefined) this.#remember(known);
    }
  }

  #remember(known: KnownChannel): void {
    const { address, neighbour } = known;
    this.#known.set(address, known);
    const others = this.#with.get(neighbour);
    if (others === undefined) this.#with.set(neighbour, new Set([address]));
    else others.add(address);
  }

  at(channel: NodeId): KnownChannel | 'unread' | 'absent' {
    return this.#known.get(channel) ?? (this.#absent.has(channel) ? 'absent' : 'unread');
  }

  all(): readonly KnownChannel[] {
    return [...this.#known.values()];
  }

  /** Those that stood and do not any more: on the branch that won they may be mined yet, and be closed there. */
  undone(): readonly Pick<KnownChannel, 'address' | 'neighbour'>[] {
    return [...this.#undone].map(([address, neighbour]) => ({ address, neighbour }));
  }

  /** The channel with this neighbour that is open and not about to be closed: the newest, if there are several. */
  open(neighbour: NodeId): KnownChannel | undefined {
    let best: KnownChannel | undefined;
    for (const address of this.#with.get(neighbour) ?? []) {
      const each = this.#known.get(address);
      if (each === undefined) continue;
      const { closed, closesAtS, nonce } = each.facts;
      if (closed || closesAtS !== undefined) continue;
      if (best === undefined || nonce > best.facts.nonce) best = each;
    }
    return best;
  }

  /** Reads a channel of this neighbour again. Never rejects: what could not be read stays as it was. */
  async read(channel: NodeId, neighbour: NodeId): Promise<void> {
    const running = this.#reading.get(channel) ?? this.#read(channel, neighbour);
    this.#reading.set(channel, running);
    await running;
  }

  async #read(channel: NodeId, neighbour: NodeId): Promise<void> {
    try {
      const facts = await this.#options.chain?.facts(channel);
      if (this.#options.chain === undefined) return;
      // An endpoint may know nothing of older blocks: nothing more gets sure then.
      if (facts !== undefined) await this.#weigh(channel, neighbour, facts).catch(() => undefined);
      const known = facts === undefined ? undefined : this.#view(channel, neighbour, facts);
      if (known === undefined) this.#forget(channel);
      else await this.#keep(known);
    } catch {
      // Unread, or as it was: a payment that needs it is refused for now, and the payer tries again.
    } finally {
      this.#reading.delete(channel);
    }
  }

  /** Closed, with as many blocks on that as are asked for. Never rejects: what cannot be read is not. */
  async closedForGood(channel: NodeId): Promise<boolean> {
    const { chain, confirmations = 1 } = this.#options;
    const then = await chain?.facts(channel, confirmations).catch(() => undefined);
    return then?.closed === true;
  }

  /** How much of the neighbour's deposit has as many blocks on it as are asked for. What cannot be read is not sure. */
  async #weigh(channel: NodeId, neighbour: NodeId, facts: ChannelFacts): Promise<void> {
    const { chain, confirmations = 1, me } = this.#options;
    const theirs = (of: ChannelFacts): bigint => (of.parties.a.signer === me ? of.b : of.a).depositedWei;
    const before = this.#sure.get(channel) ?? 0n;
    const all = theirs(facts);
    if (confirmations <= 1 || before >= all) this.#sure.set(channel, all);
    else {
      this.#sure.set(channel, before);
      const then = await chain?.facts(channel, confirmations);
      const deep = then === undefined ? 0n : theirs(then);
      this.#sure.set(channel, larger(before, deep < all ? deep : all));
    }
    if (this.#sure.get(channel) !== all) this.#options.young?.(channel, neighbour);
  }

  /** A reorganisation may have undone it: it is opened again in its turn, at the same place. */
  #forget(channel: NodeId): void {
    const known = this.#known.get(channel);
    this.#known.delete(channel);
    this.#sure.delete(channel);
    if (known !== undefined) {
      this.#with.get(known.neighbour)?.delete(channel);
      if (this.#undone.size < MAX_CHANNELS) this.#undone.set(channel, known.neighbour);
    }
    if (this.#absent.size >= MAX_CHANNELS) this.#absent.clear();
    this.#absent.add(channel);
  }

  async #keep(known: KnownChannel): Promise<void> {
    const { address, facts, sureWei } = known;
    const before = this.#known.get(address);
    if (before === undefined && this.#known.size >= MAX_CHANNELS) return;
    this.#absent.delete(address);
    // Nobody would watch it after a crash: before it is written down nothing is paid in it.
    const isNew = before === undefined && !this.#undone.has(address);
    if (isNew) await this.#write(known);
    this.#undone.delete(address);
    this.#remember(known);
    const same = before?.sureWei === sureWei && format(before.facts) === format(facts);
    if (!isNew && (!same || this.#unwritten.has(address))) await this.#write(known);
  }

  async #write({ address, facts, neighbour, sureWei }: KnownChannel): Promise<void> {
    const text = format({ neighbour, facts, signed: this.#signed.get(address), sureWei });
    this.#unwritten.add(address);
    await this.#options.store.commit([{ kind: 'note', name: PREFIX + address, text }]);
    this.#unwritten.delete(address);
  }

  /**
   * This node is about to sign that so much is taken out: from now on it counts as taken, whether the chain ever hears of
   * it or not. Durable when it resolves. Throws `STORE_*`, and counts it all the same until a restart.
   */
  async signs(address: NodeId, withdrawal: ChannelWithdrawal): Promise<void> {
    const known = this.#known.get(address);
    if (known === undefined) return;
    const before = this.#stillSigned(address);
    const { validUntilS, withdrawnByAWei, withdrawnByBWei } = withdrawal;
    this.#signed.set(address, {
      withdrawnByAWei: larger(withdrawnByAWei, before?.withdrawnByAWei ?? 0n),
      withdrawnByBWei: larger(withdrawnByBWei, before?.withdrawnByBWei ?? 0n),
      validUntilS: Math.max(validUntilS, before?.validUntilS ?? 0),
    });
    const after = this.#view(address, known.neighbour, known.facts);
    if (after === undefined) return;
    this.#remember(after);
    await this.#write(after);
  }

  #stillSigned(address: NodeId): ChannelWithdrawal | undefined {
    const signed = this.#signed.get(address);
    if (signed === undefined || signed.validUntilS + FORGET_S > this.#options.clock.wallMs() / 1000) return signed;
    this.#signed.delete(address);
    return undefined;
  }

  /** Undefined where it is none between the two of us: there is nothing to know of it. */
  #view(address: NodeId, neighbour: NodeId, facts: ChannelFacts): KnownChannel | undefined {
    const { me } = this.#options;
    const { a, b } = facts.parties;
    const iAmA = a.signer === me;
    const [own, other] = iAmA ? [a, b] : [b, a];
    const ours = facts.fromFactory && own.signer === me && own.payee === me && other.signer === neighbour;
    if (!ours) return undefined;
    const signed = this.#stillSigned(address);
    const ofA = withdrawn(facts.a, signed?.withdrawnByAWei);
    const ofB = withdrawn(facts.b, signed?.withdrawnByBWei);
    const [mine, theirs] = iAmA ? [ofA, ofB] : [ofB, ofA];
    // Where none was noted every deposit counted from its first block on.
    const sureWei = this.#sure.get(address) ?? theirs.depositedWei;
    return { address, neighbour, facts, mine, theirs, sureWei, theirPayee: other.payee, iAmA };
  }

  /**
   * Sees to a channel with this neighbour in which I have something: finds it, opens it, or adds `wei` to it. Returns
   * when it is mined and read. Throws the chain's errors.
   */
  async fund(neighbour: NodeId, wei: bigint): Promise<KnownChannel | undefined> {
    const { chain, me } = this.#options;
    if (chain === undefined) return undefined;
    const standing = this.open(neighbour);
    if (standing !== undefined) {
      await chain.deposit(standing.address, { payee: me, wei });
      await this.read(standing.address, neighbour);
      return this.open(neighbour);
    }
    const { address, facts, place } = await this.#place(chain, neighbour);
    const mine = facts === undefined ? undefined : this.#view(address, neighbour, facts)?.mine;
    // One that stands with a deposit of mine was opened before a crash: nothing is sent twice.
    if (mine === undefined || mine.depositedWei === 0n) await chain.open(place, { payee: me, wei });
    await this.read(address, neighbour);
    return this.open(neighbour);
  }

  /** The first place of the two of us where nothing is closed, or being closed: both ends find the same one. */
  async #place(
    chain: ChannelChain,
    neighbour: NodeId,
  ): Promise<{ address: NodeId; facts: ChannelFacts | undefined; place: ChannelPlace }> {
    const { freezeSeconds, me } = this.#options;
    const parties = orderParties({ signer: me, payee: me }, { signer: neighbour, payee: neighbour });
    for (let nonce = 0; ; nonce += 1) {
      const place = { parties, freezeSeconds, nonce };
      const address = await chain.address(place);
      const facts = await chain.facts(address);
      if (facts === undefined || !(facts.closed || facts.closesAtS !== undefined)) return { address, facts, place };
    }
  }
}

const PREFIX = 'channel:';

function format(written: ChannelFacts | Note): string {
  return JSON.stringify(written, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value));
}

function withdrawn(books: ChannelBooks, signedWei = 0n): ChannelBooks {
  return signedWei > books.withdrawnWei ? { ...books, withdrawnWei: signedWei } : books;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

type Written = Record<keyof ChannelBooks, string>;

interface Note {
  readonly neighbour: NodeId;
  readonly facts: ChannelFacts;
  readonly signed?: ChannelWithdrawal | undefined;
  readonly sureWei?: bigint | undefined;
}

function parse(text: string): Note {
  const { facts, neighbour, signed, sureWei } = JSON.parse(text) as {
    neighbour: NodeId;
    facts: Omit<ChannelFacts, 'a' | 'b'> & { a: Written; b: Written };
    signed?: Record<'withdrawnByAWei' | 'withdrawnByBWei', string> & { validUntilS: number };
    sureWei?: string;
  };
  const sure = sureWei === undefined ? undefined : BigInt(sureWei);
  const note = { neighbour, facts: { ...facts, a: booksOf(facts.a), b: booksOf(facts.b) }, sureWei: sure };
  if (signed === undefined) return note;
  const { validUntilS, withdrawnByAWei, withdrawnByBWei } = signed;
  const wei = { withdrawnByAWei: BigInt(withdrawnByAWei), withdrawnByBWei: BigInt(withdrawnByBWei) };
  return { ...note, signed: { ...wei, validUntilS } };
}

function booksOf(written: Written): ChannelBooks {
  return {
    depositedWei: BigInt(written.depositedWei),
    withdrawnWei: BigInt(written.withdrawnWei),
    paidWei: BigInt(written.paidWei),
    unclaimedWei: BigInt(written.unclaimedWei),
  };
}
