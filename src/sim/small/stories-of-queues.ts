import type { NodeConfig } from '../../node/config.ts';
import type { Neighbourhood, PacketTeller } from './packet-teller.ts';
import type { PacketStory } from './rule-story.ts';
import { AROUND, carrying } from './stories-of-packets.ts';

/** A packet's header; with a payload of 600 it is more than the least turn. */
const HEADER_BYTES = 72;
const PAYLOAD_BYTES = 600;

/** Packets of so many thousands each from a neighbour to D, payloads and all. */
function sends(teller: PacketTeller, from: string, values: readonly number[], payloadBytes = PAYLOAD_BYTES): void {
  for (const value of values)
    teller.tells(from, 'A', { to: 'D', value: value * 1_000, payload: new Uint8Array(payloadBytes) });
}

/** What a neighbour heard since it was last asked, in the order in which it came: tolls and fees are no thousands. */
async function came(teller: PacketTeller, at = 'D'): Promise<number[]> {
  await teller.calm();
  return teller.heard(at).map(({ value }) => Math.ceil(value / 1_000));
}

/** … once all that waits for D may leave. */
function opened(teller: PacketTeller): Promise<number[]> {
  teller.allows('A', 'D');
  return came(teller);
}

/** Everything that is told of the lines to a neighbour. */
function pairs(teller: PacketTeller, to = 'D'): string[] {
  const { pairs: all = [] } = teller.packets('A').linkStatus(teller.id(to)) ?? {};
  return all.map(({ from, ...pair }) => {
    const { dropped, sent, sentBytes, waiting, waitingBytes, weight } = pair;
    const facts = [`${waiting} of ${waitingBytes} wait`, `${sent} of ${sentBytes} left`, `${dropped} dropped`];
    return `${teller.nameOf(from ?? '')} weighs ${weight}: ${facts.join(', ')}`;
  });
}

const RICH: Neighbourhood = {
  ...AROUND,
  packets: { valueAt: 1e9 },
  settings: { payAt: 2e9, dropAt: 3e9, riskAt: 1e10 },
};
const carrier = (
  packets: Partial<NodeConfig['packets']>,
  offers: Readonly<Record<string, number>> = {},
): Neighbourhood => ({
  ...RICH,
  config: (config, name) => ({
    ...carrying(packets)(config, name),
    neighbours: config.neighbours.map((each) => ({ ...each, offerSendingPerMb: offers[name] ?? 0 })),
  }),
});

/** What waits to leave by one link: who goes first, and who gives way. */
export const STORIES_OF_QUEUES: readonly PacketStory[] = [
  {
    name: 'lines of equal weight take turns, each by its own order',
    among: RICH,
    async carried(teller) {
      teller.allows('A', 'D', 0);
      sends(teller, 'B', [11, 12, 13]);
      sends(teller, 'C', [21, 22, 23]);
      await teller.calm();
      teller.same('waiting', pairs(teller), [
        'B weighs 0: 3 of 2016 wait, 0 of 0 left, 0 dropped',
        'C weighs 0: 3 of 2016 wait, 0 of 0 left, 0 dropped',
      ]);
      teller.allows('A', 'D', 2 * (HEADER_BYTES + PAYLOAD_BYTES));
      teller.same('two left', await came(teller), [21, 11]);
      sends(teller, 'B', [14]);
      teller.same('the rest', await opened(teller), [22, 12, 23, 13, 14]);
      teller.same('left', pairs(teller), [
        'B weighs 0: 0 of 0 wait, 4 of 2688 left, 0 dropped',
        'C weighs 0: 0 of 0 wait, 3 of 2016 left, 0 dropped',
      ]);
      sends(teller, 'C', [24]);
      teller.same('at once', await came(teller), [24]);
      teller.same('counted', pairs(teller), [
        'B weighs 0: 0 of 0 wait, 4 of 2688 left, 0 dropped',
        'C weighs 0: 0 of 0 wait, 4 of 2688 left, 0 dropped',
      ]);
    },
  },
  {
    name: 'shares follow what is offered, and an offer that changes counts from then on',
    among: carrier({}, { B: 30_000, C: 10_000 }),
    async carried(teller) {
      teller.allows('A', 'D', 0);
      sends(teller, 'B', [11, 12, 13, 14], 15_000);
      sends(teller, 'C', [21, 22, 23, 24], 15_000);
      await teller.calm();
      teller.same('waiting', pairs(teller), [
        'B weighs 30000: 4 of 60288 wait, 0 of 0 left, 0 dropped',
        'C weighs 10000: 4 of 60288 wait, 0 of 0 left, 0 dropped',
      ]);
      teller.offers('B', 'A', { sendingPerMb: 10_000, receivingPerMb: 0 });
      teller.offers('C', 'A', { sendingPerMb: 40_000, receivingPerMb: 0 });
      await teller.calm();
      teller.same('waiting', pairs(teller), [
        'B weighs 10000: 4 of 60288 wait, 0 of 0 left, 0 dropped',
        'C weighs 40000: 4 of 60288 wait, 0 of 0 left, 0 dropped',
      ]);
      sends(teller, 'B', [15], 100);
      sends(teller, 'C', [25], 100);
      teller.allows('A', 'D', 80_000);
      teller.same('order', await came(teller), [21, 22, 23, 24, 25, 11]);
      teller.offers('D', 'A', { sendingPerMb: 0, receivingPerMb: 7_000 });
      await teller.calm();
      teller.same('D offers too', pairs(teller), [
        'C weighs 47000: 0 of 0 wait, 5 of 60460 left, 0 dropped',
        'B weighs 17000: 3 of 30316 wait, 2 of 30144 left, 0 dropped',
      ]);
      teller.same('order', await opened(teller), [12, 13, 14, 15]);
    },
  },
  {
    name: 'who waits with more than its share makes room',
    among: carrier({ queuePackets: 4 }),
    async carried(teller) {
      teller.allows('A', 'D', 0);
      sends(teller, 'B', [11, 12, 13, 14]);
      sends(teller, 'B', [15]);
      sends(teller, 'C', [21, 22, 23]);
      await teller.calm();
      teller.same('B heard', await came(teller, 'B'), [15, 14, 13]);
      teller.same('C heard', await came(teller, 'C'), [23]);
      teller.same('waiting', pairs(teller), [
        'B weighs 0: 2 of 1344 wait, 0 of 0 left, 3 dropped',
        'C weighs 0: 2 of 1344 wait, 0 of 0 left, 1 dropped',
      ]);
      teller.same('order', await opened(teller), [21, 11, 22, 12]);
    },
  },
  {
    name: 'a line has an end in bytes too',
    among: carrier({ queueKb: 16 }),
    async carried(teller) {
      teller.allows('A', 'D', 0);
      sends(teller, 'B', [11, 12], 7_000);
      sends(teller, 'C', [21], 7_000);
      await teller.calm();
      teller.same('B heard', await came(teller, 'B'), [12]);
      sends(teller, 'C', [22], 100);
      await teller.calm();
      teller.same('waiting', pairs(teller), [
        'B weighs 0: 1 of 7072 wait, 0 of 0 left, 1 dropped',
        'C weighs 0: 2 of 7244 wait, 0 of 0 left, 0 dropped',
      ]);
      teller.same('order', await opened(teller), [21, 22, 11]);
    },
  },
  {
    name: 'where the heaviest goes first, the lightest gives way',
    among: carrier({ discipline: 'strict', queuePackets: 4 }, { B: 30_000, C: 10_000 }),
    async carried(teller) {
      teller.allows('A', 'D', 0);
      sends(teller, 'C', [21, 22, 23]);
      sends(teller, 'B', [11, 12]);
      sends(teller, 'C', [24]);
      const own = teller.sends('A', { to: 'D', value: 9 });
      await teller.calm();
      teller.same('C heard', await came(teller, 'C'), [23, 24]);
      teller.same('own', own.outcome?.receipt?.reason, 'CONGESTED');
      teller.same('waiting', pairs(teller), [
        'C weighs 10000: 2 of 1344 wait, 0 of 0 left, 2 dropped',
        'B weighs 30000: 2 of 1344 wait, 0 of 0 left, 0 dropped',
        'own weighs 0: 0 of 0 wait, 0 of 0 left, 1 dropped',
      ]);
      teller.same('order', await opened(teller), [11, 12, 21, 22]);
    },
  },
  {
    name: 'lines that were empty begin anew, however many there are and in whatever order they end',
    among: { ...RICH, links: ['BA', 'CA', 'AD', 'EA'], told: 'BCDE' },
    async carried(teller) {
      teller.allows('A', 'D', 0);
      sends(teller, 'B', [11, 12, 13, 14]);
      sends(teller, 'C', [21]);
      sends(teller, 'E', [31, 32], 9_000);
      teller.sends('A', { to: 'D', value: 1_000 });
      await teller.calm();
      teller.allows('A', 'D', 3_000);
      teller.same('some', await came(teller), [1, 21, 11, 12, 13]);
      sends(teller, 'C', [22], 1_000);
      teller.same('all', await opened(teller), [14, 22, 31, 32]);
      for (const alone of [40, 50]) {
        teller.allows('A', 'D', 0);
        sends(teller, 'B', [alone + 1, alone + 2], alone);
        await teller.calm();
        const { waiting, waitingBytes } = teller.packets('A').linkStatus(teller.id('D')) ?? {};
        teller.same('alone', [waiting, waitingBytes], [2, 2 * (HEADER_BYTES + alone)]);
        teller.same('left', await opened(teller), [alone + 1, alone + 2]);
      }
      teller.allows('A', 'D', 0);
      sends(teller, 'C', [61, 62], 1_000);
      sends(teller, 'B', [71, 72], 1_000);
      await teller.calm();
      teller.same('both', await opened(teller), [71, 61, 72, 62]);
    },
  },
  {
    name: 'a long line keeps its order, and what it holds',
    among: RICH,
    async carried(teller) {
      teller.allows('A', 'D', 0);
      const hundred = (after: number): number[] => Array.from({ length: 100 }, (_, n) => after + n + 1);
      sends(teller, 'B', hundred(0), 0);
      sends(teller, 'B', hundred(100), 50);
      await teller.calm();
      teller.allows('A', 'D', 100 * HEADER_BYTES + 50 * (HEADER_BYTES + 50));
      teller.same(
        'in order',
        (await came(teller)).every((value, at) => value === at + 1),
        true,
      );
      teller.same('waiting', pairs(teller), ['B weighs 0: 50 of 6100 wait, 150 of 13300 left, 0 dropped']);
      teller.same(
        'the rest',
        (await opened(teller)).map((value) => value - 151).every((value, at) => value === at),
        true,
      );
    },
  },
  {
    name: 'shares are of the heaviest there is now, and a turn is not lost by an offer that stays',
    among: carrier({}, { B: 1_000_000, C: 10_000 }),
    async carried(teller) {
      teller.allows('A', 'D', 0);
      sends(teller, 'B', [1], 0);
      sends(teller, 'C', [2], 0);
      await teller.calm();
      teller.allows('A', 'D');
      await teller.calm();
      teller.heard();
      teller.offers('B', 'A', { sendingPerMb: 10_000, receivingPerMb: 0 });
      await teller.calm();
      teller.allows('A', 'D', 0);
      sends(teller, 'B', [11, 12, 13, 14, 15, 16], 15_000);
      sends(teller, 'C', [21, 22, 23, 24, 25, 26], 15_000);
      await teller.calm();
      teller.allows('A', 'D', 15_072);
      teller.same('the first', await came(teller), [21]);
      // What D offers to send counts elsewhere: nobody loses its turn here.
      teller.offers('D', 'A', { sendingPerMb: 5_000, receivingPerMb: 0 });
      await teller.calm();
      teller.same('the rest', await opened(teller), [22, 23, 24, 11, 12, 13, 14, 25, 26, 15, 16]);
    },
  },
  {
    name: 'a neighbour that is gone is forgotten once nothing of it waits, and counted anew',
    among: { ...RICH, dishonest: true },
    async carried(teller) {
      teller.allows('A', 'D', 0);
      sends(teller, 'B', [11], 0);
      await teller.calm();
      teller.cut('A', 'B');
      await teller.calm();
      teller.same('it waits', pairs(teller).length, 1);
      teller.same('it leaves', await opened(teller), [11]);
      await teller.pass(3_000);
      sends(teller, 'B', [12], 0);
      await teller.calm();
      teller.same('there again', pairs(teller), ['B weighs 0: 0 of 0 wait, 2 of 144 left, 0 dropped']);
      teller.same('it came', await came(teller), [12]);
      teller.cut('A', 'B');
      await teller.calm();
      teller.same('gone', pairs(teller).length, 0);
      await teller.pass(3_000);
      sends(teller, 'B', [13], 0);
      teller.same('it left', await came(teller), [13]);
      teller.same('anew', pairs(teller), ['B weighs 0: 0 of 0 wait, 1 of 72 left, 0 dropped']);
    },
  },
  {
    name: 'a line that is emptied to make room is no line, and its bytes are free again',
    among: carrier({ queueKb: 16 }),
    async carried(teller) {
      for (const round of [1, 2, 3]) {
        teller.allows('A', 'D', 0);
        sends(teller, 'B', [round * 10], 15_000);
        sends(teller, 'C', [round * 10 + 1, round * 10 + 2], 7_000);
        await teller.calm();
        teller.same('B heard', await came(teller, 'B'), [round * 10]);
        teller.same('D heard', await opened(teller), [round * 10 + 1, round * 10 + 2]);
      }
      teller.allows('A', 'D', 0);
      sends(teller, 'B', [40], 15_000);
      sends(teller, 'C', [41], 7_000);
      await teller.calm();
      teller.same('once more', await came(teller, 'B'), [40]);
      teller.cut('A', 'D');
      teller.same('what waited comes back', await came(teller, 'C'), [41]);
    },
  },
  {
    name: 'a place in a long line is dearer, and the toll falls again when the line is short',
    among: carrier({ queuePackets: 8, tollPerMb: 1_000 }),
    async carried(teller) {
      const surges: (number | undefined)[] = [];
      const look = async (): Promise<void> => {
        await teller.calm();
        surges.push(teller.packets('A').linkStatus(teller.id('D'))?.surge);
      };
      teller.allows('A', 'D', 0);
      for (const from of ['B', 'B', 'B', 'B', 'C', 'C', 'C']) {
        sends(teller, from, [9], 0);
        await look();
      }
      for (let left = 0; left < 7; left += 1) {
        teller.allows('A', 'D', HEADER_BYTES);
        await look();
      }
      teller.same('surges', surges, [1, 1, 1, 2, 2, 4, 4, 4, 4, 4, 2, 2, 1, 1]);
    },
  },
  {
    name: 'shares are of what is offered first',
    among: carrier({}, { B: 30_000, C: 10_000 }),
    async carried(teller) {
      teller.allows('A', 'D', 0);
      sends(teller, 'B', [11, 12, 13, 14, 15, 16], 15_000);
      sends(teller, 'C', [21, 22, 23, 24, 25, 26], 15_000);
      await teller.calm();
      teller.same('order', await opened(teller), [21, 11, 12, 13, 14, 22, 15, 16, 23, 24, 25, 26]);
    },
  },
  {
    name: 'who comes to offer more than all others goes before them, with what waits already',
    among: carrier({ discipline: 'strict' }, { B: 10_000, C: 20_000 }),
    async carried(teller) {
      teller.allows('A', 'D', 0);
      sends(teller, 'B', [11, 12]);
      sends(teller, 'C', [21, 22]);
      await teller.calm();
      teller.offers('B', 'A', { sendingPerMb: 30_000, receivingPerMb: 0 });
      await teller.calm();
      teller.same('order', await opened(teller), [11, 12, 21, 22]);
      teller.allows('A', 'D', 0);
      sends(teller, 'C', [23]);
      sends(teller, 'B', [13]);
      await teller.calm();
      teller.same('order', await opened(teller), [13, 23]);
      teller.allows('A', 'D', 0);
      teller.sends('A', { to: 'D', value: 9_000 });
      await teller.calm();
      teller.same('who offers nothing', await opened(teller), [9]);
    },
  },
];
