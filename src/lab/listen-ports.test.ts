import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { listenPorts } from './listen-ports.ts';

const HOST = '127.0.0.1';

describe('listenPorts', () => {
  it('finds different ports below those of outgoing connections, and leaves them free', async () => {
    const ports = await listenPorts(40, HOST);
    assert.equal(new Set(ports).size, 40);
    assert.ok(ports.every((port) => port >= 20_000 && port < 32_768));
    const server = createServer().listen(ports[0], HOST);
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
  });

  it('tells why where the address is not of this machine', async () => {
    await assert.rejects(listenPorts(1, '192.0.2.1'), { code: 'EADDRNOTAVAIL' });
  });
});
