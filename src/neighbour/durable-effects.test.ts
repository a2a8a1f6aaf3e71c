import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSigner, type Signer } from '../chain/signer.ts';
import { isGenuineStatement, signStatement } from '../chain/statement-signing.ts';
import type { Timer } from '../core/clock.ts';
import { codeOf, WayleaveError } from '../core/errors.ts';
import { Ledger } from '../core/ledger/ledger.ts';
import { LinkAccount } from '../core/ledger/link-account.ts';
import type { PaymentMessage, PaymentProof } from '../core/session/message.ts';
import type { SessionEffect, SessionEvent } from '../core/session/session-effect.ts';
import { termsOf } from '../core/session/session-pair.fixture.ts';
import type { Statement } from '../core/statement/statement.ts';
import type { NoteRecord, Store, StoreRecord } from '../store/store.ts';
import { encodeHeldCheque } from '../wire/held-cheque.ts';
import { ChequeReturns } from './cheque-returns.ts';
import { DurableEffects } from './durable-effects.ts';
import { Journal } from './journal.ts';
import type { PaymentDesk } from './payment-desk.ts';

const [ME, THEM] = [3, 4].map((byte) => createSigner(new Uint8Array(32).fill(byte))) as [Signer, Signer];
const CHEQUE = { chequebook: ME.id, beneficiary: THEM.id, cumulativeWei: 9n, signature: new Uint8Array(65) };
const PROOF: PaymentProof = { kind: 'cheque', cheque: CHEQUE };
const PAYMENT: PaymentMessage = { kind: 'payment', id: 6, units: 9, proof: PROOF };
const OUTCOME = { accepted: true, units: 9, clearing: 9, acceptedWei: 9n } as const;
const VOIDED: NoteRecord = { kind: 'note', name: 'voided', text: '' };
const TERMS = termsOf({ askPerMb: 1, bidPerMb: 1, payAtMb: 1, dropAtMb: 4 });
const STATEMENT: Statement = {
  ...{ chainId: 31337, from: ME.id, to: THEM.id, storeEpoch: 1, sequence: 2, answers: 1, paid: 0, received: 0 },
  ...{ provided: [5, 0, 0], consumed: [0, 0, 0], providedCorrection: [0, 0, 0], consumedCorrection: [0, 0, 0] },
  ...{ providedBytes: [5, 0, 0], consumedBytes: [0, 0, 0], packetsSent: 0, packetsReceived: 0 },
};
const news = () => new Promise((resolve) => setImmediate(resolve));

/** The effects of one session over a disk and a desk that are as slow, and fail, as a test wants. */
class Bed {
  /** What happened, in order: what the disk and the desk were given, and what the session was told. */
  readonly log: string[] = [];
  readonly told: SessionEvent[] = [];
  readonly written: StoreRecord[] = [];
  full = false;
  /** How the desk answers. */
  writing: Promise<PaymentProof> = Promise.resolve(PROOF);
  recovering: Promise<void> = Promise.resolve();
  knows = true;
  readonly journal: Journal;
  readonly account: LinkAccount;
  readonly returns: ChequeReturns;
  readonly effects: DurableEffects;

  constructor() {
    const options = { fullRateBytesPerSecond: 1, epochGraceMs: 1, enforce: true };
    this.account = new LinkAccount({ ...options, ledger: new Ledger(), neighbour: THEM.id });
    this.journal = this.#journal();
    const common = { account: this.account, journal: this.journal, desk: this.#desk() };
    this.returns = new ChequeReturns({ ...common, neighbour: this.account.neighbour, emit: () => undefined });
    this.effects = new DurableEffects({
      ...{ ...common, signer: ME, returns: this.returns },
      step: (event) => {
        const owed = this.journal.unwritten(this.account).owed.length;
        this.told.push(event);
        this.log.push(`${event.kind}${owed > 0 ? ` owing ${owed}` : ''}`);
      },
      failed: (effect, error) => this.log.push(`${effect.kind} failed: ${codeOf(error)}`),
    });
  }

  #journal(): Journal {
    const commit = async (records: readonly StoreRecord[]) => {
      await news();
      if (this.full) throw new WayleaveError('STORE_FULL');
      this.written.push(...records);
      this.log.push(`disk: ${records.map(({ kind }) => kind).join(' ')}`);
    };
    const after = (): Timer => ({ cancel: () => undefined });
    return new Journal({
      ...{ store: { commit } as unknown as Store, clock: { nowMs: () => 0, wallMs: () => 1, after }, windowMs: 5 },
      failed: () => undefined,
    });
  }

  #desk(): PaymentDesk {
    const asked = (what: string, neighbour: string): void => {
      assert.equal(neighbour, THEM.id);
      this.log.push(`desk: ${what}`);
    };
    const desk: Partial<PaymentDesk> = {
      write: (neighbour, { id, method, units }) => {
        asked(`write ${id} ${method} ${units}`, neighbour);
        return this.writing;
      },
      unacknowledged: (neighbour, method) => {
        asked(`last ${method}`, neighbour);
        return this.knows ? { id: 7, proof: PROOF } : undefined;
      },
      voided: async (neighbour, { id, method }) => {
        asked(`void ${id} ${method}`, neighbour);
        return this.knows ? { units: 11, paidUnits: 2, records: [VOIDED] } : undefined;
      },
      check: async (neighbour, { id }) => {
        asked(`check ${id}`, neighbour);
        return this.knows ? { method: 'cheque', outcome: OUTCOME } : undefined;
      },
      recover: async (neighbour) => {
        await this.recovering;
        asked('recover', neighbour);
      },
    };
    return desk as PaymentDesk;
  }
}

const write = (method: 'cheque' | 'transfer'): SessionEffect & { kind: 'writePayment' } => {
  return { kind: 'writePayment', id: 5, method, units: 9 };
};
const signed = signStatement(THEM, { ...STATEMENT, from: THEM.id });
const forged = { ...signed, received: 1 };

/** Each effect, what happens in which order, and what the session hears of it. */
const CASES: readonly [SessionEffect, readonly string[], SessionEvent?][] = [
  [{ kind: 'lease' }, ['disk: link', 'leaseDurable'], { kind: 'leaseDurable' }],
  [{ kind: 'rememberTerms', side: 'theirs', terms: TERMS }, ['disk: terms link']],
  [
    write('cheque'),
    ['disk: link', 'desk: write 5 cheque 9', 'paymentWritten'],
    { kind: 'paymentWritten', id: 5, method: 'cheque', units: 9, proof: PROOF } as SessionEvent,
  ],
  [
    { kind: 'resendPayment', method: 'cheque' },
    ['desk: last cheque', 'paymentWritten'],
    { kind: 'paymentWritten', id: 7, method: 'cheque', proof: PROOF },
  ],
  [
    { kind: 'voidPayment', id: 5, method: 'channel' },
    ['desk: void 5 channel', 'paymentFailed owing 1', 'disk: note link'],
    { kind: 'paymentFailed', id: 5, method: 'channel', units: 11, paidUnits: 2, code: 'CHANNEL_CLOSED' },
  ],
  [
    { kind: 'checkPayment', payment: PAYMENT },
    ['desk: check 6', 'paymentChecked'],
    { kind: 'paymentChecked', id: 6, method: 'cheque', outcome: OUTCOME },
  ],
  [{ kind: 'keepPayment', id: 6, method: 'cheque' }, ['disk: link', 'paymentKept'], { kind: 'paymentKept' }],
  [{ kind: 'keepPaid', id: 6, method: 'cheque', acceptedWei: 9n, units: 9 }, []],
  [
    { kind: 'checkStatement', statement: signed },
    ['statementChecked'],
    { kind: 'statementChecked', statement: signed, genuine: true },
  ],
  [
    { kind: 'checkStatement', statement: forged },
    ['statementChecked'],
    { kind: 'statementChecked', statement: forged, genuine: false },
  ],
  [{ kind: 'rememberStatement', party: 'disputed', statement: forged }, ['disk: statement link']],
  [{ kind: 'changed' }, []],
];

test('what must be durable is on disk before the session hears of it', async () => {
  for (const [effect, log, event] of CASES) {
    const bed = new Bed();
    await bed.effects.perform(effect);
    assert.deepEqual(bed.log, log, effect.kind);
    assert.deepEqual(bed.told, event === undefined ? [] : [event]);
    assert.equal(bed.account.unwritten, effect.kind === 'keepPaid', 'written with the next charges');
  }
});

test('where the disk takes nothing, the session hears nothing, and no payment is made', async () => {
  for (const [effect, log] of CASES) {
    if (!log.some((line) => line.startsWith('disk')) || effect.kind === 'voidPayment') continue;
    const bed = new Bed();
    bed.full = true;
    await assert.rejects(bed.effects.perform(effect), { code: 'STORE_FULL' }, effect.kind);
    assert.deepEqual(bed.log, [], effect.kind);
  }
});

test('the records say whose terms and statements they are', async () => {
  const bed = new Bed();
  for (const [effect] of CASES) if (effect.kind.startsWith('remember')) await bed.effects.perform(effect);
  const [terms, , statement] = bed.written;
  assert.ok(terms?.kind === 'terms' && statement?.kind === 'statement');
  assert.deepEqual([terms.neighbour, terms.side, terms.epoch], [THEM.id, 'theirs', TERMS.epoch]);
  assert.deepEqual([statement.neighbour, statement.party, statement.sequence], [THEM.id, 'disputed', 2]);
});

test('of what the desk knows nothing of, nothing is said or written', async () => {
  for (const [effect, [asked]] of CASES) {
    if (!['checkPayment', 'resendPayment', 'voidPayment'].includes(effect.kind)) continue;
    const bed = new Bed();
    bed.knows = false;
    await bed.effects.perform(effect);
    await news();
    assert.deepEqual([bed.log, bed.written], [[asked], []]);
  }
});

test('what a void payment leaves behind is owed by the account also where the disk fails', async () => {
  const bed = new Bed();
  bed.full = true;
  const effect: SessionEffect = { kind: 'voidPayment', id: 5, method: 'channel' };
  await assert.rejects(bed.effects.perform(effect), { code: 'STORE_FULL' });
  bed.full = false;
  await bed.journal.commit(bed.account);
  assert.deepEqual(bed.written[0], VOIDED);
});

test('a statement is signed, on disk, and only then told of; without a key none is made', async () => {
  const bed = new Bed();
  await bed.effects.perform({ kind: 'keepStatement', statement: STATEMENT });
  assert.deepEqual(bed.log, ['disk: statement link', 'statementKept']);
  const [event] = bed.told;
  assert.ok(event?.kind === 'statementKept' && isGenuineStatement(event.statement));
  const [record] = bed.written;
  assert.ok(record?.kind === 'statement');
  assert.deepEqual([record.neighbour, record.party, record.sequence], [THEM.id, 'mine', 2]);
  const full = new Bed();
  full.full = true;
  await assert.rejects(full.effects.perform({ kind: 'keepStatement', statement: STATEMENT }), { code: 'STORE_FULL' });
  assert.deepEqual(full.told, []);
  const { account, journal, log, returns } = new Bed();
  const desk = {} as PaymentDesk;
  const step = () => log.push('told');
  const keyless = new DurableEffects({ account, journal, desk, returns, step, failed: step });
  await keyless.perform({ kind: 'keepStatement', statement: STATEMENT });
  assert.deepEqual(log, []);
});

test('no payment is written while a cheque that came back is looked at: it may be above what is remembered', async () => {
  const bed = new Bed();
  const looking = Promise.withResolvers<void>();
  bed.recovering = looking.promise;
  bed.returns.took(encodeHeldCheque(CHEQUE));
  const done = bed.effects.perform(write('cheque'));
  for (let each = 0; each < 5; each += 1) await news();
  assert.deepEqual(bed.log, []);
  looking.resolve();
  await done;
  assert.deepEqual(bed.log, ['desk: recover', 'disk: link', 'desk: write 5 cheque 9', 'paymentWritten']);
});

test('a transfer holds up nothing else of its link, any other payment does', async () => {
  const slow = Promise.withResolvers<PaymentProof>();
  const [transfer, cheque] = [new Bed(), new Bed()];
  transfer.writing = slow.promise;
  cheque.writing = slow.promise;
  await transfer.effects.perform(write('transfer'));
  let ended = false;
  const end = cheque.effects.perform(write('cheque')).then(() => (ended = true));
  for (let each = 0; each < 5; each += 1) await news();
  assert.deepEqual([transfer.told, ended], [[], false]);
  slow.resolve(PROOF);
  await end;
  assert.deepEqual([transfer.log.at(-1), cheque.log.at(-1)], ['paymentWritten', 'paymentWritten']);
});

test('a payment that could not be written is told of once: to whoever waits for it, or for a transfer aside', async () => {
  const [transfer, cheque] = [new Bed(), new Bed()];
  for (const bed of [transfer, cheque]) {
    bed.writing = Promise.reject(new WayleaveError('CHAIN_FUNDS_MISSING'));
    bed.writing.catch(() => undefined);
  }
  await transfer.effects.perform(write('transfer'));
  await news();
  assert.equal(transfer.log.at(-1), 'writePayment failed: CHAIN_FUNDS_MISSING');
  await assert.rejects(cheque.effects.perform(write('cheque')), { code: 'CHAIN_FUNDS_MISSING' });
  assert.equal(cheque.log.at(-1), 'desk: write 5 cheque 9');
});
