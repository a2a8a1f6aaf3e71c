import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { Carrier } from '../core/carrier/carrier.ts';
import { Column } from '../core/ledger/columns.ts';
import { Ledger, type LinkRow } from '../core/ledger/ledger.ts';
import { HERE } from '../core/routes/forwarding-table.ts';
import type { Channel, ChannelHandlers, Link } from '../link/link.ts';
import { lend } from '../link/spent.ts';
import { encodePacket, packetPayload, type Receipt, readReceipt, returnedPacket } from '../wire/packet.ts';
import { PacketRelay, type PacketRelayOptions } from './packet-relay.ts';

const id = (n: number): string => `0x${String(n).padStart(40, '0')}`;
const ME = id(9);
const now = { ms: 0 };
const timers: (() => void)[] = [];
const clock = {
  wallMs: () => now.ms,
  nowMs: () => now.ms,
  after: (_: number, run: () => void) => {
    timers.push(run);
    return { cancel: () => undefined };
  },
};

/** The end of a link, seen from the neighbour: what it was sent, and what room it left. */
class Neighbour {
  readonly row: LinkRow;
  readonly sent: Buffer[] = [];
  room = 1_000_000;
  released = 0;
  closedBy: string | undefined;
  #mine: ChannelHandlers | undefined;
  #theirs: ChannelHandlers | undefined;
  readonly #open: () => void;
  #relay: PacketRelay;

  constructor(bed: Bed, n: number) {
    this.row = bed.ledger.addLink();
    this.#relay = bed.relay;
    for (const column of ['dropAt', 'peerDropAt', 'leaseLeft'] as const) bed.ledger.setLimit(this.row, column, 2 ** 40);
    bed.carrier.setLink(this.row, {
      toll: { perPacket: 5, perMb: 0 },
      valueAt: 10_000,
      peerValueAt: 10_000,
      refusalFee: 1,
    });
    const channel = (): Channel =>
      ({
        attach: (handlers: ChannelHandlers) => {
          this.#theirs = handlers;
        },
        accept: () => undefined,
        sendable: () => this.room,
        send: (bytes: Uint8Array) => {
          this.room -= bytes.length;
          this.sent.push(Buffer.from(bytes));
        },
        release: () => undefined,
        reset: () => undefined,
        link,
      }) as unknown as Channel;
    const link = {
      peer: id(n),
      forwardBudget: 10_000,
      grantForward: () => undefined,
      open: () => ({
        attach: (handlers: ChannelHandlers) => {
          this.#mine = handlers;
        },
        reset: () => undefined,
        release: (bytes: number) => {
          this.released += bytes;
        },
      }),
      dialled: bed.dials,
      close: (code: string) => {
        this.closedBy = code;
      },
    } as unknown as Link;
    bed.relay.linkUp(link, this.row);
    this.#open = () => bed.relay.opened(channel(), this.row);
    this.#open();
    bed.relay.route(id(n), this.row);
  }

  says(...pieces: Uint8Array[]): void {
    for (const piece of pieces) this.#mine?.data(piece, 0);
  }

  takesMore(bytes: number): void {
    this.room += bytes;
    this.#theirs?.writable();
  }

  opensAgain(): void {
    this.#open();
  }

  givesUpItsMailbox(): void {
    this.#theirs?.reset(0);
  }

  leaves(): void {
    this.#relay.linkDown(this.row);
  }
}

class Bed {
  readonly ledger = new Ledger();
  readonly carrier = new Carrier({ ledger: this.ledger, salt: 5 });
  readonly delivered: string[] = [];
  readonly refunded: [number, Receipt][] = [];
  readonly faults: unknown[] = [];
  /** Rows of accounts that moved, as they were told of. */
  readonly moved: number[] = [];
  held = false;
  readonly dials: boolean;
  /** What the neighbours, by row, offer for sending and for receiving. */
  readonly offers = new Map<number, [sending: number, receiving: number]>();
  readonly relay: PacketRelay;
  readonly #options: PacketRelayOptions = {
    holds: () => this.held,
    self: ME,
    carrier: this.carrier,
    clock,
    fault: (_, error) => this.faults.push((error as { code: string }).code),
    moved: (row) => this.moved.push(row),
    sink: {
      delivered: (packet, value) => this.delivered.push(`${packetPayload(packet).toString()} ${value}`),
      refunded: (_, value, receipt) => this.refunded.push([value, receipt]),
    },
    queue: { maxPackets: 3 },
    weightOf: (from, to) => (this.offers.get(from)?.[0] ?? 0) + (this.offers.get(to)?.[1] ?? 0),
  };
  readonly left: Neighbour;
  readonly right: Neighbour;
  #count = 0;

  constructor(dials = true, mediumBytesPerSecond?: number) {
    this.relay = new PacketRelay({ ...this.#options, mediumBytesPerSecond });
    this.dials = dials;
    this.left = new Neighbour(this, 1);
    this.right = new Neighbour(this, 2);
    this.relay.route(ME, HERE);
  }

  packet(to: string, over: { value?: number; text?: string; lifeMs?: number } = {}): Buffer {
    this.#count += 1;
    const name = Buffer.alloc(8);
    name.writeUInt32BE(this.#count, 4);
    const { value = 100, text = 'hello', ...more } = over;
    return encodePacket({ destination: to, value, id: name, payload: Buffer.from(text), ...more });
  }

  balances(): number[] {
    return [this.left, this.right].map(({ row }) => this.ledger.get(row, Column.balance));
  }
}

describe('a relay of packets', () => {
  it('sends a packet on with its toll taken, a hop and a millisecond less, wherever its bytes were cut', () => {
    for (const cut of [1, 5, 40, 76]) {
      const bed = new Bed();
      const packet = bed.packet(id(2));
      bed.left.says(packet.subarray(0, cut), packet.subarray(cut));
      const out = bed.right.sent[0] as Buffer;
      assert.deepEqual([out[1], out.readUIntBE(6, 6), out.readUInt16BE(12)], [63, 95, 9_999]);
      assert.equal(packetPayload(out).toString(), 'hello');
      assert.deepEqual(bed.balances(), [100, -95]);
    }
  });

  it('gives back the buffer of packets that went on or wait, and not of those that somebody may look at', () => {
    const kept = (to: string, waits = false): number => {
      const bed = new Bed();
      bed.held = waits;
      const bytes = Uint8Array.from(bed.packet(to));
      lend(bytes);
      bed.left.says(bytes);
      bed.held = false;
      bed.relay.resume(bed.right.row);
      assert.equal(bed.right.sent.length + bed.delivered.length, 1);
      assert.equal(bed.left.released, bed.packet(to).length);
      return bytes.length;
    };
    assert.deepEqual([kept(id(2)), kept(id(2), true)], [0, 0]);
    assert.notEqual(kept(ME), 0);
  });

  it('sends many packets in one write', () => {
    const bed = new Bed();
    bed.left.says(Buffer.concat(Array.from({ length: 50 }, () => bed.packet(id(2)))));
    assert.equal(bed.right.sent.length, 1);
    assert.deepEqual(bed.balances(), [5_000, -4_750]);
  });

  it('delivers what is for this node', () => {
    const bed = new Bed();
    bed.left.says(bed.packet(ME, { value: 70, text: 'for me' }));
    assert.deepEqual(bed.delivered, ['for me 70']);
  });

  it('returns what cannot go on, with a receipt that says who refused it and why', () => {
    const bed = new Bed();
    bed.left.says(bed.packet(id(2), { value: 3 }), bed.packet(id(7)));
    const receipts = bed.left.sent.map((packet) => [packet.readUIntBE(6, 6), readReceipt(packet)]);
    assert.deepEqual(receipts, [
      [2, { reason: 'UNDERFUNDED', refusedBy: ME, wanted: 5 }],
      [99, { reason: 'NO_ROUTE', refusedBy: ME, wanted: 0 }],
    ]);
    assert.deepEqual(bed.balances(), [2, 0]);
  });

  it('lets packets wait where the neighbour takes no more, in order, and returns what finds no room', () => {
    const bed = new Bed();
    bed.right.room = 0;
    for (const text of ['a', 'b', 'c', 'd']) bed.left.says(bed.packet(id(2), { text }));
    assert.equal(bed.right.sent.length, 0);
    assert.equal(readReceipt(bed.left.sent[0] as Buffer).reason, 'CONGESTED');
    now.ms += 20;
    bed.right.takesMore(1_000_000);
    const out = bed.right.sent[0] as Buffer;
    assert.equal([0, 73, 146].map((at) => packetPayload(out.subarray(at)).toString()).join(''), 'abc');
    assert.equal(out.readUInt16BE(12), 9_979, 'the wait is taken off its life');
    assert.deepEqual(bed.balances(), [301, -285]);
  });

  it('uses every byte of a window, and cuts a packet where it ends', () => {
    const bed = new Bed();
    bed.right.room = 0;
    const texts = ['one', 'two', 'three'];
    bed.left.says(...texts.map((text) => bed.packet(id(2), { text })));
    for (let n = 0; n < 60; n += 1) bed.right.takesMore(4);
    const whole = Buffer.concat(bed.right.sent);
    assert.equal([0, 75, 150].map((at) => packetPayload(whole.subarray(at)).toString()).join(), texts.join());
    assert.equal(whole.length, 227);
  });

  it('returns what waited too long, and what waited for a link that went down', () => {
    const bed = new Bed();
    bed.right.room = 0;
    bed.left.says(bed.packet(id(2), { lifeMs: 10 }), bed.packet(id(2)));
    now.ms += 10;
    bed.right.takesMore(1_000_000);
    bed.right.room = 0;
    bed.left.says(bed.packet(id(2)));
    bed.right.leaves();
    const receipts = bed.left.sent.map((packet) => readReceipt(packet).reason);
    assert.deepEqual(receipts, ['EXPIRED', 'NO_ROUTE']);
    assert.deepEqual(bed.balances(), [102, -95]);
  });

  it('returns what waited too long even by a link that had its turn in the same burst', () => {
    const bed = new Bed();
    bed.right.room = 0;
    bed.left.says(bed.packet(id(2), { lifeMs: 10 }));
    now.ms += 10;
    bed.right.room = 1_000_000;
    bed.left.says(Buffer.concat([bed.packet(id(77)), bed.packet(id(2))]));
    const receipts = bed.left.sent.map((packet) => readReceipt(packet).reason);
    assert.deepEqual(receipts, ['NO_ROUTE', 'EXPIRED']);
  });

  it('holds back what is new while a mark is set, and takes what arrives all the same', () => {
    const bed = new Bed();
    bed.held = true;
    bed.left.says(bed.packet(id(2)), bed.packet(ME, { text: 'arrives' }));
    assert.deepEqual([bed.right.sent.length, bed.delivered, ...bed.balances()], [0, ['arrives 100'], 200, 0]);
    assert.equal(bed.relay.unsent(bed.right.row), 0, 'nothing is charged that has not left');
    bed.held = false;
    bed.relay.resume(bed.right.row);
    assert.deepEqual([bed.right.sent.length, ...bed.balances()], [1, 200, -95]);
  });

  it('tells of an account only what moved it: whoever looks again, because it was written, has nothing to write', () => {
    const bed = new Bed();
    bed.moved.length = 0;
    bed.relay.resume(bed.right.row);
    bed.right.takesMore(1_000);
    assert.deepEqual(bed.moved, []);
    bed.held = true;
    bed.left.says(bed.packet(id(2)));
    bed.held = false;
    bed.moved.length = 0;
    bed.relay.resume(bed.right.row);
    assert.deepEqual(bed.moved, [bed.right.row]);
  });

  it('weighs a pair by what its two neighbours offer, counts it, and weighs it anew when they offer more', () => {
    const bed = new Bed();
    bed.offers.set(bed.left.row, [3, 0]);
    bed.offers.set(bed.right.row, [0, 5]);
    bed.left.says(bed.packet(id(2)));
    bed.right.room = 0;
    bed.left.says(bed.packet(id(2)));
    bed.relay.send({ destination: id(2), value: 9, id: Buffer.alloc(8, 3), payload: Buffer.alloc(0) });
    const seen = () =>
      bed.relay.figures(bed.right.row).map(({ from, weight, waiting, sent }) => [from, weight, waiting, sent]);
    assert.deepEqual(seen(), [
      [bed.left.row, 8, 1, 1],
      [-1, 5, 1, 0],
    ]);
    bed.offers.set(bed.left.row, [4, 0]);
    bed.relay.reweigh(bed.left.row);
    bed.offers.set(bed.right.row, [0, 1]);
    bed.relay.reweigh(bed.right.row);
    assert.deepEqual(
      seen().map(([, weight]) => weight),
      [5, 1],
    );
    bed.right.takesMore(1_000_000);
    bed.left.leaves();
    assert.deepEqual(seen(), [[-1, 1, 0, 1]], 'who is gone is no pair any more');
  });

  it('lets packets to all neighbours wait for a medium that they share, and gives back what is for one that left', () => {
    const bed = new Bed(true, 1_000);
    bed.left.says(bed.packet(id(2)), bed.packet(id(2)));
    bed.right.says(bed.packet(id(1)));
    const seen = (of: Neighbour) =>
      bed.relay.figures(of.row).map(({ from, waiting, waitingBytes }) => [from, waiting, waitingBytes]);
    assert.deepEqual([bed.right.sent.length, seen(bed.right), seen(bed.left)], [1, [[0, 1, 77]], [[1, 1, 77]]]);
    assert.deepEqual([bed.relay.fill(bed.right.row), bed.balances()], [2 / 3, [200, 5]]);
    bed.left.leaves();
    for (let turn = 0; turn < 2; turn += 1) {
      now.ms += 1_000;
      for (const run of timers.splice(0)) run();
    }
    // The first packet; the other's value, back; the second.
    const seenAtLast = bed.right.sent.map((packet) => [packet.length, packet[3]]);
    assert.deepEqual(seenAtLast, [
      [77, 0],
      [103, 3],
      [77, 0],
    ]);
    bed.relay.close();
  });

  it('reads no more from a neighbour that does not take back what came of it, and ends where it dialled itself', () => {
    const big = { text: 'x'.repeat(15_000) };
    const bed = new Bed(false);
    bed.left.room = 0;
    for (let n = 0; n < 20; n += 1) bed.left.says(bed.packet(id(7), big));
    const read = bed.left.released;
    assert.ok(read > 200_000 && read < 290_000, String(read));
    bed.left.takesMore(1_000_000);
    assert.equal(bed.left.released, 20 * 15_072);
    const dialled = new Bed(true);
    dialled.left.room = 0;
    for (let n = 0; n < 300; n += 1) dialled.left.says(dialled.packet(id(7), big));
    assert.deepEqual([dialled.left.released, dialled.left.closedBy], [300 * 15_072, 'LINK_STALLED']);
  });

  it('remembers the first packet after a long rest like any other: it may come back', () => {
    const bed = new Bed();
    bed.left.says(bed.packet(id(2)));
    now.ms += 1_000_000;
    const packet = bed.packet(id(2));
    bed.left.says(packet);
    bed.right.says(returnedPacket(packet, 94, { reason: 'NO_ROUTE', refusedBy: id(2), wanted: 0 }));
    assert.deepEqual([bed.faults, ...bed.balances()], [[], 106, -96]);
  });

  it('gives an own packet that came back to whoever sent it', () => {
    const bed = new Bed();
    const name = Buffer.alloc(8, 1);
    bed.relay.send({ destination: id(2), value: 100, id: name, payload: Buffer.alloc(0) });
    assert.deepEqual(bed.balances(), [0, -100]);
    const far = new Bed();
    far.left.says(encodePacket({ destination: id(7), value: 100, id: name, payload: Buffer.alloc(0) }));
    bed.right.says(far.left.sent[0] as Buffer);
    assert.deepEqual(bed.refunded, [[99, { reason: 'NO_ROUTE', refusedBy: ME, wanted: 0 }]]);
    assert.deepEqual(bed.balances(), [0, -1]);
  });

  it('takes no second mailbox, and none that is given up: what is charged has to arrive somewhere', () => {
    const bed = new Bed();
    bed.left.opensAgain();
    bed.right.givesUpItsMailbox();
    assert.deepEqual(bed.faults, ['MESSAGE_UNEXPECTED', 'MESSAGE_UNEXPECTED']);
  });

  it('takes a false return and noise for what they are: a fault, and nothing is booked', () => {
    const bed = new Bed();
    const far = new Bed();
    const packet = bed.packet(id(2));
    bed.left.says(packet);
    const before = bed.balances();
    far.left.says(far.packet(id(7)));
    const returned = Buffer.from(far.left.sent[0] as Buffer);
    packet.copy(returned, 16, 16, 24);
    bed.left.says(returned);
    bed.left.says(Buffer.alloc(100, 0xff));
    assert.deepEqual(bed.faults, ['PACKET_RETURN_FALSE', 'WIRE_MALFORMED']);
    assert.deepEqual(bed.balances(), before);
  });
});
