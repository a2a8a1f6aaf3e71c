import type { Heard } from './heard-packet.ts';
import type { PacketTeller } from './packet-teller.ts';
import type { PacketStory } from './rule-story.ts';
import { AROUND, carrying, givesBack } from './stories-of-packets.ts';

const FALSE = 'verdict PACKET_RETURN_FALSE';

/** All that reached a neighbour by then. */
async function reached(teller: PacketTeller, at: string): Promise<Heard[]> {
  await teller.calm();
  return teller.heard(at);
}

/** The first of them. */
async function first(teller: PacketTeller, at: string): Promise<Buffer> {
  const [heard] = await reached(teller, at);
  return heard?.bytes as Buffer;
}

/** The same packet under another id. */
function renamed(packet: Buffer, id: number): Buffer {
  return Buffer.concat([packet.subarray(0, 16), Buffer.alloc(8, id), packet.subarray(24)]);
}

/** So much of the carrier's service is used by a neighbour, who owes for it. */
function owesForService(teller: PacketTeller, neighbour: string, units: number): void {
  const [{ ledger, row }, other] = [teller.account('A', neighbour), teller.account(neighbour, 'A')];
  ledger.provided(row, 0, units);
  other.ledger.consumed(other.row, 0, units);
}

/** What of a packet comes back: from whom it went to, once, with no more than it left with. */
export const STORIES_OF_RETURNS: readonly PacketStory[] = [
  {
    name: 'who returns a packet returns its value, and the carrier keeps its toll',
    among: AROUND,
    async carried(teller) {
      teller.tells('B', 'A', { to: 'D', value: 300 });
      givesBack(teller, 'D', await first(teller, 'D'), 290);
      await teller.calm();
      teller.same('what B heard', teller.heardWords('B'), ['returned 290 from A NO_ROUTE']);
      teller.same('books', [teller.balance('A', 'B'), teller.balance('A', 'D')], [10, -5]);
      teller.same('what A kept', teller.packets('A').earned, { tolls: 5, fees: 0 });
      const own = teller.sends('A', { to: 'D', value: 40, replies: 1 });
      givesBack(teller, 'D', await first(teller, 'D'), 40);
      await teller.calm();
      teller.same('its own', [own.outcome?.result, own.outcome?.cameUnits], ['refused', 40]);
      teller.same('what D has', teller.balance('A', 'D'), -5);
    },
  },
  ...(['again', 'with more than it took', 'though it went to another'] as const).map(
    (how): PacketStory => ({
      name: `who returns a packet ${how} is found out`,
      among: { ...AROUND, dishonest: true },
      async carried(teller) {
        teller.tells('B', 'A', { to: 'D', value: 300 });
        const packet = await first(teller, 'D');
        if (how === 'with more than it took') givesBack(teller, 'D', packet, 296);
        else if (how === 'again') {
          givesBack(teller, 'D', packet, 290);
          givesBack(teller, 'D', packet, 290);
        } else givesBack(teller, 'C', packet, 290);
        await teller.calm();
        teller.same('it is told of', teller.said('A').includes(FALSE), true);
        teller.same('what B owes', teller.balance('A', 'B'), how === 'again' ? 10 : 300);
      },
    }),
  ),
  {
    name: 'what is returned under an id from before is booked, for nobody, as far as its limit goes',
    among: { ...AROUND, dishonest: true },
    async carried(teller) {
      const old = teller.tells('B', 'A', { to: 'D', value: 3_500, destination: teller.id('D') });
      await teller.calm();
      teller.heard();
      givesBack(teller, 'D', renamed(old, 1), 200);
      await teller.calm();
      teller.same('within valueAt', [teller.packets('A').status.unclaimed, teller.balance('A', 'D')], [200, 200]);
      teller.same('… it owes it', teller.packets('A').returnedBeyond(teller.id('D')), 0);
      givesBack(teller, 'D', renamed(old, 2), 2_000);
      await teller.calm();
      teller.same('within dropAt', [teller.packets('A').status.unclaimed, teller.balance('A', 'D')], [2_200, 2_200]);
      teller.same('… by its own word', teller.packets('A').returnedBeyond(teller.id('D')), 2_000);
      const most = 16 * (teller.account('A', 'D').mine.newest?.dropAt ?? 0);
      givesBack(teller, 'D', renamed(old, 3), most - 2_200);
      givesBack(teller, 'D', renamed(old, 4), 1);
      await teller.calm();
      teller.same('beyond all', [teller.packets('A').status.unclaimed, teller.balance('A', 'D')], [most, most]);
    },
  },
  {
    name: 'what was not paid for may be returned whatever else is owed; the rest is value on credit',
    among: { ...AROUND, config: carrying({ valueAtUnits: 300 }), dishonest: true },
    async carried(teller) {
      const beyond = (): number => teller.packets('A').returnedBeyond(teller.id('D'));
      // D used 100 for a packet of its own before.
      teller.tells('D', 'A', { to: 'B', value: 100 });
      teller.sends('A', { to: 'D', value: 400 });
      teller.tells('B', 'A', { to: 'D', value: 205 });
      const [of, own] = await reached(teller, 'D');
      owesForService(teller, 'D', 500 + 200);
      givesBack(teller, 'D', own?.bytes as Buffer, 400);
      await teller.calm();
      teller.same('may be returned', [beyond(), teller.balance('A', 'D')], [0, 600]);
      // 300 on credit were used up by service: what D uses for a packet now is no more to be returned.
      givesBack(teller, 'D', of?.bytes as Buffer, 200);
      await teller.calm();
      teller.same('so may this', [beyond(), teller.balance('A', 'D')], [0, 800]);
      const back = ['packet 95 from A', 'returned 200 from A NO_ROUTE'];
      teller.same('what B heard of it', teller.heardWords('B'), back);
    },
  },
  {
    name: 'what was paid for and comes back beyond valueAt is owed, and goes to nobody',
    among: {
      ...AROUND,
      config: (config, name) => ({
        ...config,
        neighbours: config.neighbours.map((each) => ({ ...each, ...(name === 'A' && { valueAtUnits: 100 }) })),
      }),
      dishonest: true,
    },
    async carried(teller) {
      teller.tells('B', 'A', { to: 'D', value: 305 });
      const packet = await first(teller, 'D');
      const own = teller.sends('A', { to: 'D', value: 200 });
      const second = await first(teller, 'D');
      teller.node('A').node?.settle(teller.id('D'));
      await teller.pass(1_000);
      teller.same('A paid', teller.balance('A', 'D'), 0);
      givesBack(teller, 'D', packet, 300);
      await teller.calm();
      teller.same('what B heard', teller.heardWords('B'), ['returned 0 from A NO_ROUTE']);
      const { unclaimed } = teller.packets('A').status;
      teller.same('whose it is', [unclaimed, teller.packets('A').returnedBeyond(teller.id('D'))], [300, 300]);
      givesBack(teller, 'D', second, 200);
      await teller.calm();
      const after = [teller.packets('A').status.unclaimed, teller.packets('A').returnedBeyond(teller.id('D'))];
      teller.same('what is its own is its own', [after, own.outcome?.cameUnits], [[300, 500], 200]);
      teller.same('what D owes', teller.balance('A', 'D'), 500);
    },
  },
  {
    name: 'value that a neighbour has no room to be owed stays where it is',
    among: {
      ...AROUND,
      config: (config, name) => ({
        ...config,
        credit: { ...config.credit, ...(name === 'B' && { dropAtUnits: 1_000, payAtUnits: 900 }) },
      }),
    },
    async carried(teller) {
      teller.tells('B', 'A', { to: 'D', value: 400 });
      const packet = await first(teller, 'D');
      teller.node('A').node?.pausePayments(true);
      for (const value of [1_000, 400]) {
        teller.sends('A', { to: 'B', value });
        await teller.calm();
      }
      teller.same('what A owes B', teller.balance('A', 'B'), -1_000);
      givesBack(teller, 'D', packet, 395);
      await teller.calm();
      teller.same('what B heard', teller.heardWords('B'), [
        'packet 1000 from A',
        'packet 400 from A',
        'returned 0 from A NO_ROUTE',
      ]);
      teller.same('it stays', [teller.packets('A').status.unclaimed, teller.balance('A', 'B')], [395, -1_000]);
    },
  },
  {
    name: 'change that is due shows, until it came, the packet came back, or it is long ago',
    among: AROUND,
    async carried(teller) {
      const due = (): number | undefined => teller.packets('A').linkStatus(teller.id('D'))?.changeDue;
      const [id, reply] = [teller.newId(), { replyTo: teller.id('B') }];
      teller.tells('B', 'A', { to: 'D', value: 105, id, ...reply });
      await teller.calm();
      teller.same('sent', due(), 100);
      teller.tells('C', 'A', { to: 'B', value: 10, answers: id });
      await teller.calm();
      teller.same('another answers', due(), 100);
      teller.tells('D', 'A', { to: 'B', value: 70, answers: id });
      await teller.calm();
      teller.same('some came', due(), 30);
      teller.heard();
      teller.tells('B', 'A', { to: 'D', value: 205, ...reply });
      const packet = await first(teller, 'D');
      teller.same('one more', due(), 230);
      givesBack(teller, 'D', packet, 200);
      await teller.calm();
      teller.same('it came back', due(), 30);
      teller.tells('B', 'A', { to: 'D', value: 55 });
      await teller.calm();
      teller.same('none is wanted', due(), 30);
      const own = teller.sends('A', { to: 'D', value: 20, replies: 1 });
      await teller.calm();
      teller.same('its own', due(), 50);
      teller.tells('B', 'A', { to: 'A', value: 9, ...reply });
      await teller.calm();
      teller.same('what came here is not under way', due(), 50);
      for (const wait of [25_000, 25_000]) {
        teller.sleeps('A', wait);
        teller.tells('B', 'A', { to: 'D', value: 6 });
        await teller.calm();
      }
      teller.same('long ago', [due(), own.outcome], [0, undefined]);
    },
  },
  {
    name: 'a receipt goes back the way its packet came, once, and then nobody may return it',
    among: { ...AROUND, dishonest: true },
    async carried(teller) {
      teller.tells('B', 'A', { to: 'D', value: 305, receipt: true });
      const packet = await first(teller, 'D');
      teller.receipts('C', 'A', packet);
      await teller.calm();
      teller.same('of somebody else', teller.heardWords('B'), []);
      teller.receipts('D', 'A', packet);
      teller.receipts('D', 'A', packet);
      await teller.calm();
      teller.same('once', teller.heardWords('B'), ['receipt 300 from A']);
      givesBack(teller, 'D', packet, 300);
      await teller.calm();
      teller.same('then it is false', teller.said('A').includes(FALSE), true);
      teller.same('nothing came back', teller.heardWords('B'), []);
    },
  },
  {
    name: 'a carrier keeps books of as many neighbours as it has',
    among: { ...AROUND, before: 70, dishonest: true },
    async carried(teller) {
      teller.tells('B', 'A', { to: 'D', value: 305 });
      givesBack(teller, 'D', await first(teller, 'D'), 300);
      await teller.calm();
      teller.same('what B heard', teller.heardWords('B'), ['returned 300 from A NO_ROUTE']);
      teller.tells('B', 'A', { to: 'D', value: 25 });
      const packet = await first(teller, 'D');
      teller.same('what went on', teller.packets('A').passedOn(teller.id('B')), 20);
      givesBack(teller, 'D', renamed(packet, 1), 20);
      await teller.calm();
      teller.same('under an id from before', teller.packets('A').returnedBeyond(teller.id('D')), 0);
      owesForService(teller, 'D', 1_000);
      givesBack(teller, 'D', renamed(packet, 2), 30);
      await teller.calm();
      teller.same('beyond what it may owe', teller.packets('A').returnedBeyond(teller.id('D')), 30);
    },
  },
];
