import { type Logger, pino } from 'pino';
import { meaningOf } from '../core/errors.ts';
import { EVENTS, type EventKind, type NodeEvent, type WayleaveNode } from '../node/node.ts';
import { shortId } from './short-id.ts';
import { type CommandContext, painter, type Terminal } from './terminal.ts';

/** What happens too often to be read; `--verbose` shows it. */
const FREQUENT: ReadonlySet<EventKind> = new Set(['charged', 'streamOpen', 'streamEnd', 'paying']);
/** What an operator should look at. */
const WARNINGS: ReadonlySet<EventKind> = new Set([
  'paymentRejected',
  'refused',
  'bounced',
  'writeOff',
  'verdict',
  'fault',
  'uplink',
]);

/** Tells what a running node does: short lines to people on a terminal, JSON lines (pino) to everyone else. */
export interface NodeLog {
  /** Lines about the process itself: `up`, `stopping`, `warning`. */
  say(kind: string, facts: Record<string, unknown>, text: string): void;
  /** Follows a node's events until the returned function is called. */
  follow(node: WayleaveNode): () => void;
}

export function openNodeLog(context: CommandContext, verbose: boolean): NodeLog {
  const { terminal, json } = context;
  const write = json || !terminal.isTty ? jsonWriter(terminal) : plainWriter(terminal);
  return {
    say: (kind, facts, text) => write.say(kind, facts, text),
    follow: (node) =>
      node.subscribe((event) => {
        if (verbose || !FREQUENT.has(event.kind)) write.event(event, node);
      }),
  };
}

interface Writer {
  say(kind: string, facts: Record<string, unknown>, text: string): void;
  event(event: NodeEvent, node: WayleaveNode): void;
}

function jsonWriter(terminal: Terminal): Writer {
  const log: Logger = pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (level) => ({ level }) } },
    { write: (line) => terminal.out(line) },
  );
  return {
    say: (kind, facts, text) => log.info({ kind, ...facts }, text.split('\n', 1)[0]),
    event: (event) => {
      const text = [EVENTS[event.kind].split(':', 1)[0], meaningOf(event['code'])?.what];
      log[WARNINGS.has(event.kind) ? 'warn' : 'info'](event, text.filter(Boolean).join(': '));
    },
  };
}

function plainWriter(terminal: Terminal): Writer {
  const paint = painter(terminal);
  return {
    say: (_, __, text) => terminal.out(`${text}\n`),
    event(event, node) {
      const { kind, atMs, neighbour, ...facts } = event;
      const time = new Date(atMs).toTimeString().slice(0, 8);
      const who = neighbour === undefined ? '' : ` ${nameOf(neighbour, node)}`;
      const told = Object.entries(facts)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => ` ${name} ${typeof value === 'number' ? value.toLocaleString('en-US') : value}`);
      const meaning = meaningOf(event['code']);
      const style = WARNINGS.has(kind) ? 'yellow' : 'cyan';
      const rest = `${told.join(',')}${meaning === undefined ? '' : `: ${meaning.what}`}`;
      terminal.out(`${paint('dim', time)} ${paint(style, kind)}${who}${rest}\n`);
    },
  };
}

function nameOf(neighbour: string, node: WayleaveNode): string {
  const name = node.status().links.find((link) => link.neighbour === neighbour)?.name;
  return name ?? shortId(neighbour);
}
