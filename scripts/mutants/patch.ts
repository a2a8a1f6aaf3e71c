import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { testsOf } from './tests-of.ts';
import { noticedBy, type TrialPlan } from './trial.ts';
import type { Workshop } from './workshop.ts';

/** Applies a unified diff to the workshop and tries it by simulation, then by the tests near what it touches. True: noticed. */
export async function tryPatch(
  workshop: Workshop,
  { file, rounds }: { readonly file: string; readonly rounds: number },
  plan: Omit<TrialPlan, 'stages'>,
): Promise<boolean> {
  const path = resolve(file);
  const applied = spawnSync('git', ['apply', '--recount', '--whitespace=nowarn', path], {
    cwd: workshop.folder,
    encoding: 'utf8',
  });
  if (applied.status !== 0) throw new Error(`${file} does not apply: ${applied.stderr}`);
  const touched = [...readFileSync(path, 'utf8').matchAll(/^\+\+\+ (?:b\/)?(\S+)/gm)].map(([, name]) => name ?? '');
  if (touched.length === 0) throw new Error(`${file} names no file`);
  const tests = [...new Set(touched.flatMap((name) => [...testsOf(name).near, ...testsOf(name).far]))];
  const simulated = await noticedBy(workshop, { ...plan, stages: [{ kind: 'simulation', rounds }] });
  const tested = await noticedBy(workshop, { ...plan, stages: [{ kind: 'tests', files: tests }] });
  console.log(
    `simulation: ${simulated === undefined ? 'nothing noticed' : `${simulated.killedBy}: ${simulated.evidence}`}`,
  );
  console.log(`tests: ${tested === undefined ? 'nothing noticed' : tested.evidence}`);
  return simulated !== undefined || tested !== undefined;
}
