import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serviceColumn } from '../service.ts';
import { Bed, here, unknown } from './carrier-bed.fixture.ts';
import { SELF } from './carrier-decision.ts';
import { MAX_LIFE_MS, type PacketHeader } from './packet.ts';

/** Value on credit is no limit: lease, room and holds are. */
const WIDE = { valueAt: 1e9, peerValueAt: 1e9 };

describe('a carrier, at the edges of its rules', () => {
  it('keeps apart what each link was paid and returned, whatever its row', () => {
    const bed = new Bed();
    for (let row = bed.left; row < 40; row += 1) {
      if (row > bed.right) assert.equal(bed.addLink(), row);
      bed.carrier.arrived(row, bed.packet({ destination: unknown, value: 8 }));
      bed.carrier.returned(row, bed.packet({ value: 1_050 }), 'NO_ROUTE', 0);
      assert.deepEqual([bed.carrier.passedOn(row), bed.carrier.returnedBeyond(row)], [1_050, 1_050], `row ${row}`);
    }
  });

  it('kept nothing of a link that carries no packets, whose totals may be from before its start', () => {
    const bed = new Bed();
    let row = bed.right;
    while (row < 40) row = bed.ledger.addLink();
    bed.ledger.provided(row, serviceColumn.packets, 7);
    assert.deepEqual([bed.carrier.passedOn(row), bed.carrier.returnedBeyond(row)], [7, 0]);
  });

  it('remembers ids for twice the life of a packet, and no longer than four times', () => {
    const [bed, windowMs] = [new Bed(), 2 * MAX_LIFE_MS];
    const packet = bed.packet();
    const reasonAt = (nowMs: number): string => {
      bed.carrier.age(nowMs);
      return bed.carrier.arrived(bed.left, packet).reason;
    };
    assert.equal(reasonAt(0), 'none');
    assert.equal(reasonAt(windowMs), 'DUPLICATE');
    assert.equal(reasonAt(2 * windowMs - 1), 'DUPLICATE');
    assert.equal(reasonAt(2 * windowMs), 'none');
  });

  it('takes nothing from a link that was closed, sends nothing on it, and keeps no fee of what it brings', () => {
    const bed = new Bed({ refusalFee: 30 });
    bed.carrier.setLink(bed.right, undefined);
    assert.equal(bed.carrier.arrived(bed.left, bed.packet()).reason, 'NO_ROUTE');
    assert.equal(bed.carrier.maySend(bed.right, 1), false);
    assert.equal(bed.carrier.arrived(bed.right, bed.packet({ destination: here, value: 1 })).reason, 'NO_CREDIT');
    bed.ledger.received(bed.right, 100, 100);
    assert.equal(bed.carrier.arrived(bed.right, bed.packet({ destination: unknown })).value, 100);
  });

  it('gives back over a link that was closed meanwhile, whatever is owed on it', () => {
    const bed = new Bed();
    const packet = bed.carried({ value: 605 }, 600);
    bed.ledger.consumed(bed.left, 0, 100_500);
    bed.carrier.setLink(bed.left, undefined);
    assert.equal(bed.carrier.returned(bed.right, { ...packet, value: 600 }, 'NO_ROUTE', 0)?.value, 600);
    assert.equal(bed.carrier.unclaimed, 0);
  });

  it('gives back what just fits into the limit of who sent it', () => {
    for (const [beside, back] of [
      [100_005, 600],
      [100_006, 0],
    ] as const) {
      const bed = new Bed();
      const packet = bed.carried({ value: 605 }, 600);
      bed.ledger.consumed(bed.left, 0, beside);
      assert.equal(bed.carrier.returned(bed.right, { ...packet, value: 600 }, 'NO_ROUTE', 0)?.value, back);
    }
  });

  it('takes for the size what the terms say, and not a unit per MB more where nothing is offered', () => {
    for (const [perMb, value] of [
      [99, 95],
      [100, 94],
    ] as const) {
      const bed = new Bed({ toll: { perPacket: 5, perMb } });
      assert.equal(bed.carrier.arrived(bed.left, bed.packet({ sizeBytes: 10_000 })).value, value);
    }
  });

  it('counts what a long line adds to the toll apart from what waits in it', () => {
    const bed = new Bed({ surgePerPacket: 1, peerValueAt: 100 });
    assert.equal(bed.carrier.maySend(bed.right, 100), true);
    assert.equal(bed.carrier.arrived(bed.left, bed.packet({ value: 4 })).reason, 'CONGESTED', 'a unit is enough');
    assert.equal(bed.carrier.arrived(bed.left, bed.packet({ value: 3 })).reason, 'UNDERFUNDED');
  });

  const LAST: [string, Partial<PacketHeader>][] = [
    ['hop', { hops: 1 }],
    ['millisecond', { lifeMs: 1 }],
  ];
  for (const [what, over] of LAST) {
    it(`sends on what has its last ${what} left`, () => {
      const bed = new Bed();
      assert.equal(bed.carrier.arrived(bed.left, bed.packet(over)).action, 'forward');
    });
  }

  it('sends nothing on by the link it came from, even where all of it is open', () => {
    const bed = new Bed();
    const decision = { ...bed.carrier.arrived(bed.right, bed.packet()) };
    assert.deepEqual(decision, { action: 'return', to: bed.right, value: 99, reason: 'NO_ROUTE', wanted: 0 });
  });

  it('wants no toll from what it refuses for another reason, and gives no value with what it drops', () => {
    const bed = new Bed({ refusalFee: 30, peerValueAt: 50 });
    const packet = bed.packet({ destination: here });
    const refused = { action: 'return', to: bed.left, wanted: 0 };
    bed.carrier.arrived(bed.left, packet);
    const twice = { ...bed.carrier.arrived(bed.left, packet) };
    assert.deepEqual(twice, { ...refused, value: 100, reason: 'DUPLICATE' });
    const full = { ...bed.carrier.arrived(bed.left, bed.packet()) };
    assert.deepEqual(full, { ...refused, value: 70, reason: 'NO_CREDIT' });
    const poor = { ...bed.carrier.arrived(bed.left, bed.packet({ destination: unknown, value: 29 })) };
    assert.deepEqual(poor, { action: 'drop', to: bed.left, value: 0, reason: 'NO_ROUTE', wanted: 0 });
  });

  it('keeps room for change only where somebody waits for it', () => {
    const bed = new Bed({ ...WIDE, valueAt: 200 });
    bed.carrier.arrived(bed.left, bed.packet({ value: 50 }));
    assert.deepEqual([bed.carrier.changeDue(bed.right), bed.carrier.heldBack(bed.right)], [0, 0]);
    bed.carrier.arrived(bed.left, bed.packet({ destination: here, value: 50, wantsChange: true }));
    assert.equal(bed.carrier.changeDue(SELF), 0, 'what is here is nobody’s to give back');
    bed.carrier.arrived(bed.left, bed.packet({ value: 55, wantsChange: true }));
    assert.deepEqual([bed.carrier.changeDue(bed.right), bed.carrier.heldBack(bed.right)], [50, 0]);
  });

  it('takes not even a unit beyond its lease, and sends none', () => {
    const bed = new Bed(WIDE);
    for (const row of [bed.left, bed.right]) bed.ledger.setLimit(row, 'leaseLeft', 0);
    assert.equal(bed.carrier.arrived(bed.left, bed.packet({ destination: here, value: 1 })).reason, 'NO_CREDIT');
    assert.equal(bed.carrier.maySend(bed.right, 1), false);
    bed.ledger.setLimit(bed.left, 'leaseLeft', -1);
    assert.equal(bed.carrier.arrived(bed.left, bed.packet({ destination: here, value: 0 })).action, 'deliver');
  });

  it('takes what just leaves room for service under way', () => {
    for (const [value, action] of [
      [99_600, 'deliver'],
      [99_601, 'return'],
    ] as const) {
      const bed = new Bed(WIDE);
      bed.ledger.holdProvide(bed.left, 400);
      bed.ledger.setLimit(bed.left, 'leaseLeft', 1e6);
      assert.equal(bed.carrier.arrived(bed.left, bed.packet({ destination: here, value })).action, action);
    }
  });
});
