import { UNREACHABLE } from '../../core/routes/route.ts';
import { RANGE, type RouteTeller, SELF, settled } from './route-teller.ts';
import type { RouteStory } from './rule-story.ts';

const MINUTE_MS = 60_000;
/** So long after its start a node first looks at what is old; then every ten minutes. */
const FIRST_LOOK_MS = 100;
const look = (teller: RouteTeller, nth: number): void => teller.until(FIRST_LOOK_MS + nth * 10 * MINUTE_MS + 1);

/** What becomes of ways that nobody tells of any more. */
export const STORIES_OF_FORGETTING: readonly RouteStory[] = [
  {
    name: 'a node says every ten minutes that it is still there',
    ways(teller) {
      for (let nth = 1; nth <= 3; nth += 1) {
        look(teller, nth);
        teller.same('not yet', teller.told(), '');
        teller.same('there', teller.toldAfter(MINUTE_MS), `1:0#${nth} 2:0#${nth}`);
      }
    },
  },
  {
    name: 'a way is given up that was not heard of for 35 minutes, and another is taken',
    ways(teller) {
      teller.until(5 * MINUTE_MS);
      settled(teller);
      teller.until(30 * MINUTE_MS);
      teller.says('2', { metric: 20, sequence: 8 });
      teller.says('1', {});
      teller.unlink('1');
      teller.link('1');
      teller.until(31 * MINUTE_MS);
      teller.same('the other', teller.way(), '2 21');
      teller.says('1', { metric: 3, sequence: 8 });
      look(teller, 6);
      teller.says('2', { metric: 20, sequence: 8 });
      teller.same('still', teller.way(), '1 4');
      look(teller, 7);
      teller.same('given up', teller.way(), 'none');
      teller.says('2', { metric: 20, sequence: 9 });
      teller.link('1', { metric: 9 });
      teller.same('for good', teller.way(), '2 21');
    },
  },
  {
    name: 'what was told bounds what is believed for 105 minutes after it was told last',
    ways(teller) {
      settled(teller);
      teller.until(20 * MINUTE_MS);
      teller.says('1', { sequence: 7 });
      teller.asks('2', { sequence: 7 });
      teller.pass(MINUTE_MS);
      teller.says('1', { metric: UNREACHABLE });
      look(teller, 12);
      teller.says('1', { metric: 11 });
      teller.same('bound', teller.way(), 'none');
      teller.says('1', { metric: UNREACHABLE });
      look(teller, 13);
      teller.says('1', { metric: 11 });
      teller.same('free', teller.way(), '1 12');
    },
  },
  {
    name: 'a destination that nobody tells of is forgotten, once nobody asks for it either',
    ways(teller) {
      settled(teller);
      teller.asks('2', { sequence: 8 });
      teller.same('known', teller.exchange.table.size, 2);
      teller.unlink('1');
      look(teller, 10);
      teller.same('still', teller.exchange.table.size, 2);
      look(teller, 11);
      teller.same('forgotten', teller.exchange.table.size, 1);
    },
  },
  {
    name: 'who brought many destinations may bring as many again when they are forgotten, and no more',
    ways(teller) {
      const tells = (name: string, from: number, count: number): string => {
        const nodes = Array.from({ length: count }, (_, n) => `0x${String(from + n).padStart(40, '0')}`);
        teller.says(name, ...nodes.map((node) => ({ destination: node, origin: node })));
        return `${teller.exchange.table.size}${teller.faults().slice(1)}`;
      };
      teller.same('half, and one', [tells('1', 1, 8), tells('1', 9, 1)], ['9', '9 ROUTES_EXHAUSTED']);
      for (const nth of [3, 6, 9]) {
        look(teller, nth);
        tells('1', 4, 5);
      }
      look(teller, 11);
      teller.same('three are forgotten', teller.exchange.table.size, 6);
      teller.same('three again, and one', [tells('1', 9, 3), tells('1', 12, 1)], ['9', '9 ROUTES_EXHAUSTED']);
      teller.unlink('1');
      teller.link('1');
      look(teller, 22);
      teller.same('all are forgotten', teller.exchange.table.size, 1);
      tells('2', 11, 1);
      teller.same('half of the rest', [tells('1', 1, 8), tells('1', 9, 1)], ['10', '10 ROUTES_EXHAUSTED']);
      teller.same('and of what is left', [tells('2', 12, 3), tells('2', 15, 1)], ['13', '13 ROUTES_EXHAUSTED']);
    },
  },
  {
    name: 'of two origins of a range one is forgotten, and the other is not',
    ways(teller) {
      settled(teller);
      teller.until(30 * MINUTE_MS);
      teller.says('1', { origin: SELF.replaceAll('0', '5').replace('5x', '0x') });
      teller.pass(MINUTE_MS);
      teller.says('1', { metric: UNREACHABLE });
      look(teller, 11);
      teller.says('1', { metric: 11 });
      teller.same('forgotten', teller.way(), '1 12');
      teller.says('1', { origin: SELF.replaceAll('0', '5').replace('5x', '0x'), metric: 11 });
      teller.same('not forgotten', teller.way(), 'none');
    },
  },
  {
    name: 'what was asked just now is not forgotten',
    ways(teller) {
      settled(teller);
      teller.until(10 * MINUTE_MS - 1_000);
      teller.told();
      for (let sequence = 8; sequence < 12; sequence += 1) teller.asks('2', { sequence });
      teller.same('four', teller.told(RANGE), '1?8/8 1?9/8 1?10/8 1?11/8');
      teller.pass(1_200);
      teller.asks('2', { sequence: 12 });
      teller.same('no fifth', teller.told(RANGE), '');
      teller.pass(800);
      teller.asks('2', { sequence: 12 });
      teller.same('two seconds later', teller.told(RANGE), '1?12/8');
    },
  },
];
