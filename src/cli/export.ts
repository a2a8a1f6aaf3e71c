import { resolve } from 'node:path';
import { Command } from 'commander';
import { loadConfig } from '../node/load-config.ts';
import { type Moved, writeExport } from '../store/export.ts';
import { configFile, configOption } from './node-folder.ts';
import { openBooks } from './open-store.ts';
import { answer, type CommandContext } from './terminal.ts';

/** `wayleave export` */
export function exportCommand(context: CommandContext): Command {
  return new Command('export')
    .description(
      'Writes the books of a stopped node to a new file: one JSON object a line, with the sum of every column.',
    )
    .argument('<file>', 'the file to write')
    .addOption(configOption())
    .option('--json', 'answer in JSON')
    .addHelpText('after', '\nThe key is not in it. To move to another store: change [store], then wayleave import.')
    .action(async (file: string, options: { config: string }) => {
      const { folder } = context.terminal;
      const path = resolve(folder, file);
      const moved = await exportBooks(configFile(options.config, folder), path);
      answer(context, { ok: true, file: path, ...moved }, () => [`${describeMoved(moved)} now stand in ${path}.`]);
    });
}

async function exportBooks(config: string, path: string): Promise<Moved> {
  await using books = await openBooks(loadConfig(config));
  return await writeExport(path, { node: books.node, store: books.store });
}

/** What moved, for people. */
export function describeMoved({ records, sums, epoch }: Moved): string {
  const sum = (table: string, column: string) => sums[table]?.[column] ?? '0';
  return (
    `${records} records (${sum('links', 'rows')} links: paid ${sum('links', 'paid')}, received ` +
    `${sum('links', 'received')} units; cheques: ${sum('issued_cheques', 'cumulative')} wei written, ` +
    `${sum('received_cheques', 'cumulative')} taken; epoch ${epoch})`
  );
}
