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

/** Runs parts on the unchanged tree. */
export interface SurveyRequest {
  readonly kind: 'survey';
  readonly testFiles: readonly string[];
  readonly rounds: number | undefined;
  /** Left out: all. */
  readonly ids?: ReadonlySet<string>;
  readonly kinds?: readonly Part['kind'][];
  /** Also tells what each executes, which takes several times as long. */
  readonly coverage: boolean;
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
  | { readonly kind: 'at'; readonly id: string; readonly cpuMs: number }
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
    return reply({ kind: 'done', by: 'load', id: reloader.asked, evidence: textOf(error) });
  }
  for (const id of request.parts) {
    const part = parts.get(id);
    if (part === undefined) continue;
    reply({ kind: 'at', id, cpuMs: cpuMs() });
    const evidence = await part.run().catch((error: unknown) => `an error came out: ${textOf(error)}`);
    if (evidence !== undefined) return reply({ kind: 'done', by: part.kind, id, evidence });
  }
  reply({ kind: 'done', by: undefined, id: '', evidence: '' });
}

async function survey(request: SurveyRequest): Promise<void> {
  const { coverage, ids, kinds } = request;
  const session = coverage ? startCoverage() : undefined;
  const parts = await load(request);
  const took = (): Map<string, Ranges> => (session === undefined ? new Map() : executed(session));
  const atLoad = took();
  const surveyed: Surveyed[] = [];
  for (const { id, kind, run } of parts) {
    if (ids?.has(id) === false || kinds?.includes(kind) === false) continue;
    // Its own time: what else the machine does says nothing.
    const before = cpuMs();
    reply({ kind: 'at', id, cpuMs: before });
    const broken = await run().catch(textOf);
    surveyed.push({ id, kind, ms: cpuMs() - before, broken, executed: took() });
  }
  // Flags are the process's, not this worker's.
  if (coverage) for (const flag of ['--opt', '--maglev']) setFlagsFromString(flag);
  session?.disconnect();
  reply({ kind: 'surveyed', parts: surveyed, load: atLoad });
}

/** Code that Maglev has made counts nothing. The worker is not used again after this. */
function startCoverage(): Session {
  for (const flag of ['--no-opt', '--no-maglev']) setFlagsFromString(flag);
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  return session;
}

/** Of this thread, since it began. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
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
