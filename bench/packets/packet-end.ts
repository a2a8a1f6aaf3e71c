import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import type { Ledger, LinkRow } from '../../src/core/ledger/ledger.ts';
import type { NodeId } from '../../src/core/node-id.ts';
import { NO_TOLL } from '../../src/core/routes/route.ts';
import { serviceColumn } from '../../src/core/service.ts';
import { type Channel, type Link, OPEN_COST_BYTES } from '../../src/link/link.ts';
import { lend, spent } from '../../src/link/spent.ts';
import { MAIL_BOX_HEADER } from '../../src/packets/mail-box.ts';
import { PacketCutter } from '../../src/packets/packet-cutter.ts';
import { encodePacket, PACKET_HEADER_BYTES, PacketKind } from '../../src/wire/packet.ts';
import { encodeRoutes } from '../../src/wire/routes.ts';

export const PACKET_BYTES = 100;
const PACKETS_A_CHUNK = 640;
const CHUNK_BYTES = PACKETS_A_CHUNK * PACKET_BYTES;
const CHUNKS = 16;
/** Packets between the ends: less than half of what may wait in a line, where it begins to cost more. */
const MOST_UNDER_WAY = 3_000;
const ID_AT = 16;
const MOST_VALUE = 10_000;

/** Where an end keeps its books; none where nothing is paid. */
export interface EndBooks {
  readonly ledger: Ledger;
  readonly row: LinkRow;
}

/**
 * The end of a line of packets, as cheap as can be, so that the carrier is what is measured: packets are made once and
 * get a new id each time, and what came and went is booked in sums.
 */
export class PacketEnd {
  books: EndBooks | undefined;
  arrived = 0;
  sentUnits = 0;
  arrivedUnits = 0;
  /** Milliseconds from when it was due, or made, to its arrival, one packet in 64. */
  readonly delaysMs: number[] = [];
  readonly #reached: readonly NodeId[];
  readonly #chunks: { readonly bytes: Buffer; readonly units: number }[];
  #link: Link | undefined;
  #listening = false;
  #out: Channel | undefined;
  #chunk = 0;
  #id = Math.floor(Math.random() * 2 ** 31);
  readonly #salt = Math.floor(Math.random() * 2 ** 31);
  #woken: () => void = () => undefined;

  /** `reached` is what it says it leads to, `to` where its packets go. */
  constructor(reached: readonly NodeId[], to: readonly NodeId[]) {
    this.#reached = reached;
    this.#chunks = to.length === 0 ? [] : Array.from({ length: CHUNKS }, () => makeChunk(to));
  }

  get ready(): boolean {
    return this.#out !== undefined && this.#listening;
  }

  linkUp(link: Link): void {
    this.#link = link;
    link.grantForward(OPEN_COST_BYTES);
    this.granted(link);
    const updates = this.#reached.map((id) => ({
      destination: id,
      origin: id,
      sequence: 1,
      metric: 0,
      price: NO_TOLL,
    }));
    if (updates.length > 0) link.send('control', encodeRoutes({ updates, requests: [] }));
  }

  granted(link: Link): void {
    if (this.#listening || link.forwardBudget < OPEN_COST_BYTES) return;
    this.#listening = true;
    const cutter = new PacketCutter(({ at, bytes }) => this.#came(bytes, at));
    const inbox = link.open(MAIL_BOX_HEADER, 0, {
      data: (bytes) => {
        const { length } = bytes;
        cutter.feed(bytes);
        spent(bytes, length);
        inbox.release(length);
      },
      ended: () => undefined,
      reset: () => undefined,
      writable: () => undefined,
    });
  }

  opened(channel: Channel): void {
    this.#out = channel;
    const wake = () => this.#woken();
    channel.attach({ data: () => undefined, ended: () => undefined, reset: wake, writable: wake });
    channel.accept();
  }

  linkDown(): void {
    this.#out = undefined;
    this.#woken();
  }

  #came(bytes: Buffer, at: number): void {
    if (bytes[at] === PacketKind.returned) throw new Error(`returned, reason ${bytes[at + 3]}`);
    const value = bytes.readUIntBE(at + 6, 6);
    this.arrived += 1;
    this.arrivedUnits += value;
    this.books?.ledger.provided(this.books.row, serviceColumn.packets, value);
    if ((bytes[at + ID_AT + 7] as number) % 64 === 0)
      this.delaysMs.push(performance.now() - bytes.readDoubleBE(at + PACKET_HEADER_BYTES));
  }

  /** Sends so many packets, as fast as they arrive at `far`, or `perMs` a millisecond; resolves when they have left. */
  async send(packets: number, far: PacketEnd, perMs = Number.POSITIVE_INFINITY): Promise<void> {
    const startMs = performance.now();
    const before = far.arrived;
    for (let sent = 0; sent < packets; ) {
      const elapsedMs = performance.now() - startMs;
      const due = perMs === Number.POSITIVE_INFINITY ? packets : Math.min(packets, Math.floor(elapsedMs * perMs));
      const count = Math.min(PACKETS_A_CHUNK, due - sent, MOST_UNDER_WAY - (sent - (far.arrived - before)));
      if (count <= 0) {
        // At a given rate it sleeps, so as not to compete with the carrier for the machine.
        await (perMs === Number.POSITIVE_INFINITY ? turn() : pause(1));
        continue;
      }
      // What is sent late, since the far end is behind or this one was, has waited since it was due.
      const dueMs = perMs === Number.POSITIVE_INFINITY ? performance.now() : startMs + sent / perMs;
      await this.#sendBytes(this.#nextChunk(count, dueMs, 1 / perMs));
      sent += count;
    }
  }

  #nextChunk(count: number, dueMs: number, apartMs: number): Buffer {
    const { bytes, units } = this.#chunks[this.#chunk++ % CHUNKS] as { bytes: Buffer; units: number };
    const chunk = Buffer.from(bytes.subarray(0, count * PACKET_BYTES));
    let sum = count === PACKETS_A_CHUNK ? units : 0;
    for (let at = 0; at < chunk.length; at += PACKET_BYTES) {
      chunk.writeInt32BE(this.#salt, at + ID_AT);
      chunk.writeUInt32BE(++this.#id, at + ID_AT + 4);
      if (this.#id % 64 === 0) chunk.writeDoubleBE(dueMs + (at / PACKET_BYTES + 1) * apartMs, at + PACKET_HEADER_BYTES);
      if (count < PACKETS_A_CHUNK) sum += chunk.readUIntBE(at + 6, 6);
    }
    this.sentUnits += sum;
    this.books?.ledger.consumed(this.books.row, serviceColumn.packets, sum);
    return chunk;
  }

  async #sendBytes(bytes: Buffer): Promise<void> {
    lend(bytes);
    const { length } = bytes;
    for (let at = 0; at < length; ) {
      const room = this.#out?.sendable() ?? 0;
      if (this.#out === undefined) throw new Error('the carrier is gone');
      if (room === 0) {
        await new Promise<void>((resolve) => {
          this.#woken = resolve;
        });
        continue;
      }
      const piece = bytes.subarray(at, at + Math.min(room, CHUNK_BYTES));
      this.#out.send(piece, 0);
      at += piece.length;
    }
  }

  close(): void {
    this.#link?.destroy();
  }
}

function makeChunk(to: readonly NodeId[]): { bytes: Buffer; units: number } {
  let units = 0;
  const packets = Array.from({ length: PACKETS_A_CHUNK }, () => {
    const value = 1_000 + Math.floor(Math.random() * (MOST_VALUE - 1_000));
    units += value;
    const destination = to[Math.floor(Math.random() * to.length)] as NodeId;
    return encodePacket({ destination, value, id: Buffer.alloc(8), payload: Buffer.alloc(28) });
  });
  return { bytes: Buffer.concat(packets), units };
}
