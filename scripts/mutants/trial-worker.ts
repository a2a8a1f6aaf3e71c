/** Runs in a worker of `bench.ts`: tries changes one after the other, or surveys what each part executes. */
import { Session } from 'node:inspector';
import { setFlagsFromString } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import fastCheck from 'fast-check';
import { type Part, SIMULATION, simulationParts, testParts, textOf } from './parts.ts';
import { Reloader, type Replaced } from './reloader.ts';

/** Parts to run on a change, in this order, up to the first that notices. */
export interface TrialRequest {
  readonly kind: 'trial';
  readonly change: Replaced | undefined;
  readonly testFiles: readonly string[];
  readonly rounds: number | undefined;
  readonly parts: readonly string[];
}

/** Runs every part on the unchanged tree. */
export interface SurveyRequest {
  readonly kind: 'survey';
  readonly testFiles: readonly string[];
  readonly rounds: number | undefined;
}

/** Stretches of a file that were executed (or not), outermost first; a later one stands for what it covers. */
export type Ranges = readonly (readonly [start: number, end: number, count: number])[];

export interface Surveyed {
  readonly id: string;
  readonly kind: Part['kind'];
  readonly ms: number;
  /** It notices something on the unchanged tree. */
  readonly broken: string | undefined;
  readonly executed: ReadonlyMap<string, Ranges>;
}

export type TrialReply =
  | { readonly kind: 'at'; readonly id: string }
  | {
      readonly kind: 'done';
      readonly by: Part['kind'] | 'load' | undefined;
      readonly id: string;
      readonly evidence: string;
    }
  | { readonly kind: 'surveyed'; readonly parts: readonly Surveyed[]; readonly load: ReadonlyMap<string, Ranges> };

const { root } = workerData as { readonly root: string };
const reloader = new Reloader(root);
// The same cases each time, and no search for the smallest: what matters is that one fails.
fastCheck.configureGlobal({ seed: 20_030, endOnFailure: true });

const reply = (message: TrialReply): void => parentPort?.postMessage(message);
parentPort?.on('message', (request: TrialRequest | SurveyRequest) => {
  void (request.kind === 'trial' ? trial(request) : survey(request));
});

async function load({ testFiles, rounds }: TrialRequest | SurveyRequest): Promise<Part[]> {
  const simulated = rounds === undefined ? [] : await simulationParts(reloader, rounds);
  return [...(await testParts(reloader, testFiles)), ...simulated];
}

async function trial(request: TrialRequest): Promise<void> {
  const { change, testFiles, rounds } = request;
  const starts = [...testFiles, ...(rounds === undefined ? [] : SIMULATION)];
  let parts: Map<string, Part>;
  try {
    if (change !== undefined) reloader.replace(change, starts);
    parts = new Map((await load(request)).map((part) => [part.id, part]));
  } catch (error) {
    return reply({ kind: 'done', by: 'load', id: '', evidence: textOf(error) });
  }
  for (const id of request.parts) {
    const part = parts.get(id);
    if (part === undefined) continue;
    reply({ kind: 'at', id });
    const evidence = await part.run().catch((error: unknown) => `an error came out: ${textOf(error)}`);
    if (evidence !== undefined) return reply({ kind: 'done', by: part.kind, id, evidence });
  }
  reply({ kind: 'done', by: undefined, id: '', evidence: '' });
}

async function survey(request: SurveyRequest): Promise<void> {
  // Code that Maglev has made counts nothing.
  for (const flag of ['--no-opt', '--no-maglev']) setFlagsFromString(flag);
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const parts = await load(request);
  const atLoad = executed(session);
  const surveyed: Surveyed[] = [];
  for (const { id, kind, run } of parts) {
    reply({ kind: 'at', id });
    // Its own time: what else the machine does says nothing.
    const before = process.threadCpuUsage();
    const broken = await run().catch(textOf);
    const { user, system } = process.threadCpuUsage(before);
    const ms = (user + system) / 1000;
    surveyed.push({ id, kind, ms, broken, executed: executed(session) });
  }
  session.disconnect();
  for (const flag of ['--opt', '--maglev']) setFlagsFromString(flag);
  reply({ kind: 'surveyed', parts: surveyed, load: atLoad });
}

/** What ran in the tree since the last call. */
function executed(session: Session): Map<string, Ranges> {
  const files = new Map<string, Ranges>();
  session.post('Profiler.takePreciseCoverage', (error, taken) => {
    if (error !== null) throw error;
    for (const { url, functions } of taken.result) {
      if (!url.startsWith(`file://${root}/src/`)) continue;
      const ranges = functions
        .flatMap((each) => each.ranges)
        .map(({ startOffset, endOffset, count }) => [startOffset, endOffset, count] as const)
        .sort(([a, b], [c, d]) => a - c || d - b);
      if (ranges.some(([, , count]) => count > 0)) files.set(url.slice(`file://${root}/`.length), ranges);
    }
  });
  return files;
}
