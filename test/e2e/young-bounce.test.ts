import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { byteOrigin, fetchBytes, socksHello } from '../../bench/relay/origin.ts';
import { signCheque } from '../../src/chain/cheque-signing.ts';
import { createDevChain, DEV_FACTORY } from '../../src/chain/dev-chain.ts';
import { serveDevChain } from '../../src/chain/dev-chain-server.ts';
import { createEvmChain } from '../../src/chain/evm-chain.ts';
import type { LinkStatus } from '../../src/node/node.ts';
import { systemClock } from '../../src/node/system-clock.ts';
import { Line, lineSigners } from './line.fixture.ts';

const CHAIN_ID = 31_337;
const DEPOSIT_WEI = 10n ** 19n;

interface Bounced {
  readonly line: Line;
  readonly seller: () => LinkStatus;
  /** The seller was told so of the buyer. */
  readonly heard: (kind: string, code: string) => boolean;
  readonly get: () => Promise<number>;
  /** Another branch wins, on which the chequebook was not emptied. */
  reorganise(): Promise<unknown>;
  mine(blocks: number): Promise<void>;
}

/** A cheque of the buyer bounced a moment ago: it emptied its chequebook by one to somebody else. */
async function bounced(work: (world: Bounced) => Promise<void>): Promise<void> {
  const signers = lineSigners(3);
  const funded = new Map(signers.map(({ id }) => [id, 10n ** 20n]));
  const chain = await createDevChain({ chainId: CHAIN_ID, funded });
  const rpc = await serveDevChain({ chain, port: 0 });
  const origin = await byteOrigin();
  const line = new Line(2, { rpcUrl: rpc.url, settlement: () => 'confirmations = 3\nblock_ms = 1000' });
  const [, buyer, friend] = signers as [(typeof signers)[0], (typeof signers)[0], (typeof signers)[0]];
  const common = { urls: [rpc.url], chainId: CHAIN_ID, factory: DEV_FACTORY, clock: systemClock, pollMs: 10 };
  const outside = createEvmChain({ ...common, signer: friend });
  const ask = async (method: string, params: readonly unknown[] = []): Promise<string> => {
    const answer = await chain.request(method, params);
    assert.ok('result' in answer, JSON.stringify(answer));
    return answer.result as string;
  };
  const seller = () => line.nodes[0]?.node.status().links[0] as LinkStatus;
  const heard = (kind: string, code: string) =>
    line.nodes[0]?.events.some((event) => event.kind === kind && event['code'] === code) === true;
  const get = () => fetchBytes(line.proxyPort, 3_000_000, socksHello(origin.port));
  const mine = async (blocks: number) => {
    for (let each = 0; each < blocks; each += 1) await ask('evm_mine');
  };
  try {
    await line.start();
    await line.ready();
    await line.until(() => line.nodes[0]?.node.status().chequebook !== undefined);
    await get();
    await line.until(() => seller().uncashed > 0 && line.nodes[1]?.node.status().links[0]?.pending === 0);
    const chequebook = line.nodes[1]?.node.status().chequebook ?? '';
    const before = await ask('evm_snapshot');
    const all = { chequebook, beneficiary: friend.id, cumulativeWei: DEPOSIT_WEI };
    await outside.cash(signCheque(buyer, CHAIN_ID, all), async () => {});
    const [done] = (await line.nodes[0]?.node.cashAll()) ?? [];
    assert.deepEqual([done?.result, done?.chequebook, done?.paidWei], ['bounced', chequebook, 0n]);
    assert.ok((done?.gasWei ?? 0n) > 0n && done?.transaction?.startsWith('0x'));
    await line.until(() => seller().state === 'closed');
    const reorganise = () => ask('evm_revert', [before]);
    await work({ line, seller, heard, reorganise, get, mine });
  } finally {
    await line.close();
    await outside.close();
    await rpc.close();
    origin.close();
  }
}

const history = ({ credit }: LinkStatus) => [credit.history?.bounces, credit.why];

describe('a bounce that another branch of the chain may undo', { timeout: 120_000 }, () => {
  test('stops service at once, also over a restart, and is held against its issuer when it is deep', async () => {
    await bounced(async ({ heard, line, mine, seller }) => {
      assert.ok(heard('fault', 'CHEQUE_DOUBTED'));
      await line.nodes[0]?.stop();
      await line.startNode(0);
      assert.equal(seller().state, 'closed');
      assert.equal(history(seller())[0], 0);
      await line.until(() => seller().connected);
      assert.equal(heard('verdict', 'CHEQUE_BOUNCED'), false);
      await mine(3);
      await line.until(() => heard('verdict', 'CHEQUE_BOUNCED'));
      await line.until(() => seller().credit.history?.bounces === 1);
      await line.nodes[0]?.stop();
      await line.startNode(0);
      assert.equal(seller().state, 'closed');
      assert.deepEqual(history(seller()), [1, 'barred']);
      assert.ok(seller().uncashed > 0, 'the claim stays');
    });
  });

  test('is forgotten where that branch loses: its issuer is served as before', async () => {
    await bounced(async ({ get, heard, mine, reorganise, seller }) => {
      await reorganise();
      assert.equal(seller().state, 'closed');
      // The new branch grows.
      while (seller().state === 'closed') {
        await mine(1);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.equal(await get(), 3_000_000);
      assert.equal(heard('verdict', 'CHEQUE_BOUNCED'), false);
      assert.deepEqual(history(seller()), [0, 'newcomer']);
    });
  });
});
