import { codeOf } from '../core/errors.ts';
import { isNodeId } from '../core/node-id.ts';
import { COIN_WEI } from '../core/settlement/gas-worth.ts';
import { readPostgresUrl } from '../store/postgres-url.ts';
import { createEgressPolicy } from '../transit/egress-policy.ts';
import { staticNextHop } from '../transit/next-hop.ts';
import type { NeighbourConfig, NodeConfig } from './config.ts';
import { ALLOW_ACCEPTS, REACHES_ACCEPTS, STORE_URL_ACCEPTS } from './config-table.ts';

/** A rule that concerns more than one key, and the key to blame. */
export interface Complaint {
  readonly key: string;
  readonly accepts: string;
}

/** The first rule between keys that does not hold, or undefined. */
export function checkConfig(config: NodeConfig): Complaint | undefined {
  return (
    checkCredit(config) ??
    checkSettlement(config) ??
    checkProxy(config) ??
    checkNextHop(config) ??
    checkAllow(config) ??
    checkStore(config) ??
    checkNeighbours(config.neighbours)
  );
}

function checkCredit({ credit }: NodeConfig): Complaint | undefined {
  if (credit.payAtMb >= credit.dropAtMb) return { key: 'credit.pay_at_mb', accepts: 'less than drop_at_mb' };
  return payAtBelowDropAt(credit, 'credit');
}

function payAtBelowDropAt(
  limits: { readonly payAtUnits: number | undefined; readonly dropAtUnits: number | undefined },
  section: string,
): Complaint | undefined {
  const { payAtUnits, dropAtUnits } = limits;
  if (payAtUnits === undefined || dropAtUnits === undefined || payAtUnits < dropAtUnits) return undefined;
  return { key: `${section}.pay_at_units`, accepts: 'less than drop_at_units' };
}

function checkSettlement(config: NodeConfig): Complaint | undefined {
  const { settlement } = config;
  if (!settlement.enabled) {
    const stranded = settlement.methods.some((method) => method === 'channel' || method === 'transfer');
    return stranded
      ? { key: 'settlement.methods', accepts: 'no channel or transfer, unless enabled = true' }
      : undefined;
  }
  const { length } = settlement.rpc;
  if (length === 0) return { key: 'settlement.rpc', accepts: 'an address, as settlement is enabled' };
  if (settlement.quorum > 1 && (settlement.quorum > length || settlement.quorum * 2 <= length))
    return {
      key: 'settlement.quorum',
      accepts: `1, or more than half of the ${length} endpoints, and no more than all`,
    };
  if (settlement.token === undefined && settlement.perCoin !== COIN_WEI)
    return { key: 'settlement.per_coin', accepts: 'nothing else without a token: the coin is worth itself' };
  if (settlement.factory === undefined)
    return { key: 'settlement.factory', accepts: 'an address, as settlement is enabled' };
  return checkShared(config);
}

/** Nodes that share a chequebook and not the books would promise its coin twice. */
function checkShared({ settlement, store }: NodeConfig): Complaint | undefined {
  const { chequebook, issuerKey } = settlement;
  if (chequebook === undefined && issuerKey === undefined) return undefined;
  if (chequebook === undefined) return { key: 'settlement.chequebook', accepts: 'an address, as issuer_key is set' };
  if (issuerKey === undefined)
    return { key: 'settlement.issuer_key', accepts: 'the key that signs cheques on chequebook' };
  return store.url === undefined
    ? { key: 'settlement.chequebook', accepts: 'nothing, unless the books are on a server: [store] url' }
    : undefined;
}

const LOOPBACK = /^(?:127(?:\.[0-9]{1,3}){3}|::1|localhost)$/;

/** An open proxy would let strangers spend the owner's money. */
function checkProxy({ proxy }: NodeConfig): Complaint | undefined {
  if ((proxy.username === undefined) !== (proxy.password === undefined)) {
    return { key: 'proxy.password', accepts: 'set together with username' };
  }
  if (!proxy.enabled || proxy.username !== undefined || LOOPBACK.test(proxy.host)) return undefined;
  return { key: 'proxy.host', accepts: 'a loopback address, or set username and password' };
}

function checkNextHop({ transit, neighbours }: NodeConfig): Complaint | undefined {
  const { nextHop, uplink } = transit;
  const key = 'transit.next_hop';
  if (nextHop === 'uplink') return uplink ? undefined : { key, accepts: '"uplink" only together with uplink = true' };
  if (uplink) return { key, accepts: '"uplink" or "auto", as uplink = true' };
  if (nextHop === 'auto' || nextHop === 'none' || isNodeId(nextHop)) return undefined;
  if (neighbours.some((each) => each.name === nextHop)) return undefined;
  return { key, accepts: 'the name of a [[neighbour]], a node id, "auto", "uplink" or "none"' };
}

function checkAllow({ transit }: NodeConfig): Complaint | undefined {
  try {
    createEgressPolicy({ allow: transit.allow });
    return undefined;
  } catch (error) {
    if (codeOf(error) !== 'EGRESS_RULE_INVALID') throw error;
    return { key: 'transit.allow', accepts: ALLOW_ACCEPTS };
  }
}

function checkStore({ store }: NodeConfig): Complaint | undefined {
  try {
    if (store.url !== undefined) readPostgresUrl(store.url);
    return undefined;
  } catch (error) {
    if (codeOf(error) !== 'STORE_URL_INVALID') throw error;
    return { key: 'store.url', accepts: STORE_URL_ACCEPTS };
  }
}

function checkReaches({ reaches }: NeighbourConfig, section: string): Complaint | undefined {
  try {
    staticNextHop(reaches.map((to) => ({ to, via: 'local' })));
    return undefined;
  } catch (error) {
    if (codeOf(error) !== 'EGRESS_RULE_INVALID') throw error;
    return { key: `${section}.reaches`, accepts: REACHES_ACCEPTS };
  }
}

const RESERVED_NAMES = ['auto', 'uplink', 'none'];

function checkNeighbours(neighbours: readonly NeighbourConfig[]): Complaint | undefined {
  const seen = new Set<string>();
  for (const [index, each] of neighbours.entries()) {
    const section = `neighbour[${index}]`;
    if (each.id === undefined && each.address === undefined)
      return { key: section, accepts: 'an id, an address, or both' };
    if (RESERVED_NAMES.includes(each.name ?? ''))
      return { key: `${section}.name`, accepts: 'a name next_hop does not use' };
    for (const key of ['id', 'name'] as const) {
      const value = each[key];
      if (value === undefined) continue;
      if (seen.has(value)) return { key: `${section}.${key}`, accepts: 'one no other neighbour has' };
      seen.add(value);
    }
    const complaint = payAtBelowDropAt(each, section) ?? checkReaches(each, section);
    if (complaint !== undefined) return complaint;
  }
  return undefined;
}
