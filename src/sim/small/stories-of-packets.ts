import { Column } from '../../core/ledger/columns.ts';
import { serviceColumn } from '../../core/service.ts';
import type { NodeConfig } from '../../node/config.ts';
import type { Receipt } from '../../wire/packet.ts';
import type { Neighbourhood, PacketTeller } from './packet-teller.ts';
import type { PacketStory } from './rule-story.ts';

/** One carrier, and three who send by it. */
export const AROUND: Neighbourhood = { links: ['BA', 'CA', 'AD'], told: 'BCD' };
/** Where nobody is. */
export const WAYLESS = `0x${'77'.repeat(20)}`;
const { packets: PACKETS } = serviceColumn;

/** What the carrier, and nobody else, is told of packets. */
export function carrying(packets: Partial<NodeConfig['packets']>): NonNullable<Neighbourhood['config']> {
  return (config, name) => ({ ...config, packets: { ...config.packets, ...(name === 'A' && packets) } });
}

/** A told node gives the carrier back what it heard, with so much in it. */
export function givesBack(teller: PacketTeller, from: string, packet: Buffer, value: number): void {
  const receipt: Receipt = { reason: 'NO_ROUTE', refusedBy: teller.id(from), wanted: 0 };
  teller.returns(from, 'A', packet, { ...receipt, value });
}

/** Gross totals of packets between the carrier and a neighbour: what came, and what went. */
function totals(teller: PacketTeller, neighbour: string): number[] {
  return [Column.provided, Column.consumed].map((column) => teller.cell('A', neighbour, column + PACKETS));
}

/** What becomes of value packets: carried on for a toll, delivered, or back to where they came from. */
export const STORIES_OF_PACKETS: readonly PacketStory[] = [
  {
    name: 'a packet crosses two links: its value onto their counters, the toll to the carrier between',
    async carried(teller) {
      const { result, delivery } = await teller.sent('A', { to: 'C', value: 50, receipt: true });
      teller.same('its end', result, 'delivered');
      teller.same('what arrived', delivery?.arrivedUnits, 45);
      teller.same('what A owes', teller.balance('B', 'A'), 50);
      teller.same('what B owes', teller.balance('C', 'B'), 45);
      teller.same('what B kept', teller.packets('B').earned, { tolls: 5, fees: 0 });
      const own = await teller.sent('A', { to: 'A', value: 7, receipt: true });
      teller.same('one to itself', [own.result, own.delivery?.arrivedUnits], ['delivered', 7]);
    },
  },
  {
    name: 'a packet that cannot go on goes back for a fee, and says why',
    among: AROUND,
    async carried(teller) {
      teller.tells('B', 'A', { to: 'C', value: 3 });
      teller.tells('B', 'A', { to: 'C', value: 10, destination: WAYLESS });
      teller.tells('B', 'A', { to: 'C', value: 1, destination: WAYLESS });
      teller.tells('B', 'A', { to: 'B', value: 10 });
      await teller.calm();
      const back = ['returned 1 from A UNDERFUNDED 5', 'returned 8 from A NO_ROUTE', 'returned 8 from A NO_ROUTE'];
      teller.same('what B heard', teller.heardWords('B'), back);
      teller.same('what A kept', teller.packets('A').earned, { tolls: 0, fees: 7 });
      teller.same('what B owes', teller.balance('A', 'B'), 7);
      teller.tells('B', 'A', { to: 'C', value: 50 });
      await teller.calm();
      teller.same('what went on', teller.packets('A').passedOn(teller.id('B')), 45);
    },
  },
  {
    name: 'a packet has so many hops and so much time, and is taken once',
    among: AROUND,
    async carried(teller) {
      teller.tells('B', 'A', { to: 'C', value: 50, hops: 0 });
      teller.tells('B', 'A', { to: 'C', value: 50, lifeMs: 0 });
      const id = teller.newId();
      teller.tells('B', 'A', { to: 'C', value: 50, hops: 1, lifeMs: 1, id });
      teller.tells('B', 'A', { to: 'C', value: 60, id });
      const last = teller.newId();
      teller.tells('B', 'A', { to: 'A', value: 7, hops: 0, lifeMs: 0, id: last });
      teller.tells('B', 'A', { to: 'A', value: 9, id: last });
      await teller.calm();
      const [first, ...heard] = teller.heard('C');
      teller.same('what C heard', [first?.value, first?.hops, first?.lifeMs, heard.length], [45, 0, 0, 0]);
      teller.same('both ends of it', totals(teller, 'B'), [226, 165]);
      teller.same('what came to A', teller.packets('A').user.figures.deliveredUnits, 7);
    },
  },
  {
    name: 'who draws the same id twice sends one packet',
    among: { ...AROUND, stuck: 'A' },
    async carried(teller) {
      teller.sends('A', { to: 'D', value: 50 });
      const second = teller.sends('A', { to: 'D', value: 20, replies: 1 });
      await teller.calm();
      teller.same('what D heard', teller.heardWords('D'), ['packet 50 from A']);
      teller.same('the second', [second.outcome?.result, second.outcome?.receipt?.reason], ['refused', 'DUPLICATE']);
      teller.same('what came back of it', second.outcome?.cameUnits, 20);
    },
  },
  {
    name: 'value is taken on credit up to valueAt, and sent up to the other side’s',
    among: AROUND,
    async carried(teller) {
      teller.tells('B', 'A', { to: 'D', value: 1_001 });
      teller.tells('B', 'A', { to: 'D', value: 605 });
      teller.tells('C', 'A', { to: 'D', value: 605 });
      await teller.calm();
      teller.same('what B heard', teller.heardWords('B'), ['returned 1001 from A NO_CREDIT']);
      teller.same('both ends of it', totals(teller, 'B'), [1_606, 1_001]);
      // A told node hears what it was told once.
      teller.tells('C', 'A', { to: 'D', value: 405 });
      const own = teller.sends('A', { to: 'D', value: 1 });
      await teller.calm();
      teller.same('what D has', teller.balance('A', 'D'), -1_000);
      teller.same('its own', [own.outcome?.receipt?.reason, own.outcome?.cameUnits], ['NO_CREDIT', 1]);
      teller.same('what C owes', teller.balance('A', 'C'), 407);
    },
  },
  {
    name: 'what waits counts as sent, and goes back when its time is over',
    among: { ...AROUND, dishonest: true },
    async carried(teller) {
      teller.allows('A', 'D', 0);
      const waiting = [1, 2, 3].map(() => teller.tells('B', 'A', { to: 'D', value: 300 }));
      await teller.calm();
      teller.same('what waits', teller.packets('A').status.queued, 885);
      teller.same('tolls', teller.packets('A').earned.tolls, 15);
      teller.tells('B', 'A', { to: 'D', value: 100 });
      teller.tells('C', 'A', { to: 'D', value: 300 });
      await teller.calm();
      teller.same('no room for one more', teller.heardWords('C'), ['returned 298 from A NO_CREDIT']);
      teller.sleeps('A', 10_000);
      teller.allows('A', 'D');
      await teller.calm();
      const back = teller.heard('B').map(({ reason, value }) => [value, reason]);
      teller.same('what came back', back, [...Array(3).fill([298, 'EXPIRED']), [98, 'EXPIRED']]);
      teller.same('what A kept', teller.packets('A').status, {
        ...teller.packets('A').status,
        queued: 0,
        tolls: 0,
        fees: 10,
      });
      teller.same('what went on', teller.packets('A').passedOn(teller.id('B')), 0);
      teller.tells('B', 'A', { to: 'D', value: 1_000 - 8 });
      await teller.calm();
      teller.same('what D heard', teller.heardWords('D'), ['packet 987 from A']);
      const [never] = waiting as [Buffer];
      givesBack(teller, 'D', never, 295);
      await teller.calm();
      teller.same('D returned what it never had', teller.said('A').includes('verdict PACKET_RETURN_FALSE'), true);
    },
  },
  {
    name: 'a packet of this node’s own that waits too long comes back whole',
    among: AROUND,
    async carried(teller) {
      teller.allows('A', 'D', 0);
      const own = teller.sends('A', { to: 'D', value: 300, replies: 1, waitMs: 60_000 });
      await teller.calm();
      teller.sleeps('A', 10_000);
      teller.allows('A', 'D');
      await teller.calm();
      teller.same('why', [own.outcome?.receipt?.reason, own.outcome?.cameUnits], ['EXPIRED', 300]);
      teller.same('what waits', teller.packets('A').status.queued, 0);
    },
  },
  {
    name: 'what is sent to a neighbour that takes no value on credit is paid for ahead, when a packet needs it',
    among: {
      ...AROUND,
      config: (config, name) => ({
        ...config,
        packets: {
          ...config.packets,
          ...(name === 'D' && { valueAtUnits: 0 }),
          ...(name === 'A' && { prepayUnits: 500 }),
        },
      }),
    },
    async carried(teller) {
      teller.tells('B', 'A', { to: 'D', value: 105 });
      await teller.pass(500);
      teller.same('what B heard', teller.heardWords('B'), ['returned 103 from A NO_CREDIT']);
      teller.same('what D owes', teller.balance('A', 'D'), 500);
      teller.tells('B', 'A', { to: 'D', value: 105 });
      await teller.calm();
      teller.same('what D heard', teller.heardWords('D'), ['packet 100 from A']);
    },
  },
  {
    name: 'value can be more than a word of 32 bits',
    among: { ...AROUND, packets: { valueAt: 2 ** 40 }, settings: { payAt: 2 ** 39, dropAt: 2 ** 40, riskAt: 2 ** 41 } },
    async carried(teller) {
      const value = 3 * 2 ** 32 + 7;
      teller.tells('B', 'A', { to: 'D', value });
      await teller.calm();
      const [heard] = teller.heard('D');
      teller.same('what D heard', heard?.value, value - 5);
      givesBack(teller, 'D', heard?.bytes as Buffer, value - 5);
      await teller.calm();
      teller.same('what B heard', teller.heardWords('B'), [`returned ${value - 5} from A NO_ROUTE`]);
    },
  },
  {
    name: 'no more is taken or sent than was promised to the disk, nor than fits beside what is reserved',
    among: { ...AROUND, packets: { valueAt: 3_000 } },
    async carried(teller) {
      teller.tells('D', 'A', { to: 'A', value: 2_990 });
      await teller.calm();
      teller.same('beside service', teller.heardWords('D'), ['returned 2990 from A NO_CREDIT']);
      teller.same('its lease', teller.cell('A', 'B', Column.leaseLeft), 5841);
      for (let round = 0; round < 3; round += 1) {
        teller.tells('B', 'A', { to: 'C', value: 905 });
        teller.tells('C', 'A', { to: 'B', value: 905 });
      }
      teller.tells('B', 'A', { to: 'C', value: 906 });
      teller.tells('D', 'A', { to: 'B', value: 907 });
      teller.same('left of it', teller.cell('A', 'B', Column.leaseLeft), -1386);
      await teller.calm();
      teller.same('B heard', teller.heardWords('B'), [
        'packet 900 from A',
        'packet 900 from A',
        'packet 900 from A',
        'returned 906 from A NO_CREDIT',
      ]);
      teller.same('D heard', teller.heardWords('D'), ['returned 905 from A NO_CREDIT']);
      teller.tells('D', 'A', { to: 'B', value: 907 });
      await teller.calm();
      teller.same('once it is written', teller.heardWords('B'), ['packet 902 from A']);
    },
  },
];
