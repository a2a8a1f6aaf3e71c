import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { Ledger } from '../ledger/ledger.ts';
import { Carrier } from './carrier.ts';
import { Bed, far, here, terms, unknown } from './carrier-bed.fixture.ts';
import { SELF } from './carrier-decision.ts';
import type { PacketHeader } from './packet.ts';

describe('a carrier', () => {
  it('keeps its toll, and books what came and what left on the two counters', () => {
    const bed = new Bed();
    const decision = bed.carrier.arrived(bed.left, bed.packet());
    assert.deepEqual({ ...decision }, { action: 'forward', to: bed.right, value: 95, reason: 'none', wanted: 0 });
    assert.deepEqual(bed.balances(), [100, 0]);
    bed.carrier.left(bed.right, 95);
    assert.deepEqual(bed.balances(), [100, -95]);
    assert.equal(bed.carrier.tolls, 5);
  });

  it('takes the toll by size too, rounded down', () => {
    const bed = new Bed({ toll: { perPacket: 5, perMb: 10_000 } });
    assert.equal(bed.carrier.arrived(bed.left, bed.packet({ sizeBytes: 199 })).value, 94);
  });

  it('takes what its neighbours offer for a place in line, from packets that go on, and from none of its own', () => {
    const bed = new Bed({ offers: { sendingPerMb: 40_000, receivingPerMb: 20_000 } });
    assert.equal(bed.carrier.arrived(bed.left, bed.packet()).value, 100 - 5 - 4 - 2);
    assert.equal(bed.carrier.arrived(SELF, bed.packet()).value, 100);
    assert.equal(bed.carrier.arrived(bed.left, bed.packet({ destination: here })).value, 100);
  });

  it('tells what a neighbour brought that went on: all but tolls, fees and what came back', () => {
    const bed = new Bed({ refusalFee: 30 });
    bed.carrier.arrived(bed.left, bed.packet());
    assert.equal(bed.carrier.passedOn(bed.left), 95);
    bed.carrier.arrived(bed.left, bed.packet({ destination: unknown }));
    assert.equal(bed.carrier.passedOn(bed.left), 95);
    bed.carrier.left(bed.right, 95);
    assert.equal(bed.carrier.passedOn(bed.right), 0, 'it was given value');
  });

  it('says that it is short where the next neighbour takes no more before it is paid', () => {
    const ledger = new Ledger();
    const short: number[] = [];
    const carrier = new Carrier({ ledger, salt: 1, short: (row) => short.push(row) });
    const row = ledger.addLink();
    for (const column of ['dropAt', 'peerDropAt', 'leaseLeft'] as const) ledger.setLimit(row, column, 100_000);
    carrier.setLink(row, terms({ peerValueAt: 0 }));
    carrier.table.set(far, row);
    assert.equal(carrier.arrived(SELF, new Bed().packet()).reason, 'NO_CREDIT');
    assert.deepEqual([short, carrier.maySend(row, 100)], [[row], false]);
    ledger.paying(row, 100);
    assert.equal(carrier.maySend(row, 100), false, 'not before it is acknowledged');
    ledger.paid(row, 100);
    assert.equal(carrier.maySend(row, 100), true);
  });

  it('gives no answer to who does not pay for one', () => {
    const bed = new Bed({ refusalFee: 30 });
    const probe = (value: number) => bed.carrier.arrived(bed.left, bed.packet({ value, destination: unknown })).action;
    assert.deepEqual([0, 29, 30].map(probe), ['drop', 'drop', 'return']);
    assert.deepEqual([bed.carrier.fees, ...bed.balances()], [59, 59, 0]);
  });

  it('keeps the whole value of what is for this node, and takes no toll from its own', () => {
    const bed = new Bed();
    assert.equal(bed.carrier.arrived(bed.left, bed.packet({ destination: here })).action, 'deliver');
    assert.deepEqual(bed.balances(), [100, 0]);
    assert.equal(bed.carrier.arrived(SELF, bed.packet()).value, 100);
  });

  const refusals: [string, Partial<PacketHeader>, object][] = [
    ['too little value', { value: 4 }, { reason: 'UNDERFUNDED', wanted: 5, value: 3 }],
    ['no way known', { destination: unknown }, { reason: 'NO_ROUTE', wanted: 0, value: 99 }],
    ['no hops left', { hops: 0 }, { reason: 'EXPIRED', wanted: 0, value: 99 }],
    ['no time left', { lifeMs: 0 }, { reason: 'EXPIRED', wanted: 0, value: 99 }],
    [
      'more value than the link may bring: not accepted, so no fee',
      { value: 1_001 },
      { reason: 'NO_CREDIT', wanted: 0, value: 1_001 },
    ],
    ['an impossible value', { value: 2 ** 48 }, { reason: 'NO_CREDIT', wanted: 0, value: 2 ** 48 }],
  ];
  for (const [what, over, expected] of refusals) {
    it(`sends back to where it came from: ${what}`, () => {
      const bed = new Bed();
      const decision = { ...bed.carrier.arrived(bed.left, bed.packet(over)) };
      assert.deepEqual(decision, { action: 'return', to: bed.left, ...expected });
      const kept = (over.value ?? 100) - decision.value;
      assert.deepEqual(bed.balances(), [kept, 0]);
      assert.equal(bed.carrier.fees, kept);
    });
  }

  it('tells who could pay the usual toll, but not what a long line adds, that it is congested', () => {
    const bed = new Bed({ toll: { perPacket: 23, perMb: 0 }, surgePerPacket: 18 });
    assert.equal(bed.carrier.arrived(bed.left, bed.packet({ value: 5 })).reason, 'CONGESTED');
    assert.equal(bed.carrier.arrived(bed.left, bed.packet({ value: 4 })).reason, 'UNDERFUNDED');
    assert.equal(bed.carrier.arrived(bed.left, bed.packet({ value: 23 })).action, 'forward');
  });

  it('lets no credit for service be turned into value: what is owed already counts', () => {
    const bed = new Bed();
    bed.ledger.provided(bed.left, 0, 950);
    assert.equal(bed.carrier.arrived(bed.left, bed.packet()).reason, 'NO_CREDIT');
    bed.ledger.received(bed.left, 950, 950);
    assert.equal(bed.carrier.arrived(bed.left, bed.packet()).action, 'forward');
  });

  it('takes from a new neighbour only what it has prepaid', () => {
    const bed = new Bed({ valueAt: 0 });
    assert.equal(bed.carrier.arrived(bed.left, bed.packet()).reason, 'NO_CREDIT');
    bed.ledger.received(bed.left, 150, 150);
    assert.equal(bed.carrier.arrived(bed.left, bed.packet()).action, 'forward');
    assert.equal(bed.carrier.arrived(bed.left, bed.packet()).reason, 'NO_CREDIT');
  });

  it('sends on no more than the next neighbour takes, what waits in the queue included', () => {
    const bed = new Bed({ peerValueAt: 190, valueAt: 10_000 });
    for (const expected of ['forward', 'forward', 'return']) {
      assert.equal(bed.carrier.arrived(bed.left, bed.packet()).action, expected);
    }
  });

  it('applies a packet once: copies and loops go back whole', () => {
    const bed = new Bed();
    const packet = bed.packet();
    bed.carrier.arrived(bed.left, packet);
    assert.equal(bed.carrier.arrived(bed.left, packet).reason, 'DUPLICATE');
    assert.deepEqual(bed.balances(), [100, 0]);
    assert.deepEqual({ ...bed.carrier.arrived(bed.right, packet) }.to, bed.right);
  });

  it('gives a packet that found no room in the queue back with its toll, minus the fee', () => {
    const bed = new Bed();
    const packet = bed.packet();
    bed.carrier.arrived(bed.left, packet);
    const way = { from: bed.left, to: bed.right, value: 95 };
    const decision = bed.carrier.stranded(packet, way, 'CONGESTED');
    assert.deepEqual({ ...decision }, { action: 'return', to: bed.left, value: 99, reason: 'CONGESTED', wanted: 5 });
    assert.deepEqual([bed.carrier.tolls, bed.carrier.fees, ...bed.balances()], [0, 1, 1, 0]);
  });

  it('frees the room of a packet that waited longer than ids are remembered', () => {
    const bed = new Bed({ valueAt: 10_000, peerValueAt: 100 });
    const packet = bed.packet();
    bed.carrier.age(0);
    bed.carrier.arrived(bed.left, packet);
    bed.carrier.age(1_000_000);
    assert.equal(bed.carrier.arrived(bed.left, bed.packet()).reason, 'NO_CREDIT', 'its value still waits to leave');
    const way = { from: bed.left, to: bed.right, value: 95 };
    assert.equal(bed.carrier.stranded(packet, way, 'EXPIRED').value, 99);
    assert.equal(bed.carrier.arrived(bed.left, bed.packet()).action, 'forward');
  });

  it('takes no more than a crash could remember', () => {
    const bed = new Bed();
    bed.ledger.setLimit(bed.left, 'leaseLeft', 99);
    assert.equal(bed.carrier.arrived(bed.left, bed.packet()).reason, 'NO_CREDIT');
    bed.ledger.setLimit(bed.left, 'leaseLeft', 100);
    assert.equal(bed.carrier.arrived(bed.left, bed.packet()).action, 'forward');
  });

  it('takes no return of more than was sent', () => {
    const bed = new Bed();
    const packet = bed.carried({}, 95);
    assert.equal(bed.carrier.returned(bed.right, { ...packet, value: 96 }, 'NO_ROUTE', 0), undefined);
    assert.deepEqual(bed.balances(), [100, -95]);
  });

  it('passes a returned packet back, once, and keeps its toll', () => {
    const bed = new Bed();
    const packet = bed.carried({}, 95);
    const back = { ...packet, value: 94 };
    assert.equal(bed.carrier.returned(bed.left, back, 'NO_ROUTE', 0), undefined, 'it was not sent there');
    const decision = bed.carrier.returned(bed.right, back, 'UNDERFUNDED', 60);
    assert.deepEqual({ ...decision }, { action: 'return', to: bed.left, value: 94, reason: 'UNDERFUNDED', wanted: 60 });
    assert.deepEqual(bed.balances(), [6, -1]);
    assert.equal(bed.carrier.returned(bed.right, back, 'NO_ROUTE', 0), undefined);
    assert.deepEqual(bed.balances(), [6, -1]);
  });

  it('keeps what comes back under an id it has forgotten, and tells what is beyond its trust', () => {
    const bed = new Bed({ valueAt: 40 });
    for (const value of [30, 10, 13]) {
      const decision = bed.carrier.returned(bed.right, bed.packet({ value }), 'NO_ROUTE', 0);
      assert.deepEqual([decision?.action, decision?.value], ['drop', 0]);
    }
    assert.deepEqual([bed.carrier.unclaimed, bed.carrier.returnedBeyond(bed.right)], [53, 13]);
    assert.deepEqual(bed.balances(), [0, 53]);
  });

  it('books it where holds that its neighbour cannot know of leave no room, but no more than an honest one can owe', () => {
    const bed = new Bed({ valueAt: 40 });
    bed.ledger.setLimit(bed.right, 'dropAt', 100);
    bed.ledger.holdProvide(bed.right, 90);
    bed.carrier.returned(bed.right, bed.packet({ value: 20 }), 'NO_ROUTE', 0);
    assert.deepEqual([bed.balances()[1], bed.carrier.returnedBeyond(bed.right)], [20, 20]);
    // On a slow link it owes for what it used while packets were on their way to it, and for all of those that it returns.
    bed.carrier.returned(bed.right, bed.packet({ value: 1_580 }), 'NO_ROUTE', 0);
    assert.equal(bed.balances()[1], 1_600);
    bed.carrier.returned(bed.right, bed.packet({ value: 1 }), 'NO_ROUTE', 0);
    assert.equal(bed.balances()[1], 1_600);
    // Where nothing is enforced there is room for any debt, and for no sum that is not exact.
    bed.ledger.setLimit(bed.right, 'dropAt', 2 ** 51);
    bed.carrier.returned(bed.right, bed.packet({ value: 2 ** 52 - 1_600 }), 'NO_ROUTE', 0);
    bed.carrier.returned(bed.right, bed.packet({ value: 1 }), 'NO_ROUTE', 0);
    assert.equal(bed.balances()[1], 2 ** 52);
  });

  it('holds back from settlement the change that may still come, beyond what it would take on credit', () => {
    const bed = new Bed({ valueAt: 40 });
    bed.ledger.received(bed.left, 500, 500);
    const packet = bed.carried({ wantsChange: true }, 95);
    assert.equal(bed.carrier.heldBack(bed.right), 55);
    bed.carrier.table.set(here, bed.left);
    bed.carrier.arrived(bed.right, bed.packet({ destination: here, value: 50, answersLow: packet.idLow }));
    assert.equal(bed.carrier.heldBack(bed.right), 5);
  });
});
