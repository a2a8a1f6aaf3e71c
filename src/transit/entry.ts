/** `wayleave/transit`: streams carried for money, the proxy at the user's side, the gateway at the other. */
export { createEgressPolicy } from './egress-policy.ts';
export { createGateway } from './gateway.ts';
export { staticNextHop } from './next-hop.ts';
export { createProxyServer } from './proxy-server.ts';
export type { Transit, TransitOptions } from './transit.ts';
export { createTransit } from './transit.ts';
