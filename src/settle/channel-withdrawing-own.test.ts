import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChannelChain } from '../chain/channel-chain.ts';
import {
  type ChannelWithdrawal,
  recoverAgreementSigner,
  signWithdrawal,
  withdrawalDigest,
} from '../chain/channel-signing.ts';
import { createSigner, type Signer } from '../chain/signer.ts';
import { codeOf, WayleaveError } from '../core/errors.ts';
import type { NoteRecord, Store } from '../store/store.ts';
import type { ChannelWithdrawalOffer } from '../wire/channel-agreement.ts';
import { ChannelBook } from './channel-book.ts';
import { ChannelDesk } from './channel-desk.ts';
import { channelNote } from './channel-note.fixture.ts';
import { ChannelWithdrawing } from './channel-withdrawing.ts';

const CHAIN_ID = 31_337;
const CHANNEL = `0x${'c'.repeat(40)}`;
const NOW_S = 1_800_000_000;
const [one, two] = [1, 2].map((each) => createSigner(new Uint8Array(32).fill(each))) as [Signer, Signer];

/** One that has 1,000 wei in a channel, has signed 300 of them away, and was signed 20 of the other's 100. */
function end([own, other]: readonly [Signer, Signer]) {
  const timers = new Set<() => void>();
  const after = (_: number, act: () => void) => {
    timers.add(act);
    return { cancel: () => timers.delete(act) };
  };
  const clock = { nowMs: () => 0, wallMs: () => NOW_S * 1000, after };
  const disk = { fails: false, writing: Promise.resolve() };
  const kept: NoteRecord[] = [];
  const commit = async (records: readonly NoteRecord[]) => {
    await disk.writing;
    if (disk.fails) throw new WayleaveError('STORE_FULL');
    kept.push(...records);
  };
  const store = { commit } as unknown as Store;
  const notes = [channelNote(other, own, CHANNEL)].map(({ text, ...note }) => ({
    ...note,
    text: JSON.stringify({ ...(JSON.parse(text) as object), neighbour: other.id }),
  }));
  const book = new ChannelBook({ chain: undefined, store, me: own.id, freezeSeconds: 86_400, clock, notes });
  const ratio = { numerator: 1n, denominator: 1n };
  const record = {
    kind: 'channelTotal',
    channel: CHANNEL,
    neighbour: other.id,
    signature: new Uint8Array(65),
  } as const;
  const sums = { amount: 0, paymentId: 0, acceptedCumulative: 0n, remainder: 0n };
  const desk = new ChannelDesk({
    ...{ signer: own, chainId: CHAIN_ID, store, book, wanted: () => undefined, leaving: () => false },
    neighbour: () => ({ theirRatio: ratio, myRatio: ratio, riskAt: 10_000, myChannel: CHANNEL }),
    totals: [
      { ...record, ...sums, side: 'mine', beneficiary: other.id, cumulative: 300n, acceptedCumulative: 300n },
      { ...record, ...sums, side: 'theirs', beneficiary: own.id, cumulative: 20n },
    ],
  });
  const said: ChannelWithdrawalOffer[] = [];
  const codes: string[] = [];
  const handedIn: (ChannelWithdrawal & { byA: Uint8Array; byB: Uint8Array })[] = [];
  const chain = {
    withdrawTogether: async (_: string, agreed: (typeof handedIn)[0]) => {
      handedIn.push(agreed);
      return { hash: '0xone' };
    },
  };
  const withdrawing = new ChannelWithdrawing({
    ...{ chain: chain as unknown as ChannelChain, chainId: CHAIN_ID, signer: own, clock, book, desk },
    say: (_, offer) => said.push(offer),
    fault: (_, code) => codes.push(code),
  });
  const channel = book.at(CHANNEL);
  assert.ok(typeof channel !== 'string');
  const taken = (wei: bigint): Omit<ChannelWithdrawalOffer, 'signature'> => {
    const [withdrawnByAWei, withdrawnByBWei] = channel.iAmA ? [wei, 0n] : [0n, wei];
    return { channel: CHANNEL, withdrawnByAWei, withdrawnByBWei, validUntilS: NOW_S + 120 };
  };
  /** The other end says that it agrees. */
  const agrees = (offer: Omit<ChannelWithdrawalOffer, 'signature'>, by = other) =>
    withdrawing.heard(other.id, { ...offer, signature: signWithdrawal(by, CHAIN_ID, CHANNEL, offer) });
  return { agrees, book, channel, codes, desk, disk, handedIn, kept, other, own, said, taken, timers, withdrawing };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const refuses = (work: Promise<unknown>, code: string) => assert.rejects(work, (error) => codeOf(error) === code);

for (const ends of [
  [one, two],
  [two, one],
] as const) {
  const which = ends[0].id < ends[1].id ? 'a' : 'b';
  for (const [what, wanted, wei] of [
    ['a part', 100n, 100n],
    ['all there is', undefined, 720n],
    ['just as much as there is', 720n, 720n],
  ] as const) {
    test(`who is ${which} takes ${what} out when both have signed it, and it is on disk before that`, async () => {
      const { agrees, book, channel, codes, ...bed } = end(ends);
      const { desk, handedIn, kept, other, own, said, taken, timers, withdrawing } = bed;
      const withdrawn = withdrawing.withdraw(channel, wanted);
      await refuses(withdrawing.withdraw(channel, 1n), 'CHANNEL_NOT_AGREED');
      await turn();
      const offer = taken(wei);
      assert.deepEqual(said, [{ ...offer, signature: signWithdrawal(own, CHAIN_ID, CHANNEL, offer) }]);
      assert.equal(kept.length, 1);
      const known = book.at(CHANNEL);
      assert.ok(typeof known !== 'string');
      assert.equal(desk.share(known).withdrawnWei, wei, 'it counts as taken before anybody agrees');
      // What agrees to anything else is taken for an offer of the other's own, and is none.
      for (const change of [
        { validUntilS: NOW_S + 1 },
        { withdrawnByAWei: offer.withdrawnByAWei + 1n },
        { withdrawnByBWei: offer.withdrawnByBWei + 200n },
      ])
        agrees({ ...offer, ...change });
      agrees(offer, own);
      await turn();
      assert.deepEqual([codes.splice(0, 3), codes], [Array(3).fill('CHANNEL_NOT_AGREED'), ['CHANNEL_FORGED']]);
      assert.equal(handedIn.length, 0);
      agrees(offer);
      assert.deepEqual(await withdrawn, { wei, hash: '0xone' });
      const [agreed] = handedIn;
      assert.ok(agreed !== undefined);
      const digest = withdrawalDigest(CHAIN_ID, CHANNEL, agreed);
      const [a, b] = [own.id, other.id].sort();
      assert.deepEqual(
        [agreed.byA, agreed.byB].map((each) => recoverAgreementSigner(digest, each)),
        [a, b],
      );
      assert.equal(timers.size, 0);
    });
  }
}

test('nothing is signed where there is not so much, while a payment is written, or before it is on disk', async () => {
  for (const wanted of [721n, 0n, -1n]) {
    const { channel, kept, said, withdrawing } = end([one, two]);
    await refuses(withdrawing.withdraw(channel, wanted), 'CHANNEL_TOO_LITTLE');
    assert.deepEqual([kept, said], [[], []]);
  }
  const { channel, desk, disk, other, said, timers, withdrawing } = end([one, two]);
  const written = Promise.withResolvers<void>();
  disk.writing = written.promise;
  const paying = desk.write(other.id, { id: 1, units: 5 });
  await refuses(withdrawing.withdraw(channel, 1n), 'CHANNEL_NOT_AGREED');
  written.resolve();
  await paying;
  disk.fails = true;
  await refuses(withdrawing.withdraw(channel, 1n), 'STORE_FULL');
  await refuses(withdrawing.withdraw({ ...channel, address: `0x${'d'.repeat(40)}` }, 1n), 'CHANNEL_UNKNOWN');
  assert.deepEqual([said, timers.size], [[], 0]);
});

test('a neighbour that does not answer is waited for so long, and what was signed may be asked for again', async () => {
  const { agrees, channel, handedIn, taken, timers, withdrawing } = end([one, two]);
  const withdrawn = withdrawing.withdraw(channel, undefined);
  await turn();
  for (const act of timers) act();
  await refuses(withdrawn, 'CHANNEL_NOT_AGREED');
  assert.equal(timers.size, 0);
  const again = withdrawing.withdraw(channel, undefined);
  await turn();
  agrees(taken(720n));
  assert.equal((await again).wei, 720n);
  assert.equal(handedIn.length, 1);
});
