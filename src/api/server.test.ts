import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createSigner } from '../chain/signer.ts';
import { type SignedText, signText } from '../chain/text-signing.ts';
import { codeOf, WayleaveError } from '../core/errors.ts';
import type { LedgerQuery, LinkLedger } from '../node/link-ledger.ts';
import type { LinkStatus, NodeEvent, NodeStatus, WayleaveNode } from '../node/node.ts';
import { MAX_EVENT_LISTENERS } from './event-stream.ts';
import { METRICS } from './metrics.ts';
import { type Api, startApi } from './server.ts';

const ID = `0x${'a1'.repeat(20)}`;
const NEIGHBOUR = `0x${'b2'.repeat(20)}`;
const service = {
  askPerMb: 11,
  theirAskPerMb: undefined,
  provided: 7,
  consumed: 3,
  providedBytes: 7000,
  consumedBytes: 300,
};

const link: LinkStatus = {
  neighbour: NEIGHBOUR,
  name: 'bob',
  connected: true,
  state: 'throttled',
  balance: -12,
  ...{ writeOff: 0, writeOffLeft: 0, fadesPerDay: 0 },
  reserved: 0,
  payAt: 1000,
  dropAt: 4000,
  theirPayAt: 900,
  theirDropAt: 3600,
  uncashed: 5,
  riskAt: 10_000,
  pending: 0,
  paid: 40,
  received: 50,
  ...{ paymentsSent: 4, paymentsReceived: 5 },
  services: { transit: service, chunks: service, packets: service },
  credit: { newcomer: 40_000, earned: 0, kept: 0, why: 'newcomer' },
  statements: { mine: 3, theirs: 2, agreed: 2, gapUnits: 0, disputed: false },
  roundTripMs: 1.5,
  paymentsPaused: false,
  lastFault: undefined,
};

const status: NodeStatus = {
  schema: 1,
  id: ID,
  name: 'alice',
  mode: 'enforce',
  uptimeMs: 2500,
  listen: '127.0.0.1:7847',
  socks: undefined,
  httpProxy: undefined,
  chequebook: undefined,
  costPerMb: 10,
  askPerMb: 11,
  paymentsPaused: false,
  streams: 2,
  links: [link],
};

/** A node whose every call is remembered: its interface is the port of this room. */
class HandMadeNode implements WayleaveNode {
  readonly id = ID;
  readonly name = 'alice';
  readonly calls: unknown[] = [];
  readonly listeners = new Set<(event: NodeEvent) => void>();

  status(): NodeStatus {
    return status;
  }
  subscribe(listener: (event: NodeEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  settle(neighbour?: string): void {
    this.calls.push(['settle', neighbour]);
  }

  pausePayments(paused: boolean, neighbour?: string): void {
    this.calls.push(['pausePayments', paused, neighbour]);
  }
  async ledger(query: LedgerQuery): Promise<LinkLedger> {
    this.calls.push(['ledger', query]);
    throw new WayleaveError('LEDGER_NO_ACCOUNT', { neighbour: query.neighbour });
  }
  attest(neighbour: string): SignedText {
    return signText(createSigner(new Uint8Array(32).fill(3)), neighbour);
  }
  readonly cashAll = async () => [];
  readonly channels = {
    list: () => [],
    close: async () => Promise.reject(new WayleaveError('CHANNEL_UNKNOWN')),
    withdraw: async (_: string, wei = 7n) => ({ wei, hash: '0x1' }),
  };
  async stop(): Promise<void> {}
  emit(event: NodeEvent): void {
    for (const listener of this.listeners) listener(event);
  }
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** `fetch` may not set Host and Origin, so this goes one floor down. */
async function call(
  api: Api,
  path: string,
  options: { method?: string; headers?: object; body?: string } = {},
): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = options;
  const sent = request(new URL(path, api.url), { method, headers: { ...headers }, agent: false });
  sent.end(body);
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
}

describe('the API of a running node', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wayleave-api-'));
  const tokenFile = join(folder, 'data', 'api.json');
  const node = new HandMadeNode();
  const done: string[] = [];
  let api: Api;
  let authorised: { authorization: string };

  before(async () => {
    const backup = async (path: string): Promise<void> => {
      if (path === '/full') throw new WayleaveError('STORE_FULL');
      if (path === '/defect') throw new Error('a secret detail');
      done.push(path);
    };
    api = await startApi({
      node,
      host: '127.0.0.1',
      port: 0,
      tokenFile,
      actions: { backup, stop: () => done.push('stop') },
    });
    authorised = { authorization: `Bearer ${api.token}` };
  });
  after(async () => {
    await api.close();
    assert.throws(() => statSync(tokenFile), { code: 'ENOENT' });
    rmSync(folder, { recursive: true });
  });

  it('shows the status as the node gives it', async () => {
    const answer = await call(api, '/v1/status');
    assert.equal(answer.status, 200);
    assert.deepEqual(JSON.parse(answer.text), JSON.parse(JSON.stringify(status)));
    assert.equal(answer.headers['cache-control'], 'no-store');
  });

  it('leaves url and token to the owner alone', () => {
    assert.equal(statSync(tokenFile).mode & 0o777, 0o600);
    assert.deepEqual(JSON.parse(readFileSync(tokenFile, 'utf8')), { url: api.url, token: api.token, pid: process.pid });
    assert.match(api.token, /^[0-9a-f]{64}$/);
  });

  it('shows every metric for Prometheus, from the status alone', async () => {
    const { text, headers } = await call(api, '/metrics');
    assert.match(String(headers['content-type']), /^text\/plain/);
    for (const { name } of METRICS) assert.ok(text.includes(`# TYPE ${name} `), name);
    const labels = `neighbour="${NEIGHBOUR}",name="bob"`;
    for (const line of [
      'wayleave_uptime_seconds 2.5',
      `wayleave_link_balance_units{${labels}} -12`,
      `wayleave_link_throttled{${labels}} 1`,
      `wayleave_link_choked{${labels}} 0`,
      `wayleave_provided_bytes_total{${labels},service="transit"} 7000`,
    ]) {
      assert.ok(text.split('\n').includes(line), line);
    }
    assert.ok(!text.includes('wayleave_link_their_ask_units_per_mb{'), 'what is not known is left out');
  });

  const hosts: readonly [string, number][] = [
    ['localhost:9', 200],
    ['[::1]', 200],
    ['LOCALHOST', 200],
    ['evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['localhost@evil.example', 400],
    ['10.0.0.1', 403],
  ];
  for (const [host, expected] of hosts) {
    it(`answers ${expected} under the name ${JSON.stringify(host)}`, async () => {
      assert.equal((await call(api, '/v1/status', { headers: { host } })).status, expected);
    });
  }

  it('refuses web pages from elsewhere, other ports of this machine included', async () => {
    const origins = ['http://evil.example', 'null', 'http://127.0.0.1:1', api.url.replace('http:', 'https:')];
    for (const origin of origins) {
      const answer = await call(api, '/v1/status', { headers: { origin } });
      assert.deepEqual([answer.status, JSON.parse(answer.text).code], [403, 'API_ORIGIN_REFUSED'], origin);
    }
    assert.equal((await call(api, '/v1/status', { headers: { origin: api.url } })).status, 200);
  });

  it('changes nothing without the token', async () => {
    const { calls } = node;
    const before = calls.length;
    const orders = 'payments/pause payments/resume cash packets/send packets/receive backup stop no-such-thing';
    for (const path of orders.split(' ')) {
      for (const authorization of [undefined, 'Bearer', 'Bearer wrong', `Basic ${api.token}`, `Bearer ${api.token}0`]) {
        const headers = authorization === undefined ? {} : { authorization };
        const answer = await call(api, `/v1/${path}`, { method: 'POST', headers });
        assert.deepEqual([answer.status, JSON.parse(answer.text).code], [401, 'API_TOKEN_WRONG'], path);
      }
    }
    assert.deepEqual([calls.length, done], [before, []]);
  });

  it('pauses and resumes payments, for one or for all', async () => {
    const post = (path: string, body?: string) =>
      call(api, path, { method: 'POST', headers: authorised, ...(body !== undefined && { body }) });
    assert.equal((await post('/v1/payments/pause')).status, 200);
    assert.equal((await post('/v1/payments/pause', '{}')).status, 200);
    assert.equal(
      (await post('/v1/payments/resume', JSON.stringify({ neighbour: NEIGHBOUR.toUpperCase().replace('X', 'x') })))
        .status,
      200,
    );
    assert.deepEqual(node.calls, [
      ['pausePayments', true, undefined],
      ['pausePayments', true, undefined],
      ['pausePayments', false, NEIGHBOUR],
    ]);
  });

  const bodies: readonly [string, string, number, string][] = [
    ['payments/pause', '{', 400, 'API_BODY_INVALID'],
    ['payments/pause', '[]', 400, 'API_BODY_INVALID'],
    ['payments/pause', 'null', 400, 'API_BODY_INVALID'],
    ['payments/pause', '{"neighbour":"bob"}', 400, 'API_BODY_INVALID'],
    ['payments/pause', '{"neighbor":""}', 400, 'API_BODY_INVALID'],
    ['backup', '{"path":"relative"}', 400, 'API_BODY_INVALID'],
    ['backup', '', 400, 'API_BODY_INVALID'],
    ['backup', '{"path":"/full"}', 409, 'STORE_FULL'],
    ['backup', '{"path":"/defect"}', 500, 'INTERNAL'],
    ['cash', JSON.stringify({ a: 'a'.repeat(20_000) }), 413, 'API_BODY_TOO_LARGE'],
    ['no-such-thing', '', 404, 'API_NOT_FOUND'],
    ['packets/receive', '', 409, 'PACKETS_OFF'],
  ];
  for (const [path, body, expected, code] of bodies) {
    it(`answers ${expected} ${code} to ${path} ${body.slice(0, 40)}`, async () => {
      const answer = await call(api, `/v1/${path}`, { method: 'POST', headers: authorised, body });
      assert.deepEqual([answer.status, JSON.parse(answer.text).code], [expected, code]);
      assert.ok(!answer.text.includes('secret'), 'what a defect says stays in the log');
    });
  }

  it('a ledger is asked for by link and time', async () => {
    const id = `0x${'ab'.repeat(20)}`;
    for (const query of ['', '?link=bob', `?link=${id}&since=-1`, `?link=${id}&until=x`]) {
      const { status: code, text } = await call(api, `/v1/ledger${query}`);
      assert.deepEqual([code, JSON.parse(text).code], [400, 'API_BODY_INVALID'], query);
    }
    node.calls.length = 0;
    const loud = id.toUpperCase().replace('X', 'x');
    assert.equal((await call(api, `/v1/ledger?link=${loud}&since=5&until=9`)).status, 404);
    assert.deepEqual(node.calls, [['ledger', { neighbour: id, sinceMs: 5, untilMs: 9 }]]);
  });

  it('takes a body of unannounced length, up to the same limit, and none at all', async () => {
    const raw = async (rest: string): Promise<string> => {
      const socket = connect({ host: '127.0.0.1', port: Number(new URL(api.url).port) });
      const head = `POST /v1/cash HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer ${api.token}\r\n`;
      socket.on('error', () => {});
      socket.write(head + rest);
      let text = '';
      for await (const chunk of socket.setEncoding('utf8')) text += chunk;
      return text.split(' ')[1] ?? '';
    };
    assert.equal(await raw('\r\n'), '200');
    assert.equal(await raw('Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'), '200');
    const chunk = `1000\r\n${' '.repeat(4096)}\r\n`;
    assert.equal(await raw(`Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(5)}0\r\n\r\n`), '413');
  });

  it('cashes, backs up and stops', async () => {
    const post = (path: string, body: string) => call(api, path, { method: 'POST', headers: authorised, body });
    assert.equal(JSON.parse((await post('/v1/cash', '')).text).cashed, 0);
    assert.equal((await post('/v1/backup', '{"path":"/tmp/x"}')).status, 200);
    assert.equal((await post('/v1/stop', '')).status, 200);
    await new Promise(setImmediate);
    assert.deepEqual(done, ['/tmp/x', 'stop']);
  });

  it('says what a node does not offer, and what is in its way', async () => {
    const plain = await startApi({ node, host: '127.0.0.1', port: 0 });
    try {
      const headers = { authorization: `Bearer ${plain.token}` };
      assert.equal((await call(plain, '/v1/stop', { method: 'POST', headers })).status, 501);
      await assert.rejects(
        startApi({ node, host: '127.0.0.1', port: Number(new URL(plain.url).port) }),
        (error) => codeOf(error) === 'PORT_IN_USE',
      );
    } finally {
      await plain.close();
    }
  });

  it("does not remove another process's token file", async () => {
    const file = join(folder, 'other.json');
    const first = await startApi({ node, host: '127.0.0.1', port: 0, tokenFile: file });
    writeFileSync(file, 'someone else');
    await first.close();
    assert.equal(readFileSync(file, 'utf8'), 'someone else');
  });
});

describe('the event stream', () => {
  const node = new HandMadeNode();
  let api: Api;
  before(async () => {
    api = await startApi({ node, host: '127.0.0.1', port: 0 });
  });
  after(() => api.close());

  const event = (count: number): NodeEvent => ({ kind: 'charged', atMs: count, neighbour: NEIGHBOUR, code: undefined });

  async function listening(count: number): Promise<void> {
    while (node.listeners.size !== count) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  it('brings each event as one line, and is let go when its reader leaves', async () => {
    const stop = new AbortController();
    const response = await fetch(`${api.url}/v1/events`, { signal: stop.signal });
    assert.equal(response.headers.get('content-type'), 'application/x-ndjson');
    node.emit(event(1));
    node.emit(event(2));
    let text = '';
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      if (text.includes('"atMs":2')) break;
    }
    const lines = text.split('\n').filter((line) => line !== '');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      [1, 2].map((n) => ({ kind: 'charged', atMs: n, neighbour: NEIGHBOUR })),
    );
    stop.abort();
    await listening(0);
  });

  it('drops a reader that does not read, and holds no more for it', async () => {
    const slow = connect({ host: '127.0.0.1', port: Number(new URL(api.url).port) });
    slow.on('error', () => {});
    slow.write(`GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await once(slow, 'readable');
    await listening(1);
    // Far more than the kernel's buffers and ours together: it must end by itself.
    for (let count = 0; node.listeners.size === 1; count++) {
      assert.ok(count < 1_000_000, 'never dropped');
      node.emit(event(count));
      if (count % 100 === 0) await new Promise(setImmediate);
    }
    const closed = once(slow, 'close');
    slow.resume();
    await closed;
  });

  it('has a limited number of readers', async () => {
    const stop = new AbortController();
    const open = () => fetch(`${api.url}/v1/events`, { signal: stop.signal });
    const readers = await Promise.all(Array.from({ length: MAX_EVENT_LISTENERS }, open));
    assert.ok(readers.every(({ status: each }) => each === 200));
    const refused = await open();
    assert.equal(refused.status, 503);
    assert.equal(((await refused.json()) as { code: string }).code, 'API_LISTENERS_EXHAUSTED');
    stop.abort();
    await listening(0);
  });

  it('ends properly when the node stops', async () => {
    const other = await startApi({ node, host: '127.0.0.1', port: 0 });
    const response = await fetch(`${other.url}/v1/events`);
    await Promise.all([other.close(), response.text().catch(() => '')]);
    assert.equal(node.listeners.size, 0);
  });
});
