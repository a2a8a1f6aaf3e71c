import type { SignedText } from '../chain/text-signing.ts';
import type { PaymentHistory } from '../core/credit/payment-history.ts';
import type { NodeId } from '../core/node-id.ts';
import type { Service } from '../core/service.ts';
import type { PaymentMethod } from '../core/terms/terms.ts';
import type { PacketFigures } from '../packets/packet-user.ts';
import type { CashedCheque } from '../settle/cashed-cheque.ts';
import type { CashPlan } from '../settle/cashier-desk.ts';
import type { Ordered } from '../settle/own-chequebook.ts';
import type { ChequebookStanding, TreasuryOrder } from '../settle/treasury.ts';
import type { LedgerQuery, LinkLedger } from './link-ledger.ts';
import type { PacketService } from './packet-service.ts';

/** A running node as its faces (api, cli, lab) see it. `createNode` makes one. Amounts in units unless a name says wei. */
export interface WayleaveNode {
  readonly id: NodeId;
  readonly name: string;
  status(): NodeStatus;
  /** Value packets; absent where they are off. */
  readonly packets?: PacketService | undefined;
  /** Every event from now on; returns a function that stops the stream. */
  subscribe(listener: (event: NodeEvent) => void): () => void;
  /**
   * Stops (or resumes) paying a neighbour, or everyone, known here already or not, until this node ends. For
   * demonstrations and emergencies. Throws `NEIGHBOURS_EXHAUSTED` for more of them than there can be.
   */
  pausePayments(paused: boolean, neighbour?: NodeId): void;
  /**
   * Pays what is owed to a neighbour, or to everyone, though it is not due yet, and `aheadUnits` beyond it as far as what
   * the neighbour may owe here allows (`payAt`).
   */
  settle(neighbour?: NodeId, aheadUnits?: number): void;
  /** Every unit on one link explained. Rejects with `LEDGER_NO_ACCOUNT`, `LEDGER_TOO_LONG`, `STORE_*`. */
  ledger(query: LedgerQuery): Promise<LinkLedger>;
  /** How a neighbour has paid, as a text this node signs (`node/attestation.ts`). Throws `LEDGER_NO_ACCOUNT`. */
  attest(neighbour: NodeId): SignedText;
  /** Cheques and this node's chequebook, where it settles. */
  readonly cheques?: Cheques | undefined;
  /** By what it pays and is paid, where it settles. */
  readonly choice?: MethodChoice | undefined;
  /** Cashes every cheque held, now. What became of each that owed something. */
  cashAll(): Promise<readonly CashedCheque[]>;
  /** Its channels, where it settles on a chain that has them. */
  readonly channels?: Channels | undefined;
  /**
   * Ends streams, tells neighbours, writes the books with a lease of zero. If the chain keeps it waiting, `waits` is called
   * with the hashes of what is not mined yet: what sent them may end without, and another node on these books takes them up.
   */
  stop(waits?: (transactions: readonly string[]) => void): Promise<void>;
}

/** By what a node pays and is paid, and how an operator switches it while the node runs. */
export interface MethodChoice {
  /** By what neighbours may pay now, best first. */
  readonly methods: readonly PaymentMethod[];
  readonly configured: readonly PaymentMethod[];
  /**
   * From now on by these, best first; neighbours are told. What was paid by another, or is under way, stays with it. Holds
   * until the node ends. Throws `PAYMENT_METHOD_UNPREPARED`.
   */
  use(methods: readonly PaymentMethod[]): void;
}

/** What an operator does with cheques and with a node's own chequebook. */
export interface Cheques {
  /** What would be cashed now, and what it would bring: looks at the chain, and sends nothing. Throws `SETTLEMENT_OFF`. */
  cashPlan(): Promise<CashPlan>;
  /** How this node's chequebooks stand on the chain, the current one first. Throws `SETTLEMENT_OFF`, and the chain's errors. */
  chequebooks(): Promise<readonly ChequebookStanding[]>;
  /** Does something with one of them, the current one unless named; returns when mined. */
  order(order: TreasuryOrder, chequebook?: NodeId): Promise<Ordered>;
}

/** What an operator does with channels. */
export interface Channels {
  /** Every channel this node is a party of. */
  list(): readonly ChannelStatus[];
  /**
   * Closes the channel with a neighbour: together with it, which takes one transaction of theirs, or `alone`, which takes a
   * freeze period. Resolves to it when it is closed, or its close has begun. Throws `CHANNEL_UNKNOWN`, `CHANNEL_NOT_AGREED`,
   * and the chain's errors.
   */
  close(neighbour: NodeId, alone: boolean): Promise<ChannelStatus>;
  /**
   * Takes `wei`, or all that is free, out of the channel with a neighbour that signs it, and leaves it open. What was taken,
   * once it is mined. Throws `CHANNEL_UNKNOWN`, `CHANNEL_TOO_LITTLE`, `CHANNEL_NOT_AGREED`, and the chain's errors.
   */
  withdraw(neighbour: NodeId, wei?: bigint): Promise<{ readonly wei: bigint; readonly hash: string }>;
}

export type LinkState = 'open' | 'throttled' | 'choked' | 'closed';

export interface NodeStatus {
  readonly schema: 1;
  readonly id: NodeId;
  readonly name: string;
  readonly mode: 'enforce' | 'observe';
  readonly uptimeMs: number;
  readonly listen: string | undefined;
  readonly socks: string | undefined;
  readonly httpProxy: string | undefined;
  readonly chequebook: NodeId | undefined;
  /** Those it pays or has paid from, as of the last look at the chain; absent where settlement is off. */
  readonly chequebooks?: readonly ChequebookStatus[] | undefined;
  /** Weighted average of prices paid for access, units per MB; the uplink's price at a gateway. */
  readonly costPerMb: number | undefined;
  readonly askPerMb: number | undefined;
  /** False while nothing outside answers by the uplink, and no access is sold; absent where this node is no gateway. */
  readonly uplinkWorks?: boolean | undefined;
  readonly paymentsPaused: boolean;
  readonly streams: number;
  /** Value packets; absent where they are off. */
  readonly packets?: PacketStatus | undefined;
  readonly links: readonly LinkStatus[];
}

export interface LinkStatus {
  readonly neighbour: NodeId;
  readonly name: string | undefined;
  readonly connected: boolean;
  readonly state: LinkState;
  /** Positive: the neighbour owes me. Write-offs are not in it: balance + writeOff is what is claimed. */
  readonly balance: number;
  readonly writeOff: number;
  /** What of it still counts against the neighbour, beside what it owes; and by how much that fades in a day. */
  readonly writeOffLeft: number;
  readonly fadesPerDay: number;
  /** Set aside beside what it owes, for what is being served or was granted: service stops where both come to dropAt. */
  readonly reserved: number;
  /** Their debt at which they are asked to pay, and at which I stop serving. */
  readonly payAt: number;
  readonly dropAt: number;
  /** My debt at which I pay them, and at which they stop serving me, as announced. */
  readonly theirPayAt: number | undefined;
  readonly theirDropAt: number | undefined;
  /** Their received but not yet final payments, and the limit on them. */
  readonly uncashed: number;
  readonly riskAt: number;
  /** Paid by me and not acknowledged yet. */
  readonly pending: number;
  readonly paid: number;
  readonly received: number;
  readonly paymentsSent: number;
  readonly paymentsReceived: number;
  readonly services: Readonly<Record<Service, ServiceStatus>>;
  /** Of the chequebook it pays from; absent before it was looked at. */
  readonly solvency?: SolvencyStatus | undefined;
  /** How its credit, dropAt, came about. */
  readonly credit: CreditStatus;
  /** Signed totals exchanged; absent before the first connection. */
  readonly statements: StatementStatus | undefined;
  /** Value packets that leave by it; absent while it is down, or where they are off. */
  readonly packets?: PacketLinkStatus | undefined;
  readonly roundTripMs: number | undefined;
  readonly paymentsPaused: boolean;
  readonly lastFault: string | undefined;
}

/** One of the node's chequebooks. Amounts are wei as decimal text. */
export interface ChequebookStatus {
  readonly address: NodeId;
  /** Payments go out from it. */
  readonly current: boolean;
  /** Balance and all that was paid out. */
  readonly capacityWei: string;
  /** Set aside, announced to be withdrawn, or paid out and not remembered. */
  readonly reservedWei: string;
  /** Promised by cheques; of a shared one by those of all nodes, and drawn by them to be promised. */
  readonly promisedWei: string;
  readonly freeWei: string;
  /** Where nodes share it: who holds which part. */
  readonly leases?: readonly LeaseStatus[];
}

/** What one node has drawn from a shared chequebook. */
export interface LeaseStatus {
  readonly node: NodeId;
  /** Drawn and not promised yet: nobody else can, until `expiresMs`. */
  readonly leftWei: string;
  readonly issuedWei: string;
  /** By the clock of the server. */
  readonly expiresMs: number;
}

/**
 * Whether a neighbour's chequebook covers what it has paid, as of the last look: what is left is balance − hard limits −
 * claims. Wei as decimal text; below 0 it does not.
 */
export interface SolvencyStatus {
  readonly chequebook: NodeId;
  readonly balanceWei: string;
  /** To everybody, ever: already gone from the balance. */
  readonly paidOutWei: string;
  /** This node's cheques that are not cashed. Those of others cannot be seen. */
  readonly claimsWei: string;
  /** Set aside for others, and announced to be withdrawn. */
  readonly hardWei: string;
  /** Set aside for this node alone. */
  readonly forMeWei: string;
  readonly leftWei: string;
  readonly bounced: boolean;
}

/** A neighbour's credit: a newcomer's and what it earned beyond. Units. */
export interface CreditStatus {
  readonly newcomer: number;
  readonly earned: number;
  /** Net income kept from it that counts; negative while it has cost more than it brought. */
  readonly kept: number;
  /**
   * `newcomer`: nothing earned yet; `earned`; `fixed`: the operator typed the limit; `newcomers`: not served, as today's
   * places for newcomers are taken; `barred`: not served, by conduct; `observing`: nothing is limited.
   */
  readonly why: 'newcomer' | 'earned' | 'fixed' | 'newcomers' | 'barred' | 'observing';
  readonly history?: CreditHistory | undefined;
}

/** How a neighbour has paid this node (`core/credit/payment-history.ts`). */
export interface CreditHistory extends Omit<PaymentHistory, 'dueSinceMs'> {
  /** Its payments that became final, units. */
  readonly honoured: number;
  /** Net income kept from it, units. */
  readonly kept: number;
  /** For how long its debt has been at payAt or above; 0: it is not. */
  readonly overdueMs: number;
  /** It has paid, and nothing it gave ever bounced or was forged: the seed's proof of compliance. */
  readonly compliant: boolean;
}

/** Packets of this node's own since it started, and what it kept of those of others. Units. */
export interface PacketStatus extends PacketFigures {
  readonly tolls: number;
  readonly fees: number;
  /** Receipts signed for packets that arrived here, and not signed because too many were asked for at once. */
  readonly receiptsGiven: number;
  readonly receiptsSkipped: number;
  /** Of packets that could not go back, since who sent them settled meanwhile; and of those that wait to leave. */
  readonly unclaimed: number;
  readonly queued: number;
}

/** Value packets towards one neighbour. */
export interface PacketLinkStatus {
  /** Kept from a packet of others that leaves by it, as its line stands now: `surge` times the usual, and what it offers. */
  readonly tollPerPacket: number;
  readonly tollPerMb: number;
  readonly surge: number;
  /** The most value taken from it on credit, and by it from here. */
  readonly valueAt: number;
  readonly theirValueAt: number;
  /** What may still come back as change. */
  readonly changeDue: number;
  readonly waiting: number;
  readonly waitingBytes: number;
  /** One for each neighbour whose packets leave by it, those that sent most first, at most 100. */
  readonly pairs: readonly PacketPairStatus[];
}

/** The ordered pair of the neighbour a packet came from and the one it goes to. */
export interface PacketPairStatus {
  /** A neighbour's id; `own`: this node's packets. */
  readonly from: NodeId | 'own' | undefined;
  /** What it counts for in line: what the first offers for sending, and the second for receiving. */
  readonly weight: number;
  readonly waiting: number;
  readonly waitingBytes: number;
  readonly sent: number;
  readonly sentBytes: number;
  /** Gave way, and went back. */
  readonly dropped: number;
}

/** How the two ends' signed totals compare. Numbers are those of statements, 0 for none. */
export interface StatementStatus {
  readonly mine: number;
  readonly theirs: number;
  /** The last one of theirs with which this node's books agreed. */
  readonly agreed: number;
  /** By how much their last one is worse for this node than its own books. */
  readonly gapUnits: number;
  /** They stated what cannot be true; the store keeps it as evidence. */
  readonly disputed: boolean;
}

export interface ServiceStatus {
  readonly askPerMb: number | undefined;
  readonly theirAskPerMb: number | undefined;
  /** Whether this node may buy it there under the present terms. */
  readonly buys?: boolean;
  readonly provided: number;
  readonly consumed: number;
  readonly providedBytes: number;
  readonly consumedBytes: number;
}

/** One channel. Amounts are wei as decimal text: all that was ever put in, signed away, and signed to this node. */
export interface ChannelStatus {
  readonly channel: NodeId;
  readonly neighbour: NodeId;
  readonly state: 'open' | 'closing' | 'closed';
  /** From when a pending close can be finished, in seconds since the epoch. */
  readonly closesAtS: number | undefined;
  readonly depositedWei: string;
  readonly theirDepositedWei: string;
  readonly paidWei: string;
  readonly receivedWei: string;
  /** What this node has taken out, or signed to take out. */
  readonly withdrawnWei: string;
  /** Where this node is paid, and the neighbour's signature of `receivedWei`: enough to hand it in without any key. */
  readonly payee: NodeId;
  readonly signature: string | undefined;
  readonly chainId: number;
  /** The factory this node trusts on that chain. */
  readonly factory: NodeId | undefined;
  /** What amounts are in; undefined: native coin. */
  readonly token: NodeId | undefined;
}

/**
 * What happens, as it happens: one JSON object a line on the event stream. `kind` is a stable word; other fields are
 * integers, ids or short words.
 */
export interface NodeEvent {
  readonly kind: EventKind;
  readonly atMs: number;
  readonly neighbour?: NodeId;
  readonly [fact: string]: string | number | boolean | undefined;
}

/** The words of the event stream, each with what it tells. `docs/events.md` is printed from this table. */
export const EVENTS = {
  started: 'the node is running',
  stopping: 'the node is stopping',
  linkUp: 'a neighbour connected and proved its id',
  linkDown: 'the connection to a neighbour ended; code says why',
  terms: 'terms agreed with a neighbour: epoch, askPerMb, theirAskPerMb, payAt, dropAt',
  charged: 'the counter of a link moved (at most a few a second a link): balance, providedBytes, consumedBytes',
  state: 'a link changed state: from, to',
  paying: 'a payment was written and sent: id, amount, method',
  paid: 'a payment was acknowledged: id, amount, method',
  paymentRejected: 'a neighbour refused a payment: id, code, method',
  received: 'a payment was accepted: id, amount, method',
  refused: 'a payment was refused: code, method',
  undone: 'the chain took a payment back that had counted: amount',
  channel: 'a channel was opened, toppedUp, withdrawn, closing, answered, finished, closed, claimed: channel, act',
  cashing: 'a cheque was submitted to the chain: transaction',
  cashed: 'a cheque was paid out: transaction, wei, gasWei',
  transferred: 'a payment by transfer was mined: transaction, wei',
  deposited: 'coin was put into the chequebook of this node: chequebook, wei',
  bounced: 'a cheque bounced, and no other branch of the chain can win: chequebook, missing wei',
  writeOff: 'the books of a link were reconciled: provided, consumed',
  divergence:
    'a signed statement of a neighbour is worse for this node than its own books: service, side, units (new), total, cause, from, to (its statements)',
  credit: "the credit of a neighbour changed, or it gets none: earned (beyond a newcomer's), why",
  restored: 'a neighbour runs on a restored backup: storeEpoch',
  verdict: 'a neighbour broke a rule: code, action',
  wouldEnforce: 'observe mode: what would have been done: action (pay, throttle, choke, serve), amount (what is owed)',
  streamOpen: 'a stream was opened: to, role',
  streamEnd: 'a stream ended: to, bytesUp, bytesDown, code',
  uplink: 'nothing outside is reached by the uplink any more, and access is not sold, or it is again: works',
  endpoint: 'an endpoint of the chain was left out, with the code why, or is asked again: host, code',
  packet: 'a value packet of somebody else arrived for this node: value, bytes',
  packetFate:
    'what became of a packet of this node that asked for a receipt: fate (delivered, refused, lost, forged), to, sentUnits, arrivedUnits, late (told as lost before), scant (carried too little to be returned)',
  demoted:
    'packets by a neighbour to a node did not arrive: it is used last, or left, for a time: to, standing (last, left), forMs',
  fault: 'something failed here: code, what',
} as const;
export type EventKind = keyof typeof EVENTS;
