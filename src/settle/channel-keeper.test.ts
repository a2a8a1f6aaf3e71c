import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChannelChain, ChannelFacts } from '../chain/channel-chain.ts';
import { orderParties } from '../chain/channel-signing.ts';
import type { ChannelTotalRecord, Store } from '../store/store.ts';
import { ChannelBook } from './channel-book.ts';
import type { ChannelDesk } from './channel-desk.ts';
import { ChannelKeeper } from './channel-keeper.ts';

const [ME, THEM, CHANNEL] = ['a', 'b', 'c'].map((digit) => `0x${digit.repeat(40)}`) as [string, string, string];
const NOTHING = { depositedWei: 0n, withdrawnWei: 0n, paidWei: 0n, unclaimedWei: 0n };
const OPEN: ChannelFacts = {
  ...{ fromFactory: true, freezeSeconds: 86_400, nonce: 0, closed: false, a: NOTHING, b: NOTHING },
  parties: orderParties({ signer: ME, payee: ME }, { signer: THEM, payee: THEM }),
};
const MINUTE_MS = 60_000;

/** A node that starts with one closed channel in its notes, on a chain that says what it is told to. */
function started(taken?: ChannelTotalRecord, noted: ChannelFacts = { ...OPEN, closed: true }) {
  const said: unknown[] = [];
  const chain = { facts: noted, deep: noted, reads: 0, nowMs: 0 };
  const text = JSON.stringify({ neighbour: THEM, facts: chain.facts }, (_, value: unknown) =>
    typeof value === 'bigint' ? `${value}` : value,
  );
  const read = async (_channel: string, depth?: number) => {
    chain.reads += 1;
    return depth === undefined ? chain.facts : chain.deep;
  };
  const port = { facts: read } as Partial<ChannelChain> as ChannelChain;
  const book = new ChannelBook({
    chain: port,
    store: { commit: async () => undefined } as Partial<Store> as Store,
    ...{ me: ME, freezeSeconds: 86_400, clock: { wallMs: () => chain.nowMs } },
    notes: [{ kind: 'note', name: `channel:${CHANNEL}`, text }],
  });
  const desk = {
    ...{ missingWei: () => 0n, newest: () => undefined, theirs: () => taken },
    uncoveredWei: ({ cumulative }: ChannelTotalRecord) => cumulative - chain.facts.b.paidWei,
  };
  const keeper = new ChannelKeeper({
    ...{ chain: port, me: ME, book, desk: desk as Partial<ChannelDesk> as ChannelDesk },
    clock: { nowMs: () => chain.nowMs, wallMs: () => chain.nowMs, after: () => ({ cancel: () => undefined }) },
    ...{ depositWei: 0n, everyMs: MINUTE_MS, blockMs: 1_000 },
    changed: () => undefined,
    lost: (_neighbour, wei) => said.push(wei),
    leftOut: () => said.push('left out'),
    emit: (kind, { code }) => kind === 'fault' && said.push(code),
  });
  return { chain, book, keeper, said };
}

test('a channel that was closed just before a restart is watched where a reorganisation undoes that', async () => {
  const { book, chain, keeper } = started();
  await keeper.look();
  chain.nowMs += MINUTE_MS;
  chain.facts = OPEN;
  await keeper.look();
  assert.equal(book.open(THEM)?.address, CHANNEL);
});

test('one that stays closed is not looked at for ever', async () => {
  const { chain, keeper } = started();
  for (; chain.nowMs < 60 * MINUTE_MS; chain.nowMs += MINUTE_MS) await keeper.look();
  assert.ok(chain.reads > 0 && chain.reads < 6, String(chain.reads));
});

const TAKEN = { cumulative: 10n } as ChannelTotalRecord;
const closed = (depositedWei: bigint): ChannelFacts => {
  return { ...OPEN, closed: true, b: { ...NOTHING, depositedWei, paidWei: 6n } };
};

test('whoever lost a deposit to a reorganisation left nothing out of a close, who had it there did', async () => {
  for (const [depositedWei, code, leftOut] of [
    [6n, 'CHANNEL_NOT_COVERED', []],
    [10n, 'CHANNEL_CLOSED_BEHIND', ['left out']],
  ] as const) {
    const { chain, keeper, said } = started(TAKEN);
    chain.facts = OPEN;
    await keeper.look();
    chain.facts = closed(depositedWei);
    chain.deep = chain.facts;
    await keeper.look();
    assert.deepEqual(said, [code, 4n, ...leftOut]);
  }
});

test('whoever left something out is told of when no other branch can win, however long that takes, and once', async () => {
  const { chain, keeper, said } = started(TAKEN);
  chain.deep = OPEN;
  chain.facts = OPEN;
  await keeper.look();
  chain.facts = closed(10n);
  for (; chain.nowMs < 60 * MINUTE_MS; chain.nowMs += MINUTE_MS) await keeper.look();
  assert.deepEqual(said, ['CHANNEL_CLOSED_BEHIND', 4n]);
  chain.deep = chain.facts;
  for (; chain.nowMs < 120 * MINUTE_MS; chain.nowMs += MINUTE_MS) await keeper.look();
  assert.deepEqual(said, ['CHANNEL_CLOSED_BEHIND', 4n, 'left out']);
});

test('of a close that a lost branch had nobody is told but that it was so', async () => {
  const { chain, keeper, said } = started(TAKEN, OPEN);
  chain.facts = closed(10n);
  await keeper.look();
  chain.facts = OPEN;
  await keeper.look();
  chain.facts = { ...OPEN, closed: true, b: { ...NOTHING, depositedWei: 10n, paidWei: 10n } };
  chain.deep = chain.facts;
  await keeper.look();
  assert.deepEqual(said, ['CHANNEL_CLOSED_BEHIND', 4n]);
});

test('after a crash behind the note that a channel is closed, whoever left something out is told of all the same', async () => {
  const { keeper, said } = started(TAKEN, closed(10n));
  await keeper.look();
  await keeper.look();
  assert.deepEqual(said, ['left out'], 'what was lost counts as not final since the start');
});

test('a close that somebody else read first is told of', async () => {
  const { book, chain, keeper, said } = started(TAKEN, OPEN);
  chain.facts = closed(10n);
  chain.deep = chain.facts;
  await book.read(CHANNEL, THEM);
  await keeper.look();
  assert.deepEqual(said, ['CHANNEL_CLOSED_BEHIND', 4n, 'left out']);
});
