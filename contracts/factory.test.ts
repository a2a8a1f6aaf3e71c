import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { NodeId } from '../src/core/node-id.ts';
import {
  type Bench,
  beneficiaries,
  bookCall,
  cashing,
  DAY_S,
  FACTORY_ABI,
  factoryCall,
  issuer,
  openBench,
  owner,
  stranger,
  ZERO,
} from './testing/bench.ts';

const [ann = ZERO] = beneficiaries;
const SALT = `0x${'00'.repeat(32)}`;
const FREEZE = BigInt(DAY_S);

let bench: Bench;
let factory: NodeId;
before(async () => {
  bench = await openBench();
  factory = bench.chain.factory;
});

const deploy = (from: NodeId, salt: string, wei = 0n, freeze = FREEZE) =>
  bench.send({ from, to: factory, data: factoryCall('deploy', [owner, issuer.id, freeze, salt]), wei });

const foretold = async (caller: NodeId, salt: string) =>
  (await bench.read<string>(factory, FACTORY_ABI, 'foretell', [caller, owner, issuer.id, FREEZE, salt])).toLowerCase();

interface Facts {
  readonly hasCode: boolean;
  readonly fromFactory: boolean;
  readonly issuer: string;
  readonly balance: bigint;
  readonly paidOut: bigint;
  readonly bounced: boolean;
  readonly withdrawableAt: bigint;
}
const facts = (book: NodeId) => bench.read<Facts>(factory, FACTORY_ABI, 'facts', [book, ann]);

test('deploys where it foretold, with the deposit, and remembers it', async () => {
  const expected = await foretold(stranger, SALT);
  assert.equal(await bench.read(factory, FACTORY_ABI, 'deployed', [expected]), false);
  const { events } = await deploy(stranger, SALT, 9n);
  assert.deepEqual(events, [
    { name: 'Deposited', args: { from: factory, amount: 9n } },
    { name: 'ChequebookDeployed', args: { chequebook: expected, owner, issuer: issuer.id, freezeSeconds: FREEZE } },
  ]);
  assert.equal(await bench.read(factory, FACTORY_ABI, 'deployed', [expected]), true);
  assert.equal(await bench.balance(expected), 9n);
  assert.equal(await bench.balance(factory), 0n);
});

test('the address is bound to the caller and taken once', async () => {
  const salt = `0x${'01'.repeat(32)}`;
  const mine = await foretold(owner, salt);
  await deploy(stranger, salt);
  assert.equal(await bench.read(factory, FACTORY_ABI, 'deployed', [mine]), false, 'nobody can take it first');
  assert.equal((await deploy(owner, salt)).error, undefined);
  assert.equal((await deploy(owner, salt, 5n)).error, 'without reason', 'the deposit comes back with the revert');
  assert.equal(await bench.balance(mine), 0n);
});

test('refuses what a chequebook refuses', async () => {
  assert.equal((await deploy(stranger, SALT, 0n, 1n)).error, 'FreezeOutOfRange');
});

test('facts: of a chequebook of its own', async () => {
  const salt = `0x${'02'.repeat(32)}`;
  const book = await foretold(stranger, salt);
  await deploy(stranger, salt, 10n);
  const fresh = await facts(book);
  assert.deepEqual(
    { ...fresh, issuer: fresh.issuer.toLowerCase() },
    {
      hasCode: true,
      fromFactory: true,
      issuer: issuer.id,
      balance: 10n,
      paidOut: 0n,
      bounced: false,
      withdrawableAt: 0n,
    },
  );
  await bench.send({ from: stranger, to: book, data: cashing(book, ann, 12n) });
  await bench.send({ from: owner, to: book, data: bookCall('announceWithdrawal', [1n]) });
  const later = await facts(book);
  assert.deepEqual([later.balance, later.paidOut, later.bounced], [0n, 10n, true]);
  assert.equal(later.withdrawableAt, BigInt(await bench.nowS()) + FREEZE);
});

test('facts: of anything else, only that it is something else', async () => {
  const foreign = await bench.book(10n);
  assert.deepEqual((await facts(foreign)).fromFactory, false);
  assert.deepEqual((await facts(foreign)).hasCode, true);
  assert.deepEqual((await facts(foreign)).balance, 0n);
  assert.deepEqual((await facts(stranger)).hasCode, false);
});
