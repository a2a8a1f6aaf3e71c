import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { encodeFunctionData } from 'viem';
import type { NodeId } from '../src/core/node-id.ts';
import {
  type Bench,
  BOOK_ABI,
  beneficiaries,
  bookCall,
  FACTORY_ABI,
  factoryCall,
  forger,
  type Hex,
  openBench,
  owner,
  stranger,
  tokenCall,
  ZERO,
} from './testing/bench.ts';
import { cashing, cheque, openBook } from './testing/books.ts';
import { fixture } from './testing/fixtures.ts';

const [ann = ZERO, ben = ZERO, cid = ZERO] = beneficiaries;

let bench: Bench;
let plain: NodeId;
before(async () => {
  bench = await openBench();
  plain = await bench.deploy('PlainToken');
});
after(() => bench.chain.close());

type Signed = ReturnType<typeof cheque>;
const many = (book: NodeId, cheques: readonly Signed[]) =>
  bench.send({ from: stranger, to: book, data: bookCall('cashMany', [cheques]) });
const read = <T>(book: NodeId, name: string, args: readonly unknown[] = []) =>
  bench.read<T>(book, BOOK_ABI, name, args);
/** What a call would answer, before it is sent. */
const paidBy = (to: NodeId, data: Hex) => bench.rpc('eth_call', [{ from: stranger, to, data }, 'latest']).then(words);
/** The numbers of an answer that is one array. */
const words = (answer: unknown) =>
  (String(answer).slice(2).match(/.{64}/g) ?? []).slice(2).map((word) => BigInt(`0x${word}`));

/** A payee in the mood to refuse (1), to burn all gas (2), to answer without end (3), or in none (0). */
async function moody(mood: bigint): Promise<NodeId> {
  const payee = await bench.deploy('Moody');
  await setMood(payee, mood);
  return payee;
}
async function setMood(payee: NodeId, mood: bigint): Promise<void> {
  const { abi } = await fixture('Moody');
  const data = encodeFunctionData({ abi, functionName: 'set', args: [mood] });
  await bench.must({ from: stranger, to: payee, data });
}

for (const kind of ['coin', 'token'] as const) {
  describe(`${kind}: cash many on one chequebook`, () => {
    const withMoney = (amount: bigint) => openBook(bench, amount, { token: kind === 'coin' ? ZERO : plain });

    test('pays each, and the books are as if they had come alone', async () => {
      const book = await withMoney(100n);
      const { events } = await many(book, [cheque(book, ann, 30n), cheque(book, ben, 20n), cheque(book, ann, 45n)]);
      assert.deepEqual(
        events.map(({ name, args }) => [name, args['beneficiary'], args['paid']]),
        [
          ['ChequeCashed', ann, 30n],
          ['ChequeCashed', ben, 20n],
          ['ChequeCashed', ann, 15n],
        ],
      );
      assert.deepEqual([await read(book, 'paidOut', [ann]), await read(book, 'paidOut', [ben])], [45n, 20n]);
      assert.deepEqual([await read(book, 'totalPaidOut'), await read(book, 'balance')], [65n, 35n]);
    });

    test('one that was cashed meanwhile is passed over', async () => {
      const book = await withMoney(100n);
      await bench.must({ from: stranger, to: book, data: cashing(book, ann, 30n) });
      const cheques = [cheque(book, ann, 30n), cheque(book, ben, 20n)];
      assert.deepEqual(await paidBy(book, bookCall('cashMany', [cheques])), [0n, 20n]);
      const { events } = await many(book, cheques);
      assert.deepEqual(
        events.map(({ args }) => args['beneficiary']),
        [ben],
      );
    });

    test('a forged one is refused with all the others', async () => {
      const book = await withMoney(100n);
      const cheques = [cheque(book, ann, 30n), cheque(book, ben, 20n, forger)];
      assert.equal((await many(book, cheques)).error, 'SignerNotIssuer');
      assert.equal((await many(book, [cheque(stranger, ann, 30n)])).error, 'SignerNotIssuer');
    });

    test('when it runs dry the rest bounce, in their order', async () => {
      const book = await withMoney(40n);
      const { events } = await many(book, [cheque(book, ann, 30n), cheque(book, ben, 20n), cheque(book, cid, 5n)]);
      assert.deepEqual(
        events.map(({ name, args }) => [name, args['paid'] ?? args['missing']]),
        [
          ['ChequeCashed', 30n],
          ['ChequeCashed', 10n],
          ['ChequeBounced', 10n],
          ['ChequeCashed', 0n],
          ['ChequeBounced', 5n],
        ],
      );
      assert.equal(await read(book, 'bounced'), true);
    });

    test('what is set aside is kept for whom it is', async () => {
      const book = await withMoney(40n);
      await bench.must({ from: owner, to: book, data: bookCall('reserve', [cid, 5n]) });
      await many(book, [cheque(book, ann, 50n), cheque(book, cid, 6n)]);
      assert.deepEqual([await read(book, 'paidOut', [ann]), await read(book, 'paidOut', [cid])], [35n, 5n]);
      assert.equal(await read(book, 'totalReserved'), 0n);
    });

    test('none at all is nothing', async () => {
      assert.deepEqual((await many(await withMoney(1n), [])).events, []);
    });
  });
}

describe('a payee that will not be paid', () => {
  for (const [mood, name] of [
    [1n, 'refuses'],
    [2n, 'burns all the gas it is given'],
    [3n, 'answers without end'],
  ] as const) {
    test(`${name}: the others of the batch are paid, it keeps its claim`, async () => {
      const book = await openBook(bench, 100n);
      const payee = await moody(mood);
      const had = await bench.balance(ann);
      const { events, gas } = await many(book, [cheque(book, payee, 200n), cheque(book, ann, 20n)]);
      assert.deepEqual(
        events.map(({ args }) => [args['beneficiary'], args['paid']]),
        [[ann, 20n]],
      );
      assert.ok(gas < 250_000n, 'the caller pays for the try, not for the mood');
      assert.equal((await bench.balance(ann)) - had, 20n);
      assert.deepEqual([await read(book, 'paidOut', [payee]), await read(book, 'bounced')], [0n, false]);
      await setMood(payee, 0n);
      await many(book, [cheque(book, payee, 30n)]);
      assert.equal(await bench.balance(payee), 30n);
    });
  }

  test('alone it harms only itself', async () => {
    const book = await openBook(bench, 10n);
    const payee = await moody(1n);
    const alone = { from: stranger, to: book, data: cashing(book, payee, 5n) };
    assert.equal((await bench.send(alone)).error, 'TransferFailed');
    assert.equal(await read(book, 'paidOut', [payee]), 0n);
    await bench.must({ from: stranger, to: book, data: cashing(book, ann, 5n) });
  });

  test('an owner that refuses loses nothing by it', async () => {
    const payee = await moody(1n);
    const book = await openBook(bench, 10n, { owner: payee });
    await bench.rpc('hardhat_setBalance', [payee, `0x${(10n ** 18n).toString(16)}`]);
    await bench.must({ from: payee, to: book, data: bookCall('announceWithdrawal', [10n]) });
    await bench.chain.passTime(86_400);
    const call = { from: payee, to: book, data: bookCall('withdraw') };
    assert.equal((await bench.send(call)).error, 'TransferFailed');
    await setMood(payee, 0n);
    assert.equal((await bench.send(call)).events[0]?.args['amount'], 10n);
  });
});

describe('cash across chequebooks', () => {
  const claimOf = (chequebook: NodeId, one: Signed) => ({ chequebook, ...one });
  const across = (claims: readonly object[]) => factoryCall('cashAcross', [claims]);
  const send = (data: Hex) => bench.send({ from: stranger, to: bench.chain.factory, data });

  test('pays from each, whatever it holds its money in, and passes over what cannot be cashed', async () => {
    const [coin, token] = [await openBook(bench, 100n), await openBook(bench, 100n, { token: plain })];
    const stale = await openBook(bench, 100n);
    await bench.must({ from: stranger, to: stale, data: cashing(stale, ann, 5n) });
    const data = across([
      claimOf(coin, cheque(coin, ann, 30n)),
      claimOf(stale, cheque(stale, ann, 5n)),
      claimOf(token, cheque(token, ben, 20n)),
      claimOf(coin, cheque(coin, ben, 9n, forger)),
      claimOf(stranger, cheque(stranger, ben, 9n)),
      claimOf(plain, cheque(plain, ben, 9n)),
      claimOf(coin, cheque(coin, cid, 200n)),
    ]);
    assert.deepEqual(await paidBy(bench.chain.factory, data), [30n, 0n, 20n, 0n, 0n, 0n, 70n]);
    const { events } = await send(data);
    assert.deepEqual(
      events.map(({ name, args }) => [name, args['beneficiary'], args['paid'] ?? args['missing']]),
      [
        ['ChequeCashed', ann, 30n],
        ['ChequeCashed', ben, 20n],
        ['ChequeCashed', cid, 70n],
        ['ChequeBounced', cid, 130n],
      ],
    );
    assert.equal(await read(token, 'paidOut', [ben]), 20n);
  });

  test('a target that answers without end does not stop the rest', async () => {
    const book = await openBook(bench, 100n);
    const data = across([claimOf(await moody(3n), cheque(book, ann, 1n)), claimOf(book, cheque(book, ann, 1n))]);
    assert.deepEqual(await paidBy(bench.chain.factory, data), [0n, 1n]);
  });

  test('the factory cannot be made to hold or give anything', async () => {
    const token = await bench.deploy('PlainToken');
    await bench.give(stranger, 5n, token);
    await bench.must({ from: stranger, to: token, data: tokenCall('approve', [bench.chain.factory, 5n]) });
    assert.equal((await bench.send({ from: stranger, to: bench.chain.factory, wei: 1n })).error, 'without reason');
    await send(across([claimOf(token, cheque(token, stranger, 5n))]));
    assert.equal(await bench.balance(stranger, token), 5n);
    assert.equal(await bench.read(bench.chain.factory, FACTORY_ABI, 'isChequebook', [token]), false);
  });
});
