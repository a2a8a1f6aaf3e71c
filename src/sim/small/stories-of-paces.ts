import type { NodeConfig } from '../../node/config.ts';
import type { RuleStory } from './rule-story.ts';
import type { Teller } from './teller.ts';

/** A price that is asked from the beginning: one piece of a kibibyte costs 290. */
const DEAR = 283_000;
const A_LOT = 1_000_000_000;
const mbit = (maxRateMbit: number) => (config: NodeConfig) => ({
  ...config,
  transit: { ...config.transit, maxRateMbit },
});
const states = (teller: Teller): string[] => teller.said(0).filter((each) => each.startsWith('state'));
const pause = async (teller: Teller): Promise<void> => {
  teller.node(1).neighbour.step({ kind: 'pause', paused: true });
  await teller.calm();
};
/** What the pace of node 0 says of so many bytes. */
const allowed = (teller: Teller, wanted: number): { readonly bytes: number; readonly retryMs?: number } => {
  const { account, clock } = teller.node(0);
  return account.allow(wanted, clock.nowMs());
};
const moves = (teller: Teller, bytes: number): void =>
  teller.node(0).account.paced(bytes, teller.node(0).clock.nowMs());

/** Bytes a second at which a link that is not shaped begins to slow down: the first twentieth of them, at its throttle point. */
function measured(teller: Teller): number {
  const { ledger, row } = teller.node(0).account;
  allowed(teller, 1);
  ledger.provided(row, 0, 175);
  const { bytes } = allowed(teller, A_LOT);
  ledger.received(row, 175, 175);
  return bytes * 20;
}

/** How fast a neighbour is served, and when somebody looks again. */
export const STORIES_OF_PACES: readonly RuleStory[] = [
  {
    name: 'who is served for nothing is not slowed down for what it owes',
    begins: { world: { asks: [[10, 0], undefined] }, dishonest: true },
    told: async (teller) => {
      await pause(teller);
      await teller.serve(0, 39);
      teller.same('it owes 390', states(teller), ['state open throttled']);
      teller.node(0).reprice();
      await teller.calm();
      teller.same('for nothing', states(teller), ['state throttled open']);
    },
  },
  {
    name: 'where not even the smallest piece fits the link is choked, though little is owed',
    begins: { world: { asks: [[DEAR], undefined] }, dishonest: true },
    told: async (teller) => {
      const { account, neighbour } = teller.node(0);
      account.ledger.provided(account.row, 0, 110);
      neighbour.step({ kind: 'tick' });
      teller.same('it fits', account.state(), 'open');
      account.ledger.provided(account.row, 0, 1);
      neighbour.step({ kind: 'tick' });
      await teller.calm();
      teller.same('it does not', [account.state(), states(teller)], ['choked', ['state open choked']]);
    },
  },
  {
    name: 'an open link is as fast as it is shaped, and says when to ask again only where something is left',
    begins: { config: mbit(8), dishonest: true },
    told: async (teller) => {
      teller.same('all of it', allowed(teller, 20_000), { bytes: 20_000 });
      moves(teller, 20_000);
      teller.same('a part', allowed(teller, 40_000), { bytes: 30_000, retryMs: 5 });
    },
  },
  {
    name: 'a link that is not shaped is open without end, and slows down from what it moved in its last half seconds',
    begins: { config: mbit(0), dishonest: true },
    told: async (teller) => {
      const { clock } = teller.node(0);
      teller.same('without end', allowed(teller, A_LOT), { bytes: A_LOT });
      moves(teller, 3_000_000);
      clock.step(100);
      moves(teller, 2_000_000);
      clock.step(900);
      teller.same('five megabytes in a second', measured(teller), 5_000_000);
      const { ledger, row } = teller.node(0).account;
      ledger.provided(row, 0, 200);
      for (let second = 0; second < 10; second += 1) {
        moves(teller, 4_000_000);
        clock.step(1_000);
      }
      ledger.received(row, 200, 200);
      teller.same('four each while it was slowed down', measured(teller), 4_000_000);
      teller.same('without end again', allowed(teller, A_LOT), { bytes: A_LOT });
    },
  },
  {
    name: 'a debt that is repaid in kind opens the link at once',
    begins: { world: { asks: [[10], [10]] } },
    told: async (teller) => {
      await pause(teller);
      await teller.serve(0, 20);
      teller.same('it owes 200', states(teller), ['state open throttled']);
      await teller.serve(1, 3);
      teller.same('170', [teller.balance(0), states(teller)], [170, ['state throttled open']]);
    },
  },
  {
    name: 'a neighbour that is not connected since a restart is open, and stays so whatever its operator does',
    told: async (teller) => {
      await teller.serve(0, 2);
      await teller.pass(500);
      teller.world.crash(0, 9);
      teller.node(0).neighbour.step({ kind: 'pause', paused: true });
      await teller.cut();
      teller.same('nothing is wrong', [states(teller), teller.node(0).account.banned], [[], false]);
      await teller.connect();
      teller.same('served', [await teller.serve(0, 1), teller.balance(0)], [undefined, 30]);
    },
  },
  {
    name: 'what is held back is paid once others have paid, though nobody says so here',
    told: async (teller) => {
      const buyer = teller.node(1);
      buyer.heldBack = 1_000;
      await teller.serve(0, 15);
      for (let beat = 0; beat < 5; beat += 1) await teller.pass(1_000);
      teller.same('held back', teller.balance(1), -150);
      buyer.heldBack = 0;
      await teller.pass(500);
      teller.same('paid', teller.balance(1), 0);
    },
  },
  {
    name: 'a payment that was refused goes again in its time on a link that is else at rest',
    begins: { dishonest: true },
    told: async (teller) => {
      teller.node(0).account.banned = true;
      await teller.serve(0, 1);
      teller.node(0).account.banned = false;
      await teller.serve(0, 9);
      const buyer = teller.node(1);
      buyer.account.ledger.consumed(buyer.account.row, 0, 10);
      buyer.neighbour.step({ kind: 'tick' });
      await teller.world.quiet();
      for (let turn = 0; turn < 6 && teller.world.toward[0].payment.length === 0; turn += 1) {
        buyer.disk.durable();
        await teller.world.quiet();
      }
      const [sent] = teller.world.toward[0].payment.splice(0);
      teller.same('it left', sent === undefined, false);
      await teller.hears(1, { kind: 'paymentAck', id: 1, acceptedWei: 0n, code: 'CHEQUE_UNVERIFIED' });
      for (let beat = 0; beat < 5; beat += 1) await teller.pass(500);
      teller.same('not yet', teller.heard(0, 'payment').length, 0);
      await teller.pass(10_000);
      await teller.pass(500);
      teller.same('in its time', teller.heard(0, 'payment').length, 1);
    },
  },
  {
    name: 'who was cut as a creditor that cannot pay is so again when it comes back and is served',
    begins: { world: { asks: [[10], [10]], bids: [100, 0] }, dishonest: true },
    told: async (teller) => {
      await teller.serve(0, 20);
      await teller.pass(500);
      const verdicts = (): string[] => teller.said(0).filter((each) => each.startsWith('verdict ONE_WAY_CREDITOR'));
      teller.same('cut', verdicts().length, 1);
      await teller.cut();
      await teller.connect();
      await teller.pass(500);
      teller.same('an idle link is not judged', verdicts().length, 0);
      await teller.serve(0, 1);
      teller.same('with the first piece', [verdicts().length, teller.node(0).link === undefined], [1, true]);
    },
  },
];
