// Runs under the host's Node (18 or newer) before anything is installed, so: no dependencies, no TypeScript.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const LEAST_NODE = [24, 12];

/** Installs what the lock file names unless it is already there. Ends the process with a plain message if it cannot. */
export function ensureInstalled() {
  if (isInstalled()) return;
  process.stderr.write('Installing what package-lock.json names (npm ci); this takes about half a minute.\n');
  // npm's own words go to stderr: stdout belongs to the command that asked (`--json -`).
  const stdio = ['ignore', 2, 2];
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env['npm_execpath'];
  const result = npm?.endsWith('.js')
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio })
    : spawnSync('npm', args, { cwd: root, stdio });
  if (result.status !== 0)
    fail(`npm ci failed${result.error ? `: ${result.error.message}` : ''}. Run it by hand in ${root} to see why.`);
}

/** The Node that runs Wayleave: the one in node_modules, else the host's if it is new enough. */
export function pinnedNode() {
  const pinned = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(pinned)) return pinned;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])) return process.execPath;
  return fail(
    `No pinned Node exists for ${process.platform}-${process.arch}, and this one is ${process.versions.node}. ` +
      `Install Node ${LEAST_NODE.join('.')} or newer and run the command again.`,
  );
}

/**
 * True if node_modules holds exactly the versions the lock file asks for. Contents are compared, not times: a checkout
 * touches files, and a needless `npm ci` would pull node_modules from under a running node.
 */
function isInstalled() {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const present = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = present[path];
    if (found === undefined) return entry.optional === true && !isForThisMachine(entry);
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return {};
  }
}

/** True for a platform package (the pinned Node, the chain's binary, the tools') that must be here; npm may skip others. */
function isForThisMachine(entry) {
  if (entry.os === undefined || entry.cpu === undefined) return false;
  if (![entry.os].flat().includes(process.platform) || ![entry.cpu].flat().includes(process.arch)) return false;
  return entry.libc === undefined || entry.libc.includes(libcOfThisMachine());
}

function libcOfThisMachine() {
  return existsSync('/etc/alpine-release') ? 'musl' : 'glibc';
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  ensureInstalled();
  pinnedNode();
}
