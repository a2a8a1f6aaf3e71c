import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { addressBytes } from '../wire/ip-address.ts';
import { type Destination, normalHost } from '../wire/open-request.ts';
import { matches, parsePrefix } from './address-prefix.ts';

/**
 * Where a stream goes from here: to a neighbour, out at this node, or nowhere. Asked once per stream. `buyer` is the
 * neighbour it is carried for, undefined for this node's own users.
 */
export type NextHop = (destination: Destination, buyer?: NodeId) => NodeId | 'local' | undefined;

/** One line of the static table. */
export interface Route {
  /** `default`, an address or range (`10.0.0.0/8`), or a name, which covers the names below it. */
  readonly to: string;
  readonly via: NodeId | 'local';
}

/**
 * The table an operator writes, until nodes announce routes to each other. The most exact line wins: the longest prefix
 * for an address, the longest name for a name, else `default`. Throws `EGRESS_RULE_INVALID` for a line that cannot be read.
 */
export function staticNextHop(routes: readonly Route[]): NextHop {
  const lines = routes.map(parseRoute);
  return (destination) => {
    const address = addressBytes(destination.host);
    let best: Line | undefined;
    for (const line of lines) {
      if (line.covers(destination.host, address) && (best === undefined || line.exactness > best.exactness))
        best = line;
    }
    return best?.via;
  };
}

interface Line {
  readonly via: NodeId | 'local';
  readonly exactness: number;
  covers(host: string, address: Uint8Array | undefined): boolean;
}

function parseRoute(route: Route): Line {
  const { to, via } = route;
  if (to === 'default') return { via, exactness: -1, covers: () => true };
  const prefix = parsePrefix(to);
  if (prefix !== undefined) {
    return { via, exactness: prefix.bits, covers: (_, address) => address !== undefined && matches(prefix, address) };
  }
  const name = normalHost(to);
  if (name === undefined) throw new WayleaveError('EGRESS_RULE_INVALID', { route: to });
  const below = `.${name}`;
  return {
    via,
    exactness: name.length,
    covers: (host, address) => address === undefined && (host === name || host.endsWith(below)),
  };
}
