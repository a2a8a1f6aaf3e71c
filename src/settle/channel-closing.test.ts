import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChannelChain } from '../chain/channel-chain.ts';
import { closeDigest, recoverAgreementSigner, signClose } from '../chain/channel-signing.ts';
import { signCheque } from '../chain/cheque-signing.ts';
import { createSigner, type Signer } from '../chain/signer.ts';
import type { Clock } from '../core/clock.ts';
import { codeOf } from '../core/errors.ts';
import type { NoteRecord, Store } from '../store/store.ts';
import type { ChannelCloseOffer } from '../wire/channel-agreement.ts';
import { ChannelBook } from './channel-book.ts';
import { ChannelClosing, type ChannelClosingOptions, OFFER_S } from './channel-closing.ts';
import { ChannelDesk } from './channel-desk.ts';
import { channelNote } from './channel-note.fixture.ts';

const CHAIN_ID = 31_337;
const CHANNEL = `0x${'c'.repeat(40)}`;
const NOW_S = 1_800_000_000;
const [me, them] = [1, 2].map((each) => createSigner(new Uint8Array(32).fill(each))) as [
  ReturnType<typeof createSigner>,
  ReturnType<typeof createSigner>,
];

/** One end of a channel in which nobody has paid; what it hands in is refused by the chain. */
function end(kept: Map<string, NoteRecord>) {
  const now = { s: NOW_S };
  const wallMs = (): number => now.s * 1000;
  const clock: Clock = { nowMs: wallMs, wallMs, after: () => ({ cancel: () => undefined }) };
  const store = {
    commit: async (records: readonly NoteRecord[]) => records.forEach((each) => kept.set(each.name, each)),
  } as unknown as Store;
  const notes = [channelNote(me, them, CHANNEL), ...kept.values()];
  const book = new ChannelBook({ chain: undefined, store, me: me.id, freezeSeconds: 86_400, clock, notes });
  const codes: string[] = [];
  const closing = new ChannelClosing({
    ...{ chainId: CHAIN_ID, signer: me, clock, store, notes, book },
    chain: { closeTogether: () => Promise.reject(new Error('lapsed')) } as unknown as ChannelChain,
    desk: {
      busy: () => false,
      share: () => ({ depositedWei: 100n, paidWei: 0n, receivedWei: 0n, withdrawnWei: 0n }),
      heardWei: () => 0n,
    } as unknown as ChannelClosingOptions['desk'],
    say: () => undefined,
    done: async () => undefined,
    fault: (_, code) => codes.push(code),
  });
  return { now, codes, closing, book };
}

test('nothing is paid in a channel for as long as any close of it that was signed may be handed in', async () => {
  const kept = new Map<string, NoteRecord>();
  const { book, closing, codes, now } = end(kept);
  const channel = book.at(CHANNEL);
  assert.ok(typeof channel !== 'string');
  assert.equal(closing.leaving(CHANNEL), false);
  await closing.offer(channel);

  // The other end offers the same for a second only: what was offered to it holds all the same.
  const close = { paidByAWei: 0n, paidByBWei: 0n, validUntilS: NOW_S + 1 };
  closing.heard(them.id, { channel: CHANNEL, ...close, signature: signClose(them, CHAIN_ID, CHANNEL, close) });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(codes, ['RPC_UNREACHABLE'], 'it was agreed to, and handed in');
  now.s = NOW_S + OFFER_S;
  assert.equal(closing.leaving(CHANNEL), true);

  const restarted = end(kept);
  restarted.now.s = NOW_S + OFFER_S;
  assert.equal(restarted.closing.leaving(CHANNEL), true, 'also after a restart');
  restarted.now.s += 3_600;
  assert.equal(restarted.closing.leaving(CHANNEL), false);
});

/** An end that was paid 300 by the other, which put in 1,000; has it booked that? What it hands in goes to nobody. */
async function paidEnd([own, other]: readonly [Signer, Signer], booked: boolean) {
  const clock: Clock = { nowMs: () => 0, wallMs: () => NOW_S * 1000, after: () => ({ cancel: () => undefined }) };
  const disk = { writing: Promise.resolve() };
  const store = { commit: () => disk.writing } as unknown as Store;
  const notes = [channelNote(own, other, CHANNEL)];
  const book = new ChannelBook({ chain: undefined, store, me: own.id, freezeSeconds: 86_400, clock, notes });
  const ratio = { numerator: 1n, denominator: 1n };
  const desk = new ChannelDesk({
    ...{ signer: own, chainId: CHAIN_ID, store, book, totals: [], wanted: () => undefined },
    neighbour: () => ({ theirRatio: ratio, myRatio: ratio, riskAt: 10_000, myChannel: CHANNEL }),
    leaving: (channel) => closing.leaving(channel),
  });
  const said: ChannelCloseOffer[] = [];
  const codes: string[] = [];
  const done: string[] = [];
  const handedIn: { byA: Uint8Array; byB: Uint8Array; paidByAWei: bigint; paidByBWei: bigint }[] = [];
  const chain = { closeTogether: async (_: string, agreed: (typeof handedIn)[0]) => void handedIn.push(agreed) };
  const closing = new ChannelClosing({
    ...{ chainId: CHAIN_ID, signer: own, clock, store, notes, book, desk },
    chain: chain as unknown as ChannelChain,
    say: (_, offer) => said.push(offer),
    done: async (channel) => void done.push(channel),
    fault: (_, code) => codes.push(code),
  });
  const cheque = signCheque(other, CHAIN_ID, { chequebook: CHANNEL, beneficiary: own.id, cumulativeWei: 300n });
  const pay = () => desk.check(other.id, { kind: 'payment', id: 1, units: 1, proof: { kind: 'cheque', cheque } });
  assert.equal((await pay()).accepted, true);
  if (booked) desk.accepted(other.id);
  const channel = book.at(CHANNEL);
  assert.ok(typeof channel !== 'string');
  /** The other end offers to close where it has paid so much, and this one so much. */
  const offer = ({ theirs = 300n, mine = 0n, validUntilS = NOW_S + OFFER_S, by = other, at = CHANNEL } = {}) => {
    const [paidByAWei, paidByBWei] = channel.iAmA ? [mine, theirs] : [theirs, mine];
    const close = { paidByAWei, paidByBWei, validUntilS };
    return { channel: at, ...close, signature: signClose(by, CHAIN_ID, at, close) };
  };
  return { channel, closing, codes, desk, disk, done, handedIn, offer, other, own, said };
}

for (const ends of [
  [me, them],
  [them, me],
] as const) {
  for (const booked of [true, false]) {
    const which = `${ends[0].id < ends[1].id ? 'a' : 'b'}, ${booked ? '' : 'still '}booking what it was paid`;
    test(`who is ${which}, agrees to a close by the totals as they are, once, and to no other`, async () => {
      const { closing, codes, disk, done, handedIn, offer, other, own } = await paidEnd(ends, booked);
      for (const [what, each, code] of [
        ['by less than was signed', offer({ theirs: 0n }), 'CHANNEL_NOT_AGREED'],
        ['by more of mine', offer({ mine: 1n }), 'CHANNEL_NOT_AGREED'],
        ['that has lapsed', offer({ validUntilS: NOW_S }), 'CHANNEL_NOT_AGREED'],
        ['that holds for long', offer({ validUntilS: NOW_S + OFFER_S + 61 }), 'CHANNEL_NOT_AGREED'],
        ['that somebody else signed', offer({ by: own }), 'CHANNEL_FORGED'],
        ['of none', offer({ at: `0x${'d'.repeat(40)}` }), 'CHANNEL_UNKNOWN'],
      ] as const) {
        closing.heard(other.id, each);
        assert.deepEqual(codes.splice(0), [code], what);
      }
      closing.heard(own.id, offer());
      assert.deepEqual([codes.splice(0), closing.leaving(CHANNEL)], [['CHANNEL_UNKNOWN'], false], 'from another');
      const written = Promise.withResolvers<void>();
      disk.writing = written.promise;
      closing.heard(other.id, offer());
      closing.heard(other.id, offer());
      assert.equal(closing.leaving(CHANNEL), true);
      assert.equal(handedIn.length, 0, 'before that is on disk nothing is handed in');
      written.resolve();
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual([codes, done, handedIn.length], [[], [CHANNEL], 1]);
      const [agreed] = handedIn;
      assert.ok(agreed !== undefined);
      const digest = closeDigest(CHAIN_ID, CHANNEL, offer());
      const [a, b] = [agreed.byA, agreed.byB].map((each) => recoverAgreementSigner(digest, each)) as [string, string];
      assert.ok(a < b, 'each in its place');
      closing.heard(other.id, offer());
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(handedIn.length, 2, 'until the chain says that it is closed');
    });

    test(`who is ${which}, offers to close by what both have signed, unless it is writing a payment`, async () => {
      const { channel, closing, desk, disk, offer, other, own, said } = await paidEnd(ends, booked);
      const written = Promise.withResolvers<void>();
      disk.writing = written.promise;
      const paying = desk.write(other.id, { id: 1, units: 7 });
      await assert.rejects(closing.offer(channel), (error) => codeOf(error) === 'CHANNEL_NOT_AGREED');
      assert.deepEqual([said, closing.leaving(CHANNEL)], [[], false]);
      written.resolve();
      await paying;
      await closing.offer(channel);
      assert.deepEqual(said, [offer({ mine: 7n, by: own })]);
      await assert.rejects(desk.write(other.id, { id: 2, units: 1 }), (error) => codeOf(error) === 'CHANNEL_MISSING');
    });
  }
}
