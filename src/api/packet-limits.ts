/** What the API takes in orders for packets. The commands check the same before they ask. */
export const MAX_REPLIES = 10_000;
export const MAX_WAIT_MS = 50_000;
export const MAX_MARGIN_PERCENT = 1_000;
