import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { Line } from './line.fixture.ts';

/** A page server that plays the internet: /SIZE answers that many random bytes, the same each time. */
class Origin {
  readonly bytes = randomBytes(8_000_000);
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      if (request.method === 'POST') {
        const hash = createHash('sha256');
        request.on('data', (chunk: Buffer) => hash.update(chunk));
        request.on('end', () => response.end(hash.digest('hex')));
        return;
      }
      response.end(this.bytes.subarray(0, Number(request.url?.slice(1))));
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** A connection through an HTTP CONNECT proxy, tunnelled to the origin. */
function tunnel(proxyPort: number, originPort: number): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(proxyPort, '127.0.0.1');
    socket.on('error', reject);
    socket.write(`CONNECT 127.0.0.1:${originPort} HTTP/1.1\r\nHost: 127.0.0.1:${originPort}\r\n\r\n`);
    socket.once('data', (head) => {
      if (head.toString().startsWith('HTTP/1.1 200')) resolve(socket);
      else reject(new Error(head.toString().split('\r\n')[0]));
    });
  });
}

/** Body of one HTTP exchange over a fresh tunnel. */
async function exchange(line: Line, origin: Origin, head: string, body?: Buffer): Promise<Buffer> {
  const socket = await tunnel(line.proxyPort, origin.port);
  const parts: Buffer[] = [];
  socket.write(`${head} HTTP/1.0\r\nContent-Length: ${body?.length ?? 0}\r\n\r\n`);
  if (body !== undefined) socket.write(body);
  for await (const part of socket) parts.push(part as Buffer);
  const whole = Buffer.concat(parts);
  return whole.subarray(whole.indexOf('\r\n\r\n') + 4);
}

/** The history of every link adds up to its counter, and the counter is the one at work. */
async function assertExplained(line: Line): Promise<void> {
  for (const { node } of line.nodes) {
    for (const { neighbour } of node.status().links) {
      const counter = (): number => {
        const link = node.status().links.find((each) => each.neighbour === neighbour);
        return (link?.balance ?? 0) + (link?.writeOff ?? 0);
      };
      // A payment may come between the two looks.
      for (let before = Number.NaN, tries = 0; before !== counter(); tries += 1) {
        before = counter();
        const { account, entries, gaps } = await node.ledger({
          neighbour,
          sinceMs: 0,
          untilMs: Number.MAX_SAFE_INTEGER,
        });
        assert.deepEqual(gaps, []);
        assert.equal(entries.at(-1)?.balance ?? 0, account.balance);
        if (before === counter()) assert.equal(account.balance, before);
        assert.ok(tries < 100, 'the counter never rests');
      }
    }
  }
}

/** Both ends of every link agree to the unit, nothing being in flight. */
async function assertAgreed(line: Line): Promise<void> {
  const apart = (): number[] =>
    line.nodes.slice(1).map(({ node }, index) => {
      const up = node.status().links.find((link) => link.name === 'up');
      const down = line.nodes[index]?.node.status().links.find((link) => link.neighbour === node.id);
      if (up === undefined || down === undefined) return Number.NaN;
      return up.balance + up.writeOff + down.balance + down.writeOff;
    });
  const quiet = (): boolean =>
    line.nodes.every(
      ({ node }) => node.status().streams === 0 && node.status().links.every((link) => link.pending === 0),
    );
  await line.until(() => quiet() && apart().every((units) => units === 0));
  assert.deepEqual(
    apart(),
    line.nodes.slice(1).map(() => 0),
  );
  await assertExplained(line);
}

describe('four nodes in a line', { timeout: 120_000 }, () => {
  const line = new Line(4);
  const origin = new Origin();

  before(async () => {
    await origin.start();
    await line.start();
    await line.ready();
  });
  after(async () => {
    await line.close();
    origin.close();
  });

  test('prices compound along the line', () => {
    assert.deepEqual(
      line.nodes.map(({ node }) => node.status().askPerMb),
      [8800, 9680, 10648, 11713],
    );
  });

  test('a file comes down whole, is metered at both ends of every hop, and paid', async () => {
    const body = await exchange(line, origin, 'GET /8000000');
    assert.ok(body.equals(origin.bytes));
    await assertAgreed(line);
    for (const { node } of line.nodes.slice(1)) {
      const up = node.status().links.find((link) => link.name === 'up');
      assert.ok((up?.paid ?? 0) > 0 && (up?.services.transit.consumedBytes ?? 0) > 8_000_000);
    }
    const b = line.nodes[1]?.node.status().links ?? [];
    const earned = b.reduce((sum, link) => sum + link.services.transit.provided - link.services.transit.consumed, 0);
    assert.ok(earned > 0, 'a carrier nets its profit');
  });

  test('an upload is charged to whoever sends it', async () => {
    const up = randomBytes(3_000_000);
    const before = line.nodes[3]?.node.status().links[0]?.services.transit.consumedBytes ?? 0;
    const hash = await exchange(line, origin, 'POST /', up);
    assert.equal(hash.toString(), createHash('sha256').update(up).digest('hex'));
    await assertAgreed(line);
    assert.ok((line.nodes[3]?.node.status().links[0]?.services.transit.consumedBytes ?? 0) - before > 3_000_000);
  });

  test('streams that are cut in the middle leave the books exact', async () => {
    for (let round = 0; round < 12; round += 1) {
      const socket = await tunnel(line.proxyPort, origin.port);
      socket.write('GET /8000000 HTTP/1.0\r\n\r\n');
      let got = 0;
      for await (const part of socket) {
        got += (part as Buffer).length;
        if (got > round * 150_000) break;
      }
      socket.destroy();
    }
    await assertAgreed(line);
  });

  test('a buyer that stops paying is throttled, then choked, its streams included, and served again when it pays', async () => {
    const d = line.nodes[3]?.node;
    const c = line.nodes[2];
    const states = (): unknown[] =>
      (c?.events ?? []).filter(({ kind }) => kind === 'state').map((event) => event['to']);
    const from = states().length;
    d?.pausePayments(true);
    const download = exchange(line, origin, 'GET /8000000');
    await line.until(() => states().slice(from).includes('choked'));
    const debtor = (): ReturnType<NonNullable<typeof d>['status']>['links'][number] | undefined =>
      c?.node.status().links.find((link) => link.neighbour === d?.id);
    assert.ok((debtor()?.balance ?? 0) <= (debtor()?.dropAt ?? 0), 'never beyond the limit');
    d?.pausePayments(false);
    assert.ok((await download).equals(origin.bytes));
    await assertAgreed(line);
    await line.until(() => debtor()?.state === 'open');
  });

  test('a node that restarts in the middle comes back with its books, and the download can be retried', async () => {
    const socket = await tunnel(line.proxyPort, origin.port);
    socket.on('error', () => undefined);
    socket.write('GET /8000000 HTTP/1.0\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    await line.nodes[2]?.stop();
    await line.startNode(2);
    socket.destroy();
    assert.equal(line.nodes[2]?.node.status().links.length, 2, 'accounts are back before any connection');
    await line.ready();
    const body = await exchange(line, origin, 'GET /8000000');
    assert.ok(body.equals(origin.bytes));
    await assertAgreed(line);
  });

  test('every cheque is cashed, and what was paid is what was received', async () => {
    // The last debt at payAt may still be paid while the cheques before it are cashed: until nothing is left.
    const uncashed = (): number =>
      line.nodes
        .flatMap(({ node }) => node.status().links)
        .reduce((sum, link) => sum + link.uncashed + link.pending, 0);
    do {
      await Promise.all(line.nodes.map(({ node }) => node.cashAll()));
      await new Promise((resolve) => setTimeout(resolve, 150));
    } while (uncashed() > 0);
    await assertAgreed(line);
    const paid = line.nodes
      .flatMap(({ node }) => node.status().links)
      .reduce((sum, link) => sum + link.paid - link.received, 0);
    assert.equal(paid, 0);
  });

  test('a destination that is not allowed, not there or not known is refused by its own words', async () => {
    const refused = async (port: number, host: string): Promise<string> => {
      const socket = net.connect(line.proxyPort, '127.0.0.1');
      socket.write(`CONNECT ${host}:${port} HTTP/1.1\r\n\r\n`);
      const [head] = (await new Promise<Buffer>((resolve) => socket.once('data', resolve))).toString().split('\r\n');
      socket.destroy();
      return head ?? '';
    };
    assert.match(await refused(80, '10.0.0.1'), / 403 /);
    assert.match(await refused(1, '127.0.0.1'), / 50[24] /);
  });
});
