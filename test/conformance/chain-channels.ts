import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chain } from '../../src/chain/chain.ts';
import type { ChannelChain, ChannelPlace } from '../../src/chain/channel-chain.ts';
import { orderParties, signClose } from '../../src/chain/channel-signing.ts';
import { signCheque } from '../../src/chain/cheque-signing.ts';
import type { Signer } from '../../src/chain/signer.ts';
import type { NodeId } from '../../src/core/node-id.ts';

interface Party {
  readonly signer: Signer;
  readonly chain: Chain;
}

interface Channelling {
  party(): Promise<Party>;
  refuses(work: Promise<unknown>, code: string): Promise<void>;
  chainId(): number;
}

const FREEZE_S = 3_600;
/** Long after any block of the test. Seconds. */
const LATER_S = 2 ** 32 - 1;

const channelsOf = ({ chain }: Party): ChannelChain => chain.channels as ChannelChain;

/** What every implementation must do about channels, and simulated ones alike. */
export function channels({ party, refuses, chainId }: Channelling): void {
  const standing = async () => {
    const [payer, payee] = [await party(), await party()];
    const ids = [payer, payee].map(({ signer }) => ({ signer: signer.id, payee: signer.id }));
    const parties = orderParties(
      ids[0] as { signer: NodeId; payee: NodeId },
      ids[1] as { signer: NodeId; payee: NodeId },
    );
    const place: ChannelPlace = { parties, freezeSeconds: FREEZE_S, nonce: 0 };
    const channel = await channelsOf(payer).address(place);
    assert.equal(await channelsOf(payer).facts(channel), undefined);
    await channelsOf(payer).open(place, { payee: payer.signer.id, wei: 100n });
    const iAmA = parties.a.signer === payer.signer.id;
    const total = (cumulativeWei: bigint, from = payer, to = payee) =>
      signCheque(from.signer, chainId(), { chequebook: channel, beneficiary: to.signer.id, cumulativeWei });
    const facts = async () => {
      const found = await channelsOf(payee).facts(channel);
      assert.ok(found !== undefined);
      return { ...found, payers: iAmA ? found.a : found.b, payees: iAmA ? found.b : found.a };
    };
    return { payer, payee, place, channel, iAmA, total, facts };
  };

  test('a channel is opened with a deposit, and topped up', async () => {
    const { payer, payee, place, channel, facts } = await standing();
    await channelsOf(payee).deposit(channel, { payee: payee.signer.id, wei: 7n });
    await channelsOf(payer).deposit(channel, { payee: payer.signer.id, wei: 5n });
    const { fromFactory, parties, freezeSeconds, nonce, closed, closesAtS, payers, payees } = await facts();
    assert.deepEqual([fromFactory, freezeSeconds, nonce, closed, closesAtS], [true, FREEZE_S, 0, false, undefined]);
    assert.deepEqual([parties, payers.depositedWei, payees.depositedWei], [place.parties, 105n, 7n]);
  });

  test('as of a block that others stand on, it has what was put in by then', async () => {
    const { payer, payee, channel, iAmA } = await standing();
    await channelsOf(payer).deposit(channel, { payee: payer.signer.id, wei: 5n });
    await channelsOf(payer).deposit(channel, { payee: payer.signer.id, wei: 7n });
    const at = async (depth: number) => {
      const found = await channelsOf(payee).facts(channel, depth);
      return (iAmA ? found?.a : found?.b)?.depositedWei;
    };
    assert.deepEqual([await at(1), await at(2), await at(3), await at(4)], [112n, 105n, 100n, undefined]);
  });

  test('an old state is answered by a newer total, and nobody is paid before the freeze period is over', async () => {
    const { payer, payee, channel, total, facts } = await standing();
    await channelsOf(payer).startClose(channel, [total(10n)]);
    assert.ok(((await facts()).closesAtS ?? 0) > 0);
    await channelsOf(payee).submit(channel, [total(60n)]);
    await refuses(channelsOf(payee).submit(channel, [total(40n)]), 'TRANSACTION_REVERTED');
    await refuses(channelsOf(payee).finish(channel), 'TRANSACTION_REVERTED');
    await refuses(channelsOf(payer).startClose(channel, []), 'TRANSACTION_REVERTED');
    const { closed, payers } = await facts();
    assert.deepEqual([closed, payers.paidWei], [false, 60n]);
  });

  test('a total of somebody else is refused', async () => {
    const { payer, payee, channel, total } = await standing();
    const forged = total(60n, payee, payee);
    await refuses(channelsOf(payee).submit(channel, [forged]), 'TRANSACTION_REVERTED');
    const stranger = await party();
    await refuses(channelsOf(stranger).startClose(channel, []), 'TRANSACTION_REVERTED');
    await channelsOf(stranger).submit(channel, [total(1n, payer)]);
  });

  test('both close it at once by the totals they sign, and each has its share', async () => {
    const { payer, payee, channel, iAmA, facts } = await standing();
    const before = await payer.chain.balance(payer.signer.id);
    const close = { paidByAWei: iAmA ? 30n : 0n, paidByBWei: iAmA ? 0n : 30n, validUntilS: LATER_S };
    const byPayer = signClose(payer.signer, chainId(), channel, close);
    const byPayee = signClose(payee.signer, chainId(), channel, close);
    const wrong = { ...close, byA: byPayer, byB: byPayer };
    await refuses(channelsOf(payee).closeTogether(channel, wrong), 'TRANSACTION_REVERTED');
    const [byA, byB] = iAmA ? [byPayer, byPayee] : [byPayee, byPayer];
    await channelsOf(payee).closeTogether(channel, { ...close, byA, byB });
    assert.equal((await facts()).closed, true);
    assert.equal(await payer.chain.balance(payer.signer.id), before + 70n);
    const more = { payee: payer.signer.id, wei: 1n };
    await refuses(channelsOf(payer).deposit(channel, more), 'TRANSACTION_REVERTED');
  });
}
