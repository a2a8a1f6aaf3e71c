import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { byteOrigin, fetchBytes, socksHello } from '../../bench/relay/origin.ts';
import { DEV_FACTORY } from '../../src/chain/dev-chain.ts';
import { createEvmChain } from '../../src/chain/evm-chain.ts';
import { createKeystore } from '../../src/chain/keystore.ts';
import type { Signer } from '../../src/chain/signer.ts';
import { runCli } from '../../src/cli/run-cli.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { NodeProcess } from '../../src/lab/node-process.ts';
import type { LinkStatus } from '../../src/node/node.ts';
import { systemClock } from '../../src/node/system-clock.ts';
import { usePostgres } from '../postgres/server.fixture.ts';
import { Line, lineChain, lineSigners } from './line.fixture.ts';

/**
 * Four nodes of an operator as processes, each with a key of its own, pay the same neighbour over real links from one
 * chequebook. Their books are on a real PostgreSQL server. One is killed with a lease in hand.
 */

const NODES = ['n1', 'n2', 'n3', 'n4'] as const;
const CHAIN_ID = 31_337;
const WEI_PER_UNIT = 10n ** 10n;
/** Worth some 25 MB at the gateway's price: less than the nodes will want. */
const CAPACITY = 200_000n * WEI_PER_UNIT;
const MB = 1_000_000;

const server = usePostgres();

describe('nodes that share a chequebook', { skip: server.missing ?? false, timeout: 180_000 }, () => {
  // The gateway comes first, then the nodes, and the operator last.
  const signers = lineSigners(NODES.length + 2);
  const operator = signers.at(-1) as Signer;
  const nodes = new Map<string, NodeProcess>();
  let folder: string;
  let line: Line;
  let chain: Awaited<ReturnType<typeof lineChain>>;
  let origin: Awaited<ReturnType<typeof byteOrigin>>;
  let chequebook = '';

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wayleave-operator-'));
    chain = await lineChain(signers);
    origin = await byteOrigin();
    line = new Line(1, { rpcUrl: chain.url });
    await line.start();
    await keyFile('operator.json', signers.length);
    writeFileSync(join(folder, 'wayleave.toml'), configText('operator', ''));
    chequebook = String(
      (await cli(`chequebook deploy ${CAPACITY} --key operator.json --insecure-plain-key`))['chequebook'],
    );
    await Promise.all(NODES.map((name, index) => startNode(name, index)));
  });

  after(async () => {
    await Promise.all([...nodes.values()].map((node) => node.stop()));
    await line.close();
    await chain.close();
    origin.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The key of the signer at `place`, counted from 1. */
  const keyFile = (name: string, place: number) => {
    const key = new Uint8Array(32).fill(place);
    return createKeystore({ path: join(folder, name), insecure: true, key, randomBytes: () => key });
  };

  async function cli(command: string): Promise<Record<string, unknown>> {
    let out = '';
    const terminal = { folder, env: {}, out: (text: string) => (out += text), err: (text: string) => (out += text) };
    const code = await runCli([...command.split(' '), '--json'], terminal as unknown as Terminal);
    assert.equal(code, 0, out);
    return JSON.parse(out) as Record<string, unknown>;
  }

  function configText(name: string, more: string): string {
    return `
name = "${name}"
[key]
insecure_plain = true
[listen]
host = "127.0.0.1"
port = 0
[api]
port = 0
[discovery]
mdns = false
[proxy]
port = 0
[settlement]
enabled = true
rpc = "${chain.url}"
chain_id = ${CHAIN_ID}
factory = "${DEV_FACTORY}"
wei_per_unit = ${WEI_PER_UNIT}
${more}`;
  }

  async function startNode(name: string, index: number): Promise<NodeProcess> {
    const gateway = line.nodes[0]?.node.status();
    const home = join(folder, name);
    if (!nodes.has(name)) {
      mkdirSync(home);
      await keyFile(join(name, 'key.json'), index + 2);
      const more = `chequebook = "${chequebook}"
issuer_key = "../operator.json"
[store]
url = "${server.url('operator')}"
[transit]
max_price_per_mb = 100000
next_hop = "${gateway?.id}"
[[neighbour]]
id = "${gateway?.id}"
address = "${gateway?.listen}"
name = "up"`;
      writeFileSync(join(home, 'wayleave.toml'), configText(name, more));
    }
    rmSync(join(home, 'api.json'), { force: true });
    const id = (signers[index + 1] as Signer).id;
    const node = NodeProcess.start({ name, id, folder: home, config: join(home, 'wayleave.toml'), store: '' });
    nodes.set(name, node);
    await node.ready();
    await until(async () => {
      const { chequebook: mine, links } = await node.status();
      return mine === chequebook && links[0]?.services.transit.theirAskPerMb !== undefined && links[0].connected;
    });
    return node;
  }

  const at = (name: string): NodeProcess => {
    const node = nodes.get(name);
    assert.ok(node !== undefined);
    return node;
  };
  const linkOf = async (name: string): Promise<LinkStatus> => (await at(name).status()).links[0] as LinkStatus;
  const soldTo = (name: string): LinkStatus =>
    line.nodes[0]?.node.status().links.find(({ neighbour }) => neighbour === at(name).home.id) as LinkStatus;

  async function until(done: () => Promise<boolean> | boolean): Promise<void> {
    while (!(await done())) await pause(50);
  }

  async function download(name: string, bytes: number): Promise<number> {
    const port = Number((await at(name).status()).socks?.split(':').at(-1));
    return fetchBytes(port, bytes, socksHello(origin.port)).catch(() => 0);
  }

  async function sql(text: string): Promise<unknown[][]> {
    const url = new URL(server.url('operator'));
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

  const wei = async (text: string): Promise<bigint> => BigInt(((await sql(text))[0]?.[0] ?? 0) as string | number);
  const committed = () => wei('SELECT committed FROM chequebooks');
  const promised = () => wei('SELECT sum(cumulative) FROM cheque_totals');

  /** What is owed is paid and answered, and both ends of every link say the same of it, to the unit. */
  async function agree(names: readonly string[]): Promise<void> {
    for (const name of names) {
      await at(name).settle();
      await until(async () => {
        // All it owes was asked for, and may not have been begun.
        const { balance, pending, paid } = await linkOf(name);
        return balance >= 0 && pending === 0 && soldTo(name).received === paid;
      });
    }
  }

  test('all pay from it, also when one is killed with a lease in hand, and what it had left comes free', async () => {
    const running = NODES.map((name) => download(name, 3 * MB));
    await until(async () => {
      const left = `SELECT count(*) FROM credit_leases WHERE node = '${at('n1').home.id}' AND granted > issued`;
      return (await wei(left)) > 0n && soldTo('n1').received > 0;
    });
    at('n1').kill();
    await at('n1').exited;
    for (const fetched of (await Promise.all(running)).slice(1)) assert.equal(fetched, 3 * MB);
    await agree(NODES.slice(1));
    assert.ok((await committed()) <= CAPACITY);
    const held = `SELECT granted - issued FROM credit_leases WHERE node = '${at('n1').home.id}'`;
    assert.ok((await wei(held)) > 0n, 'nobody else has touched what it held');
    // A minute passes at the server.
    await sql(`UPDATE credit_leases SET expires_at = now() WHERE node = '${at('n1').home.id}'`);
  });

  test('none can promise beyond it: they stop where what is left pays no debt', async () => {
    // Each wants more than all the coin there is, so that none comes to its end.
    const running = NODES.slice(1).map((name) => download(name, 40 * MB));
    // A payment is for the whole debt: they stop where that is more than is left. And they may be choked for a moment
    // before that, too, while they wait for a lease.
    const left = async (name: string): Promise<bigint> => {
      const lease = `SELECT granted - issued FROM credit_leases WHERE node = '${at(name).home.id}'`;
      return CAPACITY - (await committed()) + (await wei(lease));
    };
    const stopped = async (name: string): Promise<boolean> => {
      const { balance, pending, state } = soldTo(name);
      return state === 'choked' && pending === 0 && (await left(name)) < BigInt(balance) * WEI_PER_UNIT;
    };
    await until(async () => (await Promise.all(NODES.slice(1).map(stopped))).every(Boolean));
    const [total, most] = [await promised(), await committed()];
    assert.ok(total <= most && most <= CAPACITY, `${total} promised, ${most} committed`);
    assert.equal(await wei(`SELECT granted - issued FROM credit_leases WHERE node = '${at('n1').home.id}'`), 0n);
    await sql('UPDATE credit_leases SET expires_at = now()');
    for (const name of NODES.slice(1)) nodes.get(name)?.kill();
    await Promise.all([...NODES.slice(1).map((name) => at(name).exited), ...running]);
  });

  test('filled again by its owner, all of them pay what they owe, and the books agree to the unit', async () => {
    await cli(`chequebook deposit ${CAPACITY} --key operator.json --insecure-plain-key --chequebook ${chequebook}`);
    await Promise.all(NODES.map((name, index) => startNode(name, index)));
    assert.equal(await download('n1', MB), MB);
    await agree(NODES);
    const paid = await Promise.all(NODES.map(async (name) => (await linkOf(name)).paid));
    const total = BigInt(paid.reduce((sum, units) => sum + units, 0)) * WEI_PER_UNIT;
    assert.equal(await promised(), total, 'every wei promised was paid on one link');
    const status = await at('n2').status();
    assert.equal(status.chequebooks?.[0]?.leases?.length, NODES.length, 'each can see who holds what');
  });

  test('the last cheque of all cashes, for the sum of what the four have paid', async () => {
    const gateway = line.nodes[0];
    assert.ok(gateway !== undefined);
    const total = await promised();
    // One chequebook, one cheque; and the cashier may have had reason to hand it in a moment ago.
    for (const { chequebook: of, result } of await gateway.node.cashAll())
      assert.deepEqual([of, result], [chequebook, 'cashed']);
    assert.ok(gateway.events.every(({ kind }) => kind !== 'bounced'));
    const signer = signers[0] as Signer;
    const look = createEvmChain({
      urls: [chain.url],
      chainId: CHAIN_ID,
      factory: DEV_FACTORY,
      signer,
      clock: systemClock,
    });
    const facts = await look.chequebook(chequebook, signer.id);
    await look.close();
    assert.deepEqual([facts?.paidOutWei, facts?.balanceWei], [total, 2n * CAPACITY - total]);
    for (const name of NODES) assert.equal(soldTo(name).uncashed, 0);
    assert.ok(operator.id !== at('n1').home.id);
  });
});
