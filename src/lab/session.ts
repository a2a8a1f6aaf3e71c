import { setTimeout as pause } from 'node:timers/promises';
import { codeOf } from '../core/errors.ts';
import type { NodeEvent } from '../node/node.ts';
import type { CheckedTransfer } from './check.ts';
import { Figures } from './link-figures.ts';
import type { Neighbourhood } from './neighbourhood.ts';
import { pathOf } from './scenario.ts';
import { type LabTerminal, onKeys, painter, Screen } from './terminal.ts';
import { type Picture, renderLine, renderView, type Transfer } from './view.ts';

export interface SessionOptions {
  readonly lab: Neighbourhood;
  readonly terminal: LabTerminal;
  /** Every download once; otherwise over and over until `signal`. */
  readonly once: boolean;
  readonly signal: AbortSignal;
  /** Asked for by a key. */
  readonly quit: () => void;
  /** Resolves when the first download has been alone for long enough; undefined: all begin together. */
  readonly alone?: ((signal: AbortSignal) => Promise<void>) | undefined;
}

/** A download that stands still for so long has failed, unless somebody watches and may have paused it. */
const IDLE_MS = 60_000;
const DRAW_MS = 100;
const LOOK_MS = 1_000;
const LINE_MS = 2_000;
const RETRY_MS = 2_000;
const NEWS_LINES = 5;
/** The pace shown is that of the last so many milliseconds. */
const PACE_MS = 1_500;

interface Running extends Transfer {
  bytes: number;
  mbitPerS: number;
  run: number;
  whole: number;
  waiting: boolean;
}

/** What goes on between start and settlement: downloads, the screen, the keys. */
export class Session {
  readonly #options: SessionOptions;
  readonly #figures: Figures;
  readonly #startedMs = performance.now();
  readonly #transfers: Running[];
  readonly #done = new Map<string, CheckedTransfer>();
  readonly #news: string[] = [];
  #paused = false;
  #held: PromiseWithResolvers<void> | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { lab } = options;
    const { scenario } = lab.options;
    this.#figures = new Figures(scenario, lab.names);
    this.#transfers = scenario.downloads.map(({ node }) => ({
      ...{ node, path: pathOf(scenario, node), bytes: 0, totalBytes: lab.files.get(node)?.bytes ?? 0 },
      ...{ mbitPerS: 0, run: 1, whole: 0, waiting: false },
    }));
  }

  /** Runs until every file arrived (`once`), or until told to stop. Returns the last whole transfer of each user. */
  async run(): Promise<CheckedTransfer[]> {
    const { lab, signal, once, terminal } = this.#options;
    const over = new AbortController();
    const all = AbortSignal.any([signal, over.signal]);
    for (const [name, node] of lab.nodes) void node.listen((event) => this.#event(name, event));
    const shown = this.#show(all);
    const looked = this.#look(all);
    const release = onKeys(terminal, (key) => this.#key(key));
    try {
      const company = this.#options.alone?.(all);
      const users = this.#transfers.map(async (each, at) => {
        if (at > 0) await company;
        return once ? this.#fetch(each, all) : this.#fetchOn(each, all);
      });
      await Promise.race([Promise.all(users), lab.broken]);
    } finally {
      release();
      over.abort();
      this.#release();
      await Promise.allSettled([shown, looked]);
    }
    return lab.options.scenario.downloads.flatMap(({ node }) => this.#done.get(node) ?? []);
  }

  async #fetch(transfer: Running, signal: AbortSignal): Promise<void> {
    const { lab, once } = this.#options;
    const marks: { atMs: number; bytes: number }[] = [{ atMs: performance.now(), bytes: 0 }];
    const progress = (bytes: number): void => {
      transfer.bytes = bytes;
      const atMs = performance.now();
      marks.push({ atMs, bytes });
      while (marks.length > 2 && atMs - (marks[0]?.atMs ?? 0) > PACE_MS) marks.shift();
    };
    const pace = setInterval(() => {
      const [first] = marks;
      const seconds = (performance.now() - (first?.atMs ?? 0)) / 1000;
      transfer.mbitPerS = ((transfer.bytes - (first?.bytes ?? 0)) * 8) / 1e6 / Math.max(seconds, 0.05);
    }, DRAW_MS);
    transfer.bytes = 0;
    transfer.waiting = false;
    try {
      const held = transfer === this.#transfers.at(-1) ? () => this.#held?.promise : undefined;
      const got = await lab.download(transfer.node, { idleMs: once ? IDLE_MS : 0, progress, signal, held });
      this.#done.set(transfer.node, got);
      const whole = got.sha256 === got.expectedSha256;
      transfer.whole += whole ? 1 : 0;
      this.#say(
        `${transfer.node}: file ${transfer.run} ${whole ? 'arrived whole' : 'arrived WRONG'} in ${got.seconds} s`,
      );
    } finally {
      clearInterval(pace);
      transfer.waiting = true;
    }
  }

  async #fetchOn(transfer: Running, signal: AbortSignal): Promise<void> {
    const { scenario } = this.#options.lab.options;
    const pauseS = scenario.downloads.find(({ node }) => node === transfer.node)?.pauseS ?? 0;
    while (!signal.aborted) {
      try {
        await this.#fetch(transfer, signal);
        await pause(pauseS * 1000, undefined, { signal });
        transfer.run += 1;
      } catch (error) {
        if (signal.aborted) return;
        this.#say(`${transfer.node}: download failed, ${codeOf(error) ?? String(error)}; again in a moment`);
        await pause(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  #event(name: string, event: NodeEvent): void {
    this.#figures.event(name, event);
    const other = this.#options.lab.names.get(event.neighbour ?? '') ?? '?';
    // At full speed a link is slowed for a moment now and then; that is no news.
    const choked = (word: unknown): boolean => word === 'choked' || word === 'closed';
    if (event.kind === 'state' && (this.#paused || choked(event['to']) || choked(event['from']))) {
      this.#say(`${name}: the link to ${other} is ${event['to']}, it was ${event['from']}`);
    }
    if (event.kind === 'cashed') this.#say(`${name} cashed the cheques of ${other} on the chain`);
    if (event.kind === 'channel') this.#say(`${name}: channel with ${other}: ${event['act']}`);
    if (event.kind === 'linkDown') this.#say(`${name} lost its link to ${other} (${event['code'] ?? event['by']})`);
    if (event.kind === 'writeOff')
      this.#say(`${name} wrote off ${event['provided']}/${event['consumed']} with ${other}`);
  }

  #say(text: string): void {
    const seconds = Math.floor((performance.now() - this.#startedMs) / 1000);
    this.#news.push(`${String(seconds).padStart(4)} s  ${text}`);
    while (this.#news.length > NEWS_LINES) this.#news.shift();
  }

  #key(key: string): void {
    if (key === 'q') this.#options.quit();
    if (key !== 'p') return;
    if (this.#options.lab.options.settlement === 'barter') return this.#hold();
    const [payer] = this.#transfers;
    const node = this.#options.lab.nodes.get(payer?.node ?? '');
    if (node === undefined) return;
    this.#paused = !this.#paused;
    this.#say(`${payer?.node} ${this.#paused ? 'stops paying' : 'pays again'}`);
    node.pausePayments(this.#paused).catch((error: unknown) => this.#say(String(error)));
  }

  /** Where nobody pays, the last user stops reading: its node then gives and takes nothing back. */
  #hold(): void {
    this.#paused = !this.#paused;
    const user = this.#transfers.at(-1)?.node;
    this.#say(`the user at ${user} ${this.#paused ? 'stops reading' : 'reads on'}`);
    if (this.#paused) this.#held = Promise.withResolvers();
    else this.#release();
  }

  #release(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }

  async #look(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const all = await this.#options.lab.statuses().catch(() => undefined);
      for (const [name, status] of all ?? []) this.#figures.status(name, status);
      await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #show(signal: AbortSignal): Promise<void> {
    const { terminal } = this.#options;
    const paint = painter(terminal.colour);
    const screen = terminal.isTty ? new Screen(terminal) : undefined;
    try {
      while (!signal.aborted) {
        await pause(screen === undefined ? LINE_MS : DRAW_MS, undefined, { signal }).catch(() => undefined);
        if (screen === undefined) terminal.err(`${renderLine(this.#picture())}\n`);
        else screen.draw(renderView(this.#picture(), paint, screen.rows));
      }
    } finally {
      screen?.close();
    }
  }

  #picture(): Picture {
    const seconds = (performance.now() - this.#startedMs) / 1000;
    const barter = this.#options.lab.options.settlement === 'barter';
    const { links } = this.#figures;
    return { seconds, transfers: this.#transfers, links, barter, paused: this.#paused, news: this.#news };
  }
}
