/** What happened in a world so far. */
export class MassCounts {
  /** Frames held, sent and committed by a seller; each is booked by its buyer, and counts once. */
  charges = 0;
  bytes = 0;
  /** Wants of which nothing, and of which not all, was served: for debt, pace, or a connection that is down. */
  refused = 0;
  slowed = 0;
  /** Payments taken, and what they came to, units; cheques cashed. */
  payments = 0;
  paidUnits = 0;
  cashings = 0;
  /** Links that became slower for debt, and that stopped. */
  throttles = 0;
  chokes = 0;
  /** Statements compared; connections that broke; units written off in the neighbour's favour after that. */
  statements = 0;
  breaks = 0;
  writtenOff = 0;
  /** Changes of what a neighbour may owe. */
  creditSteps = 0;
  /** Looks of the laws at one end of a link. */
  looks = 0;
}
