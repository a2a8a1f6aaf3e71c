import { amount, type Units } from '../units.ts';

/**
 * What of a payment just accepted clears debt at once (DESIGN §3, Take payment). `outstanding` is everything accepted
 * from this neighbour before and not final, cleared or not. The rest of `units` is held until earlier payments are final.
 */
export function clearsNow(units: Units, outstanding: Units, riskAt: Units): Units {
  return Math.min(amount(units), Math.max(0, amount(riskAt, 'riskAt') - amount(outstanding, 'outstanding')));
}

/**
 * What of the held payments clears now that some became final. `held` is what has not cleared debt yet; `outstanding` is
 * what is still not final, after this. A lowered riskAt takes nothing back. Throws `AMOUNT_INVALID`.
 */
export function clearsWhenFinal(held: Units, outstanding: Units, riskAt: Units): Units {
  const stays = Math.max(0, amount(outstanding, 'outstanding') - amount(riskAt, 'riskAt'));
  return Math.max(0, amount(held, 'held') - stays);
}
