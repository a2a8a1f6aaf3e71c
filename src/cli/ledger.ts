import { Command, Option } from 'commander';
import { WayleaveError } from '../core/errors.ts';
import type { LedgerEntry, LinkLedger } from '../node/link-ledger.ts';
import { findLink, type LedgerSource, ledgerSource, type NamedLink } from './ledger-source.ts';
import { ledgerCsv, ledgerLines, overviewLines } from './ledger-text.ts';
import { type ApiOptions, withApiOptions } from './node-api.ts';
import { answer, type CommandContext } from './terminal.ts';
import { timeArgument } from './time-argument.ts';

interface LedgerOptions extends ApiOptions {
  readonly since: number;
  readonly until: number;
  readonly format: 'text' | 'csv' | 'json';
}

/** The whole range of a clock. */
const ALWAYS = { sinceMs: 0, untilMs: 10 ** 15 - 1 };

/** `wayleave ledger [LINK]` */
export function ledgerCommand(context: CommandContext): Command {
  return withApiOptions(new Command('ledger'))
    .description(
      'Explains every unit on a link: service given and taken, payments with their cheques, what happened on the chain, ' +
        'write-offs. What lies outside of the time asked for is summed. Works on a running node and on the books of one ' +
        'that is stopped. Adds everything up by itself, and exits with 1 where that is not what the account says.',
    )
    .argument(
      '[link]',
      'name or node id of the neighbour, or the beginning of the id; without it: every link in one line',
    )
    .option(
      '--since <time>',
      '30m, 12h, 7d (ago), a date, a date and time, or milliseconds',
      (text) => timeArgument(text),
      0,
    )
    .option('--until <time>', 'the same', (text) => timeArgument(text), ALWAYS.untilMs)
    .addOption(new Option('--format <format>', 'how to answer').choices(['text', 'csv', 'json']).default('text'))
    .option('--json', 'the same as --format json')
    .action(async (link: string | undefined, options: LedgerOptions) => {
      const json = context.json || options.format === 'json';
      await using source = await ledgerSource(options, context.terminal.folder);
      const links = await source.links();
      if (link === undefined) return await overview({ ...context, json }, source, links);
      const found = findLink(links, link);
      const ledger = await source.ledger({ neighbour: found.id, sinceMs: options.since, untilMs: options.until });
      if (options.format === 'csv' && !json) context.terminal.out(ledgerCsv(ledger));
      else
        answer({ ...context, json }, { ...found, ...ledger }, () =>
          ledgerLines(ledger, found.name, context.terminal.columns),
        );
      refuseGaps(ledger);
    });
}

async function overview(context: CommandContext, source: LedgerSource, links: readonly NamedLink[]): Promise<void> {
  const ledgers: (NamedLink & LinkLedger)[] = [];
  for (const link of links) {
    // Everything is summed: nothing lies within no time at all.
    const sums = await source.ledger({ neighbour: link.id, sinceMs: ALWAYS.untilMs, untilMs: ALWAYS.untilMs });
    ledgers.push({ ...link, ...sums });
  }
  const shown = ledgers.map(({ id, name, account, gaps, ok }) => ({ neighbour: id, name, ...account, gaps, ok }));
  answer(context, { schema: 1, ok: ledgers.every(({ ok }) => ok), links: shown }, () => overviewLines(ledgers));
  for (const ledger of ledgers) refuseGaps(ledger);
}

/** Adds up what was printed, apart from whoever made it. Throws `LEDGER_UNEXPLAINED`. */
export function refuseGaps(ledger: LinkLedger): void {
  const { account, after, before, entries, gaps, neighbour } = ledger;
  const rows = [...before, ...entries, ...after];
  const sum = (of: (row: LedgerEntry) => number) => rows.reduce((all, row) => all + of(row), 0);
  const figures: [string, number, number][] = [
    ['balance', sum((row) => row.provided - row.consumed + row.paid - row.received), account.balance],
    ['paid', sum((row) => row.paid), account.paid],
    ['received', sum((row) => row.received), account.received],
  ];
  for (const [service, totals] of Object.entries(account.services)) {
    for (const field of ['provided', 'consumed', 'providedBytes', 'consumedBytes'] as const) {
      figures.push([`${service} ${field}`, sum((row) => (row.service === service ? row[field] : 0)), totals[field]]);
    }
  }
  const wrong = figures.find(([, summed, total]) => summed !== total);
  if (wrong !== undefined) {
    const [figure, summed, total] = wrong;
    throw new WayleaveError('LEDGER_UNEXPLAINED', { neighbour, figure, history: summed, account: total });
  }
  const [gap] = gaps;
  if (gap === undefined) return;
  throw new WayleaveError('LEDGER_UNEXPLAINED', {
    neighbour,
    figure: gap.figure,
    history: gap.rows,
    account: gap.account,
  });
}
