import { keccak_256 } from '@noble/hashes/sha3.js';
import type { ChequebookOrder } from '../../chain/chain.ts';
import { recoverChequeIssuer } from '../../chain/cheque-signing.ts';
import type { NodeId } from '../../core/node-id.ts';
import type { SignedCheque } from '../../core/settlement/cheque.ts';
import { type ChainState, type SimChequebook, TOKEN } from './chain-state.ts';

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
  /** What each cheque of a batch came to, in order. */
  readonly each?: readonly { readonly chequebook: NodeId; readonly paidWei: bigint; readonly bounced: boolean }[];
}

/** One call of a contract, or a plain payment. It may be run again, when its block was reorganised away. */
export interface ContractCall {
  readonly from: NodeId;
  readonly gas: bigint;
  /** Coin sent along. */
  readonly wei: bigint;
  /** Throws `Revert`. `hash` is that of the transaction, `nowS` the block's time in seconds since the epoch. */
  run(state: ChainState, block: { readonly hash: string; readonly nowS: number; readonly number: number }): CallOutcome;
}

/** Gas by call, near what docs/contracts.md says was measured. */
const GAS = {
  deploy: 800_000n,
  deposit: 26_000n,
  pay: 21_000n,
  cash: 85_000n,
  batch: 30_000n,
  claim: 50_000n,
  announce: 70_000n,
  withdraw: 45_000n,
  reserve: 80_000n,
} as const;

/** An announcement lapses after this; as in the contract. */
const WITHDRAWAL_WINDOW_S = 7 * 86_400;

/** Has nothing set aside anywhere. */
const NOBODY: NodeId = `0x${'0'.repeat(40)}`;

/** What a call comes to that pays nobody. */
export const NOTHING: CallOutcome = { paidWei: 0n, bounced: false };

export interface Deployment {
  readonly owner: NodeId;
  readonly issuer: NodeId;
  readonly freezeSeconds: number;
  readonly depositWei: bigint;
  /** False for a contract that was not deployed through the factory. */
  readonly fromFactory: boolean;
  /** Who deploys it and pays the deposit; the owner unless given. */
  readonly from?: NodeId;
  /** Tells apart chequebooks that are alike in everything else; 0 unless given. */
  readonly nonce?: number;
}

/** Where a chequebook stands: it follows from everything it was deployed with but the deposit. */
export function chequebookAddress({ owner, issuer, freezeSeconds, fromFactory, nonce = 0 }: Deployment): NodeId {
  const which = nonce === 0 ? '' : ` ${nonce}`;
  return `0x${hashOf(`chequebook ${owner} ${issuer} ${freezeSeconds} ${fromFactory}${which}`).slice(2, 42)}`;
}

/** `0x` and the Keccak-256 of a text. */
export function hashOf(text: string): string {
  return `0x${Buffer.from(keccak_256(new TextEncoder().encode(text))).toString('hex')}`;
}

export function deployCall(deployment: Deployment): ContractCall {
  const { owner, issuer, freezeSeconds, fromFactory, depositWei, from = owner } = deployment;
  const address = chequebookAddress(deployment);
  return {
    from,
    gas: GAS.deploy,
    wei: depositWei,
    run(state, { hash }) {
      if (state.book(address) !== undefined) throw new Revert('AddressTaken');
      pay(state, from, address, depositWei);
      const books = { totalPaidOutWei: 0n, totalReservedWei: 0n };
      const fresh = { bouncedIn: undefined, announcedWei: 0n, announcedFromS: 0, deployedBy: hash, ...books };
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
    run: (state) => ({ paidWei: transfer(state, from, to, wei), bounced: false }),
  };
}

/** A plain payment, which whoever is paid finds in its block. */
export function payCall(from: NodeId, to: NodeId, wei: bigint): ContractCall {
  return {
    from,
    gas: GAS.pay,
    wei,
    run(state, { hash, number }) {
      const paidWei = transfer(state, from, to, wei);
      if (paidWei > 0n) state.notePayment(to, { from, wei: paidWei, transaction: hash, index: 0, block: number });
      return { paidWei, bounced: false };
    },
  };
}

export function cashCall(from: NodeId, chainId: number, cheque: SignedCheque): ContractCall {
  const run = cashing(chainId, cheque);
  return { from, gas: GAS.cash, wei: 0n, run };
}

/** Cheques on different chequebooks, as the factory cashes them: what cannot be paid is passed over. */
export function cashManyCall(from: NodeId, chainId: number, cheques: readonly SignedCheque[]): ContractCall {
  const runs = cheques.map((cheque) => cashing(chainId, cheque));
  return {
    from,
    gas: GAS.batch + BigInt(cheques.length) * GAS.claim,
    wei: 0n,
    run(state, block) {
      const one = (run: (typeof runs)[number]) => orNothing(() => run(state, block));
      const each = runs.map((run, at) => ({ chequebook: cheques[at]?.chequebook ?? '', ...one(run) }));
      const paidWei = each.reduce((sum, one) => sum + one.paidWei, 0n);
      return { paidWei, bounced: each.some(({ bounced }) => bounced), each };
    },
  };
}

/** A call that is refused has changed nothing here yet. */
function orNothing(run: () => CallOutcome): CallOutcome {
  try {
    return run();
  } catch (error) {
    if (error instanceof Revert) return NOTHING;
    throw error;
  }
}

/** Checks first, then changes: what throws has changed nothing. */
function cashing(chainId: number, cheque: SignedCheque): ContractCall['run'] {
  const { chequebook, beneficiary, cumulativeWei } = cheque;
  let signer: NodeId | undefined;
  return (state, { number }) => {
    const book = state.book(chequebook);
    // As on an EVM: a call of an address without code does nothing, and succeeds.
    if (book === undefined) return NOTHING;
    signer ??= recoverChequeIssuer(chainId, cheque);
    if (signer !== book.issuer) throw new Revert('SignerNotIssuer');
    const before = state.paidOut(chequebook, beneficiary);
    if (cumulativeWei <= before) throw new Revert('NothingOwed');
    const owedWei = cumulativeWei - before;
    const freeWei = availableWei(state, book, beneficiary);
    const paidWei = owedWei < freeWei ? owedWei : freeWei;
    const bounced = paidWei < owedWei;
    pay(state, chequebook, beneficiary, paidWei);
    const mine = state.reserved(chequebook, beneficiary);
    const fromReserve = paidWei < mine ? paidWei : mine;
    if (fromReserve > 0n) state.setReserved(chequebook, beneficiary, mine - fromReserve);
    state.setPaidOut(chequebook, beneficiary, before + paidWei);
    state.setBook({
      ...book,
      bouncedIn: book.bouncedIn ?? (bounced ? number : undefined),
      totalPaidOutWei: book.totalPaidOutWei + paidWei,
      totalReservedWei: book.totalReservedWei - fromReserve,
    });
    return { paidWei, bounced };
  };
}

/** The most a cheque to this beneficiary could be paid now: what is set aside for others is not there for it. */
export function availableWei(state: ChainState, book: SimChequebook, beneficiary: NodeId): bigint {
  const others = book.totalReservedWei - state.reserved(book.address, beneficiary);
  const wei = state.balance(book.address) - others;
  return wei > 0n ? wei : 0n;
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
      const freeWei = availableWei(state, book, NOBODY);
      state.setBook({ ...book, announcedWei: 0n, announcedFromS: 0 });
      pay(state, chequebook, from, book.announcedWei < freeWei ? book.announcedWei : freeWei);
      return NOTHING;
    },
  };
}

/** Sets more aside for one beneficiary. Ends an announced release for it. */
export function reserveCall(from: NodeId, chequebook: NodeId, beneficiary: NodeId, wei: bigint): ContractCall {
  return {
    from,
    gas: GAS.reserve,
    wei: 0n,
    run(state) {
      const book = ownOrIssued(state, from, chequebook);
      if (wei > availableWei(state, book, NOBODY)) throw new Revert('ReserveNotCovered');
      state.setBook({ ...book, totalReservedWei: book.totalReservedWei + wei });
      state.setReserved(chequebook, beneficiary, state.reserved(chequebook, beneficiary) + wei);
      state.setRelease(chequebook, beneficiary, { wei: 0n, fromS: 0 });
      return NOTHING;
    },
  };
}

export function announceReleaseCall(from: NodeId, chequebook: NodeId, beneficiary: NodeId, wei: bigint): ContractCall {
  return {
    from,
    gas: GAS.announce,
    wei: 0n,
    run(state, { nowS }) {
      const { freezeSeconds } = ownOrIssued(state, from, chequebook);
      state.setRelease(chequebook, beneficiary, { wei, fromS: wei === 0n ? 0 : nowS + freezeSeconds });
      return NOTHING;
    },
  };
}

export function releaseCall(from: NodeId, chequebook: NodeId, beneficiary: NodeId): ContractCall {
  return {
    from,
    gas: GAS.withdraw,
    wei: 0n,
    run(state, { nowS }) {
      const book = ownOrIssued(state, from, chequebook);
      const { wei, fromS } = state.release(chequebook, beneficiary) ?? { wei: 0n, fromS: 0 };
      if (wei === 0n) throw new Revert('NothingAnnounced');
      if (nowS < fromS) throw new Revert('StillFrozen');
      if (nowS > fromS + WITHDRAWAL_WINDOW_S) throw new Revert('AnnouncementLapsed');
      const reserved = state.reserved(chequebook, beneficiary);
      const freed = wei < reserved ? wei : reserved;
      state.setRelease(chequebook, beneficiary, { wei: 0n, fromS: 0 });
      state.setReserved(chequebook, beneficiary, reserved - freed);
      state.setBook({ ...book, totalReservedWei: book.totalReservedWei - freed });
      return NOTHING;
    },
  };
}

/** The call of an order of the chain port. */
export function administerCall(from: NodeId, chequebook: NodeId, order: ChequebookOrder): ContractCall {
  switch (order.kind) {
    case 'announceWithdrawal':
      return announceCall(from, chequebook, order.wei);
    case 'withdraw':
      return withdrawCall(from, chequebook);
    case 'reserve':
      return reserveCall(from, chequebook, order.beneficiary, order.wei);
    case 'announceRelease':
      return announceReleaseCall(from, chequebook, order.beneficiary, order.wei);
    case 'release':
      return releaseCall(from, chequebook, order.beneficiary);
  }
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

function ownOrIssued(state: ChainState, from: NodeId, chequebook: NodeId): SimChequebook {
  const book = state.book(chequebook);
  if (book?.owner !== from && book?.issuer !== from) throw new Revert('CallerNotOwnerOrIssuer');
  return book;
}

/** Moves money, or refuses: what a contract does, which knows a token that answers `false`. Returns what arrives. */
export function pay(state: ChainState, from: NodeId, to: NodeId, wei: bigint): bigint {
  if (wei === 0n) return 0n;
  const arrived = transfer(state, from, to, wei);
  if (arrived === 0n) throw new Revert('TransferFailed');
  return arrived;
}

/** The same, or does nothing: returns false. */
export function tryPay(state: ChainState, from: NodeId, to: NodeId, wei: bigint): boolean {
  try {
    pay(state, from, to, wei);
    return true;
  } catch (error) {
    if (error instanceof Revert) return false;
    throw error;
  }
}

/** Moves coin, or has the token move it as it pleases. Returns what arrives. */
function transfer(state: ChainState, from: NodeId, to: NodeId, wei: bigint): bigint {
  const { token } = state;
  if (token?.mood === 'paused') {
    token.did('reverted');
    throw new Revert('token is paused');
  }
  if (token?.mood === 'refusing') {
    token.did('refused');
    return 0n;
  }
  if (!state.move(from, to, wei)) throw new Revert('insufficient funds');
  const feeWei = token?.feeOf(wei) ?? 0n;
  if (token === undefined || feeWei === 0n) return wei;
  token.did('kept');
  state.move(to, TOKEN, feeWei);
  return wei - feeWei;
}
