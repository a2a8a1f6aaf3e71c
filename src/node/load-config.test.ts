import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { codeOf, WayleaveError } from '../core/errors.ts';
import type { NodeConfig } from './config.ts';
import { renderConfigFile, renderConfigManual } from './config-text.ts';
import { loadConfig, parseConfig } from './load-config.ts';

const FILE = '/etc/wayleave/wayleave.toml';
const ID = `0x${'ab'.repeat(20)}`;

function refusal(text: string): WayleaveError {
  try {
    parseConfig(text, FILE);
  } catch (error) {
    assert.ok(error instanceof WayleaveError, String(error));
    return error;
  }
  return assert.fail(`accepted: ${text}`);
}

describe('a configuration that is accepted', () => {
  it('may be empty: every key has a sensible value', () => {
    const config = parseConfig('', FILE);
    assert.equal(config.mode, 'enforce');
    assert.deepEqual(config.listen, { host: '0.0.0.0', port: 7847 });
    assert.equal(config.settlement.weiPerUnit, 10n ** 10n);
    assert.deepEqual(config.neighbours, []);
  });

  const cases: readonly [string, string, (config: NodeConfig) => unknown, unknown][] = [
    [
      'relative paths start at the file',
      '[store]\npath = "books/a.db"',
      (c) => c.store.path,
      '/etc/wayleave/books/a.db',
    ],
    [
      'a server for the books',
      '[store]\nurl = "postgres://me:secret@db.example/wayleave?schema=acme"',
      (c) => [c.store.url, c.store.journalWindowMs],
      ['postgres://me:secret@db.example/wayleave?schema=acme', 50],
    ],
    ['the same in short', 'store = "postgres://db/w"', (c) => c.store.url, 'postgres://db/w'],
    ['absolute paths stay', '[key]\nfile = "/k.json"', (c) => c.key.file, '/k.json'],
    [
      'wei above a TOML integer, in quotes',
      '[settlement]\ndeposit_wei = "20000000000000000000"',
      (c) => c.settlement.depositWei,
      2n * 10n ** 19n,
    ],
    [
      'wei as a large integer',
      '[settlement]\ndeposit_wei = 9007199254740993',
      (c) => c.settlement.depositWei,
      9007199254740993n,
    ],
    ['an id in capitals is lowered', `[[neighbour]]\nid = "0x${'AB'.repeat(20)}"`, (c) => c.neighbours[0]?.id, ID],
    [
      'an IPv4 address',
      '[[neighbour]]\naddress = "10.0.0.1:7847"',
      (c) => c.neighbours[0]?.address,
      { host: '10.0.0.1', port: 7847 },
    ],
    [
      'an IPv6 address',
      '[[neighbour]]\naddress = "[fe80::1]:1"',
      (c) => c.neighbours[0]?.address,
      { host: 'fe80::1', port: 1 },
    ],
    [
      'a named next hop',
      '[transit]\nnext_hop = "bob"\n[[neighbour]]\nname = "bob"\naddress = "b:1"',
      (c) => c.transit.nextHop,
      'bob',
    ],
    ['auto is the uplink where there is one', '[transit]\nuplink = true', (c) => c.transit.nextHop, 'uplink'],
    [
      'egress exceptions',
      '[transit]\nallow = ["127.0.0.1:80", "10.0.0.0/8", "[::1]:80", "intranet.example:80"]',
      (c) => c.transit.allow.length,
      4,
    ],
    ['dotted keys', 'listen.port = 0', (c) => c.listen.port, 0],
  ];
  for (const [title, text, pick, expected] of cases) {
    it(title, () => assert.deepEqual(pick(parseConfig(text, FILE)), expected));
  }

  it('fills a chequebook with at least what a neighbour may hold of its cheques, at any price this node pays', () => {
    const { credit, settlement, transit } = parseConfig('', FILE);
    const held = BigInt(credit.riskAtMb * transit.maxPricePerMb) * settlement.weiPerUnit;
    assert.ok(settlement.depositWei >= held, String(held));
  });

  it('is frozen all through', () => {
    const config = parseConfig('[[neighbour]]\naddress = "a:1"', FILE);
    assert.throws(() => Object.assign(config.transit, { sell: false }), TypeError);
    assert.throws(() => Object.assign(config.neighbours[0] ?? {}, { free: true }), TypeError);
  });
});

describe('a configuration that is refused', () => {
  const unknown: readonly [string, number, string, string | undefined][] = [
    ['nmae = "a"', 1, 'nmae', 'name'],
    ['\n[transit]\n# a comment\nmax_prize_per_mb = 1', 4, 'transit.max_prize_per_mb', 'transit.max_price_per_mb'],
    ['[transitt]\nsell = true', 1, 'transitt', 'transit'],
    ['[api]\nmdns = true', 2, 'api.mdns', 'discovery.mdns'],
    ['[[neighbour]]\naddress = "a:1"\n\n[[neighbour]]\nadress = "b:1"', 5, 'neighbour[1].adress', 'neighbour.address'],
    ['neighbour = [{ adress = "b:1" }]', 1, 'neighbour[0].adress', 'neighbour.address'],
    ['[listen]\nhost = """\nport = 1\n"""\nprot = 1', 2, 'listen.host', undefined],
    ['[transit]\nallow = [\n  "1.1.1.1", # [\n]\nsel = true', 5, 'transit.sel', 'transit.sell'],
    ['[proxy]\nusername = """a # "b" [ """ # [\npassword = "\\"["\nprot = 1', 4, 'proxy.prot', 'proxy.port'],
    ['zzzzzzzz = 1', 1, 'zzzzzzzz', undefined],
  ];
  for (const [text, line, key, nearest] of unknown) {
    it(`names key, line and the nearest known key: ${JSON.stringify(text)}`, () => {
      const error = refusal(text);
      assert.deepEqual(
        { line: error.details['line'], key: error.details['key'], nearest: error.details['nearest'] },
        { line, key, nearest },
      );
      assert.equal(error.code, key === 'listen.host' ? 'CONFIG_INVALID' : 'CONFIG_UNKNOWN_KEY');
    });
  }

  const invalid: readonly [string, number, string][] = [
    ['name = "no spaces please"', 1, 'name'],
    ['mode = "enforced"', 1, 'mode'],
    ['listen = 3', 1, 'listen'],
    ['[listen]\nport = 65536', 2, 'listen.port'],
    ['[listen]\nport = "80"', 2, 'listen.port'],
    ['[listen]\nport = 80.5', 2, 'listen.port'],
    ['[api]\nhost = "0.0.0.0"', 2, 'api.host'],
    ['[transit]\nmax_price_per_mb = 2147483649', 2, 'transit.max_price_per_mb'],
    ['[transit]\nmax_price_per_mb = 99999999999999999999', 2, 'transit.max_price_per_mb'],
    ['[transit]\nallow = ["10.0.0.0/33"]', 2, 'transit.allow'],
    ['[transit]\nallow = ["two words"]', 2, 'transit.allow'],
    ['[transit]\nnext_hop = "nobody"', 2, 'transit.next_hop'],
    ['[[neighbour]]\naddress = "a:1"\nreaches = ["10.0.0.0/33"]', 3, 'neighbour[0].reaches'],
    ['[transit]\nnext_hop = "uplink"', 2, 'transit.next_hop'],
    ['[transit]\nuplink = true\nnext_hop = "none"', 3, 'transit.next_hop'],
    ['[credit]\n\npay_at_mb = 5', 3, 'credit.pay_at_mb'],
    ['[credit]\npay_at_units = 5\ndrop_at_units = 5', 2, 'credit.pay_at_units'],
    ['[settlement]\nenabled = true', 1, 'settlement.rpc'],
    ['[settlement]\nenabled = true\nrpc = "http://127.0.0.1:8545"', 1, 'settlement.factory'],
    ['[settlement]\nrpc = "ftp://a"', 2, 'settlement.rpc'],
    ['[settlement]\nwei_per_unit = 0', 2, 'settlement.wei_per_unit'],
    ['[settlement]\ntoken = "USDC"', 2, 'settlement.token'],
    ['[settlement]\nenabled = true\nrpc = "http://a"\nper_coin = 5', 4, 'settlement.per_coin'],
    ['[settlement]\ndeposit_wei = -1', 2, 'settlement.deposit_wei'],
    ['[store]\nurl = "mysql://a/b"', 2, 'store.url'],
    ['[store]\nurl = "postgres://a/b?schema=Big"', 2, 'store.url'],
    ['name = "a"\nstore = "/var/books"', 2, 'store.url'],
    ['[proxy]\nhost = "0.0.0.0"', 2, 'proxy.host'],
    ['[proxy]\nusername = "a"', 1, 'proxy.password'],
    ['[neighbour]\nid = "a"', 1, 'neighbour'],
    ['[[neighbour]]\nname = "a"', 1, 'neighbour[0]'],
    ['[[neighbour]]\naddress = "host"', 2, 'neighbour[0].address'],
    ['[[neighbour]]\naddress = "host:65536"', 2, 'neighbour[0].address'],
    ['[[neighbour]]\naddress = "a:1"\nname = "auto"', 3, 'neighbour[0].name'],
    ['[[neighbour]]\naddress = "a:1"\nname = "x"\n[[neighbour]]\naddress = "b:1"\nname = "x"', 6, 'neighbour[1].name'],
  ];
  for (const [text, line, key] of invalid) {
    it(`names key, line and what is accepted: ${JSON.stringify(text)}`, () => {
      const error = refusal(text);
      assert.deepEqual(
        { code: error.code, line: error.details['line'], key: error.details['key'] },
        { code: 'CONFIG_INVALID', line, key },
      );
      assert.equal(typeof error.details['accepts'], 'string');
    });
  }

  it('is not TOML', () => {
    const error = refusal('name = "a"\nmode = \n');
    assert.deepEqual({ code: error.code, line: error.details['line'] }, { code: 'CONFIG_SYNTAX', line: 2 });
    for (const text of ['a = 1\na = 2', '__proto__ = 1', `a = ${'['.repeat(50)}${']'.repeat(50)}`]) {
      assert.equal(refusal(text).code, 'CONFIG_SYNTAX', text);
    }
  });

  it('is not there', () => {
    assert.throws(
      () => loadConfig('/nowhere/wayleave.toml'),
      (error) => codeOf(error) === 'CONFIG_NOT_FOUND',
    );
  });

  it('never fails with anything but a code', () => {
    const word = fc.constantFrom(
      'name',
      'transit',
      'neighbour',
      'sell',
      'port',
      'id',
      '"',
      "'",
      '[',
      ']',
      '[[',
      ']]',
      '=',
      '.',
      '{',
      '}',
      '\n',
      '1',
      '#',
      ',',
      '"""',
    );
    const text = fc.oneof(
      fc.array(word, { maxLength: 30 }).map((words) => words.join(' ')),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (each) => {
        try {
          parseConfig(each, FILE);
        } catch (error) {
          assert.ok(codeOf(error)?.startsWith('CONFIG_'), String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the texts made from the table', () => {
  it('the written file is read back as it was meant', () => {
    const text = renderConfigFile({
      values: { name: 'a', 'listen.port': 0, 'transit.allow': ['127.0.0.1:80'] },
      neighbours: [{ name: 'b', address: '127.0.0.1:7001' }],
    });
    const expected = parseConfig(
      'name = "a"\nlisten.port = 0\ntransit.allow = ["127.0.0.1:80"]\n[[neighbour]]\nname="b"\naddress="127.0.0.1:7001"',
      FILE,
    );
    assert.deepEqual(parseConfig(text, FILE), expected);
    assert.deepEqual(parseConfig(renderConfigFile({ values: {} }), FILE), parseConfig('', FILE));
  });

  it('every default is acceptable when written out', () => {
    const written = renderConfigFile({ values: {} })
      .replace(/^# (\w+ = .+)$/gm, '$1')
      .replace(/^# \[\[neighbour[^]*/m, '');
    assert.deepEqual(parseConfig(written, FILE), parseConfig('', FILE));
  });

  it('docs/configuration.md is up to date', () => {
    assert.equal(readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8'), renderConfigManual());
  });
});
