import { Worker } from 'node:worker_threads';
import type { Noticed } from './mutant.ts';
import type { SurveyRequest, TrialReply, TrialRequest } from './trial-worker.ts';

/** Loaded modules are never freed, so a worker is replaced after so many trials. */
const TRIALS_PER_WORKER = { tests: 200, simulation: 40 } as const;
/** A part may compute so many times as long as on the unchanged tree, and this at least, before it is said to hang. */
const PATIENCE = 12;
const LEAST_PATIENCE_MS = 3_000;
/** Nor may it wait for nothing: all of a part is computed, so that what computes less than this in that time hangs too. */
const IDLE_MS = 5;
const LOAD_PATIENCE_MS = 60_000;
const MAX_HEAP_MB = 1_500;

type Done = Extract<TrialReply, { kind: 'done' }>;
export type SurveyReply = Extract<TrialReply, { kind: 'surveyed' }>;

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
  async survey(request: Omit<SurveyRequest, 'kind'>): Promise<SurveyReply> {
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

  #ask(
    request: TrialRequest | SurveyRequest,
    patienceMs: (id: string) => number,
  ): Promise<Done | SurveyReply | Noticed> {
    const worker = this.#start();
    return new Promise((resolve) => {
      let at = '';
      const fall = (by: Noticed['by'], evidence: string): void => {
        clock.stop();
        this.#worker = undefined;
        void worker.terminate();
        resolve({ by, id: at, evidence });
      };
      const clock = new Patience(worker, () => fall('endless', 'did not end'));
      clock.start(patienceMs(at), undefined);
      this.#told = (message) => {
        clock.stop();
        if (message.kind !== 'at') return resolve(message);
        at = message.id;
        clock.start(patienceMs(at), message.cpuMs);
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

/** Ends when a worker has computed for so long, whatever else the machine does meanwhile. */
class Patience {
  readonly #worker: Worker;
  readonly #late: () => void;
  #timer: NodeJS.Timeout | undefined;
  /** Grows with each start and stop, so that an answer that comes late is dropped. */
  #turn = 0;

  constructor(worker: Worker, late: () => void) {
    this.#worker = worker;
    this.#late = late;
  }

  /** `sinceMs`: what the worker had computed when it began; left out: what it will have when this is first looked at. */
  start(patienceMs: number, sinceMs: number | undefined): void {
    this.#turn += 1;
    this.#look(this.#turn, { patienceMs, sinceMs, lastMs: undefined, waitMs: patienceMs });
  }

  stop(): void {
    this.#turn += 1;
    clearTimeout(this.#timer);
  }

  #look(turn: number, at: Watched & { readonly waitMs: number }): void {
    this.#timer = setTimeout(() => void this.#judge(turn, at), at.waitMs);
  }

  async #judge(turn: number, { patienceMs, sinceMs, lastMs }: Watched): Promise<void> {
    const { user, system } = await this.#worker.cpuUsage().catch(() => ({ user: 0, system: 0 }));
    if (turn !== this.#turn) return;
    const nowMs = (user + system) / 1000;
    const spentMs = nowMs - (sinceMs ?? nowMs);
    const idle = lastMs !== undefined && nowMs - lastMs < IDLE_MS;
    if (idle || spentMs >= patienceMs) return this.#late();
    const waitMs = Math.max(LEAST_PATIENCE_MS, patienceMs - spentMs);
    this.#look(turn, { patienceMs, sinceMs: sinceMs ?? nowMs, lastMs: nowMs, waitMs });
  }
}

/** A part that computes, and what its worker had computed when it began and when that was last looked at. */
interface Watched {
  readonly patienceMs: number;
  readonly sinceMs: number | undefined;
  readonly lastMs: number | undefined;
}
