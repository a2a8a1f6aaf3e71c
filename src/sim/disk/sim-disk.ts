import { WayleaveError } from '../../core/errors.ts';
import type { NodeId } from '../../core/node-id.ts';
import type {
  HistoryKey,
  HistoryQuery,
  HistoryRecord,
  HistoryView,
  Store,
  StoredState,
  StoreRecord,
} from '../../store/store.ts';
import type { Coverage } from '../coverage.ts';
import type { Life } from '../life.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { Timeline } from '../timeline.ts';
import { DiskImage } from './disk-image.ts';

export interface SimDiskOptions {
  readonly timeline: Timeline;
  /** Decides how much of what was being written when a process died had reached the disk. */
  readonly random: SeededRandom;
  readonly coverage?: Coverage;
}

/** One thing asked of a store that takes time, in the order of asking. */
interface Waiting {
  readonly records: readonly StoreRecord[];
  readonly atMs: number;
  /** The server died while it was at it: it may be durable, and is waited for until there is one again. */
  sent?: 'lost' | 'landed';
  /** Called at its time with what went wrong. */
  readonly settle: (error: WayleaveError | undefined) => void;
}

/** What was never sent waits so long for a server that is away (`store/postgres-writer.ts`). Milliseconds. */
const PATIENCE_MS = 10_000;

/**
 * One machine's disk: what survives the deaths of the processes that use it. Each life opens it anew. The faults below
 * are set from outside, at any moment; they hold until they are set back.
 */
export class SimDisk {
  /** How long a batch takes to become durable. 0: at once, and the promise is resolved when it is returned. */
  commitLatencyMs = 0;
  /** No room even for the log: every batch is refused with `STORE_FULL`. */
  full = false;
  /** Every batch is refused with `STORE_FAILED`. */
  failing = false;
  /** Room for records, bytes; a batch that needs more is refused with `STORE_FULL`, one that only replaces is not. */
  roomBytes = Number.POSITIVE_INFINITY;
  /** Of books on a server: `dying` in the middle of its next transaction, or `away` until it is started again. */
  server: 'there' | 'dying' | 'away' = 'there';
  /** Told of each batch the moment it is durable, also of those no process was told of. */
  written: ((records: readonly StoreRecord[]) => void) | undefined;
  /** Copies made by `Store.backup`, by path. */
  readonly backups = new Map<string, DiskImage>();
  readonly timeline: Timeline;
  readonly coverage: Coverage | undefined;
  #image = new DiskImage();
  readonly #random: SeededRandom;
  #open: SimStore | undefined;

  constructor({ timeline, random, coverage }: SimDiskOptions) {
    this.timeline = timeline;
    this.#random = random;
    this.coverage = coverage;
  }

  /** Opens the store for one life. Throws `STORE_IN_USE` while another life has it open. */
  open(life: Life): Store {
    if (this.#open?.holds === true) throw new WayleaveError('STORE_IN_USE', { path: 'the simulated disk' });
    this.#open = new SimStore(this, life);
    return this.#open;
  }

  /** What lies on the disk now, for checkers; reading it has no effect. */
  get state(): StoredState {
    return this.#image.state();
  }

  /** For its stores and for checkers. */
  history(query: HistoryQuery): HistoryView {
    return this.#image.history(query);
  }

  /** For its stores. */
  historyRows(): HistoryRecord[] {
    return this.#image.historyRows();
  }

  foldHistory(neighbour: NodeId, beforeMs: number): void {
    this.#image.foldHistory(neighbour, beforeMs);
  }

  /** A copy of what lies on the disk now, as somebody makes one of a stopped node's file. */
  image(): DiskImage {
    return this.#image.copy();
  }

  /** Puts an older copy back, under a new epoch (`store/restore.ts`). Only while no process runs. */
  restore(image: DiskImage): void {
    this.#replace(image, Math.max(this.#image.epoch, image.epoch) + 1);
    this.coverage?.count('disk.restored');
  }

  /** The disk breaks and is replaced by an empty one. Only while no process runs. */
  lose(): void {
    this.#replace(new DiskImage(), 1);
    this.coverage?.count('disk.lost');
  }

  #replace(image: DiskImage, epoch: number): void {
    if (this.#open?.holds === true) throw new WayleaveError('STORE_IN_USE', { path: 'the simulated disk' });
    this.#image = image.copy();
    this.#image.epoch = epoch;
  }

  /** For its stores: the records of a batch as they will come back. Throws `STORE_RECORD_INVALID`. */
  accept(records: readonly StoreRecord[]): readonly StoreRecord[] {
    return records.map((record) => this.#image.accept(record));
  }

  /** For its stores: makes a batch durable, whole, or says why it is not. */
  write(records: readonly StoreRecord[]): WayleaveError | undefined {
    if (this.failing) return this.#refused('STORE_FAILED', 'disk.failed');
    if (this.full || !this.#fits(records)) return this.#refused('STORE_FULL', 'disk.full');
    for (const record of records) this.#image.put(record);
    this.written?.(records);
    return undefined;
  }

  /** For its stores: the server is killed in the middle of this batch. Whether it had landed, nobody is told. */
  die(records: readonly StoreRecord[]): 'lost' | 'landed' {
    this.server = 'away';
    this.coverage?.count('disk.server-killed');
    const landed = this.#random.chance(0.5) && this.write(records) === undefined;
    if (landed) this.coverage?.count('disk.landed-untold');
    return landed ? 'landed' : 'lost';
  }

  /** The server is started again, and has all that was durable. */
  serverBack(): void {
    this.server = 'there';
    this.#open?.goOn();
  }

  #fits(records: readonly StoreRecord[]): boolean {
    if (this.roomBytes === Number.POSITIVE_INFINITY) return true;
    const after = this.#image.copy();
    for (const record of records) after.put(record);
    const bytes = after.bytes;
    return bytes <= this.roomBytes || bytes <= this.#image.bytes;
  }

  #refused(code: 'STORE_FAILED' | 'STORE_FULL', name: string): WayleaveError {
    this.coverage?.count(name);
    return new WayleaveError(code, { path: 'the simulated disk' });
  }

  /**
   * For its stores: the process died while these were being written. Some of the first are on the disk though nobody was
   * told; the next was torn, and vanishes whole; the others were not begun.
   */
  interrupted(batches: readonly (readonly StoreRecord[])[]): void {
    const durable = this.#random.below(batches.length + 1);
    for (const records of batches.slice(0, durable)) this.write(records);
    if (durable < batches.length) this.coverage?.count('disk.torn');
    if (durable > 0) this.coverage?.count('disk.durable-untold');
  }
}

/** Nothing a promise of a dead process waits for ever comes. Made anew, since who waits on it is remembered by it. */
const never = <T>(): Promise<T> => new Promise<T>(() => {});

const DONE = Promise.resolve();

function isSame(a: HistoryKey, b: HistoryKey): boolean {
  return a.neighbour === b.neighbour && a.number === b.number;
}

/** The store as one life sees it. */
class SimStore implements Store {
  readonly #disk: SimDisk;
  readonly #life: Life;
  readonly #waiting: Waiting[] = [];
  #lastAtMs = 0;
  #closed = false;

  constructor(disk: SimDisk, life: Life) {
    this.#disk = disk;
    this.#life = life;
    life.onDeath(() => {
      const batches = this.#waiting.map(({ records }) => records).filter(({ length }) => length > 0);
      this.#waiting.length = 0;
      if (batches.length > 0 && disk.server !== 'away') disk.interrupted(batches);
    });
  }

  /** Whether the file is locked: nobody else can open it until it is closed or its process is dead. */
  get holds(): boolean {
    return this.#life.alive && !(this.#closed && this.#waiting.length === 0);
  }

  load(): Promise<StoredState> {
    return this.#after('store.load', () => this.#disk.state);
  }

  history(query: HistoryQuery): Promise<HistoryView> {
    return this.#after('store.history', () => this.#disk.history(query));
  }

  historyPage(limit: number, after?: HistoryKey): Promise<readonly HistoryRecord[]> {
    return this.#after('store.history', () => {
      const rows = this.#disk.historyRows();
      const at = after === undefined ? -1 : rows.findIndex((row) => isSame(row, after));
      return rows.slice(at + 1, at + 1 + limit);
    });
  }

  foldHistory(neighbour: NodeId, beforeMs: number): Promise<void> {
    return this.#after('store.fold', () => this.#disk.foldHistory(neighbour, beforeMs));
  }

  commit(records: readonly StoreRecord[]): Promise<void> {
    const { timeline } = this.#disk;
    timeline.asynchronous();
    if (!this.#life.touch('store.commit')) return never();
    let accepted: readonly StoreRecord[];
    try {
      accepted = this.#disk.accept(records);
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.#closed) return Promise.reject(new WayleaveError('STORE_CLOSED'));
    if (this.#waiting.length > 0 || this.#disk.commitLatencyMs > 0 || this.#disk.server !== 'there') {
      return new Promise((resolve, reject) => {
        this.#queue(accepted, (error) => (error === undefined ? resolve() : reject(error)));
      });
    }
    const error = this.#disk.write(accepted);
    if (!this.#life.touch('store.durable')) return never();
    return error === undefined ? DONE : Promise.reject(error);
  }

  backup(path: string): Promise<void> {
    return this.#after('store.backup', () => {
      const { backups } = this.#disk;
      if (backups.has(path)) throw new WayleaveError('BACKUP_EXISTS', { path });
      backups.set(path, this.#disk.image());
    });
  }

  close(): Promise<void> {
    this.#disk.timeline.asynchronous();
    if (!this.#life.touch('store.close')) return never();
    this.#closed = true;
    if (this.#waiting.length === 0) return DONE;
    return new Promise((resolve) => this.#queue([], () => resolve()));
  }

  /** Does `work` after all commits made so far. */
  #after<T>(port: string, work: () => T): Promise<T> {
    this.#disk.timeline.asynchronous();
    if (!this.#life.touch(port)) return never();
    if (this.#closed) return Promise.reject(new WayleaveError('STORE_CLOSED'));
    return new Promise((resolve, reject) => {
      const answer = (away?: WayleaveError) => {
        if (away !== undefined) return reject(away);
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      };
      if (this.#waiting.length === 0 && this.#disk.server === 'there') answer();
      else this.#queue([], answer);
    });
  }

  /** In call order, even when the disk has become faster meanwhile. */
  #queue(records: readonly StoreRecord[], settle: Waiting['settle']): void {
    const { timeline, commitLatencyMs } = this.#disk;
    this.#lastAtMs = Math.max(this.#lastAtMs, timeline.nowMs + (records.length > 0 ? commitLatencyMs : 0));
    this.#waiting.push({ records, settle, atMs: timeline.nowMs });
    timeline.after(this.#lastAtMs - timeline.nowMs, () => this.#next());
  }

  /** The server is there again. */
  goOn(): void {
    for (const _ of this.#waiting) this.#disk.timeline.after(0, () => this.#next());
  }

  /** Refuses what waited too long for a server that is away; what was sent only where the process would end. */
  #expire(): void {
    const { server, timeline } = this.#disk;
    if (server !== 'away' || !this.#life.alive) return;
    const late = this.#waiting.filter(
      ({ atMs, sent }) => atMs + PATIENCE_MS <= timeline.nowMs && (sent === undefined || this.#closed),
    );
    for (const each of late) {
      this.#waiting.splice(this.#waiting.indexOf(each), 1);
      timeline.asynchronous();
      this.#disk.coverage?.count('disk.server-away');
      each.settle(new WayleaveError('STORE_UNREACHABLE', { path: 'the simulated server' }));
    }
  }

  #next(): void {
    const [first] = this.#waiting;
    if (first === undefined || !this.#life.alive) return;
    const disk = this.#disk;
    if (disk.server === 'dying' && first.records.length > 0) first.sent = disk.die(first.records);
    if (disk.server === 'away') {
      disk.timeline.after(PATIENCE_MS, () => this.#expire());
      return;
    }
    const error = first.records.length > 0 && first.sent !== 'landed' ? disk.write(first.records) : undefined;
    this.#waiting.shift();
    if (first.records.length > 0 && !this.#life.touch('store.durable')) return;
    this.#disk.timeline.asynchronous();
    first.settle(error);
  }
}
