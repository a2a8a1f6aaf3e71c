import { Counter, Gauge, Registry } from 'prom-client';
import { SERVICES } from '../core/service.ts';
import type { LinkStatus, NodeStatus, PacketPairStatus } from '../node/node.ts';

/** One line of a metric: its labels and its value. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric as data. Values come from `status()` alone: no figure is counted a second time. */
export interface MetricDeclaration {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly labels: readonly string[];
  samples(status: NodeStatus): readonly Sample[];
}

const NODE_LABELS: readonly string[] = [];
const LINK_LABELS = ['neighbour', 'name'];
const SERVICE_LABELS = [...LINK_LABELS, 'service'];

const one = (value: number | undefined): Sample[] => (value === undefined ? [] : [{ labels: {}, value }]);

const labelsOf = (link: LinkStatus) => ({ neighbour: link.neighbour, name: link.name ?? '' });

function perLink(value: (link: LinkStatus) => number | undefined): (status: NodeStatus) => Sample[] {
  return ({ links }) =>
    links.flatMap((link) => one(value(link)).map((sample) => ({ ...sample, labels: labelsOf(link) })));
}

type ServiceValue = (link: LinkStatus, service: (typeof SERVICES)[number]) => number | undefined;

function perService(value: ServiceValue): (status: NodeStatus) => Sample[] {
  return ({ links }) =>
    links.flatMap((link) =>
      SERVICES.flatMap((service) =>
        one(value(link, service)).map((sample) => ({ ...sample, labels: { ...labelsOf(link), service } })),
      ),
    );
}

const node = (type: 'counter' | 'gauge', name: string, help: string, value: (s: NodeStatus) => number | undefined) =>
  ({ name, type, help, labels: NODE_LABELS, samples: (status) => one(value(status)) }) satisfies MetricDeclaration;
const gauge = (name: string, help: string, value: (link: LinkStatus) => number | undefined) =>
  ({ name, type: 'gauge', help, labels: LINK_LABELS, samples: perLink(value) }) satisfies MetricDeclaration;
const total = (name: string, help: string, value: (link: LinkStatus) => number) =>
  ({ name, type: 'counter', help, labels: LINK_LABELS, samples: perLink(value) }) satisfies MetricDeclaration;
const ofService = (type: 'counter' | 'gauge', name: string, help: string, value: ServiceValue) =>
  ({ name, type, help, labels: SERVICE_LABELS, samples: perService(value) }) satisfies MetricDeclaration;

const pairs = (
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  value: (pair: PacketPairStatus) => number,
): MetricDeclaration => ({
  ...{ name, type, help, labels: [...LINK_LABELS, 'from'] },
  samples: ({ links }) =>
    links.flatMap((link) =>
      (link.packets?.pairs ?? []).map((pair) => ({
        labels: { ...labelsOf(link), from: pair.from ?? 'gone' },
        value: value(pair),
      })),
    ),
});

/** Every metric, in the order of `/metrics`. Prometheus' rules: base units, `_total` on what only grows. */
export const METRICS: readonly MetricDeclaration[] = [
  node('gauge', 'wayleave_uptime_seconds', 'Time since the node started.', (s) => s.uptimeMs / 1000),
  node('gauge', 'wayleave_observing', '1 in observe mode, where nothing is enforced.', (s) => +(s.mode === 'observe')),
  node('gauge', 'wayleave_payments_paused', '1 while all payments are paused.', (s) => +s.paymentsPaused),
  node('gauge', 'wayleave_streams', 'Streams open now, own and carried.', (s) => s.streams),
  node('gauge', 'wayleave_cost_units_per_mb', 'Average price paid for access.', (s) => s.costPerMb),
  node('gauge', 'wayleave_ask_units_per_mb', 'Price asked for access.', (s) => s.askPerMb),

  node('counter', 'wayleave_packets_sent_total', "This node's own value packets.", (s) => s.packets?.sent),
  node('counter', 'wayleave_packets_delivered_total', 'Value packets for this node.', (s) => s.packets?.delivered),
  node('counter', 'wayleave_packets_refused_total', 'Own packets that came back.', (s) => s.packets?.refused),
  node('counter', 'wayleave_packets_confirmed_total', 'Own packets that were signed for.', (s) => s.packets?.confirmed),
  node('gauge', 'wayleave_packets_lost', 'Own packets neither signed for nor returned.', (s) => s.packets?.lost),
  node('counter', 'wayleave_packet_tolls_units_total', 'Kept from packets of others.', (s) => s.packets?.tolls),
  node('counter', 'wayleave_packet_fees_units_total', 'Kept from packets that went back.', (s) => s.packets?.fees),

  gauge('wayleave_link_up', '1 while the neighbour is connected.', (l) => +l.connected),
  gauge('wayleave_link_throttled', '1 while the link is throttled.', (l) => +(l.state === 'throttled')),
  gauge('wayleave_link_choked', '1 while the link is choked.', (l) => +(l.state === 'choked')),
  gauge('wayleave_link_closed', '1 while the link is closed.', (l) => +(l.state === 'closed')),
  gauge('wayleave_link_balance_units', 'Link counter; positive: the neighbour owes this node.', (l) => l.balance),
  gauge('wayleave_link_write_off_units', 'Difference of the books found when they were reconciled.', (l) => l.writeOff),
  gauge(
    'wayleave_link_write_off_left_units',
    'Written off and still counted against the neighbour; it fades.',
    (l) => l.writeOffLeft,
  ),
  gauge('wayleave_link_pay_at_units', 'Debt at which the neighbour is asked to pay.', (l) => l.payAt),
  gauge('wayleave_link_drop_at_units', 'Debt at which service stops.', (l) => l.dropAt),
  gauge('wayleave_link_earned_credit_units', 'Part of drop_at that was earned.', (l) => l.credit.earned),
  gauge('wayleave_link_kept_units', 'Net income kept from the neighbour.', (l) => l.credit.kept),
  gauge('wayleave_link_uncashed_units', 'Payments received that are not final yet.', (l) => l.uncashed),
  gauge('wayleave_link_risk_at_units', 'Limit on payments received that are not final yet.', (l) => l.riskAt),
  gauge('wayleave_link_pending_units', 'Paid and not acknowledged yet.', (l) => l.pending),
  gauge(
    'wayleave_link_statement_gap_units',
    'By how much the neighbour states more in its own favour than this node counted.',
    (l) => l.statements?.gapUnits,
  ),
  gauge('wayleave_link_round_trip_seconds', 'Round trip, as keep-alive measured it last.', (l) =>
    l.roundTripMs === undefined ? undefined : l.roundTripMs / 1000,
  ),
  gauge('wayleave_link_packet_surge', 'How many times the usual toll is taken.', (l) => l.packets?.surge),
  gauge('wayleave_link_value_at_units', 'Most value taken from it on credit.', (l) => l.packets?.valueAt),
  gauge('wayleave_link_change_due_units', 'May still come back from it as change.', (l) => l.packets?.changeDue),
  pairs('gauge', 'wayleave_pair_weight', 'What a pair counts for in line.', (p) => p.weight),
  pairs('gauge', 'wayleave_pair_waiting_packets', 'Packets of a pair that wait.', (p) => p.waiting),
  pairs('gauge', 'wayleave_pair_waiting_bytes', 'Bytes of a pair that wait.', (p) => p.waitingBytes),
  pairs('counter', 'wayleave_pair_packets_total', 'Packets of a pair that left.', (p) => p.sent),
  pairs('counter', 'wayleave_pair_bytes_total', 'Bytes of a pair that left.', (p) => p.sentBytes),
  pairs('counter', 'wayleave_pair_dropped_total', 'Packets of a pair that gave way, and went back.', (p) => p.dropped),
  total('wayleave_paid_units_total', 'Paid to the neighbour.', (l) => l.paid),
  total('wayleave_received_units_total', 'Received from the neighbour.', (l) => l.received),
  total('wayleave_payments_sent_total', 'Payments sent to the neighbour.', (l) => l.paymentsSent),
  total('wayleave_statements_sent_total', 'Signed totals stated to the neighbour.', (l) => l.statements?.mine ?? 0),
  total('wayleave_payments_received_total', 'Payments accepted from the neighbour.', (l) => l.paymentsReceived),

  ofService('counter', 'wayleave_provided_units_total', 'Charged for service given.', (l, s) => l.services[s].provided),
  ofService('counter', 'wayleave_consumed_units_total', 'Owed for service taken.', (l, s) => l.services[s].consumed),
  ofService(
    'counter',
    'wayleave_provided_bytes_total',
    'Carried for the neighbour.',
    (l, s) => l.services[s].providedBytes,
  ),
  ofService(
    'counter',
    'wayleave_consumed_bytes_total',
    'Used through the neighbour.',
    (l, s) => l.services[s].consumedBytes,
  ),
  ofService(
    'gauge',
    'wayleave_link_ask_units_per_mb',
    'Price asked of the neighbour.',
    (l, s) => l.services[s].askPerMb,
  ),
  ofService(
    'gauge',
    'wayleave_link_their_ask_units_per_mb',
    'Price the neighbour asks.',
    (l, s) => l.services[s].theirAskPerMb,
  ),
];

/** The text that Prometheus reads (format 0.0.4). */
export async function renderMetrics(status: NodeStatus): Promise<{ readonly type: string; readonly text: string }> {
  const registry = new Registry();
  for (const { name, type, help, labels, samples } of METRICS) {
    const options = { name, help, labelNames: [...labels], registers: [registry] };
    if (type === 'gauge') {
      const metric = new Gauge(options);
      for (const sample of samples(status)) metric.set(sample.labels, sample.value);
    } else {
      const metric = new Counter(options);
      for (const sample of samples(status)) metric.inc(sample.labels, sample.value);
    }
  }
  return { type: registry.contentType, text: await registry.metrics() };
}

/** `docs/metrics.md`. */
export function renderMetricsManual(): string {
  const rows = METRICS.map(
    ({ name, type, help, labels }) => `| \`${name}\` | ${type} | ${labels.join(', ')} | ${help} |`,
  );
  return [
    '# Metrics',
    '',
    '*Printed from `src/api/metrics.ts` by `wayleave help metrics`.* A running node shows them under `/metrics` at the',
    'address of its API, for Prometheus. Units are units of account; 1 MB is 10⁶ bytes.',
    '',
    '| metric | type | labels | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
