import type { Clock, Timer } from '../../core/clock.ts';
import { codeOf } from '../../core/errors.ts';
import type { ServiceDoor } from '../../core/ledger/door.ts';
import type { NodeId } from '../../core/node-id.ts';
import { MAX_DATA_BYTES } from '../../link/limits.ts';
import { type Channel, type ChannelHandlers, type Link, OPEN_COST_BYTES, ResetCode } from '../../link/link.ts';
import { ForwardGrants } from '../../transit/forward-grants.ts';
import type { Tally } from './tally.ts';

/** What a neighbour may upload is kept granted up to this: small, so that grants are in flight at every crash. Bytes. */
const FORWARD_TARGET_BYTES = 8 * 1024;

/** Wait before another channel is asked for, where one was refused or broke. Milliseconds. */
const REOPEN_MS = 250;

const HEADER = new Uint8Array(1);

/** Pieces of one buffer, by length: what travels is never read. */
const NOTHING = new Uint8Array(MAX_DATA_BYTES);
const pieces: Uint8Array[] = [];

function piece(length: number): Uint8Array {
  const made = pieces[length];
  if (made !== undefined) return made;
  const view = NOTHING.subarray(0, length);
  pieces[length] = view;
  return view;
}

export interface LinkTrafficOptions {
  readonly clock: Clock;
  readonly link: Link;
  readonly door: ServiceDoor;
  readonly fault: (error: unknown) => void;
  /** At most so much is sent, and charged, at a time; default what a frame carries. */
  readonly frameBytes?: number | undefined;
  /** Counts what really arrives. */
  readonly tally: Tally;
  /** The neighbour sent bytes that are to go on from here. */
  readonly carry?: (bytes: number) => void;
}

/**
 * Trade with one neighbour while one connection lasts, by the door's rules, exactly as transit does it: a channel for
 * what is bought here, opened by this end, and one for what is sold, opened by the other. Wants come from outside.
 */
export class LinkTraffic {
  readonly #options: LinkTrafficOptions;
  readonly #frameBytes: number;
  readonly #grants: ForwardGrants;
  readonly #unwatch: () => void;
  /** Bytes that want to go to a buyer, and through a seller. */
  toServe = 0;
  toUpload = 0;
  /** Bytes of other neighbours that want to go through this one, a seller. */
  readonly toCarry = new Map<NodeId, number>();
  /** Times the door said no, and frames that were sent and charged. */
  refusals = 0;
  frames = 0;
  #sold: Channel | undefined;
  #bought: Channel | undefined;
  #accepted = false;
  #uploading = false;
  #unreleased = 0;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: LinkTrafficOptions) {
    this.#options = options;
    this.#frameBytes = options.frameBytes ?? MAX_DATA_BYTES;
    this.#grants = new ForwardGrants({ ...options, targetBytes: FORWARD_TARGET_BYTES });
    this.#unwatch = options.door.watch(() => this.changed());
    this.#grants.topUp();
  }

  /** Nothing waits to go either way, and the channel to buy through stands. */
  get still(): boolean {
    const waiting = this.toServe + this.toUpload + this.toCarry.size;
    return waiting === 0 && this.#bought !== undefined && this.#accepted;
  }

  /** Something may have turned a no into a yes. */
  changed(): void {
    if (this.#closed) return;
    this.#grants.topUp();
    this.#open();
    this.#giveBack();
    this.serve();
    this.upload();
  }

  close(): void {
    this.#closed = true;
    this.#unwatch();
    this.#grants.close();
    this.#timer?.cancel();
  }

  #later(delayMs: number): void {
    if (this.#timer !== undefined || this.#closed) return;
    this.#timer = this.#options.clock.after(Math.max(1, delayMs), () => {
      this.#timer = undefined;
      this.changed();
    });
  }

  // selling

  /** The neighbour opened a channel: it buys. */
  opened(channel: Channel, tag: number): void {
    const { door, fault } = this.#options;
    try {
      this.#arrived(OPEN_COST_BYTES, tag);
    } catch (error) {
      channel.attach({ ...DEAF });
      channel.reset(ResetCode.protocol);
      return fault(error);
    }
    channel.attach(this.#seller(channel));
    if (this.#sold !== undefined || !door.selling) return channel.reset(ResetCode.overloaded);
    this.#sold = channel;
    channel.accept();
    this.serve();
  }

  #seller(channel: Channel): ChannelHandlers {
    let broken = false;
    const arrived = (bytes: number, tag: number): void => {
      try {
        this.#arrived(bytes, tag);
      } catch (error) {
        channel.reset(ResetCode.protocol);
        // Once is enough: a broken tag repeats on every frame that is still on its way.
        if (!broken) this.#options.fault(error);
        broken = true;
      }
    };
    return {
      data: (bytes, tag) => {
        arrived(bytes.length, tag);
        channel.release(bytes.length);
        this.#options.carry?.(bytes.length);
      },
      late: arrived,
      ended: () => {},
      reset: () => {
        if (this.#sold === channel) this.#sold = undefined;
      },
      writable: () => this.serve(),
    };
  }

  /** Sends a buyer what wants to go to it, as far as its account allows. */
  serve(): void {
    const { clock, door } = this.#options;
    while (this.toServe > 0 && this.#sold !== undefined && !this.#closed) {
      const wanted = Math.min(this.toServe, this.#sold.sendable(), this.#frameBytes);
      if (wanted <= 0) return;
      const nowMs = clock.nowMs();
      const allowance = door.servable(wanted, nowMs);
      const bytes = Math.min(wanted, allowance.bytes);
      if (bytes <= 0) {
        this.refusals += 1;
        if (allowance.retryMs !== undefined) this.#later(allowance.retryMs);
        return;
      }
      this.toServe -= bytes;
      this.#send(this.#sold, bytes, { hold: door.serve(bytes, nowMs), tag: door.sellEpoch, buyer: undefined });
    }
  }

  #send(channel: Channel, bytes: number, how: { hold: number; tag: number; buyer: NodeId | undefined }): void {
    const { door, fault } = this.#options;
    const { hold, tag, buyer } = how;
    try {
      channel.send(piece(bytes), tag);
    } catch (error) {
      door.release(hold);
      return fault(error);
    }
    if (channel.opener) this.#commitUse(hold, buyer);
    else door.commit(hold);
    this.frames += 1;
  }

  #commitUse(hold: number, buyer: NodeId | undefined): void {
    const { door, tally } = this.#options;
    const before = tally.consumed;
    door.commit(hold, buyer);
    tally.sent += tally.consumed - before;
  }

  #arrived(bytes: number, tag: number): void {
    const { tally } = this.#options;
    const before = tally.provided;
    this.#grants.arrived(bytes, tag);
    tally.gave += tally.provided - before;
  }

  // buying

  /** Asks for a channel, where there is none and one may be used. */
  #open(): void {
    const { door, link, fault } = this.#options;
    if (this.#bought !== undefined || !door.ready || !door.buying || this.#timer !== undefined) return;
    // Asked first: where time is sold this is what buys it, and nothing is granted before.
    if (door.usable(OPEN_COST_BYTES) < OPEN_COST_BYTES || link.forwardBudget < OPEN_COST_BYTES) return;
    const hold = door.use(OPEN_COST_BYTES);
    try {
      const channel = link.open(HEADER, door.buyEpoch, this.#buyer());
      this.#bought = channel;
    } catch (error) {
      door.release(hold);
      if (codeOf(error) !== 'LINK_CLOSED') fault(error);
      return;
    }
    this.#accepted = false;
    this.#unreleased = 0;
    this.#commitUse(hold, undefined);
  }

  #buyer(): ChannelHandlers {
    const { door, tally } = this.#options;
    let broken = false;
    const delivered = (bytes: number, tag: number): boolean => {
      try {
        const before = tally.consumed;
        door.delivered(bytes, tag);
        tally.got += tally.consumed - before;
        return true;
      } catch (error) {
        this.#bought?.reset(ResetCode.protocol);
        if (!broken) this.#options.fault(error);
        broken = true;
        return false;
      }
    };
    return {
      accepted: () => {
        this.#accepted = true;
        this.upload();
      },
      data: (bytes, tag) => {
        if (!delivered(bytes.length, tag)) return;
        this.#unreleased += bytes.length;
        this.#giveBack();
      },
      late: delivered,
      ended: () => {},
      reset: () => {
        this.#bought = undefined;
        this.#later(REOPEN_MS);
      },
      writable: () => this.upload(),
    };
  }

  /** More is asked for only while more may be used: else the neighbour would deliver what this node may not owe. */
  #giveBack(): void {
    if (this.#unreleased === 0 || this.#options.door.usable(1) <= 0) return;
    const bytes = this.#unreleased;
    this.#unreleased = 0;
    this.#bought?.release(bytes);
  }

  /** Sends through a seller what wants to go, as far as it lets this node. */
  upload(): void {
    if (this.#uploading) return;
    this.#uploading = true;
    this.toUpload = this.#through(this.toUpload, undefined);
    for (const [buyer, wanted] of this.toCarry) {
      const left = this.#through(wanted, buyer);
      if (left > 0) this.toCarry.set(buyer, left);
      else this.toCarry.delete(buyer);
    }
    this.#uploading = false;
  }

  /** Returns what of `wanted` must wait. `buyer` is the neighbour it is for. */
  #through(wanted: number, buyer: NodeId | undefined): number {
    const { door } = this.#options;
    let left = wanted;
    while (left > 0 && this.#bought !== undefined && this.#accepted && !this.#closed) {
      const most = Math.min(left, this.#bought.sendable(), this.#frameBytes);
      const bytes = Math.min(most, most > 0 ? door.usable(most) : 0);
      if (bytes <= 0) break;
      left -= bytes;
      this.#send(this.#bought, bytes, { hold: door.use(bytes), tag: door.buyEpoch, buyer });
    }
    return left;
  }
}

const DEAF: ChannelHandlers = { data() {}, ended() {}, reset() {}, writable() {} };
