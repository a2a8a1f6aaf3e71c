import type { PaymentMethod } from '../core/terms/terms.ts';
import type { Cheat } from './cheat.ts';
import type { SeededRandom } from './seeded-random.ts';

/** What is bought and sold in a world, on which terms, and how fast. Drawn from the seed, or given. */
export interface WorldSettings {
  /** Units per MB that access costs each node; its ask follows from it. */
  readonly costPerMb: number;
  readonly payAt: number;
  readonly dropAt: number;
  readonly riskAt: number;
  /** All settle by the clock too, so often; 0: by size alone. Seconds. */
  readonly settleEveryS: number;
  readonly weiPerUnit: bigint;
  readonly depositWei: bigint;
  readonly journalWindowMs: number;
  /** Mean time between two wants of one node of one neighbour, milliseconds, and how large they are at most, bytes. */
  readonly tradeEveryMs: number;
  readonly tradeBytes: number;
  /** The most that is sent, and charged, at a time; default what a frame of a link carries. */
  readonly frameBytes?: number;
  /** One want in so many is an upload. */
  readonly uploadOneIn: number;
  /** Mean time between two faults, milliseconds. */
  readonly faultEveryMs: number;
  /** What is paid by. Each node has these in an order of its own, those it deals with in another one. */
  readonly methods: readonly PaymentMethod[];
  /** Time between two blocks; 0: each transaction is mined at once. Milliseconds. */
  readonly blockMs: number;
  /** Blocks until a transfer counts, its own included. A reorganisation is never so deep. */
  readonly confirmations: number;
  /** What a channel is opened with, and topped up by. Wei. */
  readonly channelDepositWei: bigint;
  /** What is settled in where it is no coin, and what it keeps of each payment, hundredths of a per cent. Drawn apart. */
  readonly token?: { readonly feeBp: number } | undefined;
  /** Books are kept on servers, which are killed. Drawn apart. */
  readonly onServer?: boolean;
  /** How long a message is under way, where that is long. Drawn apart. Milliseconds. */
  readonly delayMs?: number | undefined;
  /** Value packets; absent where there are none, drawn apart. */
  readonly packets?: PacketSettings | undefined;
  /** Credit that grows; absent where dropAt is typed and stays what it is. Drawn apart. */
  readonly growth?: GrowthSettings | undefined;
}

/** One world in so many settles by the clock too, so often. Seconds. */
const PERIOD_ONE_IN = 3;
const PERIOD_S = 3;

/** Thresholds are small, so that a run of a few thousand steps pays, chokes, cashes and forgets many times. */
export function drawSettings(random: SeededRandom): WorldSettings {
  const payAt = random.between(20, 500);
  const drawn = {
    costPerMb: random.between(5_000, 30_000),
    payAt,
    dropAt: payAt * random.between(2, 6) + 400,
    riskAt: payAt * random.between(1, 10),
    settleEveryS: payAt % PERIOD_ONE_IN === 0 ? PERIOD_S : 0,
    weiPerUnit: random.pick([1n, 1_000n, 10_000_000_000n]),
    depositWei: 10n ** 20n,
    journalWindowMs: random.pick([0, 20, 50, 50, 50, 200, 500]),
    tradeEveryMs: random.between(10, 100),
    tradeBytes: random.between(500, 12_000),
    uploadOneIn: random.between(2, 10),
    faultEveryMs: random.between(500, 5_000),
  };
  const own = random.fork('methods');
  const confirmations = own.between(2, 8);
  const channelDepositWei = drawn.weiPerUnit * BigInt(payAt * own.between(2, 20));
  return { ...drawn, methods: ['cheque'], blockMs: 0, confirmations, channelDepositWei };
}

/** Those that move money. */
export const TOKEN_METHODS: readonly PaymentMethod[] = ['cheque', 'channel', 'transfer'];

/** One world in so many pays by something else than cheques alone. */
const OTHER_METHODS_ONE_IN = 3;

/** What a world pays by: what its cheats need, else mostly cheques, else another method, or all of them. */
export function drawMethods(
  random: SeededRandom,
  needed: readonly PaymentMethod[],
): Pick<WorldSettings, 'methods' | 'blockMs'> {
  const other = random.below(OTHER_METHODS_ONE_IN) === 0;
  const drawn = other ? random.pick<readonly PaymentMethod[]>([['transfer'], ['channel'], TOKEN_METHODS]) : ['cheque'];
  const methods = needed.length > 0 ? needed : (drawn as readonly PaymentMethod[]);
  // Who counts confirmations needs blocks that come by themselves.
  const blockMs = random.pick([250, 1_000, 2_000]);
  return { methods, blockMs: methods.every((each) => each === 'cheque') ? 0 : blockMs };
}

/** One world in so many settles in a token. Half of these keep nothing. */
const TOKEN_ONE_IN = 10;

/** Undefined where a world settles in coin. */
function drawToken(random: SeededRandom): { readonly feeBp: number } | undefined {
  return random.below(TOKEN_ONE_IN) > 0 ? undefined : { feeBp: random.pick([0, 0, 30, 1_000]) };
}

/** One world in so many keeps its books on servers. */
const SERVER_ONE_IN = 6;

/**
 * In one world in so many nodes are far from each other, so that several payments wait for their answers. Not where a cheat
 * needs packets, which comes to cheat too seldom then. Milliseconds.
 */
const FAR_ONE_IN = 5;
const FAR_MS = [50, 150] as const;

/** How one node deals with its neighbours: most pay by cheque, for each MB. */
export type Deal = 'cheque' | 'barter' | 'free' | 'time';

/** One world in so many has other deals than cheques in it. */
const OTHER_ONE_IN = 4;

/** How each of so many nodes deals. Those in `plain` are as most are: who is to be cheated must be owed money. */
export function drawDeals(random: SeededRandom, count: number, plain: ReadonlySet<number>): readonly Deal[] {
  const other = random.below(OTHER_ONE_IN) === 0;
  return Array.from({ length: count }, (_, index) => {
    const deal = random.pick<Deal>(['cheque', 'barter', 'free', 'time']);
    return other && !plain.has(index) ? deal : 'cheque';
  });
}

/** Value packets in a world: what carriers take, what they trust each other with, and how much is sent. Units. */
export interface PacketSettings {
  readonly tollPerPacket: number;
  readonly tollPerMb: number;
  readonly refusalFee: number;
  /** Credit for value; 0: only what was paid ahead. */
  readonly valueAt: number;
  readonly prepay: number;
  /** What a server keeps of a request. */
  readonly price: number;
  /** Mean time between two packets of one node, milliseconds, and the most one carries. */
  readonly everyMs: number;
  readonly mostValue: number;
}

/** One world in so many carries value packets. */
const PACKETS_ONE_IN = 4;

/** Undefined where a world carries none. `always`: a cheat needs them. */
export function drawPackets(
  random: SeededRandom,
  { payAt }: WorldSettings,
  always: boolean,
): PacketSettings | undefined {
  if (random.below(PACKETS_ONE_IN) > 0 && !always) return undefined;
  const mostValue = random.between(20, 2 * payAt);
  return {
    tollPerPacket: random.between(0, 6),
    tollPerMb: random.pick([0, 0, 2_000, 20_000]),
    refusalFee: random.between(0, 3),
    // Where nobody trusts anybody, there is little to be cheated of.
    valueAt: random.pick(always ? [payAt, 2 * payAt] : [0, 0, payAt, 2 * payAt]),
    prepay: random.pick([0, payAt, 3 * payAt]),
    price: random.between(0, 20),
    everyMs: random.between(30, 300),
    mostValue,
  };
}

/** How credit grows in a world: a newcomer may owe `dropAt` of the world's settings. */
export interface GrowthSettings {
  /** The part of the net income kept that is lent, 1 … 100. */
  readonly sharePercent: number;
  /** By how much at most in a day, and in all. Units. */
  readonly perDay: number;
  readonly most: number;
  readonly newcomersPerDay: number;
  /** What nodes take beyond their cost, in hundredths of a per cent: a tenth would take longer than a run to come to anything. */
  readonly profitBp: number;
}

/** One world in so many has credit that grows. */
const GROWTH_ONE_IN = 3;

/** Gas is cheap there: it is part of what income costs, and would be more than all of it. Wei. */
const GROWTH_WEI_PER_UNIT = 10n ** 14n;

/** What differs where credit grows; nothing in other worlds. */
function drawGrowth(
  random: SeededRandom,
  { channelDepositWei, dropAt, weiPerUnit }: WorldSettings,
): Partial<WorldSettings> {
  if (random.below(GROWTH_ONE_IN) > 0) return {};
  const most = random.between(Math.floor(dropAt / 4), 3 * dropAt);
  const growth = {
    sharePercent: random.pick([25, 50, 100]),
    perDay: random.between(Math.floor(dropAt / 20), Math.floor(dropAt / 4)),
    most,
    newcomersPerDay: random.pick([8, 20, 100]),
    profitBp: random.between(5_000, 20_000),
  };
  const scale = GROWTH_WEI_PER_UNIT / weiPerUnit;
  return { growth, weiPerUnit: GROWTH_WEI_PER_UNIT, channelDepositWei: channelDepositWei * scale };
}

/**
 * All of a world's settings: those that are given, where it settles by size alone unless told otherwise, or drawn so that
 * its cheats have a chance.
 */
export function drawWorld(
  random: SeededRandom,
  { cheats, settings }: { readonly cheats: readonly Cheat[]; readonly settings?: Partial<WorldSettings> },
): WorldSettings {
  const drawn = drawSettings(random.fork('settings'));
  const needed = [...new Set(cheats.flatMap(({ needs }) => (needs === undefined ? [] : [needs])))];
  const methods = drawMethods(random.fork('methods'), needed);
  if (settings !== undefined) return { ...drawn, settleEveryS: 0, ...(needed.length > 0 && methods), ...settings };
  const carried = cheats.some(({ needsPackets }) => needsPackets);
  const packets = drawPackets(random.fork('packet settings'), drawn, carried);
  const token = drawToken(random.fork('contract of the token'));
  const onServer = random.fork('books on servers').below(SERVER_ONE_IN) === 0;
  const far = random.fork('distance');
  const delayMs = !carried && far.below(FAR_ONE_IN) === 0 ? far.between(...FAR_MS) : undefined;
  return { ...drawn, ...methods, packets, token, onServer, delayMs, ...drawGrowth(random.fork('growth'), drawn) };
}
