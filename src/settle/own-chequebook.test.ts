import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chain, ChequebookFacts } from '../chain/chain.ts';
import { codeOf, WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { IssuedChequeRecord, NoteRecord, Store, StoreRecord } from '../store/store.ts';
import { OwnChequebook } from './own-chequebook.ts';
import type { SharedChequebook } from './shared-chequebook.ts';

const [FIRST, SHARED, PAYEE] = ['1', 'e', 'a'].map((digit) => `0x${digit.repeat(40)}`) as [NodeId, NodeId, NodeId];

const holding = (balanceWei: bigint, more: Partial<ChequebookFacts> = {}) => ({
  ...{ balanceWei, availableWei: balanceWei, totalPaidOutWei: 0n, withdrawalWei: 0n },
  ...more,
});
const noted = (more: object = {}): NoteRecord => {
  const text = JSON.stringify({ address: FIRST, capacityWei: '100', ...more });
  return { kind: 'note', name: 'own-chequebook', text };
};

/** A node's chequebooks, at addresses that say the nonce, beside a disk that is as slow as a test wants. */
class Bed {
  readonly facts = new Map<NodeId, Partial<ChequebookFacts>>();
  readonly deployed: string[] = [];
  readonly written: (readonly StoreRecord[])[] = [];
  disk: Promise<void> = Promise.resolve();
  own: OwnChequebook;
  readonly #more: Partial<ConstructorParameters<typeof OwnChequebook>[0]>;

  constructor(note?: NoteRecord, more: Partial<ConstructorParameters<typeof OwnChequebook>[0]> = {}) {
    this.#more = more;
    this.own = this.start(note);
  }

  start(note = this.note): OwnChequebook {
    const chain: Partial<Chain> = {
      chequebook: async (address) => this.facts.get(address) as ChequebookFacts | undefined,
      deployChequebook: async (depositWei, { nonce = 0, owner } = {}) => {
        this.deployed.push(`${depositWei} at ${nonce}${owner === undefined ? '' : ` for ${owner}`}`);
        const address = `0x${String(nonce + 1).repeat(40)}`;
        if (depositWei > 0n) this.facts.set(address, holding(depositWei));
        return { address, transaction: { hash: `0x${nonce}` } as never };
      },
    };
    const commit = async (records: readonly StoreRecord[]) => {
      await this.disk;
      this.written.push(records);
    };
    const store = { commit } as Partial<Store> as Store;
    this.own = new OwnChequebook({ chain: chain as Chain, store, notes: note ? [note] : [], ...this.#more });
    return this.own;
  }

  get note(): NoteRecord | undefined {
    return this.written.flat().findLast((record) => record.kind === 'note');
  }
}

const code = (expected: string) => (error: unknown) => codeOf(error) === expected;
const promised = (cumulative: bigint, chequebook = FIRST): IssuedChequeRecord => ({
  ...{ kind: 'issued', chequebook, beneficiary: PAYEE, cumulative, signature: new Uint8Array(65), amount: 0 },
  ...{ paymentId: 0, acceptedCumulative: cumulative, remainder: 0n, ownCumulative: cumulative },
});

test('a chequebook is deployed where there is none, and again at the same place where a reorganisation took it', async () => {
  const bed = new Bed();
  assert.equal(await bed.own.ensure(100n), FIRST);
  assert.equal(await bed.own.ensure(100n), FIRST);
  assert.equal(await bed.start().ensure(100n), FIRST, 'found, also after a restart');
  assert.deepEqual(bed.deployed, ['100 at 0']);
  bed.facts.clear();
  assert.equal(await bed.own.ensure(70n, PAYEE), FIRST);
  assert.deepEqual(bed.deployed.at(-1), `70 at 0 for ${PAYEE}`);
  assert.deepEqual([bed.own.freeWei(FIRST, 0n), bed.own.books.length], [70n, 1]);
});

test('each replacement goes to the next place, and the last few are remembered', async () => {
  const bed = new Bed();
  for (let nonce = 0; nonce < 12; nonce += 1) {
    const { chequebook } = await bed.own.rotate(BigInt(10 + nonce));
    assert.deepEqual([bed.own.address, bed.deployed.at(-1)], [chequebook, `${10 + nonce} at ${nonce}`]);
  }
  const nonces = [11, 10, 9, 8, 7, 6, 5, 4, 3];
  assert.deepEqual(
    bed.own.books.map(({ nonce }) => nonce),
    nonces,
  );
  assert.deepEqual(
    bed.start().books.map(({ nonce }) => nonce),
    nonces,
  );
});

test('of one whose contents cannot be seen yet the deposit counts, and of one that is found what it has paid out', async () => {
  const bed = new Bed();
  await bed.own.ensure(0n);
  assert.deepEqual(bed.own.books, [{ address: FIRST, nonce: 0, capacityWei: 0n, reservedWei: 0n, forgottenWei: 0n }]);
  const found = new Bed();
  found.facts.set(FIRST, holding(40n, { totalPaidOutWei: 60n }));
  await found.own.ensure(0n);
  assert.equal(found.own.books[0]?.forgottenWei, 60n, 'to nobody that is remembered');
});

test('without a chain there is none to be had', async () => {
  const { own } = new Bed(undefined, { chain: undefined });
  await assert.rejects(own.ensure(1n), code('CHEQUEBOOK_MISSING'));
  await assert.rejects(own.rotate(1n), code('CHEQUEBOOK_MISSING'));
  assert.throws(() => own.demand(undefined, 0n), code('CHEQUEBOOK_MISSING'));
  assert.deepEqual([own.freeWei(FIRST, 0n), own.address, await own.refresh(FIRST)], [0n, undefined, undefined]);
});

test('what is promised, reserved and forgotten leaves the rest free, to the wei', () => {
  const { own } = new Bed(noted({ reservedWei: '20', forgottenWei: '30' }));
  for (const [promisedWei, freeWei] of [
    [0n, 50n],
    [49n, 1n],
    [50n, 0n],
    [51n, 0n],
  ] as const) {
    assert.equal(own.freeWei(FIRST, promisedWei), freeWei);
    for (const chequebook of [FIRST, undefined]) {
      if (promisedWei <= 50n) assert.equal(own.demand(chequebook, promisedWei), FIRST);
      else assert.throws(() => own.demand(chequebook, promisedWei), code('CHEQUEBOOK_EMPTY'));
    }
  }
  assert.throws(() => own.demand(SHARED, 0n), code('CHEQUEBOOK_MISSING'));
});

test('what the contract says is written down where it is new', async () => {
  const bed = new Bed(noted());
  for (const [facts, freeWei, writes] of [
    [holding(100n), 100n, 0],
    [holding(40n, { totalPaidOutWei: 60n }), 100n, 0],
    [holding(100n, { availableWei: 70n }), 70n, 1],
    [holding(100n, { availableWei: 70n, withdrawalWei: 25n }), 45n, 2],
    [holding(120n), 120n, 3],
  ] as const) {
    bed.facts.set(FIRST, facts);
    await bed.own.refresh(FIRST);
    assert.deepEqual([bed.own.freeWei(FIRST, 0n), bed.written.length], [freeWei, writes]);
  }
  assert.equal(bed.start().freeWei(FIRST, 0n), 120n);
});

test('who is remembered takes what was paid out to it from what is forgotten, in one batch', async () => {
  for (const [wei, left] of [
    [25n, 5n],
    [30n, 0n],
    [45n, 0n],
  ] as const) {
    const bed = new Bed(noted({ forgottenWei: '30' }));
    await bed.own.remembered(promised(wei));
    assert.deepEqual(
      bed.written.map((records) => records.map(({ kind }) => kind)),
      [['issued', 'note']],
    );
    assert.equal(bed.start().books[0]?.forgottenWei, left);
  }
  const bed = new Bed(noted());
  for (const record of [promised(5n), promised(5n, SHARED)]) await bed.own.remembered(record);
  assert.deepEqual(bed.written, [[promised(5n)], [promised(5n, SHARED)]], 'by itself where nothing is forgotten');
});

test('changes that are written at once do not take each other back', async () => {
  const bed = new Bed(noted({ forgottenWei: '30' }));
  const slow = Promise.withResolvers<void>();
  bed.disk = slow.promise;
  bed.facts.set(FIRST, holding(100n, { withdrawalWei: 40n }));
  const writing = [
    bed.own.refresh(FIRST),
    bed.own.remembered(promised(10n)),
    bed.own.remembered(promised(15n)),
    bed.own.rotate(7n),
  ];
  await new Promise((resolve) => setImmediate(resolve));
  slow.resolve();
  await Promise.all(writing);
  for (const own of [bed.own, bed.start()]) {
    const [next, before] = own.books;
    assert.deepEqual([next?.nonce, before?.reservedWei, before?.forgottenWei], [1, 40n, 5n]);
  }
});

test('what could not be written is as it was, and the next is written', async () => {
  const bed = new Bed(noted({ forgottenWei: '30' }));
  bed.disk = Promise.reject(new WayleaveError('STORE_FULL'));
  await assert.rejects(bed.own.remembered(promised(10n)), code('STORE_FULL'));
  bed.disk = Promise.resolve();
  assert.equal(bed.own.books[0]?.forgottenWei, 30n);
  await bed.own.remembered(promised(10n));
  assert.equal(bed.own.books[0]?.forgottenWei, 20n);
});

test('an operator’s chequebook takes the place of the own one, which is never looked for again', async () => {
  let facts = holding(500n);
  let forgottenWei = 0n;
  const fund = async () => ({ facts, forgottenWei });
  const shared = { address: SHARED, fund } as unknown as SharedChequebook;
  const bed = new Bed(noted(), { shared });
  assert.equal(await bed.own.ensure(100n), SHARED);
  assert.deepEqual(
    bed.own.books.map(({ address, delegated }) => [address, delegated]),
    [
      [SHARED, true],
      [FIRST, undefined],
    ],
  );
  await bed.own.ensure(100n);
  assert.deepEqual([bed.written.length, bed.deployed.length], [1, 0], 'nothing is new');
  facts = holding(400n, { withdrawalWei: 50n });
  await bed.own.refresh(SHARED);
  assert.equal(bed.own.freeWei(SHARED, 0n), 350n);
  forgottenWei = 30n;
  await bed.own.ensure(100n);
  assert.equal(bed.own.freeWei(SHARED, 0n), 320n);
  assert.equal(bed.own.books.length, 2);
  await assert.rejects(bed.own.rotate(1n), code('CHEQUEBOOK_DELEGATED'));
  // Configured no more: the node's own is there again, at the place where it was.
  const alone = new Bed(bed.note);
  assert.equal(alone.own.books[0]?.delegated, true);
  alone.facts.set(SHARED, facts);
  assert.equal(await alone.own.ensure(5n), FIRST);
  assert.deepEqual(alone.deployed, ['5 at 0']);
});
