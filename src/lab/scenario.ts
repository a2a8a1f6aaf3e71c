import { WayleaveError } from '../core/errors.ts';

/** How the nodes of a lab can pay each other. */
export const LAB_SETTLEMENTS = ['cheque', 'transfer', 'channel', 'barter'] as const;
export type LabSettlement = (typeof LAB_SETTLEMENTS)[number];

/** A neighbourhood as data: who stands where, what each asks, who downloads what. */
export interface Scenario {
  readonly name: string;
  /** How its nodes can settle, the usual way first. Where traffic goes one way only, barter would end at dropAt. */
  readonly settlements: readonly LabSettlement[];
  readonly nodes: readonly ScenarioNode[];
  readonly links: readonly ScenarioLink[];
  readonly downloads: readonly ScenarioDownload[];
  /** Value packets instead of downloads: the most value each takes on credit, units. Nothing is paid before it is asked for. */
  readonly packets?: { readonly valueAtUnits: number };
}

export interface ScenarioNode {
  readonly name: string;
  /** Least profit when selling, hundredths of a per cent. */
  readonly profitBp: number;
  /** The most it pays, units per MB. */
  readonly maxPricePerMb: number;
  /** Whom it buys from; a node without one has an uplink. */
  readonly nextHop: string | undefined;
  /** What the uplink costs, units per MB; on gateways only. */
  readonly uplinkPricePerMb: number | undefined;
  /** The address of a network that only its uplink reaches; undefined: all of the internet, which is at the usual one. */
  readonly network?: string;
  /** What it keeps of a packet it carries, units; 0 where nothing is said. */
  readonly tollPerPacket?: number;
}

/** Two neighbours. `a` is the one nearer to the gateway: it sells, `b` buys. */
export interface ScenarioLink {
  readonly a: string;
  readonly b: string;
  /** Whether traffic, and so money, flows over it in this scenario. */
  readonly paying: boolean;
  /** What `a` carries for `b` at the most while people watch, Mbit/s; 0: unlimited. `--once` is never shaped. */
  readonly watchRateMbit: number;
}

/** What a user at a node downloads. The first one is the transfer that the result tells of. */
export interface ScenarioDownload {
  readonly node: string;
  /** The default size, in MB of 10⁶ bytes. */
  readonly sizeMb: number;
  /** While people watch: how long its user pauses before the next download, seconds. */
  readonly pauseS: number;
  /** The neighbour whose network has the file; undefined: wherever next hops lead to. */
  readonly from?: string;
}

/** A pace at which 24 MB take ten seconds: counters can be watched, and nobody has to wait. */
const WATCH_RATE_MBIT = 20;

/** No node of the lab refuses a price for being too high: that is another scenario. */
const MAX_PRICE_PER_MB = 100_000;

function buyer(name: string, nextHop: string, profitBp: number): ScenarioNode {
  return { name, nextHop, profitBp, maxPricePerMb: MAX_PRICE_PER_MB, uplinkPricePerMb: undefined };
}

/** DESIGN §6: A ← B ← C ← D in a line, and E joined to B and C. Asks compound from the uplink's 8000: 8800, 10120, 11132. */
const NEIGHBOURHOOD: Scenario = {
  name: 'neighbourhood',
  settlements: ['cheque', 'transfer', 'channel'],
  nodes: [
    { name: 'A', nextHop: undefined, profitBp: 1_000, maxPricePerMb: MAX_PRICE_PER_MB, uplinkPricePerMb: 8_000 },
    buyer('B', 'A', 1_500),
    buyer('C', 'B', 1_000),
    buyer('D', 'C', 1_000),
    buyer('E', 'B', 1_500),
  ],
  links: [
    { a: 'A', b: 'B', paying: true, watchRateMbit: 0 },
    { a: 'B', b: 'C', paying: true, watchRateMbit: 0 },
    { a: 'C', b: 'D', paying: true, watchRateMbit: WATCH_RATE_MBIT },
    { a: 'B', b: 'E', paying: true, watchRateMbit: WATCH_RATE_MBIT },
    { a: 'C', b: 'E', paying: false, watchRateMbit: 0 },
  ],
  downloads: [
    { node: 'D', sizeMb: 24, pauseS: 3 },
    { node: 'E', sizeMb: 4, pauseS: 15 },
  ],
};

/** DESIGN §8: A, the carriers b and c with their tolls, and D, in a line. */
const SILK_ROAD: Scenario = {
  name: 'silk-road',
  settlements: ['cheque', 'transfer', 'channel'],
  nodes: [carrier('A', 0), carrier('b', 5), carrier('c', 60), carrier('D', 0)],
  links: [
    { a: 'b', b: 'A', paying: true, watchRateMbit: 0 },
    { a: 'c', b: 'b', paying: true, watchRateMbit: 0 },
    { a: 'D', b: 'c', paying: true, watchRateMbit: 0 },
  ],
  downloads: [],
  packets: { valueAtUnits: 1_000_000 },
};

function carrier(name: string, tollPerPacket: number): ScenarioNode {
  const none = { nextHop: undefined, uplinkPricePerMb: undefined };
  return { name, profitBp: 0, maxPricePerMb: MAX_PRICE_PER_MB, ...none, tollPerPacket };
}

/**
 * Two networks that meet: N reaches the north by its uplink, S the south, and each gives the users of the other what only
 * it can reach. They ask 8800 and 9900 and exchange one for one at 8800. S's user begins alone, and is stopped at dropAt.
 */
const PEERING: Scenario = {
  name: 'peering',
  settlements: ['barter'],
  nodes: [gateway('N', 8_000, '127.0.0.2'), gateway('S', 9_000, '127.0.0.3')],
  links: [{ a: 'N', b: 'S', paying: false, watchRateMbit: WATCH_RATE_MBIT }],
  downloads: [
    { node: 'S', sizeMb: 12, pauseS: 3, from: 'N' },
    { node: 'N', sizeMb: 12, pauseS: 3, from: 'S' },
  ],
};

function gateway(name: string, uplinkPricePerMb: number, network: string): ScenarioNode {
  return { name, profitBp: 1_000, maxPricePerMb: MAX_PRICE_PER_MB, nextHop: undefined, uplinkPricePerMb, network };
}

const SCENARIOS: readonly Scenario[] = [NEIGHBOURHOOD, SILK_ROAD, PEERING];

/** The scenario that is played where none is named. */
export function usualScenario(settlement: LabSettlement | undefined): string {
  return (
    SCENARIOS.find(({ settlements }) => settlement === undefined || settlements.includes(settlement)) ?? NEIGHBOURHOOD
  ).name;
}

/** How it is settled: as asked for, or the usual way. Throws `SCENARIO_SETTLES_OTHERWISE`. */
export function settlementOf({ name, settlements }: Scenario, wanted: LabSettlement | undefined): LabSettlement {
  const settlement = wanted ?? settlements[0];
  if (settlement !== undefined && settlements.includes(settlement)) return settlement;
  throw new WayleaveError('SCENARIO_SETTLES_OTHERWISE', { scenario: name, settlements: settlements.join(', ') });
}

/** Names of all scenarios, for help and messages. */
export function scenarioNames(): string[] {
  return SCENARIOS.map(({ name }) => name);
}

/** Throws `SCENARIO_UNKNOWN`, naming those there are. */
export function scenarioNamed(name: string): Scenario {
  const found = SCENARIOS.find((each) => each.name === name);
  if (found === undefined)
    throw new WayleaveError('SCENARIO_UNKNOWN', { scenario: name, known: scenarioNames().join(', ') });
  return found;
}

/** Whom a node buys a download from. */
export function sellerOf(scenario: Scenario, node: string): string | undefined {
  return nodeNamed(scenario, node).nextHop ?? scenario.downloads.find((each) => each.node === node)?.from;
}

/** The way of a node's traffic: itself, every next hop, the gateway. */
export function pathOf(scenario: Scenario, from: string): string[] {
  const path = [from];
  const { from: peer } = scenario.downloads.find(({ node }) => node === from) ?? {};
  if (peer !== undefined) return [from, peer];
  for (let at = nodeNamed(scenario, from).nextHop; at !== undefined; at = nodeNamed(scenario, at).nextHop)
    path.push(at);
  return path;
}

/** A node of the scenario; a name that is not there is a mistake in the data. */
export function nodeNamed(scenario: Scenario, name: string): ScenarioNode {
  const found = scenario.nodes.find((each) => each.name === name);
  if (found === undefined) throw new Error(`scenario ${scenario.name} has no node ${name}`);
  return found;
}
