import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chain } from '../chain/chain.ts';
import { recoverChequeIssuer, signCheque } from '../chain/cheque-signing.ts';
import { createSigner } from '../chain/signer.ts';
import { codeOf, WayleaveError } from '../core/errors.ts';
import type { IssuedChequeRecord, NoteRecord, Store, StoreRecord } from '../store/store.ts';
import { ChequeWriter, type ChequeWriterOptions } from './cheque-writer.ts';
import { OwnChequebook } from './own-chequebook.ts';

const id = (n: number): string => `0x${n.toString(16).padStart(40, '0')}`;
const [FIRST, SECOND, PAYEE] = [id(0xb1), id(0xb2), id(0xa)];
const RATIO = { numerator: 1n, denominator: 1n };
const signer = createSigner(new Uint8Array(32).fill(7));
const CHAIN_ID = 100;

const signed = (cumulativeWei: bigint, by = signer, chequebook = FIRST) =>
  signCheque(by, CHAIN_ID, { chequebook, beneficiary: PAYEE, cumulativeWei });

/** Remembers records by what they replace. */
class Shelf {
  readonly records = new Map<string, StoreRecord>();
  failing = false;
  /** So many batches are written, and no other. */
  room = Number.POSITIVE_INFINITY;
  readonly store = {
    commit: async (records: readonly StoreRecord[]) => {
      if (this.failing || this.room <= 0) throw new WayleaveError('STORE_FULL');
      this.room -= 1;
      for (const record of records) {
        const key = record.kind === 'issued' ? `${record.chequebook} ${record.beneficiary}` : record.kind;
        this.records.set(key, record);
      }
    },
  } as unknown as Store;

  issued(): IssuedChequeRecord[] {
    return [...this.records.values()].filter((record) => record.kind === 'issued');
  }
  notes(): NoteRecord[] {
    return [...this.records.values()].filter((record) => record.kind === 'note');
  }
}

const book = (address: string, capacity: number, former: object[] = [], forgottenWei = '0') => ({
  kind: 'note' as const,
  name: 'own-chequebook',
  text: JSON.stringify({ address, capacityWei: String(capacity), forgottenWei, former }),
});

function writerOf(shelf: Shelf, note: NoteRecord, more: Partial<ChequeWriterOptions> = {}): ChequeWriter {
  const { store } = shelf;
  const own = new OwnChequebook({ chain: undefined, store, notes: [note] });
  return new ChequeWriter({
    signer,
    chainId: CHAIN_ID,
    store,
    own,
    issued: shelf.issued(),
    notes: shelf.notes(),
    ...more,
  });
}

const refuses = (work: Promise<unknown>, code: string) => assert.rejects(work, (error) => codeOf(error) === code);

test('a neighbour is paid on the new chequebook once the last cheque on the old one was taken, from 0', async () => {
  const shelf = new Shelf();
  let writer = writerOf(shelf, book(FIRST, 100));
  await writer.write(PAYEE, { id: 1, units: 10 }, RATIO);
  const rotated = book(SECOND, 100, [{ address: FIRST, capacityWei: '100' }]);
  writer = writerOf(shelf, rotated);
  const pending = await writer.write(PAYEE, { id: 2, units: 5 }, RATIO);
  assert.deepEqual([pending.chequebook, pending.cumulativeWei], [FIRST, 15n], 'replaced where it stands');
  assert.deepEqual(writer.pending(PAYEE), { units: 15, lastPaymentId: 2 }, 'what it replaces is in it');
  writer.acknowledged(PAYEE, { acceptedWei: 15n, units: 15 });
  const next = await writer.write(PAYEE, { id: 3, units: 7 }, RATIO);
  assert.deepEqual([next.chequebook, next.cumulativeWei], [SECOND, 7n]);
  assert.deepEqual(writer.unacknowledged(PAYEE), { id: 3, cheque: next });
  writer = writerOf(shelf, rotated);
  assert.deepEqual(writer.pending(PAYEE), { units: 7, lastPaymentId: 3 }, 'also after a restart');
  assert.deepEqual([writer.promisedWei(FIRST), writer.promisedWei(SECOND)], [15n, 7n]);
});

test('a cheque is on disk as it is sent, and says no part where nobody shares the chequebook', async () => {
  const shelf = new Shelf();
  const sent = await writerOf(shelf, book(FIRST, 100)).write(PAYEE, { id: 1, units: 10 }, { ...RATIO, numerator: 3n });
  assert.deepEqual(sent, signed(30n));
  const { signature } = sent;
  const start = { kind: 'issued', chequebook: FIRST, beneficiary: PAYEE, acceptedCumulative: 0n, remainder: 0n };
  assert.deepEqual(shelf.issued(), [
    { ...start, cumulative: 30n, signature, amount: 10, paymentId: 1, ownCumulative: 30n },
  ]);
});

for (const [says, left, pending] of [
  [4n, 4n, 6],
  [10n, 10n, 0],
  [99n, 10n, 0],
] as const) {
  test(`a neighbour that says it took ${says} of 10 took ${left}, also when it says less afterwards`, async () => {
    const writer = writerOf(new Shelf(), book(FIRST, 100));
    assert.deepEqual(writer.acknowledged(PAYEE, { acceptedWei: says, units: 4 }), [], 'before there was any');
    await writer.write(PAYEE, { id: 1, units: 10 }, RATIO);
    for (const [acceptedWei, units] of [
      [says, Math.min(Number(says), 10)],
      [1n, 0],
    ] as const) {
      const [record] = writer.acknowledged(PAYEE, { acceptedWei, units });
      assert.ok(record?.kind === 'issued');
      assert.deepEqual([record.cumulative, record.acceptedCumulative], [10n, left]);
    }
    assert.deepEqual(writer.pending(PAYEE), { units: pending, lastPaymentId: 1 });
    assert.equal(writer.unacknowledged(PAYEE)?.id, pending === 0 ? undefined : 1);
  });
}

test('nothing is written where there is no chequebook, or where it is an operator’s that is configured no more', async () => {
  const none = { kind: 'note', name: 'another', text: '' } as const;
  await refuses(writerOf(new Shelf(), none).write(PAYEE, { id: 1, units: 5 }, RATIO), 'CHEQUEBOOK_MISSING');
  const text = JSON.stringify({ address: FIRST, capacityWei: '100', delegated: true });
  const shelf = new Shelf();
  const writer = writerOf(shelf, { kind: 'note', name: 'own-chequebook', text });
  await refuses(writer.write(PAYEE, { id: 1, units: 5 }, RATIO), 'CHEQUEBOOK_DELEGATED');
  await writer.recover(PAYEE, signed(400n));
  assert.deepEqual(shelf.issued(), [], 'nor is one given back that this key may have signed');
});

test('an old chequebook that is drained keeps what is pending on it, and pays nobody else', async () => {
  const shelf = new Shelf();
  let writer = writerOf(shelf, book(FIRST, 10));
  await writer.write(PAYEE, { id: 1, units: 10 }, RATIO);
  writer = writerOf(shelf, book(SECOND, 100, [{ address: FIRST, capacityWei: '10' }]));
  await refuses(writer.write(PAYEE, { id: 2, units: 5 }, RATIO), 'CHEQUEBOOK_EMPTY');
  assert.equal((await writer.write(id(0xc), { id: 1, units: 5 }, RATIO)).chequebook, SECOND);
  assert.equal(writer.unacknowledged(PAYEE)?.cheque.chequebook, FIRST);
});

test('the day has its limit, over restarts, and what was not written does not count', async () => {
  const shelf = new Shelf();
  const clock = { day: 20_000 };
  const open = () => writerOf(shelf, book(FIRST, 1000), { maxPerDayWei: 30n, day: () => clock.day });
  let writer = open();
  await writer.write(PAYEE, { id: 1, units: 20 }, RATIO);
  shelf.failing = true;
  await refuses(writer.write(PAYEE, { id: 2, units: 10 }, RATIO), 'STORE_FULL');
  shelf.failing = false;
  await writer.write(PAYEE, { id: 2, units: 4 }, RATIO);
  await refuses(writer.write(PAYEE, { id: 3, units: 7 }, RATIO), 'CHEQUEBOOK_DAILY_CAP');
  writer = open();
  await refuses(writer.write(PAYEE, { id: 3, units: 7 }, RATIO), 'CHEQUEBOOK_DAILY_CAP');
  await writer.write(PAYEE, { id: 3, units: 6 }, RATIO);
  await refuses(writer.write(PAYEE, { id: 4, units: 1 }, RATIO), 'CHEQUEBOOK_DAILY_CAP');
  clock.day += 1;
  assert.equal((await writer.write(PAYEE, { id: 4, units: 30 }, RATIO)).cumulativeWei, 60n);
  const free = writerOf(shelf, book(FIRST, 1000), { maxPerDayWei: 0n, day: () => clock.day });
  assert.equal((await free.write(PAYEE, { id: 5, units: 900 }, RATIO)).cumulativeWei, 960n, 'of 0 there is none');
  assert.deepEqual(
    shelf.notes().map(({ text }) => text),
    [JSON.stringify({ day: clock.day, wei: '30' })],
  );
});

test('the limit of a day holds over a restart, whichever of two cheques is written first', async () => {
  const shelf = new Shelf();
  const filled = Promise.withResolvers<void>();
  const facts = { balanceWei: 100n, availableWei: 100n, totalPaidOutWei: 0n, withdrawalWei: 0n };
  const chequebook = () => filled.promise.then(() => facts);
  const own = new OwnChequebook({
    chain: { chequebook } as unknown as Chain,
    store: { commit: async () => undefined } as Partial<Store> as Store,
    notes: [book(FIRST, 5)],
  });
  const clock = { day: 20_000 };
  const open = () => writerOf(shelf, book(FIRST, 100), { own, maxPerDayWei: 23n, day: () => clock.day });
  const writer = open();
  const slow = writer.write(PAYEE, { id: 1, units: 20 }, RATIO);
  await writer.write(id(0xc), { id: 1, units: 3 }, RATIO);
  filled.resolve();
  await slow;
  await refuses(open().write(id(0xc), { id: 2, units: 1 }, RATIO), 'CHEQUEBOOK_DAILY_CAP');
});

test('what was not written of a day that is over leaves no more for the next', async () => {
  const shelf = new Shelf();
  const clock = { day: 20_000 };
  const refused = Promise.withResolvers<void>();
  const own = new OwnChequebook({
    chain: { chequebook: () => refused.promise.then(() => undefined) } as unknown as Chain,
    store: shelf.store,
    notes: [book(FIRST, 25)],
  });
  const writer = writerOf(shelf, book(FIRST, 25), { own, maxPerDayWei: 30n, day: () => clock.day });
  const slow = writer.write(PAYEE, { id: 1, units: 26 }, RATIO);
  clock.day += 1;
  await writer.write(id(0xc), { id: 1, units: 1 }, RATIO);
  refused.resolve();
  await refuses(slow, 'CHEQUEBOOK_EMPTY');
  await refuses(writer.write(id(0xc), { id: 2, units: 30 }, RATIO), 'CHEQUEBOOK_DAILY_CAP');
});

test('a payer that lost its store goes on from the cheque it is given back, if it signed it', async () => {
  const thief = createSigner(new Uint8Array(32).fill(9));
  const table: [string, ReturnType<typeof signed>, bigint][] = [
    ['its own', signed(400n), 405n],
    ['somebody’s', signed(400n, thief), 5n],
    ['raised by the neighbour', { ...signed(400n), cumulativeWei: 500n }, 5n],
    ['on another chequebook', signed(400n, signer, SECOND), 5n],
    ['for somebody else', { ...signed(400n), beneficiary: id(0xc) }, 5n],
  ];
  for (const [name, returned, expected] of table) {
    const writer = writerOf(new Shelf(), book(FIRST, 1000), { recover: recoverChequeIssuer });
    await writer.recover(PAYEE, returned);
    assert.deepEqual(writer.pending(PAYEE), { units: 0, lastPaymentId: 0 });
    const restated = writer.restated(PAYEE).map(({ id: each, units }) => [each, units]);
    assert.deepEqual(restated, expected === 5n ? [] : [[0, 0]]);
    assert.equal((await writer.write(PAYEE, { id: 1, units: 5 }, RATIO)).cumulativeWei, expected, name);
  }
});

test('a lower one changes nothing, and a pending one below it is contained in it', async () => {
  const shelf = new Shelf();
  const writer = writerOf(shelf, book(FIRST, 1000));
  await writer.write(PAYEE, { id: 4, units: 50 }, RATIO);
  await writer.recover(PAYEE, signed(30n));
  assert.equal(writer.unacknowledged(PAYEE)?.cheque.cumulativeWei, 50n);
  await writer.recover(PAYEE, signed(80n));
  assert.equal(writer.unacknowledged(PAYEE), undefined);
  assert.deepEqual([writer.promisedWei(FIRST), writer.pending(PAYEE)], [80n, { units: 0, lastPaymentId: 4 }]);
});

test('where cheques may be forgotten, what was paid out is looked up before the first, and counted once', async () => {
  let asked = 0;
  let reachable = false;
  const chain = {
    chequebook: async () => {
      asked += 1;
      if (!reachable) throw new WayleaveError('RPC_UNREACHABLE', { url: 'test' });
      return { paidOutWei: 60n };
    },
  } as unknown as Chain;
  const writer = writerOf(new Shelf(), book(FIRST, 100, [], '60'), { chain });
  await refuses(writer.write(PAYEE, { id: 1, units: 40 }, RATIO), 'RPC_UNREACHABLE');
  reachable = true;
  assert.equal((await writer.write(PAYEE, { id: 1, units: 39 }, RATIO)).cumulativeWei, 99n);
  assert.equal((await writer.write(PAYEE, { id: 2, units: 1 }, RATIO)).cumulativeWei, 100n);
  await refuses(writer.write(PAYEE, { id: 3, units: 1 }, RATIO), 'CHEQUEBOOK_EMPTY');
  assert.equal(asked, 2, 'once in a life');
});

for (const room of [0, 1]) {
  for (const restarts of [false, true]) {
    const words = `${room} batches written${restarts ? ', and a restart' : ''}`;
    test(`what was paid out and forgotten is remembered as promised, whatever could be written of it: ${words}`, async () => {
      const shelf = new Shelf();
      const paidOut = async (_: string, to: string) => ({ paidOutWei: to === PAYEE ? 60n : 0n });
      const chain = { chequebook: paidOut } as unknown as Chain;
      const note = book(FIRST, 100, [], '60');
      let writer = writerOf(shelf, note, { chain });
      shelf.room = room;
      await refuses(writer.write(PAYEE, { id: 1, units: 5 }, RATIO), 'STORE_FULL');
      shelf.room = Number.POSITIVE_INFINITY;
      if (restarts) writer = writerOf(shelf, shelf.notes()[0] ?? note, { chain });
      await refuses(writer.write(id(0xc), { id: 1, units: 41 }, RATIO), 'CHEQUEBOOK_EMPTY');
      assert.equal((await writer.write(PAYEE, { id: 1, units: 40 }, RATIO)).cumulativeWei, 100n);
    });
  }
}

for (const [what, paidOutWei, expected] of [
  ['less than was promised', 60n, 85n],
  ['more than was promised', 90n, 95n],
  ['who knows what, since nobody can be asked', undefined, 85n],
  ['from no chequebook that stands', 'absent', 85n],
] as const) {
  test(`a restored node goes on from what is the highest, looking once; paid out was ${what}`, async () => {
    const shelf = new Shelf();
    await writerOf(shelf, book(FIRST, 1000)).write(PAYEE, { id: 1, units: 80 }, RATIO);
    let asked = 0;
    const chequebook = async () => {
      asked += 1;
      if (paidOutWei === undefined) throw new WayleaveError('RPC_UNREACHABLE', { url: 'test' });
      return paidOutWei === 'absent' ? undefined : { paidOutWei };
    };
    const chain = { chequebook } as unknown as Chain;
    const writer = writerOf(shelf, book(FIRST, 1000), { chain, restored: true });
    assert.equal((await writer.write(PAYEE, { id: 2, units: 5 }, RATIO)).cumulativeWei, expected);
    await writer.write(PAYEE, { id: 3, units: 5 }, RATIO);
    assert.equal(asked, typeof paidOutWei === 'bigint' ? 1 : 2, 'until there is an answer');
  });
}

test('a node whose store is its own, or that has no chain, looks nothing up', async () => {
  const chain = { chequebook: () => assert.fail('asked') } as unknown as Chain;
  const writer = writerOf(new Shelf(), book(FIRST, 100), { chain });
  assert.equal((await writer.write(PAYEE, { id: 1, units: 5 }, RATIO)).cumulativeWei, 5n);
  const alone = writerOf(new Shelf(), book(FIRST, 100), { restored: true });
  assert.equal((await alone.write(PAYEE, { id: 1, units: 5 }, RATIO)).cumulativeWei, 5n);
});
