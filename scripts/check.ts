/** npm run check   types, lint and format, all three even if one fails. */
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';

const CHECKS: readonly (readonly [name: string, ...command: string[]])[] = [
  ['types', 'node_modules/typescript/bin/tsc', '-p', '.'],
  ['lint', 'node_modules/oxlint/bin/oxlint'],
  ['format', 'node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'],
];

const failed = CHECKS.filter(([name, ...command]) => {
  const startedMs = performance.now();
  const { status } = spawnSync(process.execPath, command, { cwd: dirname(import.meta.dirname), stdio: 'inherit' });
  console.log(`${name}: ${status === 0 ? 'ok' : 'FAILED'} (${((performance.now() - startedMs) / 1000).toFixed(1)} s)`);
  return status !== 0;
});
process.exit(failed.length === 0 ? 0 : 1);
