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

for (const middle of [0, 1]) {
  test(`a running stream stops when link ${middle} does not pay, and goes on at once when it does`, async () => {
    const bed = await TestBed.make({ nodes: 3 });
    try {
      const file = randomBytes(3 * MB);
      const port = await bed.origin((socket) => socket.end(file));
      const door = bed.at(middle + 1).door(bed.at(middle));
      door.serveLeft = MB + 1;
      const socket = await bed.dial();
      assert.equal(await socksConnect(socket, '127.0.0.1', port), 0);
      socket.end();
      const received = readAll(socket);
      await until(() => door.serveLeft === 0, 'the allowance to be used up');
      await new Promise((later) => setTimeout(later, 50));
      assert.equal(door.served, MB + 1);
      assert.equal(bed.at(middle + 1).transit.streams, 1);
      door.allow({ serveLeft: Number.POSITIVE_INFINITY });
      assert.equal(sha256(await received), sha256(file));
      await quiet(bed);
      assertBooksAgree(bed);
    } finally {
      await bed.close();
    }
  });
}

test('a choked stream outlives its sockets: the last bytes wait for a payment', async () => {
  const bed = await TestBed.make({ nodes: 2 });
  try {
    let closed = false;
    const port = await bed.origin((socket) => {
      socket.resume();
      socket.end(Buffer.alloc(50_000));
      socket.on('close', () => {
        closed = true;
      });
    });
    const door = bed.at(1).door(bed.at(0));
    door.serveLeft = 1;
    const socket = await bed.dial();
    assert.equal(await socksConnect(socket, '127.0.0.1', port), 0);
    socket.end();
    const received = readAll(socket);
    await until(() => closed && bed.at(1).transit.bufferedBytes === 49_999, 'the origin to be done');
    await new Promise((later) => setTimeout(later, 20));
    door.allow({ serveLeft: Number.POSITIVE_INFINITY });
    assert.equal((await received).length, 50_000);
    await quiet(bed);
    assert.equal(ends(bed, 0)[0]?.['code'], 'ok');
  } finally {
    await bed.close();
  }
});

test('a throttled stream goes on by itself when the door says when to ask again', async () => {
  const bed = await TestBed.make({ nodes: 2 });
  try {
    const port = await bed.origin((socket) => socket.end(Buffer.alloc(200_000)));
    const door = bed.at(1).door(bed.at(0));
    door.serveLeft = 10_000;
    door.retryMs = 5;
    const refill = setInterval(() => {
      door.serveLeft += 10_000;
    }, 5);
    const socket = await bed.dial();
    assert.equal(await socksConnect(socket, '127.0.0.1', port), 0);
    socket.end();
    const size = (await readAll(socket)).length;
    clearInterval(refill);
    assert.equal(size, 200_000);
  } finally {
    await bed.close();
  }
});

test('streams of a throttled neighbour share what is allowed', async () => {
  const bed = await TestBed.make({ nodes: 2 });
  try {
    const port = await bed.origin((socket) => socket.end(Buffer.alloc(200_000)));
    const door = bed.at(1).door(bed.at(0));
    door.serveLeft = 0;
    const counts = [0, 0, 0, 0];
    for (const index of counts.keys()) {
      const socket = await bed.dial();
      assert.equal(await socksConnect(socket, '127.0.0.1', port), 0);
      socket.on('data', (bytes) => {
        counts[index] = (counts[index] ?? 0) + bytes.length;
      });
    }
    for (let step = 1; step <= 20; step++) {
      door.allow({ serveLeft: 10_000 });
      await until(() => counts.reduce((sum, count) => sum + count, 0) >= step * 10_000);
    }
    assert.ok(Math.min(...counts) >= 40_000, `shares: ${counts.join(', ')}`);
  } finally {
    await bed.close();
  }
});

test('an upload stops without reserved room, and goes on when there is some', async () => {
  const bed = await TestBed.make({ nodes: 2 });
  try {
    let got = 0;
    const port = await bed.origin((socket) => {
      socket.on('data', (bytes) => {
        got += bytes.length;
      });
    });
    const door = bed.at(1).door(bed.at(0));
    door.forwardLeft = 0;
    const socket = await bed.dial();
    assert.equal(await socksConnect(socket, '127.0.0.1', port), 0);
    socket.write(Buffer.alloc(2 * MB));
    await until(() => got >= 512 * 1024 - 2048, 'what had been granted to arrive');
    await new Promise((later) => setTimeout(later, 50));
    assert.ok(got <= 512 * 1024);
    door.allow({ forwardLeft: Number.POSITIVE_INFINITY });
    await until(() => got === 2 * MB, 'the rest');
    assertBooksAgree(bed);
  } finally {
    await bed.close();
  }
});

test('a buyer at its own limit takes no more, and asks again when it may', async () => {
  const bed = await TestBed.make({ nodes: 2 });
  try {
    const port = await bed.origin((socket) => socket.end(Buffer.alloc(5 * MB)));
    const door = bed.at(0).door(bed.at(1));
    const socket = await bed.dial();
    assert.equal(await socksConnect(socket, '127.0.0.1', port), 0);
    door.useLeft = 0;
    socket.end();
    const received = readAll(socket);
    await until(() => door.deliveredBytes > 0);
    await new Promise((later) => setTimeout(later, 50));
    assert.ok(door.deliveredBytes <= 2 * MB, `${door.deliveredBytes} bytes came within one window`);
    door.allow({ useLeft: Number.POSITIVE_INFINITY });
    assert.equal((await received).length, 5 * MB);
  } finally {
    await bed.close();
  }
});

test('a slow reader holds back the origin, and nodes hold no more than windows', async () => {
  const bed = await TestBed.make({ nodes: 4 });
  try {
    let written = 0;
    const port = await bed.origin((socket) => {
      const chunk = Buffer.alloc(65_536);
      const fill = (): void => {
        while (!socket.destroyed && socket.write(chunk)) written += chunk.length;
      };
      socket.on('drain', fill);
      fill();
    });
    const socket = await bed.dial();
    assert.equal(await socksConnect(socket, '127.0.0.1', port), 0);
    let before = -1;
    while (written !== before) {
      before = written;
      await new Promise((later) => setTimeout(later, 150));
    }
    for (const node of bed.nodes)
      assert.ok(node.transit.bufferedBytes <= 1.2 * MB, `${node.transit.bufferedBytes} held`);
    assert.ok(bed.at(0).door(bed.at(1)).deliveredBytes < 12 * MB);
    socket.resetAndDestroy();
    await quiet(bed);
  } finally {
    await bed.close();
  }
});

test('an open waits for a payment, and fails as unpaid when none comes', async () => {
  const bed = await TestBed.make({ nodes: 2, limits: { openWaitMs: 200 } });
  try {
    const port = await bed.origin((socket) => socket.end('hello'));
    const door = bed.at(0).door(bed.at(1));
    door.useLeft = 0;
    assert.equal(await socksConnect(await bed.dial(), '127.0.0.1', port), 2);
    assert.equal(ends(bed, 0)[0]?.['code'], 'unpaid');
    const socket = await bed.dial();
    const reply = socksConnect(socket, '127.0.0.1', port);
    await until(() => bed.at(0).transit.streams === 1);
    door.allow({ useLeft: Number.POSITIVE_INFINITY });
    assert.equal(await reply, 0);
    door.allow({ buying: false });
    assert.equal(await socksConnect(await bed.dial(), '127.0.0.1', port), 3);
    assert.equal(ends(bed, 0).at(-1)?.['code'], 'noRoute');
  } finally {
    await bed.close();
  }
});

test('a frame priced by terms out of force ends its stream and is reported', async () => {
  const bed = await TestBed.make({ nodes: 2 });
  try {
    const port = await bed.origin((socket) => socket.pipe(socket));
    const socket = await bed.dial();
    assert.equal(await socksConnect(socket, '127.0.0.1', port), 0);
    bed.at(1).door(bed.at(0)).failure = new Error('stale');
    socket.write('hello');
    await assert.rejects(readAll(socket), { code: 'ECONNRESET' });
    assert.equal(ends(bed, 0)[0]?.['code'], 'protocol');
    assert.equal(bed.at(1).faults.length, 1);
    assert.equal(bed.at(1).faults[0]?.neighbour, bed.at(0).id);
  } finally {
    await bed.close();
  }
});

test('a download given up half-way is booked alike at both ends', async () => {
  const bed = await TestBed.make({ nodes: 3 });
  try {
    const port = await bed.origin((socket) => socket.write(Buffer.alloc(10 * MB)));
    for (let round = 0; round < 5; round++) {
      const socket = await bed.dial();
      assert.equal(await socksConnect(socket, '127.0.0.1', port), 0);
      socket.once('data', () => socket.resetAndDestroy());
      socket.write(Buffer.alloc(200_000));
      await until(() => bed.nodes.every((_, node) => ends(bed, node).length === round + 1), 'the stream to end');
    }
    await new Promise((later) => setTimeout(later, 50));
    assertBooksAgree(bed);
  } finally {
    await bed.close();
  }
});
