import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { byteOrigin, fetchBytes, socksHello } from '../../bench/relay/origin.ts';
import type { Chain } from '../../src/chain/chain.ts';
import { createDevChain, type DevChain } from '../../src/chain/dev-chain.ts';
import { type DevChainServer, serveDevChain } from '../../src/chain/dev-chain-server.ts';
import { createEvmChain } from '../../src/chain/evm-chain.ts';
import type { LinkStatus } from '../../src/node/node.ts';
import { systemClock } from '../../src/node/system-clock.ts';
import { Line, type LineToml, lineSigners } from './line.fixture.ts';

const FACTORY = '0x000000000000000000000000000000000000fac7';
const BLOCK_MS = 60;
const WEI_PER_UNIT = 10n ** 10n;

describe('payment by transfer', { timeout: 180_000 }, () => {
  const signers = lineSigners(2);
  let evm: DevChain;
  let rpc: DevChainServer;
  let chain: Chain;
  let line: Line;
  let origin: Awaited<ReturnType<typeof byteOrigin>>;
  const settlement = () => `methods = ["transfer", "barter"]\nconfirmations = 3\nblock_ms = ${BLOCK_MS}`;
  const linkOf = (index: number): LinkStatus => line.nodes[index]?.node.status().links[0] as LinkStatus;
  const connected = () =>
    line.until(() => linkOf(0)?.connected && linkOf(1)?.services.transit.theirAskPerMb !== undefined);

  before(async () => {
    origin = await byteOrigin();
    const funded = new Map(signers.map(({ id }) => [id, 10n ** 20n]));
    evm = await createDevChain({ chainId: 31_337, funded, intervalMs: BLOCK_MS });
    rpc = await serveDevChain({ chain: evm, port: 0 });
    const [gateway] = signers;
    if (gateway === undefined) assert.fail();
    chain = createEvmChain({ urls: [rpc.url], chainId: 31_337, factory: FACTORY, signer: gateway, clock: systemClock });
    const toml: LineToml = { rpcUrl: rpc.url, settlement };
    line = new Line(2, toml);
    await line.start();
    await connected();
  });
  after(async () => {
    await line.close();
    await chain.close();
    await rpc.close();
    origin.close();
  });

  /** What arrived at the gateway on the chain, in units. */
  const arrived = async (): Promise<number> =>
    Number(((await chain.balance(signers[0]?.id ?? '')) - 10n ** 20n) / WEI_PER_UNIT);
  const download = async (bytes: number): Promise<void> => {
    assert.equal(await fetchBytes(line.proxyPort, bytes, socksHello(origin.port)), bytes);
    await line.until(() => line.nodes.every(({ node }) => node.status().streams === 0));
  };
  test('what is owed is paid on the chain, counted once, and both books agree', async () => {
    await download(6_000_000);
    await line.settled();
    assert.ok(linkOf(0).received > 0);
    assert.equal(await arrived(), linkOf(0).received);
    const told = await line.nodes[1]?.node.ledger({ neighbour: signers[0]?.id ?? '', sinceMs: 0, untilMs: 10 ** 15 });
    const paid = told?.entries.filter(({ entry }) => entry === 'paid') ?? [];
    assert.ok(paid.length > 0 && paid.every(({ gasWei }) => BigInt(gasWei) >= 21_000n), 'with what each cost');
    assert.deepEqual(told?.gaps, []);
  });

  test('one that a reorganisation takes back has a line of its own in the ledger, which still adds up', async () => {
    const ask = async (method: string, params: readonly unknown[]): Promise<unknown> => {
      const answer = await evm.request(method, params);
      return 'result' in answer ? answer.result : assert.fail(JSON.stringify(answer));
    };
    const ledger = async () =>
      await line.nodes[0]?.node.ledger({ neighbour: signers[1]?.id ?? '', sinceMs: 0, untilMs: 10 ** 15 });
    const before = await ask('evm_snapshot', []);
    const had = linkOf(0).received;
    await download(3_000_000);
    await line.until(() => linkOf(0).received > had);
    await ask('evm_revert', [before]);
    await line.until(() => line.nodes[0]?.events.some(({ kind }) => kind === 'undone') === true);
    let undone: { readonly wei: string; readonly reference: string } | undefined;
    while (undone === undefined) undone = (await ledger())?.entries.find(({ entry }) => entry === 'undone');
    const told = await ledger();
    const paid = told?.entries.find(({ entry, reference }) => entry === 'received' && reference === undone.reference);
    assert.equal(BigInt(undone.wei), BigInt(paid?.received ?? 0) * WEI_PER_UNIT);
    assert.deepEqual(told?.gaps, []);
  });

  test('where a transfer counts too late for the credit given, neighbours say so at once, and stay apart', async () => {
    const slow = () => `${settlement()}\nexpected_mbit = 100000`;
    const hasty = new Line(2, { rpcUrl: rpc.url, settlement: slow });
    try {
      await hasty.start();
      const refused = ({ kind, code }: { kind: string; code?: unknown }) =>
        kind === 'verdict' && code === 'TERMS_TRANSFER_TOO_SLOW';
      await hasty.until(() => hasty.nodes.every(({ events }) => events.some(refused)));
      assert.ok(hasty.nodes.every(({ node }) => !node.status().links.some(({ connected }) => connected)));
    } finally {
      await hasty.close();
    }
  });

  test('the payer stopped while its payment is on its way: made once, counted once', async () => {
    const before = linkOf(0).received;
    const paying = line.nodes[1]?.events.length ?? 0;
    void fetchBytes(line.proxyPort, 6_000_000, socksHello(origin.port)).catch(() => undefined);
    await line.until(() => line.nodes[1]?.events.slice(paying).some(({ kind }) => kind === 'paying') === true);
    await line.nodes[1]?.stop();
    await line.startNode(1);
    await connected();
    await line.settled();
    assert.ok(linkOf(0).received > before);
    assert.equal(await arrived(), linkOf(0).received);
  });

  test('the receiver stopped while a payment comes: found when it is back', async () => {
    const before = linkOf(0).received;
    const paying = line.nodes[1]?.events.length ?? 0;
    void fetchBytes(line.proxyPort, 6_000_000, socksHello(origin.port)).catch(() => undefined);
    await line.until(() => line.nodes[1]?.events.slice(paying).some(({ kind }) => kind === 'paying') === true);
    await line.nodes[0]?.stop();
    await line.startNode(0);
    await connected();
    await line.settled();
    assert.ok(linkOf(0).received > before);
    assert.equal(await arrived(), linkOf(0).received);
  });
});
