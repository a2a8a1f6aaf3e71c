import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createKeystore } from '../chain/keystore.ts';
import { createSigner } from '../chain/signer.ts';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { LinkAddress } from '../link/link.ts';
import { makeFolder } from '../store/make-folder.ts';
import { listenPorts } from './listen-ports.ts';
import { type LabSettlement, nodeNamed, type Scenario, type ScenarioNode } from './scenario.ts';

/** Wei for one unit in the lab (DESIGN §4). */
export const LAB_WEI_PER_UNIT = 10n ** 10n;
/** What hardhat and anvil call a development chain. */
export const LAB_CHAIN_ID = 31_337;
/** Coin of every node at first, and what of it goes into its chequebook: a day of downloads at the watched pace. */
export const LAB_COIN_WEI = 50n * 10n ** 18n;
/** Blocks come this often where payments wait for them: a real chain is far slower, and its limits wider. */
export const LAB_BLOCK_MS = 200;
const DEPOSIT_WEI = 25n * 10n ** 18n;
/** What one end puts into a channel: a node of the lab has three neighbours at the most. */
const CHANNEL_DEPOSIT_WEI = 10n * 10n ** 18n;
/** How far two that exchange service one for one may be apart, MB at the ask of the one that served more. */
export const BARTER_DROP_AT_MB = 4;
/** How long one may watch a choked link before it is closed, seconds. */
const GRACE_S = 3_600;

const HOST = '127.0.0.1';
const STORE_NAME = 'wayleave.db';
const CONFIG_NAME = 'wayleave.toml';

/** Where one node of the lab lives. */
export interface NodeHome {
  readonly name: string;
  readonly id: NodeId;
  readonly folder: string;
  readonly config: string;
  readonly store: string;
}

/** A folder that the lab may fill; `remove` takes away all of it. */
export interface LabFolder {
  readonly path: string;
  remove(): void;
}

/** A new folder for temporary files, or `wanted`, made if need be. Throws `LAB_FOLDER_USED` unless that is empty. */
export function openFolder(wanted: string | undefined): LabFolder {
  const path = wanted === undefined ? mkdtempSync(join(tmpdir(), 'wayleave-lab-')) : resolve(wanted);
  makeFolder(path);
  if (readdirSync(path).length > 0) throw new WayleaveError('LAB_FOLDER_USED', { folder: path });
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** The key of a lab node, the same for the same seed: it owns coin of a chain that ends with the lab, and nothing else. */
export function labKey(seed: number, name: string): Uint8Array {
  return createHash('sha256').update(`wayleave lab key ${seed} ${name}`).digest();
}

/** Ids by name, for funding them before there is a chain to configure. */
export function labIds(scenario: Scenario, seed: number): Map<string, NodeId> {
  return new Map(scenario.nodes.map(({ name }) => [name, createSigner(labKey(seed, name)).id]));
}

export interface HomesOptions {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly folder: string;
  readonly settlement: LabSettlement;
  /** Undefined where nothing is paid. */
  readonly chain: { readonly url: string; readonly factory: NodeId } | undefined;
  /** The one local address that each gateway may connect to. */
  readonly origins: ReadonlyMap<string, LinkAddress>;
  /** Whether links are slowed down to a pace that can be watched. */
  readonly shaped: boolean;
}

/** Gives every node of the scenario a folder with its key and its configuration. */
export async function makeHomes(options: HomesOptions): Promise<NodeHome[]> {
  const { scenario, seed } = options;
  const ids = labIds(scenario, seed);
  const ports = await listenPorts(scenario.nodes.length, HOST);
  const portOf = new Map(scenario.nodes.map(({ name }, index) => [name, ports[index] ?? 0]));
  const homes: NodeHome[] = [];
  for (const node of scenario.nodes) {
    const folder = join(options.folder, node.name);
    mkdirSync(folder, { mode: 0o700 });
    const key = labKey(seed, node.name);
    await createKeystore({ path: join(folder, 'key.json'), insecure: true, key, randomBytes: () => key });
    const config = join(folder, CONFIG_NAME);
    writeFileSync(config, configText(node, { ...options, ids, portOf }));
    homes.push({ name: node.name, id: ids.get(node.name) ?? '', folder, config, store: join(folder, STORE_NAME) });
  }
  return homes;
}

interface ConfigFacts extends HomesOptions {
  readonly ids: ReadonlyMap<string, NodeId>;
  readonly portOf: ReadonlyMap<string, number>;
}

/** The configuration as an operator would have typed it. */
export function configText(node: ScenarioNode, facts: ConfigFacts): string {
  const { portOf } = facts;
  const uplink = node.uplinkPricePerMb;
  const origin = facts.origins.get(node.name);
  const way =
    uplink === undefined || origin === undefined
      ? [`next_hop = "${node.nextHop ?? 'none'}"`]
      : ['uplink = true', `uplink_price_per_mb = ${uplink}`, `allow = ["${origin.host}:${origin.port}"]`];
  return [
    `# Made by wayleave lab, scenario ${facts.scenario.name}.`,
    `name = "${node.name}"`,
    '',
    '[key]',
    'insecure_plain = true',
    '[listen]',
    `host = "${HOST}"`,
    `port = ${portOf.get(node.name)}`,
    '[api]',
    'port = 0',
    '[proxy]',
    'port = 0',
    '[discovery]',
    'mdns = false',
    'accept = "known"',
    '[transit]',
    `max_price_per_mb = ${node.maxPricePerMb}`,
    `min_profit_bp = ${node.profitBp}`,
    ...way,
    '[credit]',
    `grace_s = ${GRACE_S}`,
    ...(facts.settlement === 'barter' ? [`drop_at_mb = ${BARTER_DROP_AT_MB}`] : []),
    ...packetsText(node, facts.scenario),
    ...chainText(facts),
    ...facts.scenario.links.flatMap((link) => neighbourText(node.name, link, facts)),
    '',
  ].join('\n');
}

/** Without a chain service is exchanged one for one. */
function chainText({ chain, settlement }: HomesOptions): string[] {
  if (chain === undefined) return [];
  return [
    '[settlement]',
    'enabled = true',
    `rpc = "${chain.url}"`,
    `chain_id = ${LAB_CHAIN_ID}`,
    `factory = "${chain.factory}"`,
    `wei_per_unit = ${LAB_WEI_PER_UNIT}`,
    `deposit_wei = "${DEPOSIT_WEI}"`,
    ...settlementText(settlement),
  ];
}

function settlementText(settlement: LabSettlement): string[] {
  if (settlement === 'cheque') return [];
  if (settlement === 'channel') {
    // Blocks come with transactions only, so that nothing would ever have more than one on it.
    const money = ['confirmations = 1', `channel_deposit_wei = "${CHANNEL_DEPOSIT_WEI}"`];
    return ['methods = ["channel", "barter"]', ...money, 'channel_look_s = 1'];
  }
  return ['methods = ["transfer", "barter"]', 'confirmations = 3', `block_ms = ${LAB_BLOCK_MS}`];
}

/** Carriers of a packet scenario pay when they are told to, so that every counter can be read on the way. */
function packetsText({ tollPerPacket = 0 }: ScenarioNode, { packets }: Scenario): string[] {
  if (packets === undefined) return [];
  return [
    `pay_at_units = ${packets.valueAtUnits * 10}`,
    `drop_at_units = ${packets.valueAtUnits * 100}`,
    '[packets]',
    `toll_per_packet = ${tollPerPacket}`,
    `value_at_units = ${packets.valueAtUnits}`,
  ];
}

/** Both ends know the address of the other, so that whoever is up last connects at once. */
function neighbourText(me: string, link: Scenario['links'][number], facts: ConfigFacts): string[] {
  if (link.a !== me && link.b !== me) return [];
  const other = link.a === me ? link.b : link.a;
  const { network } = nodeNamed(facts.scenario, other);
  const sells = link.a === me || network !== undefined;
  const rate = facts.shaped && sells ? link.watchRateMbit : 0;
  return [
    '[[neighbour]]',
    `name = "${other}"`,
    `id = "${facts.ids.get(other)}"`,
    `address = "${HOST}:${facts.portOf.get(other)}"`,
    ...(network === undefined ? [] : [`reaches = ["${network}"]`]),
    ...(rate > 0 ? [`max_rate_mbit = ${rate}`] : []),
  ];
}
