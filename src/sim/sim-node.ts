import { createSigner, generateKey, type Signer } from '../chain/signer.ts';
import type { Ledger, LinkRow } from '../core/ledger/ledger.ts';
import type { LinkAccount } from '../core/ledger/link-account.ts';
import type { NodeId } from '../core/node-id.ts';
import type { NodeConfig } from '../node/config.ts';
import { createNode } from '../node/create-node.ts';
import type { NodeEvent, WayleaveNode } from '../node/node.ts';
import type { NodePorts, ServicesContext } from '../node/node-ports.ts';
import type { SimChain } from './chain/sim-chain.ts';
import type { Coverage } from './coverage.ts';
import { SimDisk } from './disk/sim-disk.ts';
import { Life } from './life.ts';
import { PacketTap, type WireTap } from './link/packet-tap.ts';
import type { LinkTamper } from './link/sim-link.ts';
import type { SimNetwork } from './link/sim-network.ts';
import { SimTransport } from './link/sim-transport.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Timeline } from './timeline.ts';
import { VirtualClock } from './virtual-clock.ts';
import { Tally } from './watch/tally.ts';
import { Traffic } from './watch/traffic.ts';

/** What all nodes of a world share. */
export interface SimSurroundings {
  readonly timeline: Timeline;
  readonly network: SimNetwork;
  readonly chain: SimChain;
  readonly coverage: Coverage;
}

export interface SimNodeOptions {
  readonly surroundings: SimSurroundings;
  readonly name: string;
  readonly random: SeededRandom;
  readonly config: NodeConfig;
}

/** What is watched of a node, for as long as it stands in a world. */
export interface SimNodeWatch {
  /** A life began, with what it found on its disk; ended, after it was killed; and what the node says of itself. */
  born(node: SimNode): void;
  died(node: SimNode): void;
  said(node: SimNode, event: NodeEvent): void;
}

/** An own address range is asked for by the egress policy of a gateway, which no simulated node is. */
const NO_EGRESS = { ownAddresses: () => [] } as unknown as NodePorts['egress'];

/** One machine with its disk, its key and its lives: the production node, with everything outside it simulated. */
export class SimNode {
  readonly name: string;
  readonly signer: Signer;
  readonly disk: SimDisk;
  readonly random: SeededRandom;
  /** For the next life. */
  config: NodeConfig;
  /** The most it sends, and charges, at a time. */
  frameBytes: number | undefined;
  /** It carries value packets, and finds ways for them. */
  carries = false;
  wallOffsetMs = 0;
  driftPpm = 0;
  /** What a cheat does to its links, and to its ports. */
  tamper: LinkTamper | undefined;
  alter: ((ports: NodePorts, life: Life) => NodePorts) | undefined;
  watch: SimNodeWatch | undefined;
  /** Its owner has given it up: it is never started again. */
  retired = false;
  /** Called each time its process has started. */
  readonly started: (() => void)[] = [];
  /** The present life, or the last one. */
  life = new Life();
  lives = 0;
  node: WayleaveNode | undefined;
  traffic: Traffic | undefined;
  transport: SimTransport | undefined;
  clock: VirtualClock | undefined;
  #context: ServicesContext | undefined;
  readonly #tallies = new Map<NodeId, Tally>();
  readonly #taps = new Map<NodeId, PacketTap>();
  /** Called in the moment a payment of this node is booked, once `hearPayments` knows the ledger. */
  readonly paying = new Set<(ledger: Ledger, row: LinkRow) => void>();
  #heard: Ledger['settled'] | undefined;
  #framesBefore = 0;
  readonly #surroundings: SimSurroundings;

  constructor({ surroundings, name, random, config }: SimNodeOptions) {
    this.#surroundings = surroundings;
    this.name = name;
    this.random = random;
    this.config = config;
    this.signer = createSigner(generateKey((count) => random.fork('key').bytes(count)));
    this.disk = new SimDisk({
      timeline: surroundings.timeline,
      random: random.fork('disk'),
      coverage: surroundings.coverage,
    });
    this.life.kill();
  }

  get id(): NodeId {
    return this.signer.id;
  }

  get alive(): boolean {
    return this.life.alive;
  }

  /** What really passed between this node and a neighbour. */
  tally(peer: NodeId): Tally {
    const found = this.#tallies.get(peer) ?? new Tally();
    this.#tallies.set(peer, found);
    return found;
  }

  /** The value packets between this node and a neighbour, read off the wire. */
  packetTap(peer: NodeId): PacketTap {
    const found = this.#taps.get(peer) ?? new PacketTap();
    this.#taps.set(peer, found);
    return found;
  }

  /** Tells `paying` of what is paid by this ledger. Called often: production may begin to listen later than this does. */
  hearPayments(ledger: Ledger): void {
    const { settled } = ledger;
    if (settled === this.#heard) return;
    this.#heard = (row) => {
      settled(row);
      for (const told of this.paying) told(ledger, row);
    };
    ledger.settled = this.#heard;
  }

  /** The account with a neighbour in the present life; undefined before there is one. */
  accountOf(neighbour: NodeId): LinkAccount | undefined {
    return this.#context?.accountOf(neighbour);
  }

  /** Frames its processes sent and charged. */
  get frames(): number {
    return this.#framesBefore + (this.traffic?.frames ?? 0);
  }

  /** Starts the process on what its disk holds. Does nothing while it runs. */
  start(): void {
    if (this.alive || this.retired) return;
    const { chain, network, timeline } = this.#surroundings;
    const life = new Life();
    this.life = life;
    this.lives += 1;
    this.#context = undefined;
    this.node = undefined;
    this.#framesBefore += this.traffic?.frames ?? 0;
    this.traffic = undefined;
    life.onDeath(() => this.watch?.died(this));
    const { driftPpm, wallOffsetMs } = this;
    const clock = new VirtualClock({ timeline, life, driftPpm, wallOffsetMs });
    const { id, signer, tamper } = this;
    const tap = (peer: NodeId): WireTap | undefined => (this.carries ? this.packetTap(peer).begin() : undefined);
    const transport = new SimTransport({ network, life, clock, id, key: signer.publicKey, tamper, tap });
    this.clock = clock;
    this.transport = transport;
    const random = this.random.fork(`life ${this.lives}`);
    const ids = random.fork('ids');
    const ports: NodePorts = {
      clock,
      random: () => random.next(),
      randomBytes: (count) => ids.bytes(count),
      store: this.disk.open(life),
      transport,
      chain: chain.port(life, signer),
      egress: NO_EGRESS,
    };
    this.watch?.born(this);
    void this.#run(life, this.alter?.(ports, life) ?? ports);
    timeline.asynchronous();
  }

  async #run(life: Life, ports: NodePorts): Promise<void> {
    const services = (context: ServicesContext): Traffic => {
      this.#context = context;
      this.traffic = new Traffic(ports.clock, context, {
        tallyOf: (peer) => this.tally(peer),
        frameBytes: this.frameBytes,
      });
      return this.traffic;
    };
    try {
      const { carries, config, signer } = this;
      const node = await createNode({ config, signer, ports, services, carries });
      if (!life.alive) return;
      this.node = node;
      node.subscribe((event) => {
        if (life.alive) this.watch?.said(this, event);
      });
      for (const act of this.started) act();
    } catch (error) {
      // A start that fails ends the process, as the command does; whoever keeps the machine starts it again.
      this.#surroundings.coverage.count('start failed');
      this.failure = error;
      life.kill();
    }
  }

  /** Why the last start failed. */
  failure: unknown;

  /** Ends the process at once. `silently`: the machine lost its power, and nobody is told. */
  crash(silently = false): void {
    if (!this.alive) return;
    if (this.transport !== undefined) this.transport.diesSilently = silently;
    this.life.kill();
  }

  /** Ends the process as an operator does. */
  async stop(): Promise<void> {
    const { life } = this;
    // What could not be written at the end is what a crash would have lost.
    await this.node?.stop().catch(() => this.#surroundings.coverage.count('stop failed'));
    if (life.alive) life.kill();
  }
}
