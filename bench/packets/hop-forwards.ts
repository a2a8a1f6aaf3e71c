import { Carrier } from '../../src/core/carrier/carrier.ts';
import { Ledger } from '../../src/core/ledger/ledger.ts';
import type { Channel, ChannelHandlers, Link } from '../../src/link/link.ts';
import { PacketRelay } from '../../src/packets/packet-relay.ts';
import { encodePacket } from '../../src/wire/packet.ts';
import { cpuSeconds } from '../measure.ts';

/** A round: so many reads of so many packets. Packets of 100 bytes, as many in a read as fit into 64 KiB. */
const READS = 400;
const PACKETS_A_READ = 640;
const PAYLOAD_BYTES = 28;
const PACKET_BYTES = 100;
const ID_AT = 16;
const PLENTY = 2 ** 52;

/** One carrier, everything in it real but the wires: reads packets, decides, books both counters, patches, writes. */
export class HopForwards {
  readonly #handlers: ChannelHandlers[] = [];
  readonly #reads: { readonly link: number; readonly bytes: Buffer }[];
  #sentBytes = 0;
  #nowMs = 0;
  #id = 0;

  /** `busy` of the links lead somewhere; the others only stand there. */
  constructor(links: number, destinations: number, busy = links) {
    const ledger = new Ledger(links);
    const carrier = new Carrier({ ledger, salt: 77 });
    const relay = new PacketRelay({
      self: nodeOf(10 ** 9),
      carrier,
      clock: { wallMs: () => 0, nowMs: () => this.#nowMs, after: () => ({ cancel: () => undefined }) },
      fault: (_, error) => {
        throw error;
      },
      moved: () => undefined,
      sink: {
        delivered: () => undefined,
        refunded: () => {
          throw new Error('a packet was refused');
        },
      },
    });
    for (let row = 0; row < links; row += 1) {
      ledger.addLink();
      for (const column of ['dropAt', 'peerDropAt', 'leaseLeft'] as const) ledger.setLimit(row, column, PLENTY);
      carrier.setLink(row, {
        toll: { perPacket: 5, perMb: 10 },
        valueAt: PLENTY,
        peerValueAt: PLENTY,
        refusalFee: 1,
      });
      this.#join(relay, row);
    }
    for (let n = 0; n < destinations; n += 1) relay.route(nodeOf(n), n % busy);
    this.#reads = Array.from({ length: READS }, (_, n) => {
      const link = n % busy;
      const elsewhere = () => {
        const n = Math.floor(Math.random() * destinations);
        return nodeOf(n % busy === link ? (n + 1) % destinations : n);
      };
      return { link, bytes: Buffer.concat(Array.from({ length: PACKETS_A_READ }, () => packetTo(elsewhere()))) };
    });
  }

  #join(relay: PacketRelay, row: number): void {
    const inbox = {
      attach: (handlers: ChannelHandlers) => {
        this.#handlers[row] = handlers;
      },
      release: () => undefined,
      reset: () => undefined,
    } as unknown as Channel;
    const link = { peer: nodeOf(2e9 + row), forwardBudget: PLENTY, grantForward: () => undefined, open: () => inbox };
    relay.linkUp(link as unknown as Link, row);
    const outbox = {
      attach: () => undefined,
      accept: () => undefined,
      sendable: () => 2 ** 20,
      send: (bytes: Uint8Array) => {
        this.#sentBytes += bytes.length;
      },
      link,
    };
    relay.opened(outbox as unknown as Channel, row);
  }

  /** Hop-forwards per CPU-second. */
  round(): number {
    // Every packet needs an id of its own; giving them out is not the carrier's work.
    for (const { bytes } of this.#reads) {
      for (let at = ID_AT; at < bytes.length; at += PACKET_BYTES) {
        bytes.writeUInt32BE(Math.floor(Math.random() * 2 ** 32), at);
        bytes.writeUInt32BE(++this.#id, at + 4);
      }
    }
    const sentBefore = this.#sentBytes;
    const before = cpuSeconds();
    for (const { link, bytes } of this.#reads) {
      this.#nowMs += 1;
      this.#handlers[link]?.data(bytes, 0);
    }
    const seconds = cpuSeconds() - before;
    const packets = READS * PACKETS_A_READ;
    if (this.#sentBytes - sentBefore !== packets * PACKET_BYTES) throw new Error('not every packet left');
    return packets / seconds;
  }
}

function packetTo(destination: string): Buffer {
  const id = Buffer.alloc(8, 1);
  const value = 1_000 + Math.floor(Math.random() * 1e6);
  return encodePacket({ destination, value, id, payload: Buffer.alloc(PAYLOAD_BYTES) });
}

function nodeOf(n: number): string {
  return `0x${String(n).padStart(40, '0')}`;
}
