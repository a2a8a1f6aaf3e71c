import { type ErrorCode, type ErrorDetails, WayleaveError } from '../errors.ts';
import { isNodeId, type NodeId } from '../node-id.ts';
import { isRatio, type Ratio } from '../ratio.ts';
import { SERVICES, type Service } from '../service.ts';
import type { TransferPace } from '../session/session-rules.ts';
import { type Delegation, sameDelegation } from '../settlement/delegation.ts';
import { BYTES_PER_MB, MAX_PRICE, mulDivCeil, type PricePerMb, type Units } from '../units.ts';

/** The version of the protocol this code speaks. */
export const PROTOCOL_VERSION = 1;

/** Ways to settle (DESIGN §12). `barter` moves no tokens. The order is part of the wire format. */
export const PAYMENT_METHODS = ['cheque', 'channel', 'transfer', 'barter'] as const;
export type PaymentMethod = (typeof PAYMENT_METHODS)[number];

/** Epochs travel as the tag of every charged frame: 1 … 2³²−1. */
export const MAX_EPOCH = 2 ** 32 - 1;

/** The last second that still is a safe number of milliseconds. */
const MAX_TIME_S = Math.floor(Number.MAX_SAFE_INTEGER / 1000);

/** Allotments: at most 1 GB or 1 hour, so that one prepaid allotment stays a small stake. */
export const MAX_ALLOTMENT_BYTES = 1_000_000_000;
export const MAX_ALLOTMENT_MS = 3_600_000;

/** The longest period of settlement, 31 days: beyond it a counter is settled by its size alone. Milliseconds. */
export const MAX_SETTLE_EVERY_MS = 31 * 86_400_000;

/**
 * How far the other side's ratio may lie from mine, as a quotient either way. Both describe the same unit of account,
 * so they differ only by the age of two price feeds; beyond a quarter we do not mean the same unit.
 */
export const MAX_RATIO_SPREAD = { numerator: 5n, denominator: 4n } as const;

/** The smallest piece of each service that is charged in one go under data metering. Packets carry tolls instead. */
export const PIECE_BYTES: Readonly<Record<Service, number>> = { transit: 1024, chunks: 4096, packets: 0 };

/** What one side asks for a service and would pay for it: units per MB, or units per second when `metering` is `time`. */
export interface ServiceTerms {
  /** Undefined: this service is not offered. 0: offered unpaid. */
  readonly askPerMb: PricePerMb | undefined;
  /** 0: cannot or will not pay in tokens. */
  readonly bidPerMb: PricePerMb;
}

/** What a neighbour pays to have its traffic served first (DESIGN §6), units per MB or second. 0: nothing. */
export interface PriorityOffers {
  readonly sendingPerMb: PricePerMb;
  readonly receivingPerMb: PricePerMb;
}

/** What one node tells one neighbour, on connect and on every change (DESIGN §4). "You" is the neighbour it is sent to. */
export interface Terms {
  /** Grows with every change, 1 … `MAX_EPOCH`. */
  readonly epoch: number;
  /** `PROTOCOL_VERSION`, or what a foreign node claims. */
  readonly protocolVersion: number;
  readonly chainId: number;
  readonly token: NodeId | 'native';
  /** Wei per unit at which I take payment. */
  readonly ratio: Ratio;
  /** Ways in which I take and make payments, best first, none twice. */
  readonly methods: readonly PaymentMethod[];
  /** Where my cheques are drawn; without it I cannot pay by cheque. */
  readonly chequebook: NodeId | undefined;
  /** By which its issuer lets me pay from it, where it is an operator's and not mine. */
  readonly delegation?: Delegation | undefined;
  /** The channel between us in which I pay; undefined until there is one. */
  readonly channel: NodeId | undefined;
  readonly services: Readonly<Record<Service, ServiceTerms>>;
  /** Your debt at which I expect you to pay. */
  readonly payAt: Units;
  /** Your debt at which I stop serving you. */
  readonly dropAt: Units;
  /** The most of your value packets' value I take on credit; 0: only what you have prepaid. */
  readonly valueAt: Units;
  /** How often I settle what I owe, whatever it is, with who wants the same. Milliseconds; 0: by size alone. */
  readonly settleEveryMs: number;
  /** How I meter what I sell. */
  readonly metering: 'data' | 'time';
  /** What one payment buys: `bytes` under data metering, `ms` under time metering. */
  readonly allotment: { readonly bytes: number; readonly ms: number };
  readonly priority: PriorityOffers;
}

/** What the handshake knows beside the two terms. */
export interface TermsContext {
  /** The neighbour's terms taken before, over all connections. */
  readonly known?: Terms | undefined;
  /** Time until a transfer counts, and the traffic to expect meanwhile. */
  readonly transfer?: TransferPace | undefined;
}

/**
 * Decides whether `theirs` can be taken beside `mine`. Throws, in this order: `TERMS_WRONG_VERSION`,
 * `TERMS_WRONG_CHAIN`, `TERMS_WRONG_TOKEN`, `TERMS_ABSURD`, `TERMS_PAYAT_ABOVE_DROPAT`, `TERMS_STALE`,
 * `TERMS_NO_METHOD`, `TERMS_TRANSFER_TOO_SLOW`. The same terms sent again (after a reconnect) pass.
 */
export function validateTerms(theirs: Terms, mine: Terms, context: TermsContext = {}): void {
  demand(theirs.protocolVersion === mine.protocolVersion, 'TERMS_WRONG_VERSION', { version: theirs.protocolVersion });
  demand(theirs.chainId === mine.chainId, 'TERMS_WRONG_CHAIN', { theirs: theirs.chainId, mine: mine.chainId });
  demand(theirs.token === mine.token, 'TERMS_WRONG_TOKEN', { theirs: theirs.token, mine: mine.token });
  checkTerms(theirs);
  const { known } = context;
  if (known !== undefined && theirs.epoch <= known.epoch) {
    const repeated = theirs.epoch === known.epoch && sameTerms(theirs, known);
    demand(repeated, 'TERMS_STALE', { epoch: theirs.epoch, known: known.epoch });
  }
  checkPayments(theirs, mine, context);
  checkPayments(mine, theirs, context);
}

/** The part of `validateTerms` that needs no second side: also for my own terms. Throws `TERMS_ABSURD`, `TERMS_PAYAT_ABOVE_DROPAT`. */
export function checkTerms(terms: Terms): void {
  checkRanges(terms);
  // Who sells nothing for money is never owed anything: its thresholds say nothing.
  if (!SERVICES.some((service) => (terms.services[service].askPerMb ?? 0) > 0)) return;
  const room = terms.dropAt - terms.payAt;
  demand(room > 0, 'TERMS_PAYAT_ABOVE_DROPAT', { payAt: terms.payAt, dropAt: terms.dropAt });
  for (const service of SERVICES) {
    // With a debt of payAt − 1 one more piece must still be served, else the debt can stick below payAt for ever.
    const piece = piecePrice(terms, service);
    demand(piece <= room + 1, 'TERMS_PAYAT_ABOVE_DROPAT', {
      payAt: terms.payAt,
      dropAt: terms.dropAt,
      service,
      piece,
    });
  }
}

function checkRanges(terms: Terms): void {
  const absurd = (name: string, ok: boolean): void => demand(ok, 'TERMS_ABSURD', { field: name });
  absurd('epoch', whole(terms.epoch, 1, MAX_EPOCH));
  absurd('chainId', whole(terms.chainId, 1, Number.MAX_SAFE_INTEGER));
  absurd('token', terms.token === 'native' || isNodeId(terms.token));
  absurd('chequebook', terms.chequebook === undefined || isNodeId(terms.chequebook));
  absurd('delegation', terms.delegation === undefined || isDelegation(terms.delegation, terms.chequebook));
  absurd('channel', terms.channel === undefined || isNodeId(terms.channel));
  absurd('ratio', isRatio(terms.ratio));
  absurd('methods', new Set(terms.methods).size === terms.methods.length);
  for (const service of SERVICES) {
    const { askPerMb, bidPerMb } = terms.services[service];
    absurd(`${service}.ask`, askPerMb === undefined || whole(askPerMb, 0, MAX_PRICE));
    absurd(`${service}.bid`, whole(bidPerMb, 0, MAX_PRICE));
  }
  absurd('payAt', whole(terms.payAt, 0, Number.MAX_SAFE_INTEGER));
  absurd('dropAt', whole(terms.dropAt, 0, Number.MAX_SAFE_INTEGER));
  absurd('valueAt', whole(terms.valueAt, 0, Number.MAX_SAFE_INTEGER));
  absurd('settleEveryMs', whole(terms.settleEveryMs, 0, MAX_SETTLE_EVERY_MS));
  absurd('allotment.bytes', whole(terms.allotment.bytes, 1, MAX_ALLOTMENT_BYTES));
  absurd('allotment.ms', whole(terms.allotment.ms, 1, MAX_ALLOTMENT_MS));
  absurd('priority.sending', whole(terms.priority.sendingPerMb, 0, MAX_PRICE));
  absurd('priority.receiving', whole(terms.priority.receivingPerMb, 0, MAX_PRICE));
}

function isDelegation({ expiresS, payout, signature }: Delegation, chequebook: NodeId | undefined): boolean {
  return chequebook !== undefined && isNodeId(payout) && whole(expiresS, 1, MAX_TIME_S) && signature.length === 65;
}

/** What the smallest piece of a service costs, rounded up; 0 where nothing is charged. */
function piecePrice(terms: Terms, service: Service): Units {
  const ask = terms.services[service].askPerMb ?? 0;
  if (terms.metering === 'time') return mulDivCeil(ask, terms.allotment.ms, 1000);
  return mulDivCeil(ask, PIECE_BYTES[service], BYTES_PER_MB);
}

/** Everything that matters only where `payer` would pay `payee` in tokens. */
function checkPayments(payee: Terms, payer: Terms, context: TermsContext): void {
  if (!SERVICES.some((service) => wouldPay(payee, payer, service))) return;
  demand(similar(payee.ratio, payer.ratio), 'TERMS_ABSURD', { field: 'ratio' });
  const method = payee.methods.find((each) => payer.methods.includes(each));
  demand(method !== undefined, 'TERMS_NO_METHOD', { theirs: payee.methods.join(' '), mine: payer.methods.join(' ') });
  if (method !== 'transfer' || context.transfer === undefined) return;
  const { confirmMs, bytesPerSecond } = context.transfer;
  const dearest = Math.max(...SERVICES.map((service) => payee.services[service].askPerMb ?? 0));
  const perSecond = payee.metering === 'time' ? dearest : mulDivCeil(dearest, bytesPerSecond, BYTES_PER_MB);
  const grows = mulDivCeil(perSecond, confirmMs, 1000);
  demand(grows <= payee.dropAt - payee.payAt, 'TERMS_TRANSFER_TOO_SLOW', { confirmMs, grows });
}

function wouldPay(payee: Terms, payer: Terms, service: Service): boolean {
  const ask = payee.services[service].askPerMb;
  return ask !== undefined && ask > 0 && payer.services[service].bidPerMb >= ask;
}

function similar(a: Ratio, b: Ratio): boolean {
  const left = a.numerator * b.denominator;
  const right = b.numerator * a.denominator;
  const { numerator, denominator } = MAX_RATIO_SPREAD;
  return left * denominator <= right * numerator && right * denominator <= left * numerator;
}

/**
 * The way in which `payer` pays `payee` now: the payee's first choice among those both know and the payer can use (a
 * cheque needs a chequebook; a channel is opened when it is needed) and that is not `shut` at the moment. `barter` and
 * undefined both mean that no tokens move.
 */
export function commonMethod(
  payee: Terms,
  payer: Terms,
  shut: (method: PaymentMethod) => boolean = () => false,
): PaymentMethod | undefined {
  const usable = (method: PaymentMethod): boolean => method !== 'cheque' || payer.chequebook !== undefined;
  return payee.methods.find((method) => payer.methods.includes(method) && usable(method) && !shut(method));
}

/** The period at which two nodes settle: the longer of theirs; 0 unless both have one (DESIGN §8). Milliseconds. */
export function settlePeriodMs(a: Terms, b: Terms): number {
  return a.settleEveryMs > 0 && b.settleEveryMs > 0 ? Math.max(a.settleEveryMs, b.settleEveryMs) : 0;
}

/** True when two terms say the same, field by field. */
export function sameTerms(a: Terms, b: Terms): boolean {
  return (
    sameScalars(a, b) &&
    sameDelegation(a.delegation, b.delegation) &&
    a.ratio.numerator === b.ratio.numerator &&
    a.ratio.denominator === b.ratio.denominator &&
    a.allotment.bytes === b.allotment.bytes &&
    a.allotment.ms === b.allotment.ms &&
    a.priority.sendingPerMb === b.priority.sendingPerMb &&
    a.priority.receivingPerMb === b.priority.receivingPerMb &&
    a.methods.length === b.methods.length &&
    a.methods.every((method, at) => method === b.methods[at]) &&
    SERVICES.every((each) => sameService(a.services[each], b.services[each]))
  );
}

function sameScalars(a: Terms, b: Terms): boolean {
  return SCALARS.every((field) => a[field] === b[field]);
}

const SCALARS = [
  'epoch',
  'protocolVersion',
  'chainId',
  'token',
  'chequebook',
  'channel',
  'payAt',
  'dropAt',
  'valueAt',
  'settleEveryMs',
  'metering',
] as const satisfies readonly (keyof Terms)[];

function sameService(a: ServiceTerms, b: ServiceTerms): boolean {
  return a.askPerMb === b.askPerMb && a.bidPerMb === b.bidPerMb;
}

function whole(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}

function demand(condition: boolean, code: ErrorCode, details: ErrorDetails): void {
  if (!condition) throw new WayleaveError(code, details);
}
