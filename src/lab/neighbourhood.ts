import { setTimeout as pause } from 'node:timers/promises';
import { WayleaveError } from '../core/errors.ts';
import type { NodeStatus } from '../node/node.ts';
import { type CheckedTransfer, checkNeighbourhood, type LabResult } from './check.ts';
import { download } from './download.ts';
import {
  BARTER_DROP_AT_MB,
  LAB_BLOCK_MS,
  LAB_WEI_PER_UNIT,
  type LabFolder,
  labIds,
  makeHomes,
  type NodeHome,
  openFolder,
} from './folder.ts';
import { type LabChain, type LabPayment, startLabChain } from './lab-chain.ts';
import { NodeProcess } from './node-process.ts';
import { type Origin, startOrigin } from './origin.ts';
import { type LabSettlement, pathOf, type Scenario, sellerOf } from './scenario.ts';
import { type SeededFile, seededFile } from './seeded-file.ts';

export interface NeighbourhoodOptions {
  readonly scenario: Scenario;
  readonly seed: number;
  /** Size of the first download, in place of the scenario's, MB. */
  readonly sizeMb: number | undefined;
  readonly settlement: LabSettlement;
  /** Slow enough to watch. */
  readonly shaped: boolean;
  /** An empty folder to use, and whether it stays. */
  readonly folder: string | undefined;
  readonly keep: boolean;
  readonly signal: AbortSignal;
}

/** Every link up and every price known, from the start of the nodes. */
const LINKED_MS = 30_000;
const POLL_MS = 50;
/** Books count as quiet when nothing moved for so many looks in a row. */
const QUIET_LOOKS = 4;
const QUIET_POLL_MS = 150;
/** After this the checker judges what it finds. */
const QUIET_MS = 20_000;

/** The processes of one lab and all around them. Whatever happens, `close` leaves none of it behind. */
export class Neighbourhood {
  readonly options: NeighbourhoodOptions;
  readonly nodes = new Map<string, NodeProcess>();
  readonly files = new Map<string, SeededFile>();
  /** Rejects when a node ends that nobody stopped. */
  readonly broken: Promise<never>;
  readonly #break: (error: Error) => void;
  readonly #folder: LabFolder;
  #chain: LabChain | undefined;
  /** The web site of each gateway. */
  readonly #origins = new Map<string, Origin>();
  #homes: NodeHome[] = [];
  #before = new Map<string, bigint>();
  #stopping = false;
  #failed = false;

  private constructor(options: NeighbourhoodOptions) {
    this.options = options;
    const { promise, reject } = Promise.withResolvers<never>();
    this.broken = promise;
    this.broken.catch(() => undefined);
    this.#break = reject;
    this.#folder = openFolder(options.folder);
  }

  /** Resolves when everything runs and every link trades. Throws `LAB_*`, `CHAIN_EMBEDDED_UNAVAILABLE`, `LISTEN_FAILED`. */
  static async start(options: NeighbourhoodOptions): Promise<Neighbourhood> {
    const lab = new Neighbourhood(options);
    process.on('exit', lab.#killAll);
    try {
      await lab.#start();
      await Promise.race([lab.#linked(), lab.broken]);
      return lab;
    } catch (error) {
      lab.#failed = !options.signal.aborted;
      await lab.close();
      throw error;
    }
  }

  readonly #killAll = (): void => {
    for (const node of this.nodes.values()) node.kill();
  };

  async #start(): Promise<void> {
    const { scenario, seed, settlement, sizeMb, shaped } = this.options;
    const ids = labIds(scenario, seed);
    const blockMs = settlement === 'transfer' ? LAB_BLOCK_MS : 0;
    this.#chain = settlement === 'barter' ? undefined : await startLabChain(ids.values(), blockMs);
    for (const [name, id] of ids) this.#before.set(name, (await this.#chain?.balance(id)) ?? 0n);
    for (const [index, each] of scenario.downloads.entries()) {
      this.files.set(each.node, seededFile(seed, each.node, index === 0 ? (sizeMb ?? each.sizeMb) : each.sizeMb));
    }
    for (const { name, uplinkPricePerMb, network } of scenario.nodes)
      if (uplinkPricePerMb !== undefined) this.#origins.set(name, await startOrigin(this.files, network));
    const folder = this.#folder.path;
    const common = { scenario, seed, folder, shaped, settlement };
    this.#homes = await makeHomes({ ...common, chain: this.#chain, origins: this.#origins });
    this.options.signal.throwIfAborted();
    for (const home of this.#homes) this.#run(home);
    await Promise.all([...this.nodes.values()].map((node) => node.ready()));
  }

  #run(home: NodeHome): void {
    const node = NodeProcess.start(home);
    this.nodes.set(home.name, node);
    void node.exited.then(() => {
      if (!this.#stopping) this.#break(node.failure());
    });
  }

  get folder(): string {
    return this.#folder.path;
  }

  /** Names by id. */
  get names(): Map<string, string> {
    return new Map(this.#homes.map(({ id, name }) => [id, name]));
  }

  async statuses(): Promise<Map<string, NodeStatus>> {
    const all = [...this.nodes].map(async ([name, node]) => [name, await node.status()] as const);
    return new Map(await Promise.all(all));
  }

  /** Every node knows a price from its next hop, and both ends of every link are connected. */
  async #linked(): Promise<void> {
    const { scenario, signal } = this.options;
    for (const startedMs = performance.now(); performance.now() - startedMs < LINKED_MS; await pause(POLL_MS)) {
      signal.throwIfAborted();
      const all = await this.statuses();
      const ready = scenario.nodes.every(({ name }) => {
        const from = sellerOf(scenario, name);
        const links = all.get(name)?.links ?? [];
        const wanted = scenario.links.filter(({ a, b }) => a === name || b === name).length;
        const up = links.filter(({ connected }) => connected).length;
        const seller = links.find((link) => link.name === from);
        return up === wanted && (from === undefined || seller?.services.transit.theirAskPerMb !== undefined);
      });
      if (ready) return;
    }
    throw new WayleaveError('LAB_NODE_FAILED', { folder: this.folder, what: 'the links did not come up' });
  }

  /** The user at `node` fetches its file once. Throws `SOCKS_REFUSED`, `DOWNLOAD_FAILED`. */
  async download(
    node: string,
    o: {
      idleMs: number;
      progress: (bytes: number) => void;
      signal: AbortSignal;
      held?: (() => Promise<void> | undefined) | undefined;
    },
  ): Promise<CheckedTransfer> {
    const file = this.files.get(node);
    const status = await this.nodes.get(node)?.status();
    const origin = this.#origins.get(pathOf(this.options.scenario, node).at(-1) ?? '');
    if (file === undefined || status?.socks === undefined || origin === undefined)
      throw new Error(`${node} has no user`);
    const { hostname, port } = new URL(`tcp://${status.socks}`);
    const got = await download({
      ...o,
      proxy: { host: hostname, port: Number(port) },
      origin,
      file: node,
    });
    return { node, ...got, expectedBytes: file.bytes, expectedSha256: file.sha256 };
  }

  /**
   * Waits until the books are quiet, has every cheque cashed, stops the nodes and lets the checker read what they left.
   * `mustPay`: every link that the scenario calls paying must have been paid on; else those where a payment was made.
   */
  async settle(transfers: readonly CheckedTransfer[], mustPay: boolean): Promise<LabResult> {
    const last = await this.#quiet();
    if (this.options.settlement !== 'barter') await Promise.all([...this.nodes.values()].map((node) => node.cash()));
    await this.#closeChannels();
    const exits = await this.#stop();
    const { scenario, seed, settlement } = this.options;
    const payments = await this.#payments();
    const gas = (await this.#chain?.gasBySender()) ?? new Map<string, bigint>();
    const nodes = [];
    for (const { name, id, store } of this.#homes) {
      const { profitBp, nextHop, uplinkPricePerMb } = scenario.nodes.find((each) => each.name === name) ?? {
        profitBp: 0,
      };
      const own = (await this.#chain?.balance(id)) ?? 0n;
      const inChequebook = (await this.#chain?.chequebookCoin(id)) ?? 0n;
      nodes.push({
        ...{ name, address: id, store, exitCode: exits.get(name), profitBp, buysFrom: nextHop, uplinkPricePerMb },
        ...{ chainBefore: this.#before.get(name) ?? 0n, chainAfter: own + inChequebook, gas: gas.get(id) ?? 0n },
      });
    }
    const paidOn = (buyer: string, seller: string): boolean =>
      (last.get(buyer)?.links.find(({ name }) => name === seller)?.paid ?? 0) > 0;
    const apart = settlement === 'barter' ? { barterDropAtMb: BARTER_DROP_AT_MB } : {};
    const links = scenario.links.map(({ a, b, paying }) => ({
      a,
      b,
      paying: paying && (mustPay || paidOn(b, a)),
      ...apart,
    }));
    const user = scenario.downloads[0]?.node ?? '';
    const told = { scenario: scenario.name, seed, settlement, user, weiPerUnit: LAB_WEI_PER_UNIT };
    return checkNeighbourhood({ ...told, nodes, links, transfers, payments });
  }

  /** Every payment on the chain, where they are not cheques. */
  async #payments(): Promise<readonly LabPayment[] | undefined> {
    const { settlement } = this.options;
    if (settlement === 'cheque') return undefined;
    if (settlement === 'barter') return [];
    return settlement === 'transfer' ? this.#chain?.payments() : this.#chain?.channelPayments();
  }

  /** Each is closed by both its ends in one transaction; one that stays open is a failed check. */
  async #closeChannels(): Promise<void> {
    const closing = new Set<string>();
    const closes: Promise<void>[] = [];
    for (const node of this.options.settlement === 'channel' ? this.nodes.values() : []) {
      for (const { channel, neighbour, state } of await node.channels()) {
        if (state !== 'open' || closing.has(channel)) continue;
        closing.add(channel);
        closes.push(node.closeChannel(neighbour));
      }
    }
    await Promise.allSettled(closes);
  }

  /** Resolves when no stream is open, no payment under way, and no counter moved for a few looks; or after `QUIET_MS`. */
  async #quiet(): Promise<Map<string, NodeStatus>> {
    let before = '';
    let same = 0;
    let all = await this.statuses();
    for (const startedMs = performance.now(); performance.now() - startedMs < QUIET_MS; await pause(QUIET_POLL_MS)) {
      all = await this.statuses();
      const links = [...all.values()].flatMap((each) => each.links);
      const busy = [...all.values()].some(({ streams }) => streams > 0) || links.some(({ pending }) => pending > 0);
      const now = JSON.stringify(links.map((each) => [each.balance, each.writeOff, each.paid, each.received]));
      same = !busy && now === before ? same + 1 : 0;
      if (same >= QUIET_LOOKS) break;
      before = now;
    }
    return all;
  }

  async #stop(): Promise<Map<string, number | undefined>> {
    this.#stopping = true;
    const all = [...this.nodes].map(async ([name, node]) => [name, await node.stop()] as const);
    return new Map(await Promise.all(all));
  }

  /** Stops whatever still runs and removes the folder, unless it was to be kept or something failed. */
  async close(): Promise<void> {
    await this.#stop();
    process.off('exit', this.#killAll);
    for (const origin of this.#origins.values()) await origin.close();
    await this.#chain?.close();
    if (!this.#failed && !this.options.keep) this.#folder.remove();
  }

  /** Something went wrong: the folder is left for a look. */
  keepFolder(): void {
    this.#failed = true;
  }
}
