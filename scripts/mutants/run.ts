/** npm run mutants -- --help   see `options.ts` and docs/mutants.md */
import { globSync } from 'node:fs';
import { Bench } from './bench.ts';
import { ImportGraph } from './import-graph.ts';
import { HELP, type Options, readOptions } from './options.ts';
import { tryPatch } from './patch.ts';
import { Results } from './results.ts';
import { Survey } from './survey.ts';
import { Trial } from './trial.ts';
import { Tries } from './tries.ts';
import { Workshop } from './workshop.ts';

const asked = readOptions(process.argv.slice(2));
if ('help' in asked) {
  process.stdout.write(HELP);
} else if ('wrong' in asked) {
  process.stderr.write(`${asked.wrong}. npm run mutants -- --help tells what can be asked.\n`);
  process.exitCode = 2;
} else {
  const workshop = new Workshop();
  process.exitCode = await run(asked, workshop)
    .then((ok) => (ok ? 0 : 1))
    .catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      return 2;
    })
    .finally(() => workshop.close());
}

async function run(options: Options, workshop: Workshop): Promise<boolean> {
  const mechanical = options.all || options.mechanical;
  const graph = new ImportGraph(workshop.folder);
  // Who is not asked need not be surveyed.
  const [asksTests, asksSimulation] = [mechanical && options.by !== 'simulation', options.by !== 'tests'];
  const testFiles = asksTests ? globSync('src/core/*.test.ts', { cwd: workshop.folder }).sort() : [];
  const rounds = asksSimulation || !options.mechanical ? options.rounds : undefined;
  const found = await new Bench(workshop.folder).survey({ testFiles, rounds });
  const broken = found.parts.filter((part) => part.broken !== undefined);
  const left = broken.length === 0 ? '' : `, but for what is left out: ${broken.map(({ id }) => id).join(', ')}`;
  console.log(`The unchanged tree passes its ${found.parts.length} parts${left}.`);
  if (broken.some(({ kind }) => kind === 'tests')) throw new Error('a test of the unchanged tree fails; mend it first');
  if (options.patch !== undefined)
    return tryPatch(workshop, { file: options.patch, rounds: options.rounds }, found.parts);
  const survey = new Survey(found, (from, to) => graph.reaching(to, [from]).has(from));
  const usualMs = new Map(found.parts.map(({ id, ms }) => [id, ms]));
  const results = new Results(workshop.folder, options);
  const tries = new Tries(options, workshop, () => new Trial(new Bench(workshop.folder, usualMs), survey, results));
  const byHand = options.mechanical || (await tries.byHand());
  return (!mechanical || (await tries.mechanical())) && byHand;
}
