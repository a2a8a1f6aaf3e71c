import { createSigner } from '../src/chain/signer.ts';
import type { NodeId } from '../src/core/node-id.ts';
import { makeIdentity } from '../src/link/certificate.ts';
import { TlsTransport } from '../src/link/tls-transport.ts';
import { createNode } from '../src/node/create-node.ts';
import { parseConfig } from '../src/node/load-config.ts';
import type { WayleaveNode } from '../src/node/node.ts';
import { systemClock } from '../src/node/system-clock.ts';
import type { Store } from '../src/store/store.ts';
import { systemEgress } from '../src/transit/egress.ts';

/** Remembers nothing: a neighbour for a measurement, not for life. */
const forgetful: Store = {
  load: async () => ({
    epoch: 1,
    links: [],
    terms: [],
    issued: [],
    received: [],
    cashings: [],
    notes: [],
    statements: [],
    credits: [],
    channelTotals: [],
  }),
  commit: async () => undefined,
  history: async () => ({ link: undefined, before: [], rows: [], after: [] }),
  historyPage: async () => [],
  foldHistory: async () => undefined,
  backup: async () => undefined,
  close: async () => undefined,
};

/** A whole node in this process that talks terms and then does nothing. Dials `address` if one is given. */
export async function idleNeighbour(number: number, address?: string): Promise<WayleaveNode & { readonly id: NodeId }> {
  const key = new Uint8Array(32).fill(9);
  new DataView(key.buffer).setUint32(0, number + 1);
  const signer = createSigner(key);
  const neighbour = address === undefined ? '' : `[[neighbour]]\naddress = "${address}"\nname = "up"`;
  const toml = `[key]\ninsecure_plain = true\n[listen]\nhost = "127.0.0.1"\nport = 0\n[discovery]\nmdns = false
[proxy]\nenabled = false\n[settlement]\nenabled = false\nchain_id = 31337\n${neighbour}\n`;
  const transport = new TlsTransport({ identity: await makeIdentity(signer), clock: systemClock });
  const ports = {
    clock: systemClock,
    random: Math.random,
    store: forgetful,
    transport,
    chain: undefined,
    egress: systemEgress(),
  };
  return createNode({ config: parseConfig(toml, 'wayleave.toml'), signer, ports });
}
