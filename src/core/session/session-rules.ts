/** Times and limits of a session. */
export interface SessionRules {
  /** Least time between two payments to one neighbour: DESIGN §12 allows ten payment frames a second. */
  readonly payIntervalMs: number;
  /** Payment frames a neighbour may send a second. */
  readonly paymentsPerSecond: number;
  /** How often what I consumed is told to the neighbour while it changes. */
  readonly countsIntervalMs: number;
  /** Wait after a refused or failed payment. */
  readonly retryMs: number;
  /** How long a link may stay choked before it is closed for service. */
  readonly graceMs: number;
  /** How long a neighbour is served at the floor after the verdict `throttle`. */
  readonly slowMs: number;
  /** What payment by transfer has to reckon with here, at a price for a MB; undefined where it is not used. */
  readonly transfer?: TransferPace | undefined;
}

/** How long a transfer takes to count, and how much is expected to be bought meanwhile. */
export interface TransferPace {
  readonly confirmMs: number;
  readonly bytesPerSecond: number;
}

/** The defaults: ten payments a second is what DESIGN §12 allows, ten minutes choked closes a link. */
export const SESSION_RULES: SessionRules = {
  payIntervalMs: 100,
  paymentsPerSecond: 10,
  // Less than the 500 ms between two ticks, so that a timer that fires early does not skip one.
  countsIntervalMs: 400,
  retryMs: 10_000,
  graceMs: 600_000,
  slowMs: 60_000,
};
