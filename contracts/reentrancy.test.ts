import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { type Abi, encodeDeployData, encodeFunctionData } from 'viem';
import type { NodeId } from '../src/core/node-id.ts';
import { compileSources } from './compile.ts';
import { type Bench, BOOK_ABI, bookCall, cashing, DAY_S, issuer, openBench, stranger, ZERO } from './testing/bench.ts';

let bench: Bench;
let abi: Abi;
let bytecode: `0x${string}`;

before(async () => {
  const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');
  const compiled = await compileSources({
    'Chequebook.sol': read('Chequebook.sol'),
    'Attackers.sol': read('testing/Attackers.sol'),
  });
  const attacker = compiled['Attackers.sol']?.['Reenterer'];
  assert.ok(attacker);
  abi = attacker.abi as unknown as Abi;
  bytecode = `0x${attacker.evm.bytecode.object}`;
  bench = await openBench();
});

const attackOn = async (book: NodeId): Promise<NodeId> => {
  const { created } = await bench.send({ from: stranger, data: encodeDeployData({ abi, bytecode, args: [book] }) });
  return created ?? ZERO;
};

const act = (attacker: NodeId, call: 'arm' | 'act', data: `0x${string}`) =>
  bench.send({ from: stranger, to: attacker, data: encodeFunctionData({ abi, functionName: call, args: [data] }) });

test('cashing the same cheque again while being paid for it pays nothing more', async () => {
  const book = await bench.book(100n);
  const attacker = await attackOn(book);
  const cheque = cashing(book, attacker, 10n);
  await act(attacker, 'arm', cheque);
  assert.equal((await act(attacker, 'act', cheque)).error, undefined);
  assert.equal(await bench.read(attacker, abi, 'entered'), 1n);
  assert.equal(await bench.read(attacker, abi, 'lastCallWorked'), false);
  assert.equal(await bench.balance(attacker), 10n);
  assert.equal(await bench.balance(book), 90n);
});

test('cashing a newer cheque inside pays it once, and the books agree', async () => {
  const book = await bench.book(100n);
  const attacker = await attackOn(book);
  await act(attacker, 'arm', cashing(book, attacker, 25n));
  await act(attacker, 'act', cashing(book, attacker, 10n));
  assert.equal(await bench.balance(attacker), 25n);
  assert.equal(await bench.read(book, BOOK_ABI, 'paidOut', [attacker]), 25n);
  assert.equal(await bench.read(book, BOOK_ABI, 'totalPaidOut'), 25n);
});

test('an owner that calls withdraw while it is paid out gets its announcement once', async () => {
  const predicted = await nextAddressOfOwner();
  const { created: book = ZERO } = await bench.deploy('Chequebook', [predicted, issuer.id, BigInt(DAY_S)], 100n);
  const attacker = await attackOn(book);
  assert.equal(attacker, predicted, 'the attacker owns the chequebook');
  await act(attacker, 'act', bookCall('announceWithdrawal', [10n]));
  await bench.chain.passTime(DAY_S);
  await act(attacker, 'arm', bookCall('withdraw'));
  assert.equal((await act(attacker, 'act', bookCall('withdraw'))).error, undefined);
  assert.equal(await bench.read(attacker, abi, 'lastCallWorked'), false);
  assert.equal(await bench.balance(attacker), 10n);
  assert.equal(await bench.balance(book), 90n);
});

/** Where the contract after next of `stranger` will stand: the chequebook is deployed before its owner. */
async function nextAddressOfOwner(): Promise<NodeId> {
  const { getContractAddress } = await import('viem');
  const nonce = BigInt((await bench.rpc('eth_getTransactionCount', [stranger, 'latest'])) as string);
  return getContractAddress({ from: stranger as `0x${string}`, nonce: nonce + 1n }).toLowerCase();
}
