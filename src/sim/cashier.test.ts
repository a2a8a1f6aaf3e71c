import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Chain } from '../chain/chain.ts';
import { signCheque } from '../chain/cheque-signing.ts';
import { createSigner, generateKey, type Signer } from '../chain/signer.ts';
import type { NodeId } from '../core/node-id.ts';
import { CashierDesk } from '../settle/cashier-desk.ts';
import { ChequeDesk } from '../settle/cheque-desk.ts';
import { ChequebookFactsBook } from '../settle/chequebook-facts.ts';
import { LOST_MS } from '../settle/open-cashings.ts';
import { OwnChequebook } from '../settle/own-chequebook.ts';
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

  #signer(): Signer {
    const signer = createSigner(generateKey((count) => this.random.bytes(count)));
    this.chain.fund(signer.id, COIN);
    return signer;
  }

  /** A chequebook for each cheque, and a node that holds the cheques. */
  static async holding(held: readonly Held[], everyMs = 7 * DAY_MS): Promise<Bed> {
    const bed = new Bed();
    bed.everyMs = everyMs;
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
    const chain = this.chain.port(life, this.me);
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
      keep: (_, all) => store.commit(all),
      cleared: () => undefined,
      bounced: () => undefined,
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
