import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Column } from '../ledger/columns.ts';
import { Ledger, type LinkRow } from '../ledger/ledger.ts';
import { Carrier } from './carrier.ts';
import { type PacketHeader, packetHeader } from './packet.ts';

const here = (row: number) => Uint8Array.from([0, 0, 0, 0, row + 1]);
const value = fc.nat({ max: 300 });
const little = fc.nat({ max: 40 });
const row = fc.nat({ max: 1 });
const id = fc.integer({ min: 1, max: 3 });
const action = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      row,
      value,
      id,
      to: fc.nat({ max: 2 }),
      hops: fc.constantFrom(0, 1, 2, 2),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('return' as const), row, value: little, id }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('leave' as const), strand: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('theyPay' as const), row, value }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('iPay' as const), row, ahead: fc.nat({ max: 900 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('age' as const) }) },
);
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

/** Two neighbours that are one owner, and a carrier that gives their keys no credit and pays all it owes when asked. */
class World {
  readonly ledger = new Ledger();
  readonly carrier = new Carrier({ ledger: this.ledger, salt: 9 });
  readonly waiting: { packet: PacketHeader; from: LinkRow; to: LinkRow; value: number }[] = [];
  queued = 0;
  delivered = 0;
  #nowMs = 0;
  /** What the last payment left each owing. */
  readonly #ahead = [0, 0];

  constructor() {
    for (const each of [0, 1]) {
      this.ledger.addLink();
      for (const column of ['dropAt', 'peerDropAt', 'leaseLeft'] as const) this.ledger.setLimit(each, column, 2 ** 40);
      const limits = { valueAt: 0, peerValueAt: 2 ** 40, refusalFee: 1 };
      this.carrier.setLink(each, { toll: { perPacket: 5, perMb: 0 }, ...limits });
      this.carrier.table.set(Uint32Array.from(here(each)), each);
    }
    this.carrier.table.set(Uint32Array.from(here(2)), -1);
  }

  act(action: Action): void {
    const { carrier, ledger } = this;
    if (action.kind === 'send') {
      const destination = Uint32Array.from(here(action.to));
      const over = { value: action.value, idLow: action.id, hops: action.hops, lifeMs: 9, sizeBytes: 100, destination };
      const packet = { ...packetHeader(), ...over };
      const { action: what, to, value: left } = carrier.arrived(action.row, packet);
      if (what === 'deliver') this.delivered += left;
      if (what === 'forward') this.waiting.push({ packet, from: action.row, to, value: left });
    } else if (action.kind === 'return') {
      const packet = { ...packetHeader(), value: action.value, idLow: action.id };
      carrier.returned(action.row, packet, 'NO_ROUTE', 0);
    } else if (action.kind === 'leave') {
      const next = this.waiting.shift();
      if (next === undefined) return;
      if (action.strand) carrier.stranded(next.packet, next, 'CONGESTED');
      else carrier.left(next.to, next.value);
    } else if (action.kind === 'theyPay') ledger.received(action.row, action.value, action.value);
    else if (action.kind === 'iPay') this.pay(action.row, action.ahead);
    else carrier.age((this.#nowMs += 7_000));
  }

  /** Pays what it owes, and now and then something ahead: that is at risk of its own free will, once. */
  pay(to: LinkRow, ahead: number): void {
    const owed = this.ledger.unpaidDebt(to);
    const units = owed + Math.max(0, ahead - 600 - Math.max(0, this.ledger.debtOf(to)));
    this.ledger.paying(to, units);
    this.ledger.paid(to, units);
    this.#ahead[to] = Math.max(0, this.ledger.debtOf(to));
  }

  check(): void {
    const { carrier, ledger } = this;
    const sum = (column: number) => ledger.get(0, column) + ledger.get(1, column);
    const queued = this.waiting.reduce((all, each) => all + each.value, 0);
    const net = sum(Column.provided + 2) - sum(Column.consumed + 2);
    const kept = carrier.tolls + carrier.fees + carrier.unclaimed + this.delivered;
    assert.equal(net, kept + queued, 'no unit is made or lost');
    for (const each of [0, 1]) {
      const ahead = this.#ahead[each] as number;
      // What it returned beyond that it says it owes, and nobody was given it.
      assert.ok(
        ledger.debtOf(each) <= ahead + carrier.unclaimed,
        'nobody owes what was taken on no credit, and not paid ahead',
      );
    }
    assert.ok(sum(Column.paid) - sum(Column.balance) <= sum(Column.received), 'two keys get no more than they paid in');
  }
}

describe('two keys of one owner', () => {
  it('are paid for a packet once: what is returned after it was settled finds no credit', () => {
    const world = new World();
    const play: Action[] = [
      { kind: 'theyPay', row: 0, value: 100 },
      { kind: 'send', row: 0, value: 100, id: 1, to: 1, hops: 2 },
      { kind: 'leave', strand: false },
      { kind: 'iPay', row: 1, ahead: 0 },
      { kind: 'return', row: 1, value: 95, id: 1 },
    ];
    for (const each of play) {
      world.act(each);
      world.check();
    }
    assert.equal(world.ledger.get(1, Column.paid), 95);
    assert.equal(world.ledger.get(0, Column.balance), 0);
    assert.equal(world.carrier.unclaimed, 95);
    assert.equal(world.ledger.get(1, Column.balance), 95, 'it owes it by its own word');
  });

  it('take back what was paid ahead, and nothing that was settled since', () => {
    const world = new World();
    const forward = (value: number, id: number): Action[] => [
      { kind: 'send', row: 0, value, id, to: 1, hops: 2 },
      { kind: 'leave', strand: false },
    ];
    const balance = (actions: readonly Action[]): number => {
      for (const each of actions) world.act(each);
      return world.ledger.get(1, Column.balance);
    };
    assert.equal(balance([{ kind: 'iPay', row: 1, ahead: 900 }]), 300);
    assert.equal(balance([{ kind: 'theyPay', row: 0, value: 600 }, ...forward(105, 1)]), 200);
    assert.equal(balance([{ kind: 'return', row: 1, value: 100, id: 1 }]), 300, 'it was paid ahead');
    assert.equal(balance([...forward(305, 2), ...forward(95, 3), { kind: 'iPay', row: 1, ahead: 0 }]), 0);
    assert.equal(balance([{ kind: 'return', row: 1, value: 90, id: 3 }]), 90, 'it was settled');
    assert.equal(world.carrier.unclaimed, 90);
  });

  it('never get more out of a carrier than they paid in, whatever they send, return, repeat and settle', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 120, size: 'max' }), (actions) => {
        const world = new World();
        for (const each of actions) {
          world.act(each);
          world.check();
        }
      }),
      { numRuns: 600 },
    );
  });
});
