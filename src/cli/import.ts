import { resolve } from 'node:path';
import { Command } from 'commander';
import { WayleaveError } from '../core/errors.ts';
import type { NodeConfig } from '../node/config.ts';
import { loadConfig } from '../node/load-config.ts';
import { importInto, type Moved, readExport } from '../store/export.ts';
import { describeMoved } from './export.ts';
import { configFile, configOption } from './node-folder.ts';
import { openBooks } from './open-store.ts';
import { answer, type CommandContext } from './terminal.ts';

/** `wayleave import` */
export function importCommand(context: CommandContext): Command {
  return new Command('import')
    .description(
      'Puts exported books into the store of the configuration, which must be empty, and compares every sum.',
    )
    .argument('<file>', 'a file made by wayleave export')
    .addOption(configOption())
    .option('--json', 'answer in JSON')
    .addHelpText('after', '\nMove the old store away afterwards: a node must never run on both.')
    .action(async (file: string, options: { config: string }) => {
      const { folder } = context.terminal;
      const moved = await importBooks(loadConfig(configFile(options.config, folder)), resolve(folder, file));
      answer(context, { ok: true, ...moved }, () => [
        `${describeMoved(moved)} are in place; every sum is as it was.`,
        'Move the old store away: a node must never run on both.',
      ]);
    });
}

/**
 * Also what `wayleave restore` does with books from a server: with `key`, where the key file is not in its place yet, and
 * under an epoch that is `leastEpoch` or more.
 */
export async function importBooks(
  config: NodeConfig,
  file: string,
  { key = config.key.file, leastEpoch = 1 }: { readonly key?: string; readonly leastEpoch?: number } = {},
): Promise<Moved> {
  const from = await readExport(file);
  await using books = await openBooks(config, { key, make: true });
  if (books.node !== from.node) throw new WayleaveError('STORE_WRONG_NODE', { owner: from.node, nodeId: books.node });
  return await importInto(books, from, leastEpoch);
}
