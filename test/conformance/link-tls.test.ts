import { makeIdentity } from '../../src/link/certificate.ts';
import type { LinkAddress, Transport } from '../../src/link/link.ts';
import { TlsTransport } from '../../src/link/tls-transport.ts';
import { linkConformance } from './link.ts';
import { realClock, signer } from './link-world.fixture.ts';
import { Wire } from './wire.fixture.ts';

const [identityA, identityB] = await Promise.all([makeIdentity(signer(0)), makeIdentity(signer(1))]);

linkConformance('TLS', async () => {
  const wires: Wire[] = [];
  const listening = new Set<number>();
  const a = new TlsTransport({ identity: identityA, clock: realClock });
  const b = new TlsTransport({ identity: identityB, clock: realClock });
  return {
    a: throughWires(a, wires, listening),
    b: throughWires(b, wires, listening),
    idA: identityA.id,
    idB: identityB.id,
    cut: () => {
      for (const wire of wires) wire.cut();
    },
    close: async () => {
      for (const wire of wires) await wire.close();
    },
  };
});

/** Dials through a relay in between, which can be cut, where there is somebody to dial. */
function throughWires(transport: TlsTransport, wires: Wire[], listening: Set<number>): Transport {
  return {
    async listen(address, accept) {
      const listener = await transport.listen(address, accept);
      const { port } = listener.address;
      listening.add(port);
      return {
        address: listener.address,
        close: () => {
          listening.delete(port);
          return listener.close();
        },
      };
    },
    async dial(address: LinkAddress, expected) {
      if (!listening.has(address.port)) return transport.dial(address, expected);
      const wire = await Wire.to(address);
      wires.push(wire);
      return transport.dial(wire.address, expected);
    },
    get admit() {
      return transport.admit;
    },
    set admit(admit) {
      transport.admit = admit;
    },
  };
}
