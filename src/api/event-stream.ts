import { WayleaveError } from '../core/errors.ts';
import type { WayleaveNode } from '../node/node.ts';

/** Readers at once. Each may hold a buffer, and each is told every event. */
export const MAX_EVENT_LISTENERS = 64;

/** Bytes that wait for one reader; some thousand events. Who falls further behind is dropped. */
export const EVENT_BUFFER_BYTES = 512 * 1024;

/** What a stream tells, and how far its reader may fall behind. `listen` returns a function that ends it. */
export interface Told {
  readonly listen: (tell: (line: object) => void) => () => void;
  readonly bufferBytes: number;
}

/** The events of a node, or the packets for it, as NDJSON, for any number of readers up to `MAX_EVENT_LISTENERS`. */
export class EventStreams {
  readonly #events: Told;
  readonly #open = new Set<() => void>();

  constructor(node: Pick<WayleaveNode, 'subscribe'>) {
    this.#events = { listen: (tell) => node.subscribe(tell), bufferBytes: EVENT_BUFFER_BYTES };
  }

  get listeners(): number {
    return this.#open.size;
  }

  /**
   * A stream of every event, unless another thing is to be told, from now on, a line each. `drop` is called when its reader
   * is too slow, and must break the connection: an orderly end would say that this was all. Throws
   * `API_LISTENERS_EXHAUSTED`.
   */
  open(drop: () => void, told: Told = this.#events): ReadableStream<Uint8Array> {
    if (this.#open.size >= MAX_EVENT_LISTENERS) throw new WayleaveError('API_LISTENERS_EXHAUSTED');
    const encoder = new TextEncoder();
    let stop = (): void => {};
    const start = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
      const unsubscribe = told.listen((line) => {
        controller.enqueue(encoder.encode(`${JSON.stringify(line)}\n`));
        if ((controller.desiredSize ?? 0) > 0) return;
        stop();
        drop();
      });
      const finish = (): void => {
        stop();
        controller.close();
      };
      stop = () => {
        unsubscribe();
        this.#open.delete(finish);
      };
      this.#open.add(finish);
      // An empty line, so that the reader sees at once that it is listening.
      controller.enqueue(encoder.encode('\n'));
    };
    const strategy = new ByteLengthQueuingStrategy({ highWaterMark: told.bufferBytes });
    return new ReadableStream<Uint8Array>({ start, cancel: () => stop() }, strategy);
  }

  /** Ends every stream properly. */
  close(): void {
    for (const finish of [...this.#open]) finish();
  }
}
