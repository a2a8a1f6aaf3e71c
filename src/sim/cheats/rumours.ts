import type { NodeId } from '../../core/node-id.ts';
import { type Destination, MAX_SEQUENCE, NO_TOLL, type RouteUpdate } from '../../core/routes/route.ts';
import { decodeRoutes, encodeRoutes, isRoutes } from '../../wire/routes.ts';
import type { LinkTamper } from '../link/sim-link.ts';
import type { SimNode } from '../sim-node.ts';
import { unlessJunk } from './unless-junk.ts';

/** The latest that it repeats: in a world where somebody invents nodes there is no end to them. */
const MOST_HEARD = 100;

/** What a machine heard of routes, and its way to say something else about them. */
export class Rumours {
  readonly #machine: SimNode;
  readonly #heard = new Map<Destination, RouteUpdate>();

  /** Listens to all that the machine is told; `more` is what else it tampers with. */
  constructor(machine: SimNode, more: Omit<LinkTamper, 'incoming'> = {}) {
    this.#machine = machine;
    machine.tamper = {
      ...more,
      incoming: (_peer, kind, bytes) => {
        if (kind === 'control') this.#listen(bytes);
        return undefined;
      },
    };
  }

  #listen(bytes: Uint8Array): void {
    if (!isRoutes(bytes)) return;
    for (const update of unlessJunk(() => decodeRoutes(bytes))?.updates ?? []) {
      const { destination, sequence } = update;
      const known = this.#heard.get(destination);
      if (known !== undefined && sequence < known.sequence) continue;
      this.#heard.delete(destination);
      this.#heard.set(destination, update);
      if (this.#heard.size > MOST_HEARD) this.#heard.delete(this.#heard.keys().next().value as Destination);
    }
  }

  /** All it heard of, but for itself and those it tells. */
  about(peer: NodeId): RouteUpdate[] {
    const own = new Set([peer, this.#machine.id]);
    return [...this.#heard.values()].filter(({ destination, origin }) => !own.has(destination) && !own.has(origin));
  }

  /** Tells every neighbour what `say` makes of what it heard. Returns how many were told something. */
  tell(say: (update: RouteUpdate) => RouteUpdate): number {
    let told = 0;
    for (const link of this.#machine.transport?.links ?? []) {
      const updates = this.about(link.peer).map(say);
      if (updates.length === 0) continue;
      link.sendRaw('control', encodeRoutes({ updates, requests: [] }));
      told += 1;
    }
    return told;
  }
}

/** It is right here, for nothing, and this is the newest word there can be after what was heard. */
export function tooGood(update: RouteUpdate): RouteUpdate {
  return { ...update, sequence: Math.min(update.sequence + 1, MAX_SEQUENCE), metric: 0, price: NO_TOLL };
}
