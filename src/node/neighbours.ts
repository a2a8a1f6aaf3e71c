import type { Signer } from '../chain/signer.ts';
import type { Clock } from '../core/clock.ts';
import { WayleaveError } from '../core/errors.ts';
import { Ledger } from '../core/ledger/ledger.ts';
import { LinkAccount } from '../core/ledger/link-account.ts';
import type { NodeId } from '../core/node-id.ts';
import { Conduct } from '../core/session/conduct.ts';
import { Session } from '../core/session/session.ts';
import { SESSION_RULES, type TransferPace } from '../core/session/session-rules.ts';
import type { Statement } from '../core/statement/statement.ts';
import type { StatementsOptions } from '../core/statement/statements.ts';
import { EPOCH_GRACE_MS } from '../core/terms/epoch-book.ts';
import type { Terms } from '../core/terms/terms.ts';
import { BYTES_PER_MB, type Units } from '../core/units.ts';
import type { Link } from '../link/link.ts';
import { Beat } from '../neighbour/beat.ts';
import type { Journal } from '../neighbour/journal.ts';
import type { LinkServices } from '../neighbour/link-services.ts';
import { Neighbour } from '../neighbour/neighbour.ts';
import type { LinkRecord, StoredState } from '../store/store.ts';
import { decodeStatement } from '../wire/statement.ts';
import { decodeTerms } from '../wire/terms.ts';
import type { NeighbourConfig, NodeConfig, SettlementConfig } from './config.ts';
import { creditFor, type OfferFacts, offer } from './offer.ts';
import type { PaymentDesks } from './payment-desks.ts';

/** Accounts a node keeps. Each stranger that connects gets one, so there is an end to it. */
export const MAX_NEIGHBOURS = 65_536;

const BYTES_PER_SECOND_PER_MBIT = 125_000;

export interface NeighboursOptions {
  readonly config: NodeConfig;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly desk: PaymentDesks;
  readonly stored: StoredState;
  /** Signs statements; without it none are made. */
  readonly signer?: Signer | undefined;
  readonly services: LinkServices;
  readonly emit: (kind: string, facts: Record<string, string | number | boolean | undefined>) => void;
  /** What a neighbour is offered now. */
  readonly facts: (neighbour: NodeId) => OfferFacts;
  readonly bought: (bytes: number, pricePerMb: number) => void;
  /** A neighbour charged for what it did for another one. */
  readonly carried: (upstream: NodeId, customer: NodeId, units: Units) => void;
  /** What is owed to a neighbour and must wait until others have paid, or may come back as change. */
  readonly heldBack: (neighbour: NodeId, listed: boolean) => Units;
  /** The operator has payments to it paused, maybe before it came. */
  readonly paused: (neighbour: NodeId) => boolean;
}

/** A neighbour with what the configuration says of it. */
export interface Known {
  readonly neighbour: Neighbour;
  readonly config: NeighbourConfig | undefined;
}

/** Every neighbour this node has an account with: from the store, from the configuration as they connect, and strangers. */
export class Neighbours {
  readonly ledger: Ledger;
  readonly #options: NeighboursOptions;
  readonly #known = new Map<NodeId, Known>();
  /** Those of `#known`, which are asked for with each stream and seldom change. */
  #all: readonly Known[] | undefined;
  readonly #offered = new Map<NodeId, Terms>();
  /** What the present offers follow from. */
  readonly #offeredBy = new Map<NodeId, { readonly facts: OfferFacts; readonly config: NeighbourConfig | undefined }>();
  readonly #beat: Beat;
  /** The last statements as the store remembers them, by party and neighbour. */
  readonly #stated = new Map<string, Statement>();

  constructor(options: NeighboursOptions) {
    this.#options = options;
    this.#beat = new Beat(options.clock);
    this.ledger = new Ledger(Math.max(16, options.stored.links.length));
    for (const record of options.stored.terms) {
      if (record.side === 'mine') this.#offered.set(record.neighbour, decodeTerms(record.bytes));
    }
    for (const { bytes, neighbour, party } of options.stored.statements) {
      this.#stated.set(`${party} ${neighbour}`, decodeStatement(bytes));
    }
    for (const record of options.stored.links) this.#add(record.neighbour, this.configOf(record.neighbour), record);
  }

  get(id: NodeId): Neighbour | undefined {
    return this.#known.get(id)?.neighbour;
  }

  known(id: NodeId): Known | undefined {
    return this.#known.get(id);
  }

  all(): readonly Known[] {
    this.#all ??= [...this.#known.values()];
    return this.#all;
  }

  #remember(id: NodeId, known: Known): void {
    this.#known.set(id, known);
    this.#all = undefined;
  }

  configOf(id: NodeId): NeighbourConfig | undefined {
    return this.#options.config.neighbours.find((each) => each.id === id);
  }

  /** A link is up: its neighbour's account is found or opened, and its session starts. Throws `NEIGHBOURS_EXHAUSTED`. */
  attach(link: Link): void {
    const dialled = this.#options.config.neighbours.find(
      (each) =>
        each.id === undefined && each.address !== undefined && link.dialled && addressText(each) === link.remoteAddress,
    );
    const known = this.#known.get(link.peer) ?? this.#add(link.peer, this.configOf(link.peer) ?? dialled, undefined);
    // One listed by its address alone is known by id only once it was dialled: after a restart that is here.
    if (known.config === undefined && dialled !== undefined)
      this.#remember(link.peer, { neighbour: known.neighbour, config: dialled });
    known.neighbour.attach(link);
  }

  #add(id: NodeId, config: NeighbourConfig | undefined, record: LinkRecord | undefined): Known {
    if (this.#known.size >= MAX_NEIGHBOURS)
      throw new WayleaveError('NEIGHBOURS_EXHAUSTED', { neighbours: MAX_NEIGHBOURS });
    const { config: node, clock, desk, emit, journal, services } = this.#options;
    const mbit = config?.maxRateMbit || node.transit.maxRateMbit;
    const account = new LinkAccount({
      ledger: this.ledger,
      neighbour: id,
      fullRateBytesPerSecond: mbit === 0 ? Number.POSITIVE_INFINITY : mbit * BYTES_PER_SECOND_PER_MBIT,
      epochGraceMs: EPOCH_GRACE_MS,
      enforce: node.mode === 'enforce',
    });
    if (record !== undefined) account.restore(record, this.#uncleared(id, config));
    journal.follow(account, record);
    account.onBought(this.#options.bought);
    account.onHeldBack(() => this.#options.heldBack(id, this.#known.get(id)?.config !== undefined));
    account.onFading(() => {
      const askPerMb = account.mine.newest?.services.transit.askPerMb ?? 0;
      return creditFor(node, this.#known.get(id)?.config ?? config, { askPerMb }).dropAt;
    });
    if (config === undefined) account.onCarried((buyer, units) => this.#options.carried(id, buyer, units));
    const last = this.#offered.get(id);
    // After a restart the epoch grows once more, so that frames of before and after are never confused. Books that were
    // restored may know of fewer terms than the neighbour took: their own epoch is above all of those.
    const epoch = Math.max((last?.epoch ?? 0) + 1, this.#options.stored.epoch);
    const fresh = offer(node, config, this.#options.facts(id), last === undefined ? undefined : { ...last, epoch });
    const terms = { ...fresh, epoch: Math.max(fresh.epoch, epoch) };
    this.#offered.set(id, terms);
    const session = new Session({
      account,
      conduct: new Conduct(),
      terms,
      storeEpoch: this.#options.stored.epoch,
      rules: { ...SESSION_RULES, graceMs: node.credit.graceS * 1000, transfer: transferPace(node.settlement) },
      pending: desk.pending(id),
      statements: this.#statements(id),
    });
    const { signer } = this.#options;
    const beat = this.#beat;
    const neighbour = new Neighbour({ account, session, clock, journal, beat, desk, emit, services, signer });
    const known = { neighbour, config };
    this.#remember(id, known);
    if (this.#options.paused(id)) neighbour.step({ kind: 'pause', paused: true });
    return known;
  }

  #statements(id: NodeId): StatementsOptions | undefined {
    const { config, signer } = this.#options;
    if (signer === undefined) return undefined;
    const last = (party: 'mine' | 'theirs') => this.#stated.get(`${party} ${id}`);
    return {
      me: signer.id,
      chainId: config.settlement.chainId,
      intervalMs: config.credit.statementEveryS * 1000,
      mine: last('mine'),
      theirs: last('theirs'),
    };
  }

  /** What of a neighbour's uncashed cheques is beyond riskAt, by the terms of before a restart. */
  #uncleared(id: NodeId, config: NeighbourConfig | undefined): Units {
    const last = this.#offered.get(id);
    if (last === undefined) return 0;
    const { riskAt } = creditFor(this.#options.config, config, { askPerMb: last.services.transit.askPerMb ?? 0 });
    return Math.max(0, this.#options.desk.uncashedUnits(id, last.ratio) - riskAt);
  }

  /** The terms last offered to a neighbour. */
  offered(id: NodeId): Terms | undefined {
    return this.#offered.get(id);
  }

  /** Looks whether anything offered has changed, and tells whom it concerns. */
  refreshOffers(): void {
    for (const id of this.#known.keys()) this.refreshOffer(id);
  }

  /** The same for one neighbour; nothing for one not known yet. */
  refreshOffer(id: NodeId): void {
    const known = this.#known.get(id);
    if (known === undefined) return;
    const facts = this.#options.facts(id);
    const before = this.#offeredBy.get(id);
    // Terms follow from these and from the configuration: nearly always nothing has changed.
    if (before !== undefined && before.config === known.config && sameFacts(before.facts, facts)) return;
    this.#offeredBy.set(id, { facts, config: known.config });
    const last = this.#offered.get(id);
    const terms = offer(this.#options.config, known.config, facts, last);
    if (terms === last) return;
    this.#offered.set(id, terms);
    known.neighbour.step({ kind: 'termsChanged', terms });
  }
}

function sameFacts(a: OfferFacts, b: OfferFacts): boolean {
  const prices =
    a.askPerMb === b.askPerMb && a.withheld === b.withheld && a.bidPerMb === b.bidPerMb && a.earned === b.earned;
  const methods = a.methods === b.methods || String(a.methods) === String(b.methods);
  return prices && methods && a.delegation === b.delegation && a.chequebook === b.chequebook && a.channel === b.channel;
}

function addressText(config: NeighbourConfig): string {
  return `${config.address?.host}:${config.address?.port}`;
}

function transferPace({ methods, confirmations, blockMs, expectedMbit }: SettlementConfig): TransferPace | undefined {
  if (!methods.includes('transfer')) return undefined;
  // The block that holds it has to come first.
  return { confirmMs: (confirmations + 1) * blockMs, bytesPerSecond: (expectedMbit * BYTES_PER_MB) / 8 };
}
