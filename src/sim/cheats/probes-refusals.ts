import type { Cheat } from '../cheat.ts';

const PROBE_MS = 300;
const WAIT_MS = 2_000;

/** Sends packets that cannot go on, to learn from refusals who carries what at which toll. Each answer costs it the fee. */
export const probesRefusals: Cheat = {
  name: 'probes-refusals',
  needsPackets: true,
  join({ machine, random, timeline, every, cheated }) {
    every(PROBE_MS, () => {
      const packets = machine.node?.packets;
      if (!machine.alive || packets === undefined) return;
      const to = `0x${Buffer.from(random.bytes(20)).toString('hex')}`;
      for (const link of machine.transport?.links ?? []) {
        packets.route(to, link.peer);
        const order = { to, value: random.below(5), payload: new Uint8Array(0), replies: 0, waitMs: WAIT_MS };
        timeline.asynchronous();
        void packets.send(order).then(
          ({ result }) => result === 'refused' && cheated(),
          () => undefined,
        );
      }
    });
  },
};
