import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Abi, encodeFunctionData, getContractAddress } from 'viem';
import type { NodeId } from '../src/core/node-id.ts';
import {
  type Bench,
  BOOK_ABI,
  beneficiaries,
  bookCall,
  CHANNEL_ABI,
  channelCall,
  DAY_S,
  type Hex,
  openBench,
  stranger,
  tokenCall,
  ZERO,
} from './testing/bench.ts';
import { cashing, cheque, openBook } from './testing/books.ts';
import { closing, FOR_EVER_S, openChannel, payeeB, signerA, signerB } from './testing/channels.ts';
import { fixture } from './testing/fixtures.ts';

/** A payee that makes one more call, of its choice, while it is being paid. */

const [ann = ZERO] = beneficiaries;

let bench: Bench;
let abi: Abi;
before(async () => {
  bench = await openBench();
  ({ abi } = await fixture('Reenterer'));
});
after(() => bench.chain.close());

const arm = (attacker: NodeId, target: NodeId, data: Hex) =>
  bench.must({
    from: stranger,
    to: attacker,
    data: encodeFunctionData({ abi, functionName: 'arm', args: [target, data] }),
  });
const act = (attacker: NodeId, to: NodeId, data: Hex) =>
  bench.must({
    from: stranger,
    to: attacker,
    data: encodeFunctionData({ abi, functionName: 'act', args: [to, data] }),
  });
const tried = async (attacker: NodeId) => [
  await bench.read(attacker, abi, 'entered'),
  await bench.read(attacker, abi, 'lastCallWorked'),
];
/** Where the next contract of `stranger` but `after` will stand. */
const foretell = async (after = 0): Promise<NodeId> => {
  const count = BigInt((await bench.rpc('eth_getTransactionCount', [stranger, 'latest'])) as string);
  return getContractAddress({ from: stranger as Hex, nonce: count + BigInt(after) }).toLowerCase();
};

for (const kind of ['coin', 'token'] as const) {
  describe(`${kind}: a chequebook`, () => {
    let token: NodeId;
    before(async () => {
      token = kind === 'coin' ? ZERO : await bench.deploy('HookToken');
    });

    const insides: [string, (book: NodeId, attacker: NodeId) => Hex][] = [
      ['the same cheque', (book, attacker) => cashing(book, attacker, 10n)],
      ['a newer cheque', (book, attacker) => cashing(book, attacker, 25n)],
      ['the same among many', (book, attacker) => bookCall('cashMany', [[cheque(book, attacker, 25n)]])],
    ];
    for (const [name, inside] of insides) {
      test(`cashing ${name} inside a payment does nothing`, async () => {
        const book = await openBook(bench, 100n, { token });
        const attacker = await bench.deploy('Reenterer');
        await arm(attacker, book, inside(book, attacker));
        await act(attacker, book, cashing(book, attacker, 10n));
        assert.deepEqual(await tried(attacker), [1n, false]);
        assert.equal(await bench.balance(attacker, token), 10n);
        assert.equal(await bench.read(book, BOOK_ABI, 'paidOut', [attacker]), 10n);
        assert.equal(await bench.read(book, BOOK_ABI, 'totalPaidOut'), 10n);
      });

      test(`cashing ${name} inside a batch does nothing, and the batch goes on`, async () => {
        const book = await openBook(bench, 100n, { token });
        const attacker = await bench.deploy('Reenterer');
        await arm(attacker, book, inside(book, attacker));
        const had = await bench.balance(ann, token);
        await act(attacker, book, bookCall('cashMany', [[cheque(book, attacker, 10n), cheque(book, ann, 5n)]]));
        assert.deepEqual((await tried(attacker))[1], false);
        assert.equal(await bench.balance(attacker, token), 10n);
        assert.equal((await bench.balance(ann, token)) - had, 5n);
        assert.equal(await bench.read(book, BOOK_ABI, 'totalPaidOut'), 15n);
      });
    }

    test('an owner that withdraws while a batch pays it waits until the batch is over', async () => {
      const book = await openBook(bench, 100n, { token, owner: await foretell(1) });
      const attacker = await bench.deploy('Reenterer');
      await act(attacker, book, bookCall('announceWithdrawal', [100n]));
      await bench.chain.passTime(DAY_S);
      await arm(attacker, book, bookCall('withdraw'));
      const had = await bench.balance(ann, token);
      await act(attacker, book, bookCall('cashMany', [[cheque(book, attacker, 10n), cheque(book, ann, 50n)]]));
      assert.deepEqual(await tried(attacker), [1n, false]);
      assert.equal((await bench.balance(ann, token)) - had, 50n);
    });

    test('an owner that withdraws while it is paid out gets its announcement once', async () => {
      const book = await openBook(bench, 100n, { token, owner: await foretell(1) });
      const attacker = await bench.deploy('Reenterer');
      assert.equal((await bench.read<string>(book, BOOK_ABI, 'owner')).toLowerCase(), attacker);
      await act(attacker, book, bookCall('announceWithdrawal', [10n]));
      await bench.chain.passTime(DAY_S);
      await arm(attacker, book, bookCall('withdraw'));
      await act(attacker, book, bookCall('withdraw'));
      assert.equal((await tried(attacker))[1], false);
      assert.equal(await bench.balance(attacker, token), 10n);
      assert.equal(await bench.balance(book, token), 90n);
    });
  });

  describe(`${kind}: a channel`, () => {
    let token: NodeId;
    before(async () => {
      token = kind === 'coin' ? ZERO : await bench.deploy('HookToken');
    });

    const insides: [string, (channel: NodeId, attacker: NodeId) => Hex][] = [
      ['finish', () => channelCall('finish')],
      ['claim', (_, attacker) => channelCall('claim', [attacker])],
      ['closeTogether', (channel) => closing(channel, { paidByAWei: 0n, paidByBWei: 9n, validUntilS: FOR_EVER_S })],
      ['submit', (channel, attacker) => channelCall('submit', [[cheque(channel, attacker, 9n, signerB)]])],
    ];
    for (const [name, inside] of insides) {
      test(`${name} inside the final payment does nothing`, async () => {
        const attacker = await bench.deploy('Reenterer');
        const a = { signer: signerA.id, payee: attacker };
        const channel = await openChannel(bench, 50n, 50n, { token, a, b: { signer: signerB.id, payee: payeeB } });
        await arm(attacker, channel, inside(channel, attacker));
        const close = { paidByAWei: 10n, paidByBWei: 0n, validUntilS: FOR_EVER_S };
        const had = await bench.balance(payeeB, token);
        await act(attacker, channel, closing(channel, close));
        assert.deepEqual(await tried(attacker), [1n, false]);
        assert.equal(await bench.balance(attacker, token), 40n);
        assert.equal((await bench.balance(payeeB, token)) - had, 60n);
        assert.equal(await bench.balance(channel, token), 0n);
        assert.equal(await bench.read(channel, CHANNEL_ABI, 'closed'), true);
      });
    }
  });
}

test('a deposit inside a deposit counts what came with it and no more', async () => {
  const token = await bench.deploy('HookToken');
  const channel = await openChannel(bench, 0n, 0n, { token });
  const attacker = await bench.deploy('Reenterer');
  await bench.give(attacker, 20n, token);
  await act(attacker, token, tokenCall('approve', [channel, 20n]));
  await arm(attacker, channel, channelCall('deposit', [payeeB, 10n]));
  await act(attacker, channel, channelCall('deposit', [payeeB, 10n]));
  const [, b] = await bench.read<readonly { readonly deposited: bigint }[]>(channel, CHANNEL_ABI, 'books');
  assert.deepEqual(await tried(attacker), [1n, false]);
  assert.equal(b?.deposited, 10n);
  assert.equal(await bench.balance(channel, token), 10n);
});
