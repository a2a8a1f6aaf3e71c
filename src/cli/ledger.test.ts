import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { keystoreId } from '../chain/keystore.ts';
import { type HistoryRow, type HistoryTotals, LinkHistory } from '../core/ledger/history.ts';
import { EMPTY_TOTALS } from '../core/ledger/history-totals.fixture.ts';
import { openSqliteStore } from '../store/sqlite-store.ts';
import type { LinkRecord, StoreRecord } from '../store/store.ts';
import { runCli } from './run-cli.ts';
import { timeArgument } from './time-argument.ts';

const folder = mkdtempSync(join(tmpdir(), 'wayleave-ledger-'));
after(() => rmSync(folder, { recursive: true }));

async function run(line: string, columns?: number): Promise<{ code: number; out: string; err: string }> {
  const texts = { out: '', err: '' };
  const out = (text: string) => void (texts.out += text);
  const err = (text: string) => void (texts.err += text);
  const code = await runCli(line.split(' '), {
    out,
    err,
    isTty: false,
    input: new PassThrough(),
    env: {},
    folder,
    columns,
  });
  return { code, ...texts };
}

const BOB = `0x${'b0'.repeat(20)}`;
const BEN = `0x${'be'.repeat(20)}`;
const NONE = [0, 0, 0] as const;
const HOUR_MS = 3_600_000;

/** A link's books as the journal leaves them: each step one record, an hour after the one before. */
function booksOf(neighbour: string, steps: readonly Partial<HistoryTotals>[]): StoreRecord[] {
  const history = new LinkHistory(HOUR_MS);
  let rows: readonly HistoryRow[] = [];
  for (const [n, step] of steps.entries()) {
    if (step.received !== undefined) history.note({ entry: 'received', wei: 70n, reference: '=chequebook' });
    rows = history.take({ ...EMPTY_TOTALS, ...step }, (n + 1) * HOUR_MS);
  }
  const link: LinkRecord = {
    kind: 'link',
    neighbour,
    ...EMPTY_TOTALS,
    ...steps.at(-1),
    providedRemainder: NONE,
    consumedRemainder: NONE,
    attempts: 0,
    lease: 0,
    chokedSinceMs: 0,
    closed: false,
    updatedMs: steps.length * HOUR_MS,
    historyRows: history.rows,
    faded: 0,
    barterNet: NONE,
  };
  return [...rows.map((row) => ({ kind: 'history' as const, neighbour, ...row })), link];
}

describe('wayleave ledger', () => {
  before(async () => {
    await run('init alice --insecure-plain-key');
    writeFileSync(
      join(folder, 'alice', 'wayleave.toml'),
      `[key]\ninsecure_plain = true\n[[neighbour]]\nid = "${BOB}"\nname = "bob"\n`,
    );
    await store(
      booksOf(BOB, [
        { provided: [100, 0, 0], providedBytes: [1000, 0, 0] },
        { provided: [150, 0, 0], providedBytes: [1500, 0, 0], received: 90 },
        { provided: [150, 0, 7], providedBytes: [1500, 0, 0], received: 90, providedCorrection: [-10, 0, 0] },
      ]),
    );
  });

  async function store(records: readonly StoreRecord[]): Promise<void> {
    const nodeId = await keystoreId(join(folder, 'alice', 'key.json'));
    const books = await openSqliteStore({ path: join(folder, 'alice', 'wayleave.db'), nodeId });
    await books.commit(records);
    await books.close();
  }

  it('tells the events of a stopped node from a moment on, and sums what was before', async () => {
    const { code, out } = await run(`ledger bob -c alice --since ${2 * HOUR_MS} --json`);
    const told = JSON.parse(out);
    assert.deepEqual([code, told.id, told.name, told.ok, told.account.balance], [0, BOB, 'bob', true, 57]);
    const brief = (entry: { entry: string; effect: number; balance: number }) => [
      entry.entry,
      entry.effect,
      entry.balance,
    ];
    assert.deepEqual(told.before.map(brief), [['opening', 100, 100]]);
    assert.deepEqual(told.entries.map(brief), [
      ['service', 50, 150],
      ['received', -90, 60],
      ['writeOff', -10, 50],
      ['service', 7, 57],
    ]);
    assert.deepEqual([told.entries[1].wei, told.entries[1].reference], ['70', '=chequebook']);
    const later = JSON.parse((await run(`ledger 0xB0B0 -c alice --until ${2 * HOUR_MS} --json`)).out);
    assert.deepEqual([later.entries.length, later.after.at(-1).balance], [1, 57]);
  });

  it('prints a table, or one for a spreadsheet', async () => {
    const { out } = await run('ledger bob -c alice');
    for (const text of ['transit', 'packets', 'received', 'written off transit', '57', 'adds up']) {
      assert.ok(out.includes(text), text);
    }
    const csv = (await run('ledger bob -c alice --format csv')).out.trimEnd().split('\n');
    assert.deepEqual([csv[0]?.split(',')[1], csv.length, csv.at(-1)?.split(',')[1]], ['entry', 7, 'account']);
    assert.ok(
      csv.some((line) => line.endsWith(",'=chequebook")),
      'no formula',
    );
  });

  it('puts the figures of a row below it where a terminal is narrow', async () => {
    const { out } = await run('ledger bob -c alice', 70);
    const lines = out.split('\n');
    assert.deepEqual(
      lines.filter((line) => line.length > 70),
      [],
    );
    const at = lines.findIndex((line) => /received +60$/.test(line));
    assert.equal(lines[at + 1], '  received 90   70 wei   =chequebook');
    assert.ok(
      lines.some((line) => /transit +100$/.test(line)),
      out,
    );
  });

  it('names every link in one line', async () => {
    const { code, out } = await run('ledger -c alice --json');
    const { links, ok } = JSON.parse(out);
    assert.deepEqual([code, ok, links.length, links[0].name, links[0].balance], [0, true, 1, 'bob', 57]);
    assert.match((await run('ledger -c alice')).out, /bob .* 57 +yes/);
  });

  it('tells how neighbours have paid from the books of a node that is stopped', async () => {
    const { code, out } = await run('history bob -c alice --json');
    const [bob] = JSON.parse(out).histories;
    assert.deepEqual([code, bob.neighbour, bob.name, bob.honoured, bob.bounces], [0, BOB, 'bob', 90, 0]);
    assert.match((await run('history -c alice')).out, /bob/);
    assert.equal(JSON.parse((await run('history 0xffff -c alice --json')).err).code, 'LEDGER_NO_ACCOUNT');
    assert.equal(JSON.parse((await run('history bob -c alice --sign --json')).err).code, 'API_UNREACHABLE');
  });

  it('refuses links it does not know, and times it cannot read', async () => {
    for (const link of ['eve', BEN, '0xffff', '0']) {
      const { code, err } = await run(`ledger ${link} -c alice --json`);
      assert.deepEqual([code, JSON.parse(err).code], [1, 'LEDGER_NO_ACCOUNT'], link);
    }
    assert.equal((await run('ledger bob -c alice --since yesterday')).code, 2);
  });

  it('says where the history does not add up, and fails', async () => {
    const [row, ...rest] = booksOf(BEN, [{ paid: 5 }]);
    await store([{ ...row, paid: 4 } as StoreRecord, ...rest]);
    for (const line of [`ledger ${BEN} -c alice --json`, 'ledger -c alice --json']) {
      const { code, err } = await run(line);
      const { code: told, details } = JSON.parse(err);
      assert.deepEqual(
        [code, told, details.neighbour, details.history, details.account],
        [1, 'LEDGER_UNEXPLAINED', BEN, 4, 5],
      );
    }
  });
});

it('a moment is read as people type it', () => {
  const nowMs = Date.parse('2026-11-21T12:00:00Z');
  const cases: readonly [string, number | undefined][] = [
    ['90s', nowMs - 90_000],
    ['30m', nowMs - 1_800_000],
    ['12h', nowMs - 12 * HOUR_MS],
    ['7d', nowMs - 7 * 24 * HOUR_MS],
    ['2026-11-20T10:00:00Z', Date.parse('2026-11-20T10:00:00Z')],
    ['2026-11-20', new Date(2026, 10, 20).getTime()],
    ['1700000000000', 1_700_000_000_000],
    ['999999999d', 0],
    ['', undefined],
    ['-1h', undefined],
    ['20 Nov', undefined],
    ['2026-13-40', undefined],
  ];
  for (const [text, wanted] of cases) {
    if (wanted === undefined)
      assert.throws(() => timeArgument(text, nowMs), { code: 'commander.invalidArgument' }, text);
    else assert.equal(timeArgument(text, nowMs), wanted, text);
  }
});
