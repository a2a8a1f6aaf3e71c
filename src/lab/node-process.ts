import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { WayleaveError } from '../core/errors.ts';
import type { ChannelStatus, NodeEvent, NodeStatus } from '../node/node.ts';
import type { NodeHome } from './folder.ts';

/** From start to an answering API. A small machine that starts five nodes at once takes two or three seconds. */
const START_MS = 30_000;
const POLL_MS = 25;
/** A stop writes the books and may wait for a transaction. */
const STOP_MS = 15_000;
/** Cashing waits for a transaction on each link. */
const ANSWER_MS = 30_000;
/** Lines of the log shown when a node failed. */
const LOG_LINES = 12;

const SOURCE = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const MAIN = fileURLToPath(new URL(`../cli/main.${SOURCE}`, import.meta.url));
const LEASH = new URL(`./leash.${SOURCE}`, import.meta.url).href;

/** What became of a packet. */
export interface SentPacket {
  readonly replies: readonly { readonly value: number }[];
}

/** A packet that came for a node. */
export interface CameIn {
  readonly id: string;
  readonly value: number;
}

/** One node of the lab as a process of its own, run and asked the way a person would: `wayleave up`, and its HTTP API. */
export class NodeProcess {
  readonly home: NodeHome;
  readonly pid: number;
  /** Resolves to the exit code, or undefined when a signal ended it. */
  readonly exited: Promise<number | undefined>;
  readonly #child: ChildProcess;
  readonly #listening = new AbortController();
  #access: { url: string; token: string } | undefined;
  #gone = false;

  private constructor(home: NodeHome, child: ChildProcess) {
    this.home = home;
    this.#child = child;
    this.pid = child.pid ?? -1;
    this.exited = new Promise((resolve) => {
      const ended = (code: number | undefined): void => {
        this.#gone = true;
        this.#listening.abort();
        resolve(code);
      };
      child.once('exit', (code) => ended(code ?? undefined));
      child.once('error', () => ended(undefined));
    });
  }

  /** Starts the process; `ready` tells when it answers. Its output goes to `node.log` in its folder. */
  static start(home: NodeHome): NodeProcess {
    const log = openSync(join(home.folder, 'node.log'), 'a', 0o600);
    // A group of its own: Ctrl-C in the terminal is for the lab, which then ends its nodes in order.
    const child = spawn(
      process.execPath,
      [...process.execArgv, '--import', LEASH, MAIN, 'up', '--config', home.config],
      {
        stdio: ['ignore', log, log, 'ipc'],
        detached: true,
        env: { ...process.env, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' },
      },
    );
    closeSync(log);
    return new NodeProcess(home, child);
  }

  get running(): boolean {
    return !this.#gone;
  }

  /** Resolves when the node has left its `api.json`. Throws `LAB_NODE_FAILED` with the end of its log. */
  async ready(): Promise<void> {
    const file = join(this.home.folder, 'api.json');
    for (const startedMs = performance.now(); performance.now() - startedMs < START_MS; await pause(POLL_MS)) {
      if (this.#gone) break;
      this.#access = readAccess(file);
      if (this.#access !== undefined) return;
    }
    throw this.failure();
  }

  /** What to say when this node did not do its part. */
  failure(): WayleaveError {
    const { name, folder } = this.home;
    return new WayleaveError('LAB_NODE_FAILED', { node: name, folder, log: `\n${logEnd(join(folder, 'node.log'))}\n` });
  }

  /** Throws `LAB_NODE_UNREACHABLE`. */
  async status(): Promise<NodeStatus> {
    return (await this.#call('GET', '/v1/status')) as NodeStatus;
  }

  /** Throws `LAB_NODE_UNREACHABLE`. */
  async pausePayments(paused: boolean): Promise<void> {
    await this.#call('POST', `/v1/payments/${paused ? 'pause' : 'resume'}`);
  }

  /** Cashes all it holds; returns how many cheques that were. Throws `LAB_NODE_UNREACHABLE`. */
  async cash(): Promise<number> {
    const { cashed } = (await this.#call('POST', '/v1/cash')) as { cashed: number };
    return cashed;
  }

  /** Every channel it knows, with the neighbour's id. Throws `LAB_NODE_UNREACHABLE`. */
  async channels(): Promise<readonly ChannelStatus[]> {
    return ((await this.#call('GET', '/v1/channels')) as { channels: readonly ChannelStatus[] }).channels;
  }

  /** Closes the channel with a neighbour together with it. Throws `LAB_NODE_UNREACHABLE`, also where it did not agree. */
  async closeChannel(neighbour: string): Promise<void> {
    await this.#call('POST', '/v1/channels/close', { neighbour });
  }

  /** Pays all it owes, due or not. Throws `LAB_NODE_UNREACHABLE`. */
  async settle(): Promise<void> {
    await this.#call('POST', '/v1/payments/settle');
  }

  /** What a packet to a node will be charged on its way; undefined: no way is known. Throws `LAB_NODE_UNREACHABLE`. */
  async quote(to: string): Promise<number | undefined> {
    const { quote } = (await this.#call('GET', `/v1/packets/quote?to=${to}`)) as { quote: number | null };
    return quote ?? undefined;
  }

  /** Sends a value packet and says what became of it (docs/api.md). Throws `LAB_NODE_UNREACHABLE`. */
  async send(order: object): Promise<SentPacket> {
    return (await this.#call('POST', '/v1/packets/send', order)) as SentPacket;
  }

  /**
   * The packets for it that answer none of its own; undefined first, when it listens. Throws `LAB_NODE_UNREACHABLE`, also
   * where the next one does not come.
   */
  async *received(): AsyncGenerator<CameIn | undefined, void, void> {
    const path = '/v1/packets/receive';
    try {
      const signal = AbortSignal.any([this.#listening.signal, AbortSignal.timeout(ANSWER_MS)]);
      for await (const line of lines(await this.#fetch(path, { method: 'POST', signal })))
        yield line === '' ? undefined : (JSON.parse(line) as CameIn);
    } catch (cause) {
      throw this.#unreachable(path, cause);
    }
  }

  async #call(method: string, path: string, body?: object): Promise<unknown> {
    try {
      const signal = AbortSignal.timeout(ANSWER_MS);
      const said = body === undefined ? {} : { body: JSON.stringify(body) };
      return await (await this.#fetch(path, { method, signal, ...said })).json();
    } catch (cause) {
      throw this.#unreachable(path, cause);
    }
  }

  async #fetch(path: string, how: RequestInit): Promise<Response> {
    const headers = { authorization: `Bearer ${this.#access?.token}` };
    const answer = await fetch(`${this.#access?.url}${path}`, { ...how, headers });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}: ${await answer.text()}`);
    return answer;
  }

  #unreachable(path: string, cause: unknown): WayleaveError {
    const { name, folder } = this.home;
    return new WayleaveError('LAB_NODE_UNREACHABLE', { node: name, folder, path, what: String(cause) }, cause);
  }

  /** Tells every event until the node ends. A stream that breaks is simply over: the next status tells the same. */
  async listen(told: (event: NodeEvent) => void): Promise<void> {
    try {
      const answer = await fetch(`${this.#access?.url}/v1/events`, { signal: this.#listening.signal });
      for await (const line of lines(answer)) if (line !== '') told(JSON.parse(line) as NodeEvent);
    } catch {
      // The node is gone, or we let go of it.
    }
  }

  /** Asks it to stop and waits; what does not stop in time is killed. Returns as `exited`. */
  async stop(): Promise<number | undefined> {
    this.#listening.abort();
    if (this.#gone) return this.exited;
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.kill(), STOP_MS);
    const code = await this.exited;
    clearTimeout(late);
    return code;
  }

  /** At once, for when the lab itself is about to end. */
  kill(): void {
    if (!this.#gone) this.#child.kill('SIGKILL');
  }
}

async function* lines({ body }: Response): AsyncGenerator<string> {
  let rest = '';
  const text = body?.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>);
  for await (const piece of text ?? []) {
    const whole = (rest + piece).split('\n');
    rest = whole.pop() ?? '';
    yield* whole;
  }
}

function readAccess(file: string): { url: string; token: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { url: string; token: string };
  } catch {
    // Not there yet.
    return undefined;
  }
}

function logEnd(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-LOG_LINES).join('\n');
  } catch {
    return 'no log';
  }
}
