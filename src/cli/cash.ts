import { Command } from 'commander';
import type { NodeId } from '../core/node-id.ts';
import type { CashPlanEntry } from '../settle/cash-judge.ts';
import { namesOf } from './ledger-source.ts';
import { type ApiOptions, type CashAnswer, type CashedChequeAnswer, NodeApi, withApiOptions } from './node-api.ts';
import { answer, type CommandContext, type Terminal } from './terminal.ts';
import { textTable } from './text-table.ts';

interface CashOptions extends ApiOptions {
  readonly dryRun?: true;
}

interface Plan {
  readonly cheques: readonly CashPlanEntry[];
  readonly gasPriceWei: string;
}

/** `wayleave cash` */
export function cashCommand(context: CommandContext): Command {
  return withApiOptions(new Command('cash'))
    .description(
      'Hands in the cheques the running node holds, now, all in one transaction where there are several. The node does ' +
        'so by itself when it is worth the gas; --dry-run shows how it weighs that.',
    )
    .option('--dry-run', 'send nothing; show what each cheque would bring, and what the node would do by itself')
    .option('--json', 'answer in JSON')
    .action(async (options: CashOptions) => {
      const api = NodeApi.find(options, context.terminal.folder);
      if (options.dryRun === true) {
        const plan = await api.cashPlan();
        const named = await namesOf(api);
        return answer(context, { ok: true, ...plan }, () => planLines(plan, named, context.terminal));
      }
      const done = await api.cash();
      const named = await namesOf(api);
      const { cashed, cheques } = done;
      answer(context, { ok: true, cashed, cheques }, () => doneLines(done, named, context.terminal));
    });
}

/** What became of each cheque, for people. */
export function doneLines(
  { cashed, cheques }: CashAnswer,
  named: (id: NodeId) => string,
  { columns }: Pick<Terminal, 'columns'>,
): string[] {
  if (cheques.length === 0) return ['No cheque waits to be cashed.'];
  const headings = ['neighbour', 'owed>', 'paid>', 'gas>', 'what was done', 'transaction'];
  const rows = cheques.map((each) => [
    named(each.neighbour),
    each.owedWei,
    each.paidWei,
    each.gasWei ?? '',
    each.why === undefined ? WORDS[each.result] : `${WORDS[each.result]} (${each.why})`,
    each.transaction ?? '',
  ]);
  return [...textTable(headings, rows, columns), '', `Cheques cashed: ${cashed}. Amounts in wei.`];
}

const WORDS: Readonly<Record<CashedChequeAnswer['result'], string>> = {
  cashed: 'cashed',
  bounced: 'bounced',
  underWay: 'under way',
  failed: 'failed',
  left: 'left',
};

function planLines({ cheques, gasPriceWei }: Plan, named: (id: NodeId) => string, { columns }: Terminal): string[] {
  if (cheques.length === 0) return ['No cheque waits to be cashed.'];
  const headings = ['neighbour', 'uncashed>', 'there>', 'at risk>', 'gas>', 'profit>', 'by itself'];
  const rows = cheques.map((each) => [
    named(each.neighbour),
    figure(each.uncashedUnits),
    figure(each.cashableUnits),
    figure(each.atRiskUnits),
    figure(each.gasUnits),
    figure(each.profitUnits),
    each.cash ? `cash now (${each.because})` : each.because,
  ]);
  return [...textTable(headings, rows, columns), '', `Amounts in units; gas costs ${gasPriceWei} wei now.`];
}

function figure(units: number): string {
  return units.toLocaleString('en');
}
