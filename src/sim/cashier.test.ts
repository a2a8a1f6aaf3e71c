import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Chain } from '../chain/chain.ts';
import { signCheque } from '../chain/cheque-signing.ts';
import { createSigner, generateKey, type Signer } from '../chain/signer.ts';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { CashedCheque, CashResult } from '../settle/cashed-cheque.ts';
import { CashierDesk } from '../settle/cashier-desk.ts';
import { ChequeDesk } from '../settle/cheque-desk.ts';
import { ChequebookFactsBook } from '../settle/chequebook-facts.ts';
import { LOST_MS } from '../settle/open-cashings.ts';
import { OwnChequebook } from '../settle/own-chequebook.ts';
import { FINAL_MS } from '../settle/payout-watch.ts';
import type { ReceivedChequeRecord } from '../store/store.ts';
import { SimChain } from './chain/sim-chain.ts';
import { SimDisk } from './disk/sim-disk.ts';
import { Life } from './life.ts';
import { SeededRandom } from './seeded-random.ts';
import { Timeline } from './timeline.ts';
import { VirtualClock } from './virtual-clock.ts';

/** The cashier on a simulated chain with its own disk: 1 wei a unit, so that gas is what decides. */

const COIN = 10n ** 18n;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Gas is 90,000 × 1 gwei for one, 40,000 × 1 gwei for one more: 9·10¹³ and 4·10¹³ wei. */
const GAS = 9e13;

interface Held {
  readonly wei: number;
  readonly deposit?: number;
  readonly cashed?: number;
}

class Bed {
  readonly timeline = new Timeline();
  readonly random = new SeededRandom('cashier');
  readonly chain = new SimChain({ timeline: this.timeline, random: this.random });
  readonly disk = new SimDisk({ timeline: this.timeline, random: this.random });
  readonly me = this.#signer();
  readonly payers: { signer: Signer; port: Chain; book: NodeId }[] = [];
  readonly events: { kind: string; facts: Record<string, string | number> }[] = [];
  cashier!: CashierDesk;
  life = new Life();
  everyMs = 0;
  /** So many records that go with an account can be written, and the next one cannot. */
  room = Number.POSITIVE_INFINITY;
  /** So many times no chequebook can be read. */
  silent = 0;
  confirmations = 1;
  /** Chequebooks that were told of: of what is final, and of bounces. */
  readonly told = { cleared: [] as NodeId[], bounced: [] as NodeId[], doubted: [] as boolean[] };

  #signer(): Signer {
    const signer = createSigner(generateKey((count) => this.random.bytes(count)));
    this.chain.fund(signer.id, COIN);
    return signer;
  }

  /** A chequebook for each cheque, and a node that holds the cheques. */
  static async holding(held: readonly Held[], everyMs = 7 * DAY_MS, confirmations = 1): Promise<Bed> {
    const bed = new Bed();
    bed.everyMs = everyMs;
    bed.confirmations = confirmations;
    const records: ReceivedChequeRecord[] = [];
    for (const each of held) records.push(await bed.#cheque(each));
    await bed.disk.open(bed.life).commit(records);
    await bed.live();
    return bed;
  }

  async #cheque({ wei, deposit = wei, cashed = 0 }: Held): Promise<ReceivedChequeRecord> {
    const signer = this.#signer();
    const port = this.chain.port(new Life(), signer);
    const { address: book } = await port.deployChequebook(BigInt(deposit));
    this.payers.push({ signer, port, book });
    const cheque = { chequebook: book, beneficiary: this.me.id, cumulativeWei: BigInt(wei) };
    const { signature } = signCheque(signer, this.chain.chainId, cheque);
    return {
      kind: 'received',
      chequebook: book,
      neighbour: signer.id,
      issuer: signer.id,
      cumulative: BigInt(wei),
      signature,
      cashedCumulative: BigInt(cashed),
      creditedUnits: wei,
      remainderWei: 0n,
      bounced: false,
    };
  }

  /** A new life of the node, from what lies on its disk. */
  async live(): Promise<void> {
    this.life.kill();
    const life = new Life();
    this.life = life;
    const store = this.disk.open(life);
    const { cashings, issued, notes, received } = await store.load();
    const ratio = { numerator: 1n, denominator: 1n };
    const port = this.chain.port(life, this.me);
    const read = port.chequebook.bind(port);
    const chain = Object.assign(port, {
      chequebook: (...which: Parameters<Chain['chequebook']>) => {
        if (this.silent === 0) return read(...which);
        this.silent -= 1;
        return Promise.reject(new WayleaveError('RPC_UNREACHABLE'));
      },
    });
    const desk = new ChequeDesk({
      signer: this.me,
      chainId: this.chain.chainId,
      store,
      own: new OwnChequebook({ chain: undefined, store, notes }),
      facts: new ChequebookFactsBook({ chain: undefined, store, me: this.me.id, notes, nowMs: () => 0 }),
      neighbour: () => ({ chequebook: undefined, theirRatio: ratio, myRatio: ratio, riskAt: 0 }),
      issued,
      received,
    });
    this.cashier = new CashierDesk({
      chain,
      clock: new VirtualClock({ timeline: this.timeline, life }),
      store,
      desk,
      riskAt: () => Number.MAX_SAFE_INTEGER,
      weiPerUnit: 1n,
      everyMs: this.everyMs,
      cashings,
      notes,
      waitedFor: () => false,
      keep: async (_, all) => {
        this.room -= 1;
        if (this.room === -1) throw new WayleaveError('STORE_FULL');
        await store.commit(all);
      },
      cleared: (book) => void this.told.cleared.push(book),
      confirmations: this.confirmations,
      bounced: (book) => void this.told.bounced.push(book),
      doubted: (book) => void this.told.doubted.push(this.cashier.doubts(book)),
      emit: (kind, facts) => void this.events.push({ kind, facts }),
    });
    this.cashier.start();
  }

  /** Lets promises and the timeline run for so long. */
  async run(forMs: number): Promise<void> {
    const endMs = this.timeline.nowMs + forMs;
    this.timeline.after(forMs, () => {});
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if ((this.timeline.nextAtMs ?? Number.POSITIVE_INFINITY) > endMs) return;
      this.timeline.next();
    }
  }

  get paid(): number[] {
    return this.payers.map(({ book }) => Number(this.chain.blocks.state.paidOut(book, this.me.id)));
  }

  said(kind: string): Record<string, string | number>[] {
    return this.events.filter((each) => each.kind === kind).map(({ facts }) => facts);
  }
}

describe('cashier', () => {
  test('cashes all that is ready in one transaction, with what then costs little more', async () => {
    const ready = 100 * GAS;
    // At risk with a new issuer is a twentieth: 4.4·10¹³, as much as a share of the gas, and not as much as a transaction.
    const rider = 20 * 4.4e13;
    const bed = await Bed.holding([{ wei: ready }, { wei: ready }, { wei: rider }, { wei: GAS / 10 }]);
    await bed.run(5_000);
    assert.deepEqual(bed.paid, [ready, ready, rider, 0]);
    const cashed = bed.said('cashed');
    assert.equal(new Set(cashed.map(({ transaction }) => transaction)).size, 1);
    assert.equal(cashed.length, 3);
    const gas = cashed.reduce((sum, { gasWei }) => sum + BigInt(gasWei ?? 0), 0n);
    assert.equal(gas, (30_000n + 3n * 50_000n) * 10n ** 9n, 'shared, and none of it lost');
  });

  test('who asks for all to be cashed is told what became of each cheque', async () => {
    const bed = await Bed.holding([{ wei: 9 }, { wei: 8, deposit: 5 }, { wei: 7, deposit: 0 }, { wei: 4, cashed: 4 }]);
    const [paid, half, poor] = bed.payers;
    const told = (result: CashResult, owedWei: bigint, paidWei: bigint) => ({ result, owedWei, paidWei });
    let asking = bed.cashier.cashAll();
    await bed.run(60_000);
    const byDebt = (all: readonly CashedCheque[]) => [...all].sort((a, b) => Number(b.owedWei - a.owedWei));
    const first = byDebt(await asking);
    const hash = bed.said('cashing')[0]?.['transaction'];
    assert.deepEqual(
      first.map(({ chequebook, gasWei, neighbour: _neighbour, transaction, why: _why, ...rest }) => {
        return [chequebook, transaction, (gasWei ?? 0n) > 0n, rest];
      }),
      [
        [paid?.book, hash, true, told('cashed', 9n, 9n)],
        [half?.book, hash, true, told('bounced', 8n, 5n)],
        [poor?.book, hash, true, told('bounced', 7n, 0n)],
      ],
    );
    asking = bed.cashier.cashAll();
    await bed.run(60_000);
    assert.deepEqual(
      byDebt(await asking).map(({ owedWei, result, transaction, why }) => [owedWei, result, why, transaction]),
      [
        [7n, 'left', 'notWorthGas', undefined],
        [3n, 'left', 'notWorthGas', undefined],
      ],
    );
    const other = await Bed.holding([{ wei: 9 }]);
    other.chain.dead = true;
    asking = other.cashier.cashAll();
    await other.run(60_000);
    assert.deepEqual(
      (await asking).map(({ result, why }) => [result, why]),
      [['failed', 'RPC_UNREACHABLE']],
    );
  });

  test('a price of gas that falls makes worth while what was not', async () => {
    const bed = await Bed.holding([{ wei: 10 * GAS }]);
    await bed.run(120_000);
    assert.deepEqual(bed.paid, [0]);
    bed.chain.blocks.gasPriceWei = 10n ** 8n;
    await bed.run(120_000);
    assert.deepEqual(bed.paid, [10 * GAS]);
  });

  test('what has waited for so long is cashed, also over restarts', async () => {
    const bed = await Bed.holding([{ wei: 2 * GAS }], HOUR_MS);
    await bed.run(HOUR_MS / 2);
    await bed.live();
    await bed.run(HOUR_MS / 2 - 1_000);
    assert.deepEqual(bed.paid, [0]);
    await bed.run(10_000);
    assert.deepEqual(bed.paid, [2 * GAS]);
  });

  test('others who draw the chequebook empty make it cash at once', async () => {
    const bed = await Bed.holding([{ wei: 5 * GAS }]);
    const [payer] = bed.payers;
    await bed.run(HOUR_MS / 2);
    assert.deepEqual(bed.paid, [0]);
    const other = { chequebook: payer?.book ?? '', beneficiary: `0x${'9'.repeat(40)}`, cumulativeWei: BigInt(2 * GAS) };
    await payer?.port.cash(signCheque(payer.signer, bed.chain.chainId, other), async () => undefined);
    await bed.run(HOUR_MS / 2);
    assert.deepEqual(bed.paid, [3 * GAS], 'what is left');
    assert.equal(bed.said('bounced').length, 1);
    await payer?.port.deposit(payer.book, COIN / 2n);
    await bed.run(HOUR_MS);
    assert.deepEqual(bed.paid, [5 * GAS], 'and goes on claiming');
  });

  test('a batch that was under way when the node died is found by the next life, and sent once', async () => {
    const bed = await Bed.holding([{ wei: 100 * GAS }, { wei: 100 * GAS }]);
    bed.chain.blocks.blockMs = 12_000;
    await bed.run(2_000);
    assert.equal(bed.disk.state.cashings.length, 2);
    await bed.live();
    await bed.run(60_000);
    assert.deepEqual(bed.paid, [100 * GAS, 100 * GAS]);
    const { cashings, received } = bed.disk.state;
    assert.deepEqual(
      cashings.map(({ status, paidOut }) => [status, Number(paidOut)]),
      [
        ['mined', 100 * GAS],
        ['mined', 100 * GAS],
      ],
    );
    assert.ok(received.every(({ cashedCumulative, cumulative }) => cashedCumulative === cumulative));
  });

  for (const room of [0, 1]) {
    test(`what was cashed while the disk failed is final a moment later, each cheque of a batch: ${room} written`, async () => {
      const bed = await Bed.holding([{ wei: 100 * GAS }, { wei: 100 * GAS }, { wei: 100 * GAS }]);
      bed.room = room;
      await bed.run(60_000);
      assert.deepEqual(bed.paid, [100 * GAS, 100 * GAS, 100 * GAS]);
      const { cashings, received } = bed.disk.state;
      assert.deepEqual(
        cashings.map(({ status }) => status),
        ['mined', 'mined', 'mined'],
      );
      assert.ok(received.every(({ cashedCumulative, cumulative }) => cashedCumulative === cumulative));
      assert.deepEqual(new Set(bed.told.cleared), new Set(bed.payers.map(({ book }) => book)));
    });
  }

  test('a bounce is told of, also where the disk failed when it was seen', async () => {
    const bed = await Bed.holding([{ wei: 100 * GAS, deposit: 50 * GAS }]);
    bed.room = 0;
    await bed.run(60_000);
    assert.deepEqual(bed.told.bounced, [bed.payers[0]?.book]);
    assert.deepEqual(
      bed.disk.state.cashings.map(({ status }) => status),
      ['bounced'],
    );
  });

  /** A cheque that bounced a moment ago, where three blocks make it sure. */
  async function young(): Promise<{ bed: Bed; book: NodeId }> {
    const bed = await Bed.holding([{ wei: 100 * GAS, deposit: 50 * GAS }], 7 * DAY_MS, 3);
    bed.chain.blocks.blockMs = 12_000;
    await bed.run(15_000);
    assert.deepEqual([bed.told.doubted, bed.told.bounced, bed.paid], [[true], [], [50 * GAS]]);
    assert.deepEqual(bed.said('fault')[0]?.['code'], 'CHEQUE_DOUBTED');
    return { bed, book: bed.payers[0]?.book ?? '' };
  }
  const marked = (bed: Bed) => bed.disk.state.received.map(({ bounced }) => bounced);

  test('a bounce is held against its issuer when no other branch can win, also over a restart', async () => {
    const { bed, book } = await young();
    await bed.live();
    assert.deepEqual([bed.told.doubted, bed.told.bounced], [[true, true], []]);
    assert.deepEqual(marked(bed), [false]);
    await bed.run(60_000);
    assert.deepEqual([bed.told.doubted, bed.told.bounced, marked(bed)], [[true, true, false], [book], [true]]);
    assert.equal(bed.said('bounced').length, 1);
    await bed.live();
    await bed.run(60_000);
    assert.equal(bed.said('bounced').length, 1);
  });

  test('that it is held against its issuer survives a disk that fails just then', async () => {
    const { bed, book } = await young();
    bed.room = 0;
    await bed.run(60_000);
    assert.deepEqual([bed.cashier.doubts(book), marked(bed)], [false, [true]]);
    assert.equal(bed.said('bounced').length, 1);
  });

  test('a bounce whose branch lost is held against nobody, and the cheque is cashed on the branch that won', async () => {
    const { bed, book } = await young();
    bed.chain.blocks.reorganise(1, 1);
    const putting = bed.payers[0]?.port.deposit(book, COIN / 2n);
    await bed.run(120_000);
    await putting;
    assert.deepEqual([bed.told.bounced, marked(bed), bed.told.doubted], [[], [false], [true, false]]);
    await bed.run(HOUR_MS);
    assert.deepEqual([bed.paid, bed.said('bounced')], [[100 * GAS], []]);
  });

  test('what was cashed is noted once, by the word of the contract alone', async () => {
    const bed = await Bed.holding([{ wei: 100 * GAS, deposit: 50 * GAS }]);
    bed.room = 0;
    bed.silent = 2;
    await bed.run(60_000);
    assert.deepEqual([bed.paid, bed.silent], [[50 * GAS], 0]);
    assert.equal(Number(bed.disk.state.received[0]?.cashedCumulative), 50 * GAS);
  });

  test('what somebody else has cashed for this node is final too', async () => {
    const bed = await Bed.holding([{ wei: 100 * GAS }]);
    const [payer] = bed.payers;
    const [record] = bed.disk.state.received;
    assert.ok(payer !== undefined && record !== undefined);
    const { cumulative: cumulativeWei, signature } = record;
    const cheque = { chequebook: payer.book, beneficiary: bed.me.id, cumulativeWei, signature };
    await payer.port.cash(cheque, async () => undefined);
    await bed.run(2 * FINAL_MS);
    assert.equal(bed.disk.state.received[0]?.cashedCumulative, cumulativeWei);
    assert.deepEqual(bed.told.cleared, [payer.book]);
  });

  test('a transaction that is lost is sent again, and not before it must be taken for lost', async () => {
    const bed = await Bed.holding([{ wei: 100 * GAS }]);
    bed.chain.blocks.blockMs = 12_000;
    bed.chain.blocks.loseNext = 1;
    await bed.run(LOST_MS - 30_000);
    assert.deepEqual([bed.disk.state.cashings.length, bed.paid], [1, [0]]);
    await bed.run(120_000);
    assert.deepEqual(bed.paid, [100 * GAS]);
    assert.deepEqual(bed.disk.state.cashings.map(({ status }) => status).sort(), ['failed', 'mined']);
  });

  test('a dry run says what cashing would bring, and sends nothing', async () => {
    const bed = await Bed.holding([
      { wei: 10 * GAS, deposit: 6 * GAS },
      { wei: 4, cashed: 4 },
    ]);
    const plan = await bed.cashier.plan();
    assert.equal(plan.gasPriceWei, 10n ** 9n);
    const [{ neighbour, chequebook, ...entry }, ...rest] = plan.entries as [(typeof plan.entries)[0]];
    assert.deepEqual([neighbour, chequebook, rest], [bed.payers[0]?.signer.id, bed.payers[0]?.book, []]);
    assert.deepEqual(entry, {
      cash: true,
      because: 'uncovered',
      uncashedUnits: 10 * GAS,
      cashableUnits: 6 * GAS,
      riskPermille: 50,
      atRiskUnits: 0.3 * GAS,
      gasUnits: GAS,
      profitUnits: 5 * GAS,
    });
    assert.deepEqual(bed.paid, [0, 0]);
    assert.deepEqual(bed.events, []);
  });
});
