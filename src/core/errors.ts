/**
 * Every error Wayleave can raise: a stable code, what happened, and what the reader can do. Tests check codes, never
 * texts; `docs/errors.md` is printed from this table.
 */
export const ERRORS = {
  // money and rules
  AMOUNT_INVALID: { what: 'An amount is not an integer in the allowed range.', remedy: 'This is a defect or a hostile neighbour; report it with the log.' },
  AMOUNT_OVERFLOW: { what: 'An amount would leave the range of exact integers.', remedy: 'Settle the link, or use a larger unit of account.' },
  PRICE_INVALID: { what: 'A price is not an integer from 0 to 2147483648.', remedy: 'Set prices as whole units per MB within that range.' },
  HOLD_UNKNOWN: { what: 'A hold was ended twice, or never made.', remedy: 'This is a defect; the link has been stopped. Report it with the log.' },
  INVARIANT_BROKEN: { what: 'A rule of the books does not hold; the link has been stopped.', remedy: 'Nothing was changed to hide it. Report it with the log and the link record.' },
  NODE_ID_INVALID: { what: 'This is not a node id.', remedy: 'A node id is an Ethereum address: 0x and 40 hex digits.' },
  EPOCH_STALE: { what: 'A frame was priced by terms that are no longer in force.', remedy: 'The neighbour must take the newest terms; the frame was refused.' },
  EPOCH_UNKNOWN: { what: 'A frame names terms that were never sent.', remedy: 'The neighbour is faulty or hostile; the link was closed.' },
  // links
  LINK_CLOSED: { what: 'The link is closed.', remedy: 'It is dialled again by itself; try again shortly.' },
  // store
  // chain and settlement
  // transit
  // configuration and faces
} as const satisfies Record<string, { what: string; remedy: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** Facts that belong to one occurrence, for example `{ key: 'transit.price', line: 12 }`. */
export type ErrorDetails = Record<string, string | number | boolean | bigint | undefined>;

/** The only error class the product throws on purpose. `message` is the sentence of the table with the details appended. */
export class WayleaveError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}, cause?: unknown) {
    const facts = Object.entries(details)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}: ${String(value)}`);
    super(facts.length === 0 ? ERRORS[code].what : `${ERRORS[code].what} (${facts.join(', ')})`, { cause });
    this.name = 'WayleaveError';
    this.code = code;
    this.details = details;
  }

  /** What the reader can do about it. */
  get remedy(): string {
    return ERRORS[this.code].remedy;
  }
}

/** The code of a `WayleaveError`, else undefined. */
export function codeOf(error: unknown): ErrorCode | undefined {
  return error instanceof WayleaveError ? error.code : undefined;
}
