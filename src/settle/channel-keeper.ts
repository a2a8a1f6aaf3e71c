import type { ChannelChain } from '../chain/channel-chain.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { codeOf } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { roomWei } from '../core/settlement/channel-payment.ts';
import { answerClose } from './channel-answer.ts';
import type { ChannelBook, KnownChannel } from './channel-book.ts';
import type { ChannelDesk } from './channel-desk.ts';

export interface ChannelKeeperOptions {
  readonly chain: ChannelChain;
  readonly clock: Clock;
  /** Where this node is paid. */
  readonly me: NodeId;
  readonly book: ChannelBook;
  readonly desk: ChannelDesk;
  /** What a new channel is opened with, and what it is topped up by. */
  readonly depositWei: bigint;
  /** How often the chain is asked of each channel. Far below the shortest freeze period. */
  readonly everyMs: number;
  /** Time between two blocks: a young deposit is looked at again so soon. */
  readonly blockMs: number;
  /** What the terms say of this neighbour's channel may have changed. */
  readonly changed: (neighbour: NodeId) => void;
  /** A closed channel does not pay this much of what was taken. */
  readonly lost: (neighbour: NodeId, wei: bigint) => void;
  /** Its payer had it there and left it out, for good. Told once in each life of the node: what follows must last. */
  readonly leftOut: (neighbour: NodeId) => void;
  readonly emit: (kind: 'channel' | 'fault', facts: Record<string, string | number>) => void;
}

type ChannelState = 'open' | 'closing' | 'closed';

/** After a failure, for example where the chain does not answer, so long before the same thing is tried again. */
const RETRY_MS = 10_000;

/** A young deposit is not looked at more often than this, however fast blocks come. */
const LEAST_SOON_MS = 1_000;

/** So long after its close a channel is still looked at: a reorganisation may have undone it. */
const FINAL_MS = 180_000;

/**
 * Keeps this node's channels: opens them and tops them up where payments need it, notices closes and answers old states
 * while there is time, and takes its share when the freeze period is over. Survives restarts: all it goes by is on the chain
 * and in the store.
 */
export class ChannelKeeper {
  readonly #options: ChannelKeeperOptions;
  readonly #working = new Map<NodeId, Promise<void>>();
  readonly #failedMs = new Map<NodeId, number>();
  readonly #closedMs = new Map<NodeId, number>();
  /** How each channel stood when that was last told of. What was on disk at the start is not told again. */
  readonly #told = new Map<NodeId, ChannelState>();
  /** Closed channels whose payer was told of for what it left out. */
  readonly #judged = new Set<NodeId>();
  /** Channels with a deposit that is not sure, to be looked at soon. */
  readonly #soon = new Map<NodeId, Timer>();
  readonly #looks = new Set<Promise<void>>();
  #timer: Timer | undefined;
  #passing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: ChannelKeeperOptions) {
    this.#options = options;
    for (const channel of options.book.all()) this.#told.set(channel.address, stateOf(channel));
  }

  /** Looks at every channel at once: one may have been closed while this node was off. */
  start(): void {
    this.#again(0);
  }

  #again(delayMs: number): void {
    if (this.#stopped) return;
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#passing = this.look().finally(() => this.#again(this.#options.everyMs));
    });
  }

  /** Sees to a channel, or to more in it, in the background: `leastWei` at the least. Once at a time for each neighbour. */
  fund(neighbour: NodeId, leastWei: bigint): void {
    const { clock, depositWei } = this.#options;
    const failedMs = this.#failedMs.get(neighbour);
    const resting = failedMs !== undefined && clock.nowMs() - failedMs < RETRY_MS;
    if (this.#stopped || resting || this.#working.has(neighbour)) return;
    const wei = leastWei > depositWei ? leastWei : depositWei;
    if (wei <= 0n) return;
    const work = this.#fund(neighbour, wei).finally(() => this.#working.delete(neighbour));
    this.#working.set(neighbour, work);
  }

  async #fund(neighbour: NodeId, wei: bigint): Promise<void> {
    const { book, changed, clock, emit } = this.#options;
    const before = book.open(neighbour);
    try {
      // What was put in before and could not be read then is not put in again.
      if (before !== undefined) await book.read(before.address, neighbour);
      const known = book.open(neighbour);
      const channel = grew(before, known) ? known : await book.fund(neighbour, wei);
      this.#failedMs.delete(neighbour);
      if (channel === undefined) return;
      // It was mined, and cannot be read yet: whoever pays would find the same want of room again and again.
      if (channel.address === before?.address && !grew(before, channel)) {
        this.#failedMs.set(neighbour, clock.nowMs());
        return;
      }
      const act = channel.address === before?.address ? 'toppedUp' : 'opened';
      emit('channel', { neighbour, channel: channel.address, act, wei: String(channel.mine.depositedWei) });
      changed(neighbour);
    } catch (error) {
      this.#failedMs.set(neighbour, clock.nowMs());
      emit('fault', { neighbour, code: codeOf(error) ?? 'RPC_UNREACHABLE', what: `channel: ${String(error)}` });
    }
  }

  /** Reads every channel that is not over, or was taken back, and does what follows. Never rejects. */
  async look(): Promise<void> {
    const { book } = this.#options;
    for (const { address, neighbour } of [...book.all(), ...book.undone()]) {
      if (this.#stopped) return;
      await this.lookAt(address, neighbour);
    }
  }

  /** A deposit there is not sure yet: how much clears debt may be told with the next block. */
  young(address: NodeId, neighbour: NodeId): void {
    const { blockMs, clock, everyMs } = this.#options;
    if (this.#stopped || this.#soon.has(address)) return;
    const timer = clock.after(Math.min(everyMs, Math.max(blockMs, LEAST_SOON_MS)), () => {
      this.#soon.delete(address);
      const look = this.lookAt(address, neighbour).finally(() => this.#looks.delete(look));
      this.#looks.add(look);
    });
    this.#soon.set(address, timer);
  }

  /** The same for one channel. */
  async lookAt(address: NodeId, neighbour: NodeId): Promise<void> {
    const { book, changed, desk } = this.#options;
    const before = book.at(address);
    if (typeof before !== 'string' && this.#over(before)) return;
    await book.read(address, neighbour);
    const channel = book.at(address);
    // Also what was accepted must be there when the channel is closed.
    const missingWei = desk.missingWei(neighbour, address);
    if (missingWei > 0n) this.fund(neighbour, missingWei);
    if (typeof channel === 'string') {
      this.#told.delete(address);
      if (channel !== before) changed(neighbour);
      return;
    }
    if (!this.#noticed(channel) && typeof before !== 'string' && before.sureWei !== channel.sureWei) changed(neighbour);
    try {
      await this.#act(channel);
      await this.#judge(address);
    } catch (error) {
      const what = `channel ${address}: ${String(error)}`;
      this.#options.emit('fault', { neighbour, code: codeOf(error) ?? 'RPC_UNREACHABLE', what });
    }
  }

  /** Closed, paid out, judged, and as good as final. */
  #over(channel: KnownChannel): boolean {
    const { address, facts, mine, sureWei, theirs } = channel;
    if (!facts.closed || mine.unclaimedWei > 0n || sureWei < theirs.depositedWei) return false;
    if (!this.#judged.has(address) && this.#lostIn(channel).leftOut) return false;
    const nowMs = this.#options.clock.nowMs();
    // Closed before this process began: maybe just before.
    const sinceMs = this.#closedMs.get(address) ?? nowMs;
    this.#closedMs.set(address, sinceMs);
    return nowMs - sinceMs > FINAL_MS;
  }

  /** Tells of a channel that stands otherwise than it was told of last, whoever read it meanwhile. False: it does not. */
  #noticed(channel: KnownChannel): boolean {
    const { changed, clock, emit, lost } = this.#options;
    const { address, facts, neighbour } = channel;
    const act = stateOf(channel);
    if (this.#told.get(address) === act) return false;
    this.#told.set(address, act);
    const at = facts.closesAtS === undefined ? {} : { at: facts.closesAtS };
    emit('channel', { neighbour, channel: address, act, ...at });
    changed(neighbour);
    if (!facts.closed) return true;
    this.#closedMs.set(address, clock.nowMs());
    const { leftOut, wei } = this.#lostIn(channel);
    if (wei <= 0n) return true;
    emit('fault', { neighbour, code: leftOut ? 'CHANNEL_CLOSED_BEHIND' : 'CHANNEL_NOT_COVERED', what: `${wei} wei` });
    lost(neighbour, wei);
    return true;
  }

  /** What of the total taken a closed channel does not pay, and whether its payer had it there. */
  #lostIn(channel: KnownChannel): { readonly wei: bigint; readonly leftOut: boolean } {
    const { desk } = this.#options;
    const theirs = desk.theirs(channel.address);
    const wei = theirs === undefined ? 0n : desk.uncoveredWei(theirs);
    // Where all was paid that was there, a reorganisation took a deposit back: the payer left nothing out.
    return { wei, leftOut: wei > 0n && roomWei({ ...channel.theirs, receivedWei: channel.mine.paidWei }) > 0n };
  }

  /**
   * Whoever left something out of a close is told of once no other branch can win, and again after each start: it follows
   * from the chain and from what is on disk, so no crash forgets it.
   */
  async #judge(address: NodeId): Promise<void> {
    const { book, leftOut } = this.#options;
    const channel = book.at(address);
    if (typeof channel === 'string' || !channel.facts.closed || this.#judged.has(address)) return;
    if (!this.#lostIn(channel).leftOut || !(await book.closedForGood(address))) return;
    this.#judged.add(address);
    leftOut(channel.neighbour);
  }

  async #act(channel: KnownChannel): Promise<void> {
    const { book, chain, clock, desk, emit } = this.#options;
    const { address, facts, mine, neighbour } = channel;
    const nowS = Math.floor(clock.wallMs() / 1000);
    const act = await answerClose({
      chain,
      channel: address,
      facts,
      newest: desk.newest(address),
      mine,
      payee: this.#options.me,
      nowS,
    });
    if (act === undefined) return;
    emit('channel', { neighbour, channel: address, act });
    await book.read(address, neighbour);
    const after = book.at(address);
    if (typeof after !== 'string') this.#noticed(after);
  }

  /** Starts the freeze period by itself, with the newest total of the other party. Throws the chain's errors. */
  async closeAlone(channel: KnownChannel): Promise<void> {
    const { chain, desk } = this.#options;
    const newest = desk.newest(channel.address);
    const isNews = newest !== undefined && newest.cumulativeWei > channel.theirs.paidWei;
    await chain.startClose(channel.address, isNews ? [newest] : []);
    await this.lookAt(channel.address, channel.neighbour);
  }

  /** Waits for what is under way, and starts nothing new. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    for (const timer of this.#soon.values()) timer.cancel();
    await Promise.all([this.#passing, ...this.#looks, ...this.#working.values()]);
  }
}

/** The same channel, with more of mine in it. */
function grew(before: KnownChannel | undefined, after: KnownChannel | undefined): boolean {
  if (before === undefined || after?.address !== before.address) return false;
  return after.mine.depositedWei > before.mine.depositedWei;
}

function stateOf({ facts }: KnownChannel): ChannelState {
  if (facts.closed) return 'closed';
  return facts.closesAtS === undefined ? 'open' : 'closing';
}
