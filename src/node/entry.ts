/** `wayleave/node`: a whole node inside another program. */
export type { NodeConfig } from './config.ts';
export { createNode } from './create-node.ts';
export { loadConfig, parseConfig } from './load-config.ts';
export type { LinkState, LinkStatus, NodeEvent, NodeStatus, ServiceStatus, WayleaveNode } from './node.ts';
export { EVENTS } from './node.ts';
export type { CreateNodeOptions, NodePorts } from './node-ports.ts';
export { systemClock } from './system-clock.ts';
