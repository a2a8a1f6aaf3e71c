import { existsSync } from 'node:fs';
import { codeOf, WayleaveError } from '../core/errors.ts';
import { isNodeId, type NodeId } from '../core/node-id.ts';
import { type LedgerQuery, type LinkLedger, readLedger } from '../node/link-ledger.ts';
import { loadConfig } from '../node/load-config.ts';
import { type ApiOptions, NodeApi } from './node-api.ts';
import { accessFile, configFile } from './node-folder.ts';
import { openBooks } from './open-store.ts';

/** A link by id and, where it has one, the operator's name for it. */
export interface NamedLink {
  readonly id: NodeId;
  readonly name?: string | undefined;
}

/** Where the ledger is read: a running node, or the books of one that is stopped. */
export interface LedgerSource extends AsyncDisposable {
  links(): Promise<readonly NamedLink[]>;
  ledger(query: LedgerQuery): Promise<LinkLedger>;
}

/** The API of the node, or undefined where none answers and its books can be read. Rejects with `API_UNREACHABLE`. */
export async function runningNode(options: ApiOptions, folder: string): Promise<NodeApi | undefined> {
  const file = configFile(options.config, folder);
  if (options.url === undefined && !existsSync(accessFile(file))) return undefined;
  const api = NodeApi.find(options, folder);
  try {
    await api.status();
    return api;
  } catch (error) {
    // Killed, it left its address behind.
    if (options.url !== undefined || codeOf(error) !== 'API_UNREACHABLE') throw error;
    return undefined;
  }
}

/** The running node, or, where none answers, its books. Rejects with `API_UNREACHABLE` and the store's errors. */
export async function ledgerSource(options: ApiOptions, folder: string): Promise<LedgerSource> {
  const api = await runningNode(options, folder);
  if (api === undefined) return stopped(configFile(options.config, folder));
  return {
    links: async () => (await api.status()).links.map(({ neighbour, name }) => ({ id: neighbour, name })),
    ledger: (query) => api.ledger(query),
    [Symbol.asyncDispose]: async () => {},
  };
}

async function stopped(file: string): Promise<LedgerSource> {
  const config = loadConfig(file);
  const books = await openBooks(config);
  const nameOf = (id: NodeId) => config.neighbours.find((each) => each.id === id)?.name;
  return {
    links: async () => (await books.store.load()).links.map(({ neighbour: id }) => ({ id, name: nameOf(id) })),
    ledger: (query) => readLedger(books.store, query),
    [Symbol.asyncDispose]: () => books[Symbol.asyncDispose](),
  };
}

/** The neighbour of the running node that a name, an id or the beginning of one means. Rejects with `LEDGER_NO_ACCOUNT`. */
export async function neighbourOf(api: NodeApi, wanted: string): Promise<NodeId> {
  const { links } = await api.status();
  return findLink(
    links.map(({ name, neighbour }) => ({ id: neighbour, name })),
    wanted,
  ).id;
}

/** What neighbours of the running node are called: by the operator, else by their ids. */
export async function namesOf(api: NodeApi): Promise<(id: NodeId) => string> {
  const { links } = await api.status();
  const names = new Map(links.map(({ name, neighbour }) => [neighbour, name]));
  return (id) => names.get(id) ?? id;
}

/** The link that a name, an id or the beginning of one means. Throws `LEDGER_NO_ACCOUNT`. */
export function findLink(links: readonly NamedLink[], wanted: string): NamedLink {
  const text = wanted.toLowerCase();
  if (isNodeId(text)) return links.find(({ id }) => id === text) ?? { id: text };
  const named = links.filter(({ name }) => name === wanted);
  const found = named.length > 0 ? named : links.filter(({ id }) => text.startsWith('0x') && id.startsWith(text));
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new WayleaveError('LEDGER_NO_ACCOUNT', { link: wanted, ...(found.length > 1 && { fits: found.length }) });
  }
  return only;
}
