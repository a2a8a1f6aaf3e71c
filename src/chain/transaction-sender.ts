import type { Clock, Timer } from '../core/clock.ts';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { type Encoding, loadEncoding } from './encoding.ts';
import type { Endpoints } from './endpoints.ts';
import { currentFees, type Fees, raised } from './fees.ts';
import { type Hex, quantity, type RpcOutcome, rpcFailed } from './json-rpc.ts';
import { NO_LOG, type OutgoingTransaction, type OutgoingVersion, type TransactionLog } from './outgoing.ts';
import { type Mined, type Reverted, readReceipt, refusal } from './receipts.ts';
import type { Signer } from './signer.ts';

export interface SenderOptions {
  readonly rpc: Endpoints;
  readonly signer: Signer;
  readonly chainId: number;
  readonly clock: Clock;
  /** The most to pay per unit of gas, tip included; undefined for no limit. */
  readonly maxFeePerGasWei: bigint | undefined;
  readonly pollMs: number;
  readonly minedWithinMs: number;
  /** Not mined for so long, a transaction is sent again with higher fees. */
  readonly replaceAfterMs: number;
}

export interface Sending {
  /** What it is for. While the same is under way it is not sent again: its outcome is waited for. */
  readonly purpose: string;
  /** The purpose is of one transaction for good: also one that is mined, or over, is not sent again. */
  readonly once?: boolean;
  readonly to?: NodeId | undefined;
  readonly data: Hex;
  readonly wei: bigint;
  /** At least so much gas, whatever the estimate: calls that may run out of it inside without anybody noticing. */
  readonly leastGas?: bigint;
  /** Told the hash before the transaction leaves, and waited for: what is written down there can be resumed. */
  readonly sent?: ((hash: string) => Promise<void>) | undefined;
}

/**
 * Room over the estimate: state may move between the estimate and the block. A cheque that bounces costs 24,000 more
 * than one that does not. What is not used is not paid.
 */
const GAS_MARGIN_PERCENT = 20n;
const GAS_MARGIN = 30_000n;
/** So many blocks over it a transaction is as good as final. */
const FINAL_BLOCKS = 12n;
/** Where nobody waits for it, what is under way is looked at this often. */
const IDLE_LOOK_MS = 15_000;
/** Endpoints forget what is not mined: the newest version is told again this often. */
const TELL_AGAIN_MS = 20_000;
/** An eighth more each time: after so many the fee is five times the first, and somebody should look. */
const MAX_VERSIONS = 14;
/** So many that are over are remembered for whoever asks by an old hash; bounds memory. */
const MAX_REMEMBERED = 256;

interface Waiter {
  readonly deadlineMs: number;
  readonly resolve: (mined: Mined) => void;
  readonly reject: (error: unknown) => void;
}

/** One transaction under way. */
interface Course {
  entry: OutgoingTransaction;
  readonly waiters: Waiter[];
  toldMs: number;
  /** When it wants to be looked at next. */
  lookMs: number;
  /** When its newest version was first told. */
  versionMs: number;
}

/**
 * Sends the transactions of one key. Each is written down before it leaves, with its nonce, which is its own for good.
 * From then on it is seen to, over restarts, until it is final: told again when endpoints forget it, replaced by one with
 * higher fees when it is not mined in time, and looked up under the hashes of all its versions.
 */
export class TransactionSender {
  readonly #options: SenderOptions;
  #log: TransactionLog = NO_LOG;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #courses = new Map<number, Course>();
  /** Entries that are over, by each of their hashes. */
  readonly #over = new Map<string, OutgoingTransaction>();
  #timer: Timer | undefined;
  #looking = false;
  #closed = false;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Takes up what an earlier process left under way. Call once, before anything is sent. */
  resume(log: TransactionLog): void {
    this.#log = log;
    for (const entry of log.known) {
      if (entry.state === 'open' || entry.state === 'mined') this.#start(entry);
      else this.#remember(entry);
    }
    this.#schedule();
  }

  /**
   * Returns when mined. Before anything is written down it throws `TRANSACTION_REVERTED` (foreseen, without a hash),
   * `CHAIN_FUNDS_MISSING`, `GAS_TOO_DEAR`, `RPC_UNREACHABLE`, `RPC_FAILED`; after that `TRANSACTION_REVERTED` with the
   * hash and `TRANSACTION_REPLACED`, which are final, and `TRANSACTION_PENDING` or `CHAIN_CLOSED`, which are not.
   */
  async send(sending: Sending): Promise<Mined> {
    const prepared = this.#turn.then(() => this.#rejoin(sending) ?? this.#prepare(sending));
    this.#turn = prepared.catch(() => undefined);
    const course = await prepared;
    return await new Promise((resolve, reject) => {
      if (this.#closed) return reject(new WayleaveError('CHAIN_CLOSED'));
      const deadlineMs = this.#options.clock.nowMs() + this.#options.minedWithinMs;
      course.waiters.push({ deadlineMs, resolve, reject });
      this.#schedule(0);
    });
  }

  /** A transaction sent earlier, by the hash of any version; undefined while not mined or not known. Throws `TRANSACTION_REVERTED`. */
  async outcome(hash: string): Promise<Mined | undefined> {
    const entry = this.#entryOf(hash);
    const found = await this.#find(entry?.versions.map((each) => each.hash) ?? [hash]);
    if (found === undefined && entry?.state === 'void') throw replaced(entry);
    if (found !== undefined && 'reverted' in found) throw reverted(found, hash);
    return found;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    for (const { waiters } of this.#courses.values()) {
      for (const { reject } of waiters.splice(0)) reject(new WayleaveError('CHAIN_CLOSED'));
    }
  }

  /** The same is under way, or was: its outcome is this one's too. */
  #rejoin({ once = false, purpose, sent }: Sending): Promise<Course> | undefined {
    const course =
      [...this.#courses.values()].find(({ entry }) => entry.purpose === purpose && (once || entry.state === 'open')) ??
      (once ? this.#again(purpose) : undefined);
    if (course === undefined) return undefined;
    const told = sent?.(course.entry.versions[0]?.hash ?? '');
    return (told ?? Promise.resolve()).then(() => course);
  }

  /** One that is over is looked at once more. Throws `TRANSACTION_REPLACED`. */
  #again(purpose: string): Course | undefined {
    const entry = [...this.#over.values()].find((each) => each.purpose === purpose);
    if (entry?.state === 'void') throw replaced(entry);
    return entry === undefined ? undefined : this.#start(entry);
  }

  #entryOf(hash: string): OutgoingTransaction | undefined {
    const has = ({ versions }: OutgoingTransaction): boolean => versions.some((version) => version.hash === hash);
    return [...this.#courses.values()].map(({ entry }) => entry).find(has) ?? this.#over.get(hash);
  }

  #start(entry: OutgoingTransaction): Course {
    const nowMs = this.#options.clock.nowMs();
    const never = Number.NEGATIVE_INFINITY;
    const course: Course = { entry, waiters: [], toldMs: never, lookMs: never, versionMs: nowMs };
    this.#courses.set(entry.nonce, course);
    return course;
  }

  #remember(entry: OutgoingTransaction): void {
    for (const { hash } of entry.versions) this.#over.set(hash, entry);
    while (this.#over.size > MAX_REMEMBERED) this.#over.delete(this.#over.keys().next().value as string);
  }

  async #prepare({ purpose, to, data, wei, leastGas = 0n, sent }: Sending): Promise<Course> {
    if (this.#closed) throw new WayleaveError('CHAIN_CLOSED');
    const { rpc, signer, maxFeePerGasWei } = this.#options;
    const encoding = await loadEncoding();
    const estimate = await this.#estimate({ purpose, to, data, wei }, encoding);
    const gas = estimate > leastGas ? estimate : leastGas;
    const fees = await currentFees(rpc, maxFeePerGasWei);
    await this.#demandFunds(wei + gas * fees.perGasWei);
    const pending = await rpc.askQuantity('eth_getTransactionCount', [signer.id, 'pending']);
    const nonce = Math.max(Number(pending), ...[...this.#courses.keys()].map((each) => each + 1));
    const plan = { nonce, purpose, to, data, wei, gas, versions: [], state: 'open' } as const;
    const version = this.#sign(plan, fees, encoding);
    await sent?.(version.hash);
    const entry = { ...plan, versions: [version] };
    await this.#log.keep(entry);
    const course = this.#start(entry);
    await this.#tell(course);
    return course;
  }

  #sign(entry: OutgoingTransaction, fees: Fees, encoding: Encoding): OutgoingVersion {
    const { nonce, gas, to, data, wei: value } = entry;
    const { chainId, signer } = this.#options;
    return { ...fees, ...encoding.sign({ chainId, nonce, gas, ...fees, to, data, value }, signer) };
  }

  async #estimate({ to, data, wei }: Sending, encoding: Encoding): Promise<bigint> {
    const { rpc, signer } = this.#options;
    const call = { from: signer.id, ...(to === undefined ? {} : { to }), data, value: hex(wei) };
    const outcome = await rpc.call('eth_estimateGas', [call]);
    if ('error' in outcome) throw refusal('eth_estimateGas', outcome.error, encoding);
    const estimate = quantity(outcome.result, 'eth_estimateGas');
    return estimate + (estimate * GAS_MARGIN_PERCENT) / 100n + GAS_MARGIN;
  }

  /** What cannot be paid for is refused before it is written down: later it would wait, and all behind it. */
  async #demandFunds(neededWei: bigint): Promise<void> {
    const { rpc, signer } = this.#options;
    const heldWei = await rpc.askQuantity('eth_getBalance', [signer.id, 'latest']);
    const open = [...this.#courses.values()].filter(({ entry }) => entry.state === 'open');
    const promisedWei = open.reduce((sum, { entry }) => sum + entry.wei + entry.gas * newestOf(entry).perGasWei, 0n);
    if (heldWei < promisedWei + neededWei) throw new WayleaveError('CHAIN_FUNDS_MISSING', { heldWei, neededWei });
  }

  /** Broadcasts the newest version. Whatever is answered, it is out: an endpoint that refuses it may have passed it on. */
  async #tell(course: Course): Promise<void> {
    const { clock, rpc } = this.#options;
    course.toldMs = clock.nowMs();
    await rpc.tellAll('eth_sendRawTransaction', [newestOf(course.entry).raw]).catch(() => undefined);
  }

  #schedule(soonMs?: number): void {
    if (this.#closed || this.#courses.size === 0) return;
    const awaited = [...this.#courses.values()].some(({ waiters }) => waiters.length > 0);
    const { clock, pollMs } = this.#options;
    this.#timer?.cancel();
    const delayMs = soonMs ?? (awaited ? pollMs : Math.max(pollMs, IDLE_LOOK_MS));
    this.#timer = clock.after(delayMs, () => {
      if (this.#looking) return;
      this.#looking = true;
      void this.#lookAtAll().finally(() => {
        this.#looking = false;
        this.#schedule();
      });
    });
  }

  async #lookAtAll(): Promise<void> {
    for (const course of [...this.#courses.values()].sort((a, b) => a.entry.nonce - b.entry.nonce)) {
      if (course.waiters.length === 0 && this.#options.clock.nowMs() < course.lookMs) continue;
      // What an endpoint says meanwhile changes nothing about what is under way.
      await this.#look(course).catch(() => undefined);
      if (this.#closed) return;
      const nowMs = this.#options.clock.nowMs();
      const late = course.waiters.filter(({ deadlineMs }) => nowMs >= deadlineMs);
      for (const waiter of late) {
        course.waiters.splice(course.waiters.indexOf(waiter), 1);
        waiter.reject(new WayleaveError('TRANSACTION_PENDING', { hash: course.entry.versions[0]?.hash ?? '' }));
      }
    }
  }

  async #look(course: Course): Promise<void> {
    const { entry, waiters } = course;
    const found = await this.#find(entry.versions.map(({ hash }) => hash));
    if (found !== undefined) {
      if (entry.state === 'open') await this.#become(course, 'mined');
      course.lookMs = this.#options.clock.nowMs() + IDLE_LOOK_MS;
      for (const { resolve, reject } of waiters.splice(0)) {
        if ('reverted' in found) reject(reverted(found, found.hash));
        else resolve(found);
      }
      const { number } = await this.#options.rpc.head();
      if (number >= found.block + FINAL_BLOCKS) await this.#become(course, 'final');
      return;
    }
    // A reorganisation took it back.
    if (entry.state === 'mined') await this.#become(course, 'open');
    await this.#push(course);
  }

  /** In no block: is it still possible, and does it want to be told again, or raised? */
  async #push(course: Course): Promise<void> {
    const { rpc, signer, clock, replaceAfterMs } = this.#options;
    const { nonce, versions } = course.entry;
    const used = Number(await rpc.askQuantity('eth_getTransactionCount', [signer.id, 'latest']));
    if (used > nonce) return await this.#voidIfFinal(course);
    const nowMs = clock.nowMs();
    const stuck = used === nonce && nowMs - course.versionMs >= replaceAfterMs && versions.length < MAX_VERSIONS;
    if (stuck) await this.#raise(course);
    else if (nowMs - course.toldMs >= TELL_AGAIN_MS) await this.#tell(course);
  }

  /**
   * Its nonce is used, and not by it as far as one sees: endpoints tell of receipts late, and may lie. Only what is used
   * so deep that it is final, and known to no endpoint at all, can never be mined: to pay that again is safe.
   */
  async #voidIfFinal(course: Course): Promise<void> {
    const { rpc, signer } = this.#options;
    const { nonce, versions } = course.entry;
    const { number } = await rpc.head();
    if (number < FINAL_BLOCKS) return;
    const method = 'eth_getTransactionCount';
    const read = (outcome: RpcOutcome): bigint => {
      if ('error' in outcome) throw rpcFailed(method, outcome.error);
      return quantity(outcome.result, method);
    };
    const used = await rpc.agreed({ method, params: [signer.id, hex(number - FINAL_BLOCKS)], read });
    if (used === undefined || Number(used) <= nonce) return;
    for (const { hash } of versions) if (await rpc.knownSomewhere('eth_getTransactionReceipt', [hash])) return;
    await this.#become(course, 'void');
    for (const { reject } of course.waiters.splice(0)) reject(replaced(course.entry));
  }

  async #raise(course: Course): Promise<void> {
    const { rpc, clock, maxFeePerGasWei } = this.#options;
    const { entry } = course;
    course.versionMs = clock.nowMs();
    const fees = raised(newestOf(entry), await currentFees(rpc, undefined), maxFeePerGasWei);
    if (fees === undefined) return await this.#tell(course);
    const next = { ...entry, versions: [...entry.versions, this.#sign(entry, fees, await loadEncoding())] };
    await this.#log.keep(next);
    course.entry = next;
    await this.#tell(course);
  }

  async #become(course: Course, state: OutgoingTransaction['state']): Promise<void> {
    const next = { ...course.entry, state };
    await this.#log.keep(next);
    course.entry = next;
    if (state === 'open' || state === 'mined') return;
    this.#courses.delete(next.nonce);
    this.#remember(next);
  }

  /** The receipt of the first of these that is in a block. */
  async #find(hashes: readonly string[]): Promise<Mined | Reverted | undefined> {
    const method = 'eth_getTransactionReceipt';
    for (const hash of [...hashes].reverse()) {
      const read = readReceipt.bind(undefined, hash);
      const found = await this.#options.rpc.agreed({ method, params: [hash], read });
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function newestOf({ versions }: OutgoingTransaction): OutgoingVersion {
  return versions.at(-1) as OutgoingVersion;
}

function reverted({ gasWei }: Reverted, hash: string): WayleaveError {
  return new WayleaveError('TRANSACTION_REVERTED', { hash, gasWei });
}

function replaced({ nonce, versions }: OutgoingTransaction): WayleaveError {
  return new WayleaveError('TRANSACTION_REPLACED', { nonce, hash: versions[0]?.hash ?? '' });
}

function hex(value: bigint): Hex {
  return `0x${value.toString(16)}`;
}
