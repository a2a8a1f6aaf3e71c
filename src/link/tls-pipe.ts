import type { TLSSocket } from 'node:tls';
import type { BufferPool } from './buffer-pool.ts';
import type { BytePipe, PipeHandlers } from './pipe.ts';
import { lend } from './spent.ts';

/** A pipe over a secure connection whose other end has been verified. */
export class TlsPipe implements BytePipe {
  readonly #socket: TLSSocket;
  readonly #pool: BufferPool;
  #buffered = 0;
  #listening = false;
  #handlers: PipeHandlers | undefined;

  constructor(socket: TLSSocket, pool: BufferPool) {
    this.#socket = socket;
    this.#pool = pool;
  }

  get bufferedBytes(): number {
    return this.#buffered;
  }

  attach(handlers: PipeHandlers): void {
    this.#handlers = handlers;
    this.#socket.on('close', () => handlers.closed());
    // an error is followed by close; why a connection broke makes no difference to a link
    this.#socket.on('error', () => undefined);
  }

  buffer(bytes: number): Uint8Array {
    return this.#pool.take(bytes);
  }

  write(bytes: Uint8Array): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    this.#buffered += bytes.length;
    this.#socket.write(bytes, () => {
      this.#buffered -= bytes.length;
      this.#pool.give(bytes);
      this.#handlers?.drained();
    });
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    const handlers = this.#handlers;
    if (!this.#listening && handlers !== undefined) {
      this.#listening = true;
      this.#socket.on('data', (bytes) => {
        lend(bytes);
        handlers.data(bytes);
      });
    }
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  defer(task: () => void): void {
    if (deferred.push(task) === 1) setImmediate(runDeferred);
  }
}

/** What pipes do after the present events: one immediate for all, since each costs more than most of them have to do. */
let deferred: (() => void)[] = [];

function runDeferred(): void {
  const tasks = deferred;
  deferred = [];
  let begun = 0;
  try {
    for (const task of tasks) {
      begun += 1;
      task();
    }
  } finally {
    // One that throws stops no other.
    if (begun < tasks.length) {
      deferred.unshift(...tasks.slice(begun));
      setImmediate(runDeferred);
    }
  }
}
