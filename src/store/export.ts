import { createHash } from 'node:crypto';
import { closeSync, createReadStream, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { codeOf, WayleaveError } from '../core/errors.ts';
import { isNodeId, type NodeId } from '../core/node-id.ts';
import {
  EXPORT_VERSION,
  type ExportHead,
  readRecord,
  recordLine,
  Summer,
  type Sums,
  unequalSum,
} from './export-format.ts';
import { faultOf } from './sqlite-fault.ts';
import { syncPath } from './sqlite-file.ts';
import type { HistoryRecord, Store, StoredState, StoreRecord } from './store.ts';

/** What was exported or imported. */
export interface Moved {
  readonly node: NodeId;
  readonly epoch: number;
  readonly records: number;
  readonly sums: Sums;
}

/** What an export is read from, while nobody writes. */
type Books = Pick<Store, 'load' | 'historyPage'>;

/** Rows of history read, or stored, at a time. */
const PAGE_ROWS = 5_000;

/** Every record of a loaded state. */
export function recordsOf(state: StoredState): StoreRecord[] {
  return Object.values(state).flatMap((list: number | readonly StoreRecord[]) =>
    typeof list === 'number' ? [] : list,
  );
}

/**
 * Writes books to a new file, durable when this resolves; nobody else can read it. Rejects with `BACKUP_EXISTS`,
 * `STORE_FULL`, `STORE_FAILED`, and what `read` rejects with; then there is no file.
 */
export async function writeExport(
  path: string,
  { node, store }: { readonly node: NodeId; readonly store: Books },
): Promise<Moved> {
  let file: number | undefined;
  try {
    file = openSync(path, 'wx', 0o600);
    const moved = await writeLines(file, node, store);
    fsyncSync(file);
    syncPath(dirname(resolve(path)));
    return moved;
  } catch (error) {
    if (file !== undefined) rmSync(path, { force: true });
    if ((error as { code?: string }).code === 'EEXIST') throw new WayleaveError('BACKUP_EXISTS', { path }, error);
    const { code, details } = faultOf(error, path);
    throw new WayleaveError(code, details, error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

async function writeLines(file: number, node: NodeId, store: Books): Promise<Moved> {
  const hash = createHash('sha256');
  const put = (line: string) => {
    hash.update(`${line}\n`);
    writeSync(file, `${line}\n`);
  };
  const summer = new Summer();
  const state = await store.load();
  const { epoch } = state;
  put(JSON.stringify({ wayleave: 'export', version: EXPORT_VERSION, node, epoch } satisfies ExportHead));
  let records = 0;
  const add = (record: StoreRecord) => {
    records += 1;
    summer.add(record);
    put(recordLine(record));
  };
  for (const record of recordsOf(state)) add(record);
  for await (const record of historyOf(store)) add(record);
  const end = { end: true, records, sums: summer.sums, sha256: hash.digest('hex') };
  writeSync(file, `${JSON.stringify(end)}\n`);
  return { node, epoch, records, sums: summer.sums };
}

/** Every row of history, read in pages. */
export async function* historyOf(store: Books): AsyncGenerator<HistoryRecord> {
  for (let after: HistoryRecord | undefined; ; ) {
    const page = await store.historyPage(PAGE_ROWS, after);
    yield* page;
    after = page.at(-1);
    if (page.length < PAGE_ROWS) return;
  }
}

/** An export that was read and found whole. */
export interface ReadExport extends Moved {
  readonly list: readonly StoreRecord[];
}

/** Reads an export and checks every line and sum. Rejects with `BACKUP_MISSING`, `EXPORT_INVALID`. */
export async function readExport(path: string): Promise<ReadExport> {
  const list: StoreRecord[] = [];
  const summer = new Summer();
  const hash = createHash('sha256');
  let head: ExportHead | undefined;
  let end: string | undefined;
  let number = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      if (end !== undefined)
        throw new WayleaveError('EXPORT_INVALID', { line: number, reason: 'it goes on behind its end' });
      if (head === undefined) head = readHead(line);
      else if (line.startsWith('{"end":')) end = line;
      else {
        const record = readRecord(line, number);
        summer.add(record);
        list.push(record);
      }
      if (end === undefined) hash.update(`${line}\n`);
    }
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') throw new WayleaveError('BACKUP_MISSING', { path }, error);
    if (codeOf(error) !== undefined) throw error;
    throw new WayleaveError('EXPORT_INVALID', { path, reason: String(error) }, error);
  }
  if (head === undefined || end === undefined)
    throw new WayleaveError('EXPORT_INVALID', { path, reason: 'it has no end' });
  checkEnd(end, { records: list.length, sums: summer.sums, sha256: hash.digest('hex') });
  return { node: head.node, epoch: head.epoch, records: list.length, sums: summer.sums, list };
}

function readHead(line: string): ExportHead {
  const head = parsed(line) as Partial<ExportHead> | undefined;
  if (head?.wayleave !== 'export') throw new WayleaveError('EXPORT_INVALID', { line: 1, reason: 'not an export' });
  const { version, node, epoch } = head;
  if (version !== EXPORT_VERSION) throw new WayleaveError('EXPORT_INVALID', { version, known: EXPORT_VERSION });
  if (!isNodeId(String(node)) || !Number.isSafeInteger(epoch) || (epoch ?? 0) < 1) {
    throw new WayleaveError('EXPORT_INVALID', { line: 1, reason: 'node or epoch' });
  }
  return head as ExportHead;
}

function checkEnd(line: string, found: { records: number; sums: Sums; sha256: string }): void {
  const end = parsed(line) as Partial<typeof found> | undefined;
  if (end?.records !== found.records) {
    throw new WayleaveError('EXPORT_INVALID', { records: end?.records, found: found.records });
  }
  const sum = unequalSum(end.sums ?? {}, found.sums);
  if (sum !== undefined) throw new WayleaveError('EXPORT_INVALID', { sum, reason: 'it differs' });
  if (end.sha256 !== found.sha256) throw new WayleaveError('EXPORT_INVALID', { reason: 'its digest differs' });
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** A store that can be told that its books come from elsewhere. */
export interface ImportTarget {
  /** May be another one after `startEpoch`. */
  readonly store: Store;
  /** Sets the epoch of an empty store. */
  startEpoch(epoch: number): Promise<void>;
}

/**
 * Puts the books of an export into an empty store, the history first and the rest as one batch, under an
 * epoch above and not below `leastEpoch`: neighbours take lower totals for a restored backup, should the old store have gone on. Reads them back and compares every sum. Rejects with
 * `STORE_NOT_EMPTY`, `EXPORT_INVALID`, and the store's errors.
 */
export async function importInto(target: ImportTarget, from: ReadExport, leastEpoch = 1): Promise<Moved> {
  const before = await target.store.load();
  if (recordsOf(before).length > 0) throw new WayleaveError('STORE_NOT_EMPTY', { records: recordsOf(before).length });
  const epoch = Math.max(from.epoch + 1, before.epoch + 1, leastEpoch);
  await target.startEpoch(epoch);
  const history = from.list.filter(({ kind }) => kind === 'history');
  for (let at = 0; at < history.length; at += PAGE_ROWS) await target.store.commit(history.slice(at, at + PAGE_ROWS));
  await target.store.commit(from.list.filter(({ kind }) => kind !== 'history'));
  const summer = new Summer();
  let records = 0;
  const add = (record: StoreRecord) => {
    records += 1;
    summer.add(record);
  };
  for (const record of recordsOf(await target.store.load())) add(record);
  for await (const record of historyOf(target.store)) add(record);
  const sum = unequalSum(summer.sums, from.sums);
  if (sum !== undefined) throw new WayleaveError('EXPORT_INVALID', { sum, reason: 'it came out otherwise' });
  return { node: from.node, epoch, records, sums: summer.sums };
}
