/**
 * `weighted`: shares follow weights, what one leaves unused the others get, nobody starves. `strict`: the highest weight
 * first; when there is no room, the lowest weight drops first; ties share (DESIGN §6).
 */
export type Discipline = 'weighted' | 'strict';

/** What may wait for one link, and who goes first. */
export interface PairQueueLimits {
  readonly discipline: Discipline;
  /** What waits for one egress link, over all pairs. */
  readonly maxBytes: number;
  readonly maxPackets: number;
}

/** What a pair queue is made of. */
export interface PairQueueOptions<T> extends PairQueueLimits {
  /** What a pair weighs, ≥ 0, when it is first heard of: sending(from) + receiving(to), as the two neighbours offer (DESIGN §6). */
  readonly weightOf: (from: number) => number;
  /** A packet had to give way. Called before `push` returns. */
  readonly dropped: (item: T, from: number) => void;
}

/** One ordered pair's line: from one neighbour, to the neighbour whose egress this is. */
export interface PairFigures {
  readonly from: number;
  readonly weight: number;
  readonly waiting: number;
  readonly waitingBytes: number;
  readonly sent: number;
  readonly sentBytes: number;
  readonly dropped: number;
}

/** What the heaviest pair may send in one turn; lighter ones in proportion, but at least the second. Bytes. */
const TURN_BYTES = 65_536;
const LEAST_TURN_BYTES = 640;

/** Pairs with nothing to send that are remembered for their figures: a node of many links has their number squared. */
export const MOST_PAIRS_KEPT = 256;

class Pair<T> {
  readonly from: number;
  weight = 0;
  deficit = 0;
  /** Where it stands among those with something to send; undefined: nothing waits. */
  band: Band<T> | undefined;
  next: Pair<T> = this;
  before: Pair<T> = this;
  bytes = 0;
  sent = 0;
  sentBytes = 0;
  dropped = 0;
  #items: (T | undefined)[] = [];
  #sizes: number[] = [];
  #head = 0;

  constructor(from: number) {
    this.from = from;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  get headSize(): number {
    return this.#sizes[this.#head] as number;
  }

  push(item: T, size: number): void {
    this.#items.push(item);
    this.#sizes.push(size);
    this.bytes += size;
  }

  shift(): T {
    const item = this.#items[this.#head] as T;
    this.bytes -= this.headSize;
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#items.length) {
      this.#items.length = 0;
      this.#sizes.length = 0;
      this.#head = 0;
    } else if (this.#head >= 64 && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#sizes = this.#sizes.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Takes the newest one back out. */
  pop(): T {
    this.bytes -= this.#sizes.pop() as number;
    this.dropped += 1;
    return this.#items.pop() as T;
  }
}

/** Pairs that take turns, in a ring. Under `strict` one band for each weight, under `weighted` one for all. */
class Band<T> {
  readonly weight: number;
  first: Pair<T> | undefined;

  constructor(weight: number) {
    this.weight = weight;
  }

  add(pair: Pair<T>): void {
    pair.band = this;
    pair.deficit = 0;
    if (this.first === undefined) {
      pair.next = pair;
      pair.before = pair;
      this.first = pair;
      return;
    }
    const last = this.first.before;
    pair.next = this.first;
    pair.before = last;
    last.next = pair;
    this.first.before = pair;
  }

  remove(pair: Pair<T>): void {
    pair.band = undefined;
    if (pair.next === pair) {
      this.first = undefined;
      return;
    }
    pair.before.next = pair.next;
    pair.next.before = pair.before;
    if (this.first === pair) this.first = pair.next;
  }
}

/** What waits to leave by one link, in one line for each neighbour it came from; bounded over all of them. */
export class PairQueue<T> {
  readonly #options: PairQueueOptions<T>;
  readonly #pairs = new Map<number, Pair<T>>();
  /** Bands with something to send, heaviest first. */
  readonly #bands: Band<T>[] = [];
  #heaviest = 1;
  /** Whoever took up most when it was last looked; one that is empty by now makes no room for anybody. */
  #longest: Pair<T> | undefined;
  #last: Pair<T> | undefined;
  #packets = 0;
  #bytes = 0;

  constructor(options: PairQueueOptions<T>) {
    this.#options = options;
  }

  get packets(): number {
    return this.#packets;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Asks again what a pair weighs (undefined: all of them), where it was heard of. */
  reweigh(from?: number): void {
    const { weightOf } = this.#options;
    const known = from === undefined ? this.#pairs.values() : [this.#pairs.get(from)];
    for (const pair of known) if (pair !== undefined) this.#weigh(pair, weightOf(pair.from));
  }

  #weigh(pair: Pair<T>, weight: number): void {
    if (pair.weight === weight) return;
    const waiting = pair.band !== undefined;
    if (waiting) this.#retire(pair);
    pair.weight = weight;
    if (waiting) this.#activate(pair);
    this.#heaviest = 1;
    for (const each of this.#pairs.values()) this.#heaviest = Math.max(this.#heaviest, each.weight);
  }

  #pair(from: number): Pair<T> {
    if (this.#last?.from === from) return this.#last;
    let pair = this.#pairs.get(from);
    if (pair === undefined) {
      if (this.#pairs.size >= MOST_PAIRS_KEPT) this.#forgetOne();
      pair = new Pair(from);
      pair.weight = this.#options.weightOf(from);
      this.#heaviest = Math.max(this.#heaviest, pair.weight);
      this.#pairs.set(from, pair);
    }
    this.#last = pair;
    return pair;
  }

  /** Makes room for a pair: of those that wait for nothing, the one heard of first is forgotten. */
  #forgetOne(): void {
    for (const { from, length } of this.#pairs.values()) {
      if (length === 0) return this.forget(from);
    }
  }

  /** Counts a packet that left without waiting. */
  passed(from: number, sizeBytes: number): void {
    const pair = this.#pair(from);
    pair.sent += 1;
    pair.sentBytes += sizeBytes;
  }

  /** Its neighbour is gone: nothing more comes from it. What waits still leaves. */
  forget(from: number): void {
    const pair = this.#pairs.get(from);
    if (pair === undefined || pair.length > 0) return;
    this.#pairs.delete(from);
    if (this.#last === pair) this.#last = undefined;
  }

  /** Puts a packet in line, at the cost of others where there is no room. False: it gave way itself, and was told so. */
  push(from: number, item: T, sizeBytes: number): boolean {
    const { maxBytes, maxPackets, dropped } = this.#options;
    const pair = this.#pair(from);
    while (this.#packets >= maxPackets || this.#bytes + sizeBytes > maxBytes) {
      const victim = this.#victim(pair);
      if (victim === undefined) {
        pair.dropped += 1;
        dropped(item, from);
        return false;
      }
      dropped(this.#evict(victim), victim.from);
    }
    pair.push(item, sizeBytes);
    this.#packets += 1;
    this.#bytes += sizeBytes;
    if (this.#longest === undefined || load(pair) > load(this.#longest)) this.#longest = pair;
    if (pair.band === undefined) this.#activate(pair);
    return true;
  }

  /** Whose newest packet gives way to one of `arriving`; undefined: nobody's but its own. */
  #victim(arriving: Pair<T>): Pair<T> | undefined {
    if (this.#options.discipline === 'strict') {
      const lightest = this.#bands.at(-1);
      return lightest !== undefined && lightest.weight < arriving.weight ? lightest.first?.before : undefined;
    }
    // Who waits with more than its share of the line makes room; known without looking at every pair.
    const longest = this.#longest;
    return longest !== undefined && longest !== arriving && load(longest) > load(arriving) ? longest : undefined;
  }

  #evict(victim: Pair<T>): T {
    const before = victim.bytes;
    const item = victim.pop();
    this.#packets -= 1;
    this.#bytes -= before - victim.bytes;
    if (victim.length === 0) this.#retire(victim);
    return item;
  }

  #activate(pair: Pair<T>): void {
    const weight = this.#options.discipline === 'strict' ? pair.weight : 0;
    const at = this.#bands.findIndex((each) => each.weight <= weight);
    let band = this.#bands[at];
    if (band?.weight !== weight) {
      band = new Band(weight);
      this.#bands.splice(at < 0 ? this.#bands.length : at, 0, band);
    }
    band.add(pair);
  }

  #retire(pair: Pair<T>): void {
    const band = pair.band as Band<T>;
    band.remove(pair);
    if (band.first === undefined) this.#bands.splice(this.#bands.indexOf(band), 1);
  }

  /** The packet that may leave now; undefined when nothing waits. */
  shift(): T | undefined {
    const band = this.#bands[0];
    if (band === undefined) return undefined;
    const pair = this.#turn(band);
    const size = pair.headSize;
    const item = pair.shift();
    pair.deficit -= size;
    pair.sent += 1;
    pair.sentBytes += size;
    this.#packets -= 1;
    this.#bytes -= size;
    if (pair.length === 0) this.#retire(pair);
    return item;
  }

  /** Deficit round robin (Shreedhar and Varghese, 1995): the first pair in turn whose credit covers its next packet. */
  #turn(band: Band<T>): Pair<T> {
    for (;;) {
      const pair = band.first as Pair<T>;
      if (pair.deficit >= pair.headSize) return pair;
      // Credit is given on arrival at the head of the ring, once a turn.
      if (pair.next !== pair) band.first = pair.next;
      const next = band.first as Pair<T>;
      const share = this.#options.discipline === 'strict' ? 1 : next.weight / this.#heaviest;
      next.deficit += Math.max(LEAST_TURN_BYTES, Math.floor(TURN_BYTES * share));
    }
  }

  /** Figures of the pairs that send by this link, of which idle ones are forgotten where there are many (`MOST_PAIRS_KEPT`). */
  *figures(): Generator<PairFigures> {
    for (const { from, weight, length, bytes, sent, sentBytes, dropped } of this.#pairs.values()) {
      yield { from, weight, waiting: length, waitingBytes: bytes, sent, sentBytes, dropped };
    }
  }
}

/** How much of the line a pair takes up, for what it weighs. */
function load(pair: Pair<unknown>): number {
  return pair.bytes / (pair.weight + 1);
}
