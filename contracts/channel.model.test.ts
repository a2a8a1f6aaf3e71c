import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { NodeId } from '../src/core/node-id.ts';
import { type Bench, CHANNEL_ABI, channelCall, DAY_S, type Hex, openBench, stranger, ZERO } from './testing/bench.ts';
import { closing, openChannel, payeeA, payeeB, payments, putIn, signerA, withdrawing } from './testing/channels.ts';

/** Random calls at random times against a channel on the EVM and against this small model of it. */

type Totals = { readonly byA?: number | undefined; readonly byB?: number | undefined };

type Step =
  | { readonly do: 'deposit'; readonly ofA: boolean; readonly amount: number }
  | { readonly do: 'submit' | 'startClose'; readonly paid: Totals }
  | { readonly do: 'withdraw' | 'close'; readonly a: number; readonly b: number; readonly lateS: number }
  | { readonly do: 'finish' };

/** The error it must answer with, or what a and b get of it. */
type Answer = string | readonly [toA: bigint, toB: bigint];

const NOTHING: Answer = [0n, 0n];

class Model {
  readonly deposited = [0n, 0n] as [bigint, bigint];
  readonly withdrawn = [0n, 0n] as [bigint, bigint];
  readonly paid = [0n, 0n] as [bigint, bigint];
  readonly gone = [0n, 0n] as [bigint, bigint];
  closesAtS: number | undefined;
  closed = false;

  step(step: Step, nowS: number): Answer {
    if (this.closed) return 'AlreadyClosed';
    switch (step.do) {
      case 'deposit':
        this.deposited[step.ofA ? 0 : 1] += BigInt(step.amount);
        return NOTHING;
      case 'submit':
        return this.raise(step.paid) ? NOTHING : 'NothingNew';
      case 'startClose':
        if (this.closesAtS !== undefined) return 'AlreadyClosing';
        this.raise(step.paid);
        this.closesAtS = nowS + DAY_S;
        return NOTHING;
      case 'finish':
        if (this.closesAtS === undefined) return 'NotClosing';
        return nowS < this.closesAtS ? 'StillFrozen' : this.end();
      case 'close':
        if (step.lateS > 0) return 'AgreementLapsed';
        [this.paid[0], this.paid[1]] = [BigInt(step.a), BigInt(step.b)];
        return this.end();
      case 'withdraw':
        return step.lateS > 0 ? 'AgreementLapsed' : this.withdraw(BigInt(step.a), BigInt(step.b));
    }
  }

  /** What each has: what it put in and was paid, less what it paid and took out; a debtor's lack is the other's loss. */
  shares(): readonly [bigint, bigint] {
    const pot = this.deposited[0] + this.deposited[1] - this.withdrawn[0] - this.withdrawn[1];
    const ofA = this.deposited[0] + this.paid[1] - this.paid[0] - this.withdrawn[0];
    const toA = ofA < 0n ? 0n : ofA > pot ? pot : ofA;
    return [toA, pot - toA];
  }

  private raise({ byA = 0, byB = 0 }: Totals): boolean {
    const [a, b] = this.paid;
    this.paid[0] = BigInt(byA) > a ? BigInt(byA) : a;
    this.paid[1] = BigInt(byB) > b ? BigInt(byB) : b;
    return this.paid[0] > a || this.paid[1] > b;
  }

  private end(): Answer {
    const shares = this.shares();
    this.closed = true;
    return this.leave(shares);
  }

  private withdraw(a: bigint, b: bigint): Answer {
    const [a0, b0] = this.withdrawn;
    if (a < a0 || b < b0 || (a === a0 && b === b0)) return 'NothingNew';
    if (a + b > this.deposited[0] + this.deposited[1]) return 'NotCovered';
    [this.withdrawn[0], this.withdrawn[1]] = [a, b];
    return this.leave([a - a0, b - b0]);
  }

  private leave(amounts: readonly [bigint, bigint]): Answer {
    this.gone[0] += amounts[0];
    this.gone[1] += amounts[1];
    return amounts;
  }
}

const amount = fc.nat(120);
const totals = fc.record({ byA: fc.option(amount, { nil: undefined }), byB: fc.option(amount, { nil: undefined }) });
const agreed = { a: amount, b: amount, lateS: fc.constantFrom(0, 0, 0, 1) };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('deposit' as const), ofA: fc.boolean(), amount }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('submit' as const), paid: totals }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('startClose' as const), paid: totals }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('withdraw' as const), ...agreed }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const), ...agreed }) },
  { weight: 3, arbitrary: fc.constant({ do: 'finish' as const }) },
);
const wait = fc.oneof(fc.integer({ min: 1, max: 3600 }), fc.constantFrom(DAY_S - 1, DAY_S, DAY_S + 1));

function dataOf(channel: NodeId, action: Exclude<Step, { do: 'deposit' }>, nowS: number): Hex {
  switch (action.do) {
    case 'finish':
      return channelCall('finish');
    case 'submit':
    case 'startClose': {
      const { byA, byB } = action.paid;
      const said = payments(channel, {
        ...(byA === undefined ? {} : { byA: BigInt(byA) }),
        ...(byB === undefined ? {} : { byB: BigInt(byB) }),
      });
      return channelCall(action.do, [said]);
    }
    case 'close': {
      const { a, b, lateS } = action;
      return closing(channel, { paidByAWei: BigInt(a), paidByBWei: BigInt(b), validUntilS: nowS - lateS });
    }
    case 'withdraw': {
      const { a, b, lateS } = action;
      return withdrawing(channel, {
        withdrawnByAWei: BigInt(a),
        withdrawnByBWei: BigInt(b),
        validUntilS: nowS - lateS,
      });
    }
  }
}

class Run {
  readonly bench: Bench;
  readonly token: NodeId;
  readonly channel: NodeId;
  readonly model = new Model();

  constructor(bench: Bench, token: NodeId, channel: NodeId) {
    this.bench = bench;
    this.token = token;
    this.channel = channel;
  }

  async step(seconds: number, action: Step): Promise<void> {
    const atS = (await this.bench.nowS()) + seconds;
    const before = await this.payees();
    if (action.do === 'deposit') {
      if (this.model.step(action, atS) === 'AlreadyClosed') return;
      const { channel, token } = this;
      const payee = action.ofA ? payeeA : payeeB;
      await putIn(this.bench, { channel, payee, amount: BigInt(action.amount), token });
    } else {
      const from = action.do === 'startClose' ? signerA.id : stranger;
      const data = dataOf(this.channel, action, atS);
      const { error } = await this.bench.send({ from, to: this.channel, data }, atS);
      const after = await this.payees();
      const answer = error ?? ([after[0] - before[0], after[1] - before[1]] as const);
      assert.deepEqual(answer, this.model.step(action, atS), JSON.stringify(action));
    }
    await this.agrees();
  }

  private async payees(): Promise<readonly [bigint, bigint]> {
    return [await this.bench.balance(payeeA, this.token), await this.bench.balance(payeeB, this.token)];
  }

  private async agrees(): Promise<void> {
    const { model, channel, bench, token } = this;
    const read = <T>(name: string) => bench.read<T>(channel, CHANNEL_ABI, name);
    const all = model.deposited[0] + model.deposited[1];
    const held = await bench.balance(channel, token);
    assert.equal(held, all - model.gone[0] - model.gone[1], 'nothing appears, nothing is lost');
    assert.equal(await read('closed'), model.closed);
    if (model.closed) assert.equal(held, 0n);
    else {
      assert.deepEqual(await read('totals'), model.paid);
      assert.deepEqual(await read('shares'), model.shares());
    }
  }
}

for (const kind of ['coin', 'token'] as const) {
  describe(`in ${kind}`, () => {
    test('a channel does what its model does, whatever is called when', async () => {
      const bench = await openBench();
      await bench.give(signerA.id, 10n ** 20n);
      const token = kind === 'coin' ? ZERO : await bench.deploy('PlainToken');
      const arrays = fc.array(fc.tuple(wait, step), { minLength: 4, maxLength: 25 });
      await fc.assert(
        fc.asyncProperty(arrays, async (steps) => {
          const run = new Run(bench, token, await openChannel(bench, 0n, 0n, { token }));
          for (const [seconds, action] of steps) await run.step(seconds, action);
        }),
        { numRuns: 25 },
      );
      bench.chain.close();
    });
  });
}

/**
 * What a party that answers in time can count on, whatever the other does: if it signed a withdrawal or a total, that;
 * else at least what it put in, less what it signed away, plus what was signed to it out of the other's deposit.
 */
test('a party never ends with less than what it put in and was paid, less what it signed away', async () => {
  const bench = await openBench();
  await bench.give(signerA.id, 10n ** 20n);
  const money = fc.nat(1000);
  await fc.assert(
    fc.asyncProperty(fc.record({ a: money, b: money, byA: money, byB: money, oldA: money }), async (given) => {
      const channel = await openChannel(bench, BigInt(given.a), BigInt(given.b));
      const { byA, byB } = { byA: BigInt(given.byA), byB: BigInt(given.byB) };
      // a closes by an old total of its own debt and says nothing of b's; b's watcher answers with the newest of both.
      const old = payments(channel, { byA: BigInt(Math.min(given.oldA, given.byA)) });
      await bench.must({ from: signerA.id, to: channel, data: channelCall('startClose', [old]) });
      await bench.send({ from: stranger, to: channel, data: channelCall('submit', [payments(channel, { byA, byB })]) });
      await bench.chain.passTime(DAY_S);
      const { events } = await bench.must({ from: stranger, to: channel, data: channelCall('finish') });
      const [toA, toB] = [events[0]?.args['toA'] as bigint, events[0]?.args['toB'] as bigint];
      assert.equal(toA + toB, BigInt(given.a + given.b));
      // Signed beyond what its payer had, a total is worth what there is.
      const net = byA - byB;
      const lost = net > BigInt(given.a) ? BigInt(given.a) : net < -BigInt(given.b) ? -BigInt(given.b) : net;
      assert.deepEqual([toA, toB], [BigInt(given.a) - lost, BigInt(given.b) + lost]);
    }),
    { numRuns: 25 },
  );
  bench.chain.close();
});
