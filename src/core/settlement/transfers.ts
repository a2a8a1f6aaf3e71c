import { type Ratio, weiToUnits } from '../ratio.ts';
import { amount, type Units } from '../units.ts';

/** What is known of one payment on the chain to this node. `undone`: it was credited, and a reorganisation took it back. */
export interface ArrivedTransfer {
  /** Transaction and place in it: the same wherever it is mined again. */
  readonly key: string;
  readonly wei: bigint;
  /** The block it stands in; −1 while it stands in none. */
  readonly block: number;
  readonly state: 'seen' | 'credited' | 'undone';
  /** What it was credited with; 0 until then. */
  readonly units: Units;
}

/** All payments of one payer that may still change, and what the others came to. */
export interface TransferBook {
  readonly recent: readonly ArrivedTransfer[];
  /** Credited since ever, wei. What was undone stays in it, as totals only grow. */
  readonly creditedWei: bigint;
  /** Wei not yet worth a unit, as `weiToUnits` carries it. */
  readonly remainder: bigint;
}

/** Of who never paid. */
export const NO_TRANSFERS: TransferBook = { recent: [], creditedWei: 0n, remainder: 0n };

/** No reorganisation is expected to reach deeper, so that far back blocks are looked at again when one has happened. */
export const REORGANISED_BLOCKS = 64;
/** So many last payments are remembered whatever their age: the payer may ask for the answer to one again. */
const REMEMBERED = 8;

/** A payment as a block holds it. */
export interface FoundTransfer {
  readonly key: string;
  readonly wei: bigint;
  readonly block: number;
}

/**
 * What the blocks from `fromBlock` on hold now of one payer. What was there and is not any more: forgotten where it was
 * only seen, taken back (`undoneUnits`) where it was credited.
 */
export function lookedAt(
  book: TransferBook,
  fromBlock: number,
  found: readonly FoundTransfer[],
): { readonly book: TransferBook; readonly undoneUnits: Units } {
  let undoneUnits = 0;
  const kept: ArrivedTransfer[] = [];
  for (const each of book.recent) {
    const again = found.find(({ key }) => key === each.key);
    if (again !== undefined) kept.push({ ...each, block: again.block });
    else if (each.block < fromBlock) kept.push(each);
    else if (each.state === 'credited') {
      undoneUnits += each.units;
      kept.push({ ...each, state: 'undone', block: -1 });
    } else if (each.state === 'undone') kept.push({ ...each, block: -1 });
  }
  for (const { key, wei, block } of found) {
    if (!kept.some((each) => each.key === key)) kept.push({ key, wei, block, state: 'seen', units: 0 });
  }
  return { book: { ...book, recent: kept }, undoneUnits: amount(undoneUnits, 'undone') };
}

/** What one payment is worth that stands deep enough now. */
export interface Matured {
  readonly book: TransferBook;
  readonly keys: readonly string[];
  /** Credited for the first time, at the ratio now agreed. */
  readonly newUnits: Units;
  /** Credited before, undone, and there again. */
  readonly againUnits: Units;
}

/** Credits what has `confirmations` blocks, its own included, when `headBlock` is the newest. */
export function matured(
  book: TransferBook,
  at: { readonly headBlock: number; readonly confirmations: number; readonly ratio: Ratio },
): Matured {
  let { creditedWei, remainder } = book;
  let newUnits = 0;
  let againUnits = 0;
  const keys: string[] = [];
  const recent = book.recent.map((each): ArrivedTransfer => {
    if (each.state === 'credited' || each.block < 0) return each;
    if (at.headBlock - each.block + 1 < at.confirmations) return each;
    keys.push(each.key);
    if (each.state === 'undone') {
      againUnits += each.units;
      return { ...each, state: 'credited' };
    }
    const worth = weiToUnits(each.wei, at.ratio, remainder);
    remainder = worth.remainder;
    creditedWei += each.wei;
    newUnits += worth.units;
    return { ...each, state: 'credited', units: worth.units };
  });
  const next = { recent: forget(recent, at.headBlock), creditedWei, remainder };
  return { book: next, keys, newUnits: amount(newUnits, 'credited'), againUnits: amount(againUnits, 'again') };
}

/** Drops what can change no more, but for the last ones. */
function forget(recent: readonly ArrivedTransfer[], headBlock: number): readonly ArrivedTransfer[] {
  const settled = recent.filter(
    ({ state, block }) => state === 'credited' && block <= headBlock - 2 * REORGANISED_BLOCKS,
  );
  const old = new Set(settled.slice(0, Math.max(0, settled.length - REMEMBERED)));
  return recent.filter((each) => !old.has(each));
}

/** Credited once and not there now: what the payer's payments are short of what it was credited with. */
export function undoneUnits(book: TransferBook): Units {
  return book.recent.reduce((sum, { state, units }) => (state === 'undone' ? sum + units : sum), 0);
}
