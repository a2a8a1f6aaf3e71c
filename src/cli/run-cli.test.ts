import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { renderMetricsManual } from '../api/metrics.ts';
import { startApi } from '../api/server.ts';
import { isInsecureKeystore, openKeystore } from '../chain/keystore.ts';
import { createSigner } from '../chain/signer.ts';
import { NO_PAYMENTS } from '../core/credit/payment-history.ts';
import { WayleaveError } from '../core/errors.ts';
import { attest } from '../node/attestation.ts';
import { loadConfig } from '../node/load-config.ts';
import type { NodeStatus, WayleaveNode } from '../node/node.ts';
import { openSqliteStore } from '../store/sqlite-store.ts';
import { renderCommandManual } from './command-manual.ts';
import { COMMANDS } from './commands.ts';
import { runCli } from './run-cli.ts';
import type { Terminal } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'wayleave-cli-'));
after(() => rmSync(folder, { recursive: true }));

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in this process, as if in `folder`. `typed` are the lines someone types at a terminal. */
async function run(
  line: string,
  options: { env?: Record<string, string>; typed?: readonly string[] } = {},
): Promise<Outcome> {
  const typed = [...(options.typed ?? [])];
  const input: Terminal['input'] = Object.assign(new PassThrough(), { isTTY: options.typed !== undefined });
  const texts = { out: '', err: '' };
  const terminal: Terminal = {
    out: (text) => void (texts.out += text),
    err: (text) => {
      texts.err += text;
      const next = text.endsWith(': ') ? typed.shift() : undefined;
      if (next !== undefined) (input as PassThrough).write(next);
    },
    isTty: false,
    input,
    env: options.env ?? {},
    folder,
  };
  const code = await runCli(line.split(' '), terminal);
  return { code, ...texts };
}

/** The code that an outcome reports, in both of its forms. */
async function refused(line: string, code: string, exit = 1, env: Record<string, string> = {}): Promise<void> {
  const plain = await run(line, { env });
  assert.deepEqual([plain.code, plain.out], [exit, ''], line);
  assert.match(plain.err, new RegExp(`^error ${code}: .+\\ntry: .+\\n$`));
  const json = await run(`${line} --json`, { env });
  const told = JSON.parse(json.err) as { ok: boolean; code: string; remedy: string };
  assert.deepEqual([json.code, told.ok, told.code, typeof told.remedy], [exit, false, code, 'string']);
}

describe('the command line', () => {
  it('explains itself and every command', async () => {
    const all = await run('--help');
    for (const { name, summary } of COMMANDS) {
      assert.ok(all.out.includes(summary), name);
      if (name === 'lab') continue;
      const asked = await run(`${name} --help`);
      const told = await run(`help ${name}`);
      assert.deepEqual([asked.code, told.code], [0, 0]);
      for (const text of [asked.out, told.out]) assert.match(text, new RegExp(`^Usage: wayleave ${name}`));
      // A group of commands: each of them has its own.
      if (name !== 'sim') assert.match(asked.out, /--json/);
    }
    assert.match((await run('--version')).out, /^\d+\.\d+\.\d+\n$/);
  });

  it('refuses what it does not know, with exit code 2', async () => {
    const amounts = ['', '-5', '1.5', '1e3', '0x10', '9007199254740993'].map((amount) => `pay --ahead ${amount}`);
    for (const line of ['statu', 'status --nope', 'backup', 'restore', 'help nothing', '--nope', ...amounts]) {
      await refused(line, 'USAGE', 2);
    }
  });

  it('prints the manual that stands in docs/', async () => {
    const doc = (name: string): string => readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8');
    assert.equal(doc('commands'), await renderCommandManual());
    assert.equal(doc('metrics'), renderMetricsManual());
    assert.equal((await run('help commands')).out, doc('commands'));
  });
});

describe('wayleave init', () => {
  it('makes an encrypted key and a configuration that is accepted', async () => {
    const { code, out } = await run('init one --json --uplink --neighbour 10.0.0.1:7847', {
      env: { WAYLEAVE_PASSWORD: 'pw' },
    });
    assert.equal(code, 0);
    const { id, key, config } = JSON.parse(out) as { id: string; key: string; config: string };
    const loaded = loadConfig(config);
    assert.deepEqual(
      [loaded.name, loaded.transit.nextHop, loaded.neighbours[0]?.address, loaded.key.file],
      ['one', 'uplink', { host: '10.0.0.1', port: 7847 }, key],
    );
    assert.equal((await openKeystore({ path: key, password: 'pw' })).id, id);
    for (const file of [key, config]) assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it('never overwrites', async () => {
    await run('init two --insecure-plain-key');
    const before = readFileSync(join(folder, 'two/key.json'), 'utf8');
    await refused('init two --insecure-plain-key', 'INIT_EXISTS');
    rmSync(join(folder, 'two/wayleave.toml'));
    await refused('init two --insecure-plain-key', 'KEYSTORE_EXISTS');
    assert.equal(readFileSync(join(folder, 'two/key.json'), 'utf8'), before);
    assert.equal(await isInsecureKeystore(join(folder, 'two/key.json')), true);
  });

  it('makes nothing when something is wrong', async () => {
    const env = { WAYLEAVE_PASSWORD: 'pw' };
    await refused('init three', 'KEYSTORE_PASSWORD_MISSING');
    await refused('init three --password-file nowhere', 'KEYSTORE_FAILED');
    await refused('init three --neighbour nowhere', 'USAGE', 2, env);
    await refused('init three --name !', 'USAGE', 2, env);
    assert.ok(!readdirSync(folder).includes('three'));
  });

  it('asks twice for the password, unseen, and takes back what was rubbed out', async () => {
    const differ = await run('init four', { typed: ['one\r', 'two\r'] });
    assert.match(differ.err, /error PASSWORDS_DIFFER/);
    const given = await run('init four', { typed: ['px\u007fw\r', 'pw\r'] });
    assert.equal(given.code, 0);
    assert.ok(!given.err.includes('pw') && !given.out.includes('pw'));
    await openKeystore({ path: join(folder, 'four/key.json'), password: 'pw' });
    assert.match((await run('init five', { typed: ['\u0003'] })).err, /error KEYSTORE_PASSWORD_MISSING/);
  });
});

describe('commands that need no running node', () => {
  it('say when there is none', async () => {
    await run('init six --insecure-plain-key');
    for (const line of ['status', 'proxy', 'status -c six', 'proxy -c six', 'status --url http://127.0.0.1:1']) {
      await refused(line, 'API_UNREACHABLE');
    }
    await refused('pay A', 'API_UNREACHABLE');
    await refused('history --sign -c six', 'USAGE', 2);
    await refused('up', 'CONFIG_NOT_FOUND');
    await refused('backup copy', 'CONFIG_NOT_FOUND');
    await refused('backup copy -c six', 'BACKUP_EMPTY');
    await refused('restore nowhere', 'BACKUP_MISSING');
  });

  it('say what is wrong with the configuration or the key before anything is opened', async () => {
    await run('init seven --insecure-plain-key');
    const file = join(folder, 'seven/wayleave.toml');
    const good = readFileSync(file, 'utf8');
    writeFileSync(file, good.replace('insecure_plain = true', 'insecure_plain = false'));
    await refused('up -c seven', 'KEYSTORE_INSECURE');
    writeFileSync(file, good.replace('insecure_plain', 'insecure_plane'));
    await refused('up -c seven', 'CONFIG_UNKNOWN_KEY');
    writeFileSync(file, good);
    rmSync(join(folder, 'seven/key.json'));
    await refused('up -c seven', 'KEYSTORE_MISSING');
    assert.deepEqual(readdirSync(join(folder, 'seven')), ['wayleave.toml']);
  });

  it('back up books, key and configuration, and put them in place under a new epoch', async () => {
    const { id } = JSON.parse((await run('init eight --insecure-plain-key --json')).out) as { id: string };
    const store = await openSqliteStore({ path: join(folder, 'eight/wayleave.db'), nodeId: id });
    await store.commit([{ kind: 'note', name: 'chequebook', text: 'here' }]);
    await refused('backup copy -c eight', 'STORE_IN_USE');
    await store.close();
    assert.equal((await run('backup copy -c eight')).code, 0);
    await refused('backup copy -c eight', 'BACKUP_EXISTS');

    const restored = JSON.parse((await run('restore copy nine --json')).out) as { epoch: number };
    const again = await openSqliteStore({ path: join(folder, 'nine/wayleave.db'), nodeId: id });
    const { epoch, notes } = await again.load();
    await again.close();
    assert.deepEqual([epoch, notes[0]?.text], [restored.epoch, 'here']);
    assert.ok(epoch > 1);
    assert.equal((await openKeystore({ path: join(folder, 'nine/key.json'), insecure: true })).id, id);

    await refused('restore copy nine', 'STORE_EXISTS');
    assert.equal((await run('restore copy nine --replace')).code, 0);
    await run('init ten --insecure-plain-key');
    await refused('restore copy ten', 'BACKUP_OTHER_KEY');
  });

  it('begin with empty books where those of a node are lost, and never where there are some', async () => {
    const { id } = JSON.parse((await run('init eleven --insecure-plain-key --json')).out) as { id: string };
    const begun = JSON.parse((await run('restore --lost eleven --json')).out) as { epoch: number };
    const path = join(folder, 'eleven/wayleave.db');
    const store = await openSqliteStore({ path, nodeId: id });
    assert.equal((await store.load()).epoch, begun.epoch);
    assert.ok(begun.epoch > 1_700_000_000, 'above any that was counted up');
    await store.commit([{ kind: 'note', name: 'chequebook', text: 'here' }]);
    await store.close();
    await refused('restore --lost eleven', 'STORE_NOT_EMPTY');

    const open = await openSqliteStore({ path, nodeId: id });
    await refused('restore --lost --replace eleven', 'STORE_IN_USE');
    await open.close();
    const anew = JSON.parse((await run('restore --lost --replace eleven --json')).out) as Record<string, string>;
    assert.ok(Number(anew['epoch']) > begun.epoch, 'neighbours must be able to tell the two apart');
    for (const file of [path, String(anew['replaced'])]) {
      const there = await openSqliteStore({ path: file, nodeId: id });
      assert.equal((await there.load()).notes[0]?.text, file === path ? undefined : 'here');
      await there.close();
    }
  });
});

describe('commands that talk to a running node', () => {
  const neighbour = `0x${'cd'.repeat(20)}`;
  const service = {
    askPerMb: 1100,
    theirAskPerMb: 900,
    provided: 5,
    consumed: 3,
    providedBytes: 2_500_000,
    consumedBytes: 0,
  };
  const idle = { ...service, providedBytes: 0 };
  const { dueSinceMs: _, ...paid } = NO_PAYMENTS;
  const figures = { payments: 12, late: 2, lateMs: 150_000, worstMs: 95_000 };
  const history = { ...paid, ...figures, honoured: 6_000, kept: 900, overdueMs: 7_000, compliant: true };
  const status: NodeStatus = {
    schema: 1,
    id: `0x${'ab'.repeat(20)}`,
    name: 'alice',
    mode: 'enforce',
    uptimeMs: 3_600_000,
    listen: '0.0.0.0:7847',
    socks: '127.0.0.1:1080',
    httpProxy: '127.0.0.1:1080',
    chequebook: undefined,
    costPerMb: 1000,
    askPerMb: 1100,
    paymentsPaused: false,
    streams: 0,
    links: [
      {
        neighbour,
        name: undefined,
        connected: true,
        state: 'choked',
        balance: -4321,
        writeOff: 7,
        writeOffLeft: 5,
        fadesPerDay: 40,
        reserved: 0,
        payAt: 1000,
        dropAt: 4000,
        theirPayAt: 1234,
        theirDropAt: 5678,
        uncashed: 0,
        riskAt: 9,
        pending: 0,
        paid: 0,
        received: 0,
        paymentsSent: 0,
        paymentsReceived: 0,
        services: { transit: service, chunks: idle, packets: idle },
        credit: { newcomer: 40_000, earned: 0, kept: 0, why: 'newcomer', history },
        statements: { mine: 3, theirs: 2, agreed: 2, gapUnits: 0, disputed: false },
        roundTripMs: undefined,
        paymentsPaused: false,
        lastFault: 'CHEQUEBOOK_EMPTY',
      },
    ],
  };
  const planned = {
    ...{ neighbour: status.id, chequebook: `0x${'b0'.repeat(20)}`, cash: false, because: 'wait' as const },
    ...{ uncashedUnits: 5_000, cashableUnits: 4_000, riskPermille: 50, atRiskUnits: 200, gasUnits: 900 },
    profitUnits: 3_100,
  };
  const signer = createSigner(new Uint8Array(32).fill(4));
  const ordered: unknown[] = [];
  const cheques: WayleaveNode['cheques'] = {
    cashPlan: async () => ({ gasPriceWei: 7n, entries: [planned] }),
    chequebooks: async () => [
      {
        ...{ address: planned.chequebook, current: true, balanceWei: 900n, paidOutWei: 100n, promisedWei: 300n },
        ...{ reservedWei: 50n, freeWei: 650n, withdrawalWei: 50n, withdrawableAtS: 99 },
      },
    ],
    order: async (order, chequebook) => {
      ordered.push([order, chequebook]);
      return { chequebook: planned.chequebook, transaction: { hash: '0xabc', gasWei: 1n } };
    },
  };
  const node: WayleaveNode = {
    id: status.id,
    name: status.name,
    status: () => status,
    subscribe: () => () => {},
    settle: () => {},
    pausePayments: () => {},
    ledger: () => Promise.reject(new WayleaveError('LEDGER_NO_ACCOUNT')),
    attest: () => attest(status.links[0], { signer, chainId: 1, weiPerUnit: 10n, atMs: 1_000 }),
    cashAll: async () => [],
    cheques,
    stop: async () => {},
  };
  let stop: () => Promise<void>;
  const copies: string[] = [];
  before(async () => {
    await run('init live --insecure-plain-key');
    const backup = async (path: string): Promise<void> => {
      copies.push(path);
      writeFileSync(path, 'books');
    };
    const api = await startApi({
      node,
      host: '127.0.0.1',
      port: 0,
      tokenFile: join(folder, 'live/api.json'),
      actions: { backup },
    });
    stop = () => api.close();
  });
  after(() => stop());

  it('status shows each link with the limits that count now, or gives the raw status', async () => {
    const { code, out } = await run('status -c live');
    assert.equal(code, 0);
    for (const text of ['alice', '0xcdcd', 'choked', '2.5', '-4,321', '1,234', '5,678', '7 written off', 'deposit']) {
      assert.ok(out.includes(text), text);
    }
    assert.ok(!out.includes('\u001b'), 'no colour where nobody looks');
    assert.deepEqual(JSON.parse((await run('status -c live --json')).out), JSON.parse(JSON.stringify(status)));
  });

  it('history shows how neighbours paid, and one that was signed is told from one that was not', async () => {
    const { code, out } = await run('history -c live');
    assert.equal(code, 0);
    for (const text of ['6,000', '95 s', 'compliant', 'due for 7 s']) assert.ok(out.includes(text), text);
    const signed = JSON.parse((await run('history 0xcd -c live --sign')).out);
    const file = join(folder, 'signed.json');
    writeFileSync(file, JSON.stringify(signed));
    const shown = await run('history --verify signed.json --json'.replace('signed.json', file));
    assert.deepEqual([shown.code, JSON.parse(shown.out).history], [0, history]);
    for (const text of [{ ...signed, text: signed.text.replace('6000', '9000') }, { ...signed, signer: 'me' }, 'x']) {
      writeFileSync(file, JSON.stringify(text));
      await refused(`history --verify ${file}`, 'HISTORY_FORGED');
    }
    await refused('history eve -c live', 'LEDGER_NO_ACCOUNT');
    await refused('pay eve -c live', 'LEDGER_NO_ACCOUNT');
    await refused('history --verify nothing', 'FILE_UNREADABLE');
  });

  it('cash hands in cheques, or shows what that would bring', async () => {
    assert.deepEqual(JSON.parse((await run('cash -c live --json')).out), { ok: true, cashed: 0, cheques: [] });
    const { out } = await run('cash -c live --dry-run');
    for (const text of ['5,000', '4,000', '3,100', 'wait', '7 wei']) assert.ok(out.includes(text), text);
    const plan = JSON.parse((await run('cash -c live --dry-run --json')).out) as object;
    assert.deepEqual(plan, { ok: true, gasPriceWei: '7', cheques: [planned] });
  });

  it('chequebook shows what it holds, and does what it is told', async () => {
    const { out } = await run('chequebook -c live');
    for (const text of [planned.chequebook, '900', '100', '300', '650', '50 is announced'])
      assert.ok(out.includes(text), text);
    assert.match((await run('chequebook announce 70 -c live')).out, /0xabc/);
    await run(`chequebook reserve 5 --for ${status.id} --chequebook ${planned.chequebook} -c live`);
    assert.match((await run('chequebook withdraw --json -c live')).out, /"chequebook":"0xb0.*"transaction":"0xabc"/);
    assert.deepEqual(ordered, [
      [{ kind: 'announceWithdrawal', wei: 70n }, undefined],
      [{ kind: 'reserve', wei: 5n, beneficiary: status.id }, planned.chequebook],
      [{ kind: 'withdraw' }, undefined],
    ]);
    for (const wrong of ['chequebook deposit', 'chequebook release', 'chequebook deposit x', 'chequebook burn'])
      assert.notEqual((await run(`${wrong} -c live`)).code, 0, wrong);
  });

  it('proxy shows how to use it', async () => {
    assert.match((await run('proxy -c live')).out, /curl --socks5-hostname 127\.0\.0\.1:1080 /);
    await refused('proxy -c live --test ftp://a', 'URL_INVALID');
  });

  it('backup goes through the node', async () => {
    const { code, out } = await run('backup taken -c live --json');
    assert.deepEqual([code, (JSON.parse(out) as { live: boolean }).live], [0, true]);
    assert.deepEqual(copies, [join(folder, 'taken/wayleave.db')]);
    assert.deepEqual(readdirSync(join(folder, 'taken')).sort(), ['key.json', 'wayleave.db', 'wayleave.toml']);
  });

  it("hand on the node's own refusal", async () => {
    writeFileSync(
      join(folder, 'live/api.json'),
      readFileSync(join(folder, 'live/api.json'), 'utf8').replace(/"token":"../, '"token":"zz'),
    );
    await refused('backup other -c live', 'API_TOKEN_WRONG');
    assert.ok(!readdirSync(folder).includes('other'), 'half a backup is not left behind');
  });
});
