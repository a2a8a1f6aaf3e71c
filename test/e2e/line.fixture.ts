import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDevChain, DEV_FACTORY } from '../../src/chain/dev-chain.ts';
import { type DevChainServer, serveDevChain } from '../../src/chain/dev-chain-server.ts';
import { createEvmChain } from '../../src/chain/evm-chain.ts';
import { createSigner, type Signer } from '../../src/chain/signer.ts';
import { listenPorts } from '../../src/lab/listen-ports.ts';
import { makeIdentity } from '../../src/link/certificate.ts';
import { TlsTransport } from '../../src/link/tls-transport.ts';
import { createNode } from '../../src/node/create-node.ts';
import { parseConfig } from '../../src/node/load-config.ts';
import type { NodeEvent, WayleaveNode } from '../../src/node/node.ts';
import { systemClock } from '../../src/node/system-clock.ts';
import { openSqliteStore } from '../../src/store/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { type Egress, systemEgress } from '../../src/transit/egress.ts';

const CHAIN_ID = 31_337;

/** Lines to add to a node's configuration, above its first section and at its end; index 0 is the gateway. */
export interface LineToml {
  readonly top?: (index: number) => string;
  readonly transit?: (index: number) => string;
  readonly settlement?: (index: number) => string;
  /** What the gateway may connect to of this machine, where it is not 127.0.0.1. */
  readonly allow?: string;
  /** The most each pays. Units per MB. */
  readonly maxPricePerMb?: (index: number) => number;
  /** Nobody is told whom to buy from: routes say who has a way out. */
  readonly auto?: boolean;
  readonly end?: (index: number, signers: readonly Signer[]) => string;
  /** Where the stores of an earlier line are, to go on from them. */
  readonly folder?: string;
  /** A chain somebody else runs, on which `lineSigners` hold coin. */
  readonly rpcUrl?: string;
  /** Nobody looks at events: the list stays empty, however long the line runs. */
  readonly keepsNoEvents?: boolean;
  /** The way out of a node, where it is not the system's. */
  readonly egress?: (index: number) => Egress | undefined;
  /** The folder of a node's store, where it is not the line's own. */
  readonly storeFolder?: (index: number) => string | undefined;
}

/** A node of the line with what the test wants to reach. */
export interface LineNode {
  readonly node: WayleaveNode;
  readonly events: NodeEvent[];
  readonly store: Store;
  stop(): Promise<void>;
}

/** The keys of a line, the same each time. */
export function lineSigners(count: number): Signer[] {
  return Array.from({ length: count }, (_, index) => createSigner(new Uint8Array(32).fill(index + 1)));
}

/** A chain on which they hold coin, behind JSON-RPC. */
export async function lineChain(signers: readonly Signer[], intervalMs = 0): Promise<DevChainServer> {
  const funded = new Map(signers.map((signer) => [signer.id, 10n ** 20n]));
  return serveDevChain({ chain: await createDevChain({ chainId: CHAIN_ID, funded, intervalMs }), port: 0 });
}

/** Nodes in a line, gateway first, in this process: real TLS, a real EVM behind JSON-RPC, real stores. */
export class Line {
  readonly folder: string;
  readonly nodes: LineNode[] = [];
  readonly signers: Signer[];
  #rpc: DevChainServer | undefined;
  readonly #toml: LineToml;
  /** Neighbours dial the address they know: a node that comes back listens where it did. */
  #ports: readonly number[] | undefined;

  constructor(count: number, toml: LineToml = {}) {
    this.folder = toml.folder ?? mkdtempSync(join(tmpdir(), 'wayleave-line-'));
    this.signers = lineSigners(count);
    this.#toml = toml;
  }

  async start(): Promise<void> {
    if (this.#toml.rpcUrl === undefined) this.#rpc = await lineChain(this.signers);
    for (let index = 0; index < this.signers.length; index += 1) await this.startNode(index);
  }

  /** Starts (again) the node at `index`, on the store it had before. */
  async startNode(index: number): Promise<LineNode> {
    const signer = this.signers[index] as Signer;
    this.#ports ??= await listenPorts(this.signers.length, '127.0.0.1');
    const config = parseConfig(this.#config(index), join(this.folder, `${index}.toml`));
    const store = await openSqliteStore({ path: config.store.path, nodeId: signer.id });
    const chain = createEvmChain({
      urls: config.settlement.rpc,
      chainId: CHAIN_ID,
      factory: DEV_FACTORY,
      token: config.settlement.token,
      signer,
      clock: systemClock,
      pollMs: 20,
    });
    const transport = new TlsTransport({ identity: await makeIdentity(signer), clock: systemClock });
    const egress = this.#toml.egress?.(index) ?? systemEgress();
    const ports = { clock: systemClock, random: Math.random, store, transport, chain, egress };
    const node = await createNode({ config, signer, ports });
    const events: NodeEvent[] = [];
    if (this.#toml.keepsNoEvents !== true) node.subscribe((event) => events.push(event));
    const stop = async (): Promise<void> => {
      await node.stop();
      await store.close();
      await chain.close();
    };
    const made: LineNode = { node, events, store, stop };
    this.nodes[index] = made;
    return made;
  }

  #config(index: number): string {
    const before = this.nodes[index - 1]?.node.status().listen;
    const name = String.fromCharCode(65 + index);
    const upstream =
      index === 0
        ? `uplink = true\nuplink_price_per_mb = 8000\nallow = ["${this.#toml.allow ?? '127.0.0.1'}"]`
        : `next_hop = "${this.#toml.auto === true ? 'auto' : this.signers[index - 1]?.id}"`;
    const neighbour =
      index === 0 ? '' : `[[neighbour]]\nid = "${this.signers[index - 1]?.id}"\naddress = "${before}"\nname = "up"`;
    return `
name = "${name}"
${this.#toml.top?.(index) ?? ''}
[key]
insecure_plain = true
[listen]
host = "127.0.0.1"
port = ${this.#ports?.[index] ?? 0}
[api]
port = 0
[discovery]
mdns = false
[transit]
min_profit_bp = 1000
max_price_per_mb = ${this.#toml.maxPricePerMb?.(index) ?? 100_000}
${this.#toml.transit?.(index) ?? ''}
${upstream}
[proxy]
port = 0
[settlement]
enabled = true
rpc = "${this.#toml.rpcUrl ?? this.#rpc?.url}"
chain_id = ${CHAIN_ID}
factory = "${DEV_FACTORY}"
deposit_wei = "${10n ** 19n}"
${this.#toml.settlement?.(index) ?? ''}
[store]
path = "${join(this.#toml.storeFolder?.(index) ?? this.folder, `${name}.db`)}"
${neighbour}
${this.#toml.end?.(index, this.signers) ?? ''}
`;
  }

  /** Port of the last node's proxy. */
  get proxyPort(): number {
    return Number(this.nodes.at(-1)?.node.status().socks?.split(':').at(-1));
  }

  /** Resolves when `condition` holds; the test runner's own time limit is the only other end. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  /** Every link is up with terms, and every buyer can pay. */
  async ready(): Promise<void> {
    await this.until(() =>
      this.nodes.slice(1).every(({ node }) => {
        const up = node.status().links.find((link) => link.name === 'up');
        return (
          up?.connected === true &&
          up.services.transit.theirAskPerMb !== undefined &&
          node.status().chequebook !== undefined
        );
      }),
    );
  }

  /** The second node owes the first nothing that is due, all it paid was answered, and both count the same. */
  async settled(): Promise<void> {
    await this.until(() => {
      const [seller, buyer] = [0, 1].map((index) => this.nodes[index]?.node.status().links[0]);
      if (seller === undefined || buyer === undefined) return false;
      const due = -buyer.balance >= (buyer.theirPayAt ?? 0);
      return !due && buyer.pending === 0 && buyer.paid === seller.received && seller.balance === -buyer.balance;
    });
  }

  /** The chain stops answering, and answers again after `chainBack`. */
  async chainGone(): Promise<void> {
    await this.#rpc?.close();
    this.#rpc = undefined;
  }

  async close(): Promise<void> {
    for (const node of [...this.nodes].reverse()) await node.stop();
    await this.#rpc?.close();
    if (this.#toml.folder === undefined) rmSync(this.folder, { recursive: true, force: true });
  }
}
