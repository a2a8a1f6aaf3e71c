import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { signCheque } from '../chain/cheque-signing.ts';
import { signDelegation } from '../chain/delegation-signing.ts';
import { createSigner } from '../chain/signer.ts';
import type { NodeId } from '../core/node-id.ts';
import type { SignedCheque } from '../core/settlement/cheque.ts';
import type { Delegation } from '../core/settlement/delegation.ts';
import type { NoteRecord, ReceivedChequeRecord, Store, StoreRecord } from '../store/store.ts';
import { ChequeTaker, type Payer } from './cheque-taker.ts';
import { ChequebookFactsBook } from './chequebook-facts.ts';

const CHAIN_ID = 100;
const issuer = createSigner(new Uint8Array(32).fill(7));
const id = (n: number): NodeId => `0x${n.toString(16).padStart(40, '0')}`;
const [ME, BOOK, OTHER] = [id(1), id(0xb0), id(0xb1)];
const NODES = [id(0x11), id(0x12), id(0x13)];
const NOW_S = 1_800_000_000;
const RATIO = { numerator: 1n, denominator: 1n };

/** A receiver and its disk: a restart finds what was accepted. */
class Receiver {
  readonly #records = new Map<string, StoreRecord>();
  readonly ratio: Payer['myRatio'];
  taker: ChequeTaker;

  constructor(paidOutWei = 0n, ratio = RATIO) {
    this.#read(paidOutWei);
    this.ratio = ratio;
    this.taker = this.#start();
  }

  /** What the contracts say. */
  #read(paidOutWei: bigint): void {
    const facts = {
      fromFactory: true,
      issuer: issuer.id,
      balanceWei: '1000000',
      paidOutWei: String(paidOutWei),
      bounced: false,
    };
    for (const book of [BOOK, OTHER])
      this.#keep([{ kind: 'note', name: `chequebook:${book}`, text: JSON.stringify(facts) }]);
  }

  #keep(records: readonly StoreRecord[]): void {
    for (const record of records) this.#records.set(record.kind === 'note' ? record.name : record.kind, record);
  }

  #start(): ChequeTaker {
    const all = [...this.#records.values()];
    const notes = all.filter((each): each is NoteRecord => each.kind === 'note');
    const received = all.filter((each): each is ReceivedChequeRecord => each.kind === 'received');
    const store = { commit: async () => {} } as unknown as Store;
    const facts = new ChequebookFactsBook({ chain: undefined, store, me: ME, notes, nowMs: () => 0 });
    return new ChequeTaker({ me: ME, chainId: CHAIN_ID, facts, received, notes, wallMs: () => NOW_S * 1000 });
  }

  restart(): void {
    this.taker = this.#start();
  }

  /** It has paid out so much in all by the time these books, or older ones, are used again. */
  paidOut(wei: bigint): void {
    this.#read(wei);
    this.restart();
  }

  take(node: NodeId, cheque: SignedCheque, delegation: Delegation | undefined = delegate(node)) {
    const payer = { chequebook: BOOK, delegation, myRatio: this.ratio, riskAt: 10 ** 9 };
    const outcome = this.taker.check(node, cheque, payer);
    if (outcome.accepted) this.#keep(this.taker.accepted(node));
    return outcome;
  }
}

function delegate(node: NodeId, expiresS = NOW_S + 1, signer = issuer, payout = node): Delegation {
  return signDelegation(signer, { node, chequebook: BOOK, payout, chainId: CHAIN_ID, expiresS });
}

const cheque = (cumulativeWei: bigint, ownWei: bigint | undefined, signer = issuer): SignedCheque => ({
  ...signCheque(signer, CHAIN_ID, { chequebook: BOOK, beneficiary: ME, cumulativeWei }),
  ...(ownWei !== undefined && { ownWei }),
});

const [A = '', B = ''] = NODES;
const units = (outcome: ReturnType<Receiver['take']>) => (outcome.accepted ? outcome.units : outcome.code);

test('what is kept for all of them sums up what was credited, and counts what was paid out before', () => {
  const { taker } = new Receiver(30n);
  const payer = (node: NodeId) => ({ chequebook: BOOK, delegation: delegate(node), myRatio: RATIO, riskAt: 10 ** 9 });
  let creditedUnits = 0;
  for (const [node, cumulative, ownWei] of [
    [A, 40n, 10n],
    [B, 45n, 5n],
  ] as const) {
    assert.ok(taker.check(node, cheque(cumulative, ownWei), payer(node)).accepted);
    creditedUnits += Number(ownWei);
    const [record] = taker.accepted(node);
    const { signature } = cheque(cumulative, ownWei);
    assert.deepEqual(record, {
      ...{ kind: 'received', chequebook: BOOK, neighbour: node, issuer: issuer.id, cumulative, signature },
      ...{ cashedCumulative: 30n, creditedUnits, remainderWei: 0n, bounced: false },
    });
    assert.deepEqual(taker.accepted(node), [], 'once');
  }
});

test('each delegation is looked at for itself, whatever the one before it was worth', () => {
  const receiver = new Receiver();
  const forged = delegate(A, NOW_S + 9, createSigner(new Uint8Array(32).fill(8)));
  assert.equal(receiver.take(A, cheque(10n, 10n), forged).accepted, false);
  assert.equal(units(receiver.take(A, cheque(10n, 10n))), 10);
  assert.equal(receiver.take(A, cheque(20n, 20n), forged).accepted, false);
});

test('cheques that overtake each other are credited to the links they were written for', () => {
  const receiver = new Receiver();
  assert.equal(units(receiver.take(B, cheque(15n, 5n))), 5, 'ten of it are on their way');
  assert.equal(units(receiver.take(A, cheque(10n, 10n))), 10);
  assert.equal(units(receiver.take(A, cheque(10n, 10n))), 0, 'sent again');
  assert.equal(units(receiver.take(A, cheque(18n, 13n))), 3);
  assert.equal(receiver.taker.of(BOOK)?.cumulative, 18n);
  assert.deepEqual(receiver.taker.payersOf(BOOK).toSorted(), [A, B]);
  assert.equal(receiver.taker.uncashedUnits(A, RATIO), 18, 'all that is uncashed is at risk with each');
  assert.equal(receiver.taker.uncashedUnits(B, RATIO), 18);
});

test('a part that claims more than the cheques are worth together is worth what is left', () => {
  const receiver = new Receiver();
  assert.equal(units(receiver.take(A, cheque(10n, 1_000n))), 10);
  assert.equal(units(receiver.take(B, cheque(12n, 3n))), 2);
  assert.equal(units(receiver.take(B, cheque(12n, 5n))), 'CHEQUE_STALE');
});

test('what was credited while one node alone paid, and what was paid out before, is nobody’s part', () => {
  const receiver = new Receiver(100n);
  assert.equal(units(receiver.take(A, cheque(110n, 110n))), 10);
  assert.equal(units(receiver.take(B, cheque(100n, 40n))), 'CHEQUE_STALE');
});

const DELEGATIONS: readonly [string, Delegation | undefined, string | number][] = [
  ['good', delegate(A), 10],
  ['absent', undefined, 'CHEQUE_WRONG_ISSUER'],
  ['of another node', delegate(B), 'CHEQUE_WRONG_ISSUER'],
  ['signed by another key', delegate(A, NOW_S + 1, createSigner(new Uint8Array(32).fill(8))), 'CHEQUE_WRONG_ISSUER'],
  ['paid elsewhere', delegate(A, NOW_S + 1, issuer, B), 'CHEQUE_WRONG_ISSUER'],
  ['at its end', delegate(A, NOW_S), 'CHEQUE_DELEGATION_EXPIRED'],
];
for (const [name, delegation, expected] of DELEGATIONS) {
  test(`a delegation ${name}: ${expected}`, () => {
    const receiver = new Receiver();
    const payer = { chequebook: BOOK, delegation, myRatio: RATIO, riskAt: 10 ** 9 };
    assert.equal(units(receiver.taker.check(A, cheque(10n, 10n), payer)), expected);
  });
}

test('one without a part, or with a false signature, is refused', () => {
  const receiver = new Receiver();
  assert.equal(units(receiver.take(A, cheque(10n, undefined))), 'CHEQUE_WRONG_ISSUER');
  assert.equal(units(receiver.take(A, cheque(10n, 10n, createSigner(new Uint8Array(32).fill(9))))), 'CHEQUE_FORGED');
  assert.equal(units(receiver.take(A, cheque(10n, 10n))), 10);
  assert.equal(
    units(receiver.take(issuer.id, cheque(20n, undefined))),
    'CHEQUE_WRONG_CHEQUEBOOK',
    'not even the issuer',
  );
  assert.equal(units(receiver.take(issuer.id, cheque(20n, 10n), undefined)), 10, 'which may share it, too');
});

test('what its issuer has paid alone is nobody’s part, also while it is being booked', () => {
  const { taker } = new Receiver();
  const alone = { chequebook: BOOK, myRatio: RATIO, riskAt: 10 ** 9 };
  const check = (own: bigint) => taker.check(A, cheque(15n, own), { ...alone, delegation: delegate(A) });
  assert.equal(units(taker.check(issuer.id, cheque(10n, undefined), alone)), 10);
  assert.equal(units(check(15n)), 'CHEQUE_UNVERIFIED', 'it is sent again');
  taker.accepted(issuer.id);
  assert.equal(units(check(15n)), 5);
  taker.accepted(A);
  assert.equal(taker.of(BOOK)?.cumulative, 15n);
  assert.deepEqual(
    taker.held(A).map(({ ownWei }) => ownWei),
    [15n],
  );
});

test('what its issuer has paid alone and was never booked holds up no other node once it pays from elsewhere', () => {
  const { taker } = new Receiver();
  const alone = { chequebook: OTHER, myRatio: RATIO, riskAt: 10 ** 9 };
  const elsewhere = signCheque(issuer, CHAIN_ID, { chequebook: OTHER, beneficiary: ME, cumulativeWei: 7n });
  assert.equal(units(taker.check(issuer.id, cheque(10n, undefined), alone)), 10);
  assert.equal(units(taker.check(issuer.id, elsewhere, alone)), 7);
  const shared = { ...alone, chequebook: BOOK, delegation: delegate(A) };
  assert.equal(units(taker.check(A, cheque(15n, 5n), shared)), 5);
});

test('what is pending on an earlier chequebook of its operator is answered, and no other node is paid from it', () => {
  const receiver = new Receiver();
  receiver.take(A, cheque(10n, 10n));
  const rotated = { chequebook: OTHER, delegation: undefined, myRatio: RATIO, riskAt: 10 ** 9 };
  assert.equal(units(receiver.taker.check(A, cheque(10n, 10n), rotated)), 0);
  assert.equal(units(receiver.taker.check(B, cheque(15n, 5n), rotated)), 'CHEQUE_WRONG_CHEQUEBOOK');
});

test('whatever is delayed, lost, sent again or forgotten in a crash, each link is credited with what its node has paid', () => {
  const act = fc.record({
    what: fc.constantFrom('write', 'write', 'deliver', 'deliver', 'drop', 'crash'),
    node: fc.nat({ max: 2 }),
    wei: fc.integer({ min: 1, max: 50 }),
  });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
      const receiver = new Receiver();
      const last: SignedCheque[] = [];
      const credited = [0, 0, 0];
      let cumulative = 0n;
      const deliver = (node: number): void => {
        const sent = last[node];
        if (sent === undefined) return;
        const outcome = receiver.take(NODES[node] ?? '', sent);
        assert.ok(outcome.accepted, `refused: ${units(outcome)}`);
        credited[node] = (credited[node] ?? 0) + outcome.units;
      };
      for (const { node, wei, what } of acts) {
        if (what === 'write') {
          cumulative += BigInt(wei);
          last[node] = cheque(cumulative, (last[node]?.ownWei ?? 0n) + BigInt(wei));
        } else if (what === 'crash') receiver.restart();
        else if (what === 'deliver') deliver(node);
        const sum = credited.reduce((all, each) => all + each, 0);
        assert.ok(BigInt(sum) <= (receiver.taker.of(BOOK)?.cumulative ?? 0n), 'never more than the cheque is worth');
      }
      for (const node of [0, 1, 2]) deliver(node);
      assert.deepEqual(
        credited,
        [0, 1, 2].map((node) => Number(last[node]?.ownWei ?? 0n)),
      );
    }),
    { numRuns: 60 },
  );
});

test('parts are of what is above all that was paid alone or paid out before, whichever is more', () => {
  for (const [aloneWei, paidOutWei, baseWei] of [
    [50n, 30n, 50n],
    [50n, 50n, 50n],
    [50n, 80n, 80n],
    [0n, 80n, 80n],
  ] as const) {
    const receiver = new Receiver();
    if (aloneWei > 0n) assert.equal(units(receiver.take(issuer.id, cheque(aloneWei, undefined))), 50);
    receiver.paidOut(paidOutWei);
    assert.equal(units(receiver.take(A, cheque(baseWei + 10n, 10n))), 10, `${aloneWei} and ${paidOutWei}`);
    assert.equal(units(receiver.take(B, cheque(baseWei + 10n, 10n))), 'CHEQUE_STALE', 'of these ten nothing is left');
    assert.equal(units(receiver.take(B, cheque(baseWei + 20n, 10n))), 10);
  }
});

test('what nodes share is counted for each of them, also after a restart', () => {
  const receiver = new Receiver();
  receiver.take(A, cheque(10n, 10n));
  receiver.take(B, cheque(30n, 20n));
  for (const restarted of [false, true]) {
    if (restarted) receiver.restart();
    for (const node of [A, B]) {
      const owed = receiver.taker.from(node).map(({ chequebook, cumulative }) => [chequebook, cumulative]);
      assert.deepEqual(owed, [[BOOK, 30n]], `${restarted}`);
    }
    assert.deepEqual(receiver.taker.payersOf(BOOK).toSorted(), [A, B].toSorted());
  }
});
