import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChannelChain, ChannelFacts } from '../chain/channel-chain.ts';
import { orderParties } from '../chain/channel-signing.ts';
import { signCheque } from '../chain/cheque-signing.ts';
import { createSigner } from '../chain/signer.ts';
import type { SignedCheque } from '../core/settlement/cheque.ts';
import type { ChannelTotalRecord, Store } from '../store/store.ts';
import { ChannelBook } from './channel-book.ts';
import { ChannelDesk } from './channel-desk.ts';

const CHANNEL = `0x${'c'.repeat(40)}`;
const [me, them] = [1, 2].map((each) => createSigner(new Uint8Array(32).fill(each))) as [
  ReturnType<typeof createSigner>,
  ReturnType<typeof createSigner>,
];

const RATIO = { numerator: 1n, denominator: 1n };
const NOTHING = { depositedWei: 0n, withdrawnWei: 0n, paidWei: 0n, unclaimedWei: 0n };

function standing(depositedWei: bigint, more: Partial<ChannelFacts> = {}): ChannelFacts {
  const mine = { ...NOTHING, depositedWei };
  const [a, b] = me.id < them.id ? [mine, NOTHING] : [NOTHING, mine];
  const parties = orderParties({ signer: me.id, payee: me.id }, { signer: them.id, payee: them.id });
  return { fromFactory: true, parties, freezeSeconds: 86_400, nonce: 0, a, b, closed: false, ...more };
}

/** I have signed 500 there and nobody has answered. */
const PENDING: ChannelTotalRecord = {
  kind: 'channelTotal',
  ...{ channel: CHANNEL, side: 'mine', neighbour: them.id, beneficiary: them.id },
  ...{ cumulative: 500n, signature: new Uint8Array(65), amount: 500, paymentId: 7 },
  ...{ acceptedCumulative: 0n, remainder: 0n },
};

for (const [what, facts, wei, goes] of [
  ['that is gone is wanted again, with all of it, and does not go before', undefined, 500n, false],
  ['whose deposit is gone is wanted there, and goes', standing(0n), 500n, true],
  ['with too little left goes, and the rest is wanted', standing(200n), 300n, true],
  ['that covers it goes', standing(500n), undefined, true],
  ['that is closed goes, to be told so', standing(0n, { closed: true }), undefined, true],
  ['that is being closed goes', standing(0n, { closesAtS: 1 }), undefined, true],
] as const) {
  test(`a payment in a channel ${what}`, async () => {
    const wanted: bigint[] = [];
    const chain = { facts: async () => facts } as unknown as ChannelChain;
    const store = { commit: async () => undefined } as unknown as Store;
    const clock = { wallMs: () => 0 };
    const book = new ChannelBook({ chain, store, me: me.id, freezeSeconds: 86_400, clock, notes: [] });
    const ratio = { numerator: 1n, denominator: 1n };
    const desk = new ChannelDesk({
      ...{ signer: me, chainId: 1, store, book, totals: [PENDING], leaving: () => false },
      neighbour: () => ({ theirRatio: ratio, myRatio: ratio, riskAt: 1_000 }),
      wanted: (_, each) => wanted.push(each),
    });
    await book.read(CHANNEL, them.id);
    assert.equal(desk.unacknowledged(them.id)?.id, goes ? 7 : undefined);
    assert.deepEqual(wanted, wei === undefined ? [] : [wei]);
    // Also when it has long been accepted: the channel may be closed at any time, and then it must be there.
    desk.acknowledged(them.id, { acceptedWei: 500n, units: 500 });
    assert.equal(desk.missingWei(them.id, CHANNEL), wei ?? 0n);
  });
}

/** It has signed 900 to me there, and I have taken it. */
const TAKEN: ChannelTotalRecord = {
  ...{ ...PENDING, side: 'theirs', beneficiary: me.id, cumulative: 900n, amount: 900, paymentId: 0 },
  acceptedCumulative: 0n,
};

/** A channel in which the other party has put so much by now, and by the block that enough stand on. */
function funded(depositedWei: bigint, more: Partial<ChannelFacts> = {}): ChannelFacts {
  const { a, b, ...facts } = standing(depositedWei, more);
  return { ...facts, a: b, b: a };
}

test('what is paid out of a deposit that a reorganisation may take back is not sure until it is deep', async () => {
  let [now, then]: (ChannelFacts | undefined)[] = [funded(1_000n), undefined];
  let fails = false;
  const asked: unknown[] = [];
  const facts = async (_: string, depth = 1) => {
    asked.push(depth);
    if (depth > 1 && fails) throw new Error('knows nothing of older blocks');
    return depth > 1 ? then : now;
  };
  const chain = { facts } as unknown as ChannelChain;
  const notes = new Map<string, string>();
  const store = {
    commit: async (written: { name: string; text: string }[]) => {
      for (const { name, text } of written) notes.set(name, text);
    },
  } as unknown as Store;
  const young: unknown[] = [];
  const made = (from: [string, string][] = []) =>
    new ChannelBook({
      ...{ chain, store, me: me.id, freezeSeconds: 86_400, confirmations: 4, clock: { wallMs: () => 0 } },
      notes: from.map(([name, text]) => ({ kind: 'note', name, text })),
      young: (...what) => young.push(what),
    });
  const deskOf = (book: ChannelBook) =>
    new ChannelDesk({
      ...{ signer: me, chainId: 1, store, book, totals: [TAKEN], leaving: () => false, wanted: () => undefined },
      neighbour: () => ({ ...{ theirRatio: RATIO, myRatio: RATIO }, riskAt: 1_000 }),
    });
  const book = made();
  const desk = deskOf(book);
  const look = async () => {
    await book.read(CHANNEL, them.id);
    return [desk.uncashedUnits(them.id), desk.uncoveredWei(TAKEN), asked.splice(0), young.splice(0).length];
  };
  assert.deepEqual(await look(), [900, 0n, [1, 4], 1], 'not there by then');
  then = funded(400n);
  assert.deepEqual(await look(), [500, 0n, [1, 4], 1], 'part of it was');
  fails = true;
  assert.deepEqual(await look(), [500, 0n, [1, 4], 0], 'what cannot be read is as it was, and not asked for in haste');
  fails = false;
  assert.equal(deskOf(made([...notes])).uncashedUnits(them.id), 500, 'and after a restart');
  then = funded(1_000n);
  assert.deepEqual(await look(), [0, 0n, [1, 4], 0], 'all of it is deep');
  assert.deepEqual(await look(), [0, 0n, [1], 0], 'which is not asked again');
  now = funded(300n);
  assert.deepEqual(await look(), [600, 600n, [1], 0], 'gone in spite of it');
  now = funded(1_000n, { closed: true });
  now = { ...now, [me.id < them.id ? 'b' : 'a']: { ...NOTHING, depositedWei: 1_000n, paidWei: 850n } };
  assert.deepEqual(await look(), [50, 50n, [1, 4], 0], 'closed with less than was taken');
  now = undefined;
  assert.deepEqual((await look()).slice(0, 3), [900, 900n, [1]]);
  now = funded(1_000n);
  then = undefined;
  assert.deepEqual(await look(), [900, 0n, [1, 4], 1], 'opened anew, it is young again');
});

test('a payment goes to the contract with the right v, whatever v its payer sent', async () => {
  const store = { commit: async () => undefined } as unknown as Store;
  const chain = { facts: async () => funded(1_000n) } as unknown as ChannelChain;
  const clock = { wallMs: () => 0 };
  const book = new ChannelBook({ chain, store, me: me.id, freezeSeconds: 86_400, clock, notes: [] });
  const desk = new ChannelDesk({
    ...{ signer: me, chainId: 1, store, book, totals: [], leaving: () => false, wanted: () => undefined },
    neighbour: () => ({ ...{ theirRatio: RATIO, myRatio: RATIO }, riskAt: 1_000 }),
  });
  const pay = async (id: number, cheque: SignedCheque) => {
    const outcome = await desk.check(them.id, { kind: 'payment', id, units: 1, proof: { kind: 'cheque', cheque } });
    desk.accepted(them.id);
    return outcome.accepted ? outcome.units : outcome.code;
  };
  const sign = (cumulativeWei: bigint, by = them) =>
    signCheque(by, 1, { chequebook: CHANNEL, beneficiary: me.id, cumulativeWei });
  assert.equal(await pay(1, sign(100n)), 100);
  assert.equal(await pay(2, sign(200n, me)), 'CHANNEL_FORGED');
  const good = sign(300n);
  const signature = good.signature.map((byte, at) => (at === 64 ? 27 + 28 - byte : byte));
  assert.equal(await pay(3, { ...good, signature }), 200);
  assert.deepEqual(desk.newest(CHANNEL), good);
  assert.equal(await pay(3, { ...good, signature }), 0, 'the same again');
  assert.equal(await pay(4, sign(400n)), 100);
  assert.deepEqual(desk.newest(CHANNEL), sign(400n));
});

test('a deposit noted before there was a word of what is sure counts as before', async () => {
  const store = { commit: async () => undefined } as unknown as Store;
  const bytes = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value);
  const text = JSON.stringify({ neighbour: them.id, facts: funded(1_000n) }, bytes);
  const notes = [{ kind: 'note', name: `channel:${CHANNEL}`, text }] as const;
  const options = { chain: undefined, store, me: me.id, freezeSeconds: 86_400, clock: { wallMs: () => 0 }, notes };
  const known = new ChannelBook(options).at(CHANNEL);
  assert.equal(typeof known === 'string' ? known : known.sureWei, 1_000n);
});

test('a payment left out of a close is owed again when no branch can win in which the channel is open', async () => {
  let [now, then]: ChannelFacts[] = [standing(500n, { closed: true }), standing(500n)];
  let answers = true;
  const facts = async (_: string, depth = 1) => {
    if (!answers && depth > 1) throw new Error('knows nothing of older blocks');
    return depth > 1 ? then : now;
  };
  const store = { commit: async () => undefined } as unknown as Store;
  const chain = { facts } as unknown as ChannelChain;
  const options = { chain, store, me: me.id, freezeSeconds: 86_400, clock: { wallMs: () => 0 }, notes: [] };
  const desk = new ChannelDesk({
    ...{ signer: me, chainId: 1, store, totals: [PENDING], leaving: () => false, wanted: () => undefined },
    book: new ChannelBook({ ...options, confirmations: 4 }),
    neighbour: () => ({ ...{ theirRatio: RATIO, myRatio: RATIO }, riskAt: 1_000 }),
  });
  const voided = async () => (await desk.voided(them.id, 7))?.units;
  assert.equal(await voided(), undefined, 'it may be open again, and the total handed in');
  answers = false;
  assert.equal(await voided(), undefined, 'nobody knows');
  answers = true;
  then = now;
  now = standing(500n);
  assert.equal(await voided(), undefined, 'open here');
  now = then;
  assert.equal(await voided(), 500);
  assert.equal(await voided(), undefined, 'once');
});

/** Two channels with the neighbour, of which the chain says what it is told to. */
async function withTwo(facts: ReadonlyMap<string, ChannelFacts>) {
  const [first, second] = [PENDING, { ...PENDING, channel: `0x${'d'.repeat(40)}`, cumulative: 40n, paymentId: 8 }];
  const chain = { facts: async (address: string) => facts.get(address) } as unknown as ChannelChain;
  const written: ChannelTotalRecord[] = [];
  const store = {
    commit: async (records: ChannelTotalRecord[]) => {
      written.push(...records.filter(({ kind }) => kind === 'channelTotal'));
    },
  } as unknown as Store;
  const book = new ChannelBook({
    ...{ chain, store, me: me.id, freezeSeconds: 86_400, clock: { wallMs: () => 0 }, notes: [] },
  });
  const accepted = [first, second].map((each) => ({ ...each, acceptedCumulative: each.cumulative }));
  const desk = new ChannelDesk({
    ...{ signer: me, chainId: 1, store, book, totals: accepted, leaving: () => false, wanted: () => undefined },
    neighbour: () => ({ ...{ theirRatio: RATIO, myRatio: RATIO }, riskAt: 1_000, myChannel: first.channel }),
  });
  for (const { channel } of accepted) await book.read(channel, them.id);
  return { desk, first, second, written };
}

test('where the channel before stands open again, payments there go on from what was signed there', async () => {
  const { desk, first, second, written } = await withTwo(new Map([[CHANNEL, standing(1_000n)]]));
  await desk.write(them.id, { id: 9, units: 60 });
  assert.deepEqual(
    written.map(({ channel, cumulative }) => [channel, cumulative]),
    [[first.channel, first.cumulative + 60n]],
  );
  assert.equal(desk.missingWei(them.id, first.channel), 0n);
  assert.equal(desk.missingWei(them.id, second.channel), 0n, 'its turn comes when the first is closed');
});

test('what was signed in the channel before is there when that stands open again', async () => {
  const { desk, first, second } = await withTwo(new Map([[CHANNEL, standing(200n)]]));
  assert.equal(desk.missingWei(them.id, first.channel), 300n);
  assert.equal(desk.missingWei(them.id, second.channel), 0n);
  const { desk: other } = await withTwo(new Map());
  assert.deepEqual(
    [other.missingWei(them.id, first.channel), other.missingWei(them.id, second.channel)],
    [first.cumulative, second.cumulative],
  );
});
