/** What is sold over a link. All of it is charged to the same account (DESIGN §3). The order is part of stored formats. */
export const SERVICES = ['transit', 'chunks', 'packets'] as const;

/** One of `SERVICES`. */
export type Service = (typeof SERVICES)[number];

/** Column of a service in the ledger. */
export const serviceColumn: Readonly<Record<Service, 0 | 1 | 2>> = { transit: 0, chunks: 1, packets: 2 };
