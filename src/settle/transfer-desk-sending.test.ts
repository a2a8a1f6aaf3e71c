import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chain, PayReceipt } from '../chain/chain.ts';
import type { Timer } from '../core/clock.ts';
import { codeOf, type ErrorCode, WayleaveError } from '../core/errors.ts';
import type { Ratio } from '../core/ratio.ts';
import type { SessionEvent } from '../core/session/session-effect.ts';
import type { NoteRecord, Store, StoreRecord } from '../store/store.ts';
import { TransferDesk } from './transfer-desk.ts';
import type { SentTransfer } from './transfer-notes.ts';

const PAYEE = `0x${'c'.repeat(40)}`;
const RATIO = { numerator: 1n, denominator: 1n };
const PROOF = { kind: 'transfer', transaction: '0xone' } as const;

type Answer = Partial<PayReceipt> | ErrorCode;

/** A desk that settles in coin; what the chain answers, in turn, is what a test says. */
class Sender {
  ratio: Ratio | undefined = RATIO;
  /** The transaction of the payment, as the payee is told of it; undefined: nothing can be sent. */
  transaction: string | undefined = '0xone';
  full = false;
  block = 7n;
  headFails = false;
  /** An error is foreseen: no transaction was sent for it. */
  foreseen = false;
  /** What comes of asking to pay, and of looking where it is; the last one stays. An error is of a transaction in a block. */
  readonly paying: Answer[] = [{}];
  readonly looking: (Answer | undefined)[] = [{}];
  readonly asked: string[] = [];
  readonly told: SessionEvent[] = [];
  readonly emitted: string[] = [];
  readonly notes = new Map<string, NoteRecord>();
  desk = this.#start();
  readonly #timers = new Set<() => void>();

  #start(): TransferDesk {
    const store = async (records: readonly StoreRecord[]) => {
      if (this.full) throw new WayleaveError('STORE_FULL');
      for (const record of records) if (record.kind === 'note') this.notes.set(record.name, record);
    };
    const pay: Chain['pay'] = async ({ purpose, wei }, sent) => {
      this.asked.push(`pay ${wei} for ${purpose}`);
      if (this.transaction === undefined) throw new WayleaveError('CHAIN_FUNDS_MISSING');
      await sent(this.transaction);
      await turn();
      return answer(this.paying, wei, this.foreseen);
    };
    const paid: Chain['paid'] = async (transaction) => {
      this.asked.push(`look at ${transaction}`);
      return this.looking[0] === undefined ? undefined : answer(this.looking as Answer[], 60n);
    };
    const head = async () => {
      if (this.headFails) throw new Error('nobody answers');
      return { number: this.block, hash: '' };
    };
    const after = (_: number, act: () => void): Timer => {
      this.#timers.add(act);
      return { cancel: () => this.#timers.delete(act) };
    };
    return new TransferDesk({
      ...{ chain: { pay, paid, head } as unknown as Chain, confirmations: 2, clock: { after } as never },
      store: { commit: store } as unknown as Store,
      notes: [...this.notes.values()],
      neighbour: () => ({ theirRatio: this.ratio, myRatio: RATIO, riskAt: 1_000, chequebook: undefined }),
      tell: (_, event) => this.told.push(event) > 0,
      keep: (_, records) => store(records),
      cleared: () => undefined,
      emit: (kind, { code = '' }) => this.emitted.push(`${kind} ${code}`.trim()),
    });
  }

  restart(): void {
    this.desk.stop();
    this.desk = this.#start();
    this.desk.start();
  }

  get waiting(): number {
    return this.#timers.size;
  }

  /** Time passes: what waits for it looks again. */
  async later(): Promise<void> {
    const due = [...this.#timers];
    this.#timers.clear();
    for (const act of due) act();
    for (let each = 0; each < 4; each += 1) await turn();
  }

  /** 60 units, until what comes of it is known. */
  async pay(units = 60): Promise<void> {
    assert.deepEqual(await this.desk.write(PAYEE, { id: 2, units }), PROOF);
    for (let each = 0; each < 4; each += 1) await turn();
  }

  get state(): SentTransfer['state'] | undefined {
    for (const { text } of this.notes.values()) return (JSON.parse(text) as SentTransfer).state;
    return undefined;
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

function answer(answers: Answer[], wei: bigint, foreseen = false): PayReceipt {
  const next = (answers.length > 1 ? answers.shift() : answers[0]) as Answer;
  if (typeof next === 'string') throw new WayleaveError(next, foreseen ? {} : { hash: '0xone' });
  return { hash: '0xone', paidWei: wei, gasWei: 1n, block: 8, ...next };
}

const failed = (code: string, units = 60) => ({ kind: 'paymentFailed', id: 2, method: 'transfer', units, code });
const PAID = `pay 60 for transfer ${PAYEE} 2`;

test('a payment is on disk before it leaves, then in a block, then answered; each over a restart', async () => {
  const sender = new Sender();
  const writing = sender.desk.write(PAYEE, { id: 2, units: 60 });
  assert.deepEqual(await writing, PROOF);
  assert.equal(sender.state, 'sent');
  assert.deepEqual(sender.desk.unacknowledged(PAYEE), { id: 2, proof: PROOF });
  await turn();
  await turn();
  assert.deepEqual([sender.state, sender.emitted, sender.waiting], ['mined', ['transferred'], 1]);
  sender.restart();
  assert.deepEqual(sender.desk.pending(PAYEE), { units: 60, lastPaymentId: 2 });
  assert.deepEqual(sender.desk.acknowledged(PAYEE, { id: 3 }), [], 'another one');
  const [note] = sender.desk.acknowledged(PAYEE, { id: 2 });
  assert.equal(note?.kind === 'note' && (JSON.parse(note.text) as SentTransfer).state, 'acknowledged');
  assert.deepEqual(sender.desk.pending(PAYEE), { units: 0, lastPaymentId: 2 });
  await sender.later();
  assert.deepEqual([sender.asked, sender.waiting, sender.told], [[PAID], 0, []], 'nothing is left to be seen to');
});

test('nobody is paid before its terms are known, and nothing is pending with who was never paid', async () => {
  const sender = new Sender();
  sender.ratio = undefined;
  const writing = sender.desk.write(PAYEE, { id: 2, units: 60 });
  await assert.rejects(writing, (error) => codeOf(error) === 'PAYMENT_METHOD_MISSING');
  assert.deepEqual(sender.desk.pending(PAYEE), { units: 0, lastPaymentId: 0 });
  assert.deepEqual([sender.desk.unacknowledged(PAYEE), sender.desk.acknowledged(PAYEE, { id: 0 })], [undefined, []]);
});

test('a payment that cannot leave is refused, and nothing is pending', async () => {
  for (const [full, transaction] of [
    [true, '0xone'],
    [false, undefined],
  ] as const) {
    const sender = new Sender();
    Object.assign(sender, { full, transaction });
    await assert.rejects(sender.desk.write(PAYEE, { id: 2, units: 60 }));
    assert.deepEqual(sender.desk.pending(PAYEE), { units: 0, lastPaymentId: 0 });
    assert.deepEqual([sender.told, sender.emitted, sender.waiting], [[], [], 0], 'the session pays it another way');
  }
});

test('a payment of which nobody knows what became is asked for again, and is the same one', async () => {
  const sender = new Sender();
  sender.paying.unshift('RPC_UNREACHABLE');
  await sender.pay();
  assert.deepEqual([sender.emitted, sender.state, sender.waiting], [['fault RPC_UNREACHABLE'], 'sent', 1]);
  sender.transaction = undefined;
  await sender.later();
  assert.deepEqual([sender.state, sender.waiting, sender.told], ['sent', 1, []], 'it had left before');
  sender.transaction = '0xone';
  await sender.later();
  assert.deepEqual([sender.state, sender.asked, sender.told], ['mined', [PAID, PAID, PAID], []]);
});

test('one that is mined as another transaction is told anew', async () => {
  const sender = new Sender();
  sender.paying.unshift({ hash: '0xtwo' });
  await sender.pay();
  const proof = { kind: 'transfer', transaction: '0xtwo' };
  assert.deepEqual(sender.told, [{ kind: 'paymentWritten', id: 2, method: 'transfer', proof }]);
  assert.deepEqual(sender.desk.unacknowledged(PAYEE), { id: 2, proof });
});

test('one worth less than a wei is paid by nothing', async () => {
  const sender = new Sender();
  sender.ratio = { numerator: 1n, denominator: 100n };
  await sender.pay();
  assert.deepEqual([sender.state, sender.told], ['mined', []]);
  sender.looking.splice(0, 1, { paidWei: 0n });
  for (; sender.block < 12n; sender.block += 1n) await sender.later();
  assert.deepEqual([sender.state, sender.told], ['mined', []]);
});

for (const [what, code, foreseen] of [
  ['what nobody can say', 'RPC_UNREACHABLE', false],
  ['what is only foreseen', 'TRANSACTION_REVERTED', true],
] as const) {
  test(`a payment that had left is not owed again for ${what}, however often it is asked for`, async () => {
    const sender = new Sender();
    Object.assign(sender, { paying: [code], foreseen });
    await sender.pay();
    for (; sender.block < 12n; sender.block += 1n) await sender.later();
    assert.deepEqual([sender.state, sender.told, sender.waiting], ['sent', [], 1]);
  });
}

test('a payment that was answered while it was made is answered, whatever comes of it here', async () => {
  for (const found of [{}, 'RPC_UNREACHABLE', 'TRANSACTION_REVERTED'] as const) {
    const sender = new Sender();
    sender.paying.splice(0, 1, found);
    await sender.desk.write(PAYEE, { id: 2, units: 60 });
    assert.equal(sender.desk.acknowledged(PAYEE, { id: 2 }).length, 1);
    for (let each = 0; each < 4; each += 1) await turn();
    assert.deepEqual([sender.emitted, sender.told, sender.waiting], [[], [], 0]);
    assert.equal(sender.desk.pending(PAYEE).units, 0);
  }
});

test('a payment of which a part was kept is paid by that part, also after a restart', async () => {
  const sender = new Sender();
  sender.paying.splice(0, 1, { paidWei: 40n });
  await sender.pay();
  assert.deepEqual(sender.told, [failed('TRANSFER_SHORT', 20)]);
  assert.deepEqual(sender.emitted, ['transferred', 'fault TRANSFER_SHORT']);
  sender.restart();
  assert.deepEqual(sender.desk.pending(PAYEE), { units: 40, lastPaymentId: 2 });
});

for (const [what, first, code] of [
  ['fails in a block', 'TRANSACTION_REVERTED', 'TRANSACTION_REVERTED'],
  ['brings nothing', { paidWei: 0n }, 'TRANSFER_REFUSED'],
] as const) {
  test(`a payment that ${what} is owed again when that is deep, and not while the chain cannot be asked`, async () => {
    const sender = new Sender();
    sender.paying.splice(0, 1, first);
    await sender.pay();
    sender.headFails = true;
    sender.block += 5n;
    await sender.later();
    assert.deepEqual([sender.told, sender.state, sender.waiting], [[], 'sent', 1]);
    sender.headFails = false;
    await sender.later();
    assert.deepEqual(sender.told, [failed(code)], 'since the block in which that was first seen');
    assert.deepEqual([sender.state, sender.desk.pending(PAYEE).units, sender.waiting], ['failed', 0, 0]);
    assert.deepEqual(sender.desk.acknowledged(PAYEE, { id: 2 }), [], 'it cannot be answered any more');
    sender.restart();
    assert.deepEqual(sender.desk.pending(PAYEE), { units: 0, lastPaymentId: 2 });
  });
}

test('a payment in place of which another transaction was mined is owed again at once', async () => {
  const sender = new Sender();
  sender.paying.splice(0, 1, 'TRANSACTION_REPLACED');
  await sender.pay();
  assert.deepEqual([sender.told, sender.state], [[failed('TRANSACTION_REPLACED')], 'failed']);
});

test('a payment in a block is looked at until it counts: what fails there on one branch begins anew on the next', async () => {
  const sender = new Sender();
  await sender.pay();
  const look = async (found: Answer | undefined) => {
    sender.looking.splice(0, 1, found as Answer);
    await sender.later();
    return [sender.told.length, sender.waiting];
  };
  for (const found of [{}, undefined, 'RPC_UNREACHABLE', 'RPC_UNREACHABLE', 'TRANSACTION_REVERTED', {}] as const) {
    assert.deepEqual(await look(found), [0, 1], JSON.stringify(found));
    if (found === 'RPC_UNREACHABLE') sender.block += 5n;
  }
  sender.block += 5n;
  assert.deepEqual(await look('TRANSACTION_REVERTED'), [0, 1], 'another branch: it counts from here');
  sender.block += 1n;
  assert.deepEqual(await look({ paidWei: 0n }), [1, 0]);
  assert.deepEqual(sender.told, [failed('TRANSFER_REFUSED')]);
});

test('a payment that failed, and then was paid, has not failed', async () => {
  const sender = new Sender();
  sender.paying.unshift('TRANSACTION_REVERTED');
  await sender.pay();
  await sender.later();
  assert.equal(sender.state, 'mined');
  sender.block += 5n;
  sender.looking.splice(0, 1, 'TRANSACTION_REVERTED');
  await sender.later();
  assert.deepEqual([sender.told, sender.waiting], [[], 1], 'it counts from here');
});

test('a desk that was stopped tells nothing, and looks at nothing again', async () => {
  const sender = new Sender();
  sender.paying.unshift('RPC_UNREACHABLE');
  await sender.desk.write(PAYEE, { id: 2, units: 60 });
  sender.desk.stop();
  for (let each = 0; each < 4; each += 1) await turn();
  assert.deepEqual([sender.emitted, sender.waiting], [[], 0]);
  sender.restart();
  for (let each = 0; each < 4; each += 1) await turn();
  assert.equal(sender.state, 'mined', 'who starts again takes it up');
  assert.equal(sender.waiting, 1);
  const looking = sender.later();
  sender.desk.stop();
  await looking;
  assert.equal(sender.waiting, 0, 'also one that is looking just then');
  sender.restart();
  assert.equal(sender.waiting, 1);
  sender.desk.stop();
  assert.equal(sender.waiting, 0);
});

test('what is no transfer is none', async () => {
  const { desk } = new Sender();
  const proof = { kind: 'cheque' } as never;
  const outcome = await desk.check(PAYEE, { kind: 'payment', id: 1, units: 1, proof });
  assert.deepEqual(outcome, { accepted: false, code: 'MESSAGE_UNEXPECTED', acceptedWei: 0n });
});
