import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChannelChain, ChannelFacts } from '../chain/channel-chain.ts';
import { orderParties } from '../chain/channel-signing.ts';
import { createSigner } from '../chain/signer.ts';
import type { ChannelTotalRecord, Store } from '../store/store.ts';
import { ChannelBook } from './channel-book.ts';
import { ChannelDesk } from './channel-desk.ts';

const CHANNEL = `0x${'c'.repeat(40)}`;
const [me, them] = [1, 2].map((each) => createSigner(new Uint8Array(32).fill(each))) as [
  ReturnType<typeof createSigner>,
  ReturnType<typeof createSigner>,
];

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
  });
}
