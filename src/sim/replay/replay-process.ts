import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WayleaveError } from '../../core/errors.ts';
import { makeFolder } from '../../store/make-folder.ts';
import type { HostAnswers, HostReply, HostRequest } from './replay-message.ts';

const HOST = fileURLToPath(new URL(`./replay-host.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url));
const LOG_NAME = 'node.log';
/** Lines of the log shown when a node failed. */
const LOG_LINES = 12;
/** Options of this process that are not for those it starts: they would measure or test there, too. */
const OWN_OPTIONS = /^--(?:test|cpu-prof|heap-prof|inspect)/;

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** One node of a replay as a process of its own, with a folder of its own. It ends with the process that started it. */
export class ReplayProcess {
  readonly folder: string;
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<number | undefined>;
  #number = 0;
  #gone = false;

  /** Starts it. What it prints goes to `node.log` in its folder. */
  constructor(name: string, folder: string) {
    makeFolder(folder);
    this.name = name;
    this.folder = folder;
    const log = openSync(join(folder, LOG_NAME), 'a', 0o600);
    this.#child = fork(HOST, [], {
      serialization: 'advanced',
      execArgv: process.execArgv.filter((option) => !OWN_OPTIONS.test(option)),
      stdio: ['ignore', log, log, 'ipc'],
      env: { ...process.env, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' },
    });
    closeSync(log);
    this.#child.on('message', (reply) => this.#replied(reply as HostReply));
    this.#exited = new Promise((resolve) => {
      const ended = (code: number | undefined): void => {
        this.#gone = true;
        for (const { reject } of this.#waiting.values()) reject(this.#failure());
        this.#waiting.clear();
        resolve(code);
      };
      this.#child.once('exit', (code) => ended(code ?? undefined));
      this.#child.once('error', () => ended(undefined));
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Throws `REPLAY_NODE_FAILED`, also when the process ends before it has answered. */
  ask<Request extends HostRequest>(request: Request): Promise<HostAnswers[Request['ask']]> {
    if (this.#gone) return Promise.reject(this.#failure());
    const number = ++this.#number;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#child.send({ number, request }, (error) => {
        if (error !== null) this.#replied({ number, failed: error.message });
      });
    });
  }

  #replied({ number, answer, failed }: HostReply): void {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (failed === undefined) waiting?.resolve(answer as never);
    else waiting?.reject(this.#failure(failed));
  }

  #failure(what = 'the process ended'): WayleaveError {
    const { folder, name } = this;
    return new WayleaveError('REPLAY_NODE_FAILED', { node: name, what, log: `\n${logEnd(join(folder, LOG_NAME))}\n` });
  }

  /** Lets go of it, and waits until it is gone. Returns its exit code, or undefined where a signal ended it. */
  async end(): Promise<number | undefined> {
    if (this.#child.connected) this.#child.disconnect();
    return this.#exited;
  }

  /** SIGKILL, and waits until it is gone. */
  async kill(): Promise<void> {
    if (!this.#gone) this.#child.kill('SIGKILL');
    await this.#exited;
  }
}

function logEnd(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-LOG_LINES).join('\n');
}
