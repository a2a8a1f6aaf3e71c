import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Column } from '../ledger/columns.ts';
import { serviceColumn } from '../service.ts';
import { Carrier } from './carrier.ts';
import { Bed, far, here, terms, unknown } from './carrier-bed.fixture.ts';
import { SELF } from './carrier-decision.ts';
import { MAX_LIFE_MS } from './packet.ts';

const TOTALS = [Column.provided, Column.consumed].map((column) => column + serviceColumn.packets);

describe('each rule of a carrier', () => {
  it('keeps books of as many links as there are', () => {
    const bed = new Bed();
    let row = bed.right;
    while (row < 40) row = bed.addLink({ valueAt: 10 });
    bed.carrier.table.set(far, row);
    assert.equal(bed.carrier.arrived(bed.left, bed.packet()).to, row);
    assert.equal(bed.carrier.arrived(row, bed.packet({ destination: unknown, value: 8 })).value, 7);
    assert.equal(bed.carrier.passedOn(row), 0, 'the fee of it stayed');
    bed.carrier.returned(row, bed.packet({ value: 50 }), 'NO_ROUTE', 0);
    assert.equal(bed.carrier.returnedBeyond(row), 50);
  });

  it('counts what waits, over all links and for each, until it left or was stranded', () => {
    const bed = new Bed();
    const packet = bed.packet({ value: 605 });
    bed.carrier.arrived(bed.left, packet);
    assert.equal(bed.carrier.queued, 600);
    assert.equal(bed.carrier.maySend(bed.right, 401), false);
    bed.carrier.left(bed.right, 600);
    assert.equal(bed.carrier.queued, 0);
    assert.equal(bed.carrier.maySend(bed.right, 400), true);
    const second = bed.packet({ value: 305 });
    bed.carrier.arrived(bed.left, second);
    const way = { from: bed.left, to: bed.right, value: 300 };
    assert.equal(bed.carrier.stranded(second, way, 'EXPIRED').value, 304);
    assert.equal(bed.carrier.returned(bed.right, { ...second, value: 300 }, 'NO_ROUTE', 0), undefined, 'it never left');
  });

  it('remembers what passed, and what arrived here, until two windows are over', () => {
    for (const destination of [far, here]) {
      const bed = new Bed();
      bed.carrier.age(0);
      const packet = bed.packet({ destination });
      bed.carrier.arrived(bed.left, packet);
      assert.equal(bed.carrier.arrived(bed.left, packet).reason, 'DUPLICATE');
      bed.carrier.age(6 * MAX_LIFE_MS);
      assert.equal(bed.carrier.arrived(bed.left, packet).reason, 'none');
    }
  });

  it('gives a packet of its own back whole, and books nothing, whatever stands in its way', () => {
    const bed = new Bed({ refusalFee: 30 });
    const back = (decision: { action: string; to: number; value: number; reason: string } | undefined) => [
      ...[decision?.action, decision?.to, decision?.value, decision?.reason],
    ];
    const own = bed.packet({ value: 7 });
    bed.carrier.arrived(SELF, own);
    assert.deepEqual(back(bed.carrier.arrived(SELF, own)), ['return', SELF, 7, 'DUPLICATE']);
    const way = { from: SELF, to: bed.right, value: 7 };
    assert.deepEqual(back(bed.carrier.stranded(own, way, 'CONGESTED')), ['return', SELF, 7, 'CONGESTED']);
    const lost = bed.packet({ destination: unknown, value: 7 });
    assert.deepEqual(back(bed.carrier.arrived(SELF, lost)), ['return', SELF, 7, 'NO_ROUTE']);
    const sent = bed.packet({ value: 7 });
    bed.carrier.arrived(SELF, sent);
    bed.carrier.left(bed.right, 7);
    const gone = bed.carrier.returned(bed.right, { ...sent, value: 6 }, 'EXPIRED', 0);
    assert.deepEqual(back(gone), ['return', SELF, 6, 'EXPIRED']);
    assert.deepEqual([bed.balances(), bed.carrier.fees, bed.carrier.tolls], [[0, -1], 0, 0]);
    assert.deepEqual(back(bed.carrier.arrived(SELF, bed.packet({ destination: here }))), [
      'deliver',
      SELF,
      100,
      'none',
    ]);
    assert.deepEqual(bed.balances(), [0, -1]);
  });

  it('sends no more than its lease, nor than there is room for with what is reserved', () => {
    const bed = new Bed({ peerValueAt: 1e9 });
    bed.ledger.setLimit(bed.right, 'leaseLeft', 50);
    assert.deepEqual([bed.carrier.maySend(bed.right, 51), bed.carrier.maySend(bed.right, 50)], [false, true]);
    bed.ledger.setLimit(bed.right, 'leaseLeft', 1e9);
    bed.ledger.holdConsume(bed.right, 99_990);
    assert.deepEqual([bed.carrier.maySend(bed.right, 11), bed.carrier.maySend(bed.right, 10)], [false, true]);
    bed.ledger.setLimit(bed.right, 'leaseLeft', -1);
    assert.equal(bed.carrier.maySend(bed.right, 0), true, 'what carries nothing needs no room');
  });

  it('keeps what a neighbour has no room to be owed, and counts it', () => {
    const bed = new Bed();
    const packet = bed.carried({ value: 605 }, 600);
    bed.ledger.consumed(bed.left, 0, 100_500);
    const decision = bed.carrier.returned(bed.right, { ...packet, value: 600 }, 'NO_ROUTE', 0);
    assert.deepEqual([decision?.action, decision?.to, decision?.value], ['return', bed.left, 0]);
    assert.equal(bed.carrier.unclaimed, 600);
    assert.deepEqual(
      TOTALS.map((column) => bed.ledger.get(bed.left, column)),
      [605, 0],
    );
  });

  it('owes to nobody what comes back beyond what was left unpaid and beyond valueAt, and counts whose word it is', () => {
    const bed = new Bed({ valueAt: 100 });
    const packet = bed.packet({ value: 405 });
    const rich = new Carrier({ ledger: bed.ledger, salt: 1 });
    rich.table.set(far, bed.right);
    rich.setLink(bed.left, terms());
    rich.setLink(bed.right, terms({ valueAt: 100 }));
    rich.arrived(bed.left, packet);
    rich.left(bed.right, 400);
    bed.ledger.paying(bed.right, 400);
    bed.ledger.paid(bed.right, 400);
    const decision = rich.returned(bed.right, { ...packet, value: 400 }, 'NO_ROUTE', 0);
    assert.deepEqual([decision?.to, decision?.value], [bed.left, 0]);
    assert.deepEqual([rich.unclaimed, rich.returnedBeyond(bed.right)], [400, 400]);
    assert.equal(rich.returnedBeyond(bed.left), 0);
    const own = bed.packet({ value: 300 });
    rich.arrived(SELF, own);
    rich.left(bed.right, 300);
    bed.ledger.paying(bed.right, 300);
    bed.ledger.paid(bed.right, 300);
    assert.equal(rich.returned(bed.right, own, 'NO_ROUTE', 0)?.value, 300);
    assert.deepEqual([rich.unclaimed, rich.returnedBeyond(bed.right)], [400, 700], 'but what was its own is its own');
  });

  it('lets a neighbour return what it had, beside what it owes for service, less what it used since for packets', () => {
    const beyondAfter = (used: number): number => {
      const bed = new Bed({ valueAt: 300, peerValueAt: 1_000 });
      const own = bed.packet({ value: 400 });
      if (used > 0) bed.carrier.arrived(bed.right, bed.packet({ destination: here, value: used }));
      bed.carrier.arrived(SELF, own);
      bed.carrier.left(bed.right, 400);
      bed.ledger.provided(bed.right, 0, 700);
      bed.carrier.returned(bed.right, { ...own, value: 400 }, 'NO_ROUTE', 0);
      return bed.carrier.returnedBeyond(bed.right);
    };
    assert.deepEqual([beyondAfter(0), beyondAfter(100)], [0, 0]);
    const bed = new Bed({ valueAt: 300, peerValueAt: 1_000 });
    const own = bed.packet({ value: 100 });
    bed.carrier.arrived(bed.right, bed.packet({ destination: here, value: 100 }));
    bed.carrier.arrived(SELF, own);
    bed.carrier.left(bed.right, 100);
    bed.ledger.provided(bed.right, 0, 700);
    bed.carrier.returned(bed.right, { ...own, value: 100 }, 'NO_ROUTE', 0);
    assert.equal(bed.carrier.returnedBeyond(bed.right), 0, 'the counter of packets is where it was');
  });
});
