import { FAR, nodeNamed, RANGE, SELF, settled } from './route-teller.ts';
import type { RouteStory } from './rule-story.ts';

/** Asking for newer news of ways, and answering. */
export const STORIES_OF_ASKING: readonly RouteStory[] = [
  {
    name: 'a request goes on along the way with a hop less, at most 64, and never back',
    ways(teller) {
      settled(teller);
      teller.asks('2', {});
      teller.same('on', teller.told(), '1?8/8');
      teller.asks('2', { sequence: 9, hops: 255 }, { sequence: 10, hops: 0 });
      teller.same('at most', teller.told(), '1?9/63');
      teller.asks('1', { sequence: 10 });
      teller.same('not back', teller.toldAfter(1_000), '');
      teller.asks('2', { destination: '::/0' });
      teller.same('for nobody', teller.told(), '');
    },
  },
  {
    name: 'a request is answered by whoever knows as much, or has a way to another origin',
    ways(teller) {
      settled(teller);
      for (const known of [{ sequence: 7 }, { sequence: 6 }, { origin: nodeNamed('5') }]) {
        teller.asks('2', known);
        teller.same('told again', teller.toldAfter(40_000), '2:11#7');
      }
      teller.says('1', { metric: 5 });
      teller.says('1', {});
      teller.same('and not once more', teller.toldAfter(1_000), '');
    },
  },
  {
    name: 'one neighbour is asked four times in two seconds, each time for something newer',
    ways(teller) {
      settled(teller);
      const asked = (...sequences: readonly number[]): string => {
        for (const sequence of sequences) teller.asks('2', { sequence, hops: 1 });
        return teller.told();
      };
      teller.same('newer only', asked(8, 8, 9, 9, 8), '1?8/0 1?9/0');
      teller.same('four', asked(10, 11, 12), '1?10/0 1?11/0');
      teller.pass(1_999);
      teller.same('not yet', asked(13), '');
      teller.pass(1);
      teller.same('two seconds later', asked(13), '1?13/0');
    },
  },
  {
    name: 'who asks for what no clock says yet is not heeded, nor who tells of it until it may be true',
    ways(teller) {
      const ahead = 604_800;
      settled(teller);
      teller.asks('2', { sequence: ahead + 3 });
      teller.same('not asked', teller.told(), '');
      teller.asks('2', { sequence: ahead + 2 });
      teller.same('asked', teller.told(), '1?604802/8');
      const late = { destination: nodeNamed('5'), origin: nodeNamed('5'), sequence: ahead + 4 };
      teller.says('1', late);
      teller.same('not believed', teller.way(nodeNamed('5')), 'none');
      teller.pass(2_000);
      teller.says('1', late);
      teller.same('believed', teller.way(nodeNamed('5')), '1 11');
    },
  },
  {
    name: 'a node that is asked makes its own news newer, at once as new as is asked, but of no other’s',
    ways(teller) {
      teller.exchange.originate(RANGE);
      teller.pass(1_000);
      teller.told();
      teller.asks('1', { destination: SELF, origin: SELF, sequence: 5 });
      teller.same('not yet', teller.toldAfter(99), '');
      teller.same('newer', teller.toldAfter(1), '1:0#5 2:0#5');
      teller.asks('1', { destination: SELF, origin: SELF, sequence: 3 });
      teller.same('no older', teller.toldAfter(1_000), '1:0#5 2:0#5');
      teller.asks('1', { origin: FAR, sequence: 9 });
      teller.same('another origin', teller.toldAfter(1_000), '1:0#0 2:0#0');
    },
  },
  {
    name: 'requests are answered once in a tenth of a second',
    ways(teller) {
      teller.pass(40_000);
      settled(teller);
      teller.pass(40_000);
      teller.says('1', { sequence: 8 });
      teller.pass(60);
      teller.asks('2', { sequence: 7 });
      teller.same('due anyway', teller.toldAfter(40), '2:11#8');
      teller.asks('2', { sequence: 8 });
      teller.same('too soon', teller.toldAfter(1_000), '');
      teller.asks('2', { sequence: 8 });
      teller.same('answered', teller.toldAfter(1_000), '2:11#8');
    },
  },
  {
    name: 'whoever has only a way that may lead back asks for newer news, again and again, but not for ever',
    ways(teller) {
      settled(teller);
      const beginsMs = teller.nowMs;
      const asked = (untilMs: number): number[] => {
        const times: number[] = [];
        for (; teller.nowMs < beginsMs + untilMs; teller.pass(500))
          if (teller.told().includes('1?8/64')) times.push(Math.floor((teller.nowMs - beginsMs) / 1_000));
        return times;
      };
      teller.says('1', { metric: 11 });
      teller.same('lost', teller.way(), 'none');
      teller.same('asked', asked(500_000), [0, 4, 12, 28, 60, 124, 252]);
      teller.says('1', { sequence: 8 });
      teller.same('found', teller.way(), '1 11');
      teller.same('at rest', teller.toldAfter(10_000), '2:11#8');
    },
  },
  {
    name: 'asking ends with a way, and begins anew where it is lost again, each destination by itself',
    ways(teller) {
      const other = { destination: '::/0', sequence: 7 };
      settled(teller);
      teller.says('1', other);
      teller.pass(1_000);
      teller.told();
      teller.says('1', { metric: 11 });
      teller.pass(2_000);
      teller.says('1', { ...other, metric: 11 });
      teller.same('both', teller.told(), '1?8/64 1:- 2:- 1?8/64');
      teller.same('the first', teller.toldAfter(2_000, RANGE), '1?8/64');
      teller.pass(1_999);
      teller.told();
      teller.same('the other', teller.toldAfter(1, '::/0'), '1?8/64');
      teller.says('1', { sequence: 8 });
      teller.pass(5_000);
      teller.told();
      teller.says('1', { sequence: 8, metric: 11 });
      teller.pass(3_900);
      teller.told();
      teller.same('anew', teller.toldAfter(100, RANGE), '1?9/64');
    },
  },
  {
    name: 'news of an earlier life are outdone, unless they are older, or too new to be true',
    ways(teller) {
      const echo = (sequence: number): string => {
        teller.says('1', { destination: SELF, origin: SELF, sequence });
        return teller.toldAfter(40_000);
      };
      teller.same('as new', echo(0), '');
      teller.same('newer', echo(20), '1:0#21 2:0#21');
      teller.same('too new', echo(604_900), '');
      teller.same('as new as may be', echo(604_800), '1:0#604801 2:0#604801');
      teller.says('1', { origin: SELF });
      teller.same('of what is not here any more', teller.way(), 'none');
    },
  },
];
