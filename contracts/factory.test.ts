import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { NodeId } from '../src/core/node-id.ts';
import {
  type Bench,
  beneficiaries,
  bookCall,
  channelCall,
  DAY_S,
  FACTORY_ABI,
  factoryCall,
  type Hex,
  issuer,
  openBench,
  owner,
  stranger,
  ZERO,
} from './testing/bench.ts';
import { type BookTerms, bookTerms, cashing, openBook } from './testing/books.ts';
import { type ChannelTerms, channelTerms, openChannel, payeeA, payeeB, payments } from './testing/channels.ts';
import { fixture } from './testing/fixtures.ts';

const [ann = ZERO] = beneficiaries;

let bench: Bench;
let factory: NodeId;
before(async () => {
  bench = await openBench();
  factory = bench.chain.factory;
});
after(() => bench.chain.close());

const deploy = (terms: BookTerms, wei = 0n, from = issuer.id) =>
  bench.send({ from, to: factory, data: factoryCall('deployChequebook', [terms]), wei });
const open = (terms: ChannelTerms, wei = 0n, payee = payeeA) =>
  bench.send({ from: stranger, to: factory, data: factoryCall('openChannel', [terms, payee]), wei });
const ask = <T>(name: string, args: readonly unknown[]) => bench.read<T>(factory, FACTORY_ABI, name, args);
const addressOf = async (terms: BookTerms) => (await ask<string>('chequebookAddress', [terms])).toLowerCase();
const channelAt = async (terms: ChannelTerms) => (await ask<string>('channelAddress', [terms])).toLowerCase();

describe('chequebooks', () => {
  test('stand where the terms say, with the deposit, and are known by it', async () => {
    const terms = bookTerms(bench);
    const expected = await addressOf(terms);
    assert.equal(await ask('isChequebook', [expected]), false);
    const { events } = await deploy(terms, 9n);
    const { freezeSeconds: _, ...rest } = terms;
    assert.deepEqual(events, [
      { name: 'ChequebookDeployed', args: { chequebook: expected, ...rest, freezeSeconds: BigInt(DAY_S) } },
      { name: 'Deposited', args: { from: factory, amount: 9n } },
    ]);
    assert.equal(await ask('isChequebook', [expected]), true);
    assert.equal(await ask('isChannel', [expected]), false);
    assert.equal(await bench.balance(expected), 9n);
    assert.equal(await bench.balance(factory), 0n);
  });

  test('every term makes another address', async () => {
    const terms = bookTerms(bench);
    const token = await bench.deploy('PlainToken');
    const others: Partial<BookTerms>[] = [
      {},
      { owner: ann },
      { issuer: ann },
      { token },
      { freezeSeconds: 3600 },
      { nonce: terms.nonce + 1n },
    ];
    const addresses = await Promise.all(others.map((change) => addressOf({ ...terms, ...change })));
    assert.equal(new Set(addresses).size, others.length);
  });

  test('only owner and issuer deploy: nobody else makes one stand empty', async () => {
    const terms = bookTerms(bench);
    for (const from of [stranger, ann]) assert.equal((await deploy(terms, 1n, from)).error, 'CallerNotOwnerOrIssuer');
    assert.equal((await deploy(terms, 1n, owner)).error, undefined);
  });

  test('a second deployment only deposits', async () => {
    const terms = bookTerms(bench);
    await deploy(terms, 1n, owner);
    const { events } = await deploy(terms, 5n);
    assert.deepEqual(
      events.map(({ name }) => name),
      ['Deposited'],
    );
    assert.equal(await bench.balance(await addressOf(terms)), 6n);
  });

  const refused: [string, Partial<BookTerms>, string | undefined][] = [
    ['an owner of 0', { owner: ZERO }, 'AddressZero'],
    ['an issuer of 0', { issuer: ZERO }, 'AddressZero'],
    ['a freeze under an hour', { freezeSeconds: 3599 }, 'FreezeOutOfRange'],
    ['a freeze over 90 days', { freezeSeconds: 90 * DAY_S + 1 }, 'FreezeOutOfRange'],
    ['a token where no contract stands', { token: stranger }, 'TokenWithoutCode'],
    ['the shortest freeze', { freezeSeconds: 3600 }, undefined],
    ['the longest freeze', { freezeSeconds: 90 * DAY_S }, undefined],
  ];
  for (const [name, change, error] of refused) {
    test(`terms: ${name}`, async () => assert.equal((await deploy(bookTerms(bench, change))).error, error));
  }

  test('coin sent along to a chequebook of tokens comes back with the revert', async () => {
    const token = await bench.deploy('PlainToken');
    assert.equal((await deploy(bookTerms(bench, { token }), 1n)).error, 'TransferFailed');
  });

  test('the same code with the same terms elsewhere is not one', async () => {
    const book = await openBook(bench, 10n);
    const code = (await bench.rpc('eth_getCode', [book, 'latest'])) as Hex;
    const copy: NodeId = `0x${'77'.repeat(20)}`;
    await bench.rpc('hardhat_setCode', [copy, code]);
    assert.equal(await ask('isChequebook', [copy]), false);
    const other = await bench.deploy('WayleaveFactory');
    assert.equal(await bench.read(other, FACTORY_ABI, 'isChequebook', [book]), false, 'nor another factory’s');
  });

  test('what the proxies stand for is of no use by itself', async () => {
    for (const name of ['chequebookCode', 'channelCode']) {
      const code = (await ask<string>(name, [])).toLowerCase();
      assert.equal(await ask('isChequebook', [code]), false);
      assert.equal(await ask('isChannel', [code]), false);
      const data = name === 'chequebookCode' ? bookCall('withdraw') : channelCall('startClose', [[]]);
      assert.match((await bench.send({ from: stranger, to: code, data })).error ?? '', /Caller|NotAParty/);
    }
  });
});

interface Facts {
  readonly hasCode: boolean;
  readonly fromFactory: boolean;
  readonly terms: BookTerms;
  readonly balance: bigint;
  readonly available: bigint;
  readonly paidOut: bigint;
  readonly reserved: bigint;
  readonly totalPaidOut: bigint;
  readonly bounced: boolean;
  readonly withdrawalAmount: bigint;
  readonly withdrawableAt: bigint;
  readonly releaseAmount: bigint;
  readonly releasableAt: bigint;
}

describe('facts of a chequebook', () => {
  const facts = (book: NodeId, token = ZERO) => ask<Facts>('chequebookFacts', [book, token, ann]);

  test('of one of its own, at every stage', async () => {
    const terms = bookTerms(bench);
    const book = await addressOf(terms);
    await deploy(terms, 10n);
    const fresh = await facts(book);
    assert.deepEqual(JSON.parse(text(fresh).toLowerCase()), {
      ...{ hascode: true, fromfactory: true, balance: '10', available: '10', paidout: '0', reserved: '0' },
      ...{ totalpaidout: '0', bounced: false, withdrawalamount: '0', withdrawableat: '0', releaseamount: '0' },
      releasableat: '0',
      terms: { owner, issuer: issuer.id, token: ZERO, freezeseconds: DAY_S, nonce: String(terms.nonce) },
    });
    await bench.must({ from: owner, to: book, data: bookCall('reserve', [stranger, 4n]) });
    await bench.must({ from: issuer.id, to: book, data: bookCall('reserve', [ann, 1n]) });
    await bench.must({ from: owner, to: book, data: bookCall('announceRelease', [ann, 1n]) });
    const releasableAt = BigInt((await bench.nowS()) + DAY_S);
    await bench.must({ from: owner, to: book, data: bookCall('announceWithdrawal', [2n]) });
    const withdrawableAt = BigInt((await bench.nowS()) + DAY_S);
    const later = await facts(book);
    assert.deepEqual([later.available, later.reserved], [6n, 1n]);
    assert.deepEqual([later.withdrawalAmount, later.withdrawableAt], [2n, withdrawableAt]);
    assert.deepEqual([later.releaseAmount, later.releasableAt], [1n, releasableAt]);
    await bench.must({ from: stranger, to: book, data: cashing(book, ann, 12n) });
    const last = await facts(book);
    assert.deepEqual([last.balance, last.available, last.paidOut, last.reserved], [4n, 0n, 6n, 0n]);
    assert.deepEqual([last.totalPaidOut, last.bounced], [6n, true]);
  });

  test('in a token: to who counts in it; to others its terms and nothing else', async () => {
    const token = await bench.deploy('PlainToken');
    const book = await openBook(bench, 10n, { token });
    assert.equal((await facts(book, token)).balance, 10n);
    const other = await facts(book);
    assert.deepEqual([other.fromFactory, other.terms.token.toLowerCase(), other.balance], [true, token, 0n]);
  });

  test('in a token that answers nothing sensible: its terms, without asking it', async () => {
    // Reverts whatever it is asked.
    const token = await bench.deploy('Moody');
    const book = await openBook(bench, 0n, { token });
    const known = await facts(book);
    assert.deepEqual([known.fromFactory, known.terms.token.toLowerCase()], [true, token]);
    await assert.rejects(facts(book, token));
  });

  test('of anything else, only that it is something else', async () => {
    const { bytecode } = await fixture('Moody');
    const { created = ZERO } = await bench.must({ from: stranger, data: bytecode, wei: 0n });
    assert.deepEqual([(await facts(created)).hasCode, (await facts(created)).fromFactory], [true, false]);
    assert.deepEqual([(await facts(stranger)).hasCode, (await facts(stranger)).fromFactory], [false, false]);
  });
});

describe('channels', () => {
  test('stand where the terms say, with the deposit of whom it is for', async () => {
    const terms = channelTerms(bench);
    const expected = await channelAt(terms);
    const { events } = await open(terms, 9n, payeeB);
    assert.deepEqual(
      events.map(({ name }) => name),
      ['ChannelOpened', 'Deposited'],
    );
    assert.equal(events[0]?.args['channel'], expected);
    assert.deepEqual(events[1]?.args, { payee: payeeB, from: factory, amount: 9n });
    assert.equal(await ask('isChannel', [expected]), true);
    assert.equal(await ask('isChequebook', [expected]), false);
    const again = await open(terms, 1n);
    assert.deepEqual(
      again.events.map(({ name }) => name),
      ['Deposited'],
    );
  });

  const a = { signer: `0x${'01'.repeat(20)}`, payee: payeeA };
  const b = { signer: `0x${'02'.repeat(20)}`, payee: payeeB };
  const refused: [string, Partial<ChannelTerms>, string][] = [
    ['parties the wrong way round', { a: b, b: a }, 'PartiesNotInOrder'],
    ['one signer for both', { a, b: { ...b, signer: a.signer } }, 'PartiesNotInOrder'],
    ['one payee for both', { a, b: { ...b, payee: payeeA } }, 'PayeesAlike'],
    ['a signer of 0', { a: { ...a, signer: ZERO }, b }, 'AddressZero'],
    ['a payee of 0', { a, b: { ...b, payee: ZERO } }, 'AddressZero'],
    ['a freeze under an hour', { freezeSeconds: 3599 }, 'FreezeOutOfRange'],
    ['a token where no contract stands', { token: stranger }, 'TokenWithoutCode'],
  ];
  for (const [name, change, error] of refused) {
    test(`terms: ${name}`, async () => assert.equal((await open(channelTerms(bench, change))).error, error));
  }

  test('coin sent along for neither party comes back with the revert', async () => {
    assert.equal((await open(channelTerms(bench), 1n, ann)).error, 'NotAParty');
  });

  test('facts: deposits, totals, and the close', async () => {
    const channel = await openChannel(bench, 10n, 5n);
    const data = channelCall('submit', [payments(channel, { byA: 7n, byB: 3n })]);
    await bench.must({ from: stranger, to: channel, data });
    const facts = JSON.parse(text(await ask('channelFacts', [channel]))) as Record<string, unknown>;
    assert.deepEqual(facts['a'], { deposited: '10', withdrawn: '0' });
    assert.deepEqual(facts['b'], { deposited: '5', withdrawn: '0' });
    assert.deepEqual([facts['paidByA'], facts['paidByB'], facts['closesAt'], facts['closed']], ['7', '3', '0', false]);
    const foreign = JSON.parse(text(await ask('channelFacts', [factory]))) as Record<string, unknown>;
    assert.deepEqual([foreign['hasCode'], foreign['fromFactory']], [true, false]);
  });
});

function text(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));
}
