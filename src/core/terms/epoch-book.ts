import { WayleaveError } from '../errors.ts';
import type { Service } from '../service.ts';
import type { PricePerMb } from '../units.ts';
import { sameTerms, type Terms } from './terms.ts';

/** How long a frame priced by superseded terms is still taken: well above a round trip plus a full send queue. */
export const EPOCH_GRACE_MS = 10_000;

/** Changes of my terms that may await acknowledgement at once; more means the neighbour does not listen. */
export const MAX_PENDING_EPOCHS = 8;

/** Superseded terms of mine kept for their grace time. With more than this the oldest is refused early. */
export const MAX_SUPERSEDED_EPOCHS = 16;

/** Terms of a neighbour kept: more than it may have announced and not seen acknowledged, so no honest frame is lost. */
export const MAX_TAKEN_EPOCHS = 32;

/** How far I trust a neighbour. Units. */
export type Trust = Pick<Terms, 'payAt' | 'dropAt' | 'valueAt'>;

interface Offered {
  readonly terms: Terms;
  /** When a newer epoch was first acknowledged; undefined while this one is the last acknowledged or newer. */
  supersededMs: number | undefined;
}

/**
 * My announced terms on one link, by epoch: how the provider prices frames (DESIGN §4). Epochs older than the last
 * acknowledged one are refused after a grace time, so streams are repriced while they run and the ends stay equal.
 */
export class MyEpochs {
  readonly #graceMs: number;
  /** Called with every change of what is newest or acknowledged: until then what follows from it need not be worked out again. */
  changed: () => void = () => undefined;
  #newest: Terms | undefined;
  #limits: Trust | undefined;
  #offered: Offered[] = [];
  #acknowledged: Terms | undefined;

  constructor(graceMs: number = EPOCH_GRACE_MS) {
    this.#graceMs = graceMs;
  }

  /** The newest terms announced. */
  get newest(): Terms | undefined {
    return this.#newest;
  }

  /** The limits that hold: of the newest terms, or those of terms that wait to be announced where these trust less. */
  get limits(): Trust | undefined {
    return this.#limits;
  }

  /** The newest terms the neighbour acknowledged: what I tag frames with, and the ratio at which it pays me. */
  get acknowledged(): Terms | undefined {
    return this.#acknowledged;
  }

  /** False while `MAX_PENDING_EPOCHS` changes await acknowledgement; wait with further ones. */
  get mayAnnounce(): boolean {
    return this.#pending() < MAX_PENDING_EPOCHS;
  }

  /** Records what is sent. The newest terms may be sent again. Throws `TERMS_STALE`, `TERMS_UNACKNOWLEDGED`. */
  announce(terms: Terms): void {
    const newest = this.newest;
    if (newest !== undefined && terms.epoch <= newest.epoch) {
      if (terms.epoch === newest.epoch && sameTerms(terms, newest)) return;
      throw new WayleaveError('TERMS_STALE', { epoch: terms.epoch, known: newest.epoch });
    }
    if (!this.mayAnnounce) throw new WayleaveError('TERMS_UNACKNOWLEDGED', { epoch: terms.epoch });
    // Not `push`, which would keep room for 16 more of what is nearly always one.
    this.#offered = [...this.#offered, { terms, supersededMs: undefined }];
    this.#newest = terms;
    this.#limits = terms;
    this.changed();
  }

  /**
   * These cannot be announced yet. Where they trust the neighbour less they hold all the same: who acknowledges nothing
   * must not keep a limit by that.
   */
  hold(terms: Trust): void {
    const newest = this.#newest;
    if (newest === undefined) return;
    const { dropAt, payAt } = terms.dropAt < newest.dropAt ? terms : newest;
    this.#limits = { dropAt, payAt, valueAt: Math.min(terms.valueAt, newest.valueAt) };
  }

  /** The neighbour took `epoch`. Older acknowledgements change nothing. Throws `EPOCH_UNKNOWN`. */
  acknowledge(epoch: number, nowMs: number): void {
    if (epoch <= (this.#acknowledged?.epoch ?? 0)) return;
    const entry = this.#offered.find((each) => each.terms.epoch === epoch);
    if (entry === undefined) throw new WayleaveError('EPOCH_UNKNOWN', { epoch });
    this.#acknowledged = entry.terms;
    this.changed();
    for (const each of this.#offered) if (each.terms.epoch < epoch) each.supersededMs ??= nowMs;
    this.#prune(nowMs);
  }

  /** My ask for a frame tagged `epoch`. Throws `EPOCH_STALE`, `EPOCH_UNKNOWN`, `SERVICE_NOT_OFFERED`. */
  priceOf(epoch: number, service: Service, nowMs: number): PricePerMb {
    return askOf(this.termsOf(epoch, nowMs), service);
  }

  /** My terms that a tag names. Throws `EPOCH_STALE`, `EPOCH_UNKNOWN`. */
  termsOf(epoch: number, nowMs: number): Terms {
    const acknowledged = this.#acknowledged;
    if (acknowledged?.epoch === epoch) return acknowledged;
    const entry = this.#offered.find((each) => each.terms.epoch === epoch);
    const stale = entry === undefined ? this.#isPast(epoch) : this.#isOver(entry, nowMs);
    if (stale) throw new WayleaveError('EPOCH_STALE', { epoch, inForce: this.#acknowledged?.epoch });
    if (entry === undefined) throw new WayleaveError('EPOCH_UNKNOWN', { epoch });
    return entry.terms;
  }

  #isPast(epoch: number): boolean {
    const oldest = this.#offered[0];
    return oldest !== undefined && epoch >= 1 && epoch < oldest.terms.epoch;
  }

  #isOver(entry: Offered, nowMs: number): boolean {
    return entry.supersededMs !== undefined && nowMs - entry.supersededMs > this.#graceMs;
  }

  #pending(): number {
    const last = this.#acknowledged?.epoch ?? 0;
    return this.#offered.filter((each) => each.terms.epoch > last).length;
  }

  #prune(nowMs: number): void {
    this.#offered = this.#offered.filter((each) => !this.#isOver(each, nowMs));
    const superseded = this.#offered.filter((each) => each.supersededMs !== undefined).length;
    if (superseded > MAX_SUPERSEDED_EPOCHS) this.#offered.splice(0, superseded - MAX_SUPERSEDED_EPOCHS);
  }
}

/** A neighbour's terms by epoch: how the buyer prices what it was delivered. What is here is booked, however old its tag. */
export class TheirEpochs {
  /** As in `MyEpochs`. */
  changed: () => void = () => undefined;
  #newest: Terms | undefined;
  #taken: Terms[] = [];

  get newest(): Terms | undefined {
    return this.#newest;
  }

  /** Records validated terms; the newest may come again. Throws `TERMS_STALE`. */
  take(terms: Terms): void {
    const newest = this.newest;
    if (newest !== undefined && terms.epoch <= newest.epoch) {
      if (terms.epoch === newest.epoch && sameTerms(terms, newest)) return;
      throw new WayleaveError('TERMS_STALE', { epoch: terms.epoch, known: newest.epoch });
    }
    this.#taken = [...this.#taken, terms];
    this.#newest = terms;
    this.changed();
    if (this.#taken.length > MAX_TAKEN_EPOCHS) this.#taken.shift();
  }

  /** Their ask for a frame tagged `epoch`. Throws `EPOCH_UNKNOWN`, `SERVICE_NOT_OFFERED`. */
  priceOf(epoch: number, service: Service): PricePerMb {
    return askOf(this.termsOf(epoch), service);
  }

  /** Their terms that a tag names. Throws `EPOCH_UNKNOWN`. */
  termsOf(epoch: number): Terms {
    // Nearly every frame is priced by the newest terms.
    const newest = this.#taken.at(-1);
    if (newest?.epoch === epoch) return newest;
    const terms = this.#taken.findLast((each) => each.epoch === epoch);
    if (terms === undefined) throw new WayleaveError('EPOCH_UNKNOWN', { epoch });
    return terms;
  }
}

/** What terms ask for a service. Throws `SERVICE_NOT_OFFERED`. */
export function askOf(terms: Terms, service: Service): PricePerMb {
  const { askPerMb } = terms.services[service];
  if (askPerMb === undefined) throw new WayleaveError('SERVICE_NOT_OFFERED', { service, epoch: terms.epoch });
  return askPerMb;
}
