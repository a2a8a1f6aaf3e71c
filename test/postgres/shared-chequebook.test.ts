import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freeWei } from '../../src/core/settlement/credit-lease.ts';
import { systemClock } from '../../src/node/system-clock.ts';
import type { CreditStanding } from '../../src/store/credit-book.ts';
import { openPostgresStore, type PostgresStore } from '../../src/store/postgres-store.ts';
import { rejectsWith } from '../conformance/credit-book.ts';
import { chequebook, funds, order, promised } from '../conformance/credit-orders.ts';
import { keyOf } from '../conformance/store-records.ts';
import { usePostgres } from './server.fixture.ts';

/** Several nodes on one chequebook, as processes and within one, over a real server. */

const server = usePostgres();
const CAPACITY = 30_000n;
const WORKERS = 4;
/** The largest cheque of a worker. */
const LARGEST = 40n;

describe('a chequebook that nodes share', { skip: server.missing ?? false }, () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'wayleave-shared-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const open = (place: string, node: number, leaseMs = 60_000): Promise<PostgresStore> =>
    openPostgresStore({ url: server.url(place), nodeId: keyOf(node), clock: systemClock, leaseMs });

  const standing = async ({ credit }: PostgresStore): Promise<CreditStanding> => {
    const found = await credit.standing(chequebook);
    assert.ok(found !== undefined);
    return found;
  };

  function startWorker(place: string, index: number): ChildProcess {
    const file = join(folder, `${place}-${index}`);
    const args = [
      join(import.meta.dirname, 'worker.ts'),
      server.url(place),
      keyOf(100 + index),
      file,
      String(index * 3),
    ];
    return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  }

  /** The cheques that were durable, by beneficiary; fails where two are over the same amount. */
  function reported(place: string): Map<string, bigint[]> {
    const found = new Map<string, bigint[]>();
    for (let index = 0; index < WORKERS; index += 1) {
      const lines = readFileSync(join(folder, `${place}-${index}`), 'utf8')
        .split('\n')
        .slice(0, -1);
      for (const line of lines) {
        const [beneficiary = '', cumulative = ''] = line.split(' ');
        const list = found.get(beneficiary) ?? [];
        assert.ok(!list.includes(BigInt(cumulative)), 'two cheques over one amount');
        list.push(BigInt(cumulative));
        found.set(beneficiary, list);
      }
    }
    return found;
  }

  test('four processes, one killed with a lease in hand: all is promised, nothing twice, and never too much', async () => {
    const watcher = await open('killed', 1);
    await watcher.credit.fund(chequebook, funds(CAPACITY));
    const workers = Array.from({ length: WORKERS }, (_, index) => startWorker('killed', index));
    const ended = Promise.all(workers.map((worker) => once(worker, 'close')));
    const [first] = workers;
    await once(first?.stdout as Readable, 'data');
    // It holds a lease once it has written a cheque; later all may be spent, and it has ended by itself.
    while (statSync(join(folder, 'killed-0')).size === 0 && first?.exitCode === null) await sleep(1);
    first?.kill('SIGKILL');
    for (let look = 0; look < 5; look += 1) {
      await sleep(40);
      const now = await standing(watcher);
      assert.ok(now.committedWei <= CAPACITY && promised(now) <= now.committedWei);
    }
    const codes = (await ended).map(([code]) => code as number | null);
    assert.deepEqual(codes, [null, 0, 0, 0]);

    const last = await standing(watcher);
    assert.ok(promised(last) <= CAPACITY);
    assert.ok(freeWei(last) < LARGEST, 'what the dead one had left was taken back and used');
    const [dead] = last.leases.filter(({ node }) => node === keyOf(100));
    assert.equal(dead?.grantedWei, dead?.issuedWei, 'nothing is left to the dead one');
    const lists = [...reported('killed').values()];
    const highest = lists.map((list) => list.reduce((top, each) => (each > top ? each : top), 0n));
    const known = highest.reduce((sum, each) => sum + each, 0n);
    assert.ok(known <= promised(last), 'no cheque is over more than was counted');
    // Only what the killed process wrote and could not report any more may be missing.
    assert.ok(promised(last) - known <= 12n * LARGEST);
    await watcher.close();
  });

  test('two nodes that pay one beneficiary go on from each other', async () => {
    const [a, b] = await Promise.all([open('pair', 1), open('pair', 2)]);
    await a.credit.fund(chequebook, funds(1000n));
    assert.equal((await a.credit.issue(order(7, 10n))).cumulative, 10n);
    assert.equal((await b.credit.issue(order(7, 5n))).cumulative, 15n);
    assert.equal((await a.credit.issue(order(7, 1n))).cumulative, 16n, 'a had last seen 10');
    const rounds = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? a : b).credit.issue(order(7, 2n)));
    const amounts = (await Promise.all(rounds)).map(({ cumulative }) => Number(cumulative)).sort((x, y) => x - y);
    assert.deepEqual(
      amounts,
      Array.from({ length: 20 }, (_, i) => 18 + 2 * i),
    );
    assert.equal((await a.load()).issued.length, 1);
    await Promise.all([a.close(), b.close()]);
  });

  test('what one holds the other cannot have, until it is given back or has run out unused', async () => {
    const [a, b] = await Promise.all([open('hold', 1), open('hold', 2, 200)]);
    await a.credit.fund(chequebook, funds(1000n));
    await b.credit.draw(chequebook, 900n);
    await b.credit.issue(order(1, 100n));
    await rejectsWith(a.credit.issue(order(1, 200n)), 'CHEQUEBOOK_EMPTY');
    await sleep(250);
    assert.equal((await a.credit.issue(order(1, 200n))).cumulative, 300n);
    // The slow one learns of it when it issues, draws anew, and gets what is left.
    await rejectsWith(b.credit.issue(order(2, 701n)), 'CHEQUEBOOK_EMPTY');
    await a.credit.giveBack(chequebook);
    await b.credit.issue(order(2, 700n));
    assert.equal(promised(await standing(a)), 1000n);
    await Promise.all([a.close(), b.close()]);
  });

  test('a clean stop gives the rest back, and a restarted node finds its lease after a kill', async () => {
    const a = await open('stop', 1);
    await a.credit.fund(chequebook, funds(1000n));
    await a.credit.draw(chequebook, 800n);
    await a.close();
    const b = await open('stop', 2);
    await b.credit.draw(chequebook, 1000n);
    await b.credit.issue(order(1, 10n));
    await b.close();
    const again = await open('stop', 2);
    assert.equal((await again.credit.issue(order(1, 990n))).cumulative, 1000n);
    await again.close();
  });
});
