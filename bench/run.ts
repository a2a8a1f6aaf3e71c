/**
 * npm run bench [-- --only ID] [--json FILE]   runs bench/*.bench.ts and prints a table. `--only` takes an id or its
 * beginning (`charge`, `charge.1000-links`); `--json -` writes to stdout. Speed is reported here and never asserted in
 * tests; a missed target is marked and does not fail the run.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Bench, BenchContext, Row, WrittenRow } from './bench.ts';
import { written } from './bench.ts';

const here = import.meta.dirname;
const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'string' } } });
const say = (line: string) => process.stderr.write(`${line}\n`);

const context: BenchContext = {
  say,
  rival: async <T>(name: string) => {
    // Looked for as a folder: the loader would remember that it was missing.
    if (!existsSync(join(here, 'node_modules', name))) installRivals();
    return (await import(name)) as T; // found in bench/node_modules, since this file stands beside it
  },
};

function installRivals(): void {
  say('Installing the rivals (npm ci in bench/)');
  const npm = process.env['npm_execpath'];
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const [command, rest] = npm?.endsWith('.js') ? [process.execPath, [npm, ...args]] : ['npm', args];
  if (spawnSync(command, rest, { cwd: here, stdio: ['ignore', 2, 2] }).status !== 0)
    throw new Error('npm ci in bench/ failed');
}

const wanted = (id: string) => values.only === undefined || id === values.only || id.startsWith(`${values.only}.`);
const rows: Row[] = [];
for (const file of globSync('*.bench.ts', { cwd: here }).sort()) {
  const { bench } = (await import(pathToFileURL(join(here, file)).href)) as { readonly bench: Bench };
  if (!wanted(bench.id) && values.only?.startsWith(`${bench.id}.`) !== true) continue;
  say(`${bench.id} (bench/${basename(file)})`);
  rows.push(...(await bench.rows(context)).filter(({ id }) => wanted(id) || wanted(bench.id)));
}
if (rows.length === 0) {
  say(`Nothing in bench/ is called ${values.only ?? 'anything'}.`);
  process.exit(1);
}

const table = rows.map((row) => ({ row, out: written(row) }));
const toStdout = values.json === '-';
if (values.json !== undefined) {
  const text = `${JSON.stringify(
    table.map(({ out }) => out),
    null,
    2,
  )}\n`;
  if (toStdout) process.stdout.write(text);
  else writeFileSync(values.json, text);
}
if (!toStdout) {
  const cells = [
    ['id', 'value', 'unit', 'rival', 'its value', 'ratio', 'interval', 'target', 'met'],
    ...table.map(cellsOf),
  ];
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  for (const line of cells)
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  console.log(
    `\nNode ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? '?'}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
  );
}

function cellsOf({ row, out }: { readonly row: Row; readonly out: WrittenRow }): string[] {
  const met = out.met === null ? '' : out.met ? 'yes' : 'NO';
  const numbers = [out.value, out.rivalValue, out.ratio].map((value) => (value === null ? '' : short(value)));
  const [value = '', rivalValue = '', ratio = ''] = numbers;
  return [
    out.id,
    value,
    out.unit,
    out.rival ?? '',
    rivalValue,
    ratio,
    row.interval?.map(short).join(' … ') ?? '',
    out.target ?? '',
    met,
  ];
}

/** Three significant digits, with k, M or G. */
function short(value: number): string {
  for (const [size, letter] of [
    [1e9, ' G'],
    [1e6, ' M'],
    [1e4, ' k'],
  ] as const) {
    if (Math.abs(value) >= size) return `${(value / (letter === ' k' ? 1e3 : size)).toPrecision(3)}${letter}`;
  }
  return Number(value.toPrecision(3)).toString();
}
