import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { encodeFunctionData } from 'viem';
import type { ChannelClose, ChannelWithdrawal } from '../src/chain/channel-signing.ts';
import type { NodeId } from '../src/core/node-id.ts';
import {
  type Bench,
  beneficiaries,
  CHANNEL_ABI,
  channelCall,
  DAY_S,
  forger,
  openBench,
  stranger,
  ZERO,
} from './testing/bench.ts';
import { cheque, openBook } from './testing/books.ts';
import {
  closing,
  FOR_EVER_S,
  openChannel,
  payeeA,
  payeeB,
  payments,
  putIn,
  signerA,
  signerB,
  withdrawing,
} from './testing/channels.ts';
import { fixture } from './testing/fixtures.ts';

const [ann = ZERO] = beneficiaries;

let bench: Bench;
let plain: NodeId;
before(async () => {
  bench = await openBench();
  plain = await bench.deploy('PlainToken');
  for (const id of [signerA.id, signerB.id, payeeA, payeeB]) await bench.give(id, 10n ** 20n);
});
after(() => bench.chain.close());

const call = (channel: NodeId, name: string, args: readonly unknown[] = [], from: NodeId = stranger) =>
  bench.send({ from, to: channel, data: channelCall(name, args) });
const submit = (channel: NodeId, paid: Parameters<typeof payments>[1], from?: NodeId) =>
  call(channel, 'submit', [payments(channel, paid)], from);
const read = <T>(channel: NodeId, name: string, args: readonly unknown[] = []) =>
  bench.read<T>(channel, CHANNEL_ABI, name, args);
const totals = (channel: NodeId) => read<readonly bigint[]>(channel, 'totals');
const shares = (channel: NodeId) => read<readonly bigint[]>(channel, 'shares');
const close = (channel: NodeId, terms: Partial<ChannelClose>, by?: Parameters<typeof closing>[2]) => {
  const full = { paidByAWei: 0n, paidByBWei: 0n, validUntilS: FOR_EVER_S, ...terms };
  return bench.send({ from: stranger, to: channel, data: closing(channel, full, by) });
};
const withdraw = (channel: NodeId, terms: Partial<ChannelWithdrawal>, by?: Parameters<typeof withdrawing>[2]) => {
  const full = { withdrawnByAWei: 0n, withdrawnByBWei: 0n, validUntilS: FOR_EVER_S, ...terms };
  return bench.send({ from: stranger, to: channel, data: withdrawing(channel, full, by) });
};

for (const kind of ['coin', 'token'] as const) {
  describe(`a channel in ${kind}`, () => {
    const money = () => (kind === 'coin' ? ZERO : plain);
    const open = (a: bigint, b: bigint) => openChannel(bench, a, b, { token: money() });
    const had = async () => [await bench.balance(payeeA, money()), await bench.balance(payeeB, money())] as const;
    const got = async (before: readonly [bigint, bigint]) => {
      const now = await had();
      return [now[0] - before[0], now[1] - before[1]];
    };

    test('closes at once by what both signed', async () => {
      const channel = await open(60n, 40n);
      const before = await had();
      const { events } = await close(channel, { paidByAWei: 30n, paidByBWei: 5n });
      assert.deepEqual(events, [{ name: 'Closed', args: { toA: 35n, toB: 65n } }]);
      assert.deepEqual(await got(before), [35n, 65n]);
      assert.deepEqual([await read(channel, 'closed'), await bench.balance(channel, money())], [true, 0n]);
    });

    test('closes without the other after the freeze period, by the newest totals', async () => {
      const channel = await open(60n, 40n);
      const before = await had();
      const started = await call(channel, 'startClose', [payments(channel, { byA: 10n })], signerA.id);
      const closesAt = (await bench.nowS()) + DAY_S;
      assert.deepEqual(started.events.at(-1), {
        name: 'CloseStarted',
        args: { by: signerA.id, closesAt: BigInt(closesAt) },
      });
      assert.deepEqual((await submit(channel, { byA: 50n, byB: 5n })).error, undefined);
      const finish = { from: stranger, to: channel, data: channelCall('finish') };
      assert.equal((await bench.send(finish, closesAt - 1)).error, 'StillFrozen');
      await bench.must(finish, closesAt);
      assert.deepEqual(await got(before), [15n, 85n]);
    });

    test('pays out early what both signed, once', async () => {
      const channel = await open(60n, 40n);
      const before = await had();
      const terms = { withdrawnByAWei: 20n, withdrawnByBWei: 10n };
      assert.deepEqual((await withdraw(channel, terms)).events, [
        { name: 'Withdrawn', args: { withdrawnByA: 20n, withdrawnByB: 10n } },
      ]);
      assert.equal((await withdraw(channel, terms)).error, 'NothingNew');
      assert.deepEqual(await got(before), [20n, 10n]);
      await withdraw(channel, { withdrawnByAWei: 25n, withdrawnByBWei: 10n });
      await close(channel, { paidByAWei: 5n });
      assert.deepEqual(await got(before), [55n, 45n]);
    });
  });
}

describe('deposits', () => {
  test('from anyone, for the party whose payee is named, until it is closed', async () => {
    const channel = await openChannel(bench, 1n, 0n);
    await putIn(bench, { channel, payee: payeeA, amount: 2n });
    await putIn(bench, { channel, payee: payeeB, amount: 4n });
    const books = await read<readonly { readonly deposited: bigint }[]>(channel, 'books');
    assert.deepEqual(
      books.map(({ deposited }) => deposited),
      [3n, 4n],
    );
    await call(channel, 'startClose', [[]], payeeB);
    await putIn(bench, { channel, payee: payeeB, amount: 1n });
    await close(channel, {});
    const late = { from: stranger, to: channel, data: channelCall('deposit', [payeeA, 1n]), wei: 1n };
    assert.equal((await bench.send(late)).error, 'AlreadyClosed');
  });

  const refused: [string, readonly [NodeId, bigint], bigint, string][] = [
    ['for a stranger', [ann, 1n], 1n, 'NotAParty'],
    ['of less than was sent', [payeeA, 1n], 2n, 'AmountMismatch'],
    ['of more than was sent', [payeeA, 2n], 1n, 'AmountMismatch'],
    ['beyond what it can count', [payeeA, 2n ** 112n], 2n ** 112n, 'SafeCastOverflowedUintDowncast'],
  ];
  for (const [name, args, wei, error] of refused) {
    test(`refused: ${name}`, async () => {
      const channel = await openChannel(bench);
      await bench.rpc('hardhat_setBalance', [stranger, `0x${(2n ** 113n).toString(16)}`]);
      assert.equal(
        (await bench.send({ from: stranger, to: channel, data: channelCall('deposit', args), wei })).error,
        error,
      );
    });
  }

  test('coin that comes without a word comes back', async () => {
    const channel = await openChannel(bench);
    assert.equal((await bench.send({ from: stranger, to: channel, wei: 1n })).error, 'AmountMismatch');
  });
});

describe('payments', () => {
  test('anyone hands them in; totals only grow', async () => {
    const channel = await openChannel(bench, 100n, 100n);
    const { events } = await submit(channel, { byA: 10n, byB: 3n });
    assert.deepEqual(events, [
      { name: 'TotalRaised', args: { beneficiary: payeeB, cumulativePayout: 10n } },
      { name: 'TotalRaised', args: { beneficiary: payeeA, cumulativePayout: 3n } },
    ]);
    for (const old of [{ byA: 10n }, { byA: 9n, byB: 3n }, {}]) {
      assert.equal((await submit(channel, old)).error, 'NothingNew');
    }
    await submit(channel, { byA: 9n, byB: 4n });
    assert.deepEqual(await totals(channel), [10n, 4n]);
    assert.deepEqual(await shares(channel), [94n, 106n]);
  });

  test('each is signed by its payer and by nobody else', async () => {
    const channel = await openChannel(bench, 100n, 100n);
    const other = await openChannel(bench, 100n, 100n);
    const book = await openBook(bench, 10n);
    const forged: [string, readonly ReturnType<typeof cheque>[], string][] = [
      ['by its receiver', [cheque(channel, payeeB, 5n, signerB)], 'SignerNotPayer'],
      ['by a stranger', [cheque(channel, payeeB, 5n, forger)], 'SignerNotPayer'],
      ['for another channel', [cheque(other, payeeB, 5n, signerA)], 'SignerNotPayer'],
      ['for a chequebook', [cheque(book, payeeB, 5n, signerA)], 'SignerNotPayer'],
      ['for somebody else', [cheque(channel, ann, 5n, signerA)], 'NotAParty'],
      [
        'beside a good one',
        [cheque(channel, payeeB, 5n, signerA), cheque(channel, payeeA, 5n, forger)],
        'SignerNotPayer',
      ],
      ['no signature', [{ ...cheque(channel, payeeB, 5n), r: zeros, vs: zeros }], 'SignatureMalformed'],
    ];
    for (const [name, cheques, error] of forged) {
      assert.equal((await call(channel, 'submit', [cheques])).error, error, name);
    }
    assert.deepEqual(await totals(channel), [0n, 0n]);
  });

  test('what was received can be paid on', async () => {
    const channel = await openChannel(bench, 100n, 0n);
    await submit(channel, { byA: 80n, byB: 70n });
    assert.deepEqual(await shares(channel), [90n, 10n]);
  });

  test('a promise beyond all there is takes what its payer has, and no more', async () => {
    const channel = await openChannel(bench, 100n, 7n);
    await submit(channel, { byA: 2n ** 256n - 1n });
    assert.deepEqual(await shares(channel), [0n, 107n]);
    await submit(channel, { byB: 5n });
    assert.deepEqual(await shares(channel), [0n, 107n]);
  });
});

const zeros = `0x${'00'.repeat(32)}` as const;

describe('a close without the other', () => {
  test('is started by a party only, with either of its keys', async () => {
    for (const from of [stranger, ann, forger.id]) {
      assert.equal((await call(await openChannel(bench), 'startClose', [[]], from)).error, 'NotAParty');
    }
    for (const from of [signerA.id, payeeA, signerB.id, payeeB]) {
      assert.equal((await call(await openChannel(bench), 'startClose', [[]], from)).error, undefined);
    }
  });

  test('is started once, and its freeze period runs whatever comes', async () => {
    const channel = await openChannel(bench, 10n, 10n);
    await call(channel, 'startClose', [[]], signerA.id);
    const closesAt = await read(channel, 'closesAt');
    assert.equal((await call(channel, 'startClose', [[]], signerB.id)).error, 'AlreadyClosing');
    await bench.chain.passTime(3600);
    await submit(channel, { byA: 3n });
    assert.equal(await read(channel, 'closesAt'), closesAt);
  });

  test('an old total is answered by anyone with the newer one, to the last moment before the end', async () => {
    const channel = await openChannel(bench, 100n, 0n);
    await call(channel, 'startClose', [payments(channel, { byA: 1n })], signerA.id);
    await bench.chain.passTime(DAY_S + 100);
    await submit(channel, { byA: 90n }, ann);
    const { events } = await call(channel, 'finish');
    assert.deepEqual(events[0]?.args, { toA: 10n, toB: 90n });
    assert.equal((await submit(channel, { byA: 95n })).error, 'AlreadyClosed');
  });

  test('both can still agree to end it at once, or to pay out', async () => {
    const channel = await openChannel(bench, 100n, 0n);
    await call(channel, 'startClose', [payments(channel, { byA: 50n })], signerB.id);
    await withdraw(channel, { withdrawnByAWei: 10n });
    const { events } = await close(channel, { paidByAWei: 20n });
    assert.deepEqual(events[0]?.args, { toA: 70n, toB: 20n });
  });

  test('is not finished before it is started, nor twice', async () => {
    const channel = await openChannel(bench, 1n, 1n);
    assert.equal((await call(channel, 'finish')).error, 'NotClosing');
    await call(channel, 'startClose', [[]], signerA.id);
    await bench.chain.passTime(DAY_S);
    await call(channel, 'finish');
    for (const [name, args] of [
      ['finish', []],
      ['startClose', [[]]],
    ] as const) {
      assert.equal((await call(channel, name, args, signerA.id)).error, 'AlreadyClosed');
    }
    assert.equal((await close(channel, {})).error, 'AlreadyClosed');
    assert.equal((await withdraw(channel, { withdrawnByAWei: 1n })).error, 'AlreadyClosed');
    assert.deepEqual([await shares(channel), await read(channel, 'closesAt')], [[0n, 0n], 0n]);
  });
});

describe('what both sign', () => {
  const pairs: [string, NonNullable<Parameters<typeof closing>[2]>][] = [
    ['a alone', [signerA, signerA]],
    ['b alone', [signerB, signerB]],
    ['each in the other’s place', [signerB, signerA]],
    ['a and a stranger', [signerA, forger]],
    ['a stranger and b', [forger, signerB]],
  ];
  for (const [name, by] of pairs) {
    test(`refused when signed by ${name}`, async () => {
      const channel = await openChannel(bench, 10n, 10n);
      assert.equal((await close(channel, {}, by)).error, 'SignerNotParty');
      assert.equal((await withdraw(channel, { withdrawnByAWei: 1n }, by)).error, 'SignerNotParty');
    });
  }

  test('lapses', async () => {
    const channel = await openChannel(bench, 10n, 10n);
    const validUntilS = await bench.nowS();
    assert.equal((await close(channel, { validUntilS })).error, 'AgreementLapsed');
    assert.equal((await withdraw(channel, { withdrawnByAWei: 1n, validUntilS })).error, 'AgreementLapsed');
  });

  test('is for this channel', async () => {
    const [one, other] = [await openChannel(bench, 10n, 10n), await openChannel(bench, 10n, 10n)];
    const terms = { paidByAWei: 0n, paidByBWei: 0n, validUntilS: FOR_EVER_S };
    assert.equal((await bench.send({ from: stranger, to: one, data: closing(other, terms) })).error, 'SignerNotParty');
  });

  test('a close is no withdrawal, nor the reverse, though their fields are alike', async () => {
    const channel = await openChannel(bench, 10n, 10n);
    const asWithdrawal = withdrawing(channel, { withdrawnByAWei: 1n, withdrawnByBWei: 2n, validUntilS: FOR_EVER_S });
    const selector = channelCall('closeTogether', decoded(asWithdrawal));
    assert.equal((await bench.send({ from: stranger, to: channel, data: selector })).error, 'SignerNotParty');
  });

  const withdrawals: [string, Partial<ChannelWithdrawal>, string][] = [
    ['nothing', {}, 'NothingNew'],
    ['more than there is', { withdrawnByAWei: 15n, withdrawnByBWei: 6n }, 'NotCovered'],
    ['more than there is, by one', { withdrawnByBWei: 21n }, 'NotCovered'],
    ['beyond all numbers', { withdrawnByAWei: 2n ** 256n - 1n, withdrawnByBWei: 2n ** 256n - 1n }, 'NotCovered'],
  ];
  for (const [name, terms, error] of withdrawals) {
    test(`withdrawal refused: ${name}`, async () => {
      assert.equal((await withdraw(await openChannel(bench, 10n, 10n), terms)).error, error);
    });
  }

  test('an older withdrawal after a newer pays nothing', async () => {
    const channel = await openChannel(bench, 10n, 10n);
    await withdraw(channel, { withdrawnByAWei: 5n, withdrawnByBWei: 1n });
    assert.equal((await withdraw(channel, { withdrawnByAWei: 4n, withdrawnByBWei: 3n })).error, 'NothingNew');
  });
});

describe('a payee that refuses coin', () => {
  const open = async (mood: bigint) => {
    const payee = await bench.deploy('Moody');
    await setMood(payee, mood);
    const channel = await openChannel(bench, 60n, 40n, {
      a: { signer: signerA.id, payee },
      b: { signer: signerB.id, payee: payeeB },
    });
    return { payee, channel };
  };
  const setMood = async (payee: NodeId, mood: bigint) => {
    const { abi } = await fixture('Moody');
    const data = encodeFunctionData({ abi, functionName: 'set', args: [mood] });
    await bench.must({ from: stranger, to: payee, data });
  };
  for (const mood of [1n, 2n, 3n]) {
    test(`(${mood}) keeps its claim, and the other is paid`, async () => {
      const { payee, channel } = await open(mood);
      const had = await bench.balance(payeeB);
      await withdraw(channel, { withdrawnByAWei: 10n });
      const { events, gas } = await close(channel, { paidByAWei: 5n });
      assert.deepEqual(events[1], { name: 'PaymentRefused', args: { payee, amount: 45n } });
      assert.ok(gas < 250_000n, 'whoever closes pays for the try, not for the mood');
      assert.equal((await bench.balance(payeeB)) - had, 45n);
      assert.equal(await read(channel, 'unclaimed', [payee]), 55n);
      assert.equal((await call(channel, 'claim', [payee])).error, 'TransferFailed');
      await setMood(payee, 0n);
      await call(channel, 'claim', [payee]);
      assert.equal(await bench.balance(payee), 55n);
      assert.equal((await call(channel, 'claim', [payee])).error, 'NothingOwed');
    });
  }
});

/** The arguments of a withdrawal, to be passed off as those of a close. */
function decoded(data: `0x${string}`): readonly unknown[] {
  const words = (data.slice(10).match(/.{64}/g) ?? []).map((word) => `0x${word}` as const);
  const [a = zeros, b = zeros, until = zeros, r1 = zeros, vs1 = zeros, r2 = zeros, vs2 = zeros] = words;
  return [BigInt(a), BigInt(b), BigInt(until), { r: r1, vs: vs1 }, { r: r2, vs: vs2 }];
}
