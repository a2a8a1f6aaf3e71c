import type { TLSSocket } from 'node:tls';
import type { BytePipe, PipeHandlers } from './pipe.ts';

/** A pipe over a secure connection whose other end has been verified. */
export class TlsPipe implements BytePipe {
  readonly #socket: TLSSocket;
  #buffered = 0;
  #listening = false;
  #handlers: PipeHandlers | undefined;

  constructor(socket: TLSSocket) {
    this.#socket = socket;
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

  write(bytes: Uint8Array): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    this.#buffered += bytes.length;
    this.#socket.write(bytes, () => {
      this.#buffered -= bytes.length;
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
      this.#socket.on('data', (bytes) => handlers.data(bytes));
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
    setImmediate(task);
  }
}
