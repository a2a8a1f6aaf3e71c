import type { Bench, Row } from './bench.ts';
import { cpuCost, interleaved } from './measure.ts';
import type { Exchanger } from './one-link/exchanger.ts';
import { libp2pLink } from './one-link/libp2p.ts';
import { paidLink } from './one-link/paid.ts';
import { tlsLink } from './one-link/tls.ts';

const PAIRS = 21;
const REQUESTS = 20_000;
const LIBP2P_PAIRS = 7;
const LIBP2P_REQUESTS = 4_000;

/** Replies a CPU second over one link, both ends: metered and charged, beside connections that only carry. */
export const bench: Bench = {
  id: 'one-link',
  async rows(context) {
    const paid = await paidLink();
    try {
      // A real account at each end, every frame held, committed and counted, over frames with windows and TLS; beside
      // node:tls with one write a message. The target is 70 % of its speed.
      const plain = await against(paid, await tlsLink(false), { pairs: PAIRS, requests: REQUESTS });
      // The same with the rival's writes of one turn gathered into one, as our frames are; for information.
      const corked = await against(paid, await tlsLink(true), { pairs: PAIRS, requests: REQUESTS });
      // libp2p with TCP, Noise and Yamux, one stream, fewer requests because it is slow; for information.
      const libp2p = await against(paid, await libp2pLink(context), { pairs: LIBP2P_PAIRS, requests: LIBP2P_REQUESTS });
      return [
        { ...plain, id: 'one-link.tls', rival: 'bare node:tls', target: { of: 'ratio', least: 0.7 } },
        { ...corked, id: 'one-link.tls-corked', rival: 'bare node:tls, gathered writes' },
        { ...libp2p, id: 'one-link.libp2p', rival: 'libp2p TCP+Noise+Yamux' },
      ];
    } finally {
      await paid.close();
    }
  },
};

async function against(
  paid: Exchanger,
  rival: Exchanger,
  { pairs, requests }: { readonly pairs: number; readonly requests: number },
): Promise<Omit<Row, 'id'>> {
  const rate = (link: Exchanger) => async () => requests / (await cpuCost(() => link.exchange(requests)));
  const seen = await interleaved(pairs, rate(paid), rate(rival));
  await rival.close();
  return {
    value: seen.ours,
    unit: 'replies/CPU-s',
    rivalValue: seen.rival,
    ratio: seen.ratio,
    interval: seen.interval,
  };
}
