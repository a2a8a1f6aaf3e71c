import { constants, copyFileSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { keystoreId } from '../chain/keystore.ts';
import { WayleaveError } from '../core/errors.ts';
import { loadConfig } from '../node/load-config.ts';
import { makeFolder } from '../store/make-folder.ts';
import { restoreBackup, setAside } from '../store/restore.ts';
import { BACKUP_NAMES } from './backup.ts';
import { importBooks } from './import.ts';
import { CONFIG_NAME } from './node-folder.ts';
import { beginAnew, epochOfNow } from './open-store.ts';
import { answer, type CommandContext } from './terminal.ts';

interface RestoreOptions {
  readonly replace?: boolean;
  readonly lost?: boolean;
}

/** `wayleave restore` */
export function restoreCommand(context: CommandContext): Command {
  return new Command('restore')
    .description(
      'Puts a backup in place, in a new data folder or in that of a stopped node. With --lost it begins with empty books, ' +
        'where those of the node are lost and there is no backup: neighbours are told so, and give back its cheques.',
    )
    .argument('[backup]', 'a folder made by wayleave backup; none with --lost')
    .argument('[dir]', 'the data folder', '.')
    .option('--replace', 'replace books that stand there in a file; they are kept beside the new ones')
    .option('--lost', 'there is no backup: begin with empty books in the data folder, with its key')
    .option('--json', 'answer in JSON')
    .addHelpText('after', '\nA configuration or key that stands there already is kept; another key is refused.')
    .action(async (backup: string | undefined, dir: string, options: RestoreOptions) => {
      if (options.lost === true) return lost(context, resolve(context.terminal.folder, backup ?? '.'), options);
      if (backup === undefined) throw new InvalidArgumentError('It needs a backup, or --lost.');
      const from = resolve(context.terminal.folder, backup);
      const folder = resolve(context.terminal.folder, dir);
      const { epoch, replaced } = await restore(from, folder, options);
      answer(context, { ok: true, folder, epoch, replaced }, () => [
        `Restored into ${folder}; its neighbours will see store epoch ${epoch}.`,
        ...(replaced === undefined ? [] : [`The books that stood there are now ${replaced}.`]),
        'What was traded since the backup is settled with each neighbour when it connects.',
      ]);
    });
}

async function lost(context: CommandContext, folder: string, { replace = false }: RestoreOptions): Promise<void> {
  const config = loadConfig(join(folder, CONFIG_NAME));
  // Before anything is moved: without its key no books can begin.
  await keystoreId(config.key.file);
  const { path, url } = config.store;
  const { epoch: before = 0, replaced } = replace && url === undefined ? setAside(path) : {};
  const epoch = await beginAnew(config, before);
  answer(context, { ok: true, folder, epoch, replaced }, () => [
    `Empty books stand in ${folder}; its neighbours will see store epoch ${epoch}.`,
    ...(replaced === undefined ? [] : [`The books that stood there are now ${replaced}.`]),
    'What it had promised by cheque it learns from its neighbours and from the chain; the rest of its books is lost.',
  ]);
}

async function restore(
  from: string,
  folder: string,
  { replace = false }: RestoreOptions,
): Promise<{ readonly epoch: number; readonly replaced?: string }> {
  const onServer = existsSync(join(from, BACKUP_NAMES.books));
  for (const name of [onServer ? BACKUP_NAMES.books : BACKUP_NAMES.store, BACKUP_NAMES.key, BACKUP_NAMES.config]) {
    if (!existsSync(join(from, name))) throw new WayleaveError('BACKUP_MISSING', { path: join(from, name) });
  }
  const file = join(folder, CONFIG_NAME);
  // Relative paths in it start where it will stand, so it goes first; it alone does no harm.
  makeFolder(folder);
  if (!existsSync(file)) copyFileSync(join(from, BACKUP_NAMES.config), file, constants.COPYFILE_EXCL);
  const config = loadConfig(file);
  const key = join(from, BACKUP_NAMES.key);
  const hasKey = existsSync(config.key.file);
  if (hasKey && !readFileSync(key).equals(readFileSync(config.key.file))) {
    throw new WayleaveError('BACKUP_OTHER_KEY', { path: config.key.file });
  }
  const restored = await (onServer
    ? importBooks(config, join(from, BACKUP_NAMES.books), { key, leastEpoch: epochOfNow() })
    : restoreBackup({
        from: join(from, BACKUP_NAMES.store),
        to: config.store.path,
        replace,
        leastEpoch: epochOfNow(),
      }));
  if (!hasKey) {
    makeFolder(dirname(config.key.file));
    copyFileSync(key, config.key.file, constants.COPYFILE_EXCL);
  }
  return restored;
}
