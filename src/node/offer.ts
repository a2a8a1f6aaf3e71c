import { payAtFor } from '../core/credit/credit.ts';
import type { NodeId } from '../core/node-id.ts';
import type { Delegation } from '../core/settlement/delegation.ts';
import {
  type PaymentMethod,
  PROTOCOL_VERSION,
  type PriorityOffers,
  sameTerms,
  type Terms,
} from '../core/terms/terms.ts';
import type { PricePerMb, Units } from '../core/units.ts';
import type { NeighbourConfig, NodeConfig } from './config.ts';

/** What changes from one moment to the next in what a neighbour is offered. */
export interface OfferFacts {
  readonly askPerMb: PricePerMb | undefined;
  /** There is nothing to sell at that ask now. What a neighbour may owe stays: it owes it from before. */
  readonly withheld?: boolean;
  readonly bidPerMb: PricePerMb;
  readonly chequebook: NodeId | undefined;
  readonly delegation?: Delegation | undefined;
  /** The channel with this neighbour to pay in. */
  readonly channel?: NodeId | undefined;
  /** By what may be paid now; the configured ones unless given. */
  readonly methods?: readonly PaymentMethod[] | undefined;
  /** Credit beyond a newcomer's. */
  readonly earned?: Units | undefined;
}

/** Thresholds may be 0 only where nothing is sold for money; then these stand, so that terms always make sense. */
const LEAST_DROP_AT = 2;

/** The terms a neighbour is offered, with `epoch` grown by one only when something in them changed. */
export function offer(
  config: NodeConfig,
  neighbour: NeighbourConfig | undefined,
  facts: OfferFacts,
  last?: Terms,
): Terms {
  const askPerMb = neighbour?.free === true && facts.askPerMb !== undefined ? 0 : facts.askPerMb;
  const credit = creditFor(config, neighbour, { askPerMb: askPerMb ?? 0, earned: facts.earned });
  const terms: Terms = {
    epoch: last?.epoch ?? 1,
    protocolVersion: PROTOCOL_VERSION,
    chainId: config.settlement.chainId,
    token: config.settlement.token ?? 'native',
    ratio: { numerator: config.settlement.weiPerUnit, denominator: 1n },
    methods: facts.methods ?? methodsOf(config),
    chequebook: facts.chequebook,
    delegation: facts.delegation,
    channel: facts.channel,
    services: {
      transit: transitOffer(config, facts, askPerMb),
      chunks: { askPerMb: undefined, bidPerMb: 0 },
      packets: { askPerMb: config.packets.enabled ? 0 : undefined, bidPerMb: 0 },
    },
    ...withPackets(credit, config, neighbour),
    valueAt: valueAtFor(config, neighbour, facts),
    settleEveryMs: config.settlement.enabled ? config.settlement.settleEveryS * 1000 : 0,
    metering: config.transit.metering,
    allotment: { bytes: 1_000_000, ms: 1_000 },
    priority: offersTo(neighbour),
  };
  if (last === undefined || sameTerms(terms, last)) return last ?? terms;
  return { ...terms, epoch: last.epoch + 1 };
}

function transitOffer({ settlement }: NodeConfig, facts: OfferFacts, askPerMb: PricePerMb | undefined) {
  const { bidPerMb, withheld } = facts;
  return { askPerMb: withheld === true ? undefined : askPerMb, bidPerMb: settlement.enabled ? bidPerMb : 0 };
}

function methodsOf({ settlement }: NodeConfig): readonly PaymentMethod[] {
  return settlement.enabled ? settlement.methods : ['barter'];
}

/** What the neighbour is offered for serving packets of mine first. */
function offersTo(neighbour: NeighbourConfig | undefined): PriorityOffers {
  return { sendingPerMb: neighbour?.offerSendingPerMb ?? 0, receivingPerMb: neighbour?.offerReceivingPerMb ?? 0 };
}

/**
 * Value and service are one account: value on credit that the operator granted has room below dropAt, unless it typed that
 * limit too. What is paid ahead is inside the limits: it is what the neighbour owes. Nobody pays strangers ahead.
 */
function withPackets(
  credit: { readonly dropAt: Units; readonly payAt: Units },
  config: NodeConfig,
  neighbour: NeighbourConfig | undefined,
): Pick<Terms, 'payAt' | 'dropAt'> {
  const granted = isCreditFixed(config, neighbour) ? 0 : grantedValueAt(config, neighbour);
  const dropAt = Math.max(credit.dropAt, granted);
  const payAt = neighbour?.payAtUnits ?? config.credit.payAtUnits ?? payAtFor(credit, dropAt);
  const ahead = neighbour === undefined ? 0 : config.packets.prepayUnits;
  return { payAt: Math.floor(payAt) + ahead, dropAt: dropAt + ahead };
}

/** Value on credit that the operator typed for a neighbour, or for all. */
function grantedValueAt({ packets }: NodeConfig, neighbour: NeighbourConfig | undefined): Units {
  return packets.enabled ? (neighbour?.valueAtUnits ?? packets.valueAtUnits) : 0;
}

/**
 * How much value a neighbour may give on credit: what the operator grants, else what it has earned, by payments that were
 * honoured and were not passed on (DESIGN §3). 0 for a new key: it pays ahead. 0 where nothing is carried.
 */
function valueAtFor(config: NodeConfig, neighbour: NeighbourConfig | undefined, { earned = 0 }: OfferFacts): Units {
  return config.packets.enabled ? Math.max(grantedValueAt(config, neighbour), earned) : 0;
}

/**
 * Thresholds in units: so many MB's worth at the ask and what was earned beyond, or what the operator typed. payAt keeps
 * the proportion to dropAt that the operator set. riskAt is never below value that was granted, unless it was typed.
 */
export function creditFor(
  config: NodeConfig,
  neighbour: NeighbourConfig | undefined,
  at: { readonly askPerMb: PricePerMb; readonly earned?: Units | undefined },
): { payAt: Units; dropAt: Units; riskAt: Units } {
  const { credit } = config;
  const { askPerMb } = at;
  const fixed = neighbour?.dropAtUnits ?? credit.dropAtUnits;
  const newcomer = {
    dropAt: fixed ?? Math.max(LEAST_DROP_AT, Math.floor(credit.dropAtMb * askPerMb)),
    payAt: Math.max(1, Math.floor(credit.payAtMb * askPerMb)),
  };
  const dropAt = newcomer.dropAt + (fixed === undefined ? (at.earned ?? 0) : 0);
  const payAt = neighbour?.payAtUnits ?? credit.payAtUnits ?? payAtFor(newcomer, dropAt);
  // Who takes so much on credit takes a cheque for it too: at 0 none would count, or wait for cheaper gas, until cashed.
  const trusted = Math.max(credit.riskAtMb * askPerMb, grantedValueAt(config, neighbour));
  const riskAt = neighbour?.riskAtUnits ?? credit.riskAtUnits ?? trusted;
  return { payAt: Math.floor(payAt), dropAt: Math.floor(dropAt), riskAt: Math.floor(riskAt) };
}

/** True where the operator typed the limit: then it does not grow. */
export function isCreditFixed(config: NodeConfig, neighbour: NeighbourConfig | undefined): boolean {
  return (neighbour?.dropAtUnits ?? config.credit.dropAtUnits) !== undefined;
}
