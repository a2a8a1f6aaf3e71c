import { WayleaveError } from './errors.ts';
import { add, amount, type Units } from './units.ts';

/** Payments received from one neighbour that are not final: cheques not cashed, transfers not confirmed. */
export interface Risk {
  /** Credited already, at my risk. Kept ≤ riskAt by every step here. */
  readonly cleared: Units;
  /** Accepted, but above riskAt: it clears debt when earlier payments become final. */
  readonly held: Units;
}

export const NO_RISK: Risk = { cleared: 0, held: 0 };

export interface RiskStep {
  readonly risk: Risk;
  /** What clears debt now. */
  readonly credit: Units;
}

/** A payment of `units` was accepted: what of it clears debt at once, within riskAt (DESIGN §3, Take payment). */
export function acceptAtRisk(risk: Risk, units: Units, riskAt: Units): RiskStep {
  return clear({ cleared: risk.cleared, held: add(risk.held, amount(units)) }, riskAt);
}

/**
 * `units` of what was received became final, oldest first. Room for held payments opens. Throws `AMOUNT_INVALID` when
 * more becomes final than was outstanding.
 */
export function finalise(risk: Risk, units: Units, riskAt: Units): RiskStep {
  amount(units);
  if (units > risk.cleared + risk.held)
    throw new WayleaveError('AMOUNT_INVALID', { units, outstanding: risk.cleared + risk.held });
  const fromCleared = Math.min(units, risk.cleared);
  const fromHeld = units - fromCleared;
  const step = clear({ cleared: risk.cleared - fromCleared, held: risk.held - fromHeld }, riskAt);
  return { risk: step.risk, credit: step.credit + fromHeld };
}

/** Moves what fits under riskAt from held to cleared. A lowered riskAt takes nothing back. */
function clear(risk: Risk, riskAt: Units): RiskStep {
  const credit = Math.min(risk.held, Math.max(0, amount(riskAt, 'riskAt') - risk.cleared));
  return { risk: { cleared: risk.cleared + credit, held: risk.held - credit }, credit };
}
