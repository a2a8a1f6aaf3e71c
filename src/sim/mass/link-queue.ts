const FIRST_PLACES = 8;

/**
 * What is to come on one link, in order of (moment, order of asking). It has a time of its own, since nothing that happens
 * on one link depends on another but credit, which is looked at when all have come to the same moment. So a link is run
 * for a while, with all it needs close by, before the next: in strict order of time a thousand nodes would spend most of
 * it waiting for memory.
 *
 * Most of what comes is under way between the ends, and all of that for as long: it keeps its order by itself, in a ring.
 * The rest is a heap. Both are columns of small numbers.
 */
export class LinkQueue {
  /** Milliseconds since the world began. */
  nowMs = 0;
  /** Events that happened. */
  steps = 0;
  #asked = 0;
  readonly #wayMs: number;
  readonly #at: number[] = [];
  readonly #order: number[] = [];
  readonly #what: number[] = [];
  /** The first of the heap is what happens just now, and no more to come. */
  #over = false;
  // The ring.
  #wayAt: number[] = new Array<number>(FIRST_PLACES).fill(0);
  #wayOrder: number[] = new Array<number>(FIRST_PLACES).fill(0);
  #wayWhat: number[] = new Array<number>(FIRST_PLACES).fill(0);
  #first = 0;
  #size = 0;

  /** `wayMs`: how long everything is under way. Whole milliseconds. */
  constructor(wayMs: number) {
    this.#wayMs = wayMs;
  }

  /** `what` sets out, and arrives when its time under way is over. */
  send(what: number): void {
    if (this.#size === this.#wayAt.length) this.#grow();
    const place = (this.#first + this.#size) & (this.#wayAt.length - 1);
    this.#wayAt[place] = this.nowMs + this.#wayMs;
    this.#wayOrder[place] = this.#asked++;
    this.#wayWhat[place] = what;
    this.#size += 1;
  }

  /** `what` happens in `delayMs`, rounded up to whole milliseconds, so that the numbers stay small; Infinity: never. */
  post(delayMs: number, what: number): void {
    if (delayMs === Number.POSITIVE_INFINITY) return;
    const at = this.nowMs + Math.ceil(delayMs);
    const order = this.#asked++;
    // What happens just now mostly asks for what is next: it takes its place.
    if (this.#over) {
      this.#over = false;
      return this.#sink(at, order, what);
    }
    let hole = this.#at.length;
    this.#put(hole, at, order, what);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if ((this.#at[parent] as number) <= at) break;
      this.#move(parent, hole);
      hole = parent;
    }
    this.#put(hole, at, order, what);
  }

  /** Moves the time to the next event up to `untilMs` and takes it; −1, and the time is `untilMs`, where there is none. */
  next(untilMs: number): number {
    if (this.#over) this.#dropFirst();
    const arrives = this.#arrivesFirst();
    const at = arrives ? this.#wayAt[this.#first] : this.#at[0];
    if (at === undefined || at > untilMs) {
      this.nowMs = untilMs;
      return -1;
    }
    this.nowMs = at;
    this.steps += 1;
    const what = (arrives ? this.#wayWhat[this.#first] : this.#what[0]) as number;
    if (arrives) {
      this.#first = (this.#first + 1) & (this.#wayAt.length - 1);
      this.#size -= 1;
    } else this.#over = true;
    return what;
  }

  #arrivesFirst(): boolean {
    if (this.#size === 0) return false;
    if (this.#at.length === 0) return true;
    const [way, other] = [this.#wayAt[this.#first] as number, this.#at[0] as number];
    return way < other || (way === other && (this.#wayOrder[this.#first] as number) < (this.#order[0] as number));
  }

  #grow(): void {
    const turned = (ring: readonly number[]): number[] => {
      const inOrder = [...ring.slice(this.#first), ...ring.slice(0, this.#first)];
      return [...inOrder, ...new Array<number>(ring.length).fill(0)];
    };
    this.#wayAt = turned(this.#wayAt);
    this.#wayOrder = turned(this.#wayOrder);
    this.#wayWhat = turned(this.#wayWhat);
    this.#first = 0;
  }

  #dropFirst(): void {
    this.#over = false;
    const at = this.#at.pop() as number;
    const order = this.#order.pop() as number;
    const what = this.#what.pop() as number;
    if (this.#at.length > 0) this.#sink(at, order, what);
  }

  /** Puts this in place of the first, and lets it down to where it belongs. */
  #sink(at: number, order: number, what: number): void {
    const size = this.#at.length;
    let hole = 0;
    for (let child = 1; child < size; child = 2 * hole + 1) {
      if (child + 1 < size && this.#before(child + 1, child)) child += 1;
      const childAt = this.#at[child] as number;
      if (at < childAt || (at === childAt && order < (this.#order[child] as number))) break;
      this.#move(child, hole);
      hole = child;
    }
    this.#put(hole, at, order, what);
  }

  #before(one: number, other: number): boolean {
    const [a, b] = [this.#at[one] as number, this.#at[other] as number];
    return a < b || (a === b && (this.#order[one] as number) < (this.#order[other] as number));
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#at[from] as number, this.#order[from] as number, this.#what[from] as number);
  }

  #put(place: number, at: number, order: number, what: number): void {
    this.#at[place] = at;
    this.#order[place] = order;
    this.#what[place] = what;
  }
}
