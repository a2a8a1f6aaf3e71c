import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createSigner, type Signer } from '../../src/chain/signer.ts';
import type { NodeId } from '../../src/core/node-id.ts';
import { makeIdentity } from '../../src/link/certificate.ts';
import type { Link } from '../../src/link/link.ts';
import { TlsTransport } from '../../src/link/tls-transport.ts';
import type { ServicesContext } from '../../src/node/node-ports.ts';
import { systemClock } from '../../src/node/system-clock.ts';
import { AS_LAUNCHED } from '../launcher.ts';
import { startWorker, type Worker } from '../worker.ts';
import { lineNode } from './line-node.ts';
import { PacketEnd } from './packet-end.ts';

export const DESTINATIONS = 1_000;
const DESTINATION_IDS = Array.from({ length: DESTINATIONS }, (_, n): NodeId => `0x${String(n).padStart(40, '0')}`);
const CARRIER = createSigner(new Uint8Array(32).fill(2)).id;

/** Two ends in this process and, unless they are joined directly, a carrier between them in a process of its own, over TLS. */
export class PacketLine {
  readonly carrier: Worker | undefined;
  readonly source: PacketEnd;
  readonly sink: PacketEnd;
  readonly #stops: (() => Promise<void> | void)[];

  private constructor(
    carrier: Worker | undefined,
    source: PacketEnd,
    sink: PacketEnd,
    stops: (() => Promise<void> | void)[],
  ) {
    this.carrier = carrier;
    this.source = source;
    this.sink = sink;
    this.#stops = stops;
  }

  /** `paid`: all three are whole nodes with books. `bare`: the same links and relay, and no money. */
  static async start(kind: 'paid' | 'bare', folder: string): Promise<PacketLine> {
    mkdirSync(folder, { recursive: true });
    const carrier = await startWorker(join(import.meta.dirname, 'carrier-case.ts'), [kind, folder], AS_LAUNCHED);
    const [source, sink] = [new PacketEnd([], DESTINATION_IDS), new PacketEnd(DESTINATION_IDS, [])];
    const join_ = kind === 'paid' ? paidEnd : bareEnd;
    const stops: (() => Promise<void> | void)[] = [];
    for (const [n, end] of [source, sink].entries()) {
      stops.push(
        await join_(end, createSigner(new Uint8Array(32).fill(5 + n)), { port: carrier.port, folder, id: CARRIER }),
      );
    }
    while (!source.ready || !sink.ready) await pause(20);
    // News of routes and the first lease need a moment.
    await pause(1_000);
    return new PacketLine(carrier, source, sink, stops);
  }

  /** One link from end to end: what a packet waits for there is not a carrier's doing. */
  static async direct(): Promise<PacketLine> {
    const [source, sink] = [new PacketEnd([], DESTINATION_IDS), new PacketEnd(DESTINATION_IDS, [])];
    const [dialler, listener] = [5, 6].map((key) => createSigner(new Uint8Array(32).fill(key))) as [Signer, Signer];
    const transport = new TlsTransport({ identity: await makeIdentity(listener), clock: systemClock });
    const accepting = await transport.listen({ host: '127.0.0.1', port: 0 }, (link) => bareLink(sink, link));
    const stop = await bareEnd(source, dialler, { port: accepting.address.port, id: listener.id });
    while (!source.ready || !sink.ready) await pause(20);
    return new PacketLine(undefined, source, sink, [stop, () => accepting.close()]);
  }

  /** Packets per CPU-second of the carrier, over so many packets sent as fast as it takes them. */
  async rate(packets: number): Promise<number> {
    const cpu = (): Promise<number> => this.carrier?.cpu() ?? Promise.resolve(Number.NaN);
    const before = await cpu();
    await this.#pass(packets);
    return packets / ((await cpu()) - before);
  }

  /** Milliseconds from when a packet was due to its arrival at the sink, at `perMs` packets a millisecond; one in 64, in order. */
  async delays(packets: number, perMs: number): Promise<number[]> {
    this.sink.delaysMs.length = 0;
    await this.#pass(packets, perMs);
    return this.sink.delaysMs.toSorted((a, b) => a - b);
  }

  async #pass(packets: number, perMs?: number): Promise<void> {
    const all = this.sink.arrived + packets;
    await this.source.send(packets, this.sink, perMs);
    while (this.sink.arrived < all) await pause(1);
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops) await stop();
    await this.carrier?.stop();
  }
}

interface Where {
  readonly port: number;
  readonly id: NodeId;
  readonly folder: string;
}

async function paidEnd(end: PacketEnd, signer: Signer, { port, folder }: Where): Promise<() => Promise<void>> {
  let context: ServicesContext | undefined;
  const { stop } = await lineNode({
    signer,
    folder,
    more: `[[neighbour]]\nid = "${CARRIER}"\naddress = "127.0.0.1:${port}"`,
    services: (given) => {
      context = given;
      return {
        opened: (channel) => end.opened(channel),
        granted: (link) => end.granted(link),
        linkUp: (link) => end.linkUp(link),
        linkDown: () => end.linkDown(),
      };
    },
  });
  for (;;) {
    const account = context?.accountOf(CARRIER);
    end.books = account;
    if (account?.ready) return stop;
    await pause(10);
  }
}

async function bareEnd(end: PacketEnd, signer: Signer, { port, id }: Omit<Where, 'folder'>): Promise<() => void> {
  const transport = new TlsTransport({ identity: await makeIdentity(signer), clock: systemClock });
  const link: Link = await transport.dial({ host: '127.0.0.1', port }, id);
  bareLink(end, link);
  return () => link.destroy();
}

function bareLink(end: PacketEnd, link: Link): void {
  link.attach({
    message: () => undefined,
    opened: (channel) => end.opened(channel),
    granted: () => end.granted(link),
    closed: () => end.linkDown(),
  });
  end.linkUp(link);
}
