import type { NodeEvent } from '../node/node.ts';
import type { Coverage } from './coverage.ts';
import type { SimNode } from './sim-node.ts';

const COUNTED = new Set([
  'paid',
  'received',
  'cashed',
  'bounced',
  'writeOff',
  'linkUp',
  'state',
  'verdict',
  'paymentRejected',
  'undone',
]);

/** What a node says of itself, among what happened in a run. */
export function countEvent(coverage: Coverage, event: NodeEvent): void {
  if (COUNTED.has(event.kind)) coverage.count(`event.${event.kind}`);
  if (event.kind === 'received') coverage.count(`method.${event['method']}`);
  if (event.kind === 'demoted') coverage.count(`packet.way.${event['standing']}`);
  if (event.kind === 'packetFate') coverage.count(`packet.fate.${event['fate']}`);
  if (event.kind === 'channel') coverage.count(`channel.${event['act']}`);
}

/** The same for a person, with the names of a world. */
export function eventWords(nodes: readonly SimNode[], { kind, neighbour, ...facts }: NodeEvent): string {
  const about = nodes.find(({ id }) => id === neighbour)?.name ?? neighbour;
  const rest = Object.entries(facts).flatMap(([name, value]) => (name === 'atMs' ? [] : [`${name} ${value}`]));
  return [kind, ...(about === undefined ? [] : [about]), ...rest].join(' ');
}
