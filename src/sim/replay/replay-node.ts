import { join } from 'node:path';
import { DEV_FACTORY } from '../../chain/dev-chain.ts';
import { WayleaveError } from '../../core/errors.ts';
import type { NodeId } from '../../core/node-id.ts';
import type { LinkAddress } from '../../link/link.ts';
import type { NodeConfig } from '../../node/config.ts';
import { simConfig, WORLD_PRICES } from '../sim-config.ts';
import type { Trace, WantStep } from '../trace.ts';
import type { HostLook } from './replay-message.ts';
import { ReplayProcess } from './replay-process.ts';

const HOST = '127.0.0.1';
const STORE_NAME = 'wayleave.db';

/** One node of a replay over all its lives: its place in the trace, its folder, and the process that it is just now. */
export class ReplayNode {
  /** Of every process it was. */
  readonly pids: number[] = [];
  readonly store: string;
  id: NodeId = '';
  rpcUrl = '';
  readonly #trace: Trace;
  readonly #index: number;
  readonly #folder: string;
  #process: ReplayProcess | undefined;
  #listen: LinkAddress = { host: HOST, port: 0 };

  constructor(trace: Trace, index: number, folder: string) {
    this.#trace = trace;
    this.#index = index;
    this.#folder = folder;
    this.store = join(folder, STORE_NAME);
  }

  get name(): string {
    return String.fromCharCode(65 + this.#index);
  }

  /** A process, and its key: made by the first one, found in the folder by the next. Throws `REPLAY_NODE_FAILED`. */
  async start(): Promise<void> {
    this.#process = new ReplayProcess(this.name, this.#folder);
    this.pids.push(this.#process.pid);
    this.id = await this.#running.ask({ ask: 'key', folder: this.#folder });
  }

  /** Runs the node. It dials whom the trace says, of those given, and listens where it did. Throws `REPLAY_NODE_FAILED`. */
  async open(rpcUrl: string, nodes: readonly ReplayNode[]): Promise<void> {
    this.rpcUrl = rpcUrl;
    const dialled = this.#trace.edges.filter(([from]) => from === this.#index).map(([, to]) => nodes[to]);
    const dials = dialled.flatMap((node) => (node === undefined ? [] : [node.#listen]));
    const listen = await this.#running.ask({ ask: 'open', config: this.#config(dials) });
    // What only makes a chequebook is no address to come back to.
    if (nodes.length > 0) this.#listen = { host: HOST, port: Number(listen.split(':').at(-1)) };
  }

  #config(dials: readonly LinkAddress[]): NodeConfig {
    const { settings } = this.#trace;
    const place = { name: this.name, listenPort: this.#listen.port, dials: dials.map(({ port }) => port) };
    const config = simConfig({ ...settings, ...WORLD_PRICES, ...place, settleEveryS: 0 });
    return {
      ...config,
      folder: this.#folder,
      listen: this.#listen,
      store: { ...config.store, path: this.store },
      settlement: { ...config.settlement, rpc: [this.rpcUrl], factory: DEV_FACTORY },
      neighbours: config.neighbours.map((each, at) => ({ ...each, address: dials[at] as LinkAddress })),
    };
  }

  look(): Promise<HostLook> {
    return this.#running.ask({ ask: 'look' });
  }

  /** False where it is not connected with that neighbour. */
  want({ bytes, kind }: WantStep, neighbour: NodeId): Promise<boolean> {
    return this.#running.ask({ ask: 'want', kind, neighbour, bytes });
  }

  /** Stops the node as an operator does; the process stays. */
  async close(): Promise<void> {
    await this.#running.ask({ ask: 'close' });
  }

  /** Stops the node, and waits for the end of its process. Throws `REPLAY_NODE_FAILED` unless that is a good one. */
  async stop(): Promise<void> {
    await this.close();
    const code = await this.#running.end();
    if (code !== 0) throw new WayleaveError('REPLAY_NODE_FAILED', { node: this.name, what: `exit code ${code}` });
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  get #running(): ReplayProcess {
    if (this.#process === undefined)
      throw new WayleaveError('REPLAY_NODE_FAILED', { node: this.name, what: 'not started' });
    return this.#process;
  }
}
