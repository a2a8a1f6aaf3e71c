import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { after, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createDevChain, type DevChain } from '../chain/dev-chain.ts';
import { serveDevChain } from '../chain/dev-chain-server.ts';
import type { NodeStatus } from '../node/node.ts';
import { runCli } from './run-cli.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'wayleave-up-'));
const running: Up[] = [];
after(async () => {
  for (const each of running) if (each.child.exitCode === null) each.child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

type Line = Readonly<Record<string, unknown>>;

/** A node in a process of its own, as `wayleave up` runs it. */
class Up {
  readonly child: ChildProcessWithoutNullStreams;
  readonly lines: Line[] = [];
  readonly #heard = new PassThrough({ objectMode: true }).resume();
  err = '';

  constructor(name: string) {
    this.child = spawn(process.execPath, [MAIN, 'up', '-c', name, '--json'], { cwd: folder, env: {} });
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.err += text;
    });
    createInterface(this.child.stdout).on('line', (line) => {
      this.lines.push(JSON.parse(line) as Line);
      this.#heard.emit('line');
    });
    this.child.on('exit', () => this.#heard.emit('line'));
    running.push(this);
  }

  /** The first line of a kind; undefined when the process ends without it. */
  async line(kind: string): Promise<Line | undefined> {
    for (;;) {
      const found = this.lines.find((line) => line['kind'] === kind);
      if (found !== undefined || this.child.exitCode !== null) return found;
      await once(this.#heard, 'line');
    }
  }

  async exit(): Promise<number | null> {
    if (this.child.exitCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }
}

async function run(line: string): Promise<{ code: number; out: string; err: string }> {
  const texts = { out: '', err: '' };
  const out = (text: string): void => void (texts.out += text);
  const err = (text: string): void => void (texts.err += text);
  const code = await runCli(line.split(' '), { out, err, isTty: false, input: new PassThrough(), env: {}, folder });
  return { code, ...texts };
}

/** A data folder whose ports are free ones, with more lines at the end of its configuration. */
async function init(name: string, options: string, more = ''): Promise<string> {
  const { out } = await run(`init ${name} --insecure-plain-key --json ${options}`.trim());
  const file = join(folder, name, 'wayleave.toml');
  const text = readFileSync(file, 'utf8')
    .replace(/^# (port) = (7847|7848|1080)$/gm, 'port = 0')
    .replace('# mdns = true', 'mdns = false')
    .replace('# allow = []', 'allow = ["127.0.0.1"]');
  writeFileSync(file, text + more);
  return (JSON.parse(out) as { id: string }).id;
}

const listenPort = (up: Line | undefined): number => Number(String(up?.['listen']).split(':').at(-1));

type Sent = { ok: boolean; costUnits: number; packets: { result: string; replies: { value: number }[] }[] };

async function sendPackets(line: string): Promise<Sent> {
  return JSON.parse((await run(`send ${line} --json`)).out) as Sent;
}

/** Value packets by the commands: a price, a request with change, packets received, one refused. */
async function tradePackets(to: string): Promise<void> {
  while ((await run(`send ${to} -c buyer --quote`)).code !== 0) await pause(50);
  assert.match((await run(`send ${to} -c buyer --quote`)).out, /^0 units/);
  assert.equal((await run('serve -c gateway --price 200 --text pong --json')).code, 0);
  const asked = await sendPackets(`${to} -c buyer --value 1000 --replies 1 --receipt --out ${join(folder, 'answer')}`);
  assert.deepEqual([asked.ok, asked.costUnits, asked.packets[0]?.replies[0]?.value], [true, 200, 800]);
  assert.equal(readFileSync(join(folder, 'answer'), 'utf8'), 'pong');
  const tooMuch = await sendPackets(`${to} -c buyer --value 6000`);
  assert.deepEqual([tooMuch.ok, tooMuch.costUnits, tooMuch.packets[0]?.result], [false, 0, 'refused']);

  writeFileSync(join(folder, 'sent'), Buffer.alloc(40_000, 'value'));
  const receiving = new Receiver(`receive -c gateway --count 3 --file ${join(folder, 'got')} --json`);
  await receiving.listens;
  const file = await sendPackets(`${to} -c buyer --value 7 --receipt --file ${join(folder, 'sent')} --budget 21`);
  assert.deepEqual([file.ok, file.costUnits, file.packets.length], [true, 21, 3]);
  assert.equal(await receiving.code, 0);
  assert.deepEqual(
    receiving.out
      .split('\n')
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { value: number }).value),
    [7, 7, 7],
  );
  assert.deepEqual(readFileSync(join(folder, 'got')), readFileSync(join(folder, 'sent')));
  assert.equal((await run('receive -c gateway --count 1 --wait 20')).code, 1, 'none came');
}

/** `wayleave receive`, which says when it listens. */
class Receiver {
  readonly listens: Promise<void>;
  readonly code: Promise<number>;
  out = '';

  constructor(line: string) {
    let listening = (): void => undefined;
    this.listens = new Promise((resolve) => {
      listening = resolve;
    });
    const out = (text: string): void => void (this.out += text);
    const terminal = { out, err: () => listening(), isTty: false, input: new PassThrough(), env: {}, folder };
    this.code = runCli(line.split(' '), terminal);
  }
}

describe('wayleave up', () => {
  it('runs two nodes made by hand, which find each other, serve each other and stop cleanly', async () => {
    const page = createServer((_, response) => response.end('x'.repeat(4321)));
    await once(page.listen(0, '127.0.0.1'), 'listening');
    after(() => page.close().closeAllConnections());

    const buyerId = await init('buyer', '');
    const gatewayId = await init(
      'gateway',
      '--uplink',
      `\n[[neighbour]]\nid = "${buyerId}"\nname = "buyer"\nfree = true\nvalue_at_units = 5000\n`,
    );
    const gateway = new Up('gateway');
    const port = listenPort(await gateway.line('up'));
    assert.ok(port > 0, gateway.err);
    const file = join(folder, 'buyer/wayleave.toml');
    writeFileSync(
      file,
      `${readFileSync(file, 'utf8')}\n[[neighbour]]\nname = "gateway"\naddress = "127.0.0.1:${port}"\n`,
    );
    const buyer = new Up('buyer');
    assert.ok(await buyer.line('terms'), buyer.err);

    const { port: pagePort } = page.address() as AddressInfo;
    const trial = await run(`proxy -c buyer --json --test http://127.0.0.1:${pagePort}/`);
    assert.equal((JSON.parse(trial.out || '{}') as { bytes?: number }).bytes, 4321, trial.err);
    const status = JSON.parse((await run('status -c gateway --json')).out) as NodeStatus;
    assert.deepEqual([status.links[0]?.name, status.links[0]?.connected], ['buyer', true]);
    assert.ok((status.links[0]?.services.transit.providedBytes ?? 0) > 4321, 'the link carried it');

    await tradePackets(gatewayId);
    assert.equal((await run('backup copy -c buyer')).code, 0, 'while it runs');
    for (const { child } of [buyer, gateway]) child.kill('SIGINT');
    assert.deepEqual([await buyer.exit(), await gateway.exit()], [0, 0], buyer.err + gateway.err);
    assert.deepEqual([buyer.err, gateway.err], ['', ''], 'no warnings on screen');
    assert.ok(!existsSync(join(folder, 'buyer/api.json')), 'nobody is told of a node that is gone');
  });

  it('ends with a code when a port or its store is taken, and leaves nothing running', async () => {
    await init('first', '');
    const first = new Up('first');
    const up = await first.line('up');
    const second = new Up('first');
    assert.equal(await second.exit(), 1);
    assert.match(second.err, /"code":"STORE_IN_USE"/);
    await init('third', '');
    for (const [section, taken] of [
      ['listen', listenPort(up)],
      ['proxy', String(up?.['socks']).split(':')[1]],
      ['api', new URL(String(up?.['api'])).port],
    ]) {
      const file = join(folder, 'third/wayleave.toml');
      const text = readFileSync(file, 'utf8');
      writeFileSync(file, text.replace(new RegExp(`(\\[${section}\\][^]*?port = )0`), `$1${taken}`));
      const refused = new Up('third');
      assert.equal(await refused.exit(), 1, String(section));
      assert.match(refused.err, /"code":"PORT_IN_USE"/, String(section));
      writeFileSync(file, text);
    }
    first.child.kill('SIGTERM');
    assert.equal(await first.exit(), 0);
  });

  it('goes on, and stops cleanly, when nobody reads what it says any more', async () => {
    await init('unheard', '');
    const up = new Up('unheard');
    await up.line('up');
    up.child.stdout.destroy();
    await once(up.child.stdout, 'close');
    up.child.kill('SIGTERM');
    assert.equal(await up.exit(), 0, up.err);
    assert.ok(!existsSync(join(folder, 'unheard/api.json')));
  });

  it('says what it waits for when the chain is slow, and goes without when it is told so twice', async () => {
    const id = await init('slow', '');
    const dev = await createDevChain({ chainId: 31_337, funded: new Map([[id, 10n ** 20n]]) });
    let mines = true;
    const slow: DevChain = {
      ...dev,
      // What it is sent meanwhile gets lost.
      request: (method, params) =>
        mines || method !== 'eth_sendRawTransaction'
          ? dev.request(method, params)
          : Promise.resolve({ error: { code: -32_000, message: 'busy' } }),
    };
    const server = await serveDevChain({ chain: slow, port: 0 });
    const file = join(folder, 'slow/wayleave.toml');
    const keys = `enabled = true\nrpc = "${server.url}"\nchain_id = 31337\nfactory = "${dev.factory}"`;
    writeFileSync(file, readFileSync(file, 'utf8').replace('[settlement]', `[settlement]\n${keys}`));
    try {
      const up = new Up('slow');
      await up.line('up');
      const standing = async () =>
        JSON.parse((await run('chequebook -c slow --json')).out) as { chequebooks: unknown[] };
      while ((await standing()).chequebooks.length === 0) await pause(50);
      mines = false;
      const ordered = run('chequebook deposit 1000 -c slow');
      const books = join(folder, 'slow/wayleave.db-wal');
      while (!readFileSync(books, 'latin1').includes(`"purpose":"deposit `)) await pause(20);
      up.child.kill('SIGINT');
      const waiting = await up.line('waiting');
      assert.match(String(waiting?.['msg']), /^Waiting for a transaction to be mined \(0x[0-9a-f]{64}\); once more /);
      up.child.kill('SIGINT');
      assert.equal(await up.exit(), 1);
      assert.equal((await ordered).code, 1);
    } finally {
      await server.close();
      dev.close();
    }
  });
});
