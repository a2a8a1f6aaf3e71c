import type { AddressInfo } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { createSigner } from '../src/chain/signer.ts';
import { makeIdentity } from '../src/link/certificate.ts';
import { serveWorker } from './worker.ts';

/** node:tls with both ends' certificates and nothing on top: what an idle connection costs whoever uses it. */
export async function bareTlsOptions(number: number): Promise<tls.CommonConnectionOptions & tls.SecureContextOptions> {
  const { certificatePem, privateKeyPem } = await makeIdentity(createSigner(new Uint8Array(32).fill(number)));
  const mutual = { requestCert: true, rejectUnauthorized: false } as const;
  return { ...mutual, cert: certificatePem, key: privateKeyPem, minVersion: 'TLSv1.3', ALPNProtocols: ['bare'] };
}

/** Run as a worker: accepts and keeps what comes. */
async function serve(): Promise<void> {
  const sockets = new Set<TLSSocket>();
  const server = tls.createServer(await bareTlsOptions(1), (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.resume();
  });
  server.listen(0, '127.0.0.1', () => serveWorker((server.address() as AddressInfo).port, () => process.exit()));
}

if (process.argv[1] === import.meta.filename) await serve();
