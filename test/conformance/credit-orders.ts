import type { ChequeOrder, CreditStanding } from '../../src/store/credit-book.ts';
import type { IssuedChequeRecord } from '../../src/store/store.ts';

/** Cheques for the tests of credit books. Light, since worker processes load it, too. */

const keyOf = (n: number) => `0x${n.toString(16).padStart(40, '0')}`;

export const chequebook = keyOf(0xb00c);
export const funds = (capacityWei: bigint, reservedWei = 0n, asOf = 1) => ({ capacityWei, reservedWei, asOf });

/** An order for `wei` to beneficiary `to`, with a record like the desk's. */
export function order(to: number, wei: bigint, paymentId = 1): ChequeOrder {
  const beneficiary = keyOf(to);
  const write = (cumulative: bigint): IssuedChequeRecord => ({
    kind: 'issued',
    chequebook,
    beneficiary,
    cumulative,
    signature: new Uint8Array(65).fill(Number(cumulative % 251n)),
    amount: 1,
    paymentId,
    acceptedCumulative: 0n,
    remainder: 0n,
    ownCumulative: cumulative,
  });
  return { chequebook, beneficiary, wei, write };
}

/** What nodes have promised, by what the book says. */
export const promised = ({ adoptedWei, leases }: CreditStanding) =>
  leases.reduce((sum, { issuedWei }) => sum + issuedWei, adoptedWei);
