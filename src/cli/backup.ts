import { copyFileSync, existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { codeOf, WayleaveError } from '../core/errors.ts';
import type { NodeConfig } from '../node/config.ts';
import { loadConfig } from '../node/load-config.ts';
import { makeFolder } from '../store/make-folder.ts';
import { writeBackup } from '../store/sqlite-backup.ts';
import { openStoreFile } from '../store/sqlite-file.ts';
import { NodeApi } from './node-api.ts';
import { configFile, configOption } from './node-folder.ts';
import { openBooks } from './open-store.ts';
import { asTyped } from './program-name.ts';
import { answer, type CommandContext } from './terminal.ts';

/** What a backup holds, by name: `store` where the books are in a file, `books` where they are on a server. */
export const BACKUP_NAMES = {
  store: 'wayleave.db',
  books: 'wayleave.jsonl',
  key: 'key.json',
  config: 'wayleave.toml',
} as const;

/** `wayleave backup` */
export function backupCommand(context: CommandContext): Command {
  return new Command('backup')
    .description('Copies the books, the key file and the configuration into a new folder, while the node runs or not.')
    .argument('<dir>', 'the folder to make')
    .addOption(configOption())
    .option('--json', 'answer in JSON')
    .addHelpText('after', '\nThe key stays encrypted by its password, which is not in the backup.')
    .action(async (dir: string, options: { config: string }) => {
      const file = configFile(options.config, context.terminal.folder);
      const folder = resolve(context.terminal.folder, dir);
      const live = await backup(file, folder, context);
      answer(context, { ok: true, folder, live }, () => [
        `Backup in ${folder}${live ? ', taken from the running node' : ''}.`,
        asTyped('Put it in place with: wayleave restore ', context.terminal) + dir,
      ]);
    });
}

async function backup(file: string, folder: string, { terminal }: CommandContext): Promise<boolean> {
  const config = loadConfig(file);
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new WayleaveError('BACKUP_EXISTS', { path: folder });
  const made = makeFolder(folder);
  try {
    const live = await copyStore(config, () => NodeApi.find({ config: file }, terminal.folder), folder);
    copyFileSync(config.key.file, join(folder, BACKUP_NAMES.key));
    copyFileSync(file, join(folder, BACKUP_NAMES.config));
    return live;
  } catch (error) {
    // Half a backup is worse than none.
    for (const name of Object.values(BACKUP_NAMES)) rmSync(join(folder, name), { force: true });
    if (made !== undefined) rmdirSync(folder);
    throw error;
  }
}

/** Through the running node if there is one, else straight from the file, which is then nobody's. True if through the node. */
async function copyStore(config: NodeConfig, node: () => NodeApi, folder: string): Promise<boolean> {
  const { path, url } = config.store;
  const to = join(folder, url === undefined ? BACKUP_NAMES.store : BACKUP_NAMES.books);
  try {
    await node().backup(to);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'API_UNREACHABLE') throw error;
  }
  if (url !== undefined) {
    await using books = await openBooks(config);
    await books.store.backup(to);
    return false;
  }
  if (!existsSync(path)) throw new WayleaveError('BACKUP_EMPTY', { path });
  const db = openStoreFile({ path });
  try {
    writeBackup(db, to);
  } finally {
    db.close();
  }
  return false;
}
