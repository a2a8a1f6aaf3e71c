/**
 * Column offsets within a row of the ledger. Gross totals only grow; `balance` is derived from them and checked by `audit`:
 * provided − consumed + paid − received + providedCorrection − consumedCorrection. What reads them for each charge keeps
 * them as constants of its own (ledger.ts).
 */
export const Column = {
  // All that providing a frame touches: one cache line a link, and no more, so that a million links are few pages.
  balance: 0,
  /** Reserved for what I am about to provide. */
  heldProvide: 1,
  /** What may still be charged before the next durable record (DESIGN §3, lease). */
  leaseLeft: 2,
  /** What balance and holds may come to: `dropAt` less the rest of the exposure. Follows from other cells. */
  ceiling: 3,
  provided: 4,
  /** The limit I granted; `HALTED` on a link whose books broke. */
  dropAt: 7,
  /** Reserved for what I am about to consume: it touches these besides. */
  heldConsume: 8,
  consumed: 9,
  /** The limit granted to me; `HALTED` as above. */
  peerDropAt: 12,
  /** What a crash may have left uncharged: assumed used until the books are compared. */
  assumed: 13,
  /** Their payments that clear no debt until they are final (beyond riskAt). */
  uncleared: 14,
  /** Paid by me, not acknowledged yet: no longer to be paid again, still my debt. */
  pending: 15,
  // The rest lies apart, so that a million idle links cost the busy ones no cache.
  paid: 16,
  received: 17,
  providedCorrection: 18,
  consumedCorrection: 21,
  attempts: 24,
  /** Written off in the neighbour's favour, beyond what it made good by paying and what has faded: follows from other cells. */
  forgiven: 25,
  /** Of what was written off in the neighbour's favour, so much stands against it no more. */
  faded: 26,
} as const;

/** Cells of a link in `providing` and `consuming`; columns of the second begin at `PROVIDE`. */
export const PROVIDE = 8;
export const CONSUME = 8;

/** Cells of a link that neither providing nor consuming touches. */
export const COLD = 11;
