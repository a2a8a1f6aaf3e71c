import { signReceipt } from '../../chain/receipt-signing.ts';
import {
  ARRIVED_TO_CLEAR,
  DEMOTED_MS,
  HALVE_MS,
  LOST_ONE_IN,
  LOST_TO_LEAVE,
  REFUSED_TO_LAST,
} from '../../core/carrier/deliveries.ts';
import { deliveredPacket, packetId, packetPayload } from '../../wire/packet.ts';
import type { Neighbourhood, PacketTeller } from './packet-teller.ts';
import type { PacketStory } from './rule-story.ts';
import { givesBack } from './stories-of-packets.ts';

const WAIT_MS = 100;
/** So many arrivals make up for those that are missing. */
const ENOUGH = (LOST_ONE_IN - 1) * LOST_TO_LEAVE;

/** A sends to C by B, which is told. */
const BY_B: Neighbourhood = { links: ['AB', 'BC'], told: 'BC', mute: true };

/** B says how far C is. */
async function announced(teller: PacketTeller): Promise<void> {
  teller.tellsRoutes('B', 'A', { updates: [teller.itself('C', { metric: 1 })] });
  await teller.pass(500);
}

/** What becomes of a packet that A sends: nothing, it comes back, or it arrives, with a value of its own. */
async function sent(teller: PacketTeller, fate: 'lost' | 'refused' | 'delivered', value = 10): Promise<string> {
  teller.sends('A', { to: 'C', value, receipt: true, waitMs: WAIT_MS });
  await teller.pass(50);
  const [heard] = teller.heard();
  if (heard === undefined) return 'nowhere';
  const { at, bytes } = heard;
  if (fate === 'refused') givesBack(teller, at, bytes, value);
  if (fate === 'delivered') teller.hands(at, 'A', receiptOf(teller, bytes));
  await teller.pass(100);
  return at;
}

function receiptOf(teller: PacketTeller, packet: Buffer): Buffer {
  const { signer } = teller.node('C');
  const [id, value] = [packetId(packet), packet.readUIntBE(6, 6)];
  return deliveredPacket(packet, signReceipt(signer, { id, value, payload: packetPayload(packet) }));
}

/** The same again and again, and by whom they went. */
async function many(
  teller: PacketTeller,
  times: number,
  ...what: [Parameters<typeof sent>[1], number?]
): Promise<string> {
  let by = '';
  for (let n = 0; n < times; n += 1) by += await sent(teller, ...what);
  return by;
}

/** How A stands to the way by B: whether it still quotes the nearer one, and what it said of it. */
function told(teller: PacketTeller): string[] {
  return teller.said('A').filter((said) => said.startsWith('demoted'));
}

/** What a node learns from what becomes of its packets: by whom they do not arrive. */
export const STORIES_OF_FATES: readonly PacketStory[] = [
  {
    name: 'a way by which packets are lost is left, tried again later, and left for longer',
    among: BY_B,
    async carried(teller) {
      await announced(teller);
      teller.same('few', [await many(teller, LOST_TO_LEAVE - 1, 'lost'), told(teller)], ['BBBBB', []]);
      teller.same('one more', [await many(teller, 2, 'lost'), told(teller)], ['Bnowhere', ['demoted left']]);
      teller.same('nothing else is known', await many(teller, 1, 'lost'), 'nowhere');
      await teller.pass(DEMOTED_MS - 2_000);
      teller.same('not yet', [await many(teller, 2, 'delivered'), told(teller)], ['nowherenowhere', []]);
      await teller.pass(2_000);
      teller.same(
        'again',
        [await many(teller, LOST_TO_LEAVE + 1, 'lost'), told(teller)],
        ['BBBBBBnowhere', ['demoted left']],
      );
      await teller.pass(DEMOTED_MS + 2_000);
      teller.same('longer', [await many(teller, 1, 'lost'), told(teller)], ['nowhere', []]);
      await teller.pass(DEMOTED_MS);
      teller.same('again', [await many(teller, 1, 'lost'), told(teller)], ['B', []]);
    },
  },
  {
    name: 'a way on which all comes back is used last, and left when it loses what it is given',
    among: BY_B,
    async carried(teller) {
      await announced(teller);
      teller.same(
        'few',
        [await many(teller, REFUSED_TO_LAST - 1, 'refused'), told(teller)],
        ['BBBBBBBBBBBBBBBBBBB', []],
      );
      teller.same('one more', [await many(teller, 2, 'refused'), told(teller)], ['BB', ['demoted last']]);
    },
  },
  {
    name: 'what arrives makes up for what is lost, by number and by value',
    among: BY_B,
    async carried(teller) {
      await announced(teller);
      await many(teller, ENOUGH, 'delivered', 10);
      await many(teller, LOST_TO_LEAVE - 1, 'lost', 10);
      teller.same('as many as there may be', [await many(teller, 1, 'lost', 10), told(teller)], ['B', []]);
      await many(teller, LOST_ONE_IN - 1, 'delivered', 10);
      teller.same('a dear one', [await many(teller, 1, 'lost', 90), told(teller)], ['B', ['demoted left']]);
    },
  },
  {
    name: 'what is late is not lost, nor is what its receipt says arrived elsewhere',
    among: BY_B,
    async carried(teller) {
      await announced(teller);
      for (let n = 0; n < LOST_TO_LEAVE; n += 1) {
        teller.sends('A', { to: 'C', value: 100, receipt: true, waitMs: WAIT_MS });
        await teller.pass(3 * WAIT_MS);
        const [heard] = teller.heard();
        teller.hands('B', 'A', receiptOf(teller, heard?.bytes as Buffer));
      }
      await many(teller, ENOUGH, 'delivered', 10);
      teller.same('late', [await many(teller, LOST_TO_LEAVE + 1, 'lost', 10), told(teller)], ['BBBBBBB', []]);
      for (let n = 0; n < 5; n += 1) await many(teller, 1, 'refused');
      teller.same('then it is', [await many(teller, 1, 'lost', 10), told(teller)], ['B', ['demoted left']]);
    },
  },
  {
    name: 'a way that delivered enough since is as good as new',
    among: BY_B,
    async carried(teller) {
      await announced(teller);
      await many(teller, LOST_TO_LEAVE, 'lost');
      await teller.pass(DEMOTED_MS);
      await many(teller, ARRIVED_TO_CLEAR, 'delivered');
      teller.said();
      teller.sleeps('A', 10 * HALVE_MS);
      await many(teller, LOST_TO_LEAVE, 'lost');
      teller.same('left', told(teller), ['demoted left']);
      await teller.pass(DEMOTED_MS);
      teller.same('tried again as soon as at first', await many(teller, 1, 'delivered'), 'B');
    },
  },
  {
    name: 'what was lost long ago counts for little',
    among: BY_B,
    async carried(teller) {
      await announced(teller);
      await many(teller, LOST_TO_LEAVE - 1, 'lost');
      teller.sleeps('A', HALVE_MS);
      teller.same('half of it', [await many(teller, 3, 'lost'), told(teller)], ['BBB', []]);
      teller.sleeps('A', HALVE_MS / 2);
      teller.same('one more', [await many(teller, 1, 'lost'), told(teller)], ['B', ['demoted left']]);
    },
  },
  {
    name: 'a neighbour that says nothing of what it got itself is no carrier that loses packets',
    among: BY_B,
    async carried(teller) {
      teller.tellsRoutes('B', 'A', { updates: [teller.itself('B')] });
      await teller.pass(500);
      for (let n = 0; n < 2 * LOST_TO_LEAVE; n += 1) {
        teller.sends('A', { to: 'B', value: 10, receipt: true, waitMs: WAIT_MS });
        await teller.pass(2 * WAIT_MS);
      }
      teller.same('all came', teller.heard().length, 2 * LOST_TO_LEAVE);
      teller.same('nobody is left', told(teller), []);
    },
  },
];
