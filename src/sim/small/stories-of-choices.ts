import { UNREACHABLE } from '../../core/routes/route.ts';
import { nodeNamed, RANGE, settled } from './route-teller.ts';
import type { RouteStory } from './rule-story.ts';

const price = (perPacket: number, perMb: number) => ({ price: { perPacket, perMb } });

/** Which of several ways is taken, and which none may take. */
export const STORIES_OF_CHOICES: readonly RouteStory[] = [
  {
    name: 'of two ways the better ranked is taken, then the nearer, then the cheaper, then that of the lower name',
    ways(teller) {
      const chosen = (first: object, second: object): string => {
        for (const name of '12') teller.unlink(name);
        for (const name of '12') teller.link(name);
        teller.exchange.ranked(() => -1);
        for (const [name, told] of [['2', second] as const, ['1', first] as const]) teller.says(name, told);
        teller.exchange.ranked(() => 0);
        return teller.way().slice(0, 1);
      };
      teller.same('nearer', chosen({ metric: 9, ...price(9, 9) }, { metric: 8, ...price(9, 9) }), '2');
      teller.same('nearer before cheaper', chosen({ metric: 9 }, { metric: 8, ...price(9, 9) }), '2');
      teller.same('a packet', chosen(price(4, 0), price(3, 9)), '2');
      teller.same('a megabyte', chosen(price(3, 9), price(3, 8)), '2');
      teller.same('by name', chosen(price(3, 9), price(3, 9)), '1');
      teller.exchange.ranked((_, via) => (via === nodeNamed('2') ? 1 : 0));
      teller.same('by rank', teller.way().slice(0, 1), '2');
      teller.exchange.ranked(() => -1, ['::/0']);
      teller.same('another destination', teller.way().slice(0, 1), '2');
      teller.exchange.ranked(() => -1, [RANGE, '::/0']);
      teller.same('ranked out', teller.way(), 'none');
    },
  },
  {
    name: 'a way in use stays unless another is better by more than a tenth',
    ways(teller) {
      teller.says('1', { metric: 99 });
      teller.says('2', { metric: 89 });
      teller.same('a tenth', teller.way(), '1 100');
      teller.says('2', { metric: 88 });
      teller.same('more', teller.way(), '2 89');
    },
  },
  {
    name: 'a way in use that becomes dearer stays unless another, no farther, is cheaper by more than a tenth',
    ways(teller) {
      teller.says('1', price(1, 0));
      teller.says('2', price(1, 0));
      teller.says('1', price(1, 111));
      teller.same('a tenth', teller.way(), '1 11 +1/111');
      teller.says('1', price(1, 112));
      teller.same('more', teller.way(), '2 11 +1/0');
      teller.says('1', { metric: 12, ...price(0, 0) });
      teller.same('farther', teller.way(), '2 11 +1/0');
      teller.says('1', price(0, 899));
      teller.same('back', teller.way(), '1 11 +0/899');
    },
  },
  {
    name: 'what a link adds counts from when it does, and what it puts beyond reach is not reached',
    ways(teller) {
      settled(teller);
      teller.link('1', { metric: 30, toll: { perPacket: 3, perMb: 4 } });
      teller.same('dearer', [teller.way(), teller.changed()], ['1 40 +3/4', '']);
      teller.same('told', teller.toldAfter(1_000), '2:40#7+3/4');
      teller.link('1', { metric: UNREACHABLE - 10 });
      teller.same('beyond', [teller.way(), teller.changed()], ['none', `${RANGE} by nobody`]);
    },
  },
  {
    name: 'no way is taken that might lead back: none farther than what was told, but where its news are newer',
    ways(teller) {
      settled(teller);
      const tells = (name: string, metric: number, sequence = 7): string => {
        teller.says(name, { metric, sequence });
        teller.pass(40_000);
        return teller.way();
      };
      teller.same('nearer', tells('1', 9), '1 10');
      teller.same('another farther', tells('2', 10), '1 10');
      teller.same('farther', tells('1', 10), 'none');
      teller.same('nearer again', tells('1', 8), '1 9');
      teller.same('newer and farther', tells('1', 30, 8), '1 31');
      teller.same('older and nearer', tells('2', 1), '1 31');
      teller.same('as new, nearer', tells('2', 20, 8), '2 21');
      teller.same('as new, as far', tells('2', 21, 8), 'none');
    },
  },
  {
    name: 'what was told when a link was dear does not make a way right that is farther than what was told before',
    ways(teller) {
      settled(teller);
      teller.link('1', { metric: 30 });
      teller.pass(1_000);
      teller.says('1', { metric: 11 });
      teller.same('none', teller.way(), 'none');
    },
  },
  {
    name: 'a range is reached by 64 origins and no more, each with its own distance',
    ways(teller) {
      const origin = (n: number): string => `0x${String(n).padStart(40, '0')}`;
      for (let n = 1; n <= 64; n += 1) {
        teller.says('1', { origin: origin(n), metric: 100 - n });
        teller.pass(40_000);
      }
      teller.same('the last', teller.way(), '1 37');
      teller.says('1', { origin: origin(65), metric: 1 });
      teller.same('one more', [teller.way(), teller.told().includes('1?')], ['none', true]);
      teller.says('1', { origin: origin(5), metric: 94 });
      teller.same('one of them', teller.way(), '1 95');
    },
  },
  {
    name: 'a neighbour that invents destinations fills half of what is left, and others are heard all the same',
    ways(teller) {
      const tells = (name: string, from: number, count: number): void => {
        const nodes = Array.from({ length: count }, (_, n) => `0x${String(from + n).padStart(40, '0')}`);
        teller.says(name, ...nodes.map((node) => ({ destination: node, origin: node })));
      };
      tells('1', 1, 8);
      teller.same('half', [teller.exchange.table.size, teller.faults()], [9, '']);
      tells('1', 9, 1);
      teller.same('no more', [teller.exchange.table.size, teller.faults()], [9, '1 ROUTES_EXHAUSTED']);
      tells('2', 11, 9);
      teller.same('half of the rest', [teller.exchange.table.size, teller.faults()], [13, '2 ROUTES_EXHAUSTED']);
      tells('1', 5, 4);
      teller.same('what is known goes on', teller.faults(), '');
    },
  },
];
