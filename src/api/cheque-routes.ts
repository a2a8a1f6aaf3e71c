import { WayleaveError } from '../core/errors.ts';
import type { Cheques, WayleaveNode } from '../node/node.ts';

/** `GET /v1/cash`: what would be cashed now. Throws `SETTLEMENT_OFF`. */
export async function cashPlan(node: WayleaveNode): Promise<object> {
  const { gasPriceWei, entries } = await chequesOf(node).cashPlan();
  return { ok: true, gasPriceWei: String(gasPriceWei), cheques: entries };
}

function chequesOf({ cheques }: WayleaveNode): Cheques {
  if (cheques === undefined) throw new WayleaveError('SETTLEMENT_OFF');
  return cheques;
}
