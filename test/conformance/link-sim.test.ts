import { Coverage } from '../../src/sim/coverage.ts';
import { Life } from '../../src/sim/life.ts';
import { SimNetwork } from '../../src/sim/link/sim-network.ts';
import { SimTransport } from '../../src/sim/link/sim-transport.ts';
import { SeededRandom } from '../../src/sim/seeded-random.ts';
import { Timeline } from '../../src/sim/timeline.ts';
import { VirtualClock } from '../../src/sim/virtual-clock.ts';
import { linkConformance } from './link.ts';
import { signer } from './link-world.fixture.ts';

linkConformance('the fault worlds', async () => {
  const timeline = new Timeline();
  const network = new SimNetwork({ timeline, coverage: new Coverage(), random: new SeededRandom(1), delayMs: 1 });
  const transport = (at: 0 | 1): SimTransport => {
    const life = new Life();
    const { id, publicKey } = signer(at);
    return new SimTransport({ network, life, clock: new VirtualClock({ timeline, life }), id, key: publicKey });
  };
  // What a test waits for in real time happens on the timeline meanwhile.
  const sinceMs = performance.now();
  const pump = setInterval(() => {
    while ((timeline.nextAtMs ?? Number.POSITIVE_INFINITY) <= performance.now() - sinceMs) timeline.next();
  }, 1);
  const [idA, idB] = [signer(0).id, signer(1).id];
  return {
    a: transport(0),
    b: transport(1),
    idA,
    idB,
    cut: () => void network.cut(idA, idB),
    close: async () => clearInterval(pump),
  };
});
