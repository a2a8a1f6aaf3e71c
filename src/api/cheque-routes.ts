import * as v from 'valibot';
import { WayleaveError } from '../core/errors.ts';
import type { Cheques, WayleaveNode } from '../node/node.ts';
import { nodeIdField } from './node-id-field.ts';

/** `GET /v1/cash`: what would be cashed now. Throws `SETTLEMENT_OFF`. */
export async function cashPlan(node: WayleaveNode): Promise<object> {
  const { gasPriceWei, entries } = await chequesOf(node).cashPlan();
  return { ok: true, gasPriceWei: String(gasPriceWei), cheques: entries };
}

/** `POST /v1/cash`: cashes what is held. Throws `SETTLEMENT_OFF`. */
export async function cashAll(node: WayleaveNode): Promise<object> {
  const done = await node.cashAll();
  const cheques = done.map(({ gasWei, owedWei, paidWei, ...rest }) => {
    const wei = { owedWei: String(owedWei), paidWei: String(paidWei) };
    return { ...rest, ...wei, ...(gasWei !== undefined && { gasWei: String(gasWei) }) };
  });
  return { ok: true, cashed: done.filter(({ result }) => result === 'cashed').length, cheques };
}

const wei = v.pipe(
  v.string(),
  v.regex(/^\d{1,78}$/),
  v.transform((text: string): bigint => BigInt(text)),
);
const chequebook = v.optional(nodeIdField);

/** Body of `POST /v1/chequebook`: what to do with it. Amounts in wei, as text. */
export const chequebookBody = v.variant('kind', [
  v.strictObject({ kind: v.literal('deposit'), wei, chequebook }),
  v.strictObject({ kind: v.literal('replace'), wei }),
  v.strictObject({ kind: v.literal('announceWithdrawal'), wei, chequebook }),
  v.strictObject({ kind: v.literal('withdraw'), chequebook }),
  v.strictObject({ kind: v.literal('reserve'), beneficiary: nodeIdField, wei, chequebook }),
  v.strictObject({ kind: v.literal('announceRelease'), beneficiary: nodeIdField, wei, chequebook }),
  v.strictObject({ kind: v.literal('release'), beneficiary: nodeIdField, chequebook }),
]);

/** `GET /v1/chequebook`: how this node's chequebooks stand. Throws `SETTLEMENT_OFF`. */
export async function chequebookStanding(node: WayleaveNode): Promise<object> {
  const standings = await chequesOf(node).chequebooks();
  return { ok: true, chequebooks: standings.map(plain) };
}

/** `POST /v1/chequebook`. Throws `SETTLEMENT_OFF`, and the chain's errors. */
export async function orderChequebook(
  node: WayleaveNode,
  { chequebook: which, ...order }: v.InferOutput<typeof chequebookBody> & { chequebook?: string | undefined },
): Promise<object> {
  const { chequebook, transaction } = await chequesOf(node).order(order, which);
  return { ok: true, chequebook, transaction: transaction.hash };
}

function plain(standing: object): object {
  return Object.fromEntries(
    Object.entries(standing).map(([name, value]) => [
      name,
      typeof value === 'bigint' ? String(value) : (value as unknown),
    ]),
  );
}

function chequesOf({ cheques }: WayleaveNode): Cheques {
  if (cheques === undefined) throw new WayleaveError('SETTLEMENT_OFF');
  return cheques;
}
