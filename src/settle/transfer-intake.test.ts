import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chain } from '../chain/chain.ts';
import type { NodeId } from '../core/node-id.ts';
import type { Store, StoreRecord } from '../store/store.ts';
import { TransferIntake } from './transfer-intake.ts';
import { readTransferNotes } from './transfer-notes.ts';

const PAYER: NodeId = `0x${'a'.repeat(40)}`;
const CONFIRMATIONS = 5;

/** A payee on a chain of two branches that differ from block 1 on, of which only `main` holds the payment. */
class Payee {
  readonly credited: number[] = [];
  /** What the history of the link is told. */
  readonly acts: string[] = [];
  branch: 'main' | 'other' = 'main';
  head = 2;
  /** So many writes succeed, and no other. */
  writes = Number.POSITIVE_INFINITY;
  /** After so many answers of the chain `main` wins. */
  answers = Number.POSITIVE_INFINITY;
  readonly #disk = new Map<string, StoreRecord>();
  #intake: TransferIntake | undefined;

  /** Starts, on what is on its disk. */
  start(): void {
    const { books, searched } = readTransferNotes([...this.#disk.values()].filter((record) => record.kind === 'note'));
    const chain: Partial<Chain> = {
      head: async () => this.#answer({ number: BigInt(this.head), hash: this.#hash(this.head), atMs: 0 }),
      blockHash: async (number) => this.#answer(this.#hash(number)),
      incoming: async (from, to) =>
        this.#answer(
          this.branch === 'main' && from <= 1 && to >= 1
            ? [{ from: PAYER, transaction: '0xpaid', index: 0, wei: 544n, block: 1 }]
            : [],
        ),
    };
    this.#intake = new TransferIntake({
      ...{ chain: chain as Chain, confirmations: CONFIRMATIONS, books, searched },
      clock: { after: () => ({ cancel: () => undefined }) } as never,
      store: { commit: (records) => this.#write(records) } as Partial<Store> as Store,
      neighbour: () => ({ myRatio: { numerator: 1n, denominator: 1n } }) as never,
      tell: (_, event) => {
        if (event.kind !== 'paymentChecked' || !event.outcome?.accepted) return false;
        this.#write(this.#intake?.accepted(PAYER) ?? []).catch(() => undefined);
        return this.credited.push(event.outcome.units) > 0;
      },
      keep: (_, records) => this.#write(records),
      cleared: () => undefined,
      emit: () => undefined,
    });
  }

  async look(): Promise<void> {
    await this.#intake?.look();
  }

  #answer<T>(answer: T): T {
    this.answers -= 1;
    if (this.answers < 0) this.branch = 'main';
    return answer;
  }

  #hash(number: number): string {
    return `${number === 0 ? 'both' : this.branch} ${number}`;
  }

  async #write(records: readonly StoreRecord[]): Promise<void> {
    if (this.writes <= 0) throw new Error('the disk fails');
    this.writes -= 1;
    for (const record of records) {
      if (record.kind !== 'note') continue;
      this.#disk.set(record.name, record);
      if (record.name.startsWith('transfer-act:')) this.acts.push(`${record.name} ${record.text}`);
    }
  }
}

for (const writes of [0, 1, 2, 3]) {
  for (const restarts of [false, true]) {
    const words = `${writes} writes later${restarts ? ', and a restart' : ''}`;
    test(`a payment that is not in a branch for a while is credited, whatever could be written meanwhile: ${words}`, async () => {
      const payee = new Payee();
      payee.head = 0;
      payee.start();
      await payee.look();
      payee.head = 2;
      await payee.look();
      payee.branch = 'other';
      payee.writes = writes;
      await payee.look();
      payee.branch = 'main';
      payee.writes = Number.POSITIVE_INFINITY;
      if (restarts) payee.start();
      for (payee.head = 3; payee.head < 20; payee.head += 1) await payee.look();
      assert.deepEqual(payee.credited, [544]);
    });
  }
}

for (const writes of [0, 1, 2]) {
  test(`a payment whose book could not be written is not taken for searched: ${writes} writes, and a restart`, async () => {
    const payee = new Payee();
    payee.head = 0;
    payee.start();
    await payee.look();
    payee.head = 2;
    payee.writes = writes;
    await payee.look();
    // The disk takes all again, and the process dies before the payment is deep enough.
    payee.writes = Number.POSITIVE_INFINITY;
    await payee.look();
    payee.start();
    for (payee.head = 3; payee.head < 20; payee.head += 1) await payee.look();
    assert.deepEqual(payee.credited, [544]);
  });
}

test('a payment that a reorganisation takes back is told of, and told of again when it stands', async () => {
  const payee = new Payee();
  payee.head = 0;
  payee.start();
  await payee.look();
  for (payee.head = 1; payee.head < 10; payee.head += 1) await payee.look();
  assert.deepEqual([payee.credited, payee.acts], [[544], []]);
  payee.branch = 'other';
  for (payee.head = 11; payee.head < 20; payee.head += 1) await payee.look();
  payee.start();
  await payee.look();
  const undone = 'transfer-act:0xpaid/0 ["undone","544"]';
  assert.deepEqual(payee.acts, [undone]);
  payee.branch = 'main';
  for (payee.head = 21; payee.head < 30; payee.head += 1) await payee.look();
  assert.deepEqual(payee.acts, [undone, 'transfer-act:0xpaid/0 ["redone","544"]']);
  assert.deepEqual(payee.credited, [544, 0], 'nothing is credited twice');
});

test('a payment in the blocks of another branch is credited, whenever in a look that branch wins', async () => {
  for (let answers = 0; answers < 6; answers += 1) {
    const payee = new Payee();
    payee.branch = 'other';
    payee.head = 0;
    payee.start();
    await payee.look();
    payee.head = 2;
    await payee.look();
    payee.head = 3;
    payee.answers = answers;
    await payee.look();
    payee.answers = Number.POSITIVE_INFINITY;
    payee.branch = 'main';
    for (payee.head = 4; payee.head < 20; payee.head += 1) await payee.look();
    assert.deepEqual(payee.credited, [544], `after ${answers} answers`);
  }
});
