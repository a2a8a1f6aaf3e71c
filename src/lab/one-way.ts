import { setTimeout as pause } from 'node:timers/promises';
import type { LinkStatus, NodeStatus } from '../node/node.ts';
import type { Check } from './check.ts';
import type { Neighbourhood } from './neighbourhood.ts';

const POLL_MS = 25;
/** A download that has not been stopped after this is judged as it is found. */
const WAIT_MS = 20_000;
/** It must have stood still for so long; longer where people watch. */
const STILL_MS = 500;
const WATCHED_STILL_MS = 4_000;

/** The smallest piece that is served at a limit, bytes (docs/settlement.md): with less room than it costs, nothing is. */
const PIECE_BYTES = 1_024;

/**
 * Barter where only one takes: the first user of the scenario downloads, nobody serves in return, and service ends at
 * dropAt. Every figure is read from the node that serves.
 */
export class OneWay {
  readonly checks: Check[] = [];
  readonly #lab: Neighbourhood;
  readonly #taker: string;
  readonly #server: string;
  #highest = 0;

  constructor(lab: Neighbourhood) {
    this.#lab = lab;
    const { node = '', from = '' } = lab.options.scenario.downloads[0] ?? {};
    this.#taker = node;
    this.#server = from;
  }

  /** Resolves when the download stands, with what that looked like in `checks`, or long after it should have. */
  async stopped(signal: AbortSignal): Promise<void> {
    const startedMs = performance.now();
    let stillSinceMs = startedMs;
    let before = -1;
    let seen = await this.#look();
    const still = this.#lab.options.shaped ? WATCHED_STILL_MS : STILL_MS;
    while (!signal.aborted && performance.now() - startedMs < WAIT_MS) {
      seen = await this.#look();
      if (seen.state !== 'choked' || seen.balance !== before) stillSinceMs = performance.now();
      before = seen.balance;
      if (performance.now() - stillSinceMs >= still) break;
      await pause(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
    if (!signal.aborted) this.#judge(seen);
  }

  #judge({ balance, dropAt, reserved, state, services }: LinkStatus): void {
    const { askPerMb = 0, providedBytes } = services.transit;
    const whole = this.#lab.files.get(this.#taker)?.bytes ?? 0;
    const piece = Math.ceil((PIECE_BYTES * askPerMb) / 1_000_000);
    this.#add('oneWay.state', 'choked', { actual: state, ok: state === 'choked' });
    this.#add('oneWay.highestDebt', dropAt, { actual: this.#highest, ok: this.#highest <= dropAt });
    // What its user may still send upstream was granted, and is set aside within dropAt.
    const debt = balance + reserved;
    this.#add('oneWay.debt', dropAt, { actual: debt, ok: debt <= dropAt && debt + piece >= dropAt });
    this.#add('oneWay.bytes', `less than ${whole}`, { actual: providedBytes, ok: providedBytes < whole });
  }

  #add(id: string, expected: Check['expected'], seen: Pick<Check, 'actual' | 'ok'>): void {
    this.checks.push({ id, expected, ...seen });
  }

  async #look(): Promise<LinkStatus> {
    const status = (await this.#lab.nodes.get(this.#server)?.status()) as NodeStatus;
    const link = status.links.find(({ name }) => name === this.#taker) as LinkStatus;
    this.#highest = Math.max(this.#highest, link.balance);
    return link;
  }
}
