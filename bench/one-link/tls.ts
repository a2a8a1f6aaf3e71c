import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { createSigner } from '../../src/chain/signer.ts';
import { makeIdentity } from '../../src/link/certificate.ts';
import { Asker, Counter, type Exchanger, REPLY, REQUEST } from './exchanger.ts';

/** node:tls with the same certificate and cipher; `gathered` corks the writes of one event. */
export async function tlsLink(gathered: boolean): Promise<Exchanger> {
  const { certificatePem, privateKeyPem } = await makeIdentity(createSigner(new Uint8Array(32).fill(3)));
  const keys = { cert: certificatePem, key: privateKeyPem, ciphers: 'TLS_AES_128_GCM_SHA256' };
  const send = (socket: TLSSocket, message: Uint8Array, times: number): void => {
    if (gathered) socket.cork();
    for (let i = 0; i < times; i += 1) socket.write(message);
    if (gathered) socket.uncork();
  };
  const server = tls.createServer({ ...keys, noDelay: true }, (socket) => {
    const asked = new Counter(REQUEST.length);
    socket.on('data', (bytes) => send(socket, REPLY, asked.take(bytes.length)));
    socket.on('error', () => socket.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const client = tls.connect({ ...keys, port, host: '127.0.0.1', rejectUnauthorized: false });
  client.setNoDelay(true);
  await once(client, 'secureConnect');
  const asker = new Asker((requests) => send(client, REQUEST, requests));
  const replies = new Counter(REPLY.length);
  client.on('data', (bytes) => asker.answered(replies.take(bytes.length)));
  return {
    exchange: (requests) => asker.run(requests),
    close() {
      client.destroy();
      server.close();
    },
  };
}
