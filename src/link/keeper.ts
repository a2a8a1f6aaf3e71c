import type { Clock, Timer } from '../core/clock.ts';
import type { NodeId } from '../core/node-id.ts';
import type { Link, LinkAddress, Transport } from './link.ts';

export interface LinkKeeperOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly self: NodeId;
  /** A link that won. Attach to it; nothing was delivered before. */
  readonly up: (link: Link) => void;
  readonly dialFailed: (address: LinkAddress, error: unknown) => void;
}

interface Target {
  readonly address: LinkAddress;
  id: NodeId | undefined;
  failures: number;
  timer: Timer | undefined;
  dialling: boolean;
}

const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 30_000;
const LOOK_MS = 500;

/** Keeps links to known neighbours: dials, backs off, and settles two dials that met into one link. */
export class LinkKeeper {
  readonly #options: LinkKeeperOptions;
  readonly #targets = new Map<string, Target>();
  readonly #links = new Map<NodeId, Link>();
  #stopped = false;

  constructor(options: LinkKeeperOptions) {
    this.#options = options;
  }

  know(address: LinkAddress, id?: NodeId): void {
    const key = `${address.host}:${address.port}`;
    if (id === this.#options.self || this.#targets.has(key)) return;
    const target: Target = { address, id, failures: 0, timer: undefined, dialling: false };
    this.#targets.set(key, target);
    this.#dial(target);
  }

  adopt(link: Link): void {
    this.#settle(link);
  }

  #dial(target: Target): void {
    if (this.#stopped) return;
    const present = target.id === undefined ? undefined : this.#links.get(target.id);
    if (present !== undefined && !isClosed(present)) return this.#later(target, LOOK_MS);
    this.#options.transport.dial(target.address, target.id).then(
      (link) => {
        target.failures = 0;
        target.id ??= link.peer;
        this.#settle(link);
        this.#later(target, LOOK_MS);
      },
      (error: unknown) => {
        target.failures += 1;
        this.#options.dialFailed(target.address, error);
        const backoff = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(10, target.failures));
        this.#later(target, backoff * (0.5 + this.#options.random() / 2));
      },
    );
  }

  #later(target: Target, delayMs: number): void {
    if (!this.#stopped) target.timer = this.#options.clock.after(delayMs, () => this.#dial(target));
  }

  #settle(link: Link): void {
    if (this.#stopped) return link.destroy();
    const present = this.#links.get(link.peer);
    if (present !== undefined && !isClosed(present)) {
      const lower = this.#options.self < link.peer;
      if (present.dialled !== link.dialled && present.dialled === lower) return link.destroy();
      present.destroy();
    }
    this.#links.set(link.peer, link);
    this.#options.up(link);
  }

  stop(): void {
    this.#stopped = true;
    for (const target of this.#targets.values()) target.timer?.cancel();
  }
}

function isClosed(link: Link): boolean {
  return (link as { closed?: boolean }).closed === true;
}
