import type { Chain, ChequebookFacts } from '../chain/chain.ts';
import { signDelegation } from '../chain/delegation-signing.ts';
import type { Signer } from '../chain/signer.ts';
import type { Clock } from '../core/clock.ts';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { DELEGATION_RENEW_S, type Delegation } from '../core/settlement/delegation.ts';
import type { CreditBook, CreditStanding } from '../store/credit-book.ts';

export interface SharedChequebookOptions {
  readonly address: NodeId;
  /** The operator's key that signs its cheques, the same on each of the operator's nodes. */
  readonly issuer: Signer;
  /** The book in which the nodes draw their parts. */
  readonly credit: CreditBook;
  readonly chain: Chain;
  readonly chainId: number;
  readonly node: NodeId;
  readonly clock: Clock;
}

/** Has nothing set aside in any chequebook. */
const NOBODY: NodeId = `0x${'0'.repeat(40)}`;

/** An operator's chequebook from which several nodes pay, as one of them sees it. */
export class SharedChequebook {
  readonly address: NodeId;
  readonly issuer: Signer;
  readonly credit: CreditBook;
  readonly #options: SharedChequebookOptions;
  #standing: CreditStanding | undefined;
  #delegation: Delegation | undefined;

  constructor(options: SharedChequebookOptions) {
    this.#options = options;
    this.address = options.address;
    this.issuer = options.issuer;
    this.credit = options.credit;
  }

  /** How the nodes share it, as last looked at. */
  get standing(): CreditStanding | undefined {
    return this.#standing;
  }

  /** Promised by all nodes, or drawn by one of them to be promised. Wei. */
  get promisedWei(): bigint {
    return this.#standing?.committedWei ?? 0n;
  }

  /**
   * What its issuer signs for this node. The end is rounded, so that a node that starts again sends what it sent before:
   * good for at least two weeks, and renewed every other week.
   */
  delegation(): Delegation {
    const { chainId, clock, issuer, node } = this.#options;
    const nowS = Math.floor(clock.wallMs() / 1000);
    const expiresS = (Math.floor(nowS / DELEGATION_RENEW_S) + 2) * DELEGATION_RENEW_S;
    if (this.#delegation?.expiresS !== expiresS) {
      this.#delegation = signDelegation(issuer, { node, payout: node, chequebook: this.address, chainId, expiresS });
    }
    return this.#delegation;
  }

  /** Looks at what the nodes have promised, without the chain. Rejects with the store's errors. */
  async look(): Promise<CreditStanding | undefined> {
    this.#standing = await this.credit.standing(this.address);
    return this.#standing;
  }

  /**
   * Tells the book what the contract holds. What was paid out and no node remembers promising is set aside: the server
   * has lost it, and may have lost more. Rejects with `CHEQUEBOOK_NOT_OURS`, the chain's errors and the store's.
   */
  async fund(): Promise<{ readonly facts: ChequebookFacts; readonly forgottenWei: bigint }> {
    const { address, chain, credit, issuer } = this.#options;
    // Before the contract is read: the report is never said to be newer than it is.
    const asOf = Number((await chain.head()).number);
    const facts = await chain.chequebook(address, NOBODY);
    if (facts === undefined || !facts.fromFactory || facts.issuer !== issuer.id) {
      throw new WayleaveError('CHEQUEBOOK_NOT_OURS', { chequebook: address, issuer: issuer.id });
    }
    const capacityWei = facts.balanceWei + facts.totalPaidOutWei;
    const setAsideWei = facts.balanceWei - facts.availableWei + facts.withdrawalWei;
    // Where the book is new it takes in what the nodes have signed before only when it is funded.
    if ((await this.look()) === undefined) await credit.fund(address, { capacityWei, reservedWei: capacityWei, asOf });
    const forgottenWei = forgotten(await this.look(), facts.totalPaidOutWei);
    await credit.fund(address, { capacityWei, reservedWei: setAsideWei + forgottenWei, asOf });
    await this.look();
    return { facts, forgottenWei };
  }
}

/** Paid out, and promised by nobody as far as the book knows. */
function forgotten(standing: CreditStanding | undefined, paidOutWei: bigint): bigint {
  const { adoptedWei = 0n, leases = [] } = standing ?? {};
  const promisedWei = leases.reduce((sum, { issuedWei }) => sum + issuedWei, adoptedWei);
  return paidOutWei > promisedWei ? paidOutWei - promisedWei : 0n;
}
