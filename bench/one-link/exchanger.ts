/** Both ends of one connection in this process. `exchange` makes so many requests, `OUTSTANDING` at a time. */
export interface Exchanger {
  exchange(requests: number): Promise<void>;
  close(): Promise<void> | void;
}

export const OUTSTANDING = 32;
export const REQUEST = new Uint8Array(40).fill(1);
export const REPLY = new Uint8Array(4_096).fill(2);

/** Counts whole messages of `size` bytes in a stream of bytes. */
export class Counter {
  readonly #size: number;
  #rest = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** How many messages are whole with these bytes. */
  take(bytes: number): number {
    const all = this.#rest + bytes;
    this.#rest = all % this.#size;
    return Math.floor(all / this.#size);
  }
}

/** The asking side: keeps `OUTSTANDING` requests under way until all are answered. `ask` sends that many at once. */
export class Asker {
  readonly #ask: (requests: number) => void;
  #toAsk = 0;
  #toCome = 0;
  #done: () => void = () => undefined;

  constructor(ask: (requests: number) => void) {
    this.#ask = ask;
  }

  run(requests: number): Promise<void> {
    this.#toCome = requests;
    const first = Math.min(OUTSTANDING, requests);
    this.#toAsk = requests - first;
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#ask(first);
    });
  }

  answered(replies: number): void {
    this.#toCome -= replies;
    const next = Math.min(replies, this.#toAsk);
    this.#toAsk -= next;
    if (next > 0) this.#ask(next);
    if (this.#toCome === 0) this.#done();
  }
}
