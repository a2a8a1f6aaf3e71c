import { randomUUID } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { codeOf, WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { PostgresConnection } from './postgres-connection.ts';
import { lostServer, mayRepeat, postgresFault } from './postgres-fault.ts';
import type { GroupHead } from './postgres-group.ts';
import { migrate, resumeSeat, type Seat, sessionName, takeSeat } from './postgres-seat.ts';
import type { PostgresPlace } from './postgres-url.ts';

/** One exchange with the server. */
export interface Job {
  /** Does it. Every statement that changes something names the head's fence; the first also its number. */
  run(connection: PostgresConnection, head: GroupHead): Promise<void>;
  /** It was done, though the answer was lost. Without this it is simply done again. */
  landed?(connection: PostgresConnection): Promise<void>;
  /** It was not done. */
  failed(error: WayleaveError): void;
}

/** Where the writer gets its jobs: whatever has gathered while the last exchange ran goes into one. */
export interface JobSource {
  next(): Job | undefined;
  /** Refuses what was handed in before `beforeMs` and never sent. */
  expire(beforeMs: number, error: WayleaveError): void;
}

/** What was never sent waits so long for a server that is away; a server that restarts is back sooner. Milliseconds. */
export const PATIENCE_MS = 10_000;

/** Between attempts to reach a server that is away. Milliseconds. */
const RETRY_MS = 250;

/** A deadlock is over when one side was told; more in a row mean something else. */
const MAX_REPEATS = 10;

export interface WriterOptions {
  readonly place: PostgresPlace;
  readonly node: NodeId;
  readonly clock: Clock;
}

/**
 * Holds a node's seat at the server and does one job after the other. When the connection is lost it sits down again;
 * a job whose answer was lost is then found by its number, or done again.
 */
export class PostgresWriter {
  readonly #options: WriterOptions;
  readonly #name: string;
  readonly #sources: JobSource[] = [];
  #connection: PostgresConnection;
  #seat: Seat;
  #number = 0;
  #turn = 0;
  #running: Promise<void> | undefined;
  #ended: WayleaveError | undefined;
  /** Nobody waits for the server any longer than need be. */
  #leaving = false;
  #closing = false;

  private constructor(options: WriterOptions, name: string, connection: PostgresConnection, seat: Seat) {
    this.#options = options;
    this.#name = name;
    this.#connection = connection;
    this.#seat = seat;
  }

  static async open(options: WriterOptions): Promise<PostgresWriter> {
    const { place, clock, node } = options;
    const name = sessionName(node, randomUUID().slice(0, 13));
    const connection = await PostgresConnection.open(place, clock, name);
    try {
      await migrate(connection, place.schema);
      return new PostgresWriter(options, name, connection, await takeSeat(connection, node));
    } catch (error) {
      await connection.close();
      throw postgresFault(error, place.shown);
    }
  }

  get seat(): Seat {
    return this.#seat;
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  /** Why nothing is done any more, if so. */
  get ended(): WayleaveError | undefined {
    return this.#ended ?? (this.#closing ? new WayleaveError('STORE_CLOSED') : undefined);
  }

  serve(source: JobSource): void {
    this.#sources.push(source);
  }

  /** Something has been handed in. It leaves when the present turn of the event loop is over. */
  wake(): void {
    if (this.#running !== undefined || this.#ended !== undefined) return;
    this.#running = Promise.resolve().then(() => this.#work());
  }

  async #work(): Promise<void> {
    for (let job = this.#next(); job !== undefined; job = this.#next()) await this.#do(job);
    // In the same turn as the last look, so that nothing is handed in between.
    this.#running = undefined;
  }

  /** The sources take turns. */
  #next(): Job | undefined {
    for (let tried = 0; tried < this.#sources.length; tried += 1) {
      this.#turn = (this.#turn + 1) % this.#sources.length;
      const job = this.#sources[this.#turn]?.next();
      if (job !== undefined) return job;
    }
    return undefined;
  }

  async #do(job: Job): Promise<void> {
    const { place, node, clock } = this.#options;
    const number = ++this.#number;
    const startedMs = clock.nowMs();
    let sent = false;
    for (let repeats = 0; ; ) {
      const fault = await this.#present();
      if (fault !== undefined) {
        const over = codeOf(fault) === 'STORE_FENCED' || (this.#late(startedMs) && (this.#leaving || !sent));
        if (over) return job.failed(fault);
        continue;
      }
      try {
        if (sent && job.landed !== undefined && this.#seat.batch === number) return await job.landed(this.#connection);
        sent = true;
        return await job.run(this.#connection, { node, fence: this.#seat.fence, number });
      } catch (error) {
        if (this.#connection.lost || lostServer(error)) {
          this.#connection.drop();
        } else if (!mayRepeat(error) || ++repeats > MAX_REPEATS) {
          return this.#refuse(job, postgresFault(error, place.shown));
        }
      }
    }
  }

  #refuse(job: Job, fault: WayleaveError): void {
    if (fault.code === 'STORE_FENCED') this.#end(fault);
    job.failed(fault);
  }

  #late(sinceMs: number): boolean {
    return this.#options.clock.nowMs() - sinceMs > PATIENCE_MS;
  }

  /** Sits down again if need be. Undefined when the connection stands; else why not, after a pause. */
  async #present(): Promise<WayleaveError | undefined> {
    if (this.#ended !== undefined) return this.#ended;
    if (!this.#connection.lost) return undefined;
    const { place, clock } = this.#options;
    try {
      const old = this.#connection.processId;
      this.#connection = await PostgresConnection.open(place, clock, this.#name);
      this.#seat = await resumeSeat(this.#connection, this.#seat, old);
      return undefined;
    } catch (error) {
      this.#connection.drop();
      const fault = this.#meaning(postgresFault(error, place.shown));
      if (fault.code === 'STORE_FENCED') {
        this.#end(fault);
      } else {
        for (const source of this.#sources) source.expire(clock.nowMs() - PATIENCE_MS, fault);
        await new Promise<void>((resolve) => void clock.after(RETRY_MS, resolve));
      }
      return fault;
    }
  }

  /** Whatever keeps the node from its seat for now, it is out of reach: nothing was stored, and it is tried again. */
  #meaning(fault: WayleaveError): WayleaveError {
    if (fault.code === 'STORE_FENCED' || fault.code === 'STORE_UNREACHABLE') return fault;
    return new WayleaveError('STORE_UNREACHABLE', { ...fault.details, because: fault.code }, fault);
  }

  #end(fault: WayleaveError): void {
    this.#ended ??= fault;
    for (const source of this.#sources) source.expire(Number.POSITIVE_INFINITY, this.#ended);
  }

  /** Does what has been handed in, then gives up the seat. `last` may hand in more. */
  async close(last: () => Promise<void>): Promise<void> {
    this.#leaving = true;
    await this.#running;
    await last().catch(() => {});
    this.#closing = true;
    await this.#running;
    await this.#connection.close();
    this.#ended ??= new WayleaveError('STORE_CLOSED');
  }
}
