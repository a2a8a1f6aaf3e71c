import { ERRORS } from '../src/core/errors.ts';
import { EVENTS } from '../src/node/node.ts';

/** The documents printed from tables of core/ and node/, with the text each must have. */
export function generatedDocs(): readonly { readonly path: string; readonly text: string }[] {
  return [
    { path: 'docs/errors.md', text: errorsDoc() },
    { path: 'docs/events.md', text: eventsDoc() },
  ];
}

function errorsDoc(): string {
  const rows = Object.entries(ERRORS)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { what, remedy }]) => `| \`${code}\` | ${cell(what)} | ${cell(remedy)} |`);
  return page(
    'Errors',
    'Every error has a stable code. It stands in the log, on the event stream, and in `--json` output; the facts of the ' +
      'occurrence (a key, a line, an address) follow the sentence. Printed from `src/core/errors.ts` by `npm run docs`.',
    ['| code | what happened | what you can do |', '|---|---|---|', ...rows],
  );
}

function eventsDoc(): string {
  const rows = Object.entries(EVENTS).map(([kind, told]) => `| \`${kind}\` | ${cell(told)} |`);
  return page(
    'Events',
    'One JSON object a line, as things happen. Each has `kind`, `atMs` (milliseconds since the Unix epoch) and, where it ' +
      'concerns a neighbour, `neighbour` (its node id); other fields are integers, ids or short words. Amounts are in ' +
      'units unless a name says wei. The log of `wayleave up` where nobody reads along has `level`, `time` and `msg` beside ' +
      'these, and lines about the process: `up`, `down`, `waiting` (a stop waits for `transactions`), `warning`, and ' +
      '`missing`, which says how many lines before it a full disk did not take. Printed from `src/node/node.ts` by `npm run docs`.',
    ['| kind | what it tells |', '|---|---|', ...rows],
  );
}

function page(title: string, intro: string, table: readonly string[]): string {
  return `# ${title}\n\n${intro}\n\n${table.join('\n')}\n`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
