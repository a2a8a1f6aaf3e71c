import type { NodeId } from '../core/node-id.ts';
import type { NodeEvent } from '../node/node.ts';
import { SimChain } from './chain/sim-chain.ts';
import { SimToken } from './chain/sim-token.ts';
import type { Cheat } from './cheat.ts';
import { comeToRest } from './come-to-rest.ts';
import { Coverage } from './coverage.ts';
import { drive } from './drive.ts';
import { carriersFor, drawEdges, neighboursOf } from './edges.ts';
import { countEvent, eventWords } from './event-words.ts';
import { lacking } from './eventful.ts';
import { FaultPlan, type PlannedFault } from './fault-plan.ts';
import { SimNetwork } from './link/sim-network.ts';
import { type PacketWorld, packetsOf } from './packet-world.ts';
import { SeededRandom } from './seeded-random.ts';
import { SIM_CHAIN_ID, type SimConfig, simConfig, WORLD_PRICES } from './sim-config.ts';
import { SimNode, type SimSurroundings } from './sim-node.ts';
import { Timeline } from './timeline.ts';
import { BrokenRule } from './watch/broken-rule.ts';
import { Invariants } from './watch/invariants.ts';
import { Workload } from './workload.ts';
import { drawDeals, drawWorld, type WorldSettings } from './world-settings.ts';

export interface WorldOptions {
  readonly seed: number | string;
  /** All machines, cheats among them. */
  readonly nodes: number;
  /** The last ones are cheats, one strategy each. */
  readonly cheats: readonly Cheat[];
  /** Names or groups of faults; undefined for all, empty for none. */
  readonly faults?: readonly string[] | undefined;
  /** Indices of faults to leave out. */
  readonly without?: ReadonlySet<number> | undefined;
  readonly settings?: Partial<WorldSettings>;
  /** Neighbours, by index; drawn when absent. */
  readonly edges?: readonly (readonly [number, number])[];
  /** Indices of nodes without a way out of their own, beside those that a cheat needs. */
  readonly carriers?: readonly number[];
  /** Told of everything a person would want to read afterwards. */
  readonly log?: ((atMs: number, line: string, whom: readonly string[]) => void) | undefined;
}

export interface WorldResult {
  readonly seed: string;
  readonly steps: number;
  readonly virtualMs: number;
  /** Frames sent and charged. */
  readonly charges: number;
  readonly coverage: Coverage;
  readonly broken: BrokenRule | undefined;
}

/** A run in which not everything has happened yet goes on for up to so many times its steps. */
const MOST_TIMES = 20;
/** … and for so long: where trade is brisk, many steps are little time. */
const MOST_MS = 180_000;
/** … or of these, if it was told to be shorter. */
const LEAST_STEPS = 4_000;
/** A cheat that has not cheated begins anew each time so many times the steps have passed. */
const AGAIN_TIMES = 3;
/** … and not before it had so long: some wait for their moment. */
const AGAIN_MS = 30_000;
/** What has happened is looked at so often. */
const LOOK_STEPS = 256;
/** A process that died is started again after at most this. */
const DOWN_MS = 8_000;
/** Up to so many nodes every account is looked at when anything may have happened; beyond it, those that were touched. */
const SMALL_WORLD = 8;
/** Promises run out at least this often, for code that waits for a timer without any port. */
const TURN_STEPS = 64;
const RICH_WEI = 10n ** 24n;
/** Listening ports of machines that came later, far from those of the others. */
const SECOND_PORTS = 10_000;

/** A neighbourhood of production nodes in virtual time: everything follows from the seed. */
export class World {
  readonly timeline = new Timeline();
  readonly coverage = new Coverage();
  readonly settings: WorldSettings;
  readonly nodes: SimNode[] = [];
  readonly edges: (readonly [SimNode, SimNode])[] = [];
  readonly network: SimNetwork;
  readonly chain: SimChain;
  readonly invariants: Invariants;
  readonly workload: Workload;
  readonly faults: FaultPlan;
  /** Absent where the world carries no value packets. */
  readonly packets: PacketWorld | undefined;
  readonly #options: WorldOptions;
  readonly #random: SeededRandom;
  readonly #cheats = new Set<SimNode>();
  #draining = false;
  #sinceTurn = 0;
  /** The present machine of each cheat, and how often they began anew. */
  readonly #joined: SimNode[] = [];
  #again = 0;
  #againMs = AGAIN_MS;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    this.settings = drawWorld(this.#random, options);
    const { timeline, coverage } = this;
    this.network = new SimNetwork({
      timeline,
      coverage,
      random: this.#random.fork('network'),
      delayMs: this.settings.delayMs,
      observer: (to, from) => this.#observer(to, from),
    });
    this.chain = new SimChain({ timeline, coverage, random: this.#random.fork('chain'), chainId: SIM_CHAIN_ID });
    const { blockMs, confirmations, token } = this.settings;
    if (token !== undefined) this.chain.blocks.state.token = new SimToken(token.feeBp);
    this.chain.blocks.blockMs = blockMs;
    this.chain.usualBlockMs = blockMs;
    if (blockMs > 0) this.chain.deepest = Math.min(this.chain.deepest, confirmations - 1);
    this.#build();
    this.workload = new Workload({
      timeline,
      random: this.#random.fork('workload'),
      settings: this.settings,
      edges: this.edges,
      traded: (from, to) => this.#traded(from, to),
    });
    this.faults = new FaultPlan({
      random: this.#random.fork('faults'),
      only: options.faults,
      without: options.without,
      settings: this.settings,
    });
    this.invariants = new Invariants({
      nodes: this.nodes,
      edges: this.edges,
      honest: (node) => !this.#cheats.has(node),
      chain: this.chain,
      riskAt: this.settings.riskAt,
      confirmations,
      weiPerUnit: this.settings.weiPerUnit,
      tampered: (a, b) => this.network.tampered(a, b),
    });
    this.packets = packetsOf(this, this.#random.fork('packets'), (node) => !this.#cheats.has(node));
  }

  // building

  #build(): void {
    const { nodes: count, cheats } = this.#options;
    const edges = this.#options.edges ?? drawEdges(count, this.#random.fork('edges'));
    const carriers = new Set([...(this.#options.carriers ?? []), ...carriersFor(cheats, count, edges)]);
    const plain = neighboursOf(count - cheats.length, edges);
    const deals = this.#options.settings === undefined ? drawDeals(this.#random.fork('deals'), count, plain) : [];
    for (let index = 0; index < count; index += 1) {
      const dials = edges.filter(([from]) => from === index).map(([, to]) => to + 1);
      const name = index < 26 ? String.fromCharCode(65 + index) : `N${index}`;
      const deal = deals[index] ?? 'cheque';
      if (deal !== 'cheque') this.coverage.count(`deal.${deal}`);
      this.#machine({ name, listenPort: index + 1, dials, carrier: carriers.has(index), deal });
    }
    for (const [from, to] of edges) this.edges.push([this.nodes[from] as SimNode, this.nodes[to] as SimNode]);
    cheats.forEach((_, at) => this.#cheats.add(this.nodes[count - cheats.length + at] as SimNode));
  }

  #machine(place: Pick<SimConfig, 'name' | 'listenPort' | 'dials' | 'carrier' | 'deal'>): SimNode {
    const { timeline, network, chain, coverage } = this;
    const surroundings: SimSurroundings = { timeline, network, chain, coverage };
    const { name } = place;
    const methods = this.#random.fork(`methods of ${name}`).shuffled(this.settings.methods);
    const config = simConfig({ ...this.settings, ...place, methods, ...WORLD_PRICES });
    const random = this.#random.fork(`node ${this.nodes.length}`);
    const node = new SimNode({ surroundings, name, random, config });
    node.frameBytes = this.settings.frameBytes;
    node.carries = this.settings.packets !== undefined;
    this.chain.fund(node.id, RICH_WEI);
    node.watch = {
      born: () => {
        this.packets?.born(node);
        this.#say(`${name} starts, life ${node.lives}`, [name]);
      },
      died: () => this.#died(node),
      said: (_, event) => this.#said(node, event),
    };
    this.nodes.push(node);
    return node;
  }

  /** One more machine of a cheat, with the neighbours of its first one. */
  #second(first: SimNode, name: string): SimNode {
    const victims = this.edges.flatMap(([a, b]) => (a === first ? [b] : b === first ? [a] : []));
    const dials = victims.map((victim) => victim.config.listen.port);
    const node = this.#machine({ name, listenPort: SECOND_PORTS + this.nodes.length, dials });
    const edges = victims.map((victim) => [node, victim] as const);
    this.#cheats.add(node);
    this.edges.push(...edges);
    this.invariants.add(node, edges);
    this.workload.join(edges);
    this.packets?.join(node);
    this.timeline.after(1, () => node.start());
    return node;
  }

  #join(cheat: Cheat, machine: SimNode): void {
    const victims = this.edges.flatMap(([a, b]) => (a === machine ? [b.id] : b === machine ? [a.id] : []));
    const { chain, network, settings, timeline } = this;
    cheat.join({
      random: this.#random.fork(`cheat ${machine.name}`),
      timeline,
      network,
      chain,
      settings,
      machine,
      victims,
      onStart: (act) => machine.started.push(act),
      every: (intervalMs, act) => this.#every(intervalMs, () => this.#joined.includes(machine) && act()),
      secondMachine: (name) => this.#second(machine, `${machine.name}-${name}`),
      cheated: (times = 1) => {
        this.coverage.count(`cheat.${cheat.name}`, times);
        this.#say(`${machine.name} cheats: ${cheat.name}`, [machine.name]);
      },
    });
  }

  #every(intervalMs: number, act: () => void): void {
    this.timeline.after(intervalMs, () => {
      if (this.#draining) return;
      act();
      this.#every(intervalMs, act);
    });
  }

  // what happens

  #say(line: string, whom: readonly string[]): void {
    this.#options.log?.(this.timeline.nowMs, line, whom);
  }

  #died(node: SimNode): void {
    this.#say(`${node.name} dies${node.life.diedAt === undefined ? '' : ` at ${node.life.diedAt}`}`, [node.name]);
    // What its books said at the end is looked at before they are made anew.
    this.invariants.lookAt(node);
    this.packets?.died(node);
    const delayMs = this.#random.fork(`down ${node.name} ${node.lives}`).below(DOWN_MS);
    this.timeline.after(this.#draining ? 0 : delayMs, () => node.start());
  }

  #said(node: SimNode, event: NodeEvent): void {
    countEvent(this.coverage, event);
    this.invariants.said(node, event);
    if (this.#options.log !== undefined && event.kind !== 'charged') this.#say(...eventWords(this.nodes, node, event));
  }

  #observer(to: NodeId, from: NodeId): () => void {
    const watch = this.invariants.watchOf(to, from);
    return watch === undefined ? () => {} : () => this.invariants.look(watch);
  }

  #traded(from: SimNode, to: SimNode): void {
    const watch = this.invariants.watchOf(from.id, to.id);
    if (watch !== undefined) this.invariants.look(watch);
  }

  // running

  /** Starts everybody, runs `steps` steps with trade and faults, then lets all come to rest and compares the books. */
  async run(steps: number): Promise<WorldResult> {
    this.begin();
    const { timeline } = this;
    const span = Math.max(steps, LEAST_STEPS);
    let look = steps;
    await this.advance(() => {
      if (timeline.steps < look) return false;
      look = timeline.steps + LOOK_STEPS;
      const missing = this.#missing();
      const spent = timeline.steps >= span * MOST_TIMES && timeline.nowMs >= MOST_MS;
      if (missing.length === 0 || spent) return true;
      this.#bringAbout(missing, span);
      return false;
    });
    if (this.invariants.broken === undefined) await comeToRest(this);
    const missing = lacking(this.#missing(), this.coverage);
    if (missing.length > 0)
      this.invariants.broken ??= new BrokenRule('eventful', `never happened: ${missing.join(', ')}`);
    return this.result();
  }

  /** What a run is for and has not really happened: a crash, a chain in trouble, each cheat's cheating. */
  #missing(): readonly string[] {
    const { cheats, faults, without } = this.#options;
    if (faults?.length === 0) return [];
    const silent = cheats.map(({ name }) => `cheat.${name}`).filter((name) => this.coverage.of(name) === 0);
    const certain = faults === undefined && (without?.size ?? 0) === 0 ? ['crash.', 'chain.'] : [];
    return [...silent, ...certain.filter((prefix) => !this.coverage.any(prefix))];
  }

  /** The run is over but for this: it is done now. A cheat that could not begin comes again under another key. */
  #bringAbout(missing: readonly string[], span: number): void {
    if (missing.includes('crash.')) this.faults.now('crash', this.#scene(), this.#struck);
    if (missing.includes('chain.')) this.faults.now('reorganisation', this.#scene(), this.#struck);
    if (missing.every((prefix) => prefix.startsWith('cheat.'))) this.#peace();
    const tries = Math.floor(this.timeline.steps / (span * AGAIN_TIMES));
    if (tries <= this.#again || this.timeline.nowMs < this.#againMs) return;
    this.#again = tries;
    this.#againMs = this.timeline.nowMs + AGAIN_MS;
    this.#options.cheats.forEach((cheat, at) => {
      const before = this.#joined[at] as SimNode;
      if (!missing.includes(`cheat.${cheat.name}`)) return;
      before.retired = true;
      before.crash();
      const machine = this.#second(before, `${before.name}-again`);
      this.#joined[at] = machine;
      this.#join(cheat, machine);
    });
  }

  begin(): void {
    const { cheats, nodes: count } = this.#options;
    this.#joined.push(...this.nodes.slice(count - cheats.length));
    for (const [at, cheat] of cheats.entries()) this.#join(cheat, this.#joined[at] as SimNode);
    for (const node of this.nodes)
      this.timeline.after(this.#random.fork(`start ${node.name}`).below(300), () => node.start());
    this.workload.begin();
    this.packets?.begin();
    this.faults.begin(this.#scene(), this.#struck);
  }

  readonly #struck = ({ index, kind }: PlannedFault, struck: readonly SimNode[]): void => {
    this.coverage.count(`fault.${kind.name}`);
    const whom = struck.map(({ name }) => name);
    this.#say(`fault ${index}: ${kind.name} ${whom.join('–')}`.trimEnd(), whom);
  };

  #scene() {
    const { timeline, network, chain, coverage, nodes, edges } = this;
    return { timeline, network, chain, coverage, nodes, edges };
  }

  /** Runs until `done`, or until a rule breaks. */
  advance(done: () => boolean): Promise<void> {
    const { invariants, timeline, nodes } = this;
    const small = nodes.length <= SMALL_WORLD;
    const calls = nodes.map(() => -1);
    let turned = false;
    return drive(() => {
      if (turned) {
        timeline.takeAsynchronous();
        if (small) this.#lookWhereCalled(calls);
      }
      turned = false;
      if (done() || invariants.broken !== undefined || !timeline.next()) return 'done';
      if (small) this.#lookWhereCalled(calls);
      this.#sinceTurn += 1;
      if (this.#sinceTurn < TURN_STEPS && !timeline.takeAsynchronous()) return 'on';
      this.#sinceTurn = 0;
      turned = true;
      return 'turn';
    });
  }

  /** A node that called no port since the last look did nothing that needs one; deliveries are looked at as they come. */
  #lookWhereCalled(calls: number[]): void {
    const { nodes } = this;
    for (let index = 0; index < nodes.length; index += 1) {
      const node = nodes[index] as SimNode;
      if (node.life.calls === calls[index]) continue;
      calls[index] = node.life.calls;
      this.invariants.lookAt(node);
      this.packets?.look(node);
    }
  }

  /** No trade, no faults: everybody comes back and pays. */
  calm(): void {
    this.#draining = true;
    this.#say('world faults and trade end', []);
    this.#peace();
    for (const node of this.nodes) node.start();
  }

  /** No fault any more. */
  #peace(): void {
    const { chain, edges, faults, network } = this;
    faults.end();
    chain.blocks.revertNext = 0;
    chain.blocks.loseNext = 0;
    for (const [a, b] of edges) network.heal(a.id, b.id);
  }

  result(): WorldResult {
    const { coverage, invariants, timeline, workload } = this;
    return {
      seed: String(this.#options.seed),
      steps: timeline.steps,
      virtualMs: timeline.nowMs,
      charges: workload.charges(),
      coverage,
      broken: invariants.broken,
    };
  }
}
