import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chain } from '../chain/chain.ts';
import { recoverChequeIssuer, signCheque } from '../chain/cheque-signing.ts';
import { createSigner } from '../chain/signer.ts';
import { codeOf, type ErrorCode, WayleaveError } from '../core/errors.ts';
import type { ChequeOrder, CreditBook } from '../store/credit-book.ts';
import type { IssuedChequeRecord, Store, StoreRecord } from '../store/store.ts';
import { ChequeWriter, type ChequeWriterOptions } from './cheque-writer.ts';
import { OwnChequebook } from './own-chequebook.ts';
import type { SharedChequebook } from './shared-chequebook.ts';

const id = (n: number): string => `0x${n.toString(16).padStart(40, '0')}`;
const [BOOK, PAYEE] = [id(0xb1), id(0xa)];
const RATIO = { numerator: 1n, denominator: 1n };
const CHAIN_ID = 100;
const [node, issuer] = [7, 8].map((each) => createSigner(new Uint8Array(32).fill(each))) as [
  ReturnType<typeof createSigner>,
  ReturnType<typeof createSigner>,
];

/** One node's end of its operator's chequebook: what the nodes have promised is a number here. */
class Bed {
  promisedWei = 0n;
  funded = 0;
  failsWith: ErrorCode[] = [];
  readonly written: StoreRecord[] = [];
  readonly adopted: bigint[] = [];

  #fail(): void {
    const code = this.failsWith.shift();
    if (code !== undefined) throw new WayleaveError(code);
  }

  writer(more: Partial<ChequeWriterOptions> = {}, issued: readonly IssuedChequeRecord[] = []): ChequeWriter {
    const credit = {
      adopt: async ({ cumulativeWei }: { cumulativeWei: bigint }) => {
        this.#fail();
        this.adopted.push(cumulativeWei);
        if (cumulativeWei > this.promisedWei) this.promisedWei = cumulativeWei;
      },
      issue: async ({ wei, write }: ChequeOrder) => {
        this.#fail();
        this.promisedWei += wei;
        return write(this.promisedWei);
      },
    } as unknown as CreditBook;
    const facts = { balanceWei: 1_000n, availableWei: 1_000n, totalPaidOutWei: 0n, withdrawalWei: 0n };
    const fund = async () => {
      this.funded += 1;
      return { facts, forgottenWei: 0n };
    };
    const shared = { address: BOOK, issuer, credit, fund } as unknown as SharedChequebook;
    const store = { commit: async (records: StoreRecord[]) => void this.written.push(...records) };
    const text = JSON.stringify({ address: BOOK, capacityWei: '1000', delegated: true });
    const common = { store: store as unknown as Store, shared };
    return new ChequeWriter({
      ...{ ...common, signer: node, chainId: CHAIN_ID, issued },
      own: new OwnChequebook({
        ...{ ...common, chain: undefined },
        notes: [{ kind: 'note', name: 'own-chequebook', text }],
      }),
      ...more,
    });
  }

  issued(): IssuedChequeRecord[] {
    return this.written.filter((record) => record.kind === 'issued');
  }
}

const refuses = (work: Promise<unknown>, code: string) => assert.rejects(work, (error) => codeOf(error) === code);
const signed = (cumulativeWei: bigint, by = issuer) =>
  signCheque(by, CHAIN_ID, { chequebook: BOOK, beneficiary: PAYEE, cumulativeWei });

test('a cheque on an operator’s chequebook is signed by its key, and says what part of it is this node’s', async () => {
  const bed = new Bed();
  bed.promisedWei = 40n;
  const writer = bed.writer();
  const first = await writer.write(PAYEE, { id: 1, units: 5 }, RATIO);
  assert.deepEqual(first, { ...signed(45n), ownWei: 5n });
  bed.promisedWei += 10n;
  assert.deepEqual(await writer.write(PAYEE, { id: 2, units: 2 }, RATIO), { ...signed(57n), ownWei: 7n });
});

test('the chain is looked at once before an operator’s chequebook is empty, and for no other reason', async () => {
  const bed = new Bed();
  const writer = bed.writer();
  bed.failsWith = ['STORE_FAILED'];
  await refuses(writer.write(PAYEE, { id: 1, units: 5 }, RATIO), 'STORE_FAILED');
  assert.equal(bed.funded, 0);
  bed.failsWith = ['CHEQUEBOOK_EMPTY'];
  assert.equal((await writer.write(PAYEE, { id: 1, units: 5 }, RATIO)).cumulativeWei, 5n, 'somebody had filled it');
  assert.equal(bed.funded, 1);
  bed.failsWith = ['CHEQUEBOOK_EMPTY', 'CHEQUEBOOK_EMPTY'];
  await refuses(writer.write(PAYEE, { id: 2, units: 5 }, RATIO), 'CHEQUEBOOK_EMPTY');
});

test('the limit of a day is on disk before a cheque on an operator’s chequebook is, and counts over a restart', async () => {
  const bed = new Bed();
  const limit = { maxPerDayWei: 30n, day: () => 20_000 };
  await bed.writer(limit).write(PAYEE, { id: 1, units: 20 }, RATIO);
  const notes = bed.written.filter((record) => record.kind === 'note');
  await refuses(bed.writer({ ...limit, notes }).write(PAYEE, { id: 2, units: 11 }, RATIO), 'CHEQUEBOOK_DAILY_CAP');
  await bed.writer({ ...limit, notes }).write(PAYEE, { id: 2, units: 10 }, RATIO);
});

for (const [what, returned, adopted, own] of [
  ['that its operator signed', { ...signed(400n), ownWei: 150n }, [400n], 155n],
  ['of which it claims too much', { ...signed(400n), ownWei: 500n }, [400n], 405n],
  ['that says no part', signed(400n), [400n], 55n],
  ['with no more of its own than it knows of', { ...signed(400n), ownWei: 50n }, [400n], 55n],
  ['that somebody else signed', { ...signed(400n, node), ownWei: 150n }, [], 55n],
  ['that is lower than its own', { ...signed(40n), ownWei: 150n }, [], 55n],
] as const) {
  test(`a node that is given back a cheque ${what} goes on from it, and takes no other node’s part`, async () => {
    const bed = new Bed();
    const writer = bed.writer({ recover: recoverChequeIssuer });
    await writer.write(PAYEE, { id: 1, units: 50 }, RATIO);
    writer.acknowledged(PAYEE, { acceptedWei: 50n, units: 50 });
    bed.written.splice(0);
    await writer.recover(PAYEE, returned);
    assert.deepEqual(bed.adopted, adopted);
    assert.equal(bed.issued().length, own === 55n ? 0 : 1, 'on disk where it is more');
    assert.equal(writer.pending(PAYEE).units, 0);
    const next = await writer.write(PAYEE, { id: 2, units: 5 }, RATIO);
    assert.deepEqual(next, { ...signed(adopted.length === 0 ? 55n : 405n), ownWei: own });
  });
}

test('a part is recovered where nothing is known of the beneficiary, too', async () => {
  const bed = new Bed();
  const writer = bed.writer({ recover: recoverChequeIssuer });
  await writer.recover(PAYEE, { ...signed(400n), ownWei: 150n });
  assert.deepEqual(bed.issued(), [
    {
      ...{ kind: 'issued', chequebook: BOOK, beneficiary: PAYEE, amount: 0, paymentId: 0, remainder: 0n },
      ...{ cumulative: 400n, acceptedCumulative: 400n, ownCumulative: 150n, signature: signed(400n).signature },
    },
  ]);
});

test('what an operator’s chequebook has paid out is taken into its book, however often that fails', async () => {
  const bed = new Bed();
  const chain = { chequebook: async () => ({ paidOutWei: 60n }) } as unknown as Chain;
  const writer = bed.writer({ chain, restored: true });
  bed.failsWith = ['STORE_FAILED'];
  await refuses(writer.write(PAYEE, { id: 1, units: 5 }, RATIO), 'STORE_FAILED');
  assert.equal((await writer.write(PAYEE, { id: 1, units: 5 }, RATIO)).cumulativeWei, 65n);
});
