import { setTimeout as pause } from 'node:timers/promises';
import { WayleaveError } from '../core/errors.ts';
import type { NodeStatus } from '../node/node.ts';
import { type ChangeRule, changeOf } from '../packets/change.ts';
import type { Check } from './check.ts';
import type { Neighbourhood } from './neighbourhood.ts';
import type { CameIn, NodeProcess, SentPacket } from './node-process.ts';
import type { LabTerminal } from './terminal.ts';

/** What must be read at a moment: what the left end of each link owes the right one, what carriers earned, A's cost. */
interface Moment {
  readonly counters: readonly [ab: number, bc: number, cd: number];
  readonly earnedB: number;
  readonly earnedC: number;
  readonly originatorCost?: number;
}

const PACKETS = 1_000;
/** What D does with a request. */
const RULE: ChangeRule = { price: 200, replies: 100, split: 'floor' };
/** Calls of the API at once. */
const AT_ONCE = 50;
const POLL_MS = 25;
/** A moment that does not come within this is judged as it is found. */
const WAIT_MS = 20_000;

/** The two examples of seed 004 on four real processes; every counter is read from the node that keeps it. */
export class SilkRoad {
  readonly #lab: Neighbourhood;
  readonly #terminal: LabTerminal;
  readonly #checks: Check[] = [];
  #before: Map<string, NodeStatus> = new Map();

  constructor(lab: Neighbourhood, terminal: LabTerminal) {
    this.#lab = lab;
    this.#terminal = terminal;
  }

  /** Plays both examples; the checks say what was read and what the seed has. */
  async run(): Promise<Check[]> {
    this.#before = await this.#lab.statuses();
    await this.#waysKnown();
    this.#say(`A sends ${PACKETS} packets of value 100 to D; b takes 5 of each, c takes 60.`);
    await this.#sendAll(
      'A',
      Array.from({ length: PACKETS }, () => ({ to: this.#id('D'), value: 100, waitMs: 0 })),
    );
    await this.#moment('sent', { counters: [100_000, 95_000, 35_000], earnedB: 5_000, earnedC: 60_000 });
    this.#say('D confirms, with value 35000.');
    await this.#send('D', { to: this.#id('A'), value: 35_000, waitMs: 0 });
    const confirmed = { counters: [65_065, 60_060, 0], earnedB: 5_005, earnedC: 60_060 } as const;
    await this.#moment('confirmed', { ...confirmed, originatorCost: 65_065 });
    this.#say('All counters are settled by cheque.');
    await Promise.all([...this.#lab.nodes.values()].map((node) => node.settle()));
    await this.#moment('settled', { counters: [0, 0, 0], earnedB: 5_005, earnedC: 60_060 });
    this.#before = await this.#lab.statuses();
    await this.#request();
    const answered = { counters: [6_800, 6_295, 235], earnedB: 505, earnedC: 6_060 } as const;
    await this.#moment('answered', { ...answered, originatorCost: 6_800 });
    await Promise.all([...this.#lab.nodes.values()].map((node) => node.settle()));
    await this.#moment('ended', { counters: [0, 0, 0], earnedB: 505, earnedC: 6_060 });
    return this.#checks;
  }

  /** D takes the request first and answers when the counters were read: what is between is part of the example. */
  async #request(): Promise<void> {
    this.#say(`A asks D for ${RULE.replies} packets, with value 10000.`);
    const coming = this.#node('D').received();
    await coming.next();
    const [{ replies }] = await Promise.all([
      this.#send('A', { to: this.#id('D'), value: 10_000, replies: RULE.replies, waitMs: WAIT_MS }),
      this.#answer(coming),
    ]);
    this.#check('answered.replies', RULE.replies, replies.length);
  }

  async #answer(coming: AsyncGenerator<CameIn | undefined>): Promise<void> {
    await this.#moment('asked', { counters: [10_000, 9_995, 9_935], earnedB: 5, earnedC: 60, originatorCost: 10_000 });
    const { value: request } = await coming.next();
    await coming.return(undefined);
    if (request === undefined) return;
    this.#say(`D keeps ${RULE.price} and divides the rest.`);
    const change = changeOf(request.value, RULE);
    await this.#sendAll(
      'D',
      change.map((value) => ({ to: this.#id('A'), value, answers: request.id, waitMs: 0 })),
    );
  }

  #say(line: string): void {
    this.#terminal.err(`${line}\n`);
  }

  #node(name: string): NodeProcess {
    const node = this.#lab.nodes.get(name);
    if (node === undefined) throw new WayleaveError('LAB_NODE_FAILED', { node: name, what: 'is not in the scenario' });
    return node;
  }

  #id(name: string): string {
    return this.#node(name).home.id;
  }

  #send(from: string, order: object): Promise<SentPacket> {
    return this.#node(from).send(order);
  }

  /** News of routes takes a moment from one end to the other. */
  async #waysKnown(): Promise<void> {
    for (const [from, to] of [
      ['A', 'D'],
      ['D', 'A'],
    ] as const) {
      for (const startedMs = performance.now(); performance.now() - startedMs < WAIT_MS; await pause(POLL_MS)) {
        if ((await this.#node(from).quote(this.#id(to))) !== undefined) break;
      }
    }
  }

  async #sendAll(from: string, orders: readonly object[]): Promise<void> {
    const left = [...orders];
    const one = async (): Promise<void> => {
      for (let order = left.pop(); order !== undefined; order = left.pop()) await this.#send(from, order);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  }

  /** Waits until the counters stand as they should, or long enough, and notes what stands there. */
  async #moment(name: string, expected: Moment): Promise<void> {
    let seen = this.#read(await this.#lab.statuses());
    const startedMs = performance.now();
    while (String(seen.counters) !== String(expected.counters) && performance.now() - startedMs < WAIT_MS) {
      await pause(POLL_MS);
      seen = this.#read(await this.#lab.statuses());
    }
    for (const [at, link] of ['A-b', 'b-c', 'c-D'].entries()) {
      this.#check(`${name}.counter.${link}`, expected.counters[at] as number, seen.counters[at] as number);
    }
    this.#check(`${name}.earned.b`, expected.earnedB, seen.earnedB);
    this.#check(`${name}.earned.c`, expected.earnedC, seen.earnedC);
    if (expected.originatorCost === undefined) return;
    this.#check(`${name}.originatorCost`, expected.originatorCost, seen.originatorCost as number);
  }

  #read(now: ReadonlyMap<string, NodeStatus>): Moment {
    const owes = (left: string, right: string): number => {
      const link = now.get(left)?.links.find(({ neighbour }) => neighbour === this.#id(right));
      return 0 - (link?.balance ?? Number.NaN);
    };
    const since = (name: string, key: 'tolls' | 'originatorCost'): number =>
      (now.get(name)?.packets?.[key] ?? Number.NaN) - (this.#before.get(name)?.packets?.[key] ?? 0);
    return {
      counters: [owes('A', 'b'), owes('b', 'c'), owes('c', 'D')],
      earnedB: since('b', 'tolls'),
      earnedC: since('c', 'tolls'),
      originatorCost: since('A', 'originatorCost'),
    };
  }

  #check(id: string, expected: number, actual: number): void {
    this.#checks.push({ id, expected, actual, ok: expected === actual });
  }
}
