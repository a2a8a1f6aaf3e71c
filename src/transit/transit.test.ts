import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { readAll, socksConnect, TestBed, until } from './test-bed.fixture.ts';
import type { StreamFacts } from './transit.ts';

const MB = 1_000_000;

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Both ends of every link have booked the same bytes, and no hold is left. */
function assertBooksAgree(bed: TestBed): void {
  for (let index = 1; index < bed.nodes.length; index++) {
    const [left, right] = [bed.at(index - 1), bed.at(index)];
    const [buyer, provider] = [left.door(right), right.door(left)];
    assert.equal(buyer.deliveredBytes, provider.served, `down, link ${index}`);
    assert.equal(buyer.used, provider.arrivedBytes, `up, link ${index}`);
    assert.equal(buyer.holds.size + provider.holds.size, 0);
  }
}

function ends(bed: TestBed, node: number): StreamFacts[] {
  return bed.at(node).events.filter((event) => event.kind === 'streamEnd');
}

async function quiet(bed: TestBed): Promise<void> {
  await until(() => bed.nodes.every((node) => node.transit.streams === 0), 'all streams to end');
}

test('20 MB come down four nodes unharmed, and every link agrees on the bytes', async () => {
  const bed = await TestBed.make({ nodes: 4 });
  try {
    const file = randomBytes(20 * MB);
    const port = await bed.origin((socket) => socket.end(file));
    const socket = await bed.dial();
    assert.equal(await socksConnect(socket, '127.0.0.1', port), 0);
    socket.end('please');
    assert.equal(sha256(await readAll(socket)), sha256(file));
    await quiet(bed);
    assertBooksAgree(bed);
    assert.deepEqual(
      bed.nodes.map((node) => node.events[0]?.['role']),
      ['originator', 'carrier', 'carrier', 'gateway'],
    );
    for (let node = 0; node < 4; node++) {
      assert.equal(bed.at(node).events.length, 2);
      const end = ends(bed, node)[0];
      assert.deepEqual([end?.['bytesUp'], end?.['bytesDown'], end?.['code']], [6, 20 * MB, 'ok']);
    }
  } finally {
    await bed.close();
  }
});

test('an upload arrives whole, with a half-close, and is answered after it', async () => {
  const bed = await TestBed.make({ nodes: 3 });
  try {
    const file = randomBytes(5 * MB);
    const port = await bed.origin((socket) => {
      void readAll(socket).then((whole) => socket.end(sha256(whole)));
    });
    const socket = await bed.dial();
    assert.equal(await socksConnect(socket, '127.0.0.1', port), 0);
    socket.end(file);
    assert.equal((await readAll(socket)).toString(), sha256(file));
    await quiet(bed);
    assertBooksAgree(bed);
    assert.ok(bed.at(0).door(bed.at(1)).used >= 5 * MB);
  } finally {
    await bed.close();
  }
});

test('the server may end first and still hear the user', async () => {
  const bed = await TestBed.make({ nodes: 3 });
  try {
    let heard = '';
    const port = await bed.origin((socket) => {
      socket.end('bye');
      void readAll(socket).then((whole) => {
        heard = whole.toString();
      });
    });
    const socket = await bed.dial();
    assert.equal(await socksConnect(socket, '127.0.0.1', port), 0);
    assert.equal((await readAll(socket)).toString(), 'bye');
    socket.end('and thanks');
    await until(() => heard === 'and thanks');
    await quiet(bed);
    assert.equal(ends(bed, 2)[0]?.['code'], 'ok');
  } finally {
    await bed.close();
  }
});

test('a reset goes through to the other end, either way, and never looks like an end', async () => {
  const bed = await TestBed.make({ nodes: 3 });
  try {
    let closedAtOrigin = false;
    const port = await bed.origin((socket) => {
      socket.on('close', () => {
        closedAtOrigin = true;
      });
      socket.once('data', (word) => (word.toString() === 'die' ? socket.resetAndDestroy() : socket.write('alive')));
    });
    const first = await bed.dial();
    assert.equal(await socksConnect(first, '127.0.0.1', port), 0);
    first.write('die');
    await assert.rejects(readAll(first), { code: 'ECONNRESET' });
    await quiet(bed);
    closedAtOrigin = false;
    const second = await bed.dial();
    assert.equal(await socksConnect(second, '127.0.0.1', port), 0);
    second.write('live');
    await until(() => second.readableLength > 0);
    second.resetAndDestroy();
    await until(() => closedAtOrigin, 'the origin to hear of it');
    await quiet(bed);
    assert.deepEqual(
      ends(bed, 1).map((end) => end['code']),
      ['cancelled', 'cancelled'],
    );
  } finally {
    await bed.close();
  }
});

test('failures come back as the proper SOCKS reply', async () => {
  const bed = await TestBed.make({
    nodes: 3,
    egress: {
      resolve: async (host) => {
        if (host === 'inside.test') return ['10.1.2.3'];
        throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
      },
    },
  });
  try {
    const port = await bed.origin(() => {});
    const table: [host: string, port: number, reply: number, code: string][] = [
      ['nowhere.test', 80, 4, 'nameNotFound'],
      ['inside.test', 80, 2, 'refusedByPolicy'],
      ['192.168.1.1', 80, 2, 'refusedByPolicy'],
      ['127.0.0.1', 1, 5, 'connectionRefused'],
    ];
    for (const [host, at, reply, code] of table) {
      const socket = await bed.dial();
      assert.equal(await socksConnect(socket, host, at), reply, host);
      assert.equal((await readAll(socket)).length, 0);
      assert.equal(ends(bed, 0).at(-1)?.['code'], code);
    }
    assert.equal(await socksConnect(await bed.dial(), '127.0.0.1', port), 0);
    assert.equal(bed.at(2).door(bed.at(1)).arrivedBytes, 5 * 1024, 'every open is charged');
  } finally {
    await bed.close();
  }
});

test('200 streams at once', async () => {
  const bed = await TestBed.make({ nodes: 4 });
  try {
    const port = await bed.origin((socket) => {
      socket.once('data', (bytes) => socket.end(Buffer.concat([bytes, Buffer.alloc(10_000, bytes)])));
    });
    const pages = Array.from({ length: 200 }, async (_, index) => {
      const socket = await bed.dial();
      assert.equal(await socksConnect(socket, '127.0.0.1', port), 0);
      const word = `page${String(index).padStart(4, '0')}`;
      socket.end(word);
      const page = await readAll(socket);
      assert.equal(page.toString(), word + word.repeat(1250));
    });
    await Promise.all(pages);
    await quiet(bed);
    assertBooksAgree(bed);
    for (const node of bed.nodes) assert.equal(node.events.length, 400);
  } finally {
    await bed.close();
  }
});

test('an open waits for a link; streams end with a link; both work again on the next', async () => {
  const bed = await TestBed.make({ nodes: 3 });
  try {
    const port = await bed.origin((socket) => socket.write('hello'));
    const first = await bed.dial();
    assert.equal(await socksConnect(first, '127.0.0.1', port), 0);
    bed.at(1).links.get(bed.at(2).id)?.destroy();
    await assert.rejects(readAll(first), { code: 'ECONNRESET' });
    assert.equal(ends(bed, 0)[0]?.['code'], 'linkLost');
    await until(() => bed.at(1).door(bed.at(2)).watchers === 0, 'the link to be let go');
    const second = await bed.dial();
    const reply = socksConnect(second, '127.0.0.1', port);
    await until(() => bed.at(1).transit.streams === 1, 'the open to wait at the carrier');
    bed.join(1, 2);
    assert.equal(await reply, 0);
    assert.equal(bed.at(1).door(bed.at(2)).watchers, 1);
  } finally {
    await bed.close();
  }
});

test('hops, streams per neighbour and streams in all are limited', async () => {
  const bed = await TestBed.make({ nodes: 4, limits: { hopLimit: 2, maxStreamsPerNeighbour: 3 } });
  const short = await TestBed.make({ nodes: 2, limits: { maxStreamsPerNeighbour: 3 } });
  try {
    assert.equal(await socksConnect(await bed.dial(), '127.0.0.1', 1), 3);
    assert.deepEqual(ends(bed, 2)[0]?.['code'], 'noRoute');
    const port = await short.origin(() => {});
    for (let count = 0; count < 3; count++) assert.equal(await socksConnect(await short.dial(), '127.0.0.1', port), 0);
    assert.equal(await socksConnect(await short.dial(), '127.0.0.1', port), 1);
    assert.equal(ends(short, 0)[0]?.['code'], 'overloaded');
  } finally {
    await bed.close();
    await short.close();
  }
});

test('a user who leaves while the way is still being opened leaves nothing behind', async () => {
  let answer = (): void => {};
  const resolve = (): Promise<string[]> => new Promise((found) => (answer = () => found(['127.0.0.1'])));
  const bed = await TestBed.make({ nodes: 3, egress: { resolve } });
  try {
    const socket = await bed.dial();
    void socksConnect(socket, 'slow.test', 80).catch(() => {});
    await until(() => bed.at(2).transit.streams === 1);
    socket.destroy();
    await quiet(bed);
    await until(() => bed.proxy.connections === 0);
    answer();
  } finally {
    await bed.close();
  }
});
