import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Carrier } from '../core/carrier/carrier.ts';
import { Ledger } from '../core/ledger/ledger.ts';
import { FrameType } from '../link/frame.ts';
import { OPEN_COST_BYTES } from '../link/link.ts';
import { Bed } from '../link/link-bed.fixture.ts';
import { MAIL_BOX_HEADER } from './mail-box.ts';
import { PacketRelay } from './packet-relay.ts';

const id = (n: number): string => `0x${String(n).padStart(40, '0')}`;

/** Packets for a neighbour that takes little, over a real link whose bytes are taken by hand. */
function saturated(): { bed: Bed; relay: PacketRelay } {
  const bed = new Bed({ peer: id(2) });
  const ledger = new Ledger();
  const row = ledger.addLink();
  for (const column of ['dropAt', 'peerDropAt', 'leaseLeft'] as const) ledger.setLimit(row, column, 2 ** 40);
  const carrier = new Carrier({ ledger, salt: 1 });
  const limit = 2 ** 40;
  carrier.setLink(row, { toll: { perPacket: 0, perMb: 0 }, valueAt: limit, peerValueAt: limit, refusalFee: 0 });
  const relay = new PacketRelay({
    self: id(1),
    carrier,
    clock: bed.clock,
    sink: { delivered: () => undefined, refunded: () => undefined },
    fault: (_, error) => assert.fail(String(error)),
    moved: () => undefined,
  });
  bed.link.attach({
    message: () => undefined,
    opened: (channel) => relay.opened(channel, row),
    granted: () => undefined,
    closed: () => undefined,
  });
  relay.linkUp(bed.link, row);
  relay.route(id(2), row);
  bed.hear({ type: FrameType.budget, value: OPEN_COST_BYTES });
  bed.hear({ type: FrameType.open, channel: 2 }, MAIL_BOX_HEADER);
  bed.hear({ type: FrameType.window, channel: 2, value: 2 ** 24 });
  return { bed, relay };
}

describe('a link full of packets', () => {
  it('sends control and payments before any packet that waits, however many there are', () => {
    const { bed, relay } = saturated();
    bed.said();
    let count = 0;
    const flood = () => {
      for (let n = 0; n < 60; n += 1) {
        const name = Buffer.alloc(8);
        name.writeUInt32BE((count += 1), 4);
        relay.send({ destination: id(2), value: 0, id: name, payload: Buffer.alloc(15_000) });
      }
    };
    flood();
    bed.pipe.turn();
    for (let round = 0; round < 5; round += 1) {
      // What was handed to the system before cannot be overtaken; everything else can.
      bed.pipe.take();
      bed.link.send('control', Buffer.alloc(10));
      bed.link.send('payment', Buffer.alloc(20));
      flood();
      const frames = bed.said();
      const types = frames.map(({ type }) => type);
      assert.ok(bed.link.queuedBytes > 100_000, 'more waits than was let through');
      const [control, payment, data] = [FrameType.control, FrameType.payment, FrameType.data].map((each) =>
        types.indexOf(each),
      ) as [number, number, number];
      assert.ok(control >= 0 && control < payment && payment < data, types.join());
    }
  });
});
