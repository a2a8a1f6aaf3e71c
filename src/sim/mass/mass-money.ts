import { type CreditRules, payAtFor } from '../../core/credit/credit.ts';
import type { NodeId } from '../../core/node-id.ts';
import { PROTOCOL_VERSION, type Terms } from '../../core/terms/terms.ts';
import type { PricePerMb, Units } from '../../core/units.ts';

/** Prices and credit, as an empty configuration has them (docs/configuration.md), in MB's worth at the ask. */
const PAY_AT_MB = 1;
const DROP_AT_MB = 4;
const RISK_AT_MB = 200;
const EARN_PERCENT = 50;
const GROW_MB_PER_DAY = 16;
const MOST_EARNED_MB = 256;

/** What nodes ask, units per MB: each its own between these. Everybody pays the dearest. */
export const LEAST_ASK: PricePerMb = 8_000;
export const MOST_ASK: PricePerMb = 12_000;

/** What service costs a node, of what it asks: its uplink. The rest is income, if it is paid. */
export const COST_PERCENT = 50;

/** Cashing a cheque: what the gas comes to, a hundredth of a cent, and how long it takes until it is final. */
export const GAS_UNITS: Units = 10_000;
export const CASHING_MS = 15_000;

const CHAIN_ID = 31_337;
const RATIO = { numerator: 10n ** 10n, denominator: 1n } as const;
const NOT_SOLD = { askPerMb: undefined, bidPerMb: 0 } as const;

/** What one node offers a neighbour that has earned so much beyond a newcomer's credit. */
export function massTerms(chequebook: NodeId, askPerMb: PricePerMb, credit: { epoch: number; earned: Units }): Terms {
  const newcomer = { payAt: PAY_AT_MB * askPerMb, dropAt: DROP_AT_MB * askPerMb };
  const dropAt = newcomer.dropAt + credit.earned;
  return {
    epoch: credit.epoch,
    protocolVersion: PROTOCOL_VERSION,
    chainId: CHAIN_ID,
    token: 'native',
    ratio: RATIO,
    methods: ['cheque'],
    chequebook,
    channel: undefined,
    services: { transit: { askPerMb, bidPerMb: MOST_ASK }, chunks: NOT_SOLD, packets: NOT_SOLD },
    payAt: payAtFor(newcomer, dropAt),
    dropAt,
    valueAt: 0,
    settleEveryMs: 0,
    metering: 'data',
    allotment: { bytes: 1_000_000, ms: 1_000 },
    priority: { sendingPerMb: 0, receivingPerMb: 0 },
  };
}

/** How credit grows at an ask. */
export function massCredit(askPerMb: PricePerMb): CreditRules {
  return {
    newcomer: DROP_AT_MB * askPerMb,
    sharePercent: EARN_PERCENT,
    growPerDay: GROW_MB_PER_DAY * askPerMb,
    most: MOST_EARNED_MB * askPerMb,
  };
}

/** The most that cheques which are not cashed may add up to. */
export function massRiskAt(askPerMb: PricePerMb): Units {
  return RISK_AT_MB * askPerMb;
}

/** The chain that statements name. */
export const MASS_CHAIN_ID = CHAIN_ID;
