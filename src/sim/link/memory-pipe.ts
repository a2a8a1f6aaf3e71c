import type { Clock } from '../../core/clock.ts';
import type { BytePipe, PipeHandlers } from '../../link/pipe.ts';

/** Two ends of one connection. */
export function memoryPipes(clock: Clock, latencyMs: number): readonly [MemoryPipe, MemoryPipe] {
  const a = new MemoryPipe(clock, latencyMs);
  const b = new MemoryPipe(clock, latencyMs);
  a.join(b);
  b.join(a);
  return [a, b];
}

/** A byte pipe whose bytes arrive after `latencyMs` of the clock. A paused reader leaves them with the writer. */
export class MemoryPipe implements BytePipe {
  readonly #clock: Clock;
  readonly #latencyMs: number;
  #other: MemoryPipe | undefined;
  #handlers: PipeHandlers | undefined;
  #watchers: (() => void)[] = [];
  #inbox: Uint8Array[] = [];
  #buffered = 0;
  #paused = true;
  #ended = false;
  #otherEnded = false;
  #silent = false;
  #closed = false;

  constructor(clock: Clock, latencyMs: number) {
    this.#clock = clock;
    this.#latencyMs = latencyMs;
  }

  join(other: MemoryPipe): void {
    this.#other = other;
  }

  attach(handlers: PipeHandlers): void {
    this.#handlers = handlers;
  }

  /** Called when this end is closed, after the handlers. */
  onClosed(closed: () => void): void {
    this.#watchers.push(closed);
  }

  get bufferedBytes(): number {
    return this.#buffered;
  }

  write(bytes: Uint8Array): void {
    if (this.#closed || this.#ended) return;
    this.#buffered += bytes.length;
    this.#clock.after(this.#latencyMs, () => {
      if (this.#silent) this.taken(bytes.length);
      else this.#other?.arrive(bytes);
    });
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.defer(() => this.#deliver());
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#clock.after(this.#latencyMs, () => {
      if (!this.#silent) this.#other?.otherEnded();
    });
  }

  destroy(): void {
    if (this.#closed) return;
    this.#ended = true;
    this.defer(() => this.#close());
    this.#clock.after(this.#latencyMs, () => {
      if (!this.#silent) this.#other?.lose();
    });
  }

  defer(task: () => void): void {
    this.#clock.after(0, task);
  }

  /** This end learns that the connection is gone; what has not been delivered to it is lost. */
  lose(): void {
    this.#inbox = [];
    this.#close();
  }

  /** Nothing written here arrives any more. */
  silence(): void {
    this.#silent = true;
  }

  arrive(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#inbox.push(bytes);
    this.#deliver();
  }

  otherEnded(): void {
    this.#otherEnded = true;
    this.#deliver();
  }

  #deliver(): void {
    while (!this.#paused && !this.#closed && this.#inbox.length > 0) {
      const bytes = this.#inbox.shift() as Uint8Array;
      this.#other?.defer(() => this.#other?.taken(bytes.length));
      this.#handlers?.data(bytes);
    }
    if (this.#otherEnded && this.#inbox.length === 0 && !this.#closed) this.destroy();
  }

  /** Of what this end wrote, `count` bytes have been delivered. */
  taken(count: number): void {
    this.#buffered -= count;
    if (!this.#closed) this.#handlers?.drained();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#inbox = [];
    this.#handlers?.closed();
    for (const closed of this.#watchers) closed();
  }
}
