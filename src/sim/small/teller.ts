import type { Message } from '../../core/session/message.ts';
import type { SignedStatement } from '../../core/statement/statement.ts';
import type { NodeConfig } from '../../node/config.ts';
import { decodeMessage, encodeMessage } from '../../wire/message.ts';
import { brokenLaw } from './laws.ts';
import { NEVER, type Scenario } from './scenario.ts';
import { CLASSES, mayArrive } from './small-link.ts';
import type { MoreDesks, SmallNode } from './small-node.ts';
import { SmallWorld, smallConfigs } from './small-world.ts';
import { mustBeSame, Untrue } from './untrue.ts';

type Who = 0 | 1;

/** More turns than anything told here takes. */
const MOST_TURNS = 200;
const LOOK_MS = 2;
const JOURNAL_MS = 50;

/** Round numbers: a piece of a megabyte costs 10 units, payAt is 100, dropAt 400. Node 0 sells, node 1 buys. */
export const ROUND: Scenario = {
  name: 'told',
  about: 'told by a story of a rule',
  asks: [[10], undefined],
  payAt: [100, 100],
  dropAt: 400,
  riskAt: 10_000,
  pieceBytes: 1_000_000,
  cashing: false,
  budget: NEVER,
};

/** What a story begins with. */
export interface Beginning {
  readonly world?: Partial<Scenario>;
  readonly config?: (config: NodeConfig) => NodeConfig;
  readonly desks?: MoreDesks;
  /** Not connected yet. */
  readonly apart?: true;
  /** Somebody does what an honest neighbour never does, so the laws between honest ones do not hold. */
  readonly dishonest?: true;
}

/** Tells a story about two production nodes: lets things happen, and says what must be seen then. */
export class Teller {
  world: SmallWorld;
  readonly #beginning: Beginning;
  /** What each node said of itself, and the messages that reached it, since they were last asked for. */
  readonly #news: [string[], string[]] = [[], []];
  readonly #heard: [Message[], Message[]] = [[], []];

  readonly #lawful: boolean;
  #altered: { readonly who: Who; readonly change: (message: Message) => Message } | undefined;

  private constructor(beginning: Beginning) {
    this.#beginning = beginning;
    this.#lawful = beginning.dishonest !== true;
    this.world = this.#made();
  }

  #made(): SmallWorld {
    const { world, desks, config = (each) => each } = this.#beginning;
    const scenario = { ...ROUND, ...world };
    const [seller, buyer] = smallConfigs(scenario);
    const made = new SmallWorld(scenario, [config(seller), config(buyer)], desks);
    for (const who of [0, 1] as const)
      made.nodes[who].listener = (kind, facts) => this.#news[who].push(inWords(kind, facts));
    return made;
  }

  static async begin(beginning: Beginning = {}): Promise<Teller> {
    const teller = new Teller(beginning);
    if (beginning.apart !== true) await teller.connect();
    teller.#forget();
    return teller;
  }

  /** The same from the beginning, as if nothing had been. */
  async anew(): Promise<void> {
    this.world = this.#made();
    this.#altered = undefined;
    await this.connect();
    this.#forget();
  }

  #forget(): void {
    for (const who of [0, 1] as const) {
      this.said(who);
      this.#heard[who].length = 0;
    }
  }

  node(who: Who): SmallNode {
    return this.world.nodes[who];
  }

  async connect(): Promise<void> {
    this.world.connect();
    await this.calm();
  }

  /** Lets everything happen that is under way; no time passes. */
  async calm(): Promise<void> {
    await this.world.quiet();
    for (let turn = 0; turn < MOST_TURNS && (await this.#moved()); turn += 1);
    const law = this.#lawful ? brokenLaw(this.world) : undefined;
    if (law !== undefined) throw new Untrue(law);
  }

  async #moved(): Promise<boolean> {
    const { world } = this;
    let any = false;
    const act = async (happen: () => void): Promise<void> => {
      any = true;
      happen();
      await world.quiet();
    };
    for (const who of [0, 1] as const) {
      const node = this.node(who);
      if (node.disk.waiting.length > 0) await act(() => node.disk.durable());
      for (const kind of CLASSES) {
        if (node.link === undefined || !mayArrive(world.toward[who], kind)) continue;
        this.#hear(who, kind);
        await act(() => world.deliver(who, kind));
      }
      for (const delayMs of [LOOK_MS, JOURNAL_MS])
        if (node.clock.waits(delayMs)) await act(() => node.clock.fire(delayMs));
    }
    return any;
  }

  #hear(who: Who, kind: (typeof CLASSES)[number]): void {
    if (kind !== 'control' && kind !== 'payment') return;
    const flight = this.world.toward[who][kind];
    const item = flight[0];
    const message = item === undefined ? undefined : this.#changed(who, decodeMessage(item.bytes));
    if (item !== undefined && message !== undefined) flight[0] = { ...item, bytes: encodeMessage(message) };
    if (message !== undefined) this.#heard[who].push(message);
  }

  /** What a message is when it arrives. */
  #changed(to: Who, message: Message | undefined): Message | undefined {
    if (this.#altered === undefined || this.#altered.who === to || message === undefined) return message;
    return this.#altered.change(message);
  }

  /** So much time passes for both, beat by beat at its end. */
  async pass(ms: number): Promise<void> {
    for (const { clock } of this.world.nodes) clock.step(ms);
    await this.calm();
    for (const { clock } of this.world.nodes) clock.step(0);
    await this.calm();
  }

  /** Pieces are served and arrive, as far as they are let through. */
  async serve(who: Who, pieces = 1): Promise<void> {
    for (let piece = 0; piece < pieces; piece += 1) {
      this.world.serve(who);
      await this.calm();
    }
  }

  /** Somebody says this in the place of the neighbour. */
  async hears(who: Who, message: Message): Promise<void> {
    const { link } = this.node(who);
    const kind = message.kind === 'payment' || message.kind === 'paymentAck' ? 'payment' : 'control';
    link?.handlers?.message(kind, encodeMessage(message));
    await this.calm();
  }

  /** The connection breaks, and both ends see it. */
  async cut(): Promise<void> {
    this.world.cut(0);
    this.world.cut(1);
    await this.calm();
  }

  /** What this node said of itself since it was last asked. */
  said(who: Who): string[] {
    return this.#news[who].splice(0);
  }

  /** Messages of one kind that reached this node since it was last asked for any. */
  heard<K extends Message['kind']>(who: Who, kind: K): Extract<Message, { kind: K }>[] {
    return this.#heard[who].splice(0).filter((each): each is Extract<Message, { kind: K }> => each.kind === kind);
  }

  /** Signatures of statements count: those of small nodes are no curve's. One that is all nothing is forged. */
  trusting(): void {
    for (const { neighbour } of this.world.nodes) {
      const step = neighbour.step.bind(neighbour);
      neighbour.step = (event) => {
        const genuine = event.kind === 'statementChecked' && event.statement.signature.some((byte) => byte !== 0);
        return step(event.kind === 'statementChecked' ? { ...event, genuine } : event);
      };
    }
  }

  /** What a node says reaches the other end changed. It is called when that is about to happen. */
  alters(who: Who, change: (message: Message) => Message): void {
    this.#altered = { who, change };
  }

  /** What a node states reaches the other end changed. */
  lies(who: Who, lie: (statement: SignedStatement) => SignedStatement): void {
    this.alters(who, (message) =>
      message.kind === 'statement' ? { kind: 'statement', statement: lie(message.statement) } : message,
    );
  }

  /** Nothing more that a node states, or marks, reaches the other end: something of no consequence does. */
  mute(who: Who): void {
    this.alters(who, (message) =>
      message.kind === 'statement' || message.kind === 'mark' ? { kind: 'termsAck', epoch: 1 } : message,
    );
  }

  balance(who: Who): number {
    return this.node(who).balance;
  }

  same(what: string, actual: unknown, expected: unknown): void {
    mustBeSame(what, actual, expected);
  }
}

/** A kind of news, with the one or two facts that tell it from another of its kind. */
function inWords(kind: string, facts: Record<string, unknown>): string {
  const said = ['code', 'action', 'from', 'to', 'amount', 'provided', 'consumed', 'cause']
    .filter((name) => facts[name] !== undefined && facts[name] !== '')
    .map((name) => String(facts[name]));
  return [kind, ...said].join(' ');
}
