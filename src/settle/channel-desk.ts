import { signCheque } from '../chain/cheque-signing.ts';
import { IssuerKeys } from '../chain/issuer-keys.ts';
import type { Signer } from '../chain/signer.ts';
import { clearsWhenFinal } from '../core/credit/risk.ts';
import { type ErrorCode, WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { type Ratio, unitsToWei, type WeiAmount, weiToUnits } from '../core/ratio.ts';
import type { PaymentMessage, PaymentProof } from '../core/session/message.ts';
import type { PaymentOutcome } from '../core/session/session-effect.ts';
import { type Acceptance, type Voided, withAccepted, withClosed } from '../core/settlement/accepted-total.ts';
import {
  type ChannelKnowledge,
  type ChannelShare,
  type ChannelVerdict,
  checkChannelPayment,
  coverWei,
  roomWei,
  topUpDue,
} from '../core/settlement/channel-payment.ts';
import { MIN_CHEQUE_UNITS, nextCumulative, type SignedCheque } from '../core/settlement/cheque.ts';
import type { Units } from '../core/units.ts';
import type { ChannelTotalRecord, Store, StoreRecord } from '../store/store.ts';
import type { ChannelBook, KnownChannel } from './channel-book.ts';
import type { MethodDesk } from './method-desk.ts';

export interface ChannelDeskOptions {
  readonly signer: Signer;
  readonly chainId: number;
  readonly store: Store;
  readonly book: ChannelBook;
  readonly neighbour: (id: NodeId) => {
    readonly theirRatio: Ratio | undefined;
    readonly myRatio: Ratio | undefined;
    readonly riskAt: Units;
    /** The channel in the terms of mine that it acknowledged: before it knows of one, it takes no payment in it. */
    readonly myChannel?: NodeId | undefined;
  };
  readonly totals: readonly ChannelTotalRecord[];
  /** A payment of `wei` found no channel or no room, or what is there is nearly spent: more is to be put in. */
  readonly wanted: (neighbour: NodeId, wei: bigint) => void;
  /** This channel must not be paid in: its close was agreed on. */
  readonly leaving: (channel: NodeId) => boolean;
  /** Who signed a payment; the curve's word unless given. */
  readonly issuers?: Pick<IssuerKeys, 'signed' | 'cashable'>;
}

/** A channel with a shorter freeze period leaves too little time to answer an old state. Seconds. */
export const LEAST_FREEZE_SECONDS = 3_600;

/** What is unread or not covered is looked up on the chain before it is refused. */
const LOOK_AGAIN: ReadonlySet<ErrorCode> = new Set([
  'CHANNEL_UNVERIFIED',
  'CHANNEL_NO_CONTRACT',
  'CHANNEL_NOT_COVERED',
]);

/** Pays in channels and takes payments in them. Every rule is in `core/settlement/channel-payment.ts`; here are the key and the store. */
export class ChannelDesk implements MethodDesk {
  readonly #options: ChannelDeskOptions;
  /** The last total signed for each neighbour, in whichever channel. */
  readonly #mine = new Map<NodeId, ChannelTotalRecord>();
  /** The last total signed in each channel: one that was closed may stand open again on another branch. */
  readonly #signed = new Map<NodeId, ChannelTotalRecord>();
  /** The last total taken in each channel. */
  readonly #theirs = new Map<NodeId, ChannelTotalRecord>();
  /** In which channels each neighbour has ever paid: a few, also where channels are many. */
  readonly #paidIn = new Map<NodeId, Set<NodeId>>();
  /** Found good and not yet in the account: by neighbour, until `accepted`. */
  readonly #checked = new Map<NodeId, ChannelTotalRecord>();
  readonly #issuers: Pick<IssuerKeys, 'signed' | 'cashable'>;
  /** Totals taken that were asked for, as the contract takes them. */
  readonly #cashable = new WeakMap<ChannelTotalRecord, SignedCheque>();

  /** Channels in which a payment is being made durable: it is signed, and in no total yet. */
  readonly #writing = new Set<NodeId>();

  constructor(options: ChannelDeskOptions) {
    this.#options = options;
    this.#issuers = options.issuers ?? new IssuerKeys();
    for (const record of options.totals) {
      if (record.side === 'theirs') this.#took(record);
      else if (record.paymentId >= (this.#mine.get(record.neighbour)?.paymentId ?? 0)) this.#stands(record);
      else this.#signed.set(record.channel, record);
    }
  }

  #stands(record: ChannelTotalRecord): void {
    this.#mine.set(record.neighbour, record);
    this.#signed.set(record.channel, record);
  }

  /** What this node has signed in a channel, and what the other party has. */
  mine(channel: KnownChannel): ChannelTotalRecord | undefined {
    return this.#signed.get(channel.address);
  }

  theirs(channel: NodeId): ChannelTotalRecord | undefined {
    return this.#theirs.get(channel);
  }

  /** The other party's newest total as the contract takes it; undefined where it has paid nothing. */
  newest(channel: NodeId): SignedCheque | undefined {
    const last = this.#theirs.get(channel);
    if (last === undefined) return undefined;
    const known = this.#cashable.get(last);
    if (known !== undefined) return known;
    const cheque = this.#issuers.cashable(this.#options.chainId, chequeOf(last), last.neighbour);
    this.#cashable.set(last, cheque);
    return cheque;
  }

  pending(neighbour: NodeId): { units: Units; lastPaymentId: number } {
    const last = this.#mine.get(neighbour);
    if (last === undefined) return { units: 0, lastPaymentId: 0 };
    return { units: isPending(last) ? last.amount : 0, lastPaymentId: last.paymentId };
  }

  /** A payment is being written there: the totals are not to be agreed on now. */
  busy(channel: NodeId): boolean {
    return this.#writing.has(channel);
  }

  /** The neighbour's newest total there, also while it is being booked. Wei. */
  heardWei({ address, neighbour }: KnownChannel): bigint {
    const checked = this.#checked.get(neighbour);
    const wei = this.#theirs.get(address)?.cumulative ?? 0n;
    return checked?.channel === address && checked.cumulative > wei ? checked.cumulative : wei;
  }

  /** What this node has in a channel, by the newest totals signed. */
  share(channel: KnownChannel): ChannelShare {
    const { depositedWei, paidWei, withdrawnWei } = channel.mine;
    const signed = this.mine(channel)?.cumulative ?? 0n;
    const received = this.#theirs.get(channel.address)?.cumulative ?? 0n;
    return { depositedWei, withdrawnWei, paidWei: signed > paidWei ? signed : paidWei, receivedWei: received };
  }

  /** The channel a payment goes in, and what it comes to there. Throws `CHANNEL_MISSING`, `CHANNEL_FULL`. */
  #place(neighbour: NodeId, units: Units): { channel: KnownChannel; share: ChannelShare; due: WeiAmount } {
    const { book, leaving, wanted } = this.#options;
    const { myChannel, theirRatio: ratio } = this.#options.neighbour(neighbour);
    const channel = book.open(neighbour);
    if (ratio === undefined || channel === undefined) {
      if (ratio !== undefined) wanted(neighbour, unitsToWei(units, ratio).wei);
      throw new WayleaveError('CHANNEL_MISSING', { neighbour });
    }
    // What is pending in a channel before this one is answered there first.
    const last = this.#mine.get(neighbour);
    const stuck = last !== undefined && last.channel !== channel.address && isPending(last);
    if (stuck || myChannel !== channel.address || leaving(channel.address))
      throw new WayleaveError('CHANNEL_MISSING', { neighbour });
    const due = unitsToWei(units, ratio, this.mine(channel)?.remainder ?? 0n);
    const share = this.share(channel);
    const missingWei = due.wei - roomWei(share);
    if (missingWei <= 0n) return { channel, share, due };
    wanted(neighbour, missingWei);
    throw new WayleaveError('CHANNEL_FULL', { channel: channel.address, missingWei });
  }

  /** Durable before it returns. Throws `CHANNEL_MISSING`, `CHANNEL_FULL`, `STORE_*`. */
  async write(neighbour: NodeId, payment: { id: number; units: Units }): Promise<PaymentProof> {
    const { chainId, signer, store, wanted } = this.#options;
    const { channel, due, share } = this.#place(neighbour, payment.units);
    const cumulative = nextCumulative(share.paidWei, due.wei);
    const beneficiary = channel.theirPayee;
    const cheque = signCheque(signer, chainId, { chequebook: channel.address, beneficiary, cumulativeWei: cumulative });
    const record: ChannelTotalRecord = {
      kind: 'channelTotal',
      channel: channel.address,
      side: 'mine',
      neighbour,
      beneficiary,
      cumulative,
      signature: cheque.signature,
      amount: payment.units + this.pending(neighbour).units,
      paymentId: payment.id,
      acceptedCumulative: this.mine(channel)?.acceptedCumulative ?? channel.mine.paidWei,
      remainder: due.remainder,
    };
    this.#writing.add(channel.address);
    try {
      await store.commit([record]);
      this.#stands(record);
    } finally {
      this.#writing.delete(channel.address);
    }
    if (topUpDue(this.share(channel))) wanted(neighbour, 0n);
    return { kind: 'cheque', cheque };
  }

  unacknowledged(neighbour: NodeId): { id: number; proof: PaymentProof } | undefined {
    const last = this.#mine.get(neighbour);
    if (last === undefined || !isPending(last)) return undefined;
    const missingWei = this.missingWei(neighbour, last.channel);
    if (missingWei > 0n) this.#options.wanted(neighbour, missingWei);
    // A reorganisation took it back: it counts only when the channel stands again, at the same place, with as much in it.
    if (this.#options.book.at(last.channel) === 'absent') return undefined;
    return { id: last.paymentId, proof: { kind: 'cheque', cheque: chequeOf(last) } };
  }

  /**
   * What this node's last total says there beyond what it has there: a reorganisation may have taken a deposit back, or all
   * of the channel. Wei; 0 where it is closed, or being closed, and where it has to wait until the channel before it is.
   */
  missingWei(neighbour: NodeId, address: NodeId): bigint {
    const { book } = this.#options;
    const last = this.#signed.get(address);
    if (last === undefined) return 0n;
    const channel = book.at(address);
    if (channel === 'absent') return book.open(neighbour) === undefined ? last.cumulative : 0n;
    if (typeof channel === 'string') return 0n;
    if (channel.facts.closed || channel.facts.closesAtS !== undefined) return 0n;
    const wei = last.cumulative - coverWei(this.share(channel));
    return wei > 0n ? wei : 0n;
  }

  restated(neighbour: NodeId): PaymentMessage[] {
    const last = this.#mine.get(neighbour);
    const channel = last === undefined ? 'absent' : this.#options.book.at(last.channel);
    if (last === undefined || isPending(last) || typeof channel === 'string' || channel.facts.closed) return [];
    return [restatement(last)];
  }

  acknowledged(neighbour: NodeId, acceptance: Acceptance): StoreRecord[] {
    const last = this.#mine.get(neighbour);
    if (last === undefined) return [];
    const record = withAccepted(last, acceptance);
    this.#stands(record);
    return [record];
  }

  /**
   * The neighbour says that the channel was closed without this payment. Where the chain says so too, and no other branch
   * can win, it can never count: its units, but for what the close paid, with the record that says so.
   */
  async voided(neighbour: NodeId, id: number): Promise<(Voided & { records: StoreRecord[] }) | undefined> {
    const { book } = this.#options;
    const last = this.#mine.get(neighbour);
    if (last === undefined || last.paymentId !== id || !isPending(last)) return undefined;
    await book.read(last.channel, neighbour);
    const channel = book.at(last.channel);
    if (typeof channel === 'string' || !channel.facts.closed || channel.mine.paidWei >= last.cumulative)
      return undefined;
    const { theirRatio: ratio } = this.#options.neighbour(neighbour);
    if (ratio === undefined || !(await book.closedForGood(last.channel)) || this.#mine.get(neighbour) !== last)
      return undefined;
    const { record, ...voided } = withClosed(last, channel.mine.paidWei, ratio);
    this.#stands(record);
    return { ...voided, records: [record] };
  }

  async check(neighbour: NodeId, payment: PaymentMessage): Promise<PaymentOutcome> {
    if (payment.proof.kind !== 'cheque') return { accepted: false, code: 'MESSAGE_UNEXPECTED', acceptedWei: 0n };
    const { cheque } = payment.proof;
    const last = this.#theirs.get(cheque.chequebook);
    const acceptedWei = last?.neighbour === neighbour ? last.cumulative : 0n;
    const { myRatio, riskAt } = this.#options.neighbour(neighbour);
    if (myRatio === undefined) return { accepted: false, code: 'MESSAGE_UNEXPECTED', acceptedWei };
    let verdict = this.#judge(neighbour, cheque, myRatio);
    if (verdict.kind === 'refused' && LOOK_AGAIN.has(verdict.code)) {
      await this.#options.book.read(cheque.chequebook, neighbour);
      verdict = this.#judge(neighbour, cheque, myRatio);
    }
    if (verdict.kind === 'refused') return { accepted: false, code: verdict.code, acceptedWei };
    if (verdict.kind === 'duplicate') return { accepted: true, units: 0, clearing: 0, acceptedWei };
    const record = taken(neighbour, cheque, verdict, last);
    // What the deposit covers is final at once, however much it is: a total that was forgotten may be said again.
    const clearing = clearsWhenFinal(verdict.units, this.#unsureUnits(neighbour, myRatio, record), riskAt);
    this.#checked.set(neighbour, record);
    return { accepted: true, units: verdict.units, clearing, acceptedWei: cheque.cumulativeWei };
  }

  #judge(neighbour: NodeId, cheque: SignedCheque, ratio: Ratio): ChannelVerdict {
    const { book, chainId, leaving, signer } = this.#options;
    const channel = book.at(cheque.chequebook);
    const last = this.#theirs.get(cheque.chequebook);
    return checkChannelPayment({
      cheque,
      me: signer.id,
      neighbour,
      // A total beyond the one agreed on would be left out of the close.
      channel: typeof channel === 'string' ? channel : knowledgeOf(channel, signer.id, leaving(channel.address)),
      last: last === undefined ? undefined : { cumulativeWei: last.cumulative, signature: last.signature },
      paidBackWei: typeof channel === 'string' ? 0n : (this.mine(channel)?.cumulative ?? channel.mine.paidWei),
      leastFreezeSeconds: LEAST_FREEZE_SECONDS,
      ratio,
      remainder: last?.remainder ?? 0n,
      minimumUnits: MIN_CHEQUE_UNITS,
      genuine: () => this.#issuers.signed(chainId, cheque, neighbour),
    });
  }

  accepted(neighbour: NodeId): StoreRecord[] {
    const checked = this.#checked.get(neighbour);
    if (checked === undefined) return [];
    this.#checked.delete(neighbour);
    this.#took(checked);
    return [checked];
  }

  #took(record: ChannelTotalRecord): void {
    this.#theirs.set(record.channel, record);
    const others = this.#paidIn.get(record.neighbour);
    if (others === undefined) this.#paidIn.set(record.neighbour, new Set([record.channel]));
    else others.add(record.channel);
  }

  /**
   * What was taken and is not sure: beyond what the payer surely has in the channel (a reorganisation may take a young
   * deposit back), or left out when the channel was closed with an older total. Whatever a sure deposit covers is final:
   * the freeze period is there to hand it in (docs/contracts.md).
   */
  uncashedUnits(neighbour: NodeId, ratio = this.#options.neighbour(neighbour).myRatio): Units {
    return ratio === undefined ? 0 : this.#unsureUnits(neighbour, ratio);
  }

  /** `newest`: with a total that is not booked yet. */
  #unsureUnits(neighbour: NodeId, ratio: Ratio, newest?: ChannelTotalRecord): Units {
    let wei = newest === undefined ? 0n : this.#unsureWei(newest, SURE);
    for (const channel of this.#paidIn.get(neighbour) ?? []) {
      const record = channel === newest?.channel ? undefined : this.#theirs.get(channel);
      if (record !== undefined) wei += this.#unsureWei(record, SURE);
    }
    return wei <= 0n ? 0 : weiToUnits(wei, ratio).units;
  }

  /** Of one total taken, what the channel as it stands does not pay: beyond what its payer has there, or left out. */
  uncoveredWei(record: ChannelTotalRecord): bigint {
    return this.#unsureWei(record, ({ theirs }) => theirs.depositedWei);
  }

  #unsureWei(record: ChannelTotalRecord, deposited: (channel: KnownChannel) => bigint): bigint {
    const channel = this.#options.book.at(record.channel);
    if (typeof channel === 'string') return record.cumulative;
    const { paidWei, withdrawnWei } = channel.theirs;
    const receivedWei = this.mine(channel)?.cumulative ?? channel.mine.paidWei;
    const cover = coverWei({ depositedWei: deposited(channel), withdrawnWei, receivedWei });
    const sure = channel.facts.closed && paidWei < cover ? paidWei : cover;
    return record.cumulative > sure ? record.cumulative - sure : 0n;
  }
}

/** What of a deposit no reorganisation takes back any more. */
const SURE = ({ sureWei }: KnownChannel): bigint => sureWei;

function knowledgeOf({ facts, neighbour, theirs }: KnownChannel, me: NodeId, leaving: boolean): ChannelKnowledge {
  return {
    fromFactory: facts.fromFactory,
    payer: neighbour,
    payee: me,
    freezeSeconds: facts.freezeSeconds,
    depositedWei: theirs.depositedWei,
    withdrawnWei: theirs.withdrawnWei,
    handedInWei: theirs.paidWei,
    closing: leaving || facts.closesAtS !== undefined,
    closed: facts.closed,
  };
}

function isPending({ acceptedCumulative, cumulative }: ChannelTotalRecord): boolean {
  return cumulative > acceptedCumulative;
}

function chequeOf({ beneficiary, channel, cumulative, signature }: ChannelTotalRecord): SignedCheque {
  return { chequebook: channel, beneficiary, cumulativeWei: cumulative, signature };
}

function restatement(last: ChannelTotalRecord): PaymentMessage {
  const proof = { kind: 'cheque', cheque: chequeOf(last) } as const;
  return { kind: 'payment', id: last.paymentId, units: last.amount, proof };
}

/** The record of a total that was taken, going on from the last one of its channel. */
function taken(
  neighbour: NodeId,
  cheque: SignedCheque,
  verdict: ChannelVerdict & { kind: 'accepted' },
  last: ChannelTotalRecord | undefined,
): ChannelTotalRecord {
  return {
    kind: 'channelTotal',
    channel: cheque.chequebook,
    side: 'theirs',
    neighbour,
    beneficiary: cheque.beneficiary,
    cumulative: cheque.cumulativeWei,
    signature: cheque.signature,
    amount: (last?.amount ?? 0) + verdict.units,
    paymentId: 0,
    acceptedCumulative: last?.acceptedCumulative ?? cheque.cumulativeWei - verdict.addedWei,
    remainder: verdict.remainder,
  };
}
