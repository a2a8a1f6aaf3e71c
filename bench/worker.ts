import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpuSeconds } from './measure.ts';

/** A case under measurement in a process of its own, so that its CPU time is nobody else's. */
export interface Worker {
  /** Where the case listens. */
  readonly port: number;
  readonly pid: number;
  /** CPU seconds the process has used so far. */
  cpu(): Promise<number>;
  stop(): Promise<void>;
}

/** What its runtime is given; nothing: as Node comes. */
export interface Setting {
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

type Answer = { readonly port: number } | { readonly cpu: number };

/** Starts `file` with `args`; it must call `serveWorker`. */
export async function startWorker(
  file: string,
  args: readonly string[],
  { flags = [], env = {} }: Setting = {},
): Promise<Worker> {
  const child = fork(file, [...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning', ...flags],
    env: { ...process.env, ...env },
  });
  const { port } = (await answer(child)) as { readonly port: number };
  return {
    port,
    pid: child.pid as number,
    async cpu() {
      child.send('cpu');
      return ((await answer(child)) as { readonly cpu: number }).cpu;
    },
    async stop() {
      if (child.exitCode !== null) return;
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}

function answer(child: ChildProcess): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the case ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message as Answer);
    });
  });
}

/** The other end: says where the case listens, answers, and goes when its parent does. */
export function serveWorker(port: number, close: () => Promise<void> | void): void {
  process.on('message', () => process.send?.({ cpu: cpuSeconds() }));
  process.on('disconnect', () => void Promise.resolve(close()).finally(() => process.exit()));
  process.send?.({ port });
}
