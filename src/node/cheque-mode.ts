import type { Chain } from '../chain/chain.ts';
import type { Timer } from '../core/clock.ts';
import { codeOf, WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { Delegation } from '../core/settlement/delegation.ts';
import type { Terms } from '../core/terms/terms.ts';
import type { CashedCheque } from '../settle/cashed-cheque.ts';
import { CashierDesk, type CashPlan } from '../settle/cashier-desk.ts';
import { ChequeDesk } from '../settle/cheque-desk.ts';
import { ChequebookFactsBook } from '../settle/chequebook-facts.ts';
import { type Ordered, OwnChequebook } from '../settle/own-chequebook.ts';
import { FINAL_MS } from '../settle/payout-watch.ts';
import { SharedChequebook } from '../settle/shared-chequebook.ts';
import { type ChequebookStanding, Treasury, type TreasuryOrder } from '../settle/treasury.ts';
import type { ReceivedChequeRecord, StoreRecord } from '../store/store.ts';
import type { ChequebookStatus, SolvencyStatus } from './node.ts';
import { type ModeOptions, type PaymentMode, payerOf } from './payment-mode.ts';
import { repeat } from './repeat.ts';
import { ownStanding, type SolvencySources, solvencyOf } from './solvency.ts';

/** Wait before the chain is asked again for this node's chequebook. */
const CHEQUEBOOK_RETRY_MS = 15_000;
/** How often it is looked what the other nodes have promised on a shared chequebook: one row by its key. */
const SHARED_LOOK_MS = 5_000;
const DAY_MS = 86_400_000;

/** Payment by cheque: this node's chequebook, what it knows of others', the desk and the cashier. */
export class ChequeMode implements PaymentMode {
  readonly desk: ChequeDesk;
  readonly #options: ModeOptions;
  readonly #own: OwnChequebook;
  readonly #facts: ChequebookFactsBook;
  readonly #cashier: CashierDesk | undefined;
  readonly #treasury: Treasury | undefined;
  readonly #shared: SharedChequebook | undefined;
  #retry: Timer | undefined;
  /** The chequebook is being looked at, or was at that time. */
  #ensuring = false;
  #ensuredMs = Number.NEGATIVE_INFINITY;
  #looking: (() => void) | undefined;
  #stopped = false;
  #ready: () => void = () => undefined;

  constructor(options: ModeOptions) {
    const { config, signer, store, chain, stored } = options;
    this.#options = options;
    this.#shared = sharedChequebook(options);
    this.#own = new OwnChequebook({ chain, store, notes: stored.notes, shared: this.#shared });
    this.#facts = new ChequebookFactsBook({
      chain,
      store,
      me: signer.id,
      notes: stored.notes,
      epoch: stored.epoch,
      nowMs: () => options.clock.nowMs(),
      confirmations: config.confirmations,
    });
    this.desk = new ChequeDesk({
      signer,
      chainId: config.chainId,
      store,
      own: this.#own,
      shared: this.#shared,
      wallMs: () => options.clock.wallMs(),
      facts: this.#facts,
      chain,
      restored: stored.epoch > 1,
      notes: stored.notes,
      maxPerDayWei: config.maxIssuePerDayWei,
      day: () => Math.floor(options.clock.wallMs() / DAY_MS),
      issued: stored.issued,
      received: stored.received,
      doubts: (chequebook) => this.#cashier?.doubts(chequebook) === true,
      neighbour: (id) => payerOf(options, () => this.desk, id),
    });
    this.#cashier = chain === undefined ? undefined : this.#makeCashier(chain);
    this.#treasury = chain === undefined ? undefined : this.#makeTreasury(chain);
  }

  #makeTreasury(chain: Chain): Treasury {
    const { clock, config, emit, signer, store, stored } = this.#options;
    const { chequebookOwner, lowWaterWei, maxTopUpPerDayWei, targetWei } = config;
    return new Treasury({
      ...{ chain, clock, store, emit, lowWaterWei, targetWei },
      own: this.#own,
      me: signer.id,
      owner: chequebookOwner,
      inToken: config.token !== undefined,
      notes: stored.notes,
      promisedWei: (chequebook) => this.desk.promisedWei(chequebook),
      maxPerDayWei: maxTopUpPerDayWei,
    });
  }

  #makeCashier(chain: Chain): CashierDesk {
    const { clock, config, emit, market, neighbours, store, stored, uncashedUnits, waitedFor } = this.#options;
    return new CashierDesk({
      chain,
      clock,
      store,
      desk: this.desk,
      riskAt: (id) => market().payerOf(id).riskAt,
      weiPerUnit: config.weiPerUnit,
      perCoin: config.perCoin,
      everyMs: config.cashEveryDays * DAY_MS,
      cashings: stored.cashings,
      notes: stored.notes,
      looked: (chequebook, facts) => this.#facts.saw(chequebook, facts),
      keep: (id, records) => this.#keep(id, records),
      waitedFor,
      cleared: (chequebook) => {
        for (const id of this.desk.payersOf(chequebook))
          neighbours().get(id)?.cleared(uncashedUnits(id), market().payerOf(id).riskAt);
      },
      confirmations: config.confirmations,
      blockMs: config.blockMs,
      bounced: (chequebook) => {
        for (const id of this.desk.payersOf(chequebook)) {
          const neighbour = neighbours().get(id);
          if (neighbour?.account.banned === false) neighbour.step({ kind: 'fault', code: 'CHEQUE_BOUNCED' });
        }
      },
      doubted: (chequebook) => this.#doubt(this.desk.payersOf(chequebook)),
      emit,
    });
  }

  #doubt(payers: readonly NodeId[]): void {
    const doubted = new Set(this.#cashier?.doubted.flatMap((each) => this.desk.payersOf(each)));
    for (const id of payers) this.#options.neighbours().get(id)?.doubt(doubted.has(id));
  }

  /** Where an account's books broke it is written no more, and its cheques are cashed all the same. */
  async #keep(id: NodeId, records: readonly StoreRecord[]): Promise<void> {
    const neighbour = this.#options.neighbours().get(id);
    if (neighbour === undefined) return this.#options.store.commit(records);
    await neighbour.keep(records).catch((error: unknown) => {
      if (codeOf(error) !== 'INVARIANT_BROKEN') throw error;
      return this.#options.store.commit(records);
    });
  }

  /** Where this node's cheques are drawn; undefined until it stands. */
  get chequebook(): NodeId | undefined {
    return this.#own.address;
  }

  /** Starts to cash, and sees to a chequebook in the background. */
  start(ready: () => void): void {
    this.#ready = ready;
    this.#cashier?.start();
    if (this.#options.config.enabled) this.#treasury?.start();
    void this.#ensureChequebook(ready);
    const shared = this.#shared;
    // For those who look at how the nodes share it; a server that is away is told of elsewhere.
    if (shared !== undefined)
      this.#looking = repeat(this.#options.clock, SHARED_LOOK_MS, () => void shared.look().catch(() => undefined));
  }

  async #ensureChequebook(ready: () => void, again = false): Promise<void> {
    const { chain, clock, config, emit } = this.#options;
    // What was promised on one must be paid, whatever is offered now.
    const wanted = config.methods.includes('cheque') || this.#own.address !== undefined;
    if (this.#stopped || !config.enabled || !wanted || chain === undefined) return;
    this.#ensuring = true;
    this.#ensuredMs = clock.nowMs();
    try {
      await this.#own.ensure(config.depositWei, config.chequebookOwner);
      ready();
      // Once more when it is final: a reorganisation may have undone it meanwhile.
      if (!again) this.#retry = clock.after(FINAL_MS, () => void this.#ensureChequebook(ready, true));
    } catch (error) {
      emit('fault', { code: codeOf(error) ?? 'RPC_UNREACHABLE', what: 'own chequebook' });
      this.#retry = clock.after(CHEQUEBOOK_RETRY_MS, () => void this.#ensureChequebook(ready, again));
    } finally {
      this.#ensuring = false;
    }
  }

  /** A neighbour finds no chequebook: a reorganisation may have undone it. Looked at now, but not more often than it is retried. */
  missed(): void {
    if (this.#ensuring || this.#options.clock.nowMs() - this.#ensuredMs < CHEQUEBOOK_RETRY_MS) return;
    this.#retry?.cancel();
    void this.#ensureChequebook(this.#ready);
  }

  get #sources(): SolvencySources {
    return { desk: this.desk, own: this.#own, facts: this.#facts, shared: this.#shared };
  }

  /** What this node's chequebooks can still promise. */
  get standing(): readonly ChequebookStatus[] {
    return ownStanding(this.#sources);
  }

  /** Whether a neighbour's chequebook covers what it has paid, as far as was looked. */
  solvencyOf(chequebook: NodeId): SolvencyStatus | undefined {
    return solvencyOf(chequebook, this.#sources);
  }

  /** By which this node pays from `chequebook`, where that is its operator's. */
  get delegation(): Delegation | undefined {
    return this.#shared?.address === this.#own.address ? this.#shared?.delegation() : undefined;
  }

  /** Every last cheque taken; one that nodes share stands there for each of them, as each answers for it. */
  received(): readonly ReceivedChequeRecord[] {
    return this.desk.received().flatMap((record) => {
      const payers = this.desk.payersOf(record.chequebook);
      return payers.length < 2 ? [record] : payers.map((neighbour) => ({ ...record, neighbour }));
    });
  }

  learn(_neighbour: NodeId, { chequebook }: Terms): void {
    if (chequebook !== undefined) void this.#facts.learn(chequebook);
  }

  /** Cashes everything. Throws `SETTLEMENT_OFF`. */
  async collect(): Promise<readonly CashedCheque[]> {
    if (this.#cashier === undefined) throw new WayleaveError('SETTLEMENT_OFF');
    return this.#cashier.cashAll();
  }

  /** What would be cashed now, and what it would bring. Throws `SETTLEMENT_OFF`. */
  async cashPlan(): Promise<CashPlan> {
    if (this.#cashier === undefined) throw new WayleaveError('SETTLEMENT_OFF');
    return this.#cashier.plan();
  }

  #demandTreasury(): Treasury {
    if (this.#treasury === undefined) throw new WayleaveError('SETTLEMENT_OFF');
    return this.#treasury;
  }

  async chequebooks(): Promise<readonly ChequebookStanding[]> {
    return this.#demandTreasury().standing();
  }

  async order(order: TreasuryOrder, chequebook?: NodeId): Promise<Ordered> {
    const before = this.#own.address;
    const ordered = await this.#demandTreasury().order(order, chequebook);
    // Neighbours hear of another chequebook with the next terms.
    if (this.#own.address !== before) this.#ready();
    return ordered;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#retry?.cancel();
    this.#looking?.();
    await this.#cashier?.stop();
    await this.#treasury?.stop();
  }
}

/** Throws `SETTLEMENT_NEEDS_SERVER` where the configuration names a chequebook and what it takes to share one is not there. */
function sharedChequebook(options: ModeOptions): SharedChequebook | undefined {
  const { chain, clock, config, credit, issuer, signer } = options;
  const { chainId, chequebook: address, enabled } = config;
  if (!enabled || address === undefined) return undefined;
  if (chain === undefined || credit === undefined || issuer === undefined)
    throw new WayleaveError('SETTLEMENT_NEEDS_SERVER');
  return new SharedChequebook({ address, issuer, credit, chain, chainId, node: signer.id, clock });
}
