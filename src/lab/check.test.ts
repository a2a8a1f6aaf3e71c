import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, it } from 'node:test';
import { MIGRATIONS } from '../store/migrations.ts';
import { type CheckInput, checkNeighbourhood, type LabResult } from './check.ts';

const folder = mkdtempSync(join(tmpdir(), 'wayleave-check-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const RATIO = 10n ** 10n;
const COIN = 10n ** 18n;
const GAS = 21_000n;
const id = (name: string): string => `0x${Buffer.from(name).toString('hex').repeat(20)}`;
const bookOf = (name: string): string => `0x${'c'.repeat(38)}${Buffer.from(name).toString('hex')}`;

interface Facts {
  provided?: number;
  providedBytes?: number;
  remainder?: number;
  consumed?: number;
  consumedBytes?: number;
  paid?: number;
  received?: number;
  correction?: number;
  lease?: number;
  /** What the history has and the account has not. */
  untold?: number;
}

/** What a neighbourhood of A ← B ← C remembers after B bought 3 MB at 8800 and C bought them at 10120. */
interface World {
  links: Record<string, Record<string, Facts>>;
  cumulative: Record<string, bigint>;
  cashed: Record<string, bigint>;
  cashings: Record<string, number>;
  exit: Record<string, number | undefined>;
  owner: Record<string, string>;
  after: Record<string, bigint>;
  sha256: string;
  bytes: number;
  missing: string[];
}

const BYTES = 3_000_000;

function honest(): World {
  return {
    links: {
      A: { B: { provided: 26_400, providedBytes: BYTES, received: 26_000 } },
      B: {
        A: { consumed: 26_400, consumedBytes: BYTES, paid: 26_000 },
        C: { provided: 30_360, providedBytes: BYTES, received: 30_000 },
      },
      C: { B: { consumed: 30_360, consumedBytes: BYTES, paid: 30_000 } },
    },
    cumulative: { BA: 26_000n * RATIO, CB: 30_000n * RATIO },
    cashed: { BA: 26_000n * RATIO, CB: 30_000n * RATIO },
    cashings: { BA: 1, CB: 1 },
    exit: { A: 0, B: 0, C: 0 },
    owner: { A: id('A'), B: id('B'), C: id('C') },
    after: {
      A: COIN + 26_000n * RATIO - GAS,
      B: COIN + 4_000n * RATIO - GAS,
      C: COIN - 30_000n * RATIO - GAS,
    },
    sha256: 'aa',
    bytes: BYTES,
    missing: [],
  };
}

let made = 0;

function writeStore(world: World, name: string): string {
  made += 1;
  const path = join(folder, `${made}-${name}.db`);
  if (world.missing.includes(name)) return path;
  const store = new DatabaseSync(path);
  for (const { sql } of MIGRATIONS) store.exec(sql);
  store.prepare("INSERT INTO meta VALUES ('node', ?)").run(world.owner[name] ?? '');
  for (const [neighbour, facts] of Object.entries(world.links[name] ?? {})) {
    const { provided = 0, consumed = 0, paid = 0, received = 0, correction = 0, lease = 0 } = facts;
    insert(store, 'links', {
      neighbour: id(neighbour),
      provided_transit: provided,
      consumed_transit: consumed,
      provided_bytes_transit: facts.providedBytes ?? 0,
      consumed_bytes_transit: facts.consumedBytes ?? 0,
      provided_remainder_transit: facts.remainder ?? 0,
      provided_correction_transit: correction,
      paid,
      received,
      lease,
    });
    insert(store, 'history', {
      ...{ neighbour: id(neighbour), number: 1, entry: 'opening', service: '', reference: '', wei: '0', gas_wei: '0' },
      ...{ provided: provided + correction + (facts.untold ?? 0), consumed, paid, received },
    });
    const wrote = world.cumulative[name + neighbour];
    if (wrote !== undefined) {
      insert(store, 'issued_cheques', {
        chequebook: bookOf(name),
        beneficiary: id(neighbour),
        cumulative: String(wrote),
        accepted_cumulative: String(wrote),
        payment_id: 3,
        signature: new Uint8Array(65),
        remainder: '0',
      });
    }
    const took = world.cumulative[neighbour + name];
    if (took === undefined) continue;
    insert(store, 'received_cheques', {
      chequebook: bookOf(neighbour),
      neighbour: id(neighbour),
      issuer: id(neighbour),
      cumulative: String(took),
      cashed_cumulative: String(world.cashed[neighbour + name] ?? 0n),
      signature: new Uint8Array(65),
      remainder_wei: '0',
    });
    for (let n = 0; n < (world.cashings[neighbour + name] ?? 0); n += 1) {
      const facts = { chequebook: bookOf(neighbour), cumulative: '1', status: 'mined', paid_out: '1', gas_wei: '1' };
      insert(store, 'cashings', { transaction: `0x${neighbour}${n}`, ...facts });
    }
  }
  store.close();
  return path;
}

/** Every column that is not named is 0. */
function insert(store: DatabaseSync, table: string, values: Record<string, string | number | Uint8Array>): void {
  const columns = store.prepare(`SELECT name FROM pragma_table_info('${table}')`).all();
  const names = columns.map((each) => String(each['name']));
  const marks = names.map(() => '?').join(', ');
  store.prepare(`INSERT INTO ${table} VALUES (${marks})`).run(...names.map((name) => values[name] ?? 0));
}

function inputOf(world: World): CheckInput {
  const node = (name: string, profitBp: number, buysFrom: string | undefined) => ({
    name,
    address: id(name),
    store: writeStore(world, name),
    exitCode: world.exit[name],
    profitBp,
    buysFrom,
    uplinkPricePerMb: buysFrom === undefined ? 8_000 : undefined,
    chainBefore: COIN,
    chainAfter: world.after[name] ?? 0n,
    gas: GAS,
  });
  return {
    scenario: 'test',
    seed: 7,
    settlement: 'cheque',
    weiPerUnit: RATIO,
    nodes: [node('A', 1_000, undefined), node('B', 1_500, 'A'), node('C', 1_000, 'B')],
    links: [
      { a: 'A', b: 'B', paying: true },
      { a: 'B', b: 'C', paying: true },
    ],
    user: 'C',
    transfers: [
      {
        node: 'C',
        bytes: world.bytes,
        sha256: world.sha256,
        expectedBytes: BYTES,
        expectedSha256: 'aa',
        seconds: 1.5,
      },
    ],
  };
}

function check(change: (world: World) => void): LabResult {
  const world = honest();
  change(world);
  return checkNeighbourhood(inputOf(world));
}

const failed = (result: LabResult): string[] => result.checks.filter(({ ok }) => !ok).map((each) => each.id);
const facts = (world: World, owner: string, neighbour: string): Facts => world.links[owner]?.[neighbour] ?? {};

describe('the checker', () => {
  it('accepts honest books and tells what they say', () => {
    const result = check(() => undefined);
    assert.deepEqual(failed(result), []);
    assert.equal(result.ok, true);
    assert.deepEqual(result.links[1], {
      a: 'B',
      b: 'C',
      pricePerMb: 10_120,
      bytes: BYTES,
      bytesFromA: BYTES,
      bytesFromB: 0,
      balanceA: 360,
      balanceB: -360,
      writeOffA: 0,
      writeOffB: 0,
      chequesIssued: 3,
      chequesCashed: 1,
      paid: 30_000,
      settledOnChain: 1,
    });
    assert.deepEqual(result.nodes[1], {
      name: 'B',
      address: id('B'),
      earned: 30_360,
      spent: 26_400,
      chainBefore: String(COIN),
      chainAfter: String(COIN + 4_000n * RATIO - GAS),
      gas: String(GAS),
    });
    assert.deepEqual(result.transfer, { bytes: BYTES, sha256: 'aa', ok: true, seconds: 1.5 });
    assert.equal(result.conservation, 0);
    assert.deepEqual([result.schema, result.scenario, result.seed], [1, 'test', 7]);
    assert.doesNotThrow(() => JSON.stringify(result));
  });

  it('accepts a difference that a write-off shows', () => {
    const result = check((world) => {
      // A charged 400 more than arrived, and credited it back.
      Object.assign(facts(world, 'A', 'B'), { provided: 26_800, correction: -400 });
    });
    assert.deepEqual(
      failed(result).filter((each) => !each.endsWith('.price')),
      [],
    );
    assert.equal(result.links[0]?.writeOffA, -400);
    assert.equal(result.conservation, 0);
  });

  const wrong: readonly [string, (world: World) => void, readonly string[]][] = [
    ['a file with another hash', (w) => void (w.sha256 = 'bb'), ['transfer.C.sha256']],
    ['a file cut short', (w) => void (w.bytes = 5), ['transfer.C.bytes']],
    [
      'a seller that charged one unit too much',
      (w) => void (facts(w, 'B', 'C').provided = 30_361),
      ['link.B-C.agree', 'link.B-C.BC.service', 'link.B-C.price', 'conservation'],
    ],
    [
      'bytes that got lost in the books',
      (w) => void (facts(w, 'C', 'B').consumedBytes = BYTES - 1),
      ['link.B-C.BC.bytes'],
    ],
    [
      'a payment credited twice',
      (w) => void (facts(w, 'A', 'B').received = 52_000),
      ['link.A-B.agree', 'link.A-B.BA.payments', 'link.A-B.BA.held', 'conservation'],
    ],
    [
      'a price without the profit',
      (w) => {
        facts(w, 'B', 'C').provided = 26_400;
        facts(w, 'C', 'B').consumed = 26_400;
      },
      ['link.B-C.price'],
    ],
    [
      'a price that is no whole number of units',
      (w) => {
        Object.assign(facts(w, 'B', 'C'), { remainder: 1 });
      },
      ['link.B-C.price'],
    ],
    [
      'cheques worth less than what was booked as paid',
      (w) => {
        w.cumulative['CB'] = 29_999n * RATIO;
        w.cashed['CB'] = 29_999n * RATIO;
        w.after['B'] = (w.after['B'] ?? 0n) - RATIO;
        w.after['C'] = (w.after['C'] ?? 0n) + RATIO;
      },
      ['link.B-C.CB.signed', 'link.B-C.CB.held'],
    ],
    [
      'a cheque that was never cashed',
      (w) => {
        w.cashed['BA'] = 0n;
        w.cashings['BA'] = 0;
        w.after['A'] = COIN - GAS;
        w.after['B'] = COIN + 30_000n * RATIO - GAS;
      },
      ['link.A-B.BA.uncashed', 'link.A-B.cashed'],
    ],
    [
      'coin from nowhere',
      (w) => void (w.after['A'] = (w.after['A'] ?? 0n) + 1n),
      ['node.A.coin', 'chain.conservation'],
    ],
    [
      'coin in the wrong hands',
      (w) => {
        w.after['A'] = (w.after['A'] ?? 0n) + 5n;
        w.after['B'] = (w.after['B'] ?? 0n) - 5n;
      },
      ['node.A.coin', 'node.B.coin'],
    ],
    ['a node that crashed', (w) => void (w.exit['B'] = 70), ['node.B.exit']],
    ['a node that had to be killed', (w) => void (w.exit['B'] = undefined), ['node.B.exit']],
    ['a lease left open', (w) => void (facts(w, 'C', 'B').lease = 9), ['node.C.lease']],
    ['a counter that its history does not explain', (w) => void (facts(w, 'C', 'B').untold = 1), ['node.C.history']],
    ['the store of someone else', (w) => void (w.owner['C'] = id('D')), ['node.C.store']],
    [
      'two blank pages that agree',
      (w) => {
        delete w.links['B']?.['C'];
        delete w.links['C']?.['B'];
        Object.assign(w.after, { B: COIN - 26_000n * RATIO - GAS, C: COIN - GAS });
      },
      ['link.B-C.ends', 'link.B-C.cashed'],
    ],
  ];
  for (const [title, change, ids] of wrong) {
    it(`sees ${title}`, () => {
      const result = check(change);
      assert.deepEqual(failed(result), ids);
      assert.equal(result.ok, false);
    });
  }

  it('takes transfers and closed channels for payments in place of cheques', () => {
    const world = { ...honest(), cumulative: {}, cashed: {}, cashings: {} };
    const byB = { from: id('B'), to: id('A'), wei: 26_000n * RATIO };
    const byC = { from: id('C'), to: id('B'), wei: 30_000n * RATIO };
    const judge = (payments: CheckInput['payments']) =>
      checkNeighbourhood({ ...inputOf(world), settlement: 'channel', payments });
    const result = judge([byB, byC]);
    assert.deepEqual(failed(result), []);
    assert.deepEqual([result.settlement, result.links.map((each) => each.settledOnChain)], ['channel', [1, 1]]);
    assert.deepEqual(failed(judge([byB])), [
      ...['link.B-C.CB.transferred', 'link.B-C.transfers', 'node.B.coin', 'node.C.coin'],
    ]);
    const less = { ...byC, wei: byC.wei - 1n };
    assert.deepEqual(failed(judge([byB, less])), ['link.B-C.CB.transferred', 'node.B.coin', 'node.C.coin']);
  });

  it('wants barter at the lower ask, within dropAt and without payments', () => {
    const judge = (at: { asked?: number; ahead?: number; paid?: number }): string[] => {
      const { asked = 8_800, ahead = 0, paid = 0 } = at;
      const served = 3 * asked;
      const a = { provided: served + ahead, consumed: served, providedBytes: BYTES, consumedBytes: BYTES };
      const b = { provided: served, consumed: served + ahead, providedBytes: BYTES, consumedBytes: BYTES };
      const links = { A: { B: { ...a, received: paid } }, B: { A: { ...b, paid } } };
      const input = inputOf({ ...honest(), cumulative: {}, cashed: {}, cashings: {}, links });
      const nodes = input.nodes.slice(0, 2).map((node) => ({ ...node, chainAfter: COIN - GAS, buysFrom: undefined }));
      const [north, south] = nodes.map((node, at) => ({
        ...node,
        uplinkPricePerMb: [8_000, 9_000][at],
        profitBp: 1_000,
      }));
      if (north === undefined || south === undefined) assert.fail();
      const barter = { a: 'A', b: 'B', paying: false, barterDropAtMb: 4 };
      const both = { ...input, nodes: [north, south], links: [barter], transfers: [], payments: [] };
      return failed(checkNeighbourhood({ ...both, settlement: 'barter' }));
    };
    assert.deepEqual(judge({}), []);
    assert.deepEqual(judge({ asked: 9_900 }), ['link.A-B.A.barterPrice', 'link.A-B.B.barterPrice']);
    assert.deepEqual(judge({ ahead: 35_201 }), ['link.A-B.A.barterPrice', 'link.A-B.A.apart']);
    assert.ok(judge({ paid: 1 }).includes('link.A-B.B.paid'));
  });

  it('takes a store that is not there, or not a store, for a failed check', () => {
    assert.ok(failed(check((world) => world.missing.push('A'))).includes('node.A.store'));
    const input = inputOf(honest());
    const broken = join(folder, 'broken.db');
    writeFileSync(broken, 'not a database at all');
    const nodes = input.nodes.map((node) => (node.name === 'C' ? { ...node, store: broken } : node));
    const result = checkNeighbourhood({ ...input, nodes });
    assert.ok(failed(result).includes('node.C.store'));
    assert.equal(result.ok, false);
  });

  it('keeps amounts beyond 2⁵³ as decimal strings', () => {
    const result = check((world) => void (world.after['A'] = 2n ** 70n));
    const found = result.checks.find((each) => each.id === 'chain.conservation');
    assert.equal(typeof found?.actual, 'string');
  });

  it('shares no code with the node', () => {
    const seen = new Set<string>();
    const waiting = ['check.ts'];
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      seen.add(file);
      const source = readFileSync(new URL(file, import.meta.url), 'utf8');
      for (const [, from = ''] of source.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)) {
        assert.match(from, /^(?:node:[a-z/]+|\.\/check[a-z-]*\.ts)$/, `${file} imports ${from}`);
        if (from.startsWith('./') && !seen.has(from.slice(2))) waiting.push(from.slice(2));
      }
    }
    assert.deepEqual([...seen].sort(), ['check-books.ts', 'check.ts']);
  });
});
