import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { after, describe, test } from 'node:test';
import { createPoster, type Poster } from './http-post.ts';

describe('posting to an endpoint', () => {
  const servers: Server[] = [];
  after(() => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function served(listener: RequestListener): Promise<{ server: Server; poster: Poster }> {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/path`);
    return { server, poster: createPoster({ url, headers: { 'x-key': 'k' }, timeoutMs: 500, maxAnswerBytes: 1000 }) };
  }

  test('one connection serves many calls, and what was asked arrives whole', async () => {
    const ports = new Set<number | undefined>();
    const { poster } = await served((request, response) => {
      ports.add(request.socket.remotePort);
      let body = '';
      request.on('data', (part: Buffer) => {
        body += part.toString();
      });
      request.on('end', () =>
        response.end(`${request.method} ${request.url} ${String(request.headers['x-key'])} ${body}`),
      );
    });
    for (const word of ['a', 'é', 'c']) assert.equal(await poster.post(word), `POST /path k ${word}`);
    assert.equal(ports.size, 1);
    poster.close();
  });

  test('a kept connection that the endpoint has closed meanwhile is replaced, unseen', async () => {
    let calls = 0;
    let kept: Socket | undefined;
    const { poster } = await served((request, response) => {
      calls += 1;
      // The second call comes on a connection that ends under it.
      if (calls === 2) return kept?.resetAndDestroy();
      kept = request.socket;
      response.end(String(calls));
    });
    assert.equal(await poster.post('x'), '1');
    assert.equal(await poster.post('x'), '3');
    poster.close();
  });

  test('a connection that ends under a fresh call is an error, and not tried for ever', async () => {
    let calls = 0;
    const { poster } = await served((request) => {
      calls += 1;
      request.socket.resetAndDestroy();
    });
    await assert.rejects(poster.post('x'));
    assert.equal(calls, 1);
    poster.close();
  });

  test('redirections are not followed, answers too long or too late are none', async () => {
    const redirecting = await served((_request, response) => response.writeHead(302, { location: '/other' }).end('x'));
    await assert.rejects(redirecting.poster.post('x'));
    const endless = await served((_request, response) => {
      response.write('x'.repeat(2000));
    });
    await assert.rejects(endless.poster.post('x'));
    const silent = await served(() => undefined);
    await assert.rejects(silent.poster.post('x'));
    const cut = await served((request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half');
      setTimeout(() => request.socket.destroy(), 10);
    });
    await assert.rejects(cut.poster.post('x'));
    for (const { poster } of [redirecting, endless, silent, cut]) poster.close();
  });

  test('close ends what is under way', async () => {
    const { poster } = await served(() => undefined);
    const waiting = assert.rejects(poster.post('x'));
    poster.close();
    await waiting;
  });
});
