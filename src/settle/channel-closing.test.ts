import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChannelChain } from '../chain/channel-chain.ts';
import { signClose } from '../chain/channel-signing.ts';
import { createSigner } from '../chain/signer.ts';
import type { Clock } from '../core/clock.ts';
import type { NoteRecord, Store } from '../store/store.ts';
import { ChannelBook } from './channel-book.ts';
import { ChannelClosing, type ChannelClosingOptions, OFFER_S } from './channel-closing.ts';
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
