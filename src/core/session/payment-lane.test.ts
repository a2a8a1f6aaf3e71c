import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PaymentMethod } from '../terms/terms.ts';
import type { PaymentAckMessage, PaymentProof } from './message.ts';
import { MOST_UNDER_WAY, PaymentLane } from './payment-lane.ts';

const proofOf = (wei: bigint): PaymentProof => ({
  kind: 'cheque',
  cheque: { chequebook: '0x', beneficiary: '0x', cumulativeWei: wei, signature: new Uint8Array(65) },
});
const ackOf = (id: number, acceptedWei = 0n, code = ''): PaymentAckMessage => ({
  kind: 'paymentAck',
  id,
  acceptedWei,
  code,
});
const writing = (id: number, units: number) => ({ id, units, demanded: false });

/** A lane on which payments of these units have left, with ids from 1; each comes to a wei a unit. */
function sent(method: PaymentMethod, ...amounts: readonly number[]): PaymentLane {
  const lane = new PaymentLane(method);
  let wei = 0;
  for (const [n, units] of amounts.entries()) {
    wei += units;
    lane.begin(writing(n + 1, units));
    lane.sent(n + 1, proofOf(BigInt(wei)));
  }
  return lane;
}

test('as many are under way as may be, and one by one where each has to be seen on the chain', () => {
  for (const [method, most] of [
    ['cheque', MOST_UNDER_WAY],
    ['channel', MOST_UNDER_WAY],
    ['transfer', 1],
  ] as const) {
    const lane = new PaymentLane(method);
    let count = 0;
    while (!lane.waits && count < 100) {
      count += 1;
      lane.begin(writing(count, 10));
      assert.ok(lane.waits, 'it is being written');
      assert.equal(lane.sent(count, proofOf(BigInt(count))), 10 * count, 'it covers those before it');
    }
    assert.equal(count, most);
    lane.taken(ackOf(1));
    assert.equal(lane.waits, false);
  }
});

test('an answer takes those before it too, and no more than was sent with its id', () => {
  for (const [says, took] of [
    [30n, 30n],
    [29n, 29n],
    [31n, 30n],
  ] as const) {
    const lane = sent('cheque', 10, 20, 40);
    assert.deepEqual(lane.taken(ackOf(2, says)), { units: 30, acceptedWei: took });
    assert.deepEqual([lane.has(1), lane.has(2), lane.has(3), lane.pendingUnits], [false, false, true, 40]);
    assert.deepEqual(lane.taken(ackOf(3, 70n)), { units: 40, acceptedWei: 70n });
    assert.equal(lane.pendingUnits, 0);
  }
  const transfer = new PaymentLane('transfer');
  transfer.begin(writing(1, 5));
  transfer.sent(1, { kind: 'transfer', transaction: '0x' });
  assert.deepEqual(
    transfer.taken(ackOf(1, 99n)),
    { units: 5, acceptedWei: 99n },
    'what it took is for the chain to say',
  );
});

test('what was refused is paid with the next one, or goes again when nothing else is under way', () => {
  const lane = sent('cheque', 10, 20, 40);
  lane.refused(ackOf(2));
  assert.deepEqual([lane.has(2), lane.unanswered], [false, false]);
  assert.equal(lane.taken(ackOf(1)).units, 10);
  lane.refused(ackOf(3));
  assert.deepEqual([lane.pendingUnits, lane.unanswered, lane.waits], [60, true, false]);
  lane.begin(writing(4, 5));
  assert.equal(lane.unanswered, false, 'one that covers it is being written');
  assert.equal(lane.sent(4, proofOf(75n)), 65);
  assert.equal(lane.taken(ackOf(4)).units, 65);
});

test('the part of a refused one is paid by the next that is taken', () => {
  const lane = sent('cheque', 10, 20, 40);
  lane.refused(ackOf(1));
  assert.equal(lane.pendingUnits, 70);
  assert.deepEqual(lane.taken(ackOf(2, 99n)), { units: 30, acceptedWei: 30n });
  lane.refused(ackOf(3));
  assert.deepEqual([lane.pendingUnits, lane.unanswered], [40, true]);
  const all = sent('cheque', 10, 20, 40);
  assert.deepEqual(all.taken(ackOf(3, 99n)), { units: 70, acceptedWei: 70n });
});

test('while one is being written, answers wait; the first for each payment counts', () => {
  const lane = sent('cheque', 10, 20);
  assert.equal(lane.postpones(ackOf(1)), false);
  lane.begin(writing(3, 5));
  assert.ok(lane.postpones(ackOf(2, 0n, 'CHEQUE_UNVERIFIED')));
  assert.ok(lane.postpones(ackOf(1)));
  assert.ok(lane.postpones(ackOf(2)));
  assert.deepEqual([lane.postponed(), lane.pendingUnits], [[], 35]);
  lane.sent(3, proofOf(35n));
  assert.deepEqual(lane.postponed(), [ackOf(2, 0n, 'CHEQUE_UNVERIFIED'), ackOf(1)]);
  assert.deepEqual(lane.postponed(), [], 'once');
});

test('one that could not be written is owed again; what was sent before it stays under way', () => {
  for (const demanded of [true, false]) {
    const lane = sent('cheque', 10);
    lane.begin({ id: 2, units: 20, demanded });
    assert.equal(lane.failed(2, 20), demanded);
    assert.deepEqual([lane.pendingUnits, lane.has(1), lane.waits], [10, true, false]);
    assert.equal(lane.failed(1, 10), false, 'it had left');
    assert.deepEqual([lane.pendingUnits, lane.has(1), lane.unanswered], [0, false, false]);
  }
});

test('what comes of an older one does not touch the one that is being written', () => {
  const lane = sent('cheque', 10);
  lane.refused(ackOf(1));
  lane.begin(writing(2, 20));
  assert.equal(lane.failed(1, 10), false);
  assert.deepEqual([lane.pendingUnits, lane.waits], [20, true]);
  assert.equal(lane.sent(2, proofOf(30n)), 20);

  const again = sent('cheque', 10);
  again.refused(ackOf(1));
  again.begin(writing(2, 20));
  assert.equal(again.sent(1, proofOf(10n)), 10, 'and is not contained in it');
  assert.ok(again.postpones(ackOf(1)));
  assert.equal(again.sent(2, proofOf(30n)), 30);
  assert.equal(again.taken(ackOf(1)).units, 10);
  assert.equal(again.taken(ackOf(2)).units, 20);
});

test('one that leaves again with another proof stands where it stood', () => {
  const lane = sent('cheque', 10, 20, 40);
  assert.equal(lane.sent(2, proofOf(33n)), 30);
  assert.deepEqual(lane.taken(ackOf(2, 99n)), { units: 30, acceptedWei: 33n });
  assert.deepEqual(lane.taken(ackOf(3, 70n)), { units: 40, acceptedWei: 70n });
});

test('when a connection ends, nothing is under way; what is pending is', () => {
  const lane = sent('cheque', 10, 20);
  lane.drain();
  lane.begin(writing(3, 5));
  lane.postpones(ackOf(1));
  lane.interrupted();
  assert.deepEqual([lane.pendingUnits, lane.has(1), lane.has(2), lane.unanswered], [35, false, false, true]);
  assert.deepEqual([lane.waits, lane.postponed()], [false, []]);
  assert.equal(lane.sent(3, proofOf(35n)), 35);
  assert.equal(lane.taken(ackOf(3)).units, 35);
});

test('where something has to change, what is under way is answered first, however it is answered', () => {
  const idle = new PaymentLane('cheque');
  idle.drain();
  assert.equal(idle.waits, false);
  const ends: readonly ((lane: PaymentLane) => void)[] = [
    (lane) => lane.taken(ackOf(2)),
    (lane) => lane.refused(ackOf(2)),
    (lane) => void lane.failed(2, 20),
    (lane) => lane.interrupted(),
  ];
  for (const end of ends) {
    const lane = sent('cheque', 10, 20);
    lane.drain();
    lane.taken(ackOf(1));
    assert.ok(lane.waits);
    end(lane);
    assert.equal(lane.waits, false);
  }
  const unwritten = new PaymentLane('cheque');
  unwritten.begin(writing(1, 10));
  unwritten.drain();
  unwritten.failed(1, 10);
  assert.equal(unwritten.waits, false);
});

test('two lanes that will do the same stand the same, others do not', () => {
  const lanes = [
    new PaymentLane('cheque'),
    new PaymentLane('channel'),
    sent('cheque', 10),
    sent('cheque', 11),
    sent('cheque', 5, 5),
    sent('cheque', 4, 6),
  ];
  const drained = sent('cheque', 10);
  drained.drain();
  const begun = sent('cheque', 10);
  begun.begin(writing(2, 0));
  const demanded = sent('cheque', 10);
  demanded.begin({ ...writing(2, 0), demanded: true });
  const answered = sent('cheque', 10);
  answered.begin(writing(2, 0));
  answered.postpones(ackOf(1));
  const shut = sent('cheque', 10);
  shut.shutUntilMs = 7;
  const all = [...lanes, drained, begun, demanded, answered, shut].map((lane) => JSON.stringify(lane.standing(5)));
  assert.equal(new Set(all).size, all.length);
  assert.equal(JSON.stringify(sent('cheque', 10).standing(5)), all[2]);
  assert.deepEqual(shut.standing(7), sent('cheque', 10).standing(7), 'it is shut no more');
});

type Act = 'begin' | 'write' | 'fail' | 'take' | 'refuse' | 'break' | 'again' | 'drain';

/** A payer with a lane, and what a neighbour that has the last total taken would say of it. */
class Trade {
  readonly lane = new PaymentLane('cheque');
  paid = 0;
  begun = 0;
  /** By id, what the payment promises in all: units, at a wei each. */
  readonly totals = new Map<number, number>();
  #id = 0;
  #writing: number | undefined;
  #last = 0;
  /** Ids that may be answered still, whatever came of their connection. */
  readonly #left: number[] = [];

  act(act: Act, pick: number): void {
    const id = this.#left[pick % Math.max(1, this.#left.length)];
    if (act === 'begin' && !this.lane.waits && this.#writing === undefined) this.#begin(1 + (pick % 7));
    else if (act === 'write' && this.#writing !== undefined) this.#written(this.#writing);
    else if (act === 'fail' && this.#writing !== undefined) this.#failed(this.#writing);
    else if (act === 'take' && id !== undefined) this.#answer(ackOf(id, BigInt(this.totals.get(id) ?? 0)));
    else if (act === 'refuse' && id !== undefined) this.#answer(ackOf(id, 0n, 'CHEQUE_UNVERIFIED'));
    else if (act === 'break') this.lane.interrupted();
    else if (act === 'again' && this.lane.unanswered && this.#last > 0 && this.#writing === undefined)
      this.lane.sent(this.#last, proofOf(BigInt(this.totals.get(this.#last) ?? 0)));
    else if (act === 'drain') this.lane.drain();
  }

  #begin(units: number): void {
    this.#id += 1;
    this.#writing = this.#id;
    this.begun += units;
    this.totals.set(this.#id, this.begun);
    this.lane.begin(writing(this.#id, units));
  }

  #written(id: number): void {
    this.#writing = undefined;
    this.#last = id;
    this.lane.sent(id, proofOf(BigInt(this.totals.get(id) ?? 0)));
    this.#left.push(id);
    this.#answers();
  }

  #failed(id: number): void {
    const units = this.begun - (this.totals.get(this.#last) ?? 0);
    this.#writing = undefined;
    this.totals.delete(id);
    this.begun -= units;
    this.lane.failed(id, units);
    this.#answers();
  }

  #answers(): void {
    for (const ack of this.lane.postponed()) if (this.lane.has(ack.id)) this.#hear(ack);
  }

  #answer(ack: PaymentAckMessage): void {
    if (this.lane.has(ack.id) && !this.lane.postpones(ack)) this.#hear(ack);
  }

  #hear(ack: PaymentAckMessage): void {
    if (ack.code !== '') return this.lane.refused(ack);
    const { acceptedWei, units } = this.lane.taken(ack);
    this.paid += units;
    assert.equal(this.paid, Number(acceptedWei), 'what counts as paid is what the total that was taken says');
  }
}

test('over any history, what is paid is the highest total that was taken, and the rest is pending', () => {
  const acts: readonly Act[] = ['begin', 'write', 'fail', 'take', 'refuse', 'break', 'again', 'drain'];
  const history = fc.array(fc.tuple(fc.constantFrom(...acts), fc.nat({ max: 50 })), { maxLength: 60, size: 'max' });
  fc.assert(
    fc.property(history, (steps) => {
      const trade = new Trade();
      for (const [act, pick] of steps) {
        trade.act(act, pick);
        assert.equal(trade.paid + trade.lane.pendingUnits, trade.begun);
      }
    }),
    { numRuns: 2_000 },
  );
});
