import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signCheque } from '../chain/cheque-signing.ts';
import { createSigner } from '../chain/signer.ts';
import { codeOf, WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { MAX_UNCASHED_CHEQUEBOOKS, type SignedCheque } from '../core/settlement/cheque.ts';
import type { Link } from '../link/link.ts';
import { encodeHeldCheque } from '../wire/held-cheque.ts';
import { ChequeReturns } from './cheque-returns.ts';
import type { PaymentDesk } from './payment-desk.ts';

const NEIGHBOUR = `0x${'b'.repeat(40)}`;
const signer = createSigner(new Uint8Array(32).fill(7));
const cheque = (n: number, ownWei?: bigint): SignedCheque => {
  const chequebook = `0x${n.toString(16).padStart(40, '0')}`;
  const signed = signCheque(signer, 100, { chequebook, beneficiary: NEIGHBOUR, cumulativeWei: BigInt(n) });
  return ownWei === undefined ? signed : { ...signed, ownWei };
};
const many = Array.from({ length: MAX_UNCASHED_CHEQUEBOOKS + 2 }, (_, n) => cheque(n + 1));
const news = () => new Promise((resolve) => setImmediate(resolve));

/** One end that holds `held`, beside a desk that looks at what comes back for as long as a test wants. */
class Bed {
  readonly sent: [string, Uint8Array][] = [];
  readonly looked: [NodeId, SignedCheque][] = [];
  readonly said: unknown[] = [];
  readonly asked: NodeId[] = [];
  desk: Promise<void> = Promise.resolve();
  readonly returns: ChequeReturns;

  constructor(held: readonly SignedCheque[] = []) {
    const desk: Partial<PaymentDesk> = {
      held: (neighbour) => {
        this.asked.push(neighbour);
        return held;
      },
      recover: (neighbour, returned) => {
        this.looked.push([neighbour, returned]);
        return this.desk;
      },
    };
    this.returns = new ChequeReturns({
      ...{ neighbour: NEIGHBOUR, desk: desk as PaymentDesk },
      emit: (kind, facts) => this.said.push([kind, facts]),
    });
  }

  connect(): void {
    const send: Link['send'] = (kind, bytes) => void this.sent.push([kind, bytes]);
    this.returns.opened({ send } as Partial<Link> as Link);
  }
}

test('what one end holds is what the other looks at, one after the other', async () => {
  const held = [cheque(1), cheque(2, 1n)];
  const [one, other] = [new Bed(held), new Bed()];
  one.connect();
  other.connect();
  assert.deepEqual([one.asked, other.sent], [[NEIGHBOUR], []]);
  const looking = Promise.withResolvers<void>();
  other.desk = looking.promise;
  for (const [kind, bytes] of one.sent) assert.deepEqual([kind, other.returns.took(bytes)], ['control', true]);
  await news();
  assert.deepEqual(other.looked, [[NEIGHBOUR, held[0]]], 'the first is not done');
  looking.resolve();
  await other.returns.looking;
  assert.deepEqual(
    other.looked,
    held.map((each) => [NEIGHBOUR, each]),
  );
  assert.deepEqual(other.said, []);
});

test('any other message is left to others, and a broken one is an error of the connection', () => {
  const { looked, returns } = new Bed();
  assert.equal(returns.took(Uint8Array.of(1)), false);
  const cut = encodeHeldCheque(cheque(1)).subarray(0, -1);
  assert.throws(
    () => returns.took(cut),
    (error) => codeOf(error) === 'WIRE_MALFORMED',
  );
  assert.deepEqual([looked, returns.looking], [[], undefined]);
});

test('of one connection only the first few are looked at, of the next one as many again', async () => {
  const bed = new Bed();
  for (let connection = 1; connection <= 2; connection += 1) {
    bed.connect();
    for (const each of many) assert.equal(bed.returns.took(encodeHeldCheque(each)), true);
    await bed.returns.looking;
    assert.equal(bed.looked.length, connection * MAX_UNCASHED_CHEQUEBOOKS);
  }
});

test('a payment waits while one is looked at, and where none came on this connection it does not', async () => {
  const bed = new Bed();
  const waits = () => bed.returns.looking !== undefined;
  assert.equal(waits(), false);
  bed.connect();
  assert.equal(waits(), false);
  const looking = Promise.withResolvers<void>();
  bed.desk = looking.promise;
  bed.returns.took(encodeHeldCheque(cheque(1)));
  let ended = false;
  const end = bed.returns.looking?.then(() => (ended = true));
  await news();
  assert.deepEqual([bed.looked.length, ended], [1, false]);
  looking.resolve();
  assert.equal(await end, true);
  bed.connect();
  assert.equal(waits(), false);
});

test('one that cannot be looked at is told of, and stops neither the next one nor payments', async () => {
  for (const [error, code] of [
    [new WayleaveError('STORE_FULL'), 'STORE_FULL'],
    [new Error('unknown'), 'STORE_FAILED'],
  ] as const) {
    const bed = new Bed();
    bed.connect();
    bed.desk = Promise.reject(error);
    bed.returns.took(encodeHeldCheque(cheque(1)));
    await bed.returns.looking;
    bed.desk = Promise.resolve();
    bed.returns.took(encodeHeldCheque(cheque(2)));
    await bed.returns.looking;
    assert.deepEqual(bed.said, [['fault', { neighbour: NEIGHBOUR, code, what: 'recover' }]]);
    assert.equal(bed.looked.length, 2);
  }
});
