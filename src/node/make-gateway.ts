import { createEgressPolicy } from '../transit/egress-policy.ts';
import { createGateway, type Gateway } from '../transit/gateway.ts';
import type { UplinkWatch } from '../transit/uplink-watch.ts';
import type { TransitConfig } from './config.ts';
import type { NodePorts } from './node-ports.ts';

/** The way out of a node with an uplink, under the operator's exceptions to the egress policy. */
export function makeGateway({ allow }: TransitConfig, { clock, egress }: NodePorts, uplink: UplinkWatch): Gateway {
  const policy = createEgressPolicy({ allow, ownAddresses: egress.ownAddresses() });
  return createGateway({ clock, egress, policy, uplink });
}
