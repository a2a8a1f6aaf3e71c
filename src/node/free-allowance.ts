import type { Clock } from '../core/clock.ts';
import type { NodeId } from '../core/node-id.ts';
import { BYTES_PER_MB } from '../core/units.ts';
import type { NoteRecord, Store } from '../store/store.ts';

const PREFIX = 'free:';
const DAY_MS = 86_400_000;

interface Day {
  readonly day: number;
  /** What had been provided when the day began. */
  readonly base: number;
}

/**
 * So many MB a day without charge, per neighbour. While it lasts the ask is 0; the change of ask is a change of terms,
 * so both ends price by it alike. Days are of UTC; the beginning of one is remembered across restarts, and an earlier day
 * counts as that one.
 */
export class FreeAllowance {
  readonly #clock: Clock;
  readonly #store: Store;
  readonly #days = new Map<NodeId, Day>();

  constructor(options: { clock: Clock; store: Store; notes: readonly NoteRecord[] }) {
    this.#clock = options.clock;
    this.#store = options.store;
    for (const { name, text } of options.notes) {
      if (name.startsWith(PREFIX)) this.#days.set(name.slice(PREFIX.length), JSON.parse(text) as Day);
    }
  }

  /** Bytes left of today's allowance, when `providedBytes` were provided in all. */
  left(neighbour: NodeId, providedBytes: number, mbPerDay: number): number {
    const day = Math.floor(this.#clock.wallMs() / DAY_MS);
    let today = this.#days.get(neighbour);
    if (today === undefined || day > today.day) {
      today = { day, base: providedBytes };
      this.#days.set(neighbour, today);
      // Losing this note in a crash gives at most one allowance twice; it is not money.
      this.#store
        .commit([{ kind: 'note', name: PREFIX + neighbour, text: JSON.stringify(today) }])
        .catch(() => undefined);
    }
    return Math.max(0, mbPerDay * BYTES_PER_MB - (providedBytes - today.base));
  }
}
