/**
 * Events of a link by number: those of the link as a whole, and those of one of its ends, which are even and have the side
 * added. A frame is all that is above: twice its number, and the side.
 */
export const LINK_EVENT = { trade: 0, break: 1, connect: 2 } as const;
export const END_EVENT = { arrive: 4, look: 6, beat: 8, later: 10, cashed: 12 } as const;
export const FIRST_FRAME = 14;
