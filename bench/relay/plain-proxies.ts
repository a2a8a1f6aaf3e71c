import net from 'node:net';
import { pipeline } from 'node:stream';
import tls from 'node:tls';
import { createSigner } from '../../src/chain/signer.ts';
import { makeIdentity } from '../../src/link/certificate.ts';

/** A line of four proxies that only copy bytes: the same path as the relay's, without frames, accounts or journal. */
export async function plainLine(secure: boolean, originPort: number): Promise<{ port: number; close(): void }> {
  const identity = await makeIdentity(createSigner(new Uint8Array(32).fill(7)));
  const keys = { cert: identity.certificatePem, key: identity.privateKeyPem, minVersion: 'TLSv1.3' } as const;
  const servers: net.Server[] = [];
  let nextPort = originPort;
  let nextSecure = false;
  // From the gateway back to the user: the last hop opens plain TCP to the origin, the first one accepts plain TCP.
  for (let hop = 3; hop >= 0; hop -= 1) {
    const accepts = secure && hop > 0;
    const to = { port: nextPort, secure: nextSecure };
    // Half-open: else the end of one direction may drop the last bytes of the other.
    const handle = (inbound: net.Socket): void => {
      const target = { port: to.port, host: '127.0.0.1', allowHalfOpen: true };
      const outbound = to.secure
        ? tls.connect({ ...target, rejectUnauthorized: false })
        : net.connect({ ...target, noDelay: true });
      pipeline(inbound, outbound, () => undefined);
      pipeline(outbound, inbound, () => undefined);
    };
    const server = accepts
      ? tls.createServer({ ...keys, noDelay: true, allowHalfOpen: true }, handle)
      : net.createServer({ noDelay: true, allowHalfOpen: true }, handle);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
    nextPort = (server.address() as net.AddressInfo).port;
    nextSecure = accepts;
  }
  return { port: nextPort, close: () => servers.forEach((server) => server.close()) };
}
