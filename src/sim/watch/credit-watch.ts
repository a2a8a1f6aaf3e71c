import type { SimNode } from '../sim-node.ts';
import type { AccountWatch } from './account-watch.ts';
import { BrokenRule } from './broken-rule.ts';

/** Income is looked at every second, and terms follow; only what stands longer was not taken back. */
const FOLLOWS_MS = 5_000;
const DAY_MS = 86_400_000;
/** A link without a price grants this, so that its terms make sense. Units. */
const WITHOUT_PRICE = 2;
/** Whole units are taken of a share, and of what service cost. */
const ROUNDING = 2;

/**
 * What one node lends beyond a newcomer's credit, to each neighbour and to all together: at most a share of the money that
 * is final on the chain, less what it wrote to them and what it cost to serve them (DESIGN §3, "Credit").
 */
export class CreditWatch {
  readonly #node: SimNode;
  readonly #readChain: (watch: AccountWatch) => void;
  readonly #watches: AccountWatch[] = [];
  /** The most that was ever final of each: what a reorganisation takes back is nobody's income, and nobody's fault. */
  readonly #final = new Map<AccountWatch, number>();
  /** The highest price per MB that each was ever asked for. */
  readonly #asks = new Map<AccountWatch, number>();
  /** Since when too much is lent in this life, by what is said of it. */
  readonly #sinceMs = new Map<string, number>();
  #life = 0;
  /** The life that is being stopped: it sells nothing any more, and says no new terms. */
  #stopping = 0;
  #days = 0;
  #day = Number.NaN;

  /** `readChain` brings what is final of a neighbour's payments up to date. */
  constructor(node: SimNode, readChain: (watch: AccountWatch) => void) {
    this.#node = node;
    this.#readChain = readChain;
  }

  add(watch: AccountWatch): void {
    this.#watches.push(watch);
  }

  /** The node stops as an operator does it, which takes as long as what is under way on the chain. */
  stops(): void {
    this.#stopping = this.#node.lives;
  }

  /** Throws `BrokenRule`. */
  look(watch: AccountWatch): void {
    const { clock, config, lives } = this.#node;
    if (config.credit.dropAtUnits !== undefined || clock === undefined || !this.#node.alive) return;
    if (this.#stopping === lives) return;
    if (this.#life !== lives) this.#sinceMs.clear();
    this.#life = lives;
    const day = Math.floor(clock.wallMs() / DAY_MS);
    if (day !== this.#day) this.#days += 1;
    this.#day = day;
    // Nothing is said to who is not connected.
    const lent = watch.account?.ready === true ? this.#lent(watch) : 0;
    const name = watch.other?.node.name ?? watch.peer;
    const most = this.#most(watch);
    this.#judge(`most ${name}`, `${name} ${lent}, where it grows to ${most}`, lent > most);
    const share = lent === 0 ? 0 : this.#share(watch, lent);
    this.#judge(`kept ${name}`, `${name} ${lent}, earned ${share}`, lent > share);
    if (lent === 0 && !this.#sinceMs.has('all')) return;
    const { all, kept } = this.#together();
    this.#judge('all', `all together ${all}, kept of all ${kept}`, all > Math.max(0, kept));
  }

  /** Beyond a newcomer's, by the limits that hold, whatever it acknowledges: for service, or for value alone. Units. */
  #lent({ account }: AccountWatch): number {
    const { limits, newest: terms } = account?.mine ?? {};
    if (terms === undefined || limits === undefined) return 0;
    const { credit, neighbours, packets } = this.#node.config;
    // Who gives to those it dials gives them a limit that is typed.
    if (neighbours.some(({ dropAtUnits }) => dropAtUnits !== undefined)) return 0;
    const value = packets.enabled ? packets.valueAtUnits : 0;
    const ask = terms.services.transit.askPerMb ?? 0;
    const newcomer = Math.max(WITHOUT_PRICE, Math.floor(credit.dropAtMb * ask));
    const service = limits.dropAt - packets.prepayUnits;
    const forService = service <= value ? 0 : Math.max(0, service - newcomer);
    const forValue = (limits.valueAt ?? 0) <= value ? 0 : (limits.valueAt ?? 0);
    return Math.max(forService, forValue);
  }

  /** By the highest ask so far: what grew at a higher one is not taken back when the ask falls. */
  #most(watch: AccountWatch): number {
    const { credit } = this.#node.config;
    const now = watch.account?.mine.newest?.services.transit.askPerMb ?? 0;
    const ask = Math.max(this.#asks.get(watch) ?? 0, now);
    this.#asks.set(watch, ask);
    return Math.min(credit.maxEarnedMb * ask, this.#days * credit.growMbPerDay * ask) + ROUNDING;
  }

  /** What the neighbour has earned; read from the chain where what was known would not do. */
  #share(watch: AccountWatch, lent: number): number {
    const share = (): number => {
      const kept = this.#income(watch) - watch.cost.units;
      return Math.floor((Math.max(0, kept) * this.#node.config.credit.earnPercent) / 100) + ROUNDING;
    };
    const known = share();
    if (known >= lent) return known;
    this.#readChain(watch);
    return share();
  }

  /** Final and kept, less what was written to it. */
  #income(watch: AccountWatch): number {
    const final = Math.max(this.#final.get(watch) ?? 0, watch.cashed());
    this.#final.set(watch, final);
    return final - watch.issuedUnits;
  }

  #together(): { readonly all: number; readonly kept: number } {
    const sums = (): { readonly all: number; readonly kept: number } => {
      let all = 0;
      let kept = ROUNDING;
      for (const watch of this.#watches) {
        if (watch.account?.ready === true) all += this.#lent(watch);
        kept += this.#income(watch);
      }
      return { all, kept };
    };
    const known = sums();
    if (known.all <= known.kept) return known;
    for (const watch of this.#watches) this.#readChain(watch);
    return sums();
  }

  #judge(which: string, what: string, tooMuch: boolean): void {
    const nowMs = this.#node.clock?.nowMs() ?? 0;
    if (!tooMuch) this.#sinceMs.delete(which);
    else if (!this.#sinceMs.has(which)) this.#sinceMs.set(which, nowMs);
    else if (nowMs - (this.#sinceMs.get(which) ?? nowMs) > FOLLOWS_MS)
      throw new BrokenRule('credit-earned', `${this.#node.name} lends ${what}`);
  }
}
