import type { PacketStory } from './rule-story.ts';

/** By which link packets leave. */
export const STORIES_OF_FORWARDING: readonly PacketStory[] = [
  {
    name: 'packets to many nodes go each by its way, also when the table of ways has grown and some are gone',
    among: { links: ['AB', 'AC', 'AD'], told: 'BCD' },
    async carried(teller) {
      const node = (n: number): string => `0x${n.toString(16).padStart(2, '0').repeat(20)}`;
      const tells = (name: string, from: number, to: number, metric = 1): void => {
        const updates = [];
        for (let n = from; n < to; n += 1)
          updates.push(teller.itself(name, { destination: node(n), origin: node(n), metric }));
        teller.tellsRoutes(name, 'A', { updates });
      };
      const arrives = async (n: number): Promise<string> => {
        teller.tells('B', 'A', { to: 'C', destination: node(n), value: 10 });
        await teller.calm();
        const [heard] = teller.heard();
        return `${heard?.at} ${heard?.reason ?? heard?.value}`;
      };
      tells('C', 10, 30);
      await teller.calm();
      tells('D', 30, 40);
      await teller.calm();
      teller.same('by C', [await arrives(10), await arrives(29)], ['C 5', 'C 5']);
      teller.same('by D', [await arrives(30), await arrives(39)], ['D 5', 'D 5']);
      teller.same('by nobody', await arrives(40), 'B NO_ROUTE');
      tells('C', 10, 11, 2 ** 32 - 1);
      await teller.calm();
      teller.same('gone', [await arrives(10), await arrives(11)], ['B NO_ROUTE', 'C 5']);
    },
  },
];
