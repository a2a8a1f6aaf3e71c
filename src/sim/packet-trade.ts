import type { PacketOutcome } from '../packets/packet-order.ts';
import type { Coverage } from './coverage.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimNode } from './sim-node.ts';
import type { Timeline } from './timeline.ts';
import type { PacketSettings } from './world-settings.ts';

export interface PacketTradeOptions {
  readonly timeline: Timeline;
  readonly random: SeededRandom;
  readonly settings: PacketSettings;
  readonly coverage: Coverage;
  readonly nodes: readonly SimNode[];
  /** A node sent something. */
  readonly traded: (node: SimNode) => void;
}

/** One packet in so many carries no more than chance has it; the others what the way costs and something beyond. */
const BLIND_ONE_IN = 5;
const MOST_REPLIES = 3;
const MOST_PAYLOAD_BYTES = 400;
const WAIT_MS = 5_000;

/** People who send value packets: from every node to every other, with and without a wish for change. */
export class PacketTrade {
  readonly #options: PacketTradeOptions;
  #resting = false;

  constructor(options: PacketTradeOptions) {
    this.#options = options;
  }

  /** Every node serves requests, and sends its own from time to time. */
  begin(): void {
    for (const node of this.#options.nodes) this.join(node);
  }

  join(node: SimNode): void {
    const { price } = this.#options.settings;
    const random = this.#options.random.fork(node.name);
    const split = random.pick(['floor', 'exact'] as const);
    const rule = { price, replies: random.between(1, MOST_REPLIES), split, payload: new Uint8Array(10) };
    node.started.push(() => node.node?.packets?.user.serve(rule));
    this.#again(node, random);
  }

  /** Nobody sends any more. */
  rest(): void {
    this.#resting = true;
  }

  #again(node: SimNode, random: SeededRandom): void {
    const { everyMs } = this.#options.settings;
    this.#options.timeline.after(everyMs * (0.5 + random.next()), () => {
      if (this.#resting || node.retired) return;
      this.#send(node, random);
      this.#again(node, random);
    });
  }

  #send(node: SimNode, random: SeededRandom): void {
    const { coverage, nodes, settings, timeline, traded } = this.#options;
    const to = random.pick(nodes);
    const payload = new Uint8Array(random.below(MOST_PAYLOAD_BYTES));
    const replies = random.below(MOST_REPLIES + 1);
    const blind = random.below(BLIND_ONE_IN) === 0;
    const drawn = random.below(settings.mostValue + 1);
    const receipt = random.chance(0.5);
    const packets = node.node?.packets;
    if (!node.alive || packets === undefined || to === node) return;
    const value = blind ? drawn : drawn + (packets.quote(to.id, payload.length) ?? 0);
    const { life } = node;
    timeline.asynchronous();
    packets.send({ to: to.id, value, payload, replies, receipt, waitMs: WAIT_MS }).then(
      (outcome) => life.alive && this.#ended(outcome),
      () => coverage.count('packet.not sent'),
    );
    coverage.count('packet.sent');
    traded(node);
  }

  #ended({ receipt, result }: PacketOutcome): void {
    this.#options.coverage.count(`packet.${receipt?.reason ?? result}`);
  }
}
