import { stripVTControlCharacters } from 'node:util';
import { BYTES_PER_MB } from '../core/units.ts';
import type { LinkFigures } from './link-figures.ts';

/** Colours a text, or leaves it as it is where there is no terminal. */
export type Paint = (style: 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan', text: string) => string;

export interface Transfer {
  readonly node: string;
  readonly path: readonly string[];
  /** Of the present run. */
  readonly bytes: number;
  readonly totalBytes: number;
  readonly mbitPerS: number;
  /** Which run this is, from 1; and how many arrived with the right hash. */
  readonly run: number;
  readonly whole: number;
  readonly waiting: boolean;
}

/** All that one picture shows. */
export interface Picture {
  readonly seconds: number;
  readonly transfers: readonly Transfer[];
  readonly links: readonly LinkFigures[];
  /** Service is exchanged one for one: counters swing both ways, and nobody pays. */
  readonly barter?: boolean;
  readonly paused: boolean;
  /** What happened lately, the newest last. */
  readonly news: readonly string[];
}

/** Narrower terminals cut the lines off; wider ones leave the rest empty. */
export const VIEW_COLUMNS = 80;
const TRANSFER_BAR = 30;
const DEBT_BAR = 26;

/** The live screen as at most `rows` lines of at most `VIEW_COLUMNS` columns. Old news give way first, the keys never. */
export function renderView(picture: Picture, paint: Paint, rows = Number.POSITIVE_INFINITY): string[] {
  const { transfers, links, news, barter = false } = picture;
  const keys = keysLine(picture, paint);
  const figures = [
    ` ${paint('bold', 'Wayleave neighbourhood')}   ${clock(picture.seconds)}`,
    '',
    ...transfers.flatMap((each) => transferLines(each, paint)),
    '',
    paint('bold', row(barter ? BARTER_HEADINGS : HEADINGS)),
    ...links.map((each) => linkLine(each, barter, paint)),
    paint('dim', barter ? BARTER_LEGEND : LEGEND),
    '',
  ];
  const room = Math.max(0, rows - figures.length - 2);
  const shown = news.slice(Math.max(0, news.length - room)).map((each) => ` ${each}`.slice(0, VIEW_COLUMNS));
  return [...[...figures, ...shown, ''].slice(0, Math.max(0, rows - 1)), keys];
}

const HEADINGS = ['link', 'price/MB', 'MB', 'counter: the buyer owes', 'units', 'state', 'payments'];
const BARTER_HEADINGS = ['link', 'price/MB', 'MB', 'owes: the left ◂ ▸ right', 'units', 'state', ''];
const LEGEND = '        │ payAt: the buyer pays.  The end of the bar is dropAt: no more service.';
const BARTER_LEGEND = '        │ even.  The ends of the bar are dropAt: no more service until it is repaid.';

function keysLine({ paused, barter = false, transfers }: Picture, paint: Paint): string {
  const user = `the user at ${transfers.at(-1)?.node}`;
  if (barter) {
    const what = paused ? `lets ${user} read on` : `holds ${user}`;
    return ` ${paint('bold', 'p')} ${what}   ${paint('bold', 'q')} ends`;
  }
  return paused
    ? ` ${paint('yellow', "D's payments are paused.")}  ${paint('bold', 'p')} lets it pay again   ${paint('bold', 'q')} ends and settles`
    : ` ${paint('bold', 'p')} pauses D's payments   ${paint('bold', 'q')} ends and settles`;
}

function transferLines(transfer: Transfer, paint: Paint): string[] {
  const { node, path, bytes, totalBytes, waiting } = transfer;
  const way = `${path.join(' → ')} → internet`;
  const filled = Math.round((Math.min(bytes, totalBytes) / Math.max(totalBytes, 1)) * TRANSFER_BAR);
  const bar = paint('cyan', '█'.repeat(filled)) + paint('dim', '·'.repeat(TRANSFER_BAR - filled));
  const amount = `${mb(bytes).padStart(5)} of ${mb(totalBytes)} MB`;
  const pace = waiting ? 'waiting' : `${transfer.mbitPerS.toFixed(1)} Mbit/s`;
  return [
    ` ${paint('bold', `User at ${node}`)}  ${way.padEnd(30)} file ${transfer.run}, ${transfer.whole} whole so far`,
    `   ${bar}  ${amount}  ${pace}`,
  ];
}

/** Columns of the table of links: width, and whether set to the right. Together with the gaps 77 wide; figures beyond all expectation have three more. */
const COLUMNS = [
  [6, false],
  [8, true],
  [7, true],
  [26, false],
  [7, true],
  [9, false],
  [7, true],
] as const;

function row(cells: readonly string[]): string {
  const set = COLUMNS.map(([width, right], at) => {
    const cell = cells[at] ?? '';
    const space = ' '.repeat(Math.max(0, width - stripVTControlCharacters(cell).length));
    return right ? space + cell : cell + space;
  });
  return ` ${set.join(' ')}`;
}

function linkLine(link: LinkFigures, barter: boolean, paint: Paint): string {
  const price = link.pricePerMb === undefined ? '-' : String(link.pricePerMb);
  const used = link.bytes > 0;
  const state = link.connected ? link.state : 'no link';
  const line = row([
    `${link.a} ${barter ? '↔' : '→'} ${link.b}`,
    price,
    mb(link.bytes),
    barter ? swingBar(link, paint) : debtBar(link, paint),
    String(link.debt),
    paint(STATE_STYLE[state], state),
    barter ? '' : `${link.sent}/${link.cashed}`,
  ]);
  return used || state !== 'open' ? line : paint('dim', stripVTControlCharacters(line));
}

const STATE_STYLE = {
  open: 'green',
  throttled: 'yellow',
  choked: 'red',
  closed: 'red',
  'no link': 'dim',
} as const;

/** From 0 to dropAt, payAt marked. */
function debtBar({ debt, payAt, dropAt }: LinkFigures, paint: Paint): string {
  const cell = (units: number): number => Math.round((units / Math.max(dropAt, 1)) * DEBT_BAR);
  const filled = Math.min(DEBT_BAR, Math.max(0, cell(debt)));
  const mark = Math.min(DEBT_BAR - 1, cell(payAt));
  const style = debt < payAt ? 'green' : filled < DEBT_BAR - 1 ? 'yellow' : 'red';
  let bar = '';
  for (let at = 0; at < DEBT_BAR; at += 1) {
    if (at === mark) bar += paint('bold', '│');
    else bar += at < filled ? paint(style, '█') : paint('dim', '·');
  }
  return bar;
}

/** From one dropAt to the other, the middle marked where nobody owes. What is owed to the right end fills the left half. */
function swingBar({ debt, dropAt }: LinkFigures, paint: Paint): string {
  const half = DEBT_BAR / 2;
  const reach = Math.min(half, Math.round((Math.abs(debt) / Math.max(dropAt, 1)) * half));
  const style = reach < half ? 'green' : 'red';
  let bar = '';
  for (let at = 0; at < DEBT_BAR; at += 1) {
    const filled = debt < 0 ? at < half && at >= half - reach : at >= half && at < half + reach;
    if (at === half) bar += paint('bold', '│');
    else bar += filled ? paint(style, '█') : paint('dim', '·');
  }
  return bar;
}

/** One plain line for logs. */
export function renderLine({ seconds, transfers, links, paused }: Picture): string {
  const got = transfers.map((each) => `${each.node} ${mb(each.bytes)}/${mb(each.totalBytes)} MB`).join(', ');
  const debts = links
    .filter(({ bytes }) => bytes > 0)
    .map(({ a, b, debt, state, sent }) => `${a}→${b} ${debt} ${state} ${sent} payments`);
  return `${clock(seconds)}  ${got}  ${[...debts, ...(paused ? ["D's payments paused"] : [])].join('; ')}`;
}

function mb(bytes: number): string {
  return (bytes / BYTES_PER_MB).toFixed(1);
}

function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
