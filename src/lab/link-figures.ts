import type { LinkState, NodeEvent, NodeStatus } from '../node/node.ts';
import type { Scenario } from './scenario.ts';

/** One link as the screen shows it: `a` sells to `b`. Amounts in units. */
export interface LinkFigures {
  readonly a: string;
  readonly b: string;
  connected: boolean;
  pricePerMb: number | undefined;
  /** Both ways. */
  bytes: number;
  /** What `b` owes `a`, by the counter of `a`. */
  debt: number;
  payAt: number;
  dropAt: number;
  state: LinkState;
  /** Payments that `b` made to `a`, and transactions by which `a` cashed cheques. */
  sent: number;
  cashed: number;
}

/**
 * What the nodes tell, put together for the screen: status now and then for the truth, events for what happens between.
 * Only for looking at; the closing figures come from the stores.
 */
export class Figures {
  readonly links: readonly LinkFigures[];
  readonly #nameOf: ReadonlyMap<string, string>;

  constructor(scenario: Scenario, nameOf: ReadonlyMap<string, string>) {
    this.#nameOf = nameOf;
    this.links = scenario.links.map(({ a, b }) => ({
      ...{ a, b, connected: false, pricePerMb: undefined, bytes: 0, debt: 0, payAt: 0, dropAt: 0 },
      ...{ state: 'open', sent: 0, cashed: 0 },
    }));
  }

  /** The link between two nodes, and which end `at` is. */
  #find(at: string, neighbour: string): { link: LinkFigures; seller: boolean } | undefined {
    const other = this.#nameOf.get(neighbour);
    const link = this.links.find(({ a, b }) => (a === at && b === other) || (a === other && b === at));
    return link === undefined ? undefined : { link, seller: link.a === at };
  }

  status(at: string, status: NodeStatus): void {
    for (const each of status.links) {
      const { link, seller } = this.#find(at, each.neighbour) ?? {};
      if (link === undefined) continue;
      if (!seller) {
        link.sent = each.paymentsSent;
        continue;
      }
      const { transit } = each.services;
      link.connected = each.connected;
      link.pricePerMb = transit.askPerMb;
      link.bytes = transit.providedBytes + transit.consumedBytes;
      link.debt = each.balance;
      link.payAt = each.payAt;
      link.dropAt = each.dropAt;
      link.state = each.state;
    }
  }

  event(at: string, event: NodeEvent): void {
    const { link, seller } = this.#find(at, event.neighbour ?? '') ?? {};
    if (link === undefined) return;
    if (!seller) {
      if (event.kind === 'paying') link.sent += 1;
      return;
    }
    const number = (name: string, otherwise: number): number => {
      const value = event[name];
      return typeof value === 'number' ? value : otherwise;
    };
    if (event.kind === 'linkUp') link.connected = true;
    if (event.kind === 'linkDown') link.connected = false;
    if (event.kind === 'cashed') link.cashed += 1;
    if (event.kind === 'state' && isState(event['to'])) link.state = event['to'];
    if (event.kind === 'terms') {
      link.pricePerMb = number('askPerMb', 0) || link.pricePerMb;
      link.payAt = number('payAt', link.payAt);
      link.dropAt = number('dropAt', link.dropAt);
    }
    if (event.kind !== 'charged') return;
    link.debt = number('balance', link.debt);
    link.bytes = Math.max(link.bytes, number('providedBytes', 0) + number('consumedBytes', 0));
  }
}

function isState(word: unknown): word is LinkState {
  return word === 'open' || word === 'throttled' || word === 'choked' || word === 'closed';
}
