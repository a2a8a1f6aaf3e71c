/** Times and limits of statements. */
export const STATEMENT_RULES = {
  /** A due mark waits this long for a moment at which nothing waits to leave; then such a moment is made. */
  patienceMs: 5_000,
  /** So long may the queue take to empty while nothing new is charged: 4 MiB, what it holds at most, at 0.6 Mbit/s. */
  giveUpMs: 60_000,
  /** Marks remembered, of either side: an answer is never further behind than the way there and back. */
  marksKept: 8,
  /** Marks and statements taken from a neighbour in one window: each costs a signature check. */
  perWindow: 40,
  /** Wrong statements after which the link is closed by conduct. */
  strikesToCut: 3,
} as const;

/** The window in which a neighbour's marks and statements are counted. */
export const FLOOD_WINDOW_MS = 10_000;

/** So long after my mark is a neighbour late that has stated nothing: its own queue may take a few minutes to empty. */
export const LATE_MS = 300_000;

/** A late neighbour is told of again this often: faster than warnings fade, so that it ends slowed down and cut. */
export const LATE_AGAIN_MS = 15_000;
