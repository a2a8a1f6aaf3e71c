import type { Signer } from '../chain/signer.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { clearsWhenFinal } from '../core/credit/risk.ts';
import { codeOf, type ErrorCode } from '../core/errors.ts';
import { Column } from '../core/ledger/columns.ts';
import type { LinkAccount } from '../core/ledger/link-account.ts';
import type { NodeId } from '../core/node-id.ts';
import type { Session } from '../core/session/session.ts';
import type { SessionEffect, SessionEvent } from '../core/session/session-effect.ts';
import type { Link, LinkEnd } from '../link/link.ts';
import type { StoreRecord } from '../store/store.ts';
import { isChannelAgreement } from '../wire/channel-agreement.ts';
import { decodeMessage, encodeMessage, isPayment } from '../wire/message.ts';
import { isRoutes } from '../wire/routes.ts';
import type { Beat } from './beat.ts';
import { ChequeReturns } from './cheque-returns.ts';
import { DurableEffects } from './durable-effects.ts';
import { EffectQueue } from './effect-queue.ts';
import { disputeOf } from './history-note.ts';
import type { Journal } from './journal.ts';
import type { LinkServices } from './link-services.ts';
import { MarkSeeker } from './mark-seeker.ts';
import { pause } from './pause.ts';
import type { PaymentDesk } from './payment-desk.ts';
import { recordsOwed } from './records-owed.ts';
import { TimeWatch } from './time-watch.ts';

export interface NeighbourOptions {
  readonly account: LinkAccount;
  readonly session: Session;
  readonly clock: Clock;
  readonly journal: Journal;
  /** Of the whole node. */
  readonly beat: Beat;
  readonly desk: PaymentDesk;
  readonly emit: (kind: string, facts: Record<string, string | number | boolean | undefined>) => void;
  readonly services: LinkServices;
  /** Signs statements; needed where the session makes them. */
  readonly signer?: Signer | undefined;
}

/** How soon after a charge that may matter the session looks: charges of one burst share one look. Milliseconds. */
const LOOK_MS = 2;

const CLOSE_LOOK_MS = 5;
/** A link that is ended in order waits so long for its last mark: the queue is nearly always empty by then. */
const LAST_MARK_MS = 500;

/** Runs one neighbour's session on a real link: performs its effects in order and tells it what happens. */
export class Neighbour {
  readonly id: NodeId;
  readonly account: LinkAccount;
  readonly session: Session;
  link: Link | undefined;
  lastFault: ErrorCode | undefined;
  paymentsSent = 0;
  paymentsReceived = 0;
  readonly #options: NeighbourOptions;
  readonly #queue: EffectQueue;
  readonly #durable: DurableEffects;
  #look: Timer | undefined;
  #movedSinceBeat = false;
  readonly #marks: MarkSeeker;
  readonly #returns: ChequeReturns;
  readonly #time: TimeWatch;

  constructor(options: NeighbourOptions) {
    this.#options = options;
    this.account = options.account;
    this.session = options.session;
    this.id = options.account.neighbour;
    this.account.onMoved(() => this.#moved());
    this.#time = new TimeWatch({
      clock: options.clock,
      beat: options.beat,
      dueMs: (nowMs) => this.session.dueMs(nowMs),
      look: (nowMs) => this.#onBeat(nowMs),
    });
    this.#returns = new ChequeReturns({ ...options, neighbour: this.id });
    const failed = (effect: SessionEffect, error: unknown): void => this.#failed(effect, error);
    this.#queue = new EffectQueue({ perform: (effect) => this.#perform(effect), failed });
    const step = (event: SessionEvent): void => this.step(event);
    this.#durable = new DurableEffects({ ...options, returns: this.#returns, step, failed });
    this.#marks = new MarkSeeker({
      clock: options.clock,
      wanted: () => this.session.markWanted,
      quiet: () => this.#quiet(),
      found: () => this.step({ kind: 'quiet' }),
    });
  }

  /** A connection to this neighbour was made. One that was there before is dropped. */
  attach(link: Link): void {
    const before = this.link;
    this.link = undefined;
    if (before !== undefined) {
      this.#down(before);
      before.destroy();
    }
    this.link = link;
    link.attach({
      message: (_kind, bytes) => this.#message(link, bytes),
      opened: (channel, header, tag) => this.#options.services.opened(channel, header, tag),
      granted: () => this.#options.services.granted(link),
      closed: (end) => this.#closed(link, end),
    });
    this.#options.services.linkUp(link, this.account.door('transit'));
    this.#returns.opened(link);
    this.step({ kind: 'linkUp' });
  }

  /** Nothing that is charged is still on its way out of here. */
  #quiet(): boolean {
    const { link } = this;
    if (link === undefined || link.queuedBytes > 0 || !this.#queue.empty) return false;
    return (this.#options.services.waiting?.(link) ?? 0) === 0;
  }

  #message(link: Link, bytes: Uint8Array): void {
    if (this.link !== link) return;
    try {
      if (this.#returns.took(bytes)) return;
      if (isRoutes(bytes) || isChannelAgreement(bytes)) return this.#options.services.heard?.(link, bytes);
      const message = decodeMessage(bytes);
      if (message !== undefined) this.step({ kind: 'message', message });
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined) throw error;
      this.step({ kind: 'fault', code });
    }
  }

  #closed(link: Link, end: LinkEnd): void {
    if (this.link !== link) return;
    this.link = undefined;
    this.lastFault = end.code ?? this.lastFault;
    this.#down(link);
    this.#options.emit('linkDown', { neighbour: this.id, by: end.by, code: end.code });
  }

  #down(link: Link): void {
    this.#time.stop();
    this.#queue.keepSilent();
    this.step({ kind: 'linkDown' });
    this.#options.services.linkDown(link);
  }

  /** Tells the session what happened and performs what follows. */
  step(event: SessionEvent): void {
    try {
      const effects = this.session.step(event, this.#options.clock.nowMs());
      this.#owe(effects);
      this.#queue.add(effects);
    } catch (error) {
      this.#broken(error);
    }
    this.#queue.drain();
    this.#marks.look();
    if (this.link !== undefined) this.#time.watch();
  }

  /** The account has moved by money already: what proves it goes with whichever write of the account comes first. */
  #owe(effects: readonly SessionEffect[]): void {
    const { desk, journal } = this.#options;
    for (const effect of effects) journal.owe(this.account, recordsOwed(this.id, effect, desk));
  }

  /** What it paid with may have bounced: nothing is served until that is known, and nothing is held against it. */
  doubt(doubted: boolean): void {
    if (this.account.doubted === doubted) return;
    this.account.doubted = doubted;
    this.step({ kind: 'tick' });
  }

  /** Makes records durable together with the account. */
  keep(records: readonly StoreRecord[]): Promise<void> {
    return this.#options.journal.commit(this.account, records);
  }

  /** A rule of the books does not hold: this link stops, the node goes on (DESIGN §3). */
  #broken(error: unknown): void {
    const code = codeOf(error) ?? 'INVARIANT_BROKEN';
    this.lastFault = code;
    this.#options.emit('fault', {
      neighbour: this.id,
      code,
      what: error instanceof Error ? error.message : String(error),
    });
    this.account.banned = true;
    this.link?.close(code);
  }

  /** True while an effect is being performed that takes time. */
  get busy(): boolean {
    return this.#queue.busy;
  }

  /** Effects that wait for the one being performed. */
  get queued(): readonly SessionEffect[] {
    return this.#queue.waiting;
  }

  /** Resolves when every effect so far was performed. */
  settled(): Promise<void> {
    return this.#queue.settled();
  }

  #failed(effect: SessionEffect, error: unknown): void {
    const code = codeOf(error);
    if (code === undefined || code === 'INVARIANT_BROKEN') return this.#broken(error);
    this.lastFault = code;
    if (effect.kind === 'writePayment') return this.step({ ...effect, kind: 'paymentFailed', code });
    // What should have been durable is not: nothing that depends on it may leave. The link is made anew.
    this.#options.emit('fault', { neighbour: this.id, code, what: effect.kind });
    this.#queue.keepSilent();
    this.link?.close(code);
  }

  #perform(effect: SessionEffect): Promise<void> | undefined {
    switch (effect.kind) {
      case 'send':
        return this.#send(effect.message);
      case 'changed':
        this.account.changed();
        return;
      case 'emit':
        if (effect.event.kind === 'divergence') this.#options.journal.note(this.account, disputeOf(effect.event.facts));
        if (effect.event.kind === 'received') this.paymentsReceived += 1;
        if (effect.event.kind === 'paying') this.paymentsSent += 1;
        if (effect.event.kind === 'verdict') this.lastFault = effect.event.facts['code'] as ErrorCode;
        this.#options.emit(effect.event.kind, { neighbour: this.id, ...effect.event.facts });
        return;
      case 'close':
        // A ban outlives a crash, though nothing may be charged here any more.
        if (effect.banned) this.#options.journal.touch(this.account);
        this.link?.close(effect.code);
        return;
      case 'restatePayments':
        for (const payment of this.#options.desk.restated(this.id)) this.#send(payment);
        return;
      default:
        return this.#durable.perform(effect);
    }
  }

  #send(message: Parameters<typeof encodeMessage>[0]): undefined {
    this.link?.send(isPayment(message) ? 'payment' : 'control', encodeMessage(message));
    return undefined;
  }

  #moved(): void {
    this.#movedSinceBeat = true;
    if (this.link !== undefined) this.#time.wake();
    this.#options.journal.touch(this.account);
    if (this.session.sample() && this.#look === undefined) this.#lookSoon();
  }

  #lookSoon(): void {
    this.#look = this.#options.clock.after(LOOK_MS, () => {
      this.#look = undefined;
      this.step({ kind: 'tick' });
    });
  }

  #onBeat(nowMs: number): void {
    if (this.link === undefined) return;
    if (this.session.dueMs(nowMs) <= nowMs) this.step({ kind: 'tick' });
    this.#tellCharges();
    this.#time.watch();
  }

  #tellCharges(): void {
    if (!this.#movedSinceBeat) return;
    this.#movedSinceBeat = false;
    const transit = this.account.service('transit');
    this.#options.emit('charged', {
      neighbour: this.id,
      balance: this.account.ledger.get(this.account.row, Column.balance),
      providedBytes: transit.providedBytes,
      consumedBytes: transit.consumedBytes,
    });
  }

  /** Payments became final: `uncashedUnits` are left at risk, of which `riskAt` may clear debt. */
  cleared(uncashedUnits: number, riskAt: number): void {
    const held = this.account.ledger.get(this.account.row, Column.uncleared) - this.account.lease.unkept;
    const units = clearsWhenFinal(held, uncashedUnits, riskAt);
    if (units > 0) this.step({ kind: 'cleared', units });
  }

  /** Lets what is queued leave, for at most `waitMs`, and ends the connection and all timers. */
  async close(waitMs: number): Promise<void> {
    const { clock } = this.#options;
    await this.settled();
    const link = this.link;
    if (link !== undefined) {
      await this.#lastStatement(Math.min(waitMs, LAST_MARK_MS));
      link.close('NODE_STOPPING');
      const untilMs = clock.nowMs() + waitMs;
      while (this.link === link && clock.nowMs() < untilMs) await pause(clock, CLOSE_LOOK_MS);
      if (this.link === link) link.destroy();
    }
    await this.settled();
    this.#look?.cancel();
    this.#look = undefined;
    this.#time.stop();
    this.#marks.stop();
  }

  async #lastStatement(waitMs: number): Promise<void> {
    const { clock } = this.#options;
    this.step({ kind: 'finish' });
    const untilMs = clock.nowMs() + waitMs;
    while (this.session.stating && clock.nowMs() < untilMs) await pause(clock, CLOSE_LOOK_MS);
    await this.settled();
  }
}
