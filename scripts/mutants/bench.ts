import { Worker } from 'node:worker_threads';
import type { Noticed } from './mutant.ts';
import type { SurveyRequest, TrialReply, TrialRequest } from './trial-worker.ts';

/** Loaded modules are never freed, so a worker is replaced after so many trials. */
const TRIALS_PER_WORKER = { tests: 200, simulation: 40 } as const;
/** A part may take so many times as long as on the unchanged tree, and this at least, before it is said to hang. */
const PATIENCE = 12;
const LEAST_PATIENCE_MS = 6_000;
const LOAD_PATIENCE_MS = 60_000;
const MAX_HEAP_MB = 1_500;

type Done = Extract<TrialReply, { kind: 'done' }>;
type Survey = Extract<TrialReply, { kind: 'surveyed' }>;

/** A warm worker in which changes of one tree are tried. One that hangs or falls over is replaced. */
export class Bench {
  readonly #root: string;
  /** Milliseconds of each part on the unchanged tree. */
  readonly #usualMs: ReadonlyMap<string, number>;
  #worker: Worker | undefined;
  /** Falls from 1 to 0. */
  #left = 1;
  #told: (message: TrialReply) => void = () => undefined;
  #fell: (error: unknown) => void = () => undefined;

  constructor(root: string, usualMs: ReadonlyMap<string, number> = new Map()) {
    this.#root = root;
    this.#usualMs = usualMs;
  }

  /** Runs everything on the unchanged tree. Throws when that does not work. */
  async survey(request: Omit<SurveyRequest, 'kind'>): Promise<Survey> {
    // In a fresh worker: what is loaded already declares no tests again.
    await this.close();
    const outcome = await this.#ask({ kind: 'survey', ...request }, () => LOAD_PATIENCE_MS * 10);
    await this.close();
    if ('by' in outcome) throw new Error(`the unchanged tree cannot be surveyed: ${outcome.id} ${outcome.evidence}`);
    return outcome;
  }

  /** Undefined: nothing noticed. */
  async try(request: Omit<TrialRequest, 'kind'>): Promise<Noticed | undefined> {
    if (request.parts.length === 0) return undefined;
    if (this.#left <= 0) await this.close();
    this.#left -= 1 / (request.rounds === undefined ? TRIALS_PER_WORKER.tests : TRIALS_PER_WORKER.simulation);
    const patience = (id: string): number =>
      id === ''
        ? LOAD_PATIENCE_MS
        : Math.max(LEAST_PATIENCE_MS, (this.#usualMs.get(id) ?? LOAD_PATIENCE_MS) * PATIENCE);
    const outcome = await this.#ask({ kind: 'trial', ...request }, patience);
    if (!('by' in outcome)) throw new Error('a survey was not asked for');
    const { by, id, evidence } = outcome;
    return by === undefined ? undefined : { by, id, evidence };
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #ask(request: TrialRequest | SurveyRequest, patienceMs: (id: string) => number): Promise<Done | Survey | Noticed> {
    const worker = this.#start();
    return new Promise((resolve) => {
      let at = '';
      const fall = (by: Noticed['by'], evidence: string): void => {
        clearTimeout(timer);
        this.#worker = undefined;
        void worker.terminate();
        resolve({ by, id: at, evidence });
      };
      const late = (): void => fall('endless', 'did not end');
      let timer = setTimeout(late, patienceMs(at));
      this.#told = (message) => {
        clearTimeout(timer);
        if (message.kind !== 'at') return resolve(message);
        at = message.id;
        timer = setTimeout(late, patienceMs(at));
      };
      // What nobody awaited: it belongs to the part that ran.
      this.#fell = (error) => {
        const memory = (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
        const kind = at === '' ? 'load' : at.includes(' › ') ? 'tests' : 'fault';
        fall(memory ? 'endless' : kind, `an error came out: ${String(error).split('\n')[0]}`);
      };
      worker.postMessage(request);
    });
  }

  #start(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(new URL('./trial-worker.ts', import.meta.url), {
      workerData: { root: this.#root },
      execArgv: ['--disable-warning=ExperimentalWarning'],
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
      stdout: true,
      stderr: true,
    });
    worker.on('message', (message: TrialReply) => {
      if (worker === this.#worker) this.#told(message);
    });
    worker.on('error', (error) => {
      if (worker === this.#worker) this.#fell(error);
    });
    this.#worker = worker;
    this.#left = 1;
    return worker;
  }
}
