import type { CashReceipt, Chain, ChequebookFacts } from '../chain/chain.ts';
import type { Timer } from '../core/clock.ts';
import { type ErrorCode, WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { CashingRecord, NoteRecord, ReceivedChequeRecord, Store, StoreRecord } from '../store/store.ts';
import { CashierDesk } from './cashier-desk.ts';
import type { ChequeDesk } from './cheque-desk.ts';
import { chequeFrom, ReceivedCheques } from './received-cheques.ts';

const id = (n: number): NodeId => `0x${n.toString(16).padStart(40, '0')}`;
const ME = id(0xa);
/** The chequebook of `held(1)`. */
export const BOOK = id(1);

export const held = (n: number, cumulative = 100n, cashedCumulative = 0n): ReceivedChequeRecord => ({
  ...{ kind: 'received', chequebook: id(n), neighbour: id(0x1000 + n), issuer: id(0x1000 + n), cumulative },
  ...{ signature: new Uint8Array(65), cashedCumulative, creditedUnits: 0, remainderWei: 0n, bounced: false },
});

/** A cashier, and a chain on which each chequebook pays all of what is cashed, unless a test says otherwise. */
export class CashierBed {
  nowMs = 1_000_000;
  /** What each chequebook has paid here; undefined: nobody answers. */
  paidOut: Map<NodeId, bigint> | undefined = new Map();
  gasWei = 101n;
  gasPriceWei = 1n;
  availableWei = 1_000n;
  withdrawableAtS: number | undefined;
  waitedFor = false;
  /** What comes of sending a transaction: before it leaves, after that, and by the record of it later. */
  refuses: ErrorCode | undefined;
  fails: ErrorCode | undefined;
  outcome: ErrorCode | CashReceipt | undefined;
  full = false;
  riskAt = 1_000_000_000;
  readonly sent: string[] = [];
  readonly committed: StoreRecord[] = [];
  readonly kept: StoreRecord[] = [];
  readonly said: string[] = [];
  readonly received: ReceivedCheques;
  readonly cashier: CashierDesk;
  readonly #timers = new Set<() => void>();

  constructor(
    cheques: readonly ReceivedChequeRecord[] = [held(1)],
    cashings: readonly CashingRecord[] = [],
    notes: readonly NoteRecord[] = [],
  ) {
    this.received = new ReceivedCheques(cheques);
    const now = () => this.nowMs;
    const after = (_: number, act: () => void): Timer => {
      this.#timers.add(act);
      return { cancel: () => this.#timers.delete(act) };
    };
    this.cashier = new CashierDesk({
      ...{ chain: this.#chain(), desk: this.#desk(), cashings, notes, weiPerUnit: 1n },
      clock: { nowMs: now, wallMs: now, after },
      store: { commit: async (records: StoreRecord[]) => void this.committed.push(...records) } as unknown as Store,
      riskAt: () => this.riskAt,
      waitedFor: () => this.waitedFor,
      looked: (chequebook) => this.sent.push(`looked at ${Number(chequebook)}`),
      keep: async (_, records) => {
        if (this.full) throw new WayleaveError('STORE_FULL');
        this.kept.push(...records);
      },
      cleared: (chequebook) => this.said.push(`cleared ${Number(chequebook)}`),
      bounced: (chequebook) => this.said.push(`bounced ${Number(chequebook)}`),
      emit: (kind, { code = '' }) => this.said.push(`${kind} ${code}`.trim()),
    });
  }

  #desk(): ChequeDesk {
    const { received } = this;
    const cashed = (chequebook: NodeId, cashedCumulative: bigint) => {
      const record = received.of(chequebook);
      if (record === undefined) return undefined;
      const next = { ...record, cashedCumulative };
      received.put(next);
      return next;
    };
    const desk = {
      ...{ me: ME, cashed, received: () => received.all(), receivedOn: (book: NodeId) => received.of(book) },
      cashable: (record: ReceivedChequeRecord) => chequeFrom(record, ME),
    };
    return desk as unknown as ChequeDesk;
  }

  #chain(): Chain {
    const pays = async (cheques: readonly NodeId[], tell: (hash: string) => Promise<void>) => {
      if (this.refuses !== undefined) throw new WayleaveError(this.refuses);
      await tell(`0x${this.sent.length}`);
      this.sent.push(cheques.map(Number).join(' '));
      if (this.fails !== undefined) throw new WayleaveError(this.fails);
      return cheques.map((chequebook) => {
        const { cumulative = 0n, cashedCumulative = 0n } = this.received.of(chequebook) ?? {};
        this.paidOut?.set(chequebook, cumulative);
        return { paidWei: cumulative - cashedCumulative, bounced: false };
      });
    };
    const chain: Partial<Chain> = {
      chequebook: async (chequebook) => {
        if (this.paidOut === undefined) throw new WayleaveError('RPC_UNREACHABLE');
        const { availableWei, withdrawableAtS } = this;
        const paidOutWei = this.paidOut.get(chequebook) ?? 0n;
        return { availableWei, paidOutWei, ...(withdrawableAtS && { withdrawableAtS }) } as ChequebookFacts;
      },
      cash: async ({ chequebook }, tell) => {
        const [paid] = await pays([chequebook], tell);
        return { hash: '', gasWei: this.gasWei, ...paid } as CashReceipt;
      },
      cashMany: async (cheques, tell) => {
        const paid = await pays(
          cheques.map(({ chequebook }) => chequebook),
          tell,
        );
        this.sent.push('together');
        return { hash: '', gasWei: this.gasWei, paid };
      },
      outcome: async (transaction) => {
        this.sent.push(`asked for ${transaction}`);
        if (typeof this.outcome === 'string') throw new WayleaveError(this.outcome);
        return this.outcome;
      },
      gasPriceWei: async () => this.gasPriceWei,
    };
    return chain as Chain;
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** Cashes all; how many were paid in full. */
  async cashes(): Promise<number> {
    return (await this.cashier.cashAll()).filter(({ result }) => result === 'cashed').length;
  }

  /** So much later the cashier looks. */
  async later(ms: number): Promise<void> {
    this.nowMs += ms;
    const due = [...this.#timers];
    this.#timers.clear();
    for (const act of due) act();
    for (let each = 0; each < 20; each += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  /** What has been said and sent since the last time. */
  news(): readonly string[] {
    return [...this.said.splice(0), ...this.sent.splice(0)];
  }
}

export const sent = (n: number, transaction: string, more: Partial<CashingRecord> = {}): CashingRecord => ({
  ...{ kind: 'cashing', transaction, chequebook: id(n), cumulative: 100n, status: 'sent', paidOut: 0n, gasWei: 0n },
  ...{ atMs: 1_000_000, ...more },
});
