import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { encodeFunctionData } from 'viem';
import type { NodeId } from '../src/core/node-id.ts';
import {
  type Bench,
  BOOK_ABI,
  beneficiaries,
  bookCall,
  CHANNEL_ABI,
  channelCall,
  DAY_S,
  openBench,
  owner,
  stranger,
  tokenCall,
  ZERO,
} from './testing/bench.ts';
import { cashing, cheque, openBook } from './testing/books.ts';
import { closing, FOR_EVER_S, openChannel, payeeA, payeeB, putIn } from './testing/channels.ts';
import { fixture } from './testing/fixtures.ts';

/** Tokens that are not as the standard has them. */

const [ann = ZERO, ben = ZERO] = beneficiaries;

let bench: Bench;
before(async () => {
  bench = await openBench();
});
after(() => bench.chain.close());

const cash = (book: NodeId, beneficiary: NodeId, amount: bigint) =>
  bench.send({ from: stranger, to: book, data: cashing(book, beneficiary, amount) });
const close = (channel: NodeId, byA: bigint, byB: bigint) => {
  const data = closing(channel, { paidByAWei: byA, paidByBWei: byB, validUntilS: FOR_EVER_S });
  return bench.send({ from: stranger, to: channel, data });
};
const deposited = async (channel: NodeId) =>
  (await bench.read<readonly { readonly deposited: bigint }[]>(channel, CHANNEL_ABI, 'books')).map((b) => b.deposited);

describe('a token that answers nothing', () => {
  test('serves a chequebook', async () => {
    const token = await bench.deploy('SilentToken');
    const book = await openBook(bench, 100n, { token });
    await cash(book, ann, 30n);
    await bench.must({ from: stranger, to: book, data: bookCall('cashMany', [[cheque(book, ben, 20n)]]) });
    await bench.must({ from: owner, to: book, data: bookCall('announceWithdrawal', [50n]) });
    await bench.chain.passTime(DAY_S);
    await bench.must({ from: owner, to: book, data: bookCall('withdraw') });
    const balances = await Promise.all([ann, ben, owner, book].map((of) => bench.balance(of, token)));
    assert.deepEqual(balances, [30n, 20n, 50n, 0n]);
  });

  test('serves a channel', async () => {
    const token = await bench.deploy('SilentToken');
    const channel = await openChannel(bench, 60n, 40n, { token });
    assert.equal((await close(channel, 25n, 0n)).error, undefined);
    assert.deepEqual([await bench.balance(payeeA, token), await bench.balance(payeeB, token)], [35n, 65n]);
  });
});

describe('a token that keeps a part of every transfer', () => {
  test('a chequebook has what arrived, and counts what it sent', async () => {
    const token = await bench.deploy('FeeToken');
    const book = await openBook(bench, 0n, { token });
    await bench.give(stranger, 100n, token);
    await bench.must({ from: stranger, to: token, data: tokenCall('transfer', [book, 100n]) });
    assert.equal(await bench.read(book, BOOK_ABI, 'balance'), 90n);
    assert.equal((await cash(book, ann, 50n)).events[0]?.args['paid'], 50n);
    assert.equal(await bench.balance(ann, token), 45n);
    const { events } = await cash(book, ben, 50n);
    assert.deepEqual([events[0]?.args['paid'], events[1]?.args['missing']], [40n, 10n]);
  });

  test('a channel counts what arrived, so that it can always pay out', async () => {
    const token = await bench.deploy('FeeToken');
    const channel = await openChannel(bench, 100n, 50n, { token });
    assert.deepEqual(await deposited(channel), [90n, 45n]);
    assert.deepEqual((await close(channel, 10n, 0n)).events[0], { name: 'Closed', args: { toA: 80n, toB: 55n } });
    assert.equal(await bench.balance(channel, token), 0n);
  });
});

describe('a token that answers false', () => {
  const refuse = async (token: NodeId, who: NodeId, yes: boolean) => {
    const { abi } = await fixture('FalseToken');
    const data = encodeFunctionData({ abi, functionName: 'refuse', args: [who, yes] });
    await bench.must({ from: stranger, to: token, data });
  };

  test('has not paid: the cheque stays owed, alone and among many', async () => {
    const token = await bench.deploy('FalseToken');
    const book = await openBook(bench, 100n, { token });
    await refuse(token, ann, true);
    assert.equal((await cash(book, ann, 30n)).error, 'TransferFailed');
    const data = bookCall('cashMany', [[cheque(book, ann, 30n), cheque(book, ben, 20n)]]);
    const { events } = await bench.must({ from: stranger, to: book, data });
    assert.deepEqual(
      events.map(({ args }) => args['beneficiary']),
      [ben],
    );
    assert.deepEqual([await bench.read(book, BOOK_ABI, 'paidOut', [ann]), await bench.balance(ann, token)], [0n, 0n]);
    await refuse(token, ann, false);
    assert.equal((await cash(book, ann, 30n)).events[0]?.args['paid'], 30n);
  });

  test('a deposit it refuses is none', async () => {
    const token = await bench.deploy('FalseToken');
    const channel = await openChannel(bench, 0n, 0n, { token });
    const data = channelCall('deposit', [payeeA, 5n]);
    assert.equal((await bench.send({ from: stranger, to: channel, data })).error, 'SafeERC20FailedOperation');
    assert.deepEqual(await deposited(channel), [0n, 0n]);
  });

  test('a payee it will not pay does not keep the other from its money, and can claim later', async () => {
    const token = await bench.deploy('FalseToken');
    const channel = await openChannel(bench, 60n, 40n, { token });
    await refuse(token, payeeA, true);
    const { events } = await close(channel, 10n, 0n);
    assert.deepEqual(events[1], { name: 'PaymentRefused', args: { payee: payeeA, amount: 50n } });
    assert.equal(await bench.balance(payeeB, token), 50n);
    const claim = { from: stranger, to: channel, data: channelCall('claim', [payeeA]) };
    assert.equal((await bench.send(claim)).error, 'TransferFailed');
    await refuse(token, payeeA, false);
    assert.deepEqual((await bench.send(claim)).events, [{ name: 'Claimed', args: { payee: payeeA, amount: 50n } }]);
    assert.equal(await bench.balance(payeeA, token), 50n);
    assert.equal((await bench.send(claim)).error, 'NothingOwed');
  });
});

test('a deposit nobody approved, or with coin beside it, is refused', async () => {
  const token = await bench.deploy('PlainToken');
  const channel = await openChannel(bench, 0n, 0n, { token });
  const data = channelCall('deposit', [payeeA, 5n]);
  assert.equal((await bench.send({ from: stranger, to: channel, data })).error, 'of another contract');
  assert.equal((await bench.send({ from: stranger, to: channel, data, wei: 5n })).error, 'NotCoin');
  await putIn(bench, { channel, payee: payeeA, amount: 5n, token });
  assert.deepEqual(await deposited(channel), [5n, 0n]);
});
