import type { PacketStory } from './rule-story.ts';

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
    },
  },
  {
    name: 'a packet for nobody goes back for a fee, and says why',
    among: { told: 'C' },
    async carried(teller) {
      teller.tells('C', 'B', { to: 'A', value: 3 });
      const wayless = `0x${'77'.repeat(20)}`;
      teller.tells('C', 'B', { to: 'A', value: 10, destination: wayless });
      await teller.calm();
      teller.same('what C heard', teller.heardWords('C'), [
        'returned 1 from B UNDERFUNDED 5',
        'returned 8 from B NO_ROUTE',
      ]);
      teller.same('what B kept', teller.packets('B').earned, { tolls: 0, fees: 4 });
      teller.same('what C owes', teller.balance('B', 'C'), 4);
    },
  },
];
