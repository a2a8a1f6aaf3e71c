import type { Chain } from '../../chain/chain.ts';
import { WayleaveError } from '../../core/errors.ts';
import { Column } from '../../core/ledger/columns.ts';
import type { LinkAccount } from '../../core/ledger/link-account.ts';
import type { NodeId } from '../../core/node-id.ts';
import type { PaymentMethod } from '../../core/terms/terms.ts';
import type { Units } from '../../core/units.ts';
import { Journal } from '../../neighbour/journal.ts';
import type { Neighbour } from '../../neighbour/neighbour.ts';
import type { NodeConfig } from '../../node/config.ts';
import { parseConfig } from '../../node/load-config.ts';
import { Neighbours } from '../../node/neighbours.ts';
import { PaymentDesks } from '../../node/payment-desks.ts';
import { CashierDesk } from '../../settle/cashier-desk.ts';
import { ChequeDesk } from '../../settle/cheque-desk.ts';
import { ChequebookFactsBook } from '../../settle/chequebook-facts.ts';
import type { MethodDesk } from '../../settle/method-desk.ts';
import { OwnChequebook } from '../../settle/own-chequebook.ts';
import type { StoreRecord } from '../../store/store.ts';
import type { Scenario } from './scenario.ts';
import { SmallChain } from './small-chain.ts';
import { SmallClock } from './small-clock.ts';
import { SmallDisk } from './small-disk.ts';
import type { SmallLink } from './small-link.ts';
import { smallIssuers, smallRecover, smallSigner } from './small-signer.ts';

/** The two nodes and their chequebooks. */
export const IDS: readonly [NodeId, NodeId] = [
  '0x000000000000000000000000000000000000000a',
  '0x000000000000000000000000000000000000000b',
];
export const CHEQUEBOOKS: readonly [NodeId, NodeId] = [
  '0x00000000000000000000000000000000000000ca',
  '0x00000000000000000000000000000000000000cb',
];

/** Wei per unit: not 1, so that nobody can mistake one for the other. */
export const WEI_PER_UNIT = 10n;
const PLENTY_WEI = 10n ** 18n;
const BID = 2 ** 31;
const JOURNAL_MS = 50;
/** Longer than any history here: a statement cannot be signed with a name alone. */
const DAY_S = 86_400;

const recover = smallRecover(IDS);

/** The configuration of one node of a scenario, read by the real parser. */
export function smallConfig(scenario: Scenario, who: 0 | 1): NodeConfig {
  const { payAt, dropAt, riskAt } = scenario;
  const credit = `[credit]\npay_at_units = ${payAt[who]}\ndrop_at_units = ${dropAt}\nrisk_at_units = ${riskAt}\n`;
  const config = parseConfig(credit, '/small/wayleave.toml');
  return {
    ...config,
    settlement: { ...config.settlement, enabled: true, weiPerUnit: WEI_PER_UNIT },
    credit: { ...config.credit, statementEveryS: DAY_S },
    // Shaped, but never so that it shows: a pace that is measured would make every history a state of its own.
    transit: { ...config.transit, maxRateMbit: 8_000_000 },
  };
}

/** What both disks hold before anything happens: each node has a chequebook and has looked up the other's. */
function firstRecords(who: 0 | 1, unread: boolean): StoreRecord[] {
  const other = (1 - who) as 0 | 1;
  const facts = {
    fromFactory: true,
    issuer: IDS[other],
    balanceWei: String(PLENTY_WEI),
    paidOutWei: '0',
    bounced: false,
  };
  const own = { address: CHEQUEBOOKS[who], capacityWei: String(PLENTY_WEI) };
  const mine: StoreRecord = { kind: 'note', name: 'own-chequebook', text: JSON.stringify(own) };
  if (unread && who === 0) return [mine];
  return [mine, { kind: 'note', name: `chequebook:${CHEQUEBOOKS[other]}`, text: JSON.stringify(facts) }];
}

/** Desks of a node beside the one for cheques, made anew for each of its lives. */
export type MoreDesks = (node: SmallNode) => Readonly<Partial<Record<PaymentMethod, MethodDesk>>>;

export interface SmallNodeOptions {
  readonly who: 0 | 1;
  readonly scenario: Scenario;
  readonly config: NodeConfig;
  readonly chain: SmallChain | undefined;
  /** Does the chain answer when a chequebook is looked up? */
  readonly answers: () => boolean;
  readonly moreDesks?: MoreDesks | undefined;
}

/** One node of a small world: everything from `Neighbours` down is what runs in production. */
export class SmallNode {
  readonly who: 0 | 1;
  readonly peer: NodeId;
  readonly disk: SmallDisk;
  clock = new SmallClock();
  journal!: Journal;
  desk!: ChequeDesk;
  neighbour!: Neighbour;
  cashier: CashierDesk | undefined;
  link: SmallLink | undefined;
  /** Which of the scenario's prices is asked now. */
  price = 0;
  /** Forward budget that the other end granted. Bytes. */
  credit = 0;
  /** Lives so far, and codes of faults that were noticed, in this life. */
  lives = 0;
  complaints: string[] = [];
  /** Told of all that this node says of itself and its neighbour. */
  listener: ((kind: string, facts: Record<string, unknown>) => void) | undefined;
  /** Its desks beside the one for cheques, in this life. */
  more: ReturnType<MoreDesks> = {};
  /** Units of its debt that wait for what happens on other links. */
  heldBack = 0;
  readonly #scenario: Scenario;
  readonly #config: NodeConfig;
  readonly #chain: SmallChain | undefined;
  #neighbours!: Neighbours;

  readonly #answers: () => boolean;
  readonly #moreDesks: MoreDesks;

  constructor(options: SmallNodeOptions) {
    this.who = options.who;
    this.peer = IDS[1 - options.who] as NodeId;
    this.#scenario = options.scenario;
    this.#config = options.config;
    this.#chain = options.chain;
    this.#answers = options.answers;
    this.#moreDesks = options.moreDesks ?? (() => ({}));
    this.disk = new SmallDisk(firstRecords(options.who, options.scenario.unread === true));
    this.start();
  }

  get account(): LinkAccount {
    return this.neighbour.account;
  }

  get config(): NodeConfig {
    return this.#config;
  }

  get neighbours(): Neighbours {
    return this.#neighbours;
  }

  get id(): NodeId {
    return IDS[this.who];
  }

  cell(column: number): number {
    return this.account.ledger.get(this.account.row, column);
  }

  get balance(): number {
    return this.cell(Column.balance);
  }

  get askPerMb(): number | undefined {
    return this.#scenario.asks[this.who]?.[this.price];
  }

  /** A new life: everything is made from what is durable. */
  start(): void {
    this.clock.clear();
    this.clock = new SmallClock();
    this.lives += 1;
    this.link = undefined;
    this.credit = 0;
    const { clock, disk } = this;
    const [store, stored] = [disk.store(), disk.state()];
    const chain = undefined;
    const { notes, issued, received } = stored;
    const emit = (kind: string, facts: Record<string, unknown>): void => this.#heard(kind, facts);
    this.journal = new Journal({
      store,
      clock,
      windowMs: JOURNAL_MS,
      failed: () => this.complaints.push('journal'),
    });
    this.desk = new ChequeDesk({
      signer: smallSigner(this.id, this.who),
      chainId: this.#config.settlement.chainId,
      store,
      own: new OwnChequebook({ chain, store, notes }),
      facts: new ChequebookFactsBook({ chain: this.#lookups(), store, me: this.id, notes, nowMs: () => 0 }),
      neighbour: () => this.payer(),
      issued,
      received,
      recover,
      issuers: smallIssuers(IDS),
    });
    this.more = this.#moreDesks(this);
    const { more } = this;
    this.#neighbours = new Neighbours({
      config: this.#config,
      clock,
      journal: this.journal,
      desk: new PaymentDesks({
        desks: { cheque: this.desk, ...more },
        isChannel: (_, contract) => more.channel !== undefined && !CHEQUEBOOKS.includes(contract),
      }),
      stored,
      services: { opened() {}, granted() {}, linkUp() {}, linkDown: () => this.#linkDown() },
      emit,
      facts: () => ({
        askPerMb: this.askPerMb,
        bidPerMb: this.#scenario.bids?.[this.who] ?? BID,
        chequebook: CHEQUEBOOKS[this.who],
      }),
      bought: () => undefined,
      carried: () => undefined,
      heldBack: () => this.heldBack,
      paused: () => false,
      ...(this.#scenario.statements === true && { signer: smallSigner(this.id, this.who) }),
    });
    const known = this.#neighbours.get(this.peer);
    if (known !== undefined) this.neighbour = known;
    if (this.#chain !== undefined) this.#startCashier(this.#chain, stored);
  }

  #startCashier(chain: SmallChain, stored: ReturnType<SmallDisk['state']>): void {
    this.cashier = new CashierDesk({
      chain: chain.port(),
      clock: this.clock,
      store: this.disk.store(),
      desk: this.desk,
      riskAt: () => this.#scenario.riskAt,
      weiPerUnit: WEI_PER_UNIT,
      cashings: stored.cashings,
      notes: stored.notes,
      waitedFor: () => false,
      keep: (_, records) => this.neighbour.keep(records),
      cleared: () => this.neighbour.cleared(this.desk.uncashedUnits(this.peer), this.#scenario.riskAt),
      bounced: () => this.neighbour.step({ kind: 'fault', code: 'CHEQUE_BOUNCED' }),
      emit: (kind, facts) => this.#heard(kind, facts),
    });
    this.cashier.start();
  }

  #heard(kind: string, facts: Record<string, unknown>): void {
    this.listener?.(kind, facts);
    if (kind === 'fault' || kind === 'verdict') this.complaints.push(String(facts['code']));
  }

  #linkDown(): void {
    this.credit = 0;
  }

  /** What the desks are told of the neighbour. */
  payer(): { chequebook: NodeId | undefined; theirRatio: Ratio; myRatio: Ratio; riskAt: Units } {
    const theirs = this.account.theirs.newest;
    const mine = this.account.mine.acknowledged ?? this.account.mine.newest;
    return {
      chequebook: theirs?.chequebook,
      theirRatio: theirs?.ratio,
      myRatio: mine?.ratio,
      riskAt: this.#scenario.riskAt,
    };
  }

  /** The chain as this node looks chequebooks up on it, where it has to. */
  #lookups(): Chain | undefined {
    if (this.#scenario.unread !== true || this.who !== 0) return undefined;
    const none = { paidOutWei: 0n, totalPaidOutWei: 0n, reservedWei: 0n, withdrawalWei: 0n };
    const sums = { ...none, balanceWei: PLENTY_WEI, availableWei: PLENTY_WEI };
    const book = { fromFactory: true, issuer: this.peer, bounced: false, ...sums };
    return {
      ...new SmallChain(new Map()).port(),
      chequebook: () =>
        this.#answers()
          ? Promise.resolve(book)
          : Promise.reject(new WayleaveError('RPC_UNREACHABLE', { url: 'small' })),
    };
  }

  /** A connection was made. */
  attach(link: SmallLink): void {
    this.link = link;
    this.#neighbours.attach(link);
    const known = this.#neighbours.get(this.peer);
    if (known !== undefined) this.neighbour = known;
  }

  /** The connection is gone, as this end sees it. */
  hangUp(by: 'local' | 'fault'): void {
    const { link } = this;
    this.link = undefined;
    link?.end({ by });
  }

  /** The next price of the scenario. */
  reprice(): void {
    this.price += 1;
    this.#neighbours.refreshOffers();
  }
}

type Ratio = { readonly numerator: bigint; readonly denominator: bigint } | undefined;
