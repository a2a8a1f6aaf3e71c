import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recoverTypedDataAddress } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { signCheque } from '../src/chain/cheque-signing.ts';
import { createSigner, generateKey, recoverSigner, type Signer } from '../src/chain/signer.ts';
import type { NodeId } from '../src/core/node-id.ts';
import type { SignedCheque } from '../src/core/settlement/cheque.ts';
import { ChequeDesk } from '../src/settle/cheque-desk.ts';
import { ChequebookFactsBook } from '../src/settle/chequebook-facts.ts';
import { OwnChequebook } from '../src/settle/own-chequebook.ts';
import { openSqliteStore } from '../src/store/sqlite-store.ts';
import type { NoteRecord, Store } from '../src/store/store.ts';
import type { Bench, Row } from './bench.ts';
import { cpuSeconds, interleaved } from './measure.ts';

/**
 * Cheques through the desk of a node with many neighbours, each on the disk (group commit) before it counts: issued,
 * and received with every check. Per CPU-second of the whole process, the store's thread included; beside the bare curve
 * on a digest that is given, and beside viem, which signs and recovers the same typed data and stores nothing.
 */

const NEIGHBOURS = 256;
const ROUNDS = 8;
const PAIRS = 12;
/** Pairs until all is compiled: some 12,000 cheques, or one second of them. */
const UNSEEN = 6;
const BARE = 2_000;
const VIEM = 60;
const CHAIN_ID = 100;
const RATIO = { numerator: 10n ** 10n, denominator: 1n };
const CAPACITY = 10n ** 30n;
const UNITS = 1000;

const newSigner = () => createSigner(generateKey((count) => randomBytes(count)));
const addressOf = (n: number): NodeId => `0x${'c'.repeat(30)}${n.toString(16).padStart(10, '0')}`;

/** Things done in a CPU-second of this process. */
async function perCpuSecond(count: number, work: () => Promise<unknown>): Promise<number> {
  const before = cpuSeconds();
  await work();
  return count / (cpuSeconds() - before);
}

export const bench: Bench = {
  id: 'cheque',
  async rows() {
    const folder = mkdtempSync(join(tmpdir(), 'wayleave-bench-cheque-'));
    const me = newSigner();
    const store = await openSqliteStore({ path: join(folder, 'store.db'), nodeId: me.id });
    const payers = Array.from({ length: NEIGHBOURS }, newSigner);
    const desk = makeDesk(me, store, payers);
    try {
      return await measure(me, { desk, store, payers });
    } finally {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function makeDesk(me: Signer, store: Store, payers: readonly Signer[]): ChequeDesk {
  const own = JSON.stringify({ address: addressOf(9999), capacityWei: String(CAPACITY) });
  const notes: NoteRecord[] = [{ kind: 'note', name: 'own-chequebook', text: own }];
  const bookOf = new Map<NodeId, NodeId>();
  for (const [n, { id }] of payers.entries()) {
    bookOf.set(id, addressOf(n));
    const facts = { fromFactory: true, issuer: id, balanceWei: String(CAPACITY), paidOutWei: '0', bounced: false };
    notes.push({ kind: 'note', name: `chequebook:${addressOf(n)}`, text: JSON.stringify(facts) });
  }
  return new ChequeDesk({
    signer: me,
    chainId: CHAIN_ID,
    store,
    own: new OwnChequebook({ chain: undefined, store, notes }),
    facts: new ChequebookFactsBook({ chain: undefined, store, me: me.id, notes, nowMs: () => 0 }),
    neighbour: (id) => ({ chequebook: bookOf.get(id), theirRatio: RATIO, myRatio: RATIO, riskAt: 10 ** 15 }),
    issued: [],
    received: [],
  });
}

const inTurn = (ours: () => Promise<number>, rival: () => Promise<number>) => interleaved(PAIRS, ours, rival, UNSEEN);

interface Parts {
  readonly desk: ChequeDesk;
  readonly store: Store;
  readonly payers: readonly Signer[];
}

async function measure(me: Signer, { desk, store, payers }: Parts): Promise<Row[]> {
  const digest = randomBytes(32);
  const signature = me.signDigest(digest);
  const totals = payers.map(() => 0n);
  let id = 0;

  const issue = () =>
    perCpuSecond(NEIGHBOURS * ROUNDS, async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        id += 1;
        await Promise.all(payers.map((payer) => desk.write(payer.id, { id, units: UNITS })));
      }
    });
  const receive = async () => {
    const rounds = Array.from({ length: ROUNDS }, () => payers.map((payer, n) => nextCheque(payer, n)));
    return perCpuSecond(NEIGHBOURS * ROUNDS, async () => {
      for (const cheques of rounds) await Promise.all(cheques.map((cheque, n) => take(n, cheque)));
    });
  };
  const nextCheque = (payer: Signer, n: number): SignedCheque => {
    const cumulativeWei = (totals[n] ?? 0n) + BigInt(UNITS) * RATIO.numerator;
    totals[n] = cumulativeWei;
    return signCheque(payer, CHAIN_ID, { chequebook: addressOf(n), beneficiary: me.id, cumulativeWei });
  };
  const take = async (n: number, cheque: SignedCheque) => {
    const neighbour = (payers[n] as Signer).id;
    const outcome = await desk.check(neighbour, {
      kind: 'payment',
      id,
      units: UNITS,
      proof: { kind: 'cheque', cheque },
    });
    if (!outcome.accepted || outcome.units !== UNITS) throw new Error('a good cheque was refused');
    await store.commit(desk.accepted(neighbour));
  };
  const sign = () => perCpuSecond(BARE, async () => repeat(BARE, () => me.signDigest(digest)));
  const recover = () => perCpuSecond(BARE, async () => repeat(BARE, () => recoverSigner(digest, signature)));
  const typed = viemTyped(addressOf(1), me.id);
  return [
    row('issue', 15_000, 'the bare signature', await inTurn(issue, sign)),
    row('issue-viem', undefined, 'viem signTypedData, nothing stored', await inTurn(issue, typed.sign)),
    row('receive', 12_000, 'the bare recovery', await inTurn(receive, recover)),
    row('receive-viem', undefined, 'viem recoverTypedDataAddress', await inTurn(receive, typed.recover)),
  ];
}

function row(
  name: string,
  least: number | undefined,
  rival: string,
  seen: Awaited<ReturnType<typeof interleaved>>,
): Row {
  const { ours: value, rival: rivalValue, ratio, interval } = seen;
  const target = least === undefined ? {} : { target: { of: 'value', least } as const };
  return { id: `cheque.${name}`, value, unit: 'cheques/CPU-s', rival, rivalValue, ratio, interval, ...target };
}

function repeat(times: number, work: () => unknown): void {
  for (let n = 0; n < times; n += 1) work();
}

/** The same cheque as viem does it. */
function viemTyped(chequebook: NodeId, beneficiary: NodeId) {
  const account = privateKeyToAccount(`0x${randomBytes(32).toString('hex')}`);
  const cheque = {
    domain: { name: 'Chequebook', version: '1.0', chainId: CHAIN_ID },
    types: {
      Cheque: [
        { name: 'chequebook', type: 'address' },
        { name: 'beneficiary', type: 'address' },
        { name: 'cumulativePayout', type: 'uint256' },
      ],
    },
    primaryType: 'Cheque',
    message: {
      chequebook: chequebook as `0x${string}`,
      beneficiary: beneficiary as `0x${string}`,
      cumulativePayout: 10n ** 18n,
    },
  } as const;
  const signature = account.signTypedData(cheque);
  return {
    sign: () =>
      perCpuSecond(VIEM, async () => {
        for (let n = 0; n < VIEM; n += 1) await account.signTypedData(cheque);
      }),
    recover: () =>
      perCpuSecond(VIEM, async () => {
        for (let n = 0; n < VIEM; n += 1) await recoverTypedDataAddress({ ...cheque, signature: await signature });
      }),
  };
}
