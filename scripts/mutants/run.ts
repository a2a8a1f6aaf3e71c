/** npm run mutants -- --help   see `options.ts` and docs/mutants.md */
import { figures } from './figures.ts';
import { HELP, type Options, readOptions } from './options.ts';
import { tryPatch } from './patch.ts';
import { Surveys } from './surveys.ts';
import { Tries } from './tries.ts';
import { Verdicts } from './verdicts.ts';
import { Workshop } from './workshop.ts';

const asked = readOptions(process.argv.slice(2));
if ('help' in asked) {
  process.stdout.write(HELP);
} else if ('wrong' in asked) {
  process.stderr.write(`${asked.wrong}. npm run mutants -- --help tells what can be asked.\n`);
  process.exitCode = 2;
} else if (asked.figures) {
  process.stdout.write(`${figures().join('\n')}\n`);
} else {
  const workshop = new Workshop();
  // What was found until now is kept.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      workshop.close();
      process.exit(130);
    });
  }
  process.exitCode = await run(asked, workshop)
    .then((ok) => (ok ? 0 : 1))
    .catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      return 2;
    })
    .finally(() => workshop.close());
}

async function run(options: Options, workshop: Workshop): Promise<boolean> {
  const surveys = new Surveys(workshop.folder, options.rounds);
  if (options.patch !== undefined)
    return tryPatch(workshop, { file: options.patch, rounds: options.rounds }, await surveys.simulation());
  const verdicts = new Verdicts(workshop.folder, options);
  const endMs = performance.now() + options.minutes * 60_000;
  const tries = new Tries({ options, workshop, surveys, verdicts, endMs });
  const byHand = options.mechanical || (await tries.byHand());
  const mechanical = options.all || options.mechanical;
  return (!mechanical || (await tries.mechanical())) && byHand;
}
