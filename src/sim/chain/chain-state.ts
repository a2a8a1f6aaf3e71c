import type { IncomingPayment } from '../../chain/chain.ts';
import type { ChannelFacts } from '../../chain/channel-chain.ts';
import { WayleaveError } from '../../core/errors.ts';
import type { NodeId } from '../../core/node-id.ts';
import type { SimToken } from './sim-token.ts';

/** A chequebook contract, as far as it never changes by being paid from. */
export interface SimChequebook {
  readonly address: NodeId;
  readonly owner: NodeId;
  readonly issuer: NodeId;
  readonly freezeSeconds: number;
  /** False for a contract of somebody's own making. */
  readonly fromFactory: boolean;
  /** The block in which a cheque bounced first; undefined while none has. */
  readonly bouncedIn: number | undefined;
  /** What the owner announced, and from when it can be taken, seconds since the epoch; 0 without an announcement. */
  readonly announcedWei: bigint;
  readonly announcedFromS: number;
  /** Paid to everybody so far, and set aside for all who have something set aside. */
  readonly totalPaidOutWei: bigint;
  readonly totalReservedWei: bigint;
  /** The transaction that deployed it. */
  readonly deployedBy: string;
}

/** A channel contract, with what each party has put in and was paid, and the newest totals handed in. */
export interface SimPaymentChannel extends ChannelFacts {
  readonly address: NodeId;
  /** What was put in, in which block. */
  readonly deposits: readonly { readonly block: number; readonly side: 'a' | 'b'; readonly wei: bigint }[];
}

/** What is announced to be set aside for somebody no more. */
export interface Release {
  readonly wei: bigint;
  /** Seconds since the epoch. */
  readonly fromS: number;
}

/** Where gas goes. Nobody can sign for it. */
export const MINER: NodeId = `0x${'00'.repeat(19)}01`;

/** Where a token puts what it keeps. */
export const TOKEN: NodeId = `0x${'00'.repeat(19)}02`;

/**
 * Who holds what on a simulated chain. Every change can be taken back, which is what a revert and a reorganisation do.
 * Coin moves and is never made, but by `mint`: `audit` says so.
 */
export class ChainState {
  /** What is paid in; absent: the chain's coin. Gas is paid in coin, whatever the token does. */
  token: SimToken | undefined;
  readonly #wei = new Map<NodeId, bigint>();
  readonly #books = new Map<NodeId, SimChequebook>();
  readonly #paidOut = new Map<string, bigint>();
  readonly #reserved = new Map<string, bigint>();
  readonly #releases = new Map<string, Release>();
  /** By payee. */
  readonly #payments = new Map<NodeId, IncomingPayment[]>();
  readonly #channels = new Map<NodeId, SimPaymentChannel>();
  #minted = 0n;
  #undo: (() => void)[] = [];

  balance(id: NodeId): bigint {
    return this.#wei.get(id) ?? 0n;
  }

  book(address: NodeId): SimChequebook | undefined {
    return this.#books.get(address);
  }

  get books(): IterableIterator<SimChequebook> {
    return this.#books.values();
  }

  paidOut(book: NodeId, beneficiary: NodeId): bigint {
    return this.#paidOut.get(`${book} ${beneficiary}`) ?? 0n;
  }

  reserved(book: NodeId, beneficiary: NodeId): bigint {
    return this.#reserved.get(`${book} ${beneficiary}`) ?? 0n;
  }

  release(book: NodeId, beneficiary: NodeId): Release | undefined {
    return this.#releases.get(`${book} ${beneficiary}`);
  }

  /** Coin from outside, as the first block of a chain has it. Nothing takes it back. */
  mint(id: NodeId, wei: bigint): void {
    this.#minted += wei;
    this.#add(id, wei);
  }

  /** False, and nothing changes, when there is not as much. */
  move(from: NodeId, to: NodeId, wei: bigint): boolean {
    if (wei < 0n || this.balance(from) < wei) return false;
    this.#add(from, -wei);
    this.#add(to, wei);
    this.#undo.push(() => {
      this.#add(to, -wei);
      this.#add(from, wei);
    });
    return true;
  }

  /** A plain payment stands in its block, for its payee to find. */
  notePayment(to: NodeId, payment: IncomingPayment): void {
    const theirs = this.#payments.get(to) ?? [];
    this.#payments.set(to, theirs);
    theirs.push(payment);
    this.#undo.push(() => theirs.splice(theirs.indexOf(payment), 1));
  }

  paymentsTo(payee: NodeId, fromBlock = 0, toBlock = Number.POSITIVE_INFINITY): readonly IncomingPayment[] {
    const theirs = this.#payments.get(payee) ?? [];
    return theirs.filter(({ block }) => block >= fromBlock && block <= toBlock);
  }

  channel(address: NodeId): SimPaymentChannel | undefined {
    return this.#channels.get(address);
  }

  get channels(): IterableIterator<SimPaymentChannel> {
    return this.#channels.values();
  }

  setChannel(channel: SimPaymentChannel): void {
    this.#set(this.#channels, channel.address, channel);
  }

  setBook(book: SimChequebook): void {
    this.#set(this.#books, book.address, book);
  }

  setPaidOut(book: NodeId, beneficiary: NodeId, wei: bigint): void {
    this.#set(this.#paidOut, `${book} ${beneficiary}`, wei);
  }

  setReserved(book: NodeId, beneficiary: NodeId, wei: bigint): void {
    this.#set(this.#reserved, `${book} ${beneficiary}`, wei);
  }

  setRelease(book: NodeId, beneficiary: NodeId, release: Release): void {
    this.#set(this.#releases, `${book} ${beneficiary}`, release);
  }

  /** What takes back everything done since the last call, in the order to call them. */
  takeUndo(): readonly (() => void)[] {
    const taken = this.#undo.reverse();
    this.#undo = [];
    return taken;
  }

  /** Throws `INVARIANT_BROKEN` when coin was made or lost, or somebody holds less than nothing. */
  audit(): void {
    let sum = 0n;
    for (const [id, wei] of this.#wei) {
      if (wei < 0n) throw new WayleaveError('INVARIANT_BROKEN', { what: 'negative coin', id, wei });
      sum += wei;
    }
    if (sum !== this.#minted)
      throw new WayleaveError('INVARIANT_BROKEN', { what: 'coin is not conserved', sum, minted: this.#minted });
  }

  #add(id: NodeId, wei: bigint): void {
    this.#wei.set(id, this.balance(id) + wei);
  }

  #set<Value>(map: Map<string, Value>, key: string, value: Value): void {
    const old = map.get(key);
    this.#undo.push(() => {
      if (old === undefined) map.delete(key);
      else map.set(key, old);
    });
    map.set(key, value);
  }
}
