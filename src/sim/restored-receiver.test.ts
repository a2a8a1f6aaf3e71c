import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Column } from '../core/ledger/columns.ts';
import type { PaymentMethod } from '../core/terms/terms.ts';
import type { Cheat } from './cheat.ts';
import { DiskImage } from './disk/disk-image.ts';
import type { SimNode } from './sim-node.ts';
import { World } from './world.ts';

const SETTINGS = {
  costPerMb: 20_000,
  payAt: 2_000,
  dropAt: 6_000,
  riskAt: 20_000,
  weiPerUnit: 10_000_000_000n,
  channelDepositWei: 10n ** 17n,
  // A young deposit is not sure before blocks stand on it.
  blockMs: 1_000,
  confirmations: 2,
  tradeEveryMs: 3_600_000,
  tradeBytes: 1,
};

/** What was on its way when the books were lost: some frames of an upload, which the payer stands by. */
const TAIL_UNITS = 200;

/** An honest node whose books are not what they were: no rule of the world is asked of them. */
const loses: Cheat = { name: 'loses-books', join() {} };

/** One buys of another, who loses its books. */
class Pair {
  readonly words: string[] = [];
  readonly world: World;
  readonly payer: SimNode;
  readonly payee: SimNode;

  constructor(seed: string, method: PaymentMethod) {
    this.world = new World({
      seed,
      nodes: 2,
      cheats: [loses],
      faults: [],
      edges: [[0, 1]],
      settings: { ...SETTINGS, methods: [method] },
      log: (_, line) => this.words.push(line),
    });
    [this.payer, this.payee] = this.world.nodes as [SimNode, SimNode];
    this.world.begin();
  }

  async pass(ms: number): Promise<void> {
    const untilMs = this.world.timeline.nowMs + ms;
    await this.world.advance(() => this.world.timeline.nowMs >= untilMs);
  }

  /** All of it is let through. */
  async upload(bytes: number): Promise<void> {
    const before = this.gaveUnits();
    await this.world.advance(() => this.payer.traffic?.upload(this.payee.id, bytes) === true);
    await this.pass(60_000);
    assert.ok(this.gaveUnits() - before > (bytes / 1e6) * SETTINGS.costPerMb, this.words.slice(-12).join('\n'));
  }

  async loseBooks(kept: DiskImage): Promise<void> {
    this.payee.crash();
    this.payee.disk.restore(kept);
    await this.pass(1_000);
    this.payee.start();
    await this.pass(20_000);
  }

  /** What really was served, whatever any books say. */
  gaveUnits(): number {
    return this.payee.tally(this.payer.id).gave;
  }

  /** How far the two ends' books are from each other. */
  apartUnits(): number {
    const [mine, theirs] = [this.payee.accountOf(this.payer.id), this.payer.accountOf(this.payee.id)];
    assert.ok(mine !== undefined && theirs !== undefined);
    return Math.abs(mine.ledger.get(mine.row, Column.balance) + theirs.ledger.get(theirs.row, Column.balance));
  }

  /** Every cheque and total the payer ever signed here. */
  signedUnits(): number {
    const { issued, channelTotals } = this.payer.disk.state;
    const wei = [...issued, ...channelTotals.filter(({ side }) => side === 'mine')].map((each) => each.cumulative);
    return Number(wei.reduce((sum, each) => sum + each, 0n) / SETTINGS.weiPerUnit);
  }
}

for (const method of ['cheque', 'channel'] as const)
  for (const [what, copy] of [
    ['an old copy of its books', (pair: Pair) => pair.payee.disk.image()],
    ['empty books', () => new DiskImage()],
  ] as const) {
    describe(`who is paid by ${method} and goes on with ${what}`, () => {
      test('serves an honest payer on, and knows what it was paid', async () => {
        const pair = new Pair(`loses books ${method}`, method);
        await pair.upload(1_000_000);
        const kept = copy(pair);
        await pair.upload(3_000_000);
        await pair.loseBooks(kept);
        assert.ok(pair.apartUnits() <= TAIL_UNITS, `${pair.apartUnits()} apart`);
        // And once more, from the same copy.
        await pair.upload(1_000_000);
        await pair.loseBooks(kept);
        await pair.upload(1_000_000);
        assert.ok(pair.apartUnits() <= TAIL_UNITS, `${pair.apartUnits()} apart`);
        assert.ok(pair.gaveUnits() - pair.signedUnits() <= SETTINGS.dropAt + SETTINGS.riskAt);
        assert.equal(pair.world.invariants.broken?.message, undefined);
      });
    });
  }
