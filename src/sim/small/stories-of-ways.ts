import { UNREACHABLE } from '../../core/routes/route.ts';
import type { PacketStory } from './rule-story.ts';

/** How nodes find ways: what they are told of routes, and tell others. */
export const STORIES_OF_WAYS: readonly PacketStory[] = [
  {
    name: 'a way is told on with what its carrier adds to metric and price, and taken back when it is gone',
    among: { links: ['AB', 'BC', 'BD'], told: 'CD' },
    async carried(teller) {
      teller.same('what A is quoted', teller.packets('A').quote(teller.id('C'), 0), 5);
      const news = teller.itself('C', { metric: 7, price: { perPacket: 11, perMb: 0 } });
      teller.tellsRoutes('C', 'B', { updates: [{ ...news, sequence: news.sequence + 1 }] });
      await teller.pass(1_000);
      const heard = teller.heardRoutes('D').flatMap(({ routes }) => routes.updates);
      const told = heard.findLast(({ origin }) => origin === teller.id('C'));
      teller.same('what D is told', [told?.metric, told?.price], [8, { perPacket: 16, perMb: 0 }]);
      teller.same('what A is quoted then', teller.packets('A').quote(teller.id('C'), 0), 16);
      teller.cut('B', 'C');
      await teller.pass(1_000);
      const last = teller.heardRoutes('D').flatMap(({ routes }) => routes.updates);
      teller.same(
        'it is taken back',
        last.some(({ metric, origin }) => metric === UNREACHABLE && origin === news.origin),
        true,
      );
    },
  },
];
