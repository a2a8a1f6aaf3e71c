import { Column } from '../../core/ledger/columns.ts';
import { BYTES_PER_MB } from '../../core/units.ts';
import type { NodeConfig } from '../../node/config.ts';
import type { RuleStory } from './rule-story.ts';
import type { Teller } from './teller.ts';

const GRACE_MS = 600_000;
const RETRY_MS = 10_000;

const pause = async (teller: Teller, paused: boolean): Promise<void> => {
  teller.node(1).neighbour.step({ kind: 'pause', paused });
  await teller.calm();
};
const settle = async (teller: Teller, who: 0 | 1, aheadUnits?: number): Promise<void> => {
  teller.node(who).neighbour.step({ kind: 'settle', ...(aheadUnits !== undefined && { aheadUnits }) });
  await teller.calm();
};
const states = (teller: Teller): string[] => teller.said(0).filter((each) => each.startsWith('state'));
const mbit = (maxRateMbit: number) => (config: NodeConfig) => ({
  ...config,
  transit: { ...config.transit, maxRateMbit },
});
/** Bytes that node 0 would serve now, if it were asked for a lot. */
const servable = (teller: Teller): number => {
  const { account, clock } = teller.node(0);
  return account.door('transit').servable(BYTES_PER_MB, clock.nowMs()).bytes;
};
/** Takes all that the pace lets through now. */
const take = (teller: Teller): number => {
  const { account, clock } = teller.node(0);
  const door = account.door('transit');
  const { bytes } = door.servable(BYTES_PER_MB, clock.nowMs());
  if (bytes > 0) door.release(door.serve(bytes, clock.nowMs()));
  return bytes;
};

/** What follows from what is owed, and from paying it. */
export const STORIES_OF_DEBT: readonly RuleStory[] = [
  {
    name: 'who does not pay is slowed down, choked and closed, and served at once when it pays',
    begins: { config: (config) => ({ ...config, credit: { ...config.credit, graceS: GRACE_MS / 1000 } }) },
    told: async (teller) => {
      await pause(teller, true);
      await teller.serve(0, 17);
      teller.same('states at 170', states(teller), []);
      await teller.serve(0);
      teller.same('states at 180', states(teller), ['state open throttled']);
      await teller.serve(0, 30);
      teller.same('states at dropAt', [teller.balance(0), ...states(teller)], [400, 'state throttled choked']);
      await teller.pass(GRACE_MS);
      teller.same('states within the grace time', states(teller), []);
      await teller.pass(1);
      teller.same('states after it', states(teller), ['state choked closed']);
      await teller.serve(0);
      teller.same('balance when closed', teller.balance(0), 400);
      await pause(teller, false);
      teller.same('when it pays', [teller.balance(0), ...states(teller)], [0, 'state closed open']);
      await teller.serve(0);
      teller.same('served again', teller.balance(0), 10);
      await pause(teller, true);
      await teller.serve(0, 45);
      await teller.pass(GRACE_MS);
      teller.same('its time counts anew', states(teller), ['state open throttled', 'state throttled choked']);
    },
  },
  {
    name: 'what is reserved for work in flight chokes too, and ends when it is released',
    told: async (teller) => {
      await pause(teller, true);
      await teller.serve(0, 18);
      states(teller);
      const { account } = teller.node(0);
      const hold = account.ledger.holdProvide(account.row, 220);
      teller.same('with all of it held', account.state(), 'choked');
      account.ledger.release(hold);
      teller.same('released', account.state(), 'throttled');
    },
  },
  {
    name: 'the buyer pays when its debt is due, once, and not again before its time',
    told: async (teller) => {
      await teller.serve(0, 9);
      teller.same('below payAt', [teller.balance(1), teller.heard(0, 'payment').length], [-90, 0]);
      await teller.serve(0);
      teller.same('at payAt', [teller.balance(1), teller.heard(0, 'payment').length], [0, 1]);
      await teller.serve(0, 10);
      teller.same('at once again', teller.heard(0, 'payment').length, 0);
      await teller.pass(100);
      teller.same('a moment later', [teller.balance(1), teller.heard(0, 'payment').length], [0, 1]);
    },
  },
  {
    name: 'an operator settles what is not due yet, and pays ahead what was asked for, once',
    told: async (teller) => {
      await teller.serve(0, 3);
      await settle(teller, 1);
      teller.same('settled', teller.balance(1), 0);
      await teller.pass(200);
      await settle(teller, 1, 50);
      teller.same('paid ahead', teller.balance(1), 50);
      await teller.pass(200);
      await teller.serve(0, 7);
      await settle(teller, 1);
      teller.same('settled again, nothing ahead', teller.balance(1), 0);
      await teller.pass(200);
      teller.said(1);
      await settle(teller, 1);
      await teller.serve(0);
      await teller.pass(RETRY_MS);
      teller.same('a demand where nothing was owed is forgotten', teller.balance(1), -10);
      await settle(teller, 1, 5_000);
      teller.same('no more is paid ahead than stays below payAt', teller.balance(1), 99);
    },
  },
  {
    name: 'what waits for others is not paid, and paid when it waits no more',
    told: async (teller) => {
      const buyer = teller.node(1);
      buyer.heldBack = 20;
      await teller.serve(0, 11);
      teller.same('held back', [teller.balance(1), teller.heard(0, 'payment').length], [-110, 0]);
      await teller.serve(0);
      teller.same('the rest is due', teller.balance(1), -20);
      buyer.heldBack = 0;
      await teller.pass(500);
      await settle(teller, 1);
      teller.same('all of it', teller.balance(1), 0);
    },
  },
  {
    name: 'a disk that is full delays a payment by its time, and loses nothing of it',
    told: async (teller) => {
      await pause(teller, true);
      await teller.serve(0, 12);
      const buyer = teller.node(1);
      buyer.neighbour.step({ kind: 'pause', paused: false });
      await teller.world.quiet();
      buyer.disk.durable();
      await teller.world.quiet();
      buyer.disk.refuse();
      await teller.calm();
      teller.same('refused', [buyer.cell(Column.pending), teller.balance(1)], [0, -120]);
      await teller.pass(RETRY_MS - 1_000);
      teller.same('before its time', teller.heard(0, 'payment').length, 0);
      await teller.pass(1_000);
      teller.same('in time', [teller.balance(1), teller.heard(0, 'payment').length], [0, 1]);
    },
  },
  {
    name: 'a link is paced, slower the nearer its debt is to dropAt',
    begins: { config: mbit(8) },
    told: async (teller) => {
      teller.same('a burst', [take(teller), take(teller)], [50_000, 0]);
      await teller.pass(10);
      teller.same('ten milliseconds', take(teller), 10_000);
      await teller.pass(60_000);
      teller.same('a long pause', [take(teller), take(teller)], [50_000, 0]);
      const { ledger, row } = teller.node(0).account;
      ledger.provided(row, 0, 375);
      await teller.pass(60_000);
      teller.same('near dropAt', [take(teller), take(teller)], [16_384, 0]);
      await teller.pass(10);
      teller.same('ten milliseconds near dropAt', take(teller) < 2_000, true);
      ledger.received(row, 375, 375);
    },
  },
  {
    name: 'a link that is not shaped slows down from what it showed while it was open',
    begins: { config: mbit(0) },
    told: async (teller) => {
      const { account, clock } = teller.node(0);
      for (let piece = 0; piece < 20; piece += 1) {
        account.paced(10_000_000, clock.nowMs());
        clock.step(100);
        servable(teller);
      }
      account.ledger.provided(account.row, 0, 300);
      servable(teller);
      clock.step(10_000);
      const bytes = take(teller);
      teller.same('half of a hundred megabytes a second, 50 ms of it', bytes > 1_000_000 / 4, true);
      account.ledger.received(account.row, 300, 300);
    },
  },
  {
    name: 'who only watches serves and is served without end, and pays nobody',
    begins: { config: (config) => ({ ...config, mode: 'observe' }), dishonest: true },
    told: async (teller) => {
      await teller.serve(0, 60);
      const said = teller.said(1).filter((each) => each.startsWith('would'));
      teller.same('past dropAt', [teller.balance(0), said.length], [600, 1]);
      teller.same('still', [teller.node(0).account.state(), teller.heard(0, 'payment').length], ['open', 0]);
      await teller.pass(GRACE_MS + 1);
      await teller.serve(0);
      teller.same('and later', teller.balance(0), 610);
    },
  },
];
