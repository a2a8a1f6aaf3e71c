import { DEV_FACTORY } from '../../chain/dev-chain.ts';
import { createEvmChain } from '../../chain/evm-chain.ts';
import type { Signer } from '../../chain/signer.ts';
import { Column } from '../../core/ledger/columns.ts';
import type { LinkAccount } from '../../core/ledger/link-account.ts';
import type { NodeId } from '../../core/node-id.ts';
import { makeIdentity } from '../../link/certificate.ts';
import { TlsTransport } from '../../link/tls-transport.ts';
import type { NodeConfig } from '../../node/config.ts';
import { createNode } from '../../node/create-node.ts';
import type { WayleaveNode } from '../../node/node.ts';
import type { ServicesContext } from '../../node/node-ports.ts';
import { systemClock } from '../../node/system-clock.ts';
import { openSqliteStore } from '../../store/sqlite-store.ts';
import type { LinkRecord, Store } from '../../store/store.ts';
import { systemEgress } from '../../transit/egress.ts';
import { Traffic } from '../watch/traffic.ts';
import type { HostLook, HostRequest, LinkLook } from './replay-message.ts';

/** A chain on this machine may be asked often. Milliseconds. */
const POLL_MS = 20;

/** What a node is made of, beside itself. */
interface Parts {
  readonly node: WayleaveNode;
  readonly context: ServicesContext;
  readonly traffic: Traffic;
  readonly written: ReadonlyMap<NodeId, LinkRecord>;
  readonly close: () => Promise<void>;
}

/** A production node over TLS, SQLite and JSON-RPC, with made-up traffic where transit stands. */
export class HostedNode {
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Throws what opening a store, listening and reading the books throw. */
  static async open(config: NodeConfig, signer: Signer): Promise<HostedNode> {
    const { chainId, rpc: urls } = config.settlement;
    const store = await openSqliteStore({ path: config.store.path, nodeId: signer.id });
    const chain = createEvmChain({ urls, chainId, factory: DEV_FACTORY, signer, clock: systemClock, pollMs: POLL_MS });
    const transport = new TlsTransport({ identity: await makeIdentity(signer), clock: systemClock });
    const written = watchLinks(store);
    const ports = { clock: systemClock, random: Math.random, store, transport, chain, egress: systemEgress() };
    const made: { context?: ServicesContext; traffic?: Traffic } = {};
    const services = (context: ServicesContext): Traffic => {
      made.context = context;
      made.traffic = new Traffic(systemClock, context);
      return made.traffic;
    };
    const node = await createNode({ config, signer, ports, services });
    const close = async (): Promise<void> => {
      await node.stop();
      await store.close();
      await chain.close();
    };
    const { context, traffic } = made as Required<typeof made>;
    return new HostedNode({ node, context, traffic, written, close });
  }

  /** Host and port. */
  get listen(): string {
    return String(this.#parts.node.status().listen);
  }

  /** False: there is no connection, or no room for more. */
  want({ kind, neighbour, bytes }: Extract<HostRequest, { ask: 'want' }>): boolean {
    return this.#parts.traffic[kind](neighbour, bytes);
  }

  look(): HostLook {
    const { context, node, traffic, written } = this.#parts;
    const { chequebook, links } = node.status();
    const looks = links.flatMap(({ neighbour }): LinkLook[] => {
      const account = context.accountOf(neighbour);
      if (account === undefined) return [];
      const totals = totalsOf(account);
      const still = traffic.still(neighbour) && settled(account);
      return [{ neighbour, ...totals, still, written: isWritten(account, written.get(neighbour)) }];
    });
    return { solvent: chequebook !== undefined, links: looks };
  }

  close(): Promise<void> {
    return this.#parts.close();
  }
}

/** The newest record of each account that the store has said is durable. */
function watchLinks(store: Store): ReadonlyMap<NodeId, LinkRecord> {
  const written = new Map<NodeId, LinkRecord>();
  const commit = store.commit.bind(store);
  store.commit = async (records) => {
    await commit(records);
    for (const record of records) if (record.kind === 'link') written.set(record.neighbour, record);
  };
  return written;
}

function totalsOf({ ledger, row }: LinkAccount): Pick<LinkLook, 'provided' | 'consumed' | 'paid' | 'received'> {
  const three = (column: number): number =>
    ledger.get(row, column) + ledger.get(row, column + 1) + ledger.get(row, column + 2);
  return {
    provided: three(Column.provided),
    consumed: three(Column.consumed),
    paid: ledger.get(row, Column.paid),
    received: ledger.get(row, Column.received),
  };
}

/** Both have greeted, and nothing is to be paid, nor being paid just now. */
function settled(account: LinkAccount): boolean {
  return account.ready && !account.payDue() && account.ledger.get(account.row, Column.pending) === 0;
}

function isWritten(account: LinkAccount, record: LinkRecord | undefined): boolean {
  const { providedBytes, consumedBytes } = account.service('transit');
  const { paid, received } = totalsOf(account);
  return (
    record?.providedBytes[0] === providedBytes &&
    record.consumedBytes[0] === consumedBytes &&
    record.paid === paid &&
    record.received === received
  );
}
