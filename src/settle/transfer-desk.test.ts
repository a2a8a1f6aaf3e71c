import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chain, PayReceipt } from '../chain/chain.ts';
import type { Timer } from '../core/clock.ts';
import { WayleaveError } from '../core/errors.ts';
import type { Ratio } from '../core/ratio.ts';
import type { SessionEvent } from '../core/session/session-effect.ts';
import type { Store, StoreRecord } from '../store/store.ts';
import { TransferDesk } from './transfer-desk.ts';
import { type SentTransfer, sentNote } from './transfer-notes.ts';

const PAYEE = `0x${'c'.repeat(40)}`;
const RATIO = { numerator: 1n, denominator: 1n };
const WRITTEN: SentTransfer = {
  ...{ neighbour: PAYEE, id: 2, units: 265, wei: 265n, remainder: 0n, transaction: '0xold', state: 'sent' },
};

/** A node that starts again with a payment written down, which the chain then makes by this transaction. */
async function startedAgain(transaction: string): Promise<{ told: SessionEvent[]; pending: unknown }> {
  const told: SessionEvent[] = [];
  const chain = {
    pay: async (_: unknown, sent: (hash: string) => Promise<void>) => {
      await sent(transaction);
      return { hash: transaction, paidWei: 265n, gasWei: 1n, block: 7n };
    },
  } as unknown as Chain;
  const store = { commit: async () => undefined } as unknown as Store;
  const desk = new TransferDesk({
    ...{ chain, store, confirmations: 1, clock: { after: () => ({ cancel: () => undefined }) } as never },
    notes: [sentNote(WRITTEN)],
    neighbour: () => ({ theirRatio: RATIO, myRatio: RATIO, riskAt: 1_000, chequebook: undefined }),
    tell: (_, event) => told.push(event) > 0,
    keep: async () => undefined,
    cleared: () => undefined,
    emit: () => undefined,
  });
  desk.start();
  await new Promise((resolve) => setImmediate(resolve));
  desk.stop();
  return { told, pending: desk.unacknowledged(PAYEE) };
}

test('a payment that goes by another transaction than the payee was told of is told anew, once', async () => {
  const proof = { kind: 'transfer', transaction: '0xnew' };
  assert.deepEqual(await startedAgain('0xnew'), {
    told: [{ kind: 'paymentWritten', id: 2, method: 'transfer', proof }],
    pending: { id: 2, proof },
  });
});

test('one that is found again under way is not', async () => {
  const { told } = await startedAgain('0xold');
  assert.deepEqual(told, []);
});

/** A desk that settles in a token, whose chain answers what it is told to, and whose timers run when they are told to. */
class TokenDesk {
  readonly told: SessionEvent[] = [];
  readonly desk: TransferDesk;
  ratio: Ratio | undefined = RATIO;
  /** What of each payment arrives, once it is mined. */
  paidWei = 0n;
  readonly mined = Promise.withResolvers<void>();
  readonly #timers: (() => void)[] = [];
  #block = 7n;

  constructor(notes: readonly SentTransfer[] = []) {
    const receipt = (): PayReceipt => ({ hash: '0xone', paidWei: this.paidWei, gasWei: 1n, block: 7 });
    const pay: Chain['pay'] = async (_, sent) => {
      await sent('0xone');
      await this.mined.promise;
      return receipt();
    };
    const head = async () => ({ number: this.#block++, hash: '' });
    const chain = { pay, head, paid: async () => receipt() } as unknown as Chain;
    const after = (_: number, act: () => void): Timer => {
      this.#timers.push(act);
      return { cancel: () => undefined };
    };
    this.desk = new TransferDesk({
      ...{ chain, confirmations: 2, inToken: true, clock: { after } as never },
      store: { commit: async () => undefined } as unknown as Store,
      notes: notes.map(sentNote),
      neighbour: () => ({ theirRatio: this.ratio, myRatio: RATIO, riskAt: 1_000, chequebook: undefined }),
      tell: (_, event) => this.told.push(event) > 0,
      keep: async () => undefined,
      cleared: () => undefined,
      emit: () => undefined,
    });
    this.desk.start();
  }

  async later(): Promise<void> {
    for (const act of this.#timers.splice(0)) act();
    await turn();
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const proof = { kind: 'transfer', transaction: '0xone' } as const;
const failed = (units: number, code: string) => ({ kind: 'paymentFailed', id: 2, method: 'transfer', units, code });

test('in a token the payee is told of a payment when it is known what of it arrived, and not before', async () => {
  const bench = new TokenDesk();
  let said: unknown;
  void bench.desk.write(PAYEE, { id: 2, units: 265 }).then((found) => {
    said = [...bench.told, found];
  });
  await turn();
  assert.deepEqual([said, bench.desk.unacknowledged(PAYEE)], [undefined, undefined]);
  assert.equal(bench.desk.pending(PAYEE).units, 265);
  bench.paidWei = 240n;
  bench.mined.resolve();
  await turn();
  // An answer to it counts as paid what is pending: by then that is what arrived.
  assert.deepEqual(said, [failed(25, 'TRANSFER_SHORT'), proof]);
  assert.deepEqual(bench.desk.unacknowledged(PAYEE), { id: 2, proof });
  assert.equal(bench.desk.pending(PAYEE).units, 240);
});

test('after a restart what arrived is reckoned when the terms of the payee are known again', async () => {
  const bench = new TokenDesk([WRITTEN]);
  bench.ratio = undefined;
  bench.paidWei = 240n;
  bench.mined.resolve();
  await turn();
  assert.deepEqual([bench.told, bench.desk.unacknowledged(PAYEE)], [[], undefined]);
  bench.ratio = RATIO;
  await bench.later();
  assert.deepEqual(bench.told, [
    failed(25, 'TRANSFER_SHORT'),
    { kind: 'paymentWritten', id: 2, method: 'transfer', proof },
  ]);
});

test('a payment that the token refuses on the branch that wins is owed again, when no other can win', async () => {
  const bench = new TokenDesk([{ ...WRITTEN, state: 'mined', transaction: '0xone' }]);
  await bench.later();
  assert.deepEqual(bench.told, [], 'another branch may have it paid');
  await bench.later();
  assert.deepEqual(bench.told, [failed(265, 'TRANSFER_REFUSED')]);
  assert.equal(bench.desk.pending(PAYEE).units, 0);
});

test('what a payment left over goes with it, where it is not paid after all', async () => {
  const bench = new TokenDesk();
  bench.ratio = { numerator: 10n, denominator: 1n };
  bench.paidWei = 89n;
  bench.mined.resolve();
  await bench.desk.write(PAYEE, { id: 1, units: 10 });
  assert.equal(bench.desk.pending(PAYEE).units, 8, 'and nine wei, not worth a unit');
  bench.paidWei = 0n;
  await bench.later();
  await bench.later();
  assert.equal(bench.desk.pending(PAYEE).units, 0);
  bench.paidWei = 91n;
  await bench.desk.write(PAYEE, { id: 2, units: 10 });
  assert.equal(bench.desk.pending(PAYEE).units, 9);
});

for (const [when, answered] of [
  ['before the chain finds it again', 'before'],
  ['while it is written down once more', 'meanwhile'],
] as const) {
  test(`a payment that the payee answers ${when} is paid for good, also after a restart`, async () => {
    const notes = new Map([[sentNote(WRITTEN).name, sentNote(WRITTEN)]]);
    const write = async (records: readonly StoreRecord[]) => {
      for (const record of records) if (record.kind === 'note') notes.set(record.name, record);
    };
    const answer = () => write(desk.acknowledged(PAYEE, { id: 2 }));
    const pay: Chain['pay'] = async (_, sent) => {
      await turn();
      if (answered === 'before') await answer();
      await assert.rejects(sent('0xold'), 'another transaction must not leave for it');
      throw new WayleaveError('TRANSACTION_REPLACED');
    };
    const started = () =>
      new TransferDesk({
        ...{ chain: { pay } as unknown as Chain, confirmations: 1 },
        clock: { after: () => ({ cancel: () => undefined }) } as never,
        store: {
          commit: async (records: readonly StoreRecord[]) => {
            await write(records);
            if (answered === 'meanwhile') await answer();
          },
        } as Partial<Store> as Store,
        notes: [...notes.values()],
        neighbour: () => ({ theirRatio: RATIO, myRatio: RATIO, riskAt: 1_000, chequebook: undefined }),
        tell: () => true,
        keep: (_, records) => write(records),
        cleared: () => undefined,
        emit: () => undefined,
      });
    const desk = started();
    desk.start();
    for (let each = 0; each < 4; each += 1) await turn();
    assert.deepEqual([desk.pending(PAYEE).units, desk.unacknowledged(PAYEE)], [0, undefined]);
    assert.equal(started().pending(PAYEE).units, 0);
  });
}
