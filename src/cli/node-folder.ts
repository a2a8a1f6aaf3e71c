import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Option } from 'commander';

/** Name of the configuration in a data folder. */
export const CONFIG_NAME = 'wayleave.toml';
/** Name of the file that tells how to reach the running node. */
export const ACCESS_NAME = 'api.json';

/** `--config`, the same for every command that deals with one node. */
export function configOption(): Option {
  return new Option('-c, --config <file>', 'configuration file, or the folder it stands in').default(
    CONFIG_NAME,
    `./${CONFIG_NAME}`,
  );
}

/** The configuration file that `--config` means. */
export function configFile(config: string, folder: string): string {
  const full = resolve(folder, config);
  return isFolder(full) ? join(full, CONFIG_NAME) : full;
}

/** Where the running node leaves url and token. */
export function accessFile(file: string): string {
  return join(dirname(file), ACCESS_NAME);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
