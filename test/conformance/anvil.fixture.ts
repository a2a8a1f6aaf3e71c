import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const ANVIL_CHAIN_ID = 31_337;

/** Where the second engine is; undefined where its package is not made for this machine. */
export function anvilProgram(): string | undefined {
  try {
    const manifest = createRequire(import.meta.url).resolve('@foundry-rs/anvil-linux-amd64/package.json');
    const program = join(dirname(manifest), 'bin/anvil');
    return existsSync(program) ? program : undefined;
  } catch {
    return undefined;
  }
}

/** Why tests that need it are skipped, if they are. */
export const NO_ANVIL = anvilProgram() === undefined && 'anvil is not made for this machine';

/** A server of another EVM, in a process of its own. What it held when it was last saved outlives a kill. */
export class Anvil {
  readonly #folder = mkdtempSync(join(tmpdir(), 'wayleave-anvil-'));
  readonly #options: readonly string[];
  #child: ChildProcess | undefined;
  #port = 0;

  constructor(options: readonly string[] = []) {
    this.#options = options;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get #state(): string {
    return join(this.#folder, 'state.json');
  }

  /** The first time on a free port, which it keeps. */
  async start(): Promise<void> {
    const fixed = ['--host', '127.0.0.1', '--port', String(this.#port), '--chain-id', String(ANVIL_CHAIN_ID)];
    const state = existsSync(this.#state) ? ['--load-state', this.#state] : [];
    const args = [...fixed, '--accounts', '1', ...state, ...this.#options];
    const child = spawn(anvilProgram() ?? '', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#child = child;
    this.#port = await new Promise<number>((resolve, reject) => {
      let said = '';
      child.on('error', reject);
      child.on('exit', () => reject(new Error(`anvil ended: ${said}`)));
      child.stdout.on('data', (part: Buffer) => {
        said += part.toString();
        const port = /Listening on 127\.0\.0\.1:(\d+)/.exec(said)?.[1];
        if (port !== undefined) resolve(Number(port));
      });
    });
  }

  /** One call of its own interface. Throws what it answers as an error. */
  async ask(method: string, params: readonly unknown[] = []): Promise<unknown> {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const answer = await fetch(this.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const { result, error } = (await answer.json()) as { readonly result?: unknown; readonly error?: unknown };
    if (error !== undefined) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result;
  }

  async fund(address: string, wei: bigint): Promise<void> {
    await this.ask('anvil_setBalance', [address, `0x${wei.toString(16)}`]);
  }

  /** Ends the process from one instant to the next. What is not mined is forgotten. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.on('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** Lets it save all blocks and end, as for an upgrade; the next start goes on from there. What is not mined is forgotten. */
  async stop(): Promise<void> {
    const { writeFileSync } = await import('node:fs');
    const { gunzipSync } = await import('node:zlib');
    const dumped = (await this.ask('anvil_dumpState')) as string;
    writeFileSync(this.#state, gunzipSync(Buffer.from(dumped.slice(2), 'hex')));
    await this.kill();
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
