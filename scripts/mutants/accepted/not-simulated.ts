import type { Accepted } from '../accepted.ts';

/** Unit tests notice these; a simulation cannot. */
export const NOT_SIMULATED: readonly Accepted[] = [
  { file: 'ratio', not: 'simulation', why: 'input' },
  { file: 'units', not: 'simulation', why: 'input' },
  { file: 'cheque', place: 'nextCumulative', not: 'simulation', why: 'input' },
  { file: 'cheque', place: 'recoveredCumulative', not: 'simulation', why: 'general' },
  { file: 'cheque', place: 'checkCheque', not: 'simulation', why: 'bounded' },
  { file: 'cheque', place: 'trusted', not: 'simulation', why: 'bounded' },
  { file: 'cashier', not: 'simulation', why: 'when' },
  { file: 'reconcile', place: 'mayHaveUsed', not: 'simulation', why: 'bounded' },
  { file: 'payments', code: 'this.#nextPayMs =', not: 'simulation', why: 'when' },
  { file: 'payments', code: 'demanded', not: 'simulation', why: 'operator' },
  { file: 'payments', code: '#wouldHavePaid', not: 'simulation', why: 'operator' },
  { file: 'payments', code: 'SHUTS.has(code)', not: 'simulation', why: 'when' },
  { file: 'payments', code: 'shutUntilMs', not: 'simulation', why: 'when' },
  { file: 'payments', place: 'Payments.arrived', not: 'simulation', why: 'input' },
  { file: 'payments', code: '#lanes.sort', not: 'simulation', why: 'told', note: 'only tells two states apart' },
  { file: 'payments', code: "news('received'", not: 'simulation', why: 'told' },
  { file: 'payments', code: "kind: 'changed'", not: 'simulation', why: 'told' },
  { file: 'payments', code: "method === 'barter'", not: 'simulation', why: 'input' },
  {
    file: 'payments',
    code: 'lane.inFlight = {',
    not: 'simulation',
    why: 'when',
    note: 'payments keep their distance all the same',
  },
  { file: 'terms', place: 'checkRanges', not: 'simulation', why: 'input' },
];
