// node scripts/pinned.mjs ARGS…   installs what is missing, then runs the pinned Node with ARGS in its own place.
// The binary is started by path: a shell that has looked `node` up once keeps the host's.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { ensureInstalled, pinnedNode, root } from './install.mjs';

ensureInstalled();
const node = pinnedNode();
const bins = [dirname(node), join(root, 'node_modules', '.bin')];
const child = spawn(node, process.argv.slice(2), {
  stdio: 'inherit',
  env: { ...process.env, PATH: [...bins, process.env['PATH'] ?? ''].join(delimiter) },
});

for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
process.on('SIGINT', () => {
  // Ctrl-C in a terminal reaches the child by itself; passing it on too would count as pressing it twice.
  if (!process.stdin.isTTY) child.kill('SIGINT');
});
child.on('error', (error) => {
  process.stderr.write(`${String(node)} did not start: ${error.message}\n`);
  process.exit(1);
});
child.on('exit', (code, signal) => {
  process.exit(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0));
});
