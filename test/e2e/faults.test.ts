import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { byteOrigin, fetchBytes, socksHello } from '../../bench/relay/origin.ts';
import { signCheque } from '../../src/chain/cheque-signing.ts';
import { DEV_FACTORY } from '../../src/chain/dev-chain.ts';
import { createEvmChain } from '../../src/chain/evm-chain.ts';
import type { Signer } from '../../src/chain/signer.ts';
import type { LinkStatus } from '../../src/node/node.ts';
import { systemClock } from '../../src/node/system-clock.ts';
import { Line, type LineNode, lineChain, lineSigners } from './line.fixture.ts';

describe('a node in trouble of its own', { timeout: 60_000 }, () => {
  test('a full disk stops service when the lease is used up, is told, and heals when there is room', async (context) => {
    const disk = mkdtempSync(join(tmpdir(), 'wayleave-disk-'));
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]).status !== 0) {
      rmSync(disk, { recursive: true });
      return context.skip('needs the right to mount a small file system');
    }
    const origin = await byteOrigin();
    const line = new Line(2, { storeFolder: (index) => (index === 0 ? disk : undefined) });
    try {
      await line.start();
      await line.ready();
      const gateway = line.nodes[0] as LineNode;
      fill(join(disk, 'filler'));
      const broken = fetchBytes(line.proxyPort, 20_000_000, socksHello(origin.port)).catch(() => 0);
      await line.until(() => gateway.events.some(({ kind, code }) => kind === 'fault' && code === 'STORE_FULL'));
      assert.equal(gateway.node.status().id, line.signers[0]?.id, 'the node answers');
      rmSync(join(disk, 'filler'));
      await broken;
      await line.ready();
      assert.equal(await fetchBytes(line.proxyPort, 1_000_000, socksHello(origin.port)), 1_000_000);
      const [a, b] = line.nodes.map(
        ({ node }) =>
          () =>
            node.status().links[0],
      );
      const claim = (link: LinkStatus | undefined): number => (link?.balance ?? Number.NaN) + (link?.writeOff ?? 0);
      await line.until(() => claim(a?.()) + claim(b?.()) === 0 && b?.()?.pending === 0);
      assert.equal(a?.()?.received, b?.()?.paid, 'what was paid meanwhile was credited once');
    } finally {
      await line.close();
      origin.close();
      spawnSync('umount', [disk]);
      rmSync(disk, { recursive: true, force: true });
    }
  });

  test('a dead chain stops no service: cheques go on, cashing is told and tried again', async () => {
    const origin = await byteOrigin();
    const line = new Line(2);
    await line.start();
    await line.ready();
    assert.equal(await fetchBytes(line.proxyPort, 2_000_000, socksHello(origin.port)), 2_000_000);
    await line.chainGone();
    assert.equal(await fetchBytes(line.proxyPort, 6_000_000, socksHello(origin.port)), 6_000_000);
    const [tried] = (await line.nodes[0]?.node.cashAll()) ?? [];
    assert.deepEqual([tried?.result, tried?.why, tried?.paidWei], ['failed', 'RPC_UNREACHABLE', 0n]);
    assert.ok(line.nodes[0]?.events.some(({ kind, code }) => kind === 'fault' && code === 'RPC_UNREACHABLE'));
    assert.ok((line.nodes[0]?.node.status().links[0]?.uncashed ?? 0) > 0, 'the cheque stays good');
    await line.close();
    origin.close();
  });

  test('a chequebook drained between cheque and cash: its owner is served no more, and the claim stays', async () => {
    const [seller, buyer, friend] = lineSigners(3) as [Signer, Signer, Signer];
    const rpc = await lineChain([seller, buyer, friend]);
    const origin = await byteOrigin();
    const line = new Line(2, { rpcUrl: rpc.url, settlement: () => 'confirmations = 1' });
    const common = { urls: [rpc.url], chainId: CHAIN_ID, factory: DEV_FACTORY, clock: systemClock, pollMs: 10 };
    const outside = createEvmChain({ ...common, signer: friend });
    try {
      await line.start();
      await line.ready();
      const link = () => line.nodes[0]?.node.status().links[0] as LinkStatus;
      assert.equal(await fetchBytes(line.proxyPort, 3_000_000, socksHello(origin.port)), 3_000_000);
      await line.until(() => link().uncashed > 0 && line.nodes[1]?.node.status().links[0]?.pending === 0);
      const chequebook = line.nodes[1]?.node.status().chequebook ?? '';
      const all = { chequebook, beneficiary: friend.id, cumulativeWei: 10n ** 19n };
      assert.equal((await outside.cash(signCheque(buyer, CHAIN_ID, all), async () => {})).paidWei, 10n ** 19n);

      await line.nodes[0]?.node.cashAll();
      await line.until(() => link().state === 'closed');
      assert.ok(line.nodes[0]?.events.some(({ kind, code }) => kind === 'verdict' && code === 'CHEQUE_BOUNCED'));
      assert.ok(link().uncashed > 0, 'the claim stays');
    } finally {
      await line.close();
      await outside.close();
      await rpc.close();
      origin.close();
    }
  });
});

const CHAIN_ID = 31_337;

/** Takes every byte there is. */
function fill(path: string): void {
  for (const size of [65_536, 4_096, 1]) {
    const block = Buffer.alloc(size);
    try {
      for (;;) appendFileSync(path, block);
    } catch {
      // No room for another block of this size.
    }
  }
}
