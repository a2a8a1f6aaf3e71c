import { existsSync, realpathSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CONFIG_NAME } from './node-folder.ts';
import type { Terminal } from './terminal.ts';

/** The launcher of a clone; a package that was installed has none, and its program is on the path. */
const LAUNCHER = fileURLToPath(new URL('../../bin/wayleave', import.meta.url));

/** A line that tells of commands, `wayleave …`, with the program as it is called from this terminal: to be pasted. */
export function asTyped(line: string, { env, folder }: Pick<Terminal, 'env' | 'folder'>): string {
  return line.replace(/(?<![\w./-])wayleave(?= [a-zA-Z])/g, () => programName(LAUNCHER, folder, env['PATH']));
}

/** What a shell in `folder` finds the program by. */
export function programName(launcher: string, folder: string, path = ''): string {
  if (!existsSync(launcher)) return 'wayleave';
  const own = realpathSync(launcher);
  const found = path.split(delimiter).some((each) => each !== '' && realPath(join(each, 'wayleave')) === own);
  if (found) return 'wayleave';
  const short = relative(folder, launcher);
  const name = short.startsWith('.') ? short : `./${short}`;
  return quoted(name.length <= launcher.length ? name : launcher);
}

/** The options that name the node which a command was about, for another command to be pasted; with a space before. */
export function sameNode({ config, url }: { readonly config: string; readonly url?: string }): string {
  if (url !== undefined) return ` --url ${quoted(url)}`;
  return config === CONFIG_NAME ? '' : ` -c ${quoted(config)}`;
}

/** A word for a shell. */
function quoted(word: string): string {
  return /^[\w./@:+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function realPath(file: string): string | undefined {
  try {
    return realpathSync(file);
  } catch {
    return undefined;
  }
}
