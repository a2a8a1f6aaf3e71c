import { keccak_256 } from '@noble/hashes/sha3.js';
import { recoverChequeIssuer } from '../chain/cheque-signing.ts';
import type { SignedCheque } from '../core/cheque.ts';
import type { NodeId } from '../core/node-id.ts';
import type { ChainState, SimChequebook } from './chain-state.ts';

/**
 * What the contracts do, as `contracts/Chequebook.sol` and its factory do it: each call changes the state or is refused
 * with the name of the contract's error. The same suite of the chain port runs against this and against an EVM.
 */

/** Refused by a contract: the transaction has no effect but its gas. */
export class Revert extends Error {
  override readonly name = 'Revert';
}

/** What one call changed, as far as anybody reads it from a receipt. */
export interface CallOutcome {
  readonly paidWei: bigint;
  readonly bounced: boolean;
}

/** One call of a contract, or a plain payment. It may be run again, when its block was reorganised away. */
export interface ContractCall {
  readonly from: NodeId;
  readonly gas: bigint;
  /** Coin sent along. */
  readonly wei: bigint;
  /** Throws `Revert`. `hash` is that of the transaction, `nowS` the block's time in seconds since the epoch. */
  run(state: ChainState, block: { readonly hash: string; readonly nowS: number }): CallOutcome;
}

/** Gas by call, near what docs/contracts.md says was measured. */
const GAS = { deploy: 800_000n, deposit: 26_000n, cash: 85_000n, announce: 70_000n, withdraw: 45_000n } as const;

/** An announcement lapses after this; as in the contract. */
const WITHDRAWAL_WINDOW_S = 7 * 86_400;

const NOTHING: CallOutcome = { paidWei: 0n, bounced: false };

export interface Deployment {
  readonly owner: NodeId;
  readonly issuer: NodeId;
  readonly freezeSeconds: number;
  readonly depositWei: bigint;
  /** False for a contract that was not deployed through the factory. */
  readonly fromFactory: boolean;
}

/** Where a chequebook stands: it follows from everything it was deployed with but the deposit. */
export function chequebookAddress({ owner, issuer, freezeSeconds, fromFactory }: Deployment): NodeId {
  return `0x${hashOf(`chequebook ${owner} ${issuer} ${freezeSeconds} ${fromFactory}`).slice(2, 42)}`;
}

/** `0x` and the Keccak-256 of a text. */
export function hashOf(text: string): string {
  return `0x${Buffer.from(keccak_256(new TextEncoder().encode(text))).toString('hex')}`;
}

export function deployCall(deployment: Deployment): ContractCall {
  const { owner, issuer, freezeSeconds, fromFactory, depositWei } = deployment;
  const address = chequebookAddress(deployment);
  return {
    from: owner,
    gas: GAS.deploy,
    wei: depositWei,
    run(state, { hash }) {
      if (state.book(address) !== undefined) throw new Revert('AddressTaken');
      pay(state, owner, address, depositWei);
      const fresh = { bounced: false, announcedWei: 0n, announcedFromS: 0, deployedBy: hash };
      state.setBook({ address, owner, issuer, freezeSeconds, fromFactory, ...fresh });
      return NOTHING;
    },
  };
}

export function depositCall(from: NodeId, to: NodeId, wei: bigint): ContractCall {
  return {
    from,
    gas: GAS.deposit,
    wei,
    run(state) {
      pay(state, from, to, wei);
      return NOTHING;
    },
  };
}

export function cashCall(from: NodeId, chainId: number, cheque: SignedCheque): ContractCall {
  const { chequebook, beneficiary, cumulativeWei } = cheque;
  let signer: NodeId | undefined;
  return {
    from,
    gas: GAS.cash,
    wei: 0n,
    run(state) {
      const book = state.book(chequebook);
      // As on an EVM: a call of an address without code does nothing, and succeeds.
      if (book === undefined) return NOTHING;
      signer ??= recoverChequeIssuer(chainId, cheque);
      if (signer !== book.issuer) throw new Revert('SignerNotIssuer');
      const before = state.paidOut(chequebook, beneficiary);
      if (cumulativeWei <= before) throw new Revert('NothingOwed');
      const owedWei = cumulativeWei - before;
      const availableWei = state.balance(chequebook);
      const paidWei = owedWei < availableWei ? owedWei : availableWei;
      const bounced = paidWei < owedWei;
      state.setPaidOut(chequebook, beneficiary, before + paidWei);
      if (bounced) state.setBook({ ...book, bounced });
      pay(state, chequebook, beneficiary, paidWei);
      return { paidWei, bounced };
    },
  };
}

/** An amount of 0 takes an announcement back. */
export function announceCall(from: NodeId, chequebook: NodeId, wei: bigint): ContractCall {
  return {
    from,
    gas: GAS.announce,
    wei: 0n,
    run(state, { nowS }) {
      const book = ownBook(state, from, chequebook);
      state.setBook({ ...book, announcedWei: wei, announcedFromS: wei === 0n ? 0 : nowS + book.freezeSeconds });
      return NOTHING;
    },
  };
}

export function withdrawCall(from: NodeId, chequebook: NodeId): ContractCall {
  return {
    from,
    gas: GAS.withdraw,
    wei: 0n,
    run(state, { nowS }) {
      const book = ownBook(state, from, chequebook);
      if (book.announcedWei === 0n) throw new Revert('NothingAnnounced');
      if (nowS < book.announcedFromS) throw new Revert('StillFrozen');
      if (nowS > book.announcedFromS + WITHDRAWAL_WINDOW_S) throw new Revert('AnnouncementLapsed');
      const availableWei = state.balance(chequebook);
      state.setBook({ ...book, announcedWei: 0n, announcedFromS: 0 });
      pay(state, chequebook, from, book.announcedWei < availableWei ? book.announcedWei : availableWei);
      return NOTHING;
    },
  };
}

/** From when an announced withdrawal can be taken, seconds; undefined without one, and once it has lapsed. */
export function withdrawableAtS(book: SimChequebook, nowS: number): number | undefined {
  if (book.announcedFromS === 0 || nowS > book.announcedFromS + WITHDRAWAL_WINDOW_S) return undefined;
  return book.announcedFromS;
}

function ownBook(state: ChainState, from: NodeId, chequebook: NodeId): SimChequebook {
  const book = state.book(chequebook);
  if (book?.owner !== from) throw new Revert('CallerNotOwner');
  return book;
}

function pay(state: ChainState, from: NodeId, to: NodeId, wei: bigint): void {
  if (!state.move(from, to, wei)) throw new Revert('insufficient funds');
}
