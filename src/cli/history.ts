import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { isGenuineText, type SignedText } from '../chain/text-signing.ts';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { Attestation } from '../node/attestation.ts';
import { loadConfig } from '../node/load-config.ts';
import type { CreditHistory, LinkStatus } from '../node/node.ts';
import { storedHistories } from '../node/stored-histories.ts';
import { systemClock } from '../node/system-clock.ts';
import { findLink, runningNode } from './ledger-source.ts';
import { type ApiOptions, NodeApi, withApiOptions } from './node-api.ts';
import { configFile } from './node-folder.ts';
import { openBooks } from './open-store.ts';
import { shortId } from './short-id.ts';
import { answer, type CommandContext, type Terminal } from './terminal.ts';
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
        'of compliance that a neighbour may show to others, signed. Works on a running node and on the books of one that ' +
        'is stopped; only the first can sign.',
    )
    .argument('[neighbour]', 'name or node id, or the beginning of the id; without it: all')
    .option('--sign', 'of one neighbour: as a text signed with this node’s key, in JSON')
    .option('--verify <file>', 'look whether such a text is genuine, and show it')
    .option('--json', 'answer in JSON')
    .action(async (wanted: string | undefined, options: HistoryOptions) => {
      if (options.verify !== undefined) return verify(context, options.verify);
      if (options.sign === true && wanted === undefined) throw new InvalidArgumentError('--sign needs a neighbour.');
      const { folder } = context.terminal;
      const api = await runningNode(options, folder);
      const all = api === undefined ? await inBooks(options, folder) : (await api.status()).links.map(told);
      const named = all.map(({ name, neighbour }) => ({ id: neighbour, name }));
      const id = wanted === undefined ? undefined : findLink(named, wanted).id;
      const shown = all.filter(({ neighbour }) => id === undefined || neighbour === id);
      if (id !== undefined && shown.length === 0) throw new WayleaveError('LEDGER_NO_ACCOUNT', { link: id });
      if (options.sign === true && id !== undefined) return sign(context, api ?? NodeApi.find(options, folder), id);
      const histories = shown.map(({ history, name, neighbour }) => ({ neighbour, name, ...history }));
      answer(context, { schema: 1, ok: true, histories }, () => lines(shown, context.terminal));
    });
}

/** A neighbour and how it has paid. */
interface Told {
  readonly neighbour: NodeId;
  readonly name: string | undefined;
  readonly history: CreditHistory | undefined;
}

const told = ({ credit, name, neighbour }: LinkStatus): Told => ({ neighbour, name, history: credit.history });

/** From the books of a node that is stopped. Rejects with `BACKUP_EMPTY` and the store's errors. */
async function inBooks(options: HistoryOptions, folder: string): Promise<Told[]> {
  const config = loadConfig(configFile(options.config, folder));
  await using books = await openBooks(config);
  const { weiPerUnit } = config.settlement;
  const histories = storedHistories(await books.store.load(), { clock: systemClock, weiPerUnit });
  const nameOf = (id: NodeId) => config.neighbours.find((each) => each.id === id)?.name;
  return [...histories].map(([neighbour, history]) => ({ neighbour, name: nameOf(neighbour), history }));
}

async function sign({ terminal }: CommandContext, api: NodeApi, id: string): Promise<void> {
  terminal.out(`${JSON.stringify(await api.attest(id))}\n`);
}

function verify(context: CommandContext, file: string): void {
  const signed = readSigned(file);
  const attested = JSON.parse(signed.text) as Attestation;
  if (!isGenuineText(signed) || attested.wayleave !== 'credit history' || attested.by !== signed.signer) {
    throw new WayleaveError('HISTORY_FORGED', { file });
  }
  const { about, atMs, by, history } = attested;
  answer(context, { ok: true, ...attested }, () => [
    `Genuine: ${by} says of ${about}, at ${new Date(atMs).toISOString()}:`,
    ...textTable(HEADINGS, [row(about, history)], context.terminal.columns),
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
    const { signature, signer, text: signedText } = JSON.parse(text) as Record<string, unknown>;
    JSON.parse(String(signedText));
    return { text: String(signedText), signer: String(signer), signature: String(signature) };
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

function lines(links: readonly Told[], { columns }: Terminal): string[] {
  if (links.length === 0) return ['No neighbours yet.'];
  const rows = links.flatMap(({ history, name, neighbour }) =>
    history === undefined ? [] : [row(name ?? (columns === undefined ? neighbour : shortId(neighbour)), history)],
  );
  return [...textTable(HEADINGS, rows, columns), '', 'Amounts in units. Late: after more than 30 s at payAt.'];
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
