import { isNodeId, type NodeId } from '../core/node-id.ts';
import { MAX_PRICE, type PricePerMb } from '../core/units.ts';
import { staticNextHop } from '../transit/next-hop.ts';
import type { NodeConfig } from './config.ts';
import type { Known, Neighbours } from './neighbours.ts';

/**
 * Where this node's traffic goes next: what the operator said a neighbour reaches, to it; the rest out by the uplink, to the neighbour the operator named, or to the cheapest one that
 * has a way out. Without routes (`via`), to the cheapest one.
 */
export class UpstreamChoice {
  readonly #config: NodeConfig;
  readonly #neighbours: () => Neighbours | undefined;
  readonly #via: ((host: string | undefined) => NodeId | undefined) | undefined;
  /** By the place in the configuration of the neighbour that reaches a host: its id may not be known yet. */
  readonly #reached: (host: string) => string | undefined;
  /** The configured next hop as an id, if it is one. */
  readonly #id: NodeId | undefined;

  constructor(
    config: NodeConfig,
    neighbours: () => Neighbours | undefined,
    via: ((host: string | undefined) => NodeId | undefined) | undefined,
  ) {
    this.#config = config;
    this.#neighbours = neighbours;
    this.#via = via;
    const id = config.transit.nextHop.toLowerCase();
    this.#id = isNodeId(id) ? id : undefined;
    const lines = config.neighbours.flatMap(({ reaches }, at) => reaches.map((to) => ({ to, via: String(at) })));
    const table = staticNextHop(lines);
    this.#reached = (host) => (lines.length === 0 ? undefined : table({ host, port: 0 }));
  }

  /** For traffic to `host`; without it, for all that no other way is known of. */
  nextHop(host?: string): NodeId | 'local' | undefined {
    const reached = host === undefined ? undefined : this.#reached(host);
    if (reached !== undefined) return this.#configured(Number(reached))?.neighbour.id;
    const { nextHop, uplink } = this.#config.transit;
    if (nextHop === 'none') return undefined;
    if (nextHop === 'uplink' || (nextHop === 'auto' && uplink)) return 'local';
    if (nextHop === 'auto') return this.#via === undefined ? this.#cheapest()?.neighbour.id : this.#via(host);
    return this.#named()?.neighbour.id;
  }

  #all(): readonly Known[] {
    return this.#neighbours()?.all() ?? [];
  }

  #configured(at: number): Known | undefined {
    const config = this.#config.neighbours[at];
    return this.#all().find((known) => known.config === config);
  }

  /** The neighbour the operator named, by its id or by the name it has in the configuration. */
  #named(): Known | undefined {
    const { nextHop } = this.#config.transit;
    if (this.#id !== undefined) return this.#neighbours()?.known(this.#id);
    return this.#all().find((known) => known.config?.name === nextHop);
  }

  #cheapest(): Known | undefined {
    let best: Known | undefined;
    for (const known of this.#all()) {
      const door = known.neighbour.account.door('transit');
      if (known.neighbour.link === undefined || !door.buying) continue;
      if (best === undefined || door.buyPricePerMb < best.neighbour.account.door('transit').buyPricePerMb) best = known;
    }
    return best;
  }

  /** How much this node wants its traffic to go by a neighbour: the less it asks the more, below 0 never. */
  preference(id: NodeId): number {
    const { nextHop } = this.#config.transit;
    if (nextHop !== 'auto') return this.#named()?.neighbour.id === id ? 0 : -1;
    const door = this.#neighbours()?.get(id)?.account.door('transit');
    return door?.buying === true ? MAX_PRICE - door.buyPricePerMb : -1;
  }

  isUpstream(id: NodeId): boolean {
    return this.nextHop() === id;
  }

  /** What the next hop asks; undefined at a gateway, or before its terms are known. */
  cheapestAskPerMb(): PricePerMb | undefined {
    const hop = this.nextHop();
    if (hop === undefined || hop === 'local') return undefined;
    return this.#neighbours()?.get(hop)?.account.theirs.newest?.services.transit.askPerMb;
  }
}
