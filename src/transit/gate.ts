import type { Clock } from '../core/clock.ts';
import type { ServiceDoor } from '../core/ledger/door.ts';
import type { NodeId } from '../core/node-id.ts';
import type { Link } from '../link/link.ts';
import { ForwardGrants } from './forward-grants.ts';
import { WaitingLine } from './waiting-line.ts';

export interface GateOptions {
  readonly clock: Clock;
  readonly link: Link;
  readonly door: ServiceDoor;
  readonly forwardTargetBytes: number;
  /** A rule was broken by the neighbour, or by this node. */
  readonly fault: (neighbour: NodeId, error: unknown) => void;
  /** An open that was refused may be tried again. */
  readonly retryOpens: (neighbour: NodeId) => void;
}

/** Everything streams share towards one neighbour while one connection lasts: its account, who waits for it, and grants. */
export class Gate {
  readonly clock: Clock;
  readonly link: Link;
  readonly door: ServiceDoor;
  /** Streams that wait until the neighbour may be served. */
  readonly serving: WaitingLine;
  /** Streams that wait until this node may use the neighbour. */
  readonly using: WaitingLine;
  readonly grants: ForwardGrants;
  readonly #fault: (neighbour: NodeId, error: unknown) => void;
  readonly #unwatch: () => void;

  constructor(options: GateOptions) {
    this.clock = options.clock;
    this.link = options.link;
    this.door = options.door;
    this.#fault = options.fault;
    this.serving = new WaitingLine(options.clock);
    this.using = new WaitingLine(options.clock);
    this.grants = new ForwardGrants({ ...options, targetBytes: options.forwardTargetBytes });
    this.#unwatch = this.door.watch(() => {
      this.serving.wake();
      this.using.wake();
      this.grants.topUp();
      options.retryOpens(this.link.peer);
    });
    this.grants.topUp();
  }

  fault(error: unknown): void {
    this.#fault(this.link.peer, error);
  }

  close(): void {
    this.#unwatch();
    this.serving.close();
    this.using.close();
    this.grants.close();
  }
}
