import { MemoryNetwork } from '../../src/sim/link/memory-transport.ts';
import { linkConformance } from './link.ts';
import { realClock, signer } from './link-world.fixture.ts';

linkConformance('memory', async () => {
  const network = new MemoryNetwork({ clock: realClock });
  const [idA, idB] = [signer(0).id, signer(1).id];
  return {
    a: network.transport(idA, signer(0).publicKey),
    b: network.transport(idB, signer(1).publicKey),
    idA,
    idB,
    cut: () => network.cut(idA, idB),
    close: async () => undefined,
  };
});
