import { createSigner } from '../../src/chain/signer.ts';
import type { Carrier } from '../../src/core/carrier/carrier.ts';
import { type Decision, SELF } from '../../src/core/carrier/carrier-decision.ts';
import type { PacketHeader } from '../../src/core/carrier/packet.ts';
import { ForwardingTable } from '../../src/core/routes/forwarding-table.ts';
import { makeIdentity } from '../../src/link/certificate.ts';
import { TlsTransport } from '../../src/link/tls-transport.ts';
import { systemClock } from '../../src/node/system-clock.ts';
import { PacketRelay } from '../../src/packets/packet-relay.ts';
import { decodeRoutes, isRoutes } from '../../src/wire/routes.ts';
import { serveWorker } from '../worker.ts';
import { lineNode } from './line-node.ts';

/** Finds the way and nothing else: no value, toll, counters, limits, ids. */
class BareCarrier {
  readonly table = new ForwardingTable(77);
  readonly #decision: Decision = { action: 'forward', to: SELF, value: 0, reason: 'none', wanted: 0 };

  arrived(_from: number, packet: PacketHeader): Decision {
    this.#decision.to = this.table.get(packet.destination);
    this.#decision.value = packet.value;
    return this.#decision;
  }

  foresee(): void {}
  left(): void {}
  age(): void {}
}

const signer = createSigner(new Uint8Array(32).fill(2));

/** A whole node: accounts, sessions, journal, routes. */
async function paid(folder: string): Promise<void> {
  const { node, stop } = await lineNode({ signer, folder });
  serveWorker(Number(node.status().listen?.split(':').at(-1)), stop);
}

/** The same links and the same relay of frames, without everything that money needs. */
async function bare(): Promise<void> {
  const carrier = new BareCarrier();
  const relay = new PacketRelay({
    self: signer.id,
    carrier: carrier as unknown as Carrier,
    clock: systemClock,
    fault: (_, error) => {
      throw error;
    },
    moved: () => undefined,
    sink: { delivered: () => undefined, refunded: () => undefined },
  });
  const transport = new TlsTransport({ identity: await makeIdentity(signer), clock: systemClock });
  let rows = 0;
  const listener = await transport.listen({ host: '127.0.0.1', port: 0 }, (link) => {
    const row = rows++;
    link.attach({
      message: (_kind, bytes) => {
        if (!isRoutes(bytes)) return;
        for (const { destination } of decodeRoutes(bytes).updates) relay.route(destination, row);
      },
      opened: (channel) => relay.opened(channel, row),
      granted: () => relay.granted(row),
      closed: () => relay.linkDown(row),
    });
    relay.linkUp(link, row);
  });
  serveWorker(listener.address.port, () => listener.close());
}

const [kind = '', folder = ''] = process.argv.slice(2);
await (kind === 'paid' ? paid(folder) : bare());
