import { SimChain } from '../../src/sim/chain/sim-chain.ts';
import { Life } from '../../src/sim/life.ts';
import { SeededRandom } from '../../src/sim/seeded-random.ts';
import { Timeline } from '../../src/sim/timeline.ts';
import { chainConformance } from './chain.ts';

const RICH = 10n * 10n ** 18n;

/** Once mined and answered at once, once with blocks of 12 s and slow answers; the timeline then runs by itself. */
for (const { blockMs, latencyMs } of [
  { blockMs: 0, latencyMs: 0 },
  { blockMs: 12_000, latencyMs: 50 },
]) {
  chainConformance(`simulated, blocks of ${blockMs} ms`, async () => {
    const timeline = new Timeline();
    const chain = new SimChain({ timeline, random: new SeededRandom('chain') });
    chain.blocks.blockMs = blockMs;
    chain.latencyMs = latencyMs;
    let running = true;
    const run = () => {
      timeline.next();
      if (running) setImmediate(run);
    };
    run();
    return {
      chainId: chain.chainId,
      async open(signer, poor) {
        chain.fund(signer.id, poor === 'poor' ? 0n : RICH);
        return chain.port(new Life(), signer);
      },
      async close() {
        running = false;
        chain.audit();
      },
    };
  });
}
