import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { codeOf, WayleaveError } from '../core/errors.ts';
import { download } from './download.ts';
import { type Origin, startOrigin } from './origin.ts';
import { seededFile } from './seeded-file.ts';
import { connectThrough } from './socks-client.ts';

const file = seededFile(1, 'file', 3);
const open = new Set<{ close(): unknown }>();
let origin: Origin;
/** Connections that came by way of a proxy. */
let proxied = 0;

before(async () => {
  origin = await startOrigin(new Map([['file', file]]));
});
after(async () => {
  for (const each of open) each.close();
  await origin.close();
});

/** A listener that does with each connection what it is told, and is gone after the tests. */
async function listening(serve: (socket: Socket) => void): Promise<{ host: string; port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket);
  });
  open.add({ close: () => (server.close(), sockets.forEach((each) => each.destroy())) });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

/** A SOCKS5 proxy that answers with `reply`, in pieces of one byte, and connects when the reply is 0. */
const proxyWith = (reply: number, address: readonly number[] = [1, 0, 0, 0, 0]) =>
  listening((socket) => {
    socket.once('data', () => {
      socket.write(Uint8Array.of(5, 0));
      socket.once('data', (request: Buffer) => {
        const length = request[4] ?? 0;
        const host = request.subarray(5, 5 + length).toString();
        const upstream = connect(request.readUInt16BE(5 + length), host);
        proxied += 1;
        upstream.on('error', () => socket.destroy());
        for (const byte of [5, reply, 0, ...address, 0, 0]) socket.write(Uint8Array.of(byte));
        if (reply === 0) socket.pipe(upstream).pipe(socket);
        else upstream.destroy();
      });
    });
  });

async function refusal(work: Promise<unknown>): Promise<WayleaveError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof WayleaveError, String(error));
  return error;
}

describe('a seeded file', () => {
  it('is the same for a seed, another for another seed or name, and as long as was asked', () => {
    const bytes = Buffer.concat([...file.pieces()]);
    assert.equal(bytes.length, 3_000_000);
    assert.equal(createHash('sha256').update(bytes).digest('hex'), file.sha256);
    assert.equal(seededFile(1, 'file', 3).sha256, file.sha256);
    assert.notEqual(seededFile(2, 'file', 3).sha256, file.sha256);
    assert.notEqual(seededFile(1, 'other', 3).sha256, file.sha256);
  });
});

describe('a user of a SOCKS5 proxy', () => {
  for (const [title, address] of [
    ['an IPv4 address', [1, 127, 0, 0, 1]],
    ['an IPv6 address', [4, ...new Array<number>(16).fill(0)]],
    ['a name', [3, 3, 97, 98, 99]],
  ] as const) {
    it(`downloads a file whole where the proxy answers with ${title}`, async () => {
      const seen: number[] = [];
      const before = proxied;
      const proxy = await proxyWith(0, address);
      const got = await download({ proxy, origin, file: 'file', idleMs: 5_000, progress: (bytes) => seen.push(bytes) });
      assert.deepEqual({ bytes: got.bytes, sha256: got.sha256 }, { bytes: file.bytes, sha256: file.sha256 });
      assert.equal(seen.at(-1), file.bytes);
      assert.equal(proxied, before + 1);
    });
  }

  for (const [reply, words] of [
    [1, 'general failure'],
    [2, 'not allowed'],
    [5, 'connection refused'],
    [99, '99'],
  ] as const) {
    it(`is told of reply ${reply}`, async () => {
      const error = await refusal(connectThrough(await proxyWith(reply), origin));
      assert.deepEqual([error.code, error.details['reply']], ['SOCKS_REFUSED', words]);
    });
  }

  const strange: readonly [string, (socket: Socket) => void][] = [
    ['hangs up at once', (socket) => socket.end()],
    ['hangs up in the middle', (socket) => socket.end(Uint8Array.of(5))],
    ['wants a password', (socket) => socket.write(Uint8Array.of(5, 2))],
    ['is no proxy', (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ];
  for (const [title, serve] of strange) {
    it(`is refused when the other end ${title}`, async () => {
      assert.equal((await refusal(connectThrough(await listening(serve), origin))).code, 'SOCKS_REFUSED');
    });
  }

  it('is refused when nobody listens', async () => {
    const error = await refusal(connectThrough({ host: '127.0.0.1', port: 1 }, origin));
    assert.equal(error.code, 'SOCKS_REFUSED');
  });

  it('can give up while it waits, and in the middle of a file', async () => {
    const silent = await listening(() => undefined);
    const early = refusal(connectThrough(silent, origin, AbortSignal.timeout(20)));
    assert.equal((await early).code, 'SOCKS_REFUSED');
    const stop = new AbortController();
    const late = download({
      proxy: await proxyWith(0),
      origin,
      file: 'file',
      idleMs: 5_000,
      progress: () => stop.abort(),
      signal: stop.signal,
    });
    assert.equal((await refusal(late)).code, 'DOWNLOAD_FAILED');
  });

  it('fails on a file that is not there, or stops coming', async () => {
    const proxy = await proxyWith(0);
    const missing = await refusal(download({ proxy, origin, file: 'none', idleMs: 5_000 }));
    assert.deepEqual([missing.code, missing.details['status']], ['DOWNLOAD_FAILED', 404]);
    const stuck = await listening((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'));
    const idle = await download({ proxy: await proxyWith(0), origin: stuck, file: 'file', idleMs: 50 }).catch(codeOf);
    assert.equal(idle, 'DOWNLOAD_FAILED');
    const cut = await listening((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'));
    const short = await download({ proxy, origin: cut, file: 'file', idleMs: 5_000 }).catch(codeOf);
    assert.equal(short, 'DOWNLOAD_FAILED');
  });
});
