import type { NodeId } from '../core/node-id.ts';
import type { ChequeDesk } from '../settle/cheque-desk.ts';
import type { ChequebookFactsBook } from '../settle/chequebook-facts.ts';
import type { OwnChequebook } from '../settle/own-chequebook.ts';
import type { SharedChequebook } from '../settle/shared-chequebook.ts';
import type { ChequebookStatus, LeaseStatus, SolvencyStatus } from './node.ts';

/** Where the views come from: all is in memory, and as old as the last look at the chain. */
export interface SolvencySources {
  readonly desk: ChequeDesk;
  readonly own: OwnChequebook;
  readonly facts: ChequebookFactsBook;
  readonly shared: SharedChequebook | undefined;
}

/** What this node's chequebooks can still promise, the one it pays from first. */
export function ownStanding({ desk, own, shared }: SolvencySources): ChequebookStatus[] {
  return own.books.map(({ address, capacityWei, delegated, forgottenWei, reservedWei }) => {
    const promisedWei = desk.promisedWei(address);
    return {
      address,
      current: address === own.address,
      capacityWei: String(capacityWei),
      reservedWei: String(reservedWei + forgottenWei),
      promisedWei: String(promisedWei),
      freeWei: String(own.freeWei(address, promisedWei)),
      ...(delegated === true && { leases: shared?.address === address ? leases(shared) : [] }),
    };
  });
}

function leases({ standing }: SharedChequebook): LeaseStatus[] {
  return (standing?.leases ?? []).map(({ expiresMs, grantedWei, issuedWei, node }) => {
    return { node, leftWei: String(grantedWei - issuedWei), issuedWei: String(issuedWei), expiresMs };
  });
}

/** Is there coin behind what a neighbour has paid? Advice: others hold its cheques, too. */
export function solvencyOf(chequebook: NodeId, { desk, facts: book }: SolvencySources): SolvencyStatus | undefined {
  const facts = book.of(chequebook);
  if (typeof facts !== 'object') return undefined;
  const { balanceWei, bounced, reservedWei, totalPaidOutWei, withdrawalWei } = facts;
  const { cashedCumulative = 0n, cumulative = 0n } = desk.receivedOn(chequebook) ?? {};
  const claimsWei = cumulative > cashedCumulative ? cumulative - cashedCumulative : 0n;
  // What is set aside for this node pays its own claims first, and nobody else's.
  const hardWei = balanceWei - facts.availableWei + withdrawalWei;
  const leftWei = balanceWei - hardWei - claimsWei;
  return {
    chequebook,
    balanceWei: String(balanceWei),
    paidOutWei: String(totalPaidOutWei),
    claimsWei: String(claimsWei),
    hardWei: String(hardWei),
    forMeWei: String(reservedWei),
    leftWei: String(leftWei),
    bounced,
  };
}
