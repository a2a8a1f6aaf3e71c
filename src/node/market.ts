import type { Clock } from '../core/clock.ts';
import type { NodeId } from '../core/node-id.ts';
import type { PaymentMethod, Terms } from '../core/terms/terms.ts';
import type { PricePerMb } from '../core/units.ts';
import type { DeskNeighbour } from '../settle/cheque-desk.ts';
import type { NodeConfig } from './config.ts';
import type { Credits } from './credits.ts';
import type { FreeAllowance } from './free-allowance.ts';
import type { Neighbours } from './neighbours.ts';
import { creditFor, type OfferFacts } from './offer.ts';
import { Pricing } from './pricing.ts';
import type { Settlement } from './settlement.ts';
import { UpstreamChoice } from './upstream.ts';

/** A node that knows these pays also before a chequebook of its own stands. */
const NEEDS_NO_CHEQUEBOOK: ReadonlySet<PaymentMethod> = new Set(['channel', 'transfer']);

export interface MarketOptions {
  readonly config: NodeConfig;
  readonly clock: Clock;
  readonly free: FreeAllowance;
  /** False while this node's uplink carries nothing: then it has no access to sell. */
  readonly hasWayOut?: () => boolean;
  /** Read late: the neighbours are made with what this market offers them. */
  readonly neighbours: () => Neighbours | undefined;
  readonly settlement: () => Pick<Settlement, 'chequebook' | 'delegation' | 'channelWith' | 'methods'>;
  /** Who has a way to a host, of those this node prefers; absent: no routes are kept. */
  readonly via?: (host: string | undefined) => NodeId | undefined;
  readonly credits: () => Credits;
}

/** What this node buys and sells at: its cost, its ask and bid to each neighbour, and where its own traffic goes. */
export class Market {
  readonly #options: MarketOptions;
  readonly #pricing: Pricing;
  readonly #upstream: UpstreamChoice;

  constructor(options: MarketOptions) {
    this.#options = options;
    this.#pricing = new Pricing(options.config.transit);
    this.#upstream = new UpstreamChoice(options.config, options.neighbours, options.via);
  }

  bought(bytes: number, pricePerMb: PricePerMb): void {
    this.#pricing.bought(bytes, pricePerMb, this.#options.clock.nowMs());
  }

  nextHop(host?: string): NodeId | 'local' | undefined {
    return this.#upstream.nextHop(host);
  }

  /** How much this node wants its traffic to go by a neighbour; below 0: never. */
  preference(id: NodeId): number {
    return this.#upstream.preference(id);
  }

  costPerMb(): PricePerMb | undefined {
    return this.#pricing.costPerMb(this.#options.clock.nowMs(), this.#upstream.cheapestAskPerMb());
  }

  /** What something sold now costs at the least: not less than what the next hop asks already. */
  resaleCostPerMb(): PricePerMb | undefined {
    const cost = this.costPerMb();
    return cost === undefined ? undefined : Math.max(cost, this.#upstream.cheapestAskPerMb() ?? 0);
  }

  askPerMb(): PricePerMb | undefined {
    return this.#pricing.askPerMb(this.costPerMb());
  }

  /** What a neighbour is offered now. Whoever carries my traffic is not offered to carry it back (split horizon). */
  offerTo(id: NodeId): OfferFacts {
    const settlement = this.#options.settlement();
    const { chequebook, delegation } = settlement;
    const { enabled, methods } = this.#options.config.settlement;
    const pays = chequebook !== undefined || (enabled && methods.some((each) => NEEDS_NO_CHEQUEBOOK.has(each)));
    const bidPerMb = pays ? this.#pricing.bidPerMb(this.#customerBids(id)) : 0;
    const credits = this.#options.credits();
    const sells = !this.#upstream.isUpstream(id) && !credits.refuses(id);
    const askPerMb = sells ? this.#askTo(id) : undefined;
    const channel = settlement.channelWith(id);
    const withheld = this.#options.hasWayOut?.() === false;
    const facts = { askPerMb, withheld, bidPerMb, chequebook, delegation, channel, earned: credits.earned(id) };
    return { ...facts, methods: settlement.methods };
  }

  /** Nobody is a customer for what it sells itself: its own bid must not raise what it is offered. */
  #customerBids(seller: NodeId): PricePerMb[] {
    const known = this.#options.neighbours()?.all() ?? [];
    const others = known.filter(({ neighbour }) => neighbour.id !== seller);
    return others.map(({ neighbour }) => neighbour.account.theirs.newest?.services.transit.bidPerMb ?? 0);
  }

  #askTo(id: NodeId): PricePerMb | undefined {
    const neighbours = this.#options.neighbours();
    const ask = this.askPerMb();
    const mb = neighbours?.configOf(id)?.freeMbPerDay ?? 0;
    if (ask === undefined || mb === 0) return ask;
    const provided = neighbours?.get(id)?.account.service('transit').providedBytes ?? 0;
    return this.#options.free.left(id, provided, mb) > 0 ? 0 : ask;
  }

  /** Before terms are exchanged on the first connection after a start, those of before it hold. */
  #termsTo(id: NodeId): Terms | undefined {
    const neighbours = this.#options.neighbours();
    const mine = neighbours?.get(id)?.account.mine;
    return mine?.acknowledged ?? mine?.newest ?? neighbours?.offered(id);
  }

  /** What settlement must know of a neighbour. */
  payerOf(id: NodeId): DeskNeighbour {
    const neighbours = this.#options.neighbours();
    const account = neighbours?.get(id)?.account;
    const mine = this.#termsTo(id);
    const theirs = account?.theirs.newest;
    const askPerMb = mine?.services.transit.askPerMb ?? 0;
    return {
      chequebook: theirs?.chequebook,
      delegation: theirs?.delegation,
      theirRatio: theirs?.ratio,
      myRatio: mine?.ratio,
      myChannel: mine?.channel,
      riskAt: creditFor(this.#options.config, neighbours?.configOf(id), { askPerMb }).riskAt,
    };
  }
}
