import type { Clock, Timer } from '../core/clock.ts';
import { codeOf, WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { Link, LinkAddress, Transport } from './link.ts';

export interface LinkKeeperOptions {
  /** The keeper decides what it admits. */
  readonly transport: Transport;
  readonly clock: Clock;
  /** A number from 0 to 1, for jitter. */
  readonly random: () => number;
  readonly self: NodeId;
  /** A link that won. Attach to it at once; nothing was delivered before. */
  readonly up: (link: Link) => void;
  /** A link that was up has ended; called after its own handlers. */
  readonly down?: (link: Link) => void;
  /** One attempt failed; unless the address is our own, it is tried again. */
  readonly dialFailed: (address: LinkAddress, error: unknown) => void;
}

interface Target {
  readonly address: LinkAddress;
  /** Who is expected; learned from the first answer otherwise. */
  id: NodeId | undefined;
  readonly expected: NodeId | undefined;
  /** Heard of on the local network: given up after `LEARNED_TRIES`. */
  readonly learned: boolean;
  failures: number;
  timer: Timer | undefined;
  dialling: boolean;
}

/** First wait before an address is dialled again; doubles with each failure. Milliseconds. */
const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 30_000;
/** A link that lived this long clears the failures before it. Milliseconds. */
const STABLE_MS = 10_000;
/** An address learned from the network is forgotten after this many failures in a row. */
const LEARNED_TRIES = 8;
/** Addresses kept; those typed by a person are taken regardless. */
const MAX_LEARNED = 256;
/** The end with the higher id leaves the dialling to the other for so long, where both heard of each other. Milliseconds. */
const COURTESY_MS = 500;
/** How long an older link has to show that it lives before a newer one takes its place. Milliseconds. */
const PROBE_MS = 2000;
/** An admitted connection is handed over at once, or never. Milliseconds. */
const HANDOVER_MS = 1000;

/**
 * Keeps one link to each known neighbour: dials, waits longer after each failure, dials again when a link is lost. Of
 * several connections between the same two nodes the one with the lower id takes the first, and a later one only if
 * the older is dead; the other end follows.
 */
export class LinkKeeper {
  readonly #options: LinkKeeperOptions;
  readonly #targets = new Map<string, Target>();
  readonly #links = new Map<NodeId, Link>();
  readonly #reserved = new Map<NodeId, Timer>();
  readonly #probes = new Map<NodeId, Promise<boolean>>();
  #learned = 0;
  #stopped = false;

  constructor(options: LinkKeeperOptions) {
    this.#options = options;
    options.transport.admit = (peer) => this.#admit(peer);
  }

  /** Keeps a link to this address from now on; `id` refuses anyone else there. */
  know(address: LinkAddress, id?: NodeId): void {
    this.#add(address, id, false);
  }

  /** Somebody says that node `id` listens there. Tried while it lasts; nothing depends on it being true. */
  learn(address: LinkAddress, id: NodeId): void {
    if (this.#learned < MAX_LEARNED) this.#add(address, id, true);
  }

  /** A link that was accepted. */
  adopt(link: Link): void {
    this.#settle(link);
  }

  /** Dials this address no more. A link that is up stays. */
  forget(address: LinkAddress): void {
    const target = this.#targets.get(keyOf(address));
    if (target === undefined) return;
    target.timer?.cancel();
    this.#targets.delete(keyOf(address));
    if (target.learned) this.#learned--;
  }

  /** Dials and admits nobody any more. Links that are up belong to whoever got them. */
  stop(): void {
    this.#stopped = true;
    for (const target of this.#targets.values()) target.timer?.cancel();
    for (const timer of this.#reserved.values()) timer.cancel();
  }

  #add(address: LinkAddress, id: NodeId | undefined, learned: boolean): void {
    if (this.#stopped || id === this.#options.self || this.#targets.has(keyOf(address))) return;
    const target = { address, id, expected: id, learned, failures: 0, timer: undefined, dialling: false };
    this.#targets.set(keyOf(address), target);
    if (learned) this.#learned++;
    if (learned && id !== undefined && this.#options.self > id) this.#later(target, COURTESY_MS);
    else this.#dial(target);
  }

  #dial(target: Target): void {
    const known = this.#targets.get(keyOf(target.address)) === target;
    if (this.#stopped || !known || target.dialling) return;
    if (target.id !== undefined && this.#links.has(target.id)) return;
    target.dialling = true;
    this.#options.transport.dial(target.address, target.expected).then(
      (link) => {
        target.dialling = false;
        target.id = link.peer;
        this.#settle(link);
      },
      (error: unknown) => {
        target.dialling = false;
        if (!this.#stopped) this.#failed(target, error);
      },
    );
  }

  #failed(target: Target, error: unknown): void {
    const code = codeOf(error);
    if (code === 'LINK_DUPLICATE' && error instanceof WayleaveError) {
      target.id = String(error.details['peer']);
      if (!this.#links.has(target.id)) this.#retry(target);
      return;
    }
    target.failures++;
    this.#options.dialFailed(target.address, error);
    if (code === 'LINK_SELF' || (target.learned && target.failures >= LEARNED_TRIES)) {
      // our own address stays in the table, so that it is not learned again
      if (code !== 'LINK_SELF') this.forget(target.address);
      return;
    }
    this.#retry(target);
  }

  #retry(target: Target): void {
    const backoffMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(target.failures, 10));
    this.#later(target, backoffMs * (0.5 + this.#options.random() / 2));
  }

  #later(target: Target, delayMs: number): void {
    target.timer?.cancel();
    target.timer = this.#options.clock.after(delayMs, () => this.#dial(target));
  }

  /** Only the end with the lower id is asked. What it admits is handed to `#settle` on both ends. */
  #admit(peer: NodeId): boolean | Promise<boolean> {
    if (this.#stopped || this.#reserved.has(peer)) return false;
    const present = this.#links.get(peer);
    if (present === undefined) {
      this.#reserve(peer);
      return true;
    }
    return this.#isDead(present).then((dead) => {
      if (!dead || this.#stopped || this.#reserved.has(peer)) return false;
      this.#reserve(peer);
      return true;
    });
  }

  #reserve(peer: NodeId): void {
    const timer = this.#options.clock.after(HANDOVER_MS, () => this.#reserved.delete(peer));
    this.#reserved.set(peer, timer);
  }

  /** One question at a time to each neighbour, however many connections wait for its answer. */
  #isDead(link: Link): Promise<boolean> {
    const running = this.#probes.get(link.peer);
    if (running !== undefined) return running;
    const probe = new Promise<boolean>((resolve) => {
      const done = (dead: boolean): void => {
        timer.cancel();
        this.#probes.delete(link.peer);
        resolve(dead);
      };
      const timer = this.#options.clock.after(PROBE_MS, () => done(true));
      link.watchEnd(() => done(true));
      link.probe(() => done(false));
    });
    this.#probes.set(link.peer, probe);
    return probe;
  }

  #settle(link: Link): void {
    this.#reserved.get(link.peer)?.cancel();
    this.#reserved.delete(link.peer);
    if (this.#stopped) return link.destroy();
    const present = this.#links.get(link.peer);
    if (present === undefined) return this.#install(link);
    // the end of the old one is told before the new one is up, so that its owner never has two
    present.watchEnd(() => this.#settle(link));
    present.destroy();
  }

  #install(link: Link): void {
    const sinceMs = this.#options.clock.nowMs();
    this.#links.set(link.peer, link);
    link.watchEnd(() => this.#ended(link, this.#options.clock.nowMs() - sinceMs));
    this.#options.up(link);
  }

  #ended(link: Link, livedMs: number): void {
    if (this.#links.get(link.peer) === link) this.#links.delete(link.peer);
    this.#options.down?.(link);
    if (this.#stopped) return;
    for (const target of this.#targets.values()) {
      if (target.id !== link.peer) continue;
      target.failures = livedMs >= STABLE_MS ? 0 : target.failures + 1;
      this.#retry(target);
    }
  }
}

function keyOf({ host, port }: LinkAddress): string {
  return `${host} ${port}`;
}
