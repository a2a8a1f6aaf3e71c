import { join } from 'node:path';
import type { Signer } from '../../src/chain/signer.ts';
import { makeIdentity } from '../../src/link/certificate.ts';
import { TlsTransport } from '../../src/link/tls-transport.ts';
import { createNode } from '../../src/node/create-node.ts';
import { parseConfig } from '../../src/node/load-config.ts';
import type { WayleaveNode } from '../../src/node/node.ts';
import type { CreateNodeOptions } from '../../src/node/node-ports.ts';
import { systemClock } from '../../src/node/system-clock.ts';
import { openSqliteStore } from '../../src/store/sqlite-store.ts';
import { systemEgress } from '../../src/transit/egress.ts';

export interface LineNodeOptions {
  readonly signer: Signer;
  readonly folder: string;
  /** More lines of configuration. */
  readonly more?: string;
  readonly services?: CreateNodeOptions['services'];
}

/** A real node with a real store and wide limits, so that no payment is ever waited for. */
export async function lineNode(options: LineNodeOptions): Promise<{ node: WayleaveNode; stop(): Promise<void> }> {
  const { signer, folder, more = '', services } = options;
  const config = parseConfig(
    `
[key]
insecure_plain = true
[listen]
host = "127.0.0.1"
port = 0
[api]
port = 0
[discovery]
mdns = false
[proxy]
enabled = false
[settlement]
enabled = false
[credit]
pay_at_units = 900_000_000_000
drop_at_units = 1_000_000_000_000
[packets]
value_at_units = 1_000_000_000_000
toll_per_mb = 10
[store]
path = "${join(folder, `${signer.id}.db`)}"
${more}
`,
    join(folder, 'wayleave.toml'),
  );
  const store = await openSqliteStore({ path: config.store.path, nodeId: signer.id });
  const ports = {
    clock: systemClock,
    random: Math.random,
    store,
    transport: new TlsTransport({ identity: await makeIdentity(signer), clock: systemClock }),
    chain: undefined,
    egress: systemEgress(),
  };
  const node = await createNode({ config, signer, ports, ...(services === undefined ? {} : { services }) });
  return {
    node,
    stop: async () => {
      await node.stop();
      await store.close();
    },
  };
}
