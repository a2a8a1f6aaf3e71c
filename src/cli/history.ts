import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { isGenuineText, type SignedText } from '../chain/text-signing.ts';
import { WayleaveError } from '../core/errors.ts';
import type { Attestation } from '../node/attestation.ts';
import type { CreditHistory, LinkStatus } from '../node/node.ts';
import { findLink } from './ledger-source.ts';
import { type ApiOptions, NodeApi, withApiOptions } from './node-api.ts';
import { answer, type CommandContext } from './terminal.ts';
import { textTable } from './text-table.ts';

interface HistoryOptions extends ApiOptions {
  readonly sign?: true;
  readonly verify?: string;
}

/** `wayleave history [NEIGHBOUR]` */
export function historyCommand(context: CommandContext): Command {
  return withApiOptions(new Command('history'))
    .description(
      'Shows how neighbours have paid this node: what was honoured, what came late, bounces, forgeries, disputes, and what ' +
        'of it was kept. Late is no fault and heals by paying; a bounce or a forgery stays. One without either is the proof ' +
        'of compliance that a neighbour may show to others, signed.',
    )
    .argument('[neighbour]', 'name or node id, or the beginning of the id; without it: all')
    .option('--sign', 'of one neighbour: as a text signed with this node’s key, in JSON')
    .option('--verify <file>', 'look whether such a text is genuine, and show it')
    .option('--json', 'answer in JSON')
    .action(async (wanted: string | undefined, options: HistoryOptions) => {
      if (options.verify !== undefined) return verify(context, options.verify);
      const api = NodeApi.find(options, context.terminal.folder);
      const { links } = await api.status();
      const named = links.map(({ name, neighbour }) => ({ id: neighbour, name }));
      const id = wanted === undefined ? undefined : findLink(named, wanted).id;
      const shown = links.filter(({ neighbour }) => id === undefined || neighbour === id);
      if (id !== undefined && shown.length === 0) throw new WayleaveError('LEDGER_NO_ACCOUNT', { link: id });
      if (options.sign === true) return sign(context, api, id);
      const histories = shown.map(({ credit, name, neighbour }) => ({ neighbour, name, ...credit.history }));
      answer(context, { schema: 1, ok: true, histories }, () => lines(shown));
    });
}

async function sign({ terminal }: CommandContext, api: NodeApi, id: string | undefined): Promise<void> {
  if (id === undefined) throw new WayleaveError('LEDGER_NO_ACCOUNT', { reason: 'name the neighbour' });
  terminal.out(`${JSON.stringify(await api.attest(id))}\n`);
}

function verify(context: CommandContext, file: string): void {
  const signed = readSigned(file);
  const told = JSON.parse(signed.text) as Attestation;
  if (!isGenuineText(signed) || told.wayleave !== 'credit history' || told.by !== signed.signer) {
    throw new WayleaveError('HISTORY_FORGED', { file });
  }
  const { about, atMs, by, history } = told;
  answer(context, { ok: true, ...told }, () => [
    `Genuine: ${by} says of ${about}, at ${new Date(atMs).toISOString()}:`,
    ...textTable(HEADINGS, [row(about, history)]),
  ]);
}

/** Throws `FILE_UNREADABLE`, `HISTORY_FORGED` for what is no signed text at all. */
function readSigned(file: string): SignedText {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new WayleaveError('FILE_UNREADABLE', { file }, cause);
  }
  try {
    const { signature, signer, text: told } = JSON.parse(text) as Record<string, unknown>;
    JSON.parse(String(told));
    return { text: String(told), signer: String(signer), signature: String(signature) };
  } catch (cause) {
    throw new WayleaveError('HISTORY_FORGED', { file }, cause);
  }
}

const HEADINGS = [
  'neighbour',
  'payments>',
  'honoured>',
  'kept>',
  'late>',
  'worst>',
  'bounces>',
  'forged>',
  'disputes>',
  '',
];

function lines(links: readonly LinkStatus[]): string[] {
  if (links.length === 0) return ['No neighbours yet.'];
  const rows = links.flatMap(({ credit, name, neighbour }) =>
    credit.history === undefined ? [] : [row(name ?? neighbour, credit.history)],
  );
  return [...textTable(HEADINGS, rows), '', 'Amounts in units. Late: after more than 30 s at payAt.'];
}

function row(name: string, history: CreditHistory): string[] {
  const number = (value: number) => value.toLocaleString('en-US');
  const seconds = (ms: number) => (ms === 0 ? '' : `${number(Math.round(ms / 1000))} s`);
  const { bounces, compliant, disputes, forgeries, honoured, kept, late, overdueMs, payments, worstMs } = history;
  const overdue = overdueMs > 0 ? `due for ${seconds(overdueMs)}` : '';
  const verdict = compliant ? 'compliant' : '';
  return [
    name,
    number(payments),
    number(honoured),
    number(kept),
    number(late),
    seconds(worstMs),
    number(bounces),
    number(forgeries),
    number(disputes),
    [verdict, overdue].filter((text) => text !== '').join(', '),
  ];
}
