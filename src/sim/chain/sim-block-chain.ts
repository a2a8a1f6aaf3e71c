import { WayleaveError } from '../../core/errors.ts';
import type { NodeId } from '../../core/node-id.ts';
import type { Coverage } from '../coverage.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { Timeline } from '../timeline.ts';
import { WORLD_BEGINS_MS } from '../virtual-clock.ts';
import { ChainState, MINER } from './chain-state.ts';
import { type CallOutcome, type ContractCall, hashOf, Revert } from './sim-contracts.ts';

/** How deep a reorganisation may reach, in blocks with something in them; older ones are final. */
const MAX_REORGANISED_BLOCKS = 64;

export interface PendingTransaction {
  readonly hash: string;
  readonly call: ContractCall;
  readonly feeWei: bigint;
  /** Its place among all that were ever signed; stands for a nonce. */
  readonly serial: number;
}

/** A transaction in a block. `outcome` is undefined when it was reverted, which costs its gas all the same. */
export interface MinedTransaction {
  readonly hash: string;
  readonly gasWei: bigint;
  readonly outcome: CallOutcome | undefined;
  readonly block: number;
}

interface Block {
  readonly number: number;
  readonly transactions: readonly PendingTransaction[];
  readonly undo: readonly (() => void)[];
}

export interface BlockChainOptions {
  readonly timeline: Timeline;
  readonly random: SeededRandom;
  readonly coverage?: Coverage | undefined;
}

/** Blocks on the timeline, and what goes wrong with them. Only blocks with something in them are made. */
export class SimBlockChain {
  /** Price of gas for transactions sent from now on. */
  gasPriceWei = 1_000_000_000n;
  /** So many of the next transactions run out of gas when they are mined, though the estimate said otherwise. */
  revertNext = 0;
  /** So many of the next transactions are taken and then forgotten by every endpoint. */
  loseNext = 0;
  readonly state = new ChainState();
  /** How far the time of blocks has run ahead of the world's: freeze periods end sooner. Milliseconds. */
  aheadMs = 0;
  /** Told before a reorganisation takes anything back. */
  reorganising: (() => void) | undefined;
  readonly #timeline: Timeline;
  readonly #random: SeededRandom;
  readonly #coverage: Coverage | undefined;
  readonly #signed = new Map<string, PendingTransaction>();
  /** From which block each branch that won differs from the one before. */
  readonly #branches: number[] = [];
  readonly #receipts = new Map<string, MinedTransaction>();
  /** Their coin was spent otherwise: no block can hold them any more. */
  readonly #spent = new Set<string>();
  /** Ran out of gas once, and would on any branch. */
  readonly #exhausted = new Set<string>();
  #pool: PendingTransaction[] = [];
  #blocks: Block[] = [];
  #blockMs = 0;
  /** The newest block when the pace last changed, and when that was. */
  #since = { number: 0, atMs: 0 };
  #halted = false;
  /** What waits for the next block, by the number it will have. */
  #scheduled: { readonly number: number } | undefined;
  #sent = 0;

  constructor({ timeline, random, coverage }: BlockChainOptions) {
    this.#timeline = timeline;
    this.#random = random;
    this.#coverage = coverage;
  }

  /** The time a block made now would bear, seconds since the epoch. */
  get nowS(): number {
    return Math.floor((WORLD_BEGINS_MS + this.#timeline.nowMs + this.aheadMs) / 1000);
  }

  /** Time between blocks; 0: each transaction is mined the moment it arrives. */
  get blockMs(): number {
    return this.#blockMs;
  }
  set blockMs(blockMs: number) {
    this.#since = { number: this.#number(), atMs: this.#timeline.nowMs };
    this.#blockMs = blockMs;
    // The next block comes at the new pace, and never under a number that somebody may have looked into.
    this.#scheduled = undefined;
    this.#schedule();
  }

  /** While set, no block is made at all. */
  get halted(): boolean {
    return this.#halted;
  }
  set halted(halted: boolean) {
    this.#halted = halted;
    this.#schedule();
  }

  /** A transaction with its hash, not sent yet. The chain knows nothing of it. */
  sign(call: ContractCall): PendingTransaction {
    const serial = this.#sent++;
    const hash = hashOf(`transaction ${call.from} ${serial}`);
    const transaction = { hash, call, feeWei: call.gas * this.gasPriceWei, serial };
    this.#signed.set(hash, transaction);
    return transaction;
  }

  /** Why a transaction would be refused if it were mined now; undefined when it would not. Changes nothing. */
  foresee({ hash, call, feeWei }: PendingTransaction): 'funds' | Revert | undefined {
    if (this.state.balance(call.from) < call.wei + feeWei) return 'funds';
    try {
      call.run(this.state, { hash, nowS: this.nowS, number: 0 });
      return undefined;
    } catch (error) {
      if (error instanceof Revert) return error;
      throw error;
    } finally {
      for (const undo of this.state.takeUndo()) undo();
    }
  }

  /** What a call would pay if it were mined now. Changes nothing. */
  wouldPay(call: ContractCall): bigint {
    try {
      return call.run(this.state, { hash: '', nowS: this.nowS, number: 0 }).paidWei;
    } finally {
      for (const undo of this.state.takeUndo()) undo();
    }
  }

  /** Takes a transaction for one of the next blocks. */
  send(transaction: PendingTransaction): void {
    if (this.#spent.has(transaction.hash)) return;
    if (this.loseNext > 0) {
      this.loseNext -= 1;
      this.#coverage?.count('chain.lost');
      return;
    }
    this.#pool.push(transaction);
    this.#schedule();
  }

  /** Tells the chain once more of what was signed, from the bytes that somebody kept. Does nothing where it knows it. */
  sendAgain(hash: string): void {
    const transaction = this.#signed.get(hash);
    const known = this.#receipts.has(hash) || this.#pool.some((each) => each.hash === hash);
    if (transaction !== undefined && !known) this.send(transaction);
  }

  /** The number of the newest block. */
  get number(): number {
    return this.#number();
  }

  /** Differs from what it was where a reorganisation reached; undefined for a block that is not there yet. */
  blockHash(number: number): string | undefined {
    if (number > this.#number()) return undefined;
    return hashOf(`block ${number} ${this.#branches.filter((from) => from <= number).length}`);
  }

  /** The receipt of a transaction that is in a block. */
  receipt(hash: string): MinedTransaction | undefined {
    return this.#receipts.get(hash);
  }

  /**
   * Another branch wins: what the last `depth` block times held is undone and mined again, in another order, as far as
   * it still can be; each transaction is lost with probability `lossChance`, and for good where it is `spent` otherwise.
   */
  reorganise(depth: number, lossChance = 0, spent: (transaction: PendingTransaction) => boolean = () => false): void {
    this.reorganising?.();
    const first = this.#number() - depth;
    this.#branches.push(first + 1);
    const back = this.#unmine(first);
    if (back.length === 0) return;
    this.#coverage?.count('chain.reorganised', back.length);
    for (let at = back.length - 1; at > 0; at -= 1) {
      const other = this.#random.below(at + 1);
      const here = back[at] as PendingTransaction;
      back[at] = back[other] as PendingTransaction;
      back[other] = here;
    }
    for (const each of back) if (spent(each)) this.#spent.add(each.hash);
    const kept = back.filter((each) => !this.#spent.has(each.hash) && !this.#random.chance(lossChance));
    if (kept.length < back.length) this.#coverage?.count('chain.lost', back.length - kept.length);
    this.#pool = [...kept, ...this.#pool];
    this.state.audit();
    this.#schedule();
  }

  /** Undoes the blocks after `first`; returns what they held. */
  #unmine(first: number): PendingTransaction[] {
    const back: PendingTransaction[] = [];
    while ((this.#blocks.at(-1)?.number ?? Number.NEGATIVE_INFINITY) > first) {
      const block = this.#blocks.pop() as Block;
      for (const undo of block.undo) undo();
      back.unshift(...block.transactions);
    }
    for (const { hash } of back) this.#receipts.delete(hash);
    return back;
  }

  #number(): number {
    const { atMs, number } = this.#since;
    if (this.#blockMs > 0) {
      const due = number + Math.floor((this.#timeline.nowMs - atMs) / this.#blockMs);
      // A block that something waits for is there once it is made, not a moment before.
      return this.#scheduled === undefined ? due : Math.min(due, this.#scheduled.number - 1);
    }
    return Math.max(number, this.#blocks.at(-1)?.number ?? 0);
  }

  #schedule(): void {
    if (this.#scheduled !== undefined || this.#pool.length === 0) return;
    if (this.#halted) {
      this.#coverage?.count('chain.halted');
      return;
    }
    const { blockMs } = this;
    if (blockMs === 0) return this.#mine(this.#number() + 1);
    const { atMs, number } = this.#since;
    const scheduled = { number: this.#number() + 1 };
    this.#scheduled = scheduled;
    this.#timeline.after(atMs + (scheduled.number - number) * blockMs - this.#timeline.nowMs, () => {
      if (this.#scheduled !== scheduled) return;
      this.#scheduled = undefined;
      if (this.#halted) this.#coverage?.count('chain.halted');
      else this.#mine(scheduled.number);
    });
  }

  #mine(number: number): void {
    const transactions = this.#pool;
    this.#pool = [];
    const undo: (() => void)[] = [];
    for (const transaction of transactions) undo.unshift(...this.#run(transaction, number));
    this.#blocks.push({ number, transactions, undo });
    if (this.#blocks.length > MAX_REORGANISED_BLOCKS) this.#blocks.shift();
    this.state.audit();
  }

  /** What takes the transaction back. One whose sender cannot pay for it is dropped. */
  #run({ hash, call, feeWei }: PendingTransaction, number: number): readonly (() => void)[] {
    const { state } = this;
    if (!state.move(call.from, MINER, feeWei)) return [];
    const paidFee = state.takeUndo();
    state.token?.takeActs();
    try {
      if (this.revertNext > 0) {
        this.revertNext -= 1;
        this.#exhausted.add(hash);
        this.#coverage?.count('chain.reverted');
      }
      if (this.#exhausted.has(hash)) throw new Revert('out of gas');
      const outcome = call.run(state, { hash, nowS: this.nowS, number });
      this.#receipts.set(hash, { hash, gasWei: feeWei, outcome, block: number });
      return [...state.takeUndo(), ...paidFee];
    } catch (error) {
      if (!(error instanceof Revert)) throw error;
      for (const undo of state.takeUndo()) undo();
      this.#receipts.set(hash, { hash, gasWei: feeWei, outcome: undefined, block: number });
      return paidFee;
    } finally {
      for (const act of state.token?.takeActs() ?? []) this.#coverage?.count(`token.${act}`);
    }
  }

  /** Coin for an account, as the first block has it. */
  fund(id: NodeId, wei: bigint): void {
    if (wei < 0n) throw new WayleaveError('AMOUNT_INVALID', { wei });
    this.state.mint(id, wei);
  }
}
