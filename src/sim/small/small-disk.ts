import { WayleaveError } from '../../core/errors.ts';
import type { Store, StoredState, StoreRecord } from '../../store/store.ts';

interface Batch {
  readonly records: readonly StoreRecord[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What survives a crash of one small node: batches become durable one by one, when the search says so. */
export class SmallDisk {
  readonly #rows = new Map<string, StoreRecord>();
  #waiting: Batch[] = [];
  #copy: readonly StoreRecord[] | undefined;
  /** Counts copies that were put back. */
  #epoch = 1;
  /** Set whenever a promise is handed out or settled: then the world lets promises run out. */
  asynchronous = false;

  constructor(records: readonly StoreRecord[]) {
    this.#apply(records);
  }

  get waiting(): readonly { readonly records: readonly StoreRecord[] }[] {
    return this.#waiting;
  }

  rows(): Iterable<StoreRecord> {
    return this.#rows.values();
  }

  #apply(records: readonly StoreRecord[]): void {
    for (const record of records) this.#rows.set(keyOf(record), record);
  }

  /** The oldest batch is durable, and whoever waits for it is told. */
  durable(): void {
    const batch = this.#waiting.shift();
    if (batch === undefined) return;
    this.#apply(batch.records);
    this.asynchronous = true;
    batch.resolve();
  }

  /** The oldest batch is refused: nothing of it is stored. */
  refuse(): void {
    const batch = this.#waiting.shift();
    this.asynchronous = true;
    batch?.reject(new WayleaveError('STORE_FULL', { path: 'small' }));
  }

  /** The process dies: of the batches under way the first `kept` are durable, which nobody is told. */
  crash(kept: number): void {
    for (const { records } of this.#waiting.slice(0, kept)) this.#apply(records);
    this.#waiting = [];
  }

  /** A copy of all that is durable now. */
  copy(): void {
    this.#copy = [...this.#rows.values()];
  }

  get copied(): boolean {
    return this.#copy !== undefined;
  }

  /** The process died, and its last copy is put back, in a new epoch. */
  restore(): void {
    this.#waiting = [];
    this.#rows.clear();
    this.#apply(this.#copy ?? []);
    this.#epoch += 1;
  }

  state(): StoredState {
    const rows = [...this.#rows.values()];
    const of = <K extends StoreRecord['kind']>(kind: K): Extract<StoreRecord, { kind: K }>[] =>
      rows.filter((row): row is Extract<StoreRecord, { kind: K }> => row.kind === kind);
    return {
      epoch: this.#epoch,
      links: of('link'),
      terms: of('terms'),
      issued: of('issued'),
      received: of('received'),
      cashings: of('cashing'),
      notes: of('note'),
      statements: of('statement'),
      credits: of('credit'),
      channelTotals: of('channelTotal'),
    };
  }

  /** The port as one life of the node sees it. */
  store(): Store {
    return {
      load: () => Promise.resolve(this.state()),
      commit: (records) => {
        this.asynchronous = true;
        return new Promise((resolve, reject) => this.#waiting.push({ records, resolve, reject }));
      },
      // A small node keeps no history: it would make every way to a state a state of its own.
      history: () => Promise.resolve({ link: undefined, before: [], rows: [], after: [] }),
      historyPage: () => Promise.resolve([]),
      foldHistory: () => Promise.resolve(),
      backup: () => Promise.reject(new WayleaveError('STORE_FAILED', { what: 'no backup of a small world' })),
      close: () => Promise.resolve(),
    };
  }
}

function keyOf(record: StoreRecord): string {
  switch (record.kind) {
    case 'link':
      return `link ${record.neighbour}`;
    case 'terms':
      return `terms ${record.neighbour} ${record.side}`;
    case 'issued':
      return `issued ${record.chequebook} ${record.beneficiary}`;
    case 'received':
      return `received ${record.chequebook}`;
    case 'cashing':
      return `cashing ${record.transaction}`;
    case 'statement':
      return `statement ${record.neighbour} ${record.party}`;
    case 'credit':
      return `credit ${record.neighbour}`;
    case 'channelTotal':
      return `channelTotal ${record.channel} ${record.side}`;
    case 'note':
      return `note ${record.name}`;
    case 'history':
      return `history ${record.neighbour} ${record.number}`;
  }
}
