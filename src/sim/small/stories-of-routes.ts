import { UNREACHABLE } from '../../core/routes/route.ts';
import { FAR, joined, nodeNamed, RANGE, SELF, settled } from './route-teller.ts';
import type { RouteStory } from './rule-story.ts';

/** What nodes tell each other of ways, and when. */
export const STORIES_OF_ROUTES: readonly RouteStory[] = [
  {
    name: 'a way goes by whoever announced it, one link further, until it is taken back or the link is gone',
    ways(teller) {
      teller.says('1', { price: { perPacket: 3, perMb: 4 } });
      teller.same('at once', [teller.way(), teller.changed()], ['1 11 +3/4', `${RANGE} by 1`]);
      teller.same('not yet', teller.toldAfter(99), '');
      teller.same('after a tenth of a second', teller.toldAfter(1), '2:11#7+3/4');
      teller.says('1', { metric: UNREACHABLE });
      teller.same('back', [teller.way(), teller.changed()], ['none', `${RANGE} by nobody`]);
      teller.same('all hear', teller.toldAfter(1_000), '1:- 2:-');
      teller.says('1', { sequence: 8 });
      teller.pass(1_000);
      teller.changed();
      teller.unlink('1');
      teller.same('gone', [teller.way(), teller.changed()], ['none', `${RANGE} by nobody`]);
      teller.same('the second hears', teller.toldAfter(1_000), '2:11#8 2:-');
    },
  },
  {
    name: 'who has no link is not heard, and nothing is asked of him',
    ways(teller) {
      settled(teller);
      teller.says('3', { metric: 1 });
      teller.asks('3', { sequence: 8 }, { sequence: 7 });
      teller.unlink('3');
      teller.pass(1_000);
      teller.same('nothing', [teller.way(), teller.told(), teller.faults()], ['1 11', '', '']);
    },
  },
  {
    name: 'what is absurd is held against who says it, and is not heeded',
    ways(teller) {
      teller.says('1', { price: { perPacket: 2 ** 32 - 1, perMb: 0 } });
      teller.says('2', { destination: nodeNamed('4'), origin: FAR });
      teller.same('neither', [teller.way(), teller.way(nodeNamed('4'))], ['none', 'none']);
      teller.same('both', teller.faults(), '1 ROUTE_ABSURD, 2 ROUTE_ABSURD');
    },
  },
  {
    name: 'news are told once where they changed back before they were due',
    ways(teller) {
      settled(teller);
      teller.says('1', { metric: 5 });
      teller.says('1', {});
      teller.same('nothing', teller.toldAfter(1_000), '');
      teller.says('1', { sequence: 9 });
      teller.same('newer', teller.toldAfter(1_000), '2:11#9');
    },
  },
  {
    name: 'a newcomer is told at once, the others when it is due, and nobody what he said himself',
    ways(teller) {
      joined(teller);
      teller.same('at once', teller.told(RANGE), '3:11#7');
      teller.says('1', { metric: 11 });
      teller.same('what it said bounds it', [teller.way(), teller.told(RANGE)], ['none', '1?8/64']);
      teller.says('1', { sequence: 8 });
      teller.same('the others', teller.toldAfter(1_000, RANGE), '2:11#8 3:11#8');
    },
  },
  {
    name: 'what a newcomer was told reaches the others, and not whom it came from, even if nothing changes',
    ways(teller) {
      joined(teller);
      teller.link('4');
      teller.same('all', teller.toldAfter(1_000, RANGE), '3:11#7 4:11#7 2:11#7 3:11#7 4:11#7');
    },
  },
  {
    name: 'what a newcomer was told is taken back from it, even if nobody else heard of it',
    ways(teller) {
      joined(teller);
      teller.says('1', { metric: UNREACHABLE });
      teller.same('told and taken back', teller.toldAfter(1_000, RANGE), '3:11#7 1:- 2:- 3:-');
    },
  },
  {
    name: 'what takes back a way that is not known leaves nothing behind, nor does what takes back one that is',
    ways(teller) {
      teller.says('1', { metric: UNREACHABLE });
      teller.same('as before', teller.exchange.table.size, 1);
      settled(teller);
      const ways = (): string => [...teller.exchange.table.routes()].map(([to]) => to).join();
      teller.same('two ways', ways(), `${SELF},${RANGE}`);
      teller.says('1', { metric: UNREACHABLE });
      teller.asks('2', {});
      teller.link('1', { metric: 9 });
      teller.same('one way', ways(), SELF);
    },
  },
  {
    name: 'a way that goes by another now is taken back from that one, and told to who was it before',
    ways(teller) {
      settled(teller);
      teller.says('2', { metric: 3 });
      teller.same('changed', teller.changed(), `${RANGE} by 2`);
      teller.same('turned round', teller.toldAfter(1_000), '1:4#7 2:-');
      teller.unlink('2');
      teller.same('the first has one, but it may lead back', teller.toldAfter(1_000), '1?8/64 1:-');
    },
  },
  {
    name: 'what changes all the time is told more and more seldom, and sooner again when it has calmed down',
    ways(teller) {
      // From the fifth change on each waits twice as long as the last; one is forgotten in ten seconds.
      const changes = (times: number): number[] =>
        Array.from({ length: times }, (_, n) => {
          const sinceMs = teller.nowMs;
          teller.says('1', { sequence: teller.nowMs, metric: 20 + (n % 2) });
          while (teller.told(RANGE) === '') teller.pass(50);
          return teller.nowMs - sinceMs;
        });
      teller.same('slower', changes(9), [100, 100, 100, 100, 200, 400, 800, 1_600, 3_200]);
      teller.pass(20_000);
      teller.same('calmer', changes(2), [1_600, 3_200]);
      teller.pass(500_000);
      teller.same('calm', changes(5), [100, 100, 100, 100, 200]);
      teller.same('not without end', Math.max(...changes(14)) < 16_000, true);
    },
  },
  {
    name: 'two destinations are told each in its time',
    ways(teller) {
      teller.says('1', { destination: nodeNamed('5'), origin: nodeNamed('5') });
      teller.pass(30);
      teller.says('1', {});
      teller.same('the first', teller.toldAfter(70), '2:11#7');
      teller.same('not yet', teller.toldAfter(29), '');
      teller.same('the second', teller.toldAfter(1, RANGE), '2:11#7');
    },
  },
  {
    name: 'a node says where it is to everybody, and that a range is reached there too, whatever others say of it',
    ways(teller) {
      teller.exchange.originate(RANGE);
      teller.same('told', teller.toldAfter(1_000), '1:0#0 2:0#0');
      teller.same('here', [teller.way(), teller.way(SELF)], ['here 0', 'here 0']);
      teller.says('1', { metric: 0 });
      teller.pass(1_000);
      teller.same('still', [teller.way(), teller.told(), teller.changed()], ['here 0', '', '']);
      teller.link('3');
      teller.same('a newcomer', teller.told(), '3:0#0 3:0#0');
    },
  },
];
