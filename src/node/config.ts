import type { NodeId } from '../core/node-id.ts';
import type { PaymentMethod } from '../core/terms/terms.ts';
import type { LinkAddress } from '../link/link.ts';

/**
 * All that an operator decides, checked, complete and frozen. Made from the TOML file by `load-config.ts`;
 * `config-table.ts` holds range, default and meaning of each key. Keys are the file's, in camel case.
 */
export interface NodeConfig {
  /** Absolute folder of the configuration file. Every path below is absolute already. */
  readonly folder: string;
  readonly name: string;
  /** `observe` meters, prices and explains, and enforces nothing. */
  readonly mode: 'enforce' | 'observe';
  readonly key: KeyConfig;
  readonly listen: ListenConfig;
  readonly api: ListenConfig;
  readonly discovery: DiscoveryConfig;
  readonly transit: TransitConfig;
  readonly proxy: ProxyConfig;
  readonly packets: PacketsConfig;
  readonly credit: CreditConfig;
  readonly settlement: SettlementConfig;
  readonly store: StoreConfig;
  /** In the order of the file. */
  readonly neighbours: readonly NeighbourConfig[];
}

export interface KeyConfig {
  readonly file: string;
  readonly passwordFile: string | undefined;
  readonly insecurePlain: boolean;
}

/** Port 0 lets the system choose. */
export interface ListenConfig {
  readonly host: string;
  readonly port: number;
}

export interface DiscoveryConfig {
  readonly mdns: boolean;
  /** `known`: only neighbours listed by id. */
  readonly accept: 'any' | 'known';
}

export interface TransitConfig {
  readonly sell: boolean;
  readonly buy: boolean;
  /** My bid: the most I pay per MB (or second). */
  readonly maxPricePerMb: number;
  /** Profit over cost in hundredths of a per cent. */
  readonly minProfitBp: number;
  readonly uplink: boolean;
  readonly uplinkPricePerMb: number;
  /** `uplink`, `auto`, `none`, or the name or id of a neighbour. `auto` on a node with an uplink is read as `uplink`. */
  readonly nextHop: string;
  readonly metering: 'data' | 'time';
  /** Total pace of what is sold, megabits a second; 0: unlimited. */
  readonly maxRateMbit: number;
  /** Exceptions to the egress policy, as `createEgressPolicy` takes them. */
  readonly allow: readonly string[];
}

export interface ProxyConfig {
  readonly enabled: boolean;
  readonly host: string;
  /** SOCKS5 and HTTP CONNECT on the same port; 0 lets the system choose. */
  readonly port: number;
  /** Both are set, or neither. */
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** Value packets (docs/packets.md). */
export interface PacketsConfig {
  readonly enabled: boolean;
  /** Taken from a packet of others for sending it on: units, and units per MB of it. */
  readonly tollPerPacket: number;
  readonly tollPerMb: number;
  /** Kept from a neighbour's packet that cannot go on. Units. */
  readonly refusalFee: number;
  /** The most value taken from a neighbour on credit. Units; 0: only what it has prepaid. */
  readonly valueAtUnits: number;
  /** The most kept paid ahead to a neighbour that takes value on no credit, when a packet needs it. Units. */
  readonly prepayUnits: number;
  /** What this node's own packets may cost in a day. Units; 0: no limit. */
  readonly sendBudgetUnits: number;
  readonly discipline: 'weighted' | 'strict';
  /** What may wait to leave by one link, or for the shared medium. */
  readonly queueKb: number;
  readonly queuePackets: number;
  /** What all links together may carry; 0: each has its own medium. */
  readonly sharedMediumKbit: number;
  /** What this node's own packets count for in line, beside what the next neighbour offers. Units per MB. */
  readonly ownPriorityPerMb: number;
}

/** `…Mb` is worth that many MB at my ask to the neighbour; `…Units`, when set, takes its place. */
export interface CreditConfig {
  readonly payAtMb: number;
  readonly dropAtMb: number;
  readonly riskAtMb: number;
  /** How long a link may stay choked before it is closed, seconds. */
  readonly graceS: number;
  /** Part of the net income kept from a neighbour that it is given as credit, per cent; 0: credit never grows. */
  readonly earnPercent: number;
  /** The most by which it grows in a day, and all it can come to beyond a newcomer's. */
  readonly growMbPerDay: number;
  readonly maxEarnedMb: number;
  /** New keys that are given a newcomer's credit in a day and have not paid for it. */
  readonly newcomersPerDay: number;
  /** How often signed totals are sent while anything is charged, seconds. */
  readonly statementEveryS: number;
  readonly payAtUnits: number | undefined;
  readonly dropAtUnits: number | undefined;
  readonly riskAtUnits: number | undefined;
}

export interface SettlementConfig {
  readonly enabled: boolean;
  /** In order of preference. Without `enabled` nothing but barter is offered. */
  readonly methods: readonly PaymentMethod[];
  /** What is owed is paid after so long; 0: by size alone. */
  readonly settleEveryS: number;
  /** JSON-RPC endpoints, the best first; at least one whenever `enabled`. */
  readonly rpc: readonly string[];
  /** Blocks until a transfer counts, its own included. */
  readonly confirmations: number;
  readonly blockMs: number;
  /** How fast a debt that is paid by transfer is expected to grow, in bytes of the dearest service. */
  readonly expectedMbit: number;
  /** 1, or more than half of them. */
  readonly quorum: number;
  /** Part of the terms also where settlement is off. */
  readonly chainId: number;
  /** The ERC-20 token that is paid in; undefined: the chain's coin. Part of the terms like the chain id. */
  readonly token: NodeId | undefined;
  /** Smallest units of the money paid in that are worth one coin of the chain, which gas is paid in. */
  readonly perCoin: bigint;
  /** Set whenever `enabled`. */
  readonly factory: NodeId | undefined;
  /** 1 … 2⁵³−1. */
  readonly weiPerUnit: bigint;
  readonly depositWei: bigint;
  /** 0: no limit. */
  readonly maxIssuePerDayWei: bigint;
  readonly chequebookOwner: NodeId | undefined;
  /** An operator's chequebook in place of one of its own, and the key that signs its cheques. Both, or neither. */
  readonly chequebook: NodeId | undefined;
  readonly issuerKey: string | undefined;
  readonly issuerPasswordFile: string | undefined;
  /** Below `lowWaterWei` of room for promises the chequebook is filled up to `targetWei`. */
  readonly lowWaterWei: bigint;
  readonly targetWei: bigint;
  readonly maxTopUpPerDayWei: bigint;
  /** What a channel is opened with, and topped up by. */
  readonly channelDepositWei: bigint;
  readonly channelFreezeHours: number;
  /** How often the chain is asked of each channel. */
  readonly channelLookS: number;
  readonly cashEveryDays: number;
  readonly maxGasPriceWei: bigint;
}

export interface StoreConfig {
  readonly path: string;
  /** A PostgreSQL server in place of the file at `path`. */
  readonly url: string | undefined;
  readonly journalWindowMs: number;
  /** How long events stay in the history one by one, and what span of time is one row of it. */
  readonly historyDays: number;
  readonly historySpanS: number;
}

/** At least one of `id` and `address` is set. */
export interface NeighbourConfig {
  readonly id: NodeId | undefined;
  /** Where to dial it; without it the neighbour comes to us or is found by mDNS. */
  readonly address: LinkAddress | undefined;
  readonly name: string | undefined;
  /** Names, addresses and ranges that are reached by this neighbour, whatever the next hop of the rest is. */
  readonly reaches: readonly string[];
  /** A friend: served without charge. */
  readonly free: boolean;
  readonly freeMbPerDay: number;
  readonly maxRateMbit: number;
  readonly payAtUnits: number | undefined;
  readonly dropAtUnits: number | undefined;
  readonly riskAtUnits: number | undefined;
  readonly valueAtUnits: number | undefined;
  /** What it is offered for serving this node's packets first: those sent to it, and those it sends here. Units per MB. */
  readonly offerSendingPerMb: number;
  readonly offerReceivingPerMb: number;
}
