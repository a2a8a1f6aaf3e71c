import type { BytePipe, PipeHandlers } from '../link/pipe.ts';

/** Two ends of one connection. */
export function memoryPipes(): [BytePipe, BytePipe] {
  const [a, b] = [new MemoryPipe(), new MemoryPipe()];
  a.other = b;
  b.other = a;
  return [a, b];
}

/** One end of a pipe in memory, which delivers after the present event and takes any amount. */
class MemoryPipe implements BytePipe {
  other: MemoryPipe | undefined;
  #handlers: PipeHandlers | undefined;
  #inbox: Uint8Array[] = [];
  #paused = true;
  #buffered = 0;
  #closed = false;

  get bufferedBytes(): number {
    return this.#buffered;
  }

  attach(handlers: PipeHandlers): void {
    this.#handlers = handlers;
  }

  write(bytes: Uint8Array): void {
    this.#buffered += bytes.length;
    this.other?.take(bytes);
  }

  take(bytes: Uint8Array): void {
    this.#inbox.push(bytes);
    this.#deliver();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#deliver();
  }

  end(): void {
    setImmediate(() => this.destroy());
  }

  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    setImmediate(() => this.#handlers?.closed());
    this.other?.destroy();
  }

  defer(task: () => void): void {
    setImmediate(task);
  }

  drained(bytes: number): void {
    this.#buffered -= bytes;
    this.#handlers?.drained();
  }

  #deliver(): void {
    setImmediate(() => {
      for (;;) {
        if (this.#paused || this.#closed) return;
        const bytes = this.#inbox.shift();
        if (bytes === undefined) return;
        this.#handlers?.data(bytes);
        this.other?.drained(bytes.length);
      }
    });
  }
}
