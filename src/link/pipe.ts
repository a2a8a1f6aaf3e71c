/**
 * An ordered, reliable flow of bytes each way: what a `Mux` stands on. A secure connection is one, so is the simulated
 * network. Handlers are never called from inside a call of `write`.
 */
export interface BytePipe {
  /** Called once, before anything else. The pipe starts paused. */
  attach(handlers: PipeHandlers): void;
  /** A buffer to fill and `write` once, as a whole or its first part; then it is the pipe's again. Fresh ones do where absent. */
  buffer?(bytes: number): Uint8Array;
  /** Hands bytes over. They must not change until they are drained. */
  write(bytes: Uint8Array): void;
  /** Written and not yet taken by the system. */
  readonly bufferedBytes: number;
  pause(): void;
  resume(): void;
  /** Sends what was written, then closes this direction. */
  end(): void;
  destroy(): void;
  /** Runs `task` after the present event: soon, never at once. Gathers the frames of one turn into one write. */
  defer(task: () => void): void;
}

export interface PipeHandlers {
  /** The bytes belong to the receiver. */
  data(bytes: Uint8Array): void;
  /** `bufferedBytes` fell. */
  drained(): void;
  /** Both directions are gone. Called once. */
  closed(): void;
}
