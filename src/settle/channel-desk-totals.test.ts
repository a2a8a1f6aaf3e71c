import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChannelChain, ChannelFacts } from '../chain/channel-chain.ts';
import { orderParties } from '../chain/channel-signing.ts';
import { signCheque } from '../chain/cheque-signing.ts';
import { createSigner } from '../chain/signer.ts';
import { codeOf, WayleaveError } from '../core/errors.ts';
import type { PaymentProof } from '../core/session/message.ts';
import type { ChannelTotalRecord, Store, StoreRecord } from '../store/store.ts';
import { ChannelBook } from './channel-book.ts';
import { ChannelDesk, type ChannelDeskOptions } from './channel-desk.ts';

const [CHANNEL, OTHER] = ['c', 'd'].map((digit) => `0x${digit.repeat(40)}`) as [string, string];
const [me, them] = [1, 2].map((each) => createSigner(new Uint8Array(32).fill(each))) as [
  ReturnType<typeof createSigner>,
  ReturnType<typeof createSigner>,
];
const RATIO = { numerator: 1n, denominator: 1n };
const NOTHING = { depositedWei: 0n, withdrawnWei: 0n, paidWei: 0n, unclaimedWei: 0n };

/** A channel in which I have put `mine`, and they `theirs`. */
function standing(mine: bigint, theirs = 0n, more: Partial<ChannelFacts> = {}): ChannelFacts {
  const [own, other] = [mine, theirs].map((depositedWei) => ({ ...NOTHING, depositedWei })) as [
    typeof NOTHING,
    typeof NOTHING,
  ];
  const [a, b] = me.id < them.id ? [own, other] : [other, own];
  const parties = orderParties({ signer: me.id, payee: me.id }, { signer: them.id, payee: them.id });
  return { fromFactory: true, parties, freezeSeconds: 86_400, nonce: 0, a, b, closed: false, ...more };
}

const signed = (cumulativeWei: bigint, chequebook = CHANNEL) =>
  signCheque(me, 1, { chequebook, beneficiary: them.id, cumulativeWei });
const total = (cumulative: bigint, more: Partial<ChannelTotalRecord> = {}): ChannelTotalRecord => ({
  ...{ kind: 'channelTotal', channel: CHANNEL, side: 'mine', neighbour: them.id, beneficiary: them.id },
  ...{ cumulative, signature: signed(cumulative, more.channel).signature, amount: Number(cumulative), paymentId: 7 },
  ...{ acceptedCumulative: 0n, remainder: 0n, ...more },
});

/** One end, as the chain says it stands; the disk takes what it is given, unless it is told to fail. */
async function end(
  channels: Readonly<Record<string, ChannelFacts>>,
  more: Partial<ChannelDeskOptions> & Partial<ReturnType<ChannelDeskOptions['neighbour']>> = {},
) {
  const { theirRatio = RATIO, myRatio = RATIO, myChannel = CHANNEL, riskAt = 1_000, totals = [], ...options } = more;
  const disk = { failing: false, read: 0, during: (): void => undefined };
  const written: StoreRecord[] = [];
  const wanted: bigint[] = [];
  const commit = async (records: StoreRecord[]) => {
    disk.during();
    if (disk.failing) throw new WayleaveError('STORE_FULL');
    written.push(...records.filter(({ kind }) => kind === 'channelTotal'));
  };
  const store = { commit } as unknown as Store;
  const facts = async (address: string) => {
    disk.read += 1;
    return channels[address];
  };
  const chain = { facts } as unknown as ChannelChain;
  const book = new ChannelBook({
    chain,
    store,
    me: me.id,
    freezeSeconds: 86_400,
    clock: { wallMs: () => 0 },
    notes: [],
  });
  const desk = new ChannelDesk({
    ...{ signer: me, chainId: 1, store, book, totals, leaving: () => false },
    neighbour: () => ({ theirRatio, myRatio, myChannel, riskAt }),
    wanted: (_, wei) => wanted.push(wei),
    ...options,
  });
  for (const address of Object.keys(channels)) await book.read(address, them.id);
  disk.read = 0;
  return { book, desk, disk, wanted, written };
}

/** A neighbour whose terms are not here yet. */
const stranger = () => ({ theirRatio: undefined, myRatio: undefined, riskAt: 0 });
for (const [what, channels, more, code, wanted] of [
  ['where there is none: one is wanted', {}, {}, 'CHANNEL_MISSING', [60n]],
  ['where it is closed: another is', { [CHANNEL]: standing(100n, 0n, { closed: true }) }, {}, 'CHANNEL_MISSING', [60n]],
  ['before the neighbour said what a unit is', {}, { neighbour: stranger }, 'CHANNEL_MISSING', []],
  ['that the neighbour does not know of', { [CHANNEL]: standing(100n) }, { myChannel: OTHER }, 'CHANNEL_MISSING', []],
  ['whose close was agreed on', { [CHANNEL]: standing(100n) }, { leaving: () => true }, 'CHANNEL_MISSING', []],
  [
    'while something is pending in the one before',
    { [CHANNEL]: standing(100n) },
    { totals: [total(5n, { channel: OTHER })] },
    'CHANNEL_MISSING',
    [],
  ],
  ['with too little in it: more is wanted', { [CHANNEL]: standing(59n) }, {}, 'CHANNEL_FULL', [1n]],
  ['that it empties', { [CHANNEL]: standing(60n) }, {}, undefined, [0n]],
  ['that it nearly empties', { [CHANNEL]: standing(79n) }, {}, undefined, [0n]],
  ['with enough left after it', { [CHANNEL]: standing(80n) }, {}, undefined, []],
  ['after another that was pending there', { [CHANNEL]: standing(100n) }, { totals: [total(5n)] }, undefined, []],
] as const) {
  test(`a payment of 60 in a channel ${what}`, async () => {
    const { desk, wanted: asked, written } = await end(channels, more);
    const writing = desk.write(them.id, { id: 9, units: 60 });
    if (code === undefined) await writing;
    else await assert.rejects(writing, (error) => codeOf(error) === code);
    assert.deepEqual(asked, wanted);
    assert.equal(written.length, code === undefined ? 1 : 0);
  });
}

test('a total contains what was pending before it, is on disk before it is sent, and the channel is busy meanwhile', async () => {
  const { desk, disk, written } = await end({ [CHANNEL]: standing(1_000n) }, { totals: [total(5n)] });
  const busy: boolean[] = [];
  disk.during = () => void busy.push(desk.busy(CHANNEL));
  disk.failing = true;
  await assert.rejects(desk.write(them.id, { id: 8, units: 60 }), (error) => codeOf(error) === 'STORE_FULL');
  assert.equal(desk.busy(CHANNEL), false);
  assert.deepEqual(desk.pending(them.id), { units: 5, lastPaymentId: 7 }, 'nothing was signed');
  disk.failing = false;
  assert.deepEqual(await desk.write(them.id, { id: 8, units: 60 }), { kind: 'cheque', cheque: signed(65n) });
  assert.deepEqual([busy, desk.busy(CHANNEL)], [[true, true], false]);
  assert.deepEqual(written, [total(65n, { paymentId: 8 })]);
  assert.deepEqual(desk.pending(them.id), { units: 65, lastPaymentId: 8 });
});

test('nothing is known of who was never paid, or has never paid', async () => {
  const { book, desk } = await end({});
  await book.read(CHANNEL, them.id);
  assert.deepEqual(desk.pending(them.id), { units: 0, lastPaymentId: 0 });
  assert.deepEqual([desk.acknowledged(them.id, { acceptedWei: 5n, units: 5 }), desk.restated(them.id)], [[], []]);
  assert.deepEqual([desk.unacknowledged(them.id), desk.newest(CHANNEL)], [undefined, undefined]);
  assert.deepEqual([desk.missingWei(them.id, CHANNEL), desk.uncashedUnits(them.id)], [0n, 0]);
  assert.equal(await desk.voided(them.id, 0), undefined);
});

for (const [says, left, pending] of [
  [4n, 4n, 6],
  [10n, 10n, 0],
  [99n, 10n, 0],
] as const) {
  test(`a neighbour that says it took ${says} of 10 took ${left}, also when it says less afterwards`, async () => {
    const { desk } = await end({ [CHANNEL]: standing(100n) }, { totals: [total(10n)] });
    const expected = total(10n, { acceptedCumulative: left, ...(pending > 0 && { amount: pending }) });
    for (const [acceptedWei, units] of [
      [says, Math.min(Number(says), 10)],
      [1n, 0],
    ] as const)
      assert.deepEqual(desk.acknowledged(them.id, { acceptedWei, units }), [expected]);
    assert.deepEqual(desk.pending(them.id), { units: pending, lastPaymentId: 7 });
    assert.equal(desk.unacknowledged(them.id)?.id, pending === 0 ? undefined : 7);
  });
}

for (const [what, channels, acceptedCumulative, said] of [
  ['that stands', { [CHANNEL]: standing(100n) }, 10n, true],
  ['in which it is pending', { [CHANNEL]: standing(100n) }, 0n, false],
  ['that is closed', { [CHANNEL]: standing(100n, 0n, { closed: true }) }, 10n, false],
  ['that was not read yet', {}, 10n, false],
] as const) {
  test(`to a neighbour that lost its books ${said ? 'the' : 'no'} total is said again in a channel ${what}`, async () => {
    const { desk } = await end(channels, { totals: [total(10n, { acceptedCumulative })] });
    const payment = { kind: 'payment', id: 7, units: 10, proof: { kind: 'cheque', cheque: signed(10n) } };
    assert.deepEqual(desk.restated(them.id), said ? [payment] : []);
    assert.equal(desk.missingWei(them.id, CHANNEL), 0n);
  });
}

test('the newest total counts, in whatever order they were on disk, and each channel keeps its own', async () => {
  const older = total(40n, { channel: OTHER, paymentId: 3, acceptedCumulative: 40n });
  for (const totals of [
    [older, total(10n)],
    [total(10n), older],
  ]) {
    const { desk } = await end({ [CHANNEL]: standing(100n), [OTHER]: standing(15n, 0n, { nonce: 1 }) }, { totals });
    assert.deepEqual(desk.pending(them.id), { units: 10, lastPaymentId: 7 });
    assert.equal(desk.missingWei(them.id, OTHER), 25n);
  }
});

test('only what is pending, under the id that it has, and not what was handed in, can be left out of a close', async () => {
  const closed = standing(100n, 0n, { closed: true });
  const handedIn = (paidWei: bigint) => ({
    ...closed,
    [me.id < them.id ? 'a' : 'b']: { ...NOTHING, depositedWei: 100n, paidWei },
  });
  for (const [id, acceptedCumulative, facts, unpaid, paid] of [
    [7, 0n, closed, 10, 0],
    [6, 0n, closed, undefined, 0],
    [7, 10n, closed, undefined, 0],
    [7, 0n, handedIn(10n), undefined, 0],
    [7, 0n, handedIn(9n), 1, 9],
    [7, 4n, handedIn(9n), 1, 5],
    [7, 4n, handedIn(4n), 6, 0],
    [7, 4n, handedIn(3n), 6, 0],
  ] as const) {
    const amount = 10 - Number(acceptedCumulative);
    const { desk } = await end({ [CHANNEL]: facts }, { totals: [total(10n, { acceptedCumulative, amount })] });
    const counts = acceptedCumulative + BigInt(paid);
    const record = { ...total(10n), cumulative: counts, acceptedCumulative: counts, amount: 0 };
    const expected = unpaid === undefined ? undefined : { units: unpaid, paidUnits: paid, records: [record] };
    assert.deepEqual(await desk.voided(them.id, id), expected, `${id} ${acceptedCumulative} ${unpaid}`);
  }
});

const theirs = (cumulativeWei: bigint, { by = them, chequebook = CHANNEL } = {}): PaymentProof => {
  return { kind: 'cheque', cheque: signCheque(by, 1, { chequebook, beneficiary: me.id, cumulativeWei }) };
};

test('a payment that is taken is booked once, and what is booked goes on from what was handed in', async () => {
  const handedIn = { ...NOTHING, depositedWei: 1_000n, paidWei: 30n };
  const facts = { ...standing(0n), [me.id < them.id ? 'b' : 'a']: handedIn };
  const { desk, disk, book } = await end({ [CHANNEL]: facts });
  const known = book.at(CHANNEL);
  assert.ok(typeof known !== 'string');
  const pay = (proof: PaymentProof) => desk.check(them.id, { kind: 'payment', id: 1, units: 1, proof });
  assert.deepEqual([desk.heardWei(known), desk.share(known).receivedWei], [0n, 0n]);
  const taken = { accepted: true, units: 70, clearing: 70, acceptedWei: 100n };
  assert.deepEqual(await pay(theirs(100n)), taken);
  assert.deepEqual([desk.heardWei(known), desk.share(known).receivedWei], [100n, 0n], 'also while it is being booked');
  const { signature } = signCheque(them, 1, { chequebook: CHANNEL, beneficiary: me.id, cumulativeWei: 100n });
  const record = total(100n, { side: 'theirs', beneficiary: me.id, signature, amount: 70, paymentId: 0 });
  assert.deepEqual(desk.accepted(them.id), [{ ...record, acceptedCumulative: 30n }]);
  assert.deepEqual(desk.accepted(them.id), []);
  assert.deepEqual([desk.heardWei(known), desk.share(known).receivedWei], [100n, 100n]);
  assert.deepEqual(await pay(theirs(100n)), { accepted: true, units: 0, clearing: 0, acceptedWei: 100n });
  assert.equal(desk.newest(CHANNEL), desk.newest(CHANNEL), 'made for the contract once');
  assert.deepEqual(await pay(theirs(110n)), { accepted: true, units: 10, clearing: 10, acceptedWei: 110n });
  const [next] = desk.accepted(them.id);
  assert.ok(next?.kind === 'channelTotal');
  assert.deepEqual([next.amount, next.acceptedCumulative], [80, 30n]);
  assert.equal(disk.read, 0, 'what is good, or was taken, costs no look at the chain');
});

for (const [what, proof, more, code, read] of [
  ['that is no cheque', { kind: 'transfer', transaction: '0x' }, {}, 'MESSAGE_UNEXPECTED', 0],
  ['before the neighbour knows my ratio', theirs(10n), { neighbour: stranger }, 'MESSAGE_UNEXPECTED', 0],
  ['in a channel whose close was agreed on', theirs(10n), { leaving: () => true }, 'CHANNEL_CLOSING', 0],
  ['that somebody else signed', theirs(10n, { by: me }), {}, 'CHANNEL_FORGED', 0],
  ['that is not covered', theirs(101n), {}, 'CHANNEL_NOT_COVERED', 1],
  ['in a channel that is none', theirs(10n, { chequebook: OTHER }), {}, 'CHANNEL_NO_CONTRACT', 1],
] as const) {
  test(`a payment ${what} is refused, ${read === 0 ? 'without a look' : 'after another look'} at the chain`, async () => {
    const { desk, disk } = await end({ [CHANNEL]: standing(0n, 100n) }, more);
    const outcome = await desk.check(them.id, { kind: 'payment', id: 1, units: 1, proof });
    assert.deepEqual(outcome, { accepted: false, code, acceptedWei: 0n });
    assert.equal(disk.read, read);
    assert.deepEqual(desk.accepted(them.id), []);
  });
}

test('a channel that is being closed takes no payment', async () => {
  const { desk } = await end({ [CHANNEL]: standing(0n, 100n, { closesAtS: 1 }) });
  const outcome = await desk.check(them.id, { kind: 'payment', id: 1, units: 1, proof: theirs(10n) });
  assert.equal(outcome.accepted ? '' : outcome.code, 'CHANNEL_CLOSING');
});

test('what is not sure in any channel of a neighbour is at risk together', async () => {
  const side = { side: 'theirs', beneficiary: me.id } as const;
  const totals = [total(30n, side), total(50n, { ...side, channel: OTHER })];
  const { desk } = await end({ [CHANNEL]: standing(0n, 20n), [OTHER]: standing(0n, 45n, { nonce: 1 }) }, { totals });
  assert.equal(desk.uncashedUnits(them.id), 15);
  const unknown = await end({}, { totals, neighbour: stranger });
  assert.equal(unknown.desk.uncashedUnits(them.id), 0, 'in units of which nobody knows the worth');
});
