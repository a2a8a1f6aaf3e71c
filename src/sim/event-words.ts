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
  if (event.kind === 'credit') coverage.count(`credit.${event['why']}`);
  if (event.kind === 'received') coverage.count(`method.${event['method']}`);
  if (event.kind === 'demoted') coverage.count(`packet.way.${event['standing']}`);
  if (event.kind === 'packetFate') coverage.count(`packet.fate.${event['fate']}`);
  if (event.kind === 'channel') coverage.count(`channel.${event['act']}`);
}

/** What a node says, for a person, with the names of a world; and the names of those it is about. */
export function eventWords(
  nodes: readonly SimNode[],
  { name: who }: SimNode,
  { kind, neighbour, ...facts }: NodeEvent,
): readonly [line: string, whom: readonly string[]] {
  const about = nodes.find(({ id }) => id === neighbour)?.name ?? neighbour;
  const rest = Object.entries(facts).flatMap(([name, value]) => (name === 'atMs' ? [] : [`${name} ${value}`]));
  const whom = about === undefined ? [] : [about];
  return [[who, kind, ...whom, ...rest].join(' '), [who, ...whom]];
}
