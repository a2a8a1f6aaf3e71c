import type { LedgerEntry, LinkLedger } from '../node/link-ledger.ts';
import type { NamedLink } from './ledger-source.ts';
import { factLines, textTable, wrapped } from './text-table.ts';

/** The columns of the CSV, in order; fields are added at the end and never renamed. */
const CSV_COLUMNS = [
  'number',
  'entry',
  'service',
  'fromMs',
  'toMs',
  'events',
  'provided',
  'consumed',
  'providedBytes',
  'consumedBytes',
  'paid',
  'received',
  'effect',
  'balance',
  'wei',
  'gasWei',
  'reference',
] as const satisfies readonly (keyof LedgerEntry)[];

/** Every row, also those of sums; the last line is the account as the books have it. */
export function ledgerCsv({ account, after, before, entries }: LinkLedger): string {
  const { balance, paid, received, services, updatedMs } = account;
  const all = Object.values(services);
  const sum = (field: keyof (typeof all)[number]) => all.reduce((total, service) => total + service[field], 0);
  const totals: Partial<Record<keyof LedgerEntry, string | number>> = {
    entry: 'account',
    toMs: updatedMs,
    provided: sum('provided'),
    consumed: sum('consumed'),
    providedBytes: sum('providedBytes'),
    consumedBytes: sum('consumedBytes'),
    paid,
    received,
    balance,
  };
  const rows = [...before, ...entries, ...after, totals];
  const lines = rows.map((row) => CSV_COLUMNS.map((column) => csvCell(row[column] ?? '')).join(','));
  return `${[CSV_COLUMNS.join(','), ...lines].join('\n')}\n`;
}

/** RFC 4180. What a spreadsheet would take for a formula is kept from being one. */
function csvCell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const HEADINGS = [
  'from',
  'to',
  'what',
  'MB given>',
  'MB taken>',
  'given>',
  'taken>',
  'paid>',
  'received>',
  'counter>',
  '',
];

/** The ledger as people read it, in lines of at most so many columns. */
export function ledgerLines(ledger: LinkLedger, name: string | undefined, columns?: number): string[] {
  const { account, after, before, entries, gaps, neighbour } = ledger;
  const rows = [
    ...sumRow('before', before),
    ...entries.map((entry) => [
      moment(entry.fromMs),
      moment(entry.toMs),
      what(entry),
      ...figures(entry),
      detail(entry),
    ]),
    ...sumRow('later', after),
  ];
  const counter = `The counter stands at ${number(account.balance)} units (positive: the neighbour owes this node).`;
  const verdict =
    gaps.length === 0
      ? 'The history adds up to it, to the unit.'
      : gaps
          .map(({ figure, rows: summed, account: total }) => `${figure}: history ${summed}, account ${total}`)
          .join('\n');
  return [
    `${name ?? ''} ${neighbour}`.trim(),
    '',
    ...rowLines(rows, columns),
    '',
    ...wrapped(counter, columns),
    verdict,
  ];
}

/** A line for each row where there is room; else its figures stand below it. */
function rowLines(rows: readonly (readonly string[])[], columns = Number.POSITIVE_INFINITY): string[] {
  const wide = textTable(HEADINGS, rows);
  if (wide.every((line) => line.length <= columns)) return wide;
  const short = rows.map(([from = '', to = '', word = '', ...rest]) => [span(from, to), word, rest.at(-2) ?? '']);
  const [headings = '', ...lines] = textTable(['when', 'what', 'counter>'], short);
  const below = rows.map((row) => {
    const told = HEADINGS.slice(FIGURES.from, FIGURES.to).map((heading, at) => [heading, row[FIGURES.from + at]]);
    const figured = told
      .filter(([, cell]) => cell !== '')
      .map(([heading, cell]) => `${heading?.replace('>', '')} ${cell}`);
    return factLines([...figured, ...(row.at(-1) ?? '').split(', ').filter(Boolean)], columns - INDENT.length);
  });
  return [headings, ...lines.flatMap((line, at) => [line, ...(below[at] ?? []).map((each) => INDENT + each)])];
}

/** The columns of `HEADINGS` that are left empty where nothing moved. */
const FIGURES = { from: 3, to: 9 };
const INDENT = '  ';

/** The day once where it is the same. */
function span(from: string, to: string): string {
  if (from === to) return from;
  const [day = '', time = ''] = to.split(' ');
  return `${from} – ${from.startsWith(`${day} `) ? time : to}`;
}

/** One line for what is only summed; none where there is nothing. */
function sumRow(label: string, rows: readonly LedgerEntry[]): string[][] {
  const last = rows.at(-1);
  if (last === undefined) return [];
  const sum = (field: keyof LedgerEntry) => rows.reduce((total, row) => total + Number(row[field]), 0);
  const total = {
    ...last,
    provided: sum('provided'),
    consumed: sum('consumed'),
    providedBytes: sum('providedBytes'),
    consumedBytes: sum('consumedBytes'),
    paid: sum('paid'),
    received: sum('received'),
  };
  const from = Math.min(...rows.map(({ fromMs }) => fromMs));
  const to = Math.max(...rows.map(({ toMs }) => toMs));
  return [[moment(from), moment(to), label, ...figures(total), '']];
}

function figures(entry: LedgerEntry): string[] {
  const { balance, consumed, consumedBytes, paid, provided, providedBytes, received } = entry;
  const megabytes = (bytes: number) => (bytes === 0 ? '' : (bytes / 1e6).toFixed(3));
  const units = (value: number) => (value === 0 ? '' : number(value));
  return [
    megabytes(providedBytes),
    megabytes(consumedBytes),
    units(provided),
    units(consumed),
    units(paid),
    units(received),
    number(balance),
  ];
}

const WHAT: Readonly<Record<string, string>> = {
  opening: 'before, summed',
  writeOff: 'written off',
  bounced: 'cheque bounced',
  cashed: 'cheque cashed',
  failed: 'cashing failed',
  undone: 'payment undone',
  redone: 'payment stands again',
  dispute: 'statement differs',
  opened: 'channel opened',
  toppedUp: 'put into channel',
  withdrawn: 'taken from channel',
  closing: 'channel closing',
  closed: 'channel closed',
};

function what({ entry, events, service }: LedgerEntry): string {
  const word = entry === 'service' ? service : (WHAT[entry] ?? entry);
  const many = (entry === 'paid' || entry === 'received') && events > 1 ? ` ×${events}` : '';
  return entry === 'writeOff' || entry === 'opening' ? `${word} ${service}`.trim() : `${word}${many}`;
}

function detail({ gasWei, reference, wei }: LedgerEntry): string {
  const parts = [wei === '0' ? '' : `${wei} wei`, gasWei === '0' ? '' : `gas ${gasWei} wei`, reference];
  return parts.filter((part) => part !== '').join(', ');
}

/** Every link in one line. */
export function overviewLines(ledgers: readonly (NamedLink & LinkLedger)[]): string[] {
  if (ledgers.length === 0) return ['No links yet.'];
  const rows = ledgers.map(({ id, name, account, ok }) => [
    name ?? id,
    number(account.paid),
    number(account.received),
    number(account.balance),
    ok ? 'yes' : 'NO',
  ]);
  return textTable(['link', 'paid>', 'received>', 'counter>', 'explained'], rows);
}

/** Local time, to the second. */
function moment(ms: number): string {
  const at = new Date(ms);
  const two = (part: number) => String(part).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
