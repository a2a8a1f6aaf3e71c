import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { isGenuineStatement } from '../../src/chain/statement-signing.ts';
import type { LinkStatus } from '../../src/node/node.ts';
import { openSqliteStore } from '../../src/store/sqlite-store.ts';
import { decodeStatement } from '../../src/wire/statement.ts';
import { Line } from './line.fixture.ts';

const PAGE = Buffer.alloc(8_000_000, 7);

/** One exchange through the line's proxy: `up` bytes there, a page back. */
function exchange(line: Line, port: number, up: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(line.proxyPort, '127.0.0.1');
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.write(`CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    socket.once('data', () => {
      socket.write(`POST / HTTP/1.0\r\nContent-Length: ${up}\r\n\r\n`);
      socket.write(Buffer.alloc(up, 1));
      socket.resume();
    });
  });
}

describe('trust between real nodes', () => {
  const line = new Line(3, { end: () => '[credit]\nstatement_every_s = 1' });
  const origin: Server = createServer((request, response) => {
    request.resume().on('end', () => response.end(PAGE));
  });
  const up = (index: number): LinkStatus =>
    line.nodes[index]?.node.status().links.find(({ name }) => name === 'up') as LinkStatus;
  const down = (index: number): LinkStatus =>
    line.nodes[index]?.node.status().links.find(({ name }) => name !== 'up') as LinkStatus;
  const wrong = () =>
    line.nodes.flatMap(({ events }) =>
      events.filter(({ kind }) => ['divergence', 'verdict', 'restored'].includes(kind)),
    );
  before(async () => {
    await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
    await line.start();
    await line.ready();
  });
  after(async () => {
    await line.close();
    origin.close();
    origin.closeAllConnections();
  });

  test('while streams run both ways, statements are made, agree to the unit, and disturb nothing', async () => {
    const { port } = origin.address() as AddressInfo;
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(Array.from({ length: 3 }, () => exchange(line, port, 300_000)));
    }
    await line.until(() => [0, 1].every((index) => (down(index).statements?.agreed ?? 0) >= 2));
    assert.deepEqual(wrong(), []);
    for (const link of [down(0), up(1), down(1), up(2)]) {
      assert.equal(link.statements?.gapUnits, 0);
      assert.equal(link.statements?.agreed, link.statements?.theirs);
      assert.ok(link.connected);
    }
  });

  test('credit grows with the income that is final and kept, and the neighbour is offered it', async () => {
    // The last cheque may still be on its way.
    while (down(0).credit.earned === 0) {
      await line.nodes[0]?.node.cashAll();
      await setTimeout(50);
    }
    const { credit, dropAt, payAt } = down(0);
    assert.ok(credit.earned <= credit.kept && dropAt === credit.newcomer + credit.earned);
    assert.ok(payAt * 4 >= dropAt - 4 && payAt * 4 <= dropAt, 'payAt follows');
    await line.until(() => up(1).theirDropAt === dropAt);
    const told = line.nodes[0]?.events.find(({ kind }) => kind === 'credit');
    assert.equal(told?.['why'], 'income');
  });

  test('an orderly end leaves both ends with genuine statements of the same totals; a restart goes on from them', async () => {
    const before = down(0).credit.history;
    const bId = line.signers[1]?.id;
    await line.nodes[2]?.stop();
    await line.nodes[1]?.stop();
    const store = await openSqliteStore({ path: join(line.folder, 'B.db'), nodeId: bId as string });
    const { statements } = await store.load();
    await store.close();
    const of = (party: string, neighbour: number) => {
      const found = statements.find((each) => each.party === party && each.neighbour === line.signers[neighbour]?.id);
      return decodeStatement(found?.bytes as Uint8Array);
    };
    for (const neighbour of [0, 2]) {
      const [mine, theirs] = [of('mine', neighbour), of('theirs', neighbour)];
      assert.ok(isGenuineStatement(mine) && isGenuineStatement(theirs));
      assert.equal(mine.from, bId);
      assert.deepEqual([mine.provided, mine.consumed], [theirs.consumed, theirs.provided]);
    }
    const last = of('mine', 0).sequence;
    await line.startNode(1);
    await line.startNode(2);
    await line.ready();
    assert.equal(up(1).statements?.mine, last);
    // What it earns credit by goes on too. The credit itself may fall meanwhile: what it used is counted before what it paid.
    const now = down(0).credit.history;
    assert.ok(before !== undefined && now !== undefined && before.honoured > 0);
    assert.ok(now.sinceMs === before.sinceMs && now.honoured >= before.honoured);
    await exchange(line, (origin.address() as AddressInfo).port, 1000);
    await line.until(() => (up(1).statements?.agreed ?? 0) > last && (up(1).statements?.mine ?? 0) > last);
    assert.deepEqual(wrong(), []);
  });
});
