import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Clock } from '../../src/core/clock.ts';
import { codeOf } from '../../src/core/errors.ts';
import { systemClock } from '../../src/node/system-clock.ts';
import { openPostgresStore, type PostgresStore } from '../../src/store/postgres-store.ts';
import { KINDS, TABLES, tableColumns } from '../../src/store/tables.ts';
import { rejectsWith } from '../conformance/credit-book.ts';
import { chequebook, funds, order, promised } from '../conformance/credit-orders.ts';
import { keyOf, note } from '../conformance/store-records.ts';
import { usePostgres } from './server.fixture.ts';

/** What is particular to the store on a server: who may write, and what happens when the server or the way to it fails. */

const server = usePostgres({ own: true });
const clock = systemClock;

/** A clock on which the store's patience with a server that is away is short. */
const hasty: Clock = {
  wallMs: () => clock.wallMs(),
  nowMs: () => clock.nowMs() * 50,
  after: (delayMs, fire) => clock.after(delayMs / 50, fire),
};

/** One on which it is long: a busy machine may take its time to start a server. */
const patient: Clock = { ...clock, nowMs: () => clock.nowMs() / 20 };

const open = (place: string, node = 1, at = clock): Promise<PostgresStore> =>
  openPostgresStore({ url: server.url(place), nodeId: keyOf(node), clock: at });

/** Runs SQL past the store. */
async function sql(place: string, text: string): Promise<unknown[][]> {
  const url = new URL(server.url(place));
  const schema = url.searchParams.get('schema') ?? '';
  url.searchParams.delete('schema');
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query(`SET search_path TO "${schema}"`);
    return (await client.query({ text, rowMode: 'array' })).rows as unknown[][];
  } finally {
    await client.end();
  }
}

async function until(done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) await sleep(20);
}

describe('a server that fails', { skip: server.missing ?? false }, () => {
  test('killed while it writes and started again: all that was confirmed is there, each cheque counts once', async () => {
    const store = await open('killed', 1, patient);
    await store.credit.fund(chequebook, funds(10n ** 12n));
    let stop = false;
    let confirmed = 0n;
    const latest = new Map<number, number>();
    const write = async (slot: number) => {
      for (let n = 1; !stop; n += 1) {
        await store.commit([note(`left-${slot}`, String(n)), note(`right-${slot}`, String(n))]);
        latest.set(slot, n);
      }
    };
    const pay = async (to: number) => {
      for (let total = 0n; !stop; ) {
        const wei = BigInt(to + 1);
        const { cumulative } = await store.credit.issue(order(to, wei));
        total += wei;
        assert.equal(cumulative, total, 'no cheque was counted twice or lost');
        confirmed += wei;
      }
    };
    const runs = Promise.all([0, 1, 2, 3].flatMap((n) => [write(n), pay(n)]));
    for (let round = 0; round < 2; round += 1) {
      await sleep(50 + Math.random() * 60);
      await server.own.kill();
      await server.own.start();
    }
    await sleep(50);
    stop = true;
    await runs;
    const standing = await store.credit.standing(chequebook);
    assert.ok(standing !== undefined);
    assert.equal(promised(standing), confirmed);
    await store.close();
    const again = await open('killed');
    const notes = new Map((await again.load()).notes.map(({ name, text }) => [name, Number(text)]));
    for (const [slot, n] of latest) {
      assert.equal(notes.get(`left-${slot}`), n);
      assert.equal(notes.get(`right-${slot}`), n);
    }
    await again.close();
  });

  test('away for long: what was not sent is refused and not stored, and it goes on when the server is back', async () => {
    const store = await open('away', 1, hasty);
    await store.commit([note('a', 'before')]);
    await server.own.stop();
    // The first may have been under way when the connection broke; those behind it were not.
    const first = store.commit([note('b', 'perhaps')]).then(
      () => true,
      (error: unknown) => codeOf(error) !== 'STORE_UNREACHABLE',
    );
    await rejectsWith(store.commit([note('a', 'never')]), 'STORE_UNREACHABLE');
    await rejectsWith(store.load(), 'STORE_UNREACHABLE');
    await server.own.start();
    await store.commit([note('c', 'after')]);
    const stored = await first;
    const names = (await store.load()).notes.map(({ name, text }) => `${name} ${text}`);
    assert.deepEqual(names, stored ? ['a before', 'b perhaps', 'c after'] : ['a before', 'c after']);
    await server.own.stop();
    await rejectsWith(open('away', 2), 'STORE_UNREACHABLE');
    const closing = store.close();
    await closing;
    await server.own.start();
  });
});

describe('who may write', { skip: server.missing ?? false }, () => {
  test('a second process with the key is told at once; other nodes, and the key after a close, are let in', async () => {
    const first = await open('seat');
    await rejectsWith(open('seat'), 'STORE_IN_USE');
    const other = await open('seat', 2);
    await first.commit([note('a', '1')]);
    await other.commit([note('a', '2')]);
    await first.close();
    const again = await open('seat');
    assert.deepEqual((await again.load()).notes, [note('a', '1')]);
    await Promise.all([again.close(), other.close()]);
  });

  test('who was cut off and taken over writes nothing more, whenever it comes back', async () => {
    const way = await Way.open(Number(new URL(server.url('x')).port));
    const url = new URL(server.url('cut'));
    url.port = String(way.port);
    const old = await openPostgresStore({ url: url.href, nodeId: keyOf(1), clock });
    await old.credit.fund(chequebook, funds(1000n));
    await old.credit.issue(order(1, 10n));
    way.cut();
    const late = old.commit([note('who', 'old')]).catch(codeOf);
    const lateCheque = old.credit.issue(order(1, 5n)).catch(codeOf);
    const successor = await open('cut');
    await successor.commit([note('who', 'new')]);
    way.mend();
    assert.deepEqual(await Promise.all([late, lateCheque]), ['STORE_FENCED', 'STORE_FENCED']);
    await rejectsWith(old.commit([note('who', 'old')]), 'STORE_FENCED');
    assert.deepEqual((await successor.load()).notes, [note('who', 'new')]);
    assert.equal((await successor.credit.issue(order(1, 1n))).cumulative, 11n);
    await old.close();
    await successor.close();
    way.close();
  });

  test('cut off and not taken over, it sits down again and loses nothing', async () => {
    const way = await Way.open(Number(new URL(server.url('x')).port));
    const url = new URL(server.url('mended'));
    url.port = String(way.port);
    const store = await openPostgresStore({ url: url.href, nodeId: keyOf(1), clock });
    for (let n = 0; n < 5; n += 1) {
      const commits = Array.from({ length: 20 }, (_, i) => store.commit([note(`n${i}`, String(n))]));
      if (n % 2 === 0) way.cut();
      way.mend();
      await Promise.all(commits);
    }
    assert.deepEqual(new Set((await store.load()).notes.map(({ text }) => text)), new Set(['4']));
    await store.close();
    way.close();
  });

  test('what was done and whose answer was lost is found by its number, and done once', async () => {
    const way = await Way.open(Number(new URL(server.url('x')).port));
    const url = new URL(server.url('answers'));
    url.port = String(way.port);
    const store = await openPostgresStore({ url: url.href, nodeId: keyOf(1), clock });
    await store.credit.fund(chequebook, funds(1000n));
    await store.credit.issue(order(1, 10n));
    const total = async () => String((await sql('answers', 'SELECT cumulative FROM cheque_totals'))[0]?.[0]);
    way.deafen();
    const cheque = store.credit.issue(order(1, 5n));
    await until(async () => (await total()) === '15');
    way.cut();
    way.mend();
    assert.equal((await cheque).cumulative, 15n);
    way.deafen();
    const commit = store.commit([note('a', 'once')]);
    await until(async () => (await sql('answers', 'SELECT 1 FROM notes')).length === 1);
    await sql('answers', "UPDATE notes SET text = 'seen'");
    way.cut();
    way.mend();
    await commit;
    assert.deepEqual((await store.load()).notes, [note('a', 'seen')], 'it was not written again');
    assert.equal((await store.credit.issue(order(1, 1n))).cumulative, 16n);
    await store.close();
    way.close();
  });

  test('a fence that was raised past the lock refuses every kind of write', async () => {
    const writes: readonly ((store: PostgresStore) => Promise<unknown>)[] = [
      (store) => store.commit([note('a', 'late')]),
      (store) => store.credit.issue(order(1, 5n)),
      (store) => store.credit.draw(chequebook, 500n),
    ];
    for (const [n, write] of writes.entries()) {
      const place = `fence${n}`;
      const store = await open(place);
      await store.credit.fund(chequebook, funds(1000n));
      await store.credit.draw(chequebook, 100n);
      const before = await sql(place, 'SELECT sum(committed) FROM chequebooks');
      await sql(place, 'UPDATE nodes SET fence = fence + 1');
      await rejectsWith(write(store), 'STORE_FENCED');
      await store.close();
      assert.deepEqual(await sql(place, 'SELECT * FROM notes'), []);
      assert.deepEqual(await sql(place, 'SELECT * FROM cheque_totals'), []);
      assert.deepEqual(await sql(place, 'SELECT sum(committed) FROM chequebooks'), before);
    }
  });
});

describe('what it opens', { skip: server.missing ?? false }, () => {
  test('nodes that start together on a new server make the tables once, with the columns of the records', async () => {
    const stores = await Promise.all([1, 2, 3, 4].map((node) => open('together', node)));
    await Promise.all(stores.map((store) => store.close()));
    for (const kind of KINDS) {
      const text = `SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema()
        AND table_name = '${TABLES[kind].name}' ORDER BY ordinal_position`;
      assert.deepEqual((await sql('together', text)).flat(), ['node', ...tableColumns(TABLES[kind])], kind);
    }
  });

  test('a later version, no version, a wrong address, user or database, and an unsafe server are refused', async () => {
    await (await open('version')).close();
    await sql('version', "UPDATE meta SET value = '99' WHERE name = 'schema'");
    await rejectsWith(open('version'), 'STORE_NEWER');
    await sql('version', 'DELETE FROM meta');
    await rejectsWith(open('version'), 'STORE_CORRUPT');
    const at = (url: string) => openPostgresStore({ url, nodeId: keyOf(1), clock });
    for (const url of ['mysql://x', 'postgres://[', `${server.url('x')}%22;drop`, 'postgres://h/d?schema=Big']) {
      await rejectsWith(at(url), 'STORE_URL_INVALID');
    }
    await rejectsWith(at(server.url('x').replace('/postgres?', '/nothing?')), 'STORE_REFUSED');
    await rejectsWith(at(server.url('x').replace('wayleave@', 'nobody@')), 'STORE_REFUSED');
    await sql('x', 'ALTER SYSTEM SET full_page_writes = off');
    await sql('x', 'SELECT pg_reload_conf()');
    try {
      await until(async () => (await sql('x', 'SHOW full_page_writes'))[0]?.[0] === 'off');
      await rejectsWith(open('unsafe'), 'STORE_UNFIT');
    } finally {
      await sql('x', 'ALTER SYSTEM RESET full_page_writes');
      await sql('x', 'SELECT pg_reload_conf()');
      await until(async () => (await sql('x', 'SHOW full_page_writes'))[0]?.[0] === 'on');
    }
  });
});

/** A way to the server that can be cut. */
class Way {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #whole = true;
  #deaf = false;

  private constructor(to: number) {
    this.#server = createServer((socket) => {
      if (!this.#whole) {
        socket.destroy();
        return;
      }
      const onward = connect(to, '127.0.0.1');
      onward.on('data', (bytes) => {
        if (!this.#deaf) socket.write(bytes);
      });
      for (const each of [socket, onward]) {
        this.#sockets.add(each);
        each.on('error', () => {});
        each.on('close', () => {
          this.#sockets.delete(each);
          socket.destroy();
          onward.destroy();
        });
      }
      socket.pipe(onward);
    });
  }

  static async open(to: number): Promise<Way> {
    const way = new Way(to);
    way.#server.listen(0, '127.0.0.1');
    await once(way.#server, 'listening');
    return way;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  cut(): void {
    this.#whole = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** What the server answers is lost. */
  deafen(): void {
    this.#deaf = true;
  }

  mend(): void {
    this.#whole = true;
    this.#deaf = false;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}
