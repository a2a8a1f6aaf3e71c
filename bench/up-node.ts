import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { NodeId } from '../src/core/node-id.ts';
import { LAUNCHER_ENV, LAUNCHER_FLAGS } from './launcher.ts';

const MAIN = join(import.meta.dirname, '../src/cli/main.ts');
type Line = Readonly<Record<string, unknown>>;

/** A node's data folder with a new key, made by `wayleave init`. */
export function initFolder(folder: string): NodeId {
  const args = [...LAUNCHER_FLAGS, MAIN, 'init', folder, '--insecure-plain-key', '--json'];
  const made = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return (JSON.parse(made.stdout) as { readonly id: NodeId }).id;
}

/** Its configuration: loopback, free ports, no mDNS, and `more`. */
export function configure(folder: string, more: string): void {
  const own = '[key]\ninsecure_plain = true\n[listen]\nhost = "127.0.0.1"\nport = 0\n[api]\nport = 0\n';
  writeFileSync(join(folder, 'wayleave.toml'), `${more}\n${own}[proxy]\nport = 0\n[discovery]\nmdns = false\n`);
}

/** `wayleave up` in a process of its own. */
export class UpNode {
  readonly child: ChildProcess;
  readonly startedMs = performance.now();
  readonly #lines: Line[] = [];
  #heard: () => void = () => undefined;

  constructor(folder: string, compileCache: string) {
    this.child = spawn(process.execPath, [...LAUNCHER_FLAGS, MAIN, 'up', '-c', folder, '--json'], {
      cwd: folder,
      env: { ...LAUNCHER_ENV, NODE_COMPILE_CACHE: compileCache },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface(this.child.stdout as NodeJS.ReadableStream).on('line', (line) => {
      this.#lines.push(JSON.parse(line) as Line);
      this.#heard();
    });
    this.child.on('exit', () => this.#heard());
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** The first line of a kind. */
  async line(kind: string): Promise<Line> {
    for (;;) {
      const found = this.#lines.find((line) => line['kind'] === kind);
      if (found !== undefined) return found;
      if (this.child.exitCode !== null) throw new Error(`wayleave up ended with ${this.child.exitCode}`);
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  async port(of: 'listen' | 'socks'): Promise<number> {
    return Number(
      String((await this.line('up'))[of])
        .split(':')
        .at(-1),
    );
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await gone;
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
