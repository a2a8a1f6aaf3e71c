import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { after, before, it } from 'node:test';
import { codeOf } from '../core/errors.ts';
import { tryProxy } from './try-proxy.ts';

/** A web page, and a CONNECT proxy which alone knows where `page.invalid` is. */
const page = createServer((_, response) => response.end('x'.repeat(1234)));
const proxy = createServer();
const asked: (string | undefined)[] = [];

proxy.on('connect', (request, socket) => {
  asked.push(request.headers['proxy-authorization']);
  if (!request.url?.startsWith('page.invalid:'))
    return socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\nIt was not found.\nNor else.');
  const on = connect(port(page), '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
  return on.pipe(socket).pipe(on);
});

function port(server: Server): number {
  return (server.address() as AddressInfo).port;
}

before(async () => {
  for (const server of [page, proxy]) await once(server.listen(0, '127.0.0.1'), 'listening');
});
after(() => {
  for (const server of [page, proxy]) server.closeAllConnections();
  page.close();
  proxy.close();
});

const target = (username?: string, password?: string) => ({ address: `127.0.0.1:${port(proxy)}`, username, password });

it('fetches through the proxy and not past it', async () => {
  const { status, bytes } = await tryProxy(target(), 'http://page.invalid/');
  assert.deepEqual([status, bytes, asked.pop()], [200, 1234, undefined]);
  await tryProxy(target('me', 'pw'), 'http://page.invalid:81/a');
  assert.equal(asked.pop(), `Basic ${Buffer.from('me:pw').toString('base64')}`);
});

it('says what the proxy answered, and refuses what is no address', async () => {
  const cases: readonly [string, string][] = [
    ['http://nowhere.invalid/', 'PROXY_FAILED'],
    ['https://page.invalid/', 'PROXY_FAILED'],
    ['ftp://page.invalid/', 'URL_INVALID'],
    ['page', 'URL_INVALID'],
  ];
  for (const [url, code] of cases)
    await assert.rejects(tryProxy(target(), url), (error) => codeOf(error) === code, url);
  await assert.rejects(tryProxy(target(), 'http://nowhere.invalid/'), /502 Bad Gateway: It was not found\.\)$/);
  await assert.rejects(
    tryProxy({ ...target(), address: `127.0.0.1:1` }, 'http://page.invalid/'),
    (error) => codeOf(error) === 'PROXY_FAILED',
  );
});
