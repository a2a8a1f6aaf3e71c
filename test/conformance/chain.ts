import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Chain } from '../../src/chain/chain.ts';
import { signCheque } from '../../src/chain/cheque-signing.ts';
import { createSigner, generateKey, type Signer } from '../../src/chain/signer.ts';
import { codeOf } from '../../src/core/errors.ts';
import type { NodeId } from '../../src/core/node-id.ts';
import { channels } from './chain-channels.ts';

/** A chain to run the suite on. */
export interface ChainWorld {
  readonly chainId: number;
  /** The chain as the node with this key sees it. Its account holds 10 coins of 10¹⁸ wei, unless `poor`. */
  open(signer: Signer, poor?: 'poor'): Promise<Chain>;
  close(): Promise<void>;
}

const COIN = 10n ** 18n;
const ZERO: NodeId = `0x${'0'.repeat(40)}`;
const unsent = () => Promise.reject(new Error('sent was called'));
const ignore = () => Promise.resolve();

interface Party {
  readonly signer: Signer;
  readonly chain: Chain;
}

/** What every implementation of the chain port must do (DESIGN §2: one suite per port, real and simulated alike). */
export function chainConformance(
  name: string,
  makeWorld: () => Promise<ChainWorld>,
  skip: string | false = false,
): void {
  describe(`chain port: ${name}`, { skip }, () => {
    let world: ChainWorld;
    const opened: Chain[] = [];
    before(async () => {
      world = await makeWorld();
    });
    after(async () => {
      for (const chain of opened) await chain.close();
      await world.close();
    });

    const party = async (poor?: 'poor'): Promise<Party> => {
      const signer = createSigner(generateKey((count) => randomBytes(count)));
      const chain = await world.open(signer, poor);
      opened.push(chain);
      return { signer, chain };
    };
    const chequeOf = (payer: Party, chequebook: NodeId, beneficiary: NodeId, cumulativeWei: bigint) =>
      signCheque(payer.signer, world.chainId, { chequebook, beneficiary, cumulativeWei });
    const refuses = (work: Promise<unknown>, code: string) => assert.rejects(work, (error) => codeOf(error) === code);
    /** A payer with a chequebook holding `depositWei`, and a payee. */
    const pair = async (depositWei: bigint) => {
      const [payer, payee] = await Promise.all([party(), party()]);
      const { address: book } = await payer.chain.deployChequebook(depositWei);
      return { payer, payee, book };
    };

    readsAndDeploys({ party, pair, refuses, chainId: () => world.chainId });
    cashes({ party, pair, refuses, chequeOf });
    cashesMany({ party, pair, refuses, chequeOf });
    administers({ party, pair, refuses, chequeOf });
    pays({ party, pair, refuses });
    channels({ party, refuses, chainId: () => world.chainId });
  });
}

interface Reading {
  party(poor?: 'poor'): Promise<Party>;
  pair(depositWei: bigint): Promise<{ payer: Party; payee: Party; book: NodeId }>;
  refuses(work: Promise<unknown>, code: string): Promise<void>;
  chainId(): number;
}

function readsAndDeploys({ party, pair, refuses, chainId }: Reading): void {
  test('says which chain it is, and what accounts hold', async () => {
    const { signer, chain } = await party();
    assert.equal(await chain.chainId(), chainId());
    assert.equal(await chain.balance(signer.id), 10n * COIN);
    assert.equal(await chain.balance(createSigner(randomBytes(32)).id), 0n);
  });

  test('knows no chequebook where no code stands', async () => {
    const { signer, chain } = await party();
    assert.equal(await chain.chequebook(signer.id, signer.id), undefined);
  });

  test('deploys a chequebook; deposit and gas are all it costs', async () => {
    const { signer, chain } = await party();
    const { address, transaction } = await chain.deployChequebook(COIN);
    assert.equal(await chain.balance(signer.id), 9n * COIN - transaction.gasWei);
    assert.ok(transaction.gasWei > 0n);
    assert.deepEqual(await chain.chequebook(address, ZERO), {
      fromFactory: true,
      issuer: signer.id,
      balanceWei: COIN,
      paidOutWei: 0n,
      bounced: false,
      availableWei: COIN,
      reservedWei: 0n,
      totalPaidOutWei: 0n,
      withdrawalWei: 0n,
    });
  });

  test('deploying again finds the first, with its receipt and without a second deposit', async () => {
    const { signer, chain } = await party();
    const first = await chain.deployChequebook(5n);
    const balance = await chain.balance(signer.id);
    assert.deepEqual(await chain.deployChequebook(COIN), first);
    assert.equal(await chain.balance(signer.id), balance);
  });

  test('deposits into a chequebook, anyone’s', async () => {
    const { payee, book } = await pair(5n);
    const before = await payee.chain.balance(payee.signer.id);
    const { gasWei } = await payee.chain.deposit(book, 7n);
    assert.equal((await payee.chain.chequebook(book, ZERO))?.balanceWei, 12n);
    assert.equal(await payee.chain.balance(payee.signer.id), before - 7n - gasWei);
  });

  test('an account without coin is told so', async () => {
    const poor = await party('poor');
    await refuses(poor.chain.deployChequebook(COIN), 'CHAIN_FUNDS_MISSING');
  });

  test('a deposit of more than there is is refused, and the next one works', async () => {
    const { payer, book } = await pair(0n);
    await refuses(payer.chain.deposit(book, 100n * COIN), 'CHAIN_FUNDS_MISSING');
    await payer.chain.deposit(book, 1n);
    assert.equal((await payer.chain.chequebook(book, ZERO))?.balanceWei, 1n);
  });
}

type Cashing = Pick<Reading, 'party' | 'pair' | 'refuses'> & {
  chequeOf(payer: Party, chequebook: NodeId, beneficiary: NodeId, cumulativeWei: bigint): ReturnType<typeof signCheque>;
};

function cashes({ party, pair, refuses, chequeOf }: Cashing): void {
  test('cashes a cheque: the hash is told first, the payout and the gas add up', async () => {
    const { payer, payee, book } = await pair(100n);
    const { chain, signer } = payee;
    const before = await chain.balance(signer.id);
    const told: string[] = [];
    const receipt = await chain.cash(chequeOf(payer, book, signer.id, 30n), async (hash) => {
      assert.equal(await chain.outcome(hash, book), undefined, 'not broadcast yet');
      told.push(hash);
    });
    assert.deepEqual(told, [receipt.hash]);
    assert.deepEqual([receipt.paidWei, receipt.bounced], [30n, false]);
    assert.equal(await chain.balance(signer.id), before + 30n - receipt.gasWei);
    const facts = await chain.chequebook(book, signer.id);
    assert.deepEqual([facts?.balanceWei, facts?.paidOutWei, facts?.bounced], [70n, 30n, false]);
    assert.deepEqual(await chain.outcome(receipt.hash, book), receipt);
  });

  test('pays only what is new, whoever submits', async () => {
    const { payer, payee, book } = await pair(100n);
    await payee.chain.cash(chequeOf(payer, book, payee.signer.id, 30n), ignore);
    const watcher = await party();
    const before = await watcher.chain.balance(payee.signer.id);
    const receipt = await watcher.chain.cash(chequeOf(payer, book, payee.signer.id, 50n), ignore);
    assert.equal(receipt.paidWei, 20n);
    assert.equal(await watcher.chain.balance(payee.signer.id), before + 20n);
  });

  test('a stale, a forged and a foreign cheque are refused before anything is sent', async () => {
    const { payer, payee, book } = await pair(100n);
    const me = payee.signer.id;
    await payee.chain.cash(chequeOf(payer, book, me, 30n), ignore);
    const foreign = signCheque(payer.signer, 424242, { chequebook: book, beneficiary: me, cumulativeWei: 40n });
    for (const cheque of [chequeOf(payer, book, me, 30n), chequeOf(payee, book, me, 40n), foreign]) {
      await refuses(payee.chain.cash(cheque, unsent), 'TRANSACTION_REVERTED');
    }
  });

  test('a cheque that bounces pays what there is; the rest cashes after a deposit', async () => {
    const { payer, payee, book } = await pair(10n);
    const cheque = chequeOf(payer, book, payee.signer.id, 25n);
    const { number: before } = await payee.chain.head();
    const first = await payee.chain.cash(cheque, ignore);
    assert.deepEqual([first.paidWei, first.bounced], [10n, true]);
    assert.deepEqual(await payee.chain.outcome(first.hash, book), first);
    assert.equal((await payee.chain.chequebook(book, payee.signer.id))?.bounced, true);
    const depth = Number((await payee.chain.head()).number - before) + 1;
    const then = await payee.chain.chequebook(book, payee.signer.id, depth);
    assert.equal(then?.bounced, false, 'as of the block before');
    await payer.chain.deposit(book, 100n);
    const second = await payee.chain.cash(cheque, ignore);
    assert.deepEqual([second.paidWei, second.bounced], [15n, false]);
  });

  test('when the hash cannot be written down, nothing is sent', async () => {
    const { payer, payee, book } = await pair(100n);
    const { chain, signer } = payee;
    const before = await chain.balance(signer.id);
    let hash = '';
    const failing = async (told: string) => {
      hash = told;
      throw new Error('disk full');
    };
    await assert.rejects(chain.cash(chequeOf(payer, book, signer.id, 30n), failing), { message: 'disk full' });
    assert.equal(await chain.outcome(hash, book), undefined);
    assert.equal(await chain.balance(signer.id), before);
    assert.equal((await chain.cash(chequeOf(payer, book, signer.id, 30n), ignore)).paidWei, 30n, 'and the next works');
  });

  test('an unknown transaction has no outcome', async () => {
    const { payer, book } = await pair(0n);
    assert.equal(await payer.chain.outcome(`0x${'ab'.repeat(32)}`, book), undefined);
  });

  test('many at once are sent one after another', async () => {
    const { payer, payee, book } = await pair(100n);
    const cheques = [10n, 20n, 30n, 40n].map((wei) => chequeOf(payer, book, payee.signer.id, wei));
    const receipts = await Promise.all(cheques.map((cheque) => payee.chain.cash(cheque, ignore)));
    assert.deepEqual(
      receipts.map((receipt) => receipt.paidWei),
      [10n, 10n, 10n, 10n],
    );
  });
}

function cashesMany({ party, pair, refuses, chequeOf }: Cashing): void {
  test('cashes cheques on several chequebooks in one transaction, and passes over what cannot be paid', async () => {
    const { payer, payee, book } = await pair(100n);
    const other = await party();
    const { address: poor } = await other.chain.deployChequebook(10n);
    const { chain, signer } = payee;
    const forged = { ...chequeOf(payee, poor, signer.id, 9n), chequebook: payer.signer.id };
    const cheques = [chequeOf(payer, book, signer.id, 30n), forged, chequeOf(other, poor, signer.id, 25n)];
    const before = await chain.balance(signer.id);
    const told: string[] = [];
    const receipt = await chain.cashMany(cheques, async (hash) => void told.push(hash));
    assert.deepEqual(told, [receipt.hash]);
    assert.deepEqual(receipt.paid, [
      { paidWei: 30n, bounced: false },
      { paidWei: 0n, bounced: false },
      { paidWei: 10n, bounced: true },
    ]);
    assert.equal(await chain.balance(signer.id), before + 40n - receipt.gasWei);
    assert.deepEqual(
      [(await chain.outcome(receipt.hash, book))?.paidWei, (await chain.outcome(receipt.hash, poor))?.paidWei],
      [30n, 10n],
    );
    await refuses(chain.cashMany(cheques, unsent), 'TRANSACTION_REVERTED');
  });

  test('says what gas costs', async () => {
    const { chain } = await party();
    assert.ok((await chain.gasPriceWei()) > 0n);
  });
}

function administers({ party, pair, refuses, chequeOf }: Cashing): void {
  test('a second chequebook of one issuer stands elsewhere; a cold owner alone can announce a withdrawal', async () => {
    const { payer, payee, book } = await pair(5n);
    const kind = { nonce: 1, owner: payee.signer.id };
    const { address } = await payer.chain.deployChequebook(7n, kind);
    assert.notEqual(address, book);
    assert.equal((await payer.chain.deployChequebook(9n, kind)).address, address);
    const announce = { kind: 'announceWithdrawal', wei: 7n } as const;
    await refuses(payer.chain.administer(address, announce), 'TRANSACTION_REVERTED');
    await payee.chain.administer(address, announce);
    const facts = await payer.chain.chequebook(address, ZERO);
    assert.deepEqual([facts?.issuer, facts?.balanceWei, facts?.withdrawalWei], [payer.signer.id, 7n, 7n]);
    assert.ok((facts?.withdrawableAtS ?? 0) > 0);
    await refuses(payee.chain.administer(address, { kind: 'withdraw' }), 'TRANSACTION_REVERTED');
    await payee.chain.administer(address, { kind: 'announceWithdrawal', wei: 0n });
    assert.equal((await payer.chain.chequebook(address, ZERO))?.withdrawableAtS, undefined);
  });

  test('what is set aside for one beneficiary is there for it alone', async () => {
    const { payer, payee, book } = await pair(100n);
    const [me, other] = [payee.signer.id, (await party()).signer.id];
    await refuses(
      payer.chain.administer(book, { kind: 'reserve', beneficiary: me, wei: 101n }),
      'TRANSACTION_REVERTED',
    );
    await payer.chain.administer(book, { kind: 'reserve', beneficiary: me, wei: 60n });
    const facts = await payer.chain.chequebook(book, me);
    assert.deepEqual([facts?.reservedWei, facts?.availableWei], [60n, 100n]);
    assert.equal((await payer.chain.chequebook(book, other))?.availableWei, 40n);
    const { paidWei, bounced } = await payee.chain.cash(chequeOf(payer, book, other, 50n), ignore);
    assert.deepEqual([paidWei, bounced], [40n, true]);
    await payer.chain.administer(book, { kind: 'announceRelease', beneficiary: me, wei: 60n });
    await refuses(payer.chain.administer(book, { kind: 'release', beneficiary: me }), 'TRANSACTION_REVERTED');
    assert.equal((await payee.chain.cash(chequeOf(payer, book, me, 70n), ignore)).paidWei, 60n);
    const after = await payer.chain.chequebook(book, me);
    assert.deepEqual([after?.reservedWei, after?.balanceWei, after?.totalPaidOutWei], [0n, 0n, 100n]);
  });
}

/** The next block in which something can be, once `work` is done. */
async function between<T>(chain: Chain, work: () => Promise<T>): Promise<{ from: number; to: number; value: T }> {
  const from = Number((await chain.head()).number) + 1;
  const value = await work();
  return { from, to: Number((await chain.head()).number), value };
}

function pays({ party, refuses }: Omit<Cashing, 'chequeOf'>): void {
  test('pays: the hash is told first, what arrives is found by its payee with its payer', async () => {
    const [payer, payee, other] = [await party(), await party(), await party()];
    const before = await payee.chain.money(payee.signer.id);
    const told: string[] = [];
    const { from, to, value } = await between(payer.chain, () =>
      payer.chain.pay({ to: payee.signer.id, wei: 42n, purpose: 'a debt' }, async (hash) => {
        assert.equal(await payer.chain.paid(hash, payee.signer.id), undefined, 'not broadcast yet');
        told.push(hash);
      }),
    );
    assert.deepEqual([told, value.paidWei], [[value.hash], 42n]);
    assert.deepEqual(await payer.chain.paid(value.hash, payee.signer.id), value);
    assert.equal(await payee.chain.money(payee.signer.id), before + 42n);
    const payment = { from: payer.signer.id, wei: 42n, transaction: value.hash, index: 0, block: value.block };
    assert.deepEqual(await payee.chain.incoming(from, to), [payment]);
    assert.deepEqual(await other.chain.incoming(from, to), []);
    assert.equal(await payee.chain.incoming(to, to + 400), undefined, 'not there yet');
  });

  test('a payment that is mined is not made again when it is asked for again', async () => {
    const [payer, payee] = [await party(), await party()];
    const debt = { to: payee.signer.id, wei: 42n, purpose: 'one debt' };
    const first = await payer.chain.pay(debt, ignore);
    const told: string[] = [];
    const again = await payer.chain.pay(debt, async (hash) => void told.push(hash));
    assert.deepEqual([told, again], [[first.hash], first]);
    assert.equal(await payee.chain.money(payee.signer.id), 10n * COIN + 42n);
  });

  test('payments to several at once are all made, each once', async () => {
    const [payer, ...payees] = [await party(), await party(), await party(), await party()];
    const pay = (to: Party, wei: bigint) =>
      payer.chain.pay({ to: to.signer.id, wei, purpose: `to ${to.signer.id}` }, ignore);
    const { from, to } = await between(payer.chain, () =>
      Promise.all(payees.map((each, at) => pay(each, BigInt(at + 1)))),
    );
    for (const [at, { chain, signer }] of payees.entries()) {
      const arrived = (await chain.incoming(from, to)) ?? [];
      assert.deepEqual(
        arrived.map(({ wei, from: who }) => [wei, who]),
        [[BigInt(at + 1), payer.signer.id]],
      );
      assert.equal(await chain.money(signer.id), 10n * COIN + BigInt(at + 1));
    }
  });

  test('more than there is is refused before anything is told', async () => {
    const [payer, payee] = [await party(), await party()];
    const too = { to: payee.signer.id, wei: 100n * COIN, purpose: 'too much' };
    await refuses(payer.chain.pay(too, unsent), 'CHAIN_FUNDS_MISSING');
    await payer.chain.pay({ ...too, wei: 1n }, ignore);
  });

  test('a block keeps its hash', async () => {
    const { chain } = await party();
    const { number, hash } = await chain.head();
    assert.equal(await chain.blockHash(Number(number)), hash);
    assert.equal(await chain.blockHash(Number(number) + 1000), undefined);
  });
}
