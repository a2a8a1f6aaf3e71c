import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { Link } from '../link/link.ts';
import { MemoryNetwork } from './link/memory-transport.ts';
import type { ExpectStep, Scenario, ScenarioLinkSpec, ScenarioStep, SendStep } from './scenario-format.ts';
import { ScenarioNode } from './scenario-node.ts';
import { SeededRandom } from './seeded-random.ts';
import { Timeline } from './timeline.ts';

/** What a scenario came to (DESIGN §15). */
export interface ScenarioResult {
  readonly schema: 1;
  readonly scenario: string;
  readonly seed: number;
  readonly ok: boolean;
  readonly nodes: readonly { name: string; address: NodeId; net: number; delivered: number; refused: number }[];
  readonly links: readonly LinkResult[];
  readonly checks: readonly Check[];
}

export interface LinkResult {
  readonly a: string;
  readonly b: string;
  /** What `a` owes `b`; negative: `b` owes `a`. Units. */
  readonly counter: number;
  /** The largest it ever was, in either direction. */
  readonly peak: number;
  readonly settlements: number;
  readonly settled: number;
}

export interface Check {
  readonly id: string;
  readonly expected: number;
  readonly actual: number;
  readonly ok: boolean;
}

interface Wire {
  readonly spec: ScenarioLinkSpec;
  readonly a: ScenarioNode;
  readonly b: ScenarioNode;
  peak: number;
  settlements: number;
  settled: number;
}

/** Long enough for routes to spread over any scenario, and for one packet to come home: nothing in it takes time. Milliseconds. */
const SPREAD_MS = 20_000;
const PACKET_MS = 50;

/** Runs a scenario on real carriers over links in memory. Everything is decided by `core/`; here it is only set up and read off. */
export async function runScenario(scenario: Scenario, seed = 1): Promise<ScenarioResult> {
  const run = new ScenarioRun(scenario, seed);
  await run.connect();
  for (const [index, step] of scenario.steps.entries()) run.step(step, index);
  return run.result();
}

class ScenarioRun {
  readonly #scenario: Scenario;
  readonly #seed: number;
  readonly #timeline = new Timeline();
  readonly #nodes = new Map<string, ScenarioNode>();
  readonly #byId = new Map<NodeId, ScenarioNode>();
  readonly #wires: Wire[] = [];
  readonly #checks: Check[] = [];
  /** Replies that wait for a step that sends them. */
  readonly #held: (() => void)[] = [];
  readonly #network: MemoryNetwork;

  constructor(scenario: Scenario, seed: number) {
    this.#scenario = scenario;
    this.#seed = seed;
    const random = new SeededRandom(seed);
    const timeline = this.#timeline;
    const clock = {
      wallMs: () => Math.floor(timeline.nowMs),
      nowMs: () => timeline.nowMs,
      after: (delayMs: number, fire: () => void) => timeline.after(delayMs, fire),
    };
    for (const spec of scenario.nodes) {
      const own = random.fork(spec.name);
      const id = `0x${Buffer.from(own.bytes(20)).toString('hex')}`;
      const node = new ScenarioNode({ id, spec, clock, random: own, moved: (at, row) => this.#moved(at, row) });
      this.#nodes.set(spec.name, node);
      this.#byId.set(id, node);
    }
    this.#network = new MemoryNetwork({ clock });
  }

  #node(name: string): ScenarioNode {
    return this.#nodes.get(name) as ScenarioNode;
  }

  async connect(): Promise<void> {
    for (const spec of this.#scenario.links) {
      const [a, b] = [this.#node(spec.a), this.#node(spec.b)];
      this.#wires.push({ spec, a, b, peak: 0, settlements: 0, settled: 0 });
      const accepted: Link[] = [];
      const listener = await this.#network
        .transport(b.id)
        .listen({ host: b.name, port: 0 }, (link) => accepted.push(link));
      const dialling = this.#network.transport(a.id).dial(listener.address, b.id);
      while (this.#timeline.next() && accepted.length === 0) await Promise.resolve();
      a.join(await dialling, spec);
      b.join(accepted[0] as Link, spec);
      await listener.close();
    }
    this.#run(SPREAD_MS);
  }

  #run(ms: number): void {
    const end = this.#timeline.nowMs + ms;
    while ((this.#timeline.nextAtMs ?? Number.POSITIVE_INFINITY) <= end) this.#timeline.next();
  }

  step(step: ScenarioStep, index: number): void {
    if (step.kind === 'settle') this.#settleAll();
    else if (step.kind === 'answer') this.#reply(this.#held.splice(0));
    else if (step.kind === 'expect') this.#expect(step, index);
    else this.#send(step);
  }

  #send(step: SendStep): void {
    const [from, to] = [this.#node(step.from), this.#node(step.to)];
    for (let n = 0; n < step.count; n += 1) {
      from.send(to.id, step.value, { bytes: step.bytes, wantsChange: step.kind === 'request' });
      this.#run(PACKET_MS);
      if (step.answersLater) this.#held.push(...to.takeReplies());
      else this.#reply(to.takeReplies());
    }
  }

  /** One after the other, like all packets: each finds the counters as settled as the one before it left them. */
  #reply(replies: readonly (() => void)[]): void {
    for (const send of replies) {
      send();
      this.#run(PACKET_MS);
    }
  }

  /** A counter moved at one end of a link. */
  #moved(node: ScenarioNode, row: number): void {
    for (const wire of this.#wires) {
      const other = wire.a === node ? wire.b : wire.b === node ? wire.a : undefined;
      if (other === undefined || node.rows.get(other.id) !== row) continue;
      const owed = -node.balance(other.id);
      wire.peak = Math.max(wire.peak, Math.abs(owed));
      const { settleAt } = this.#scenario;
      // Who owes pays what it owes by its own book: the other end takes just that, whatever is under way.
      if (settleAt !== undefined && owed >= settleAt) this.#pay(wire, node, owed);
    }
  }

  #settleAll(): void {
    for (const wire of this.#wires) this.#settle(wire);
    for (const node of this.#nodes.values()) node.forgetCost();
  }

  #settle(wire: Wire): void {
    const owed = -wire.a.balance(wire.b.id);
    if (owed > 0) this.#pay(wire, wire.a, owed);
    if (owed < 0) this.#pay(wire, wire.b, -owed);
  }

  #pay(wire: Wire, payer: ScenarioNode, units: number): void {
    const payee = payer === wire.a ? wire.b : wire.a;
    payer.settled(payee.id, units);
    payee.settled(payer.id, -units);
    wire.settlements += 1;
    wire.settled += units;
  }

  #expect({ counters, net, originatorCost }: ExpectStep, index: number): void {
    const step = `step ${index + 1}`;
    const unknown = (what: string): never => {
      throw new WayleaveError('SCENARIO_INVALID', { where: `steps[${index}].expect`, why: `there is no ${what}` });
    };
    for (const [name, expected] of Object.entries(counters)) {
      const wire = this.#wires.find(({ spec }) => name === `${spec.a}-${spec.b}`) ?? unknown(`link ${name}`);
      this.#check(`${step}: counter ${name}`, expected, 0 - wire.a.balance(wire.b.id));
    }
    for (const [name, expected] of Object.entries(net)) {
      const node = this.#nodes.get(name) ?? unknown(`node ${name}`);
      this.#check(`${step}: net of ${name}`, expected, node.net);
    }
    for (const [name, expected] of Object.entries(originatorCost)) {
      const node = this.#nodes.get(name) ?? unknown(`node ${name}`);
      this.#check(`${step}: originatorCost of ${name}`, expected, node.originatorCost);
    }
  }

  #check(id: string, expected: number, actual: number): void {
    this.#checks.push({ id, expected, actual, ok: expected === actual });
  }

  result(): ScenarioResult {
    const nodes = [...this.#nodes.values()];
    for (const { a, b, spec } of this.#wires) {
      this.#check(`both ends of ${spec.a}-${spec.b} agree`, 0, a.balance(b.id) + b.balance(a.id));
      for (const node of [a, b]) for (const row of node.rows.values()) node.ledger.audit(row);
    }
    this.#check(
      'all that was earned was spent',
      0,
      nodes.reduce((sum, { net }) => sum + net, 0),
    );
    for (const node of nodes) node.close();
    return {
      schema: 1,
      scenario: this.#scenario.name,
      seed: this.#seed,
      ok: this.#checks.every(({ ok }) => ok),
      nodes: nodes.map(({ name, id, net, delivered, refused }) => ({ name, address: id, net, delivered, refused })),
      links: this.#wires.map(({ spec, a, b, peak, settlements, settled }) => {
        return { a: spec.a, b: spec.b, counter: 0 - a.balance(b.id), peak, settlements, settled };
      }),
      checks: this.#checks,
    };
  }
}
