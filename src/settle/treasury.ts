import type { Chain, ChequebookOrder } from '../chain/chain.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { codeOf, WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { topUpWei } from '../core/settlement/top-up.ts';
import type { NoteRecord, Store } from '../store/store.ts';
import { WATCH_MS } from './chequebook-watch.ts';
import type { Ordered, OwnChequebook } from './own-chequebook.ts';

/** What an operator orders for the node's chequebook. */
export type TreasuryOrder =
  | ChequebookOrder
  | { readonly kind: 'deposit'; readonly wei: bigint }
  /** Another chequebook takes its place, filled with so much; cheques on the old one stay good. */
  | { readonly kind: 'replace'; readonly wei: bigint };

/** How one of the node's chequebooks stands on the chain, and what was promised on it. Amounts in wei. */
export interface ChequebookStanding {
  readonly address: NodeId;
  /** Payments go out from it; the others are earlier ones. */
  readonly current: boolean;
  readonly balanceWei: bigint;
  readonly paidOutWei: bigint;
  readonly promisedWei: bigint;
  /** Set aside for somebody, or announced to be withdrawn. */
  readonly reservedWei: bigint;
  /** What cheques may still promise. */
  readonly freeWei: bigint;
  readonly withdrawalWei: bigint;
  /** Seconds since the epoch; undefined without an announcement. */
  readonly withdrawableAtS: number | undefined;
}

export interface TreasuryOptions {
  readonly chain: Chain;
  readonly clock: Clock;
  readonly store: Store;
  readonly own: OwnChequebook;
  readonly me: NodeId;
  readonly owner: NodeId | undefined;
  /** The chequebook holds a token: what is filled in does not pay for gas. */
  readonly inToken?: boolean;
  readonly notes: readonly NoteRecord[];
  readonly promisedWei: (chequebook: NodeId) => bigint;
  readonly lowWaterWei: bigint;
  readonly targetWei: bigint;
  readonly maxPerDayWei: bigint;
  readonly emit: (kind: 'deposited' | 'fault', facts: Record<string, string>) => void;
}

/** How often it is looked whether the chequebook runs low: what was promised is known here, so a look costs no call. */
const LOOK_MS = 60_000;
/** Gas that must stay in the account: ten cashings of 90,000, so that a node never fills itself into silence. */
const GAS_KEPT = 900_000n;
const DAY_MS = 86_400_000;
const NOTE = 'topped-up';
/** Has nothing set aside in any chequebook. */
const NOBODY: NodeId = `0x${'0'.repeat(40)}`;

/** Keeps the node's chequebook filled, by rule, and does with it what the operator orders. One transaction at a time. */
export class Treasury {
  readonly #options: TreasuryOptions;
  #timer: Timer | undefined;
  #reading: Timer | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #today = { day: 0, wei: 0n };
  #stopped = false;

  constructor(options: TreasuryOptions) {
    this.#options = options;
    const note = options.notes.find(({ name }) => name === NOTE);
    if (note === undefined) return;
    const { day, wei } = JSON.parse(note.text) as { day: number; wei: string };
    this.#today = { day, wei: BigInt(wei) };
  }

  start(): void {
    this.#readLater();
    this.#topUpLater();
  }

  #topUpLater(): void {
    if (this.#options.lowWaterWei === 0n || this.#stopped) return;
    this.#timer = this.#options.clock.after(LOOK_MS, () => {
      void this.#inTurn(() => this.#topUp()).catch((error: unknown) => {
        const facts = { code: codeOf(error) ?? 'RPC_UNREACHABLE', what: 'filling the chequebook' };
        this.#options.emit('fault', facts);
      });
      this.#topUpLater();
    });
  }

  /**
   * As payees do: an owner may take coin out with a key that is not here, and an order of this node's may be in a block
   * without it having read that.
   */
  #readLater(): void {
    if (this.#stopped) return;
    this.#reading = this.#options.clock.after(WATCH_MS, () => {
      // What cannot be read is as it was, until the next time.
      void this.#inTurn(() => this.#read()).catch(() => undefined);
      this.#readLater();
    });
  }

  async #read(): Promise<void> {
    const { own } = this.#options;
    for (const { address } of own.books) if (!this.#stopped) await own.refresh(address);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#running.then(work);
    this.#running = done.catch(() => undefined);
    return done;
  }

  #freeWei(chequebook: NodeId): bigint {
    const { own, promisedWei } = this.#options;
    return own.freeWei(chequebook, promisedWei(chequebook));
  }

  async #topUp(): Promise<void> {
    const { chain, clock, emit, inToken = false, lowWaterWei, maxPerDayWei, me, own, store, targetWei } = this.#options;
    const { address } = own;
    if (address === undefined || this.#stopped || this.#freeWei(address) >= lowWaterWei) return;
    await own.refresh(address);
    const coinWei = await chain.balance(me);
    const gasWei = GAS_KEPT * (await chain.gasPriceWei());
    if (inToken && coinWei < gasWei) return;
    const account = inToken ? { accountWei: await chain.money(me), gasWei: 0n } : { accountWei: coinWei, gasWei };
    const day = Math.floor(clock.wallMs() / DAY_MS);
    const filledTodayWei = day > this.#today.day ? 0n : this.#today.wei;
    const limits = { lowWaterWei, targetWei, maxPerDayWei, filledTodayWei };
    const freeWei = this.#freeWei(address);
    const wei = topUpWei({ ...limits, freeWei, ...account });
    if (wei === 0n || this.#stopped) return;
    // Counted before it is sent: a crash in between may fill in less in a day, never more.
    const today = { day: Math.max(day, this.#today.day), wei: filledTodayWei + wei };
    const text = JSON.stringify({ day: today.day, wei: String(today.wei) });
    await store.commit([{ kind: 'note', name: NOTE, text }]);
    this.#today = today;
    await chain.deposit(address, wei);
    await own.refresh(address);
    emit('deposited', { chequebook: address, wei: String(wei) });
  }

  /** Returns when mined. Throws the chain's errors, `CHEQUEBOOK_MISSING`, `CHEQUEBOOK_UNKNOWN`. `chequebook`: the current one unless given. */
  order(order: TreasuryOrder, chequebook?: NodeId): Promise<Ordered> {
    return this.#inTurn(() => this.#order(order, chequebook));
  }

  async #order(order: TreasuryOrder, chequebook = this.#options.own.address): Promise<Ordered> {
    const { chain, own, owner } = this.#options;
    if (order.kind === 'replace') return own.rotate(order.wei, owner);
    if (chequebook === undefined) throw new WayleaveError('CHEQUEBOOK_MISSING');
    if (own.of(chequebook) === undefined) throw new WayleaveError('CHEQUEBOOK_UNKNOWN', { chequebook });
    const transaction =
      order.kind === 'deposit' ? await chain.deposit(chequebook, order.wei) : await chain.administer(chequebook, order);
    await own.refresh(chequebook);
    return { chequebook, transaction };
  }

  /** Of every chequebook of this node, as the chain has it now. Throws the chain's errors. */
  async standing(): Promise<ChequebookStanding[]> {
    const { chain, own, promisedWei } = this.#options;
    const standings: ChequebookStanding[] = [];
    for (const { address } of own.books) {
      await own.refresh(address);
      const facts = await chain.chequebook(address, NOBODY);
      standings.push({
        address,
        current: address === own.address,
        balanceWei: facts?.balanceWei ?? 0n,
        paidOutWei: facts?.totalPaidOutWei ?? 0n,
        promisedWei: promisedWei(address),
        reservedWei: own.of(address)?.reservedWei ?? 0n,
        freeWei: this.#freeWei(address),
        withdrawalWei: facts?.withdrawalWei ?? 0n,
        withdrawableAtS: facts?.withdrawableAtS,
      });
    }
    return standings;
  }

  /** Waits for the transaction under way, and starts no other. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#reading?.cancel();
    await this.#running;
  }
}
