import { createSigner } from '../../src/chain/signer.ts';
import type { NodeId } from '../../src/core/node-id.ts';
import { makeIdentity } from '../../src/link/certificate.ts';
import type { Link } from '../../src/link/link.ts';
import { TlsTransport } from '../../src/link/tls-transport.ts';
import { systemClock } from '../../src/node/system-clock.ts';
import { systemEgress } from '../../src/transit/egress.ts';
import { createEgressPolicy } from '../../src/transit/egress-policy.ts';
import { createGateway } from '../../src/transit/gateway.ts';
import { createProxyServer } from '../../src/transit/proxy-server.ts';
import { createTransit, type Transit } from '../../src/transit/transit.ts';
import { passDoor } from './pass-door.ts';

/** Four times the part of a node that passes streams on, in a line: no accounts, and nothing else of a node. */
export async function bareLine(): Promise<{ port: number; close(): Promise<void> }> {
  const signers = [1, 2, 3, 4].map((fill) => createSigner(new Uint8Array(32).fill(fill)));
  const egress = systemEgress();
  const gateway = createGateway({ clock: systemClock, egress, policy: createEgressPolicy({ allow: ['127.0.0.1'] }) });
  const transits: Transit[] = [];
  const closers: (() => Promise<void> | void)[] = [];
  let upstream: { id: NodeId; port: number } | undefined;
  for (const [index, signer] of signers.entries()) {
    const via: NodeId | 'local' = upstream?.id ?? 'local';
    const transit = createTransit({
      clock: systemClock,
      nextHop: () => via,
      ...(index === 0 ? { gateway } : {}),
      emit: () => undefined,
      fault: (_neighbour, error) => {
        throw error;
      },
    });
    transits.push(transit);
    const transport = new TlsTransport({ identity: await makeIdentity(signer), clock: systemClock });
    const attach = (link: Link): void => {
      link.attach({
        message: () => undefined,
        opened: (channel, header, tag) => transit.opened(channel, header, tag),
        granted: () => transit.granted(link),
        closed: () => transit.linkDown(link),
      });
      transit.linkUp(link, passDoor(link.peer));
      closers.push(() => link.destroy());
    };
    const listener = await transport.listen({ host: '127.0.0.1', port: 0 }, attach);
    closers.push(() => listener.close());
    if (upstream !== undefined) attach(await transport.dial({ host: '127.0.0.1', port: upstream.port }, upstream.id));
    upstream = { id: signer.id, port: listener.address.port };
  }
  const last = transits.at(-1) as Transit;
  const proxy = createProxyServer({
    clock: systemClock,
    open: (destination, local) => last.openLocal(destination, local),
  });
  const bound = await proxy.listen({ port: 0 });
  return {
    port: bound.port,
    async close() {
      await proxy.close();
      for (const close of closers) await close();
    },
  };
}
