import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { runCli } from '../../src/cli/run-cli.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { systemClock } from '../../src/node/system-clock.ts';
import { readExport, recordsOf, writeExport } from '../../src/store/export.ts';
import { openPostgresStore } from '../../src/store/postgres-store.ts';
import { openSqliteStore } from '../../src/store/sqlite-store.ts';
import type { Store, StoredState, StoreRecord } from '../../src/store/store.ts';
import { rejectsWith } from '../conformance/credit-book.ts';
import { chequebook, funds } from '../conformance/credit-orders.ts';
import { anyRecord, historyIn, keyOf, link, note, row, sorted, stateOf } from '../conformance/store-records.ts';
import { usePostgres } from './server.fixture.ts';

/** Books that move from one store to another, by file and by command. */

const server = usePostgres();
let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'wayleave-move-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const node = keyOf(0xabc);
let files = 0;
const newPath = () => join(folder, `export-${++files}`);
/** What an export reads: these records, in epoch 7. */
const books = (records: readonly StoreRecord[]): Pick<Store, 'load' | 'historyPage'> => ({
  load: async () => stateOf(records, 7),
  historyPage: async (limit, after) => {
    const rows = historyIn(records);
    const at =
      after === undefined
        ? 0
        : rows.findIndex((row) => row.neighbour === after.neighbour && row.number === after.number) + 1;
    return rows.slice(at, at + limit);
  },
});
const exported = async (records: readonly StoreRecord[]) => {
  const path = newPath();
  await writeExport(path, { node, store: books(records) });
  return path;
};

test('an export holds every kind of record exactly', () =>
  fc.assert(
    fc.asyncProperty(fc.array(anyRecord, { maxLength: 30 }), async (records) => {
      const wanted = [...recordsOf(stateOf(records)), ...historyIn(records)];
      const read = await readExport(await exported(records));
      assert.deepEqual(read.list, wanted);
      assert.deepEqual([read.node, read.epoch, read.records], [node, 7, wanted.length]);
    }),
    { numRuns: 30 },
  ));

test('an export that was changed in any byte, cut or continued is refused', async () => {
  const good = readFileSync(await exported([link(1, 5), link(2, 6), note('a', 'b')]), 'utf8');
  const lines = good.split('\n');
  const spoilt: readonly string[] = [
    '',
    'x',
    lines.slice(0, -2).join('\n'),
    lines.toSpliced(2, 1).join('\n'),
    [lines[0], lines[2], lines[1], ...lines.slice(3)].join('\n'),
    `${good}${lines[1]}\n`,
    good.replace('"provided_transit":5', '"provided_transit":6'),
    good.replace('"text":"b"', '"text":"c"'),
    good.replace('"kind":"note"', '"kind":"nose"'),
    good.replace('"epoch":7', '"epoch":0'),
    good.replace('"version":4', '"version":5'),
    good.replace('{"wayleave":"export"', '{"wayleave":"x"'),
    good.replace(`"neighbour":"${keyOf(1)}"`, `"neighbour":"${keyOf(3)}"`),
  ];
  for (const text of spoilt) {
    assert.notEqual(text, good);
    const path = newPath();
    writeFileSync(path, text);
    await rejectsWith(readExport(path), 'EXPORT_INVALID');
  }
  await rejectsWith(readExport(join(folder, 'nothing')), 'BACKUP_MISSING');
});

test('of an export whose sums do not add up, the sum is named', async () => {
  const path = newPath();
  const good = readFileSync(await exported([link(1, 5)]), 'utf8');
  writeFileSync(path, good.replace('"provided_transit":5', '"provided_transit":6'));
  await assert.rejects(readExport(path), { details: { sum: 'links.provided_transit', reason: 'it differs' } });
});

test('an export never overwrites, and leaves nothing behind when reading fails', async () => {
  const path = await exported([]);
  await rejectsWith(writeExport(path, { node, store: books([]) }), 'BACKUP_EXISTS');
  const failing = newPath();
  await rejectsWith(
    writeExport(failing, { node, store: { ...books([]), load: () => Promise.reject(new Error('disk')) } }),
    'STORE_FAILED',
  );
  await rejectsWith(readExport(failing), 'BACKUP_MISSING');
});

describe('wayleave export and import', { skip: server.missing ?? false }, () => {
  async function run(line: string): Promise<{ code: number; out: string; err: string }> {
    const texts = { out: '', err: '' };
    const terminal: Terminal = {
      out: (text) => void (texts.out += text),
      err: (text) => void (texts.err += text),
      isTty: false,
      input: process.stdin,
      env: {},
      folder,
    };
    return { code: await runCli(line.split(' '), terminal), ...texts };
  }

  async function refused(line: string, code: string): Promise<void> {
    const { err } = await run(line);
    assert.match(err, new RegExp(`^error ${code}: `));
  }

  /** A data folder beside that of `from`, with the same key and its books on the server. */
  function onServer(from: string, to: string, place: string): void {
    mkdirSync(join(folder, to));
    writeFileSync(join(folder, to, 'key.json'), readFileSync(join(folder, from, 'key.json')));
    const text = readFileSync(join(folder, from, 'wayleave.toml'), 'utf8');
    writeFileSync(join(folder, to, 'wayleave.toml'), text.replace('[store]', `[store]\nurl = "${server.url(place)}"`));
  }

  test('books go from a file to a server and back, each sum as it was and each time an epoch on', async () => {
    const { id } = JSON.parse((await run('init one --insecure-plain-key --json')).out) as { id: string };
    await refused('export books -c one', 'BACKUP_EMPTY');
    const issued: StoreRecord = {
      kind: 'issued',
      chequebook,
      beneficiary: keyOf(7),
      cumulative: 2n ** 70n,
      signature: new Uint8Array(65),
      amount: 5,
      paymentId: 2,
      acceptedCumulative: 1n,
      remainder: 0n,
      ownCumulative: 2n ** 70n,
    };
    const explained = (n: number): StoreRecord[] => {
      return [row(n, 1, { provided: n * 1000 }), { ...link(n, n * 1000), historyRows: 1 }];
    };
    const records = [...Array.from({ length: 60 }, (_, n) => explained(n)).flat(), issued, note('a', '€')];
    const path = join(folder, 'one/wayleave.db');
    const file = await openSqliteStore({ path, nodeId: id });
    await file.commit(records);
    await refused('export books -c one', 'STORE_IN_USE');
    await file.close();
    assert.equal((await run('export books -c one')).code, 0);
    await refused('export books -c one', 'BACKUP_EXISTS');
    await refused('import books -c one', 'STORE_NOT_EMPTY');
    await run('init stranger --insecure-plain-key');
    await refused('import books -c stranger', 'STORE_WRONG_NODE');

    onServer('one', 'two', 'moved');
    const there = JSON.parse((await run('import books -c two --json')).out) as { epoch: number; sums: unknown };
    assert.equal(there.epoch, 2);
    assert.deepEqual(there.sums, (await readExport(join(folder, 'books'))).sums);
    await refused('import books -c two', 'STORE_NOT_EMPTY');
    const store = await openPostgresStore({ url: server.url('moved'), nodeId: id, clock: systemClock });
    await store.credit.fund(chequebook, funds(2n ** 71n));
    assert.equal((await store.credit.standing(chequebook))?.adoptedWei, 2n ** 70n, 'what was promised before counts');
    await refused('export more -c two', 'STORE_IN_USE');
    await store.close();

    assert.equal((await run('export back -c two')).code, 0);
    await run('init three --insecure-plain-key');
    writeFileSync(join(folder, 'three/key.json'), readFileSync(join(folder, 'one/key.json')));
    assert.equal((await run('import back -c three')).code, 0);
    assert.deepEqual(await load(join(folder, 'three/wayleave.db'), id), sorted(stateOf(records, 3)));
    for (const place of ['one', 'two', 'three']) {
      const { code, out } = await run(`ledger -c ${place} --json`);
      const { links, ok } = JSON.parse(out) as { links: readonly object[]; ok: boolean };
      assert.deepEqual([code, ok, links.length], [0, true, 60], place);
      const one = JSON.parse((await run(`ledger ${keyOf(7)} -c ${place} --json`)).out) as {
        entries: readonly object[];
      };
      assert.deepEqual(one.entries.length, 1);
    }
  });

  test('a backup of books on a server is put in place on a server', async () => {
    const { id } = JSON.parse((await run('init four --insecure-plain-key --json')).out) as { id: string };
    onServer('four', 'five', 'backup');
    const store = await openPostgresStore({ url: server.url('backup'), nodeId: id, clock: systemClock });
    await store.commit([link(1, 5)]);
    await store.close();
    assert.equal((await run('backup copy -c five')).code, 0);
    await refused('restore copy five', 'STORE_NOT_EMPTY');
    onServer('four', 'six', 'restored');
    const { epoch, ...rest } = JSON.parse((await run('restore copy six --json')).out) as { epoch: number };
    assert.deepEqual(rest, { ok: true, folder: join(folder, 'six') });
    assert.ok(epoch > 1_700_000_000, 'above any that was counted up');
    appendFileSync(join(folder, 'copy/wayleave.jsonl'), '\n');
    onServer('four', 'seven', 'spoilt');
    await refused('restore copy seven', 'EXPORT_INVALID');
  });

  async function load(path: string, nodeId: string): Promise<StoredState> {
    const store = await openSqliteStore({ path, nodeId });
    try {
      return sorted(await store.load());
    } finally {
      await store.close();
    }
  }
});
