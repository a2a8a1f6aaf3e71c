import { Command } from 'commander';
import { meaningOf } from '../core/errors.ts';
import type { ChequebookStatus, LinkStatus, NodeStatus } from '../node/node.ts';
import { type ApiOptions, NodeApi, withApiOptions } from './node-api.ts';
import { shortId } from './short-id.ts';
import { answer, type CommandContext, painter, type Terminal } from './terminal.ts';
import { factLines, textTable, wrapped } from './text-table.ts';

/** `wayleave status` */
export function statusCommand(context: CommandContext): Command {
  return withApiOptions(new Command('status'))
    .description('Shows the running node and its links. Amounts in units, prices in units per MB, 1 MB = 10^6 bytes.')
    .option('--json', 'the status as the node gives it')
    .action(async (options: ApiOptions) => {
      const status = await NodeApi.find(options, context.terminal.folder).status();
      answer(context, status, () => statusLines(status, context.terminal));
    });
}

/** The status as people read it, in lines that fit the terminal. */
export function statusLines(status: NodeStatus, terminal: Terminal): string[] {
  const { columns } = terminal;
  const paint = painter(terminal);
  const about = [paint('bold', status.name), status.id, `${status.mode}, up ${duration(status.uptimeMs)}`];
  const lines = [
    ...factLines(about, columns),
    ...factLines(facts(nodeFacts(status)), columns),
    ...factLines(facts(priceFacts(status)), columns),
    ...factLines(facts(packetFacts(status)), columns),
    ...(status.chequebooks ?? []).flatMap(chequebookLines).flatMap((line) => wrapped(line, columns)),
    '',
  ];
  if (status.links.length === 0) return [...lines, 'No neighbours yet.'];
  const headings = [
    'neighbour',
    'state',
    'ask>',
    'their ask>',
    'MB given>',
    'MB taken>',
    'owes me>',
    'payAt>',
    'dropAt>',
    'paid>',
    'received>',
  ];
  const rows = status.links.map((link) => linkRow(link, paint));
  const notes = status.links.flatMap((link) => [
    ...unboughtNote(link, status),
    ...observedNote(link, status),
    ...linkNotes(link),
  ]);
  const details = notes.flatMap((note) => wrapped(note, columns));
  return [...lines, ...textTable(headings, rows, columns), ...(details.length > 0 ? ['', ...details] : [])];
}

type Facts = readonly (readonly [name: string, value: number | string | undefined])[];

function nodeFacts({ listen, socks, httpProxy, chequebook, chequebooks = [] }: NodeStatus): Facts {
  return [
    ['links at', listen],
    ['proxy at', socks ?? httpProxy],
    // Each that is known more of has a line of its own.
    ['chequebook', chequebooks.length === 0 ? chequebook : undefined],
  ];
}

function priceFacts({ costPerMb, askPerMb, streams, paymentsPaused, uplinkWorks }: NodeStatus): Facts {
  return [
    ['cost', costPerMb],
    ['ask', askPerMb],
    ['streams', streams],
    ['payments', paymentsPaused ? 'paused' : undefined],
    ['uplink', uplinkWorks === false ? 'dead: nothing outside answers, no access is sold' : undefined],
  ];
}

/** The one it pays from, and those of before that still owe; who shares it. */
function chequebookLines(chequebook: ChequebookStatus): string[] {
  const { address, current, freeWei, leases = [], promisedWei, reservedWei } = chequebook;
  if (!current) return [];
  const held = leases
    .filter(({ leftWei }) => leftWei !== '0')
    .map(({ leftWei, node }) => `  ${leftWei} wei of that are held by ${node}, for its next cheques`);
  const kept =
    reservedWei === '0'
      ? []
      : [`  ${reservedWei} wei cannot be: set aside, to be withdrawn, or paid out for cheques its books forgot`];
  return [`chequebook ${address}: ${promisedWei} wei promised, ${freeWei} can be promised yet`, ...held, ...kept];
}

/** Nothing where no packet ever moved. */
function packetFacts({ packets }: NodeStatus): Facts {
  if (packets === undefined || packets.sent + packets.delivered + packets.tolls + packets.fees === 0) return [];
  return [
    ['packets sent', packets.sent],
    ['delivered', packets.delivered],
    ['refused', packets.refused],
    ['confirmed', packets.confirmed > 0 ? packets.confirmed : undefined],
    ['lost', packets.lost > 0 ? `${packets.lost} (${packets.lostUnits} units)` : undefined],
    ['they cost', packets.originatorCost],
    ['of a budget of', packets.budgetUnits > 0 ? `${packets.spentUnits}/${packets.budgetUnits}` : undefined],
    ['tolls', packets.tolls],
    ['refusal fees', packets.fees],
  ];
}

function linkRow(link: LinkStatus, paint: ReturnType<typeof painter>): string[] {
  const { askPerMb, theirAskPerMb } = link.services.transit;
  const services = Object.values(link.services);
  const sum = (pick: (service: (typeof services)[number]) => number): number =>
    services.reduce((total, service) => total + pick(service), 0);
  const state = link.connected ? link.state : `${link.state}, away`;
  const colour = !link.connected
    ? 'dim'
    : link.state === 'open'
      ? 'green'
      : link.state === 'throttled'
        ? 'yellow'
        : 'red';
  return [
    label(link),
    paint(colour, link.paymentsPaused ? `${state}, paused` : state),
    number(askPerMb),
    number(theirAskPerMb),
    megabytes(sum((each) => each.providedBytes)),
    megabytes(sum((each) => each.consumedBytes)),
    number(link.balance),
    // The limits that count now: mine when the neighbour owes me, theirs when I owe.
    number(link.balance >= 0 ? link.payAt : link.theirPayAt),
    number(link.balance >= 0 ? link.dropAt : link.theirDropAt),
    number(link.paid),
    number(link.received),
  ];
}

/** Where a node with no other way out has a neighbour that sells one, the reason is what its user looks for. */
function unboughtNote(link: LinkStatus, { costPerMb }: NodeStatus): string[] {
  const { buys, theirAskPerMb = 0 } = link.services.transit;
  if (costPerMb !== undefined || !link.connected || buys !== false || theirAskPerMb === 0) return [];
  const why = 'this node pays less or, without settlement.enabled, nothing; look at transit.max_price_per_mb too';
  return [`${label(link)}: no access is bought from it: it asks ${number(theirAskPerMb)}, and ${why}`];
}

/** What observe mode leaves undone. */
function observedNote({ balance, dropAt, payAt, ...link }: LinkStatus, { mode }: NodeStatus): string[] {
  if (mode !== 'observe' || balance < payAt || balance === 0) return [];
  const more = balance >= dropAt ? ', and serve it nothing until it does' : '';
  return [`${label(link)}: owes ${number(balance)}; in enforce mode this node would have it pay${more}`];
}

function linkNotes(link: LinkStatus): string[] {
  const notes: string[] = [];
  if (link.writeOff !== 0)
    notes.push(`${label(link)}: ${number(link.writeOff)} written off: what one side counted and the other did not`);
  if (link.writeOffLeft > 0)
    notes.push(
      `${label(link)}: ${number(link.writeOffLeft)} of it still take up room below its limit; ${number(link.fadesPerDay)} of that fade a day`,
    );
  if (link.pending > 0) notes.push(`${label(link)}: ${number(link.pending)} paid to it, and not accepted yet`);
  if (link.uncashed > 0)
    notes.push(
      `${label(link)}: ${number(link.uncashed)} received and not final yet, for example not cashed; ${number(link.riskAt)} may be`,
    );
  const { credit, packets, statements } = link;
  notes.push(...solvencyNotes(link));
  if (packets !== undefined && packets.waiting > 0)
    notes.push(
      `${label(link)}: ${number(packets.waiting)} packets wait for it, at ${packets.surge} times the usual toll`,
    );
  if (credit.why === 'barred') notes.push(`${label(link)}: gets no credit any more`);
  if (credit.why === 'newcomers') notes.push(`${label(link)}: not served; today's places for newcomers are taken`);
  if (credit.earned > 0)
    notes.push(
      `${label(link)}: ${number(credit.earned)} of its credit earned, of ${number(credit.kept)} net income kept`,
    );
  if (statements !== undefined && statements.gapUnits > 0)
    notes.push(`${label(link)}: states ${number(statements.gapUnits)} more in its favour than the books here`);
  else if (statements?.disputed === true) notes.push(`${label(link)}: has stated what cannot be true`);
  if (link.lastFault !== undefined) notes.push(faultNote(link, link.lastFault));
  return notes;
}

function faultNote(link: LinkStatus, code: string): string {
  const meaning = meaningOf(code);
  return `${label(link)}: last fault ${code}${meaning === undefined ? '' : `: ${meaning.what} ${meaning.remedy}`}`;
}

function solvencyNotes(link: LinkStatus): string[] {
  const left = link.solvency?.leftWei ?? '';
  if (!left.startsWith('-')) return [];
  return [`${label(link)}: its chequebook lacks ${left.slice(1)} wei of what it has paid here`];
}

function label({ name, neighbour }: Pick<LinkStatus, 'name' | 'neighbour'>): string {
  return name ?? shortId(neighbour);
}

function facts(pairs: Facts): string[] {
  return pairs
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? number(value) : value}`);
}

/** 1234567 → 1,234,567 */
function number(value: number | undefined): string {
  return value === undefined ? '-' : value.toLocaleString('en-US');
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toLocaleString('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}

function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}
