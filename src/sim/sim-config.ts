import type { PaymentMethod } from '../core/terms/terms.ts';
import type { NodeConfig } from '../node/config.ts';
import { parseConfig } from '../node/load-config.ts';
import { TOKEN } from './chain/chain-state.ts';
import type { Deal, GrowthSettings, PacketSettings, WorldSettings } from './world-settings.ts';

/** The chain of every simulated world. */
export const SIM_CHAIN_ID = 31_337;

/** What profit the nodes of a world take, in hundredths of a per cent, and what they pay at most. Units per MB. */
export const WORLD_PRICES = { profitBp: 1_000, maxPricePerMb: 1_000_000 } as const;

/** What a simulated node's operator decides; the rest is as in an empty configuration file. */
export interface SimConfig {
  readonly name: string;
  readonly listenPort: number;
  /** Units per MB: what its uplink costs, what profit it takes in hundredths of a per cent, and what it pays at most. */
  readonly costPerMb: number;
  readonly profitBp: number;
  readonly maxPricePerMb: number;
  /** Units. */
  readonly payAt: number;
  readonly dropAt: number;
  readonly riskAt: number;
  /** It settles by the clock too, so often; 0: by size alone. Seconds. */
  readonly settleEveryS: number;
  readonly depositWei: bigint;
  readonly weiPerUnit: bigint;
  readonly journalWindowMs: number;
  /** Listening ports of those it dials. */
  readonly dials: readonly number[];
  /** It has no way out of its own: traffic goes on through the cheapest neighbour. */
  readonly carrier?: boolean;
  /** Default: cheques, by the MB. */
  readonly deal?: Deal;
  /** Ways to pay, best first; default cheques. */
  readonly methods?: readonly PaymentMethod[];
  readonly confirmations?: number;
  readonly channelDepositWei?: bigint;
  /** Absent where it settles in coin. */
  readonly token?: WorldSettings['token'];
  /** Absent where it carries no value packets. */
  readonly packets?: PacketSettings | undefined;
  /** Absent where the limits are typed, and stay what they are. */
  readonly growth?: GrowthSettings | undefined;
}

const HOST = 'sim';
const HISTORY_SPAN_S = 10;
/** The shortest that is allowed. */
const CHANNEL_FREEZE_HOURS = 1;
const CHANNEL_LOOK_S = 5;
const FACTORY = `0x${'fa'.repeat(20)}`;

const base = parseConfig(
  `[settlement]\nenabled = true\nrpc = "http://sim"\nfactory = "${FACTORY}"\nchain_id = ${SIM_CHAIN_ID}\n`,
  '/sim/wayleave.toml',
);

/** A second costs this part of the debt at which it is paid, so that a few fit into it. */
const SECOND_OF_PAY_AT = 1 / 5;

/** The complete configuration of a simulated node. */
export function simConfig(options: SimConfig): NodeConfig {
  const { deal = 'cheque', methods = ['cheque'] } = options;
  const profitBp = options.growth?.profitBp ?? options.profitBp;
  const byTime = deal === 'time';
  const secondUnits = Math.max(1, Math.floor(options.payAt * SECOND_OF_PAY_AT));
  return {
    ...base,
    name: options.name,
    listen: { host: HOST, port: options.listenPort },
    discovery: { mdns: false, accept: 'any' },
    transit: {
      ...base.transit,
      uplink: options.carrier !== true,
      nextHop: options.carrier === true ? 'auto' : 'uplink',
      metering: byTime ? 'time' : 'data',
      uplinkPricePerMb: byTime ? secondUnits : options.costPerMb,
      minProfitBp: profitBp,
      maxPricePerMb: options.maxPricePerMb,
    },
    proxy: { ...base.proxy, enabled: false },
    packets: packetsConfig(options.packets),
    credit: creditConfig(options, byTime ? secondUnits : options.costPerMb),
    settlement: {
      ...base.settlement,
      depositWei: options.depositWei,
      weiPerUnit: options.weiPerUnit,
      settleEveryS: options.settleEveryS,
      token: options.token === undefined ? undefined : TOKEN,
      methods: deal === 'barter' ? ['barter'] : [...methods, 'barter'],
      confirmations: options.confirmations ?? base.settlement.confirmations,
      // What dropAt is worth while a transfer waits is what a world tries out: no handshake refuses it.
      blockMs: 1,
      channelDepositWei: options.channelDepositWei ?? base.settlement.channelDepositWei,
      channelFreezeHours: CHANNEL_FREEZE_HOURS,
      channelLookS: CHANNEL_LOOK_S,
    },
    // Runs last a minute or so: several spans of history in each.
    store: { ...base.store, journalWindowMs: options.journalWindowMs, historySpanS: HISTORY_SPAN_S },
    neighbours: options.dials.map((port) => ({
      id: undefined,
      address: { host: HOST, port },
      name: undefined,
      reaches: [],
      free: deal === 'free',
      freeMbPerDay: 0,
      maxRateMbit: 0,
      payAtUnits: undefined,
      // What is given away is worth nothing, so no number of MB would make a limit.
      dropAtUnits: options.growth !== undefined && deal === 'free' ? options.dropAt : undefined,
      riskAtUnits: undefined,
      valueAtUnits: undefined,
      offerSendingPerMb: 0,
      offerReceivingPerMb: 0,
    })),
  };
}

/** Limits that are typed, or so many MB as make the same of a newcomer's and may grow. `costPerMb` is what it sells by. */
function creditConfig({ growth, ...options }: SimConfig, costPerMb: number): NodeConfig['credit'] {
  const { dropAt, payAt, riskAt } = options;
  const fixed = { ...base.credit, riskAtUnits: riskAt };
  if (growth === undefined) return { ...fixed, payAtUnits: payAt, dropAtUnits: dropAt };
  const ask = Math.ceil((costPerMb * (10_000 + growth.profitBp)) / 10_000);
  return {
    ...fixed,
    payAtMb: payAt / ask,
    dropAtMb: dropAt / ask,
    growMbPerDay: growth.perDay / ask,
    maxEarnedMb: growth.most / ask,
    earnPercent: growth.sharePercent,
    newcomersPerDay: growth.newcomersPerDay,
  };
}

function packetsConfig(packets: PacketSettings | undefined): NodeConfig['packets'] {
  if (packets === undefined) return base.packets;
  const { prepay, refusalFee, tollPerMb, tollPerPacket, valueAt } = packets;
  return { ...base.packets, tollPerPacket, tollPerMb, refusalFee, valueAtUnits: valueAt, prepayUnits: prepay };
}
