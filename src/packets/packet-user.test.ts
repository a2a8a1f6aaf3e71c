import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { isGenuineReceipt } from '../chain/receipt-signing.ts';
import { createSigner } from '../chain/signer.ts';
import { deliveredPacket, PacketKind, packetLength, viewOf } from '../wire/packet.ts';
import { type Meddle, NEEDED, PacketLine } from './packet-line.fixture.ts';
import type { PacketOrder, PacketOutcome, ReceivedPacket } from './packet-order.ts';

const NOTHING = new Uint8Array(0);
const order = (line: PacketLine, over: Partial<PacketOrder> = {}): PacketOrder => {
  const to = line.end(line.ends.length - 1).id;
  return { to, value: 100, payload: Buffer.from('hello'), replies: 0, receipt: true, waitMs: 1_000, ...over };
};
/** Runs until the packet's fate is known, waiting as long as it takes. */
async function send(line: PacketLine, over: Partial<PacketOrder> = {}): Promise<PacketOutcome> {
  const outcome = line.end(0).user.send(order(line, over));
  line.run();
  line.clock.pass(1_000);
  return await outcome;
}
/** Meddles with what arrives at one node, packet by packet. */
const at =
  (node: number, change: (packet: Buffer) => Buffer | undefined): Meddle =>
  (bytes, to) => {
    if (to !== node) return bytes;
    const out: Buffer[] = [];
    for (let from = 0; from < bytes.length; ) {
      const length = packetLength(viewOf(bytes), from);
      const packet = change(Buffer.from(bytes.subarray(from, from + length)));
      if (packet !== undefined) out.push(packet);
      from += length;
    }
    return out.length === 0 ? undefined : Buffer.concat(out);
  };
const drops = (kind: number) => (packet: Buffer) => (packet[0] === kind ? undefined : packet);

describe('a receipt', () => {
  it('comes back from the destination, signed over what arrived, and moves no money', async () => {
    const line = new PacketLine(4);
    const outcome = await send(line);
    assert.deepEqual([outcome.result, outcome.sentUnits, outcome.delivery?.arrivedUnits], ['delivered', 100, 90]);
    const signature = Buffer.from(outcome.delivery?.signature.slice(2) ?? '', 'hex');
    const facts = {
      ...{ destination: line.end(3).id, id: Buffer.from(outcome.id, 'hex') },
      ...{ value: 90, payload: Buffer.from('hello') },
    };
    assert.ok(isGenuineReceipt(facts, signature));
    assert.deepEqual(
      [line.end(0).balance(0), line.end(1).balance(0), line.end(1).balance(1), line.end(3).balance(0)],
      [-100, 100, -95, 90],
    );
    const { confirmed, confirmedUnits, lost } = line.end(0).user.figures;
    assert.deepEqual([confirmed, confirmedUnits, lost], [1, 90, 0]);
    const fate = { fate: 'delivered', to: line.end(3).id, via: line.end(1).id, sentUnits: 100, arrivedUnits: 90 };
    assert.deepEqual(line.end(0).fates, [fate]);
  });

  it('is given only where it is asked for', async () => {
    const line = new PacketLine(3);
    const kinds: number[] = [];
    line.meddle = (bytes) => {
      kinds.push(bytes[0] as number);
      return bytes;
    };
    assert.equal((await send(line, { receipt: false })).result, 'sent');
    assert.deepEqual(kinds, [PacketKind.packet, PacketKind.packet]);
    assert.deepEqual(line.end(0).fates, []);
  });

  it('is of no use to who sends it twice, and one that nobody waits for is no fault', async () => {
    const line = new PacketLine(3);
    let seen = 0;
    line.meddle = at(1, (packet) => (packet[0] === PacketKind.delivered ? Buffer.concat([packet, packet]) : packet));
    const count = line.meddle;
    line.meddle = (bytes, to) => {
      if (to === 0) seen += 1;
      return count(bytes, to);
    };
    assert.equal((await send(line)).result, 'delivered');
    assert.equal(seen, 1);
    assert.deepEqual(
      line.ends.flatMap(({ faults }) => faults),
      [],
    );
  });

  it('is of no use with another payload, value or signer', async () => {
    const forger = createSigner(new Uint8Array(32).fill(99));
    const forgeries: [string, (packet: Buffer) => Buffer][] = [
      ['more arrived', (packet) => (packet.writeUIntBE(91, 6, 6), packet)],
      ['more than was sent', (packet) => (packet.writeUIntBE(101, 6, 6), packet)],
      ['signed by another', (packet) => deliveredPacket(packet, forger.signDigest(Buffer.alloc(32, 1)))],
      ['of another destination', (packet) => (packet.fill(7, 32, 52), packet)],
    ];
    for (const [what, forge] of forgeries) {
      const line = new PacketLine(3);
      line.meddle = at(0, (packet) => (packet[0] === PacketKind.delivered ? forge(packet) : packet));
      assert.equal((await send(line)).result, 'lost', what);
      const { figures } = line.end(0).user;
      assert.deepEqual([figures.forged, figures.confirmed, figures.lost], [1, 0, 1], what);
      assert.deepEqual(
        line.end(0).fates.map(({ fate, via }) => [fate, via === line.end(1).id]),
        [
          ['forged', true],
          ['lost', true],
        ],
      );
    }
    const line = new PacketLine(3);
    line.meddle = at(2, (packet) => (packet.write('hullo', 72), packet));
    assert.equal((await send(line)).result, 'lost', 'a payload that a carrier changed');
  });

  it('or the packet itself not coming back means that it is lost; what comes late corrects the count', async () => {
    const line = new PacketLine(3);
    const late: Buffer[] = [];
    line.meddle = at(0, (packet) => (late.push(packet), undefined));
    assert.equal((await send(line)).result, 'lost');
    assert.equal((await send(line, { to: `0x${'9'.repeat(40)}` })).result, 'refused', 'that was known at once');
    line.meddle = at(2, drops(PacketKind.packet));
    assert.equal((await send(line, { value: 50 })).result, 'lost');
    assert.deepEqual([line.end(0).user.figures.lost, line.end(0).user.figures.lostUnits], [2, 150]);
    line.end(0).user.confirmed(late[0] as Buffer, line.end(1).id);
    const { confirmed, lost, lostUnits } = line.end(0).user.figures;
    assert.deepEqual([confirmed, lost, lostUnits], [1, 1, 50]);
    const told = line.end(0).fates.map(({ fate, late, via }) => [fate, late ?? false, via === line.end(1).id]);
    const refused = ['refused', false, false];
    assert.deepEqual(told, [['lost', false, true], refused, ['lost', false, true], ['delivered', true, true]]);
  });

  it('speaks for or against nobody where too little was sent to come back', async () => {
    const line = new PacketLine(3);
    line.meddle = at(2, drops(PacketKind.packet));
    for (const value of [NEEDED - 1, NEEDED]) assert.equal((await send(line, { value })).result, 'lost');
    assert.deepEqual(
      line.end(0).fates.map(({ scant }) => scant),
      [true, undefined],
    );
  });

  it('takes the place of a return: who gave one may not give the packet back as well', async () => {
    const line = new PacketLine(3);
    let packetIn: Buffer | undefined;
    line.meddle = at(2, (packet) => (packetIn = packet));
    assert.equal((await send(line)).result, 'delivered');
    const back = Buffer.concat([packetIn as Buffer, Buffer.alloc(26)]);
    back[0] = PacketKind.returned;
    back[3] = 3;
    // As node 2 would send it on its link to node 1.
    line.meddle = (bytes, to) => (to === 1 ? Buffer.concat([bytes, back]) : bytes);
    void line.end(2).user.send({ ...order(line), to: line.end(1).id });
    line.run();
    assert.deepEqual(line.end(1).faults, ['PACKET_RETURN_FALSE']);
  });

  it('is not signed more often than a node can afford', async () => {
    const line = new PacketLine(2);
    for (let n = 0; n < 2_010; n += 1) void line.end(0).user.send(order(line, { payload: NOTHING }));
    line.run();
    line.clock.pass(1_000);
    const { confirmed, lost } = line.end(0).user.figures;
    assert.deepEqual([confirmed, lost], [2_000, 10]);
  });
});

describe('who sends packets', () => {
  it('spends no more in a day than its budget; what comes back is not spent', async () => {
    const line = new PacketLine(3, 250);
    line.end(2).user.serve({ price: 20, replies: 1, split: 'floor', payload: NOTHING });
    const answered = await send(line, { replies: 1, receipt: false });
    assert.deepEqual([answered.result, answered.cameUnits], ['answered', 70]);
    assert.equal(line.end(0).user.figures.spentUnits, 30);
    assert.equal((await send(line, { to: `0x${'9'.repeat(40)}` })).cameUnits, 100);
    await send(line, { value: 220 });
    assert.equal(line.end(0).user.figures.spentUnits, 250);
    await assert.rejects(send(line, { value: 1 }), { code: 'PACKETS_OVER_BUDGET' });
    line.clock.pass(86_400_000);
    assert.equal((await send(line, { value: 250 })).result, 'delivered');
  });
});

describe('an order that makes no sense', () => {
  const refused: [string, Partial<PacketOrder>, string][] = [
    ['a negative value', { value: -1 }, 'AMOUNT_INVALID'],
    ['a fraction', { value: 0.5 }, 'AMOUNT_INVALID'],
    ['no number', { value: Number.NaN }, 'AMOUNT_INVALID'],
    ['more than a packet holds', { value: 2 ** 48 }, 'AMOUNT_INVALID'],
    ['too much to carry', { payload: new Uint8Array(15_361) }, 'PACKET_TOO_LARGE'],
    ['nobody', { to: 'bob' }, 'NODE_ID_INVALID'],
    ['an answer to what is no id', { answers: 'ab' }, 'PACKET_ID_INVALID'],
  ];
  for (const [what, over, code] of refused) {
    it(`is refused, and costs nothing of the budget: ${what}`, async () => {
      const line = new PacketLine(2, 2 ** 49);
      await assert.rejects(send(line, over), { code });
      const { sent, spentUnits } = line.end(0).user.figures;
      assert.deepEqual([sent, spentUnits], [0, 0]);
    });
  }
});

describe('who receives packets', () => {
  it('may answer when it is ready, by the id of what it answers', async () => {
    const line = new PacketLine(3);
    const got: ReceivedPacket[] = [];
    line.end(2).user.receive((packet) => void got.push(packet));
    const asked = line.end(0).user.send(order(line, { replies: 1, receipt: false }));
    line.run();
    const [{ id, replyTo, value }] = got as [ReceivedPacket];
    const answer = order(line, { to: replyTo as string, answers: id, value: value - 10, receipt: false });
    const answered = line.end(2).user.send(answer);
    line.run();
    const { cameUnits, result } = await asked;
    assert.deepEqual([result, cameUnits], ['answered', 80]);
    line.clock.pass(1_000);
    assert.equal((await answered).result, 'sent');
  });

  it('is given them, and answers with what came at most', async () => {
    const line = new PacketLine(3);
    const got: unknown[] = [];
    const stop = line.end(2).user.receive(({ value, payload, from, replyTo }) => {
      got.push([value, Buffer.from(payload).toString(), from, replyTo]);
      return [{ value: value - 10, payload: Buffer.from('there you are') }];
    });
    const { cameUnits, replies, result } = await send(line, { replies: 1 });
    assert.deepEqual(
      [result, cameUnits, Buffer.from(replies[0]?.payload ?? []).toString()],
      ['answered', 80, 'there you are'],
    );
    assert.deepEqual(got, [[95, 'hello', line.end(1).id, line.end(0).id]]);
    assert.equal((await send(line)).result, 'delivered');
    assert.equal(line.end(0).user.figures.delivered, 1, 'no answer where none is wanted');
    stop();
    assert.equal((await send(line, { replies: 1 })).result, 'unanswered');
    assert.equal(got.length, 2);
  });

  it('harms nobody but itself when it fails, or would answer with more than came', async () => {
    const line = new PacketLine(2);
    line.end(1).user.receive(({ value }) => [{ value: value + 1, payload: NOTHING }]);
    assert.equal((await send(line, { replies: 1, receipt: false })).result, 'unanswered');
    line.end(1).user.receive(() => {
      throw new Error('a defect');
    });
    assert.equal((await send(line)).result, 'delivered');
    assert.deepEqual(line.end(1).failures, ['PACKET_RECEIVER_FAILED', 'PACKET_RECEIVER_FAILED']);
    assert.deepEqual(line.end(1).faults, []);
  });
});
