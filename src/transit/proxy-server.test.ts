import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { codeOf } from '../core/errors.ts';
import { ResetCode } from '../link/link.ts';
import type { Destination } from '../wire/open-request.ts';
import { createProxyServer, type ProxyServer, type ProxyServerOptions } from './proxy-server.ts';
import type { LocalSide } from './socket-side.ts';
import { readAll, realClock, until } from './test-bed.fixture.ts';

interface Setup {
  readonly proxy: ProxyServer;
  readonly port: number;
  dial(): Socket;
}

/** A proxy whose streams echo, but to the host `closed` are refused. */
async function setup(options: Partial<ProxyServerOptions>, use: (setup: Setup) => Promise<void>): Promise<void> {
  const open = (destination: Destination, local: LocalSide): void => {
    if (destination.host === 'closed') return local.refused(ResetCode.unpaid);
    local.granted();
    local.socket.pipe(local.socket);
  };
  const proxy = createProxyServer({ clock: realClock, open, ...options });
  const { port } = await proxy.listen({ port: 0 });
  const sockets: Socket[] = [];
  const dial = (): Socket => {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    socket.on('error', () => {});
    sockets.push(socket);
    return socket;
  };
  try {
    await use({ proxy, port, dial });
  } finally {
    for (const socket of sockets) socket.destroy();
    await proxy.close();
  }
}

async function say(socket: Socket, bytes: string | Uint8Array): Promise<string> {
  socket.end(bytes);
  return (await readAll(socket)).toString('latin1');
}

const SOCKS = Uint8Array.of(5, 1, 0, 5, 1, 0, 3, 1, 97, 0, 80, 104, 105);

test('one port speaks SOCKS5 and HTTP, and early data is not lost', async () => {
  await setup({}, async ({ dial }) => {
    assert.equal((await say(dial(), SOCKS)).slice(12), 'hi');
    assert.match(await say(dial(), 'CONNECT a:80 HTTP/1.1\r\n\r\nhi'), /^HTTP\/1\.1 200 .*\r\n\r\nhi$/);
    assert.match(await say(dial(), 'CONNECT closed:80 HTTP/1.1\r\n\r\nhi'), /^HTTP\/1\.1 402 /);
    assert.match(await say(dial(), 'GET / HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 405 /);
  });
});

test('what is neither is cut off, and so is who says nothing', async () => {
  await setup({ handshakeMs: 50 }, async ({ proxy, dial }) => {
    assert.equal(
      await readAll(write(dial(), Uint8Array.of(4, 1, 0, 80)))
        .catch(() => 'cut')
        .then(String),
      '',
    );
    const silent = dial();
    const half = write(dial(), Uint8Array.of(5));
    await Promise.all([readAll(silent), readAll(half)]);
    await until(() => proxy.connections === 0, 'both to be let go');
  });
});

test('connections are limited', async () => {
  await setup({ maxConnections: 2 }, async ({ proxy, dial }) => {
    dial();
    dial();
    await until(() => proxy.connections === 2);
    await assert.rejects(readAll(dial()), { code: 'ECONNRESET' });
  });
});

test('with credentials nobody passes without them', async () => {
  await setup({ credentials: { user: 'u', password: 'p' } }, async ({ dial }) => {
    assert.deepEqual(await say(dial(), SOCKS), '\u0005\u00ff');
    assert.match(await say(dial(), 'CONNECT a:80 HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 407 /);
    const header = `Proxy-Authorization: Basic ${btoa('u:p')}`;
    assert.match(await say(dial(), `CONNECT a:80 HTTP/1.1\r\n${header}\r\n\r\nhi`), /^HTTP\/1\.1 200 .*\r\n\r\nhi$/);
    const wrong = `Proxy-Authorization: Basic ${btoa('u:q')}`;
    assert.match(await say(dial(), `CONNECT a:80 HTTP/1.1\r\n${wrong}\r\n\r\nhi`), /^HTTP\/1\.1 407 /);
  });
});

test('a port in use, an address of another machine, and one open to all are refused', async () => {
  await setup({}, async ({ proxy, port }) => {
    const table: [host: string, port: number, code: string][] = [
      ['127.0.0.1', port, 'PORT_IN_USE'],
      ['0.0.0.0', 0, 'PROXY_UNPROTECTED'],
      ['192.0.2.1', 0, 'PROXY_UNPROTECTED'],
      ['::ffff:192.0.2.1', 0, 'PROXY_UNPROTECTED'],
    ];
    for (const [host, at, code] of table) {
      await assert.rejects(proxy.listen({ host, port: at }), (error) => codeOf(error) === code, host);
    }
  });
  await setup({ credentials: { user: 'u', password: 'p' } }, async ({ proxy }) => {
    await assert.rejects(proxy.listen({ host: '192.0.2.1', port: 0 }), (error) => codeOf(error) === 'LISTEN_FAILED');
  });
});

function write(socket: Socket, bytes: Uint8Array): Socket {
  socket.write(bytes);
  return socket;
}
