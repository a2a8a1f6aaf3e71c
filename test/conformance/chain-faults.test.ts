import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { createEvmChain, type EvmChain, type EvmChainOptions } from '../../src/chain/evm-chain.ts';
import type { OutgoingTransaction, TransactionLog } from '../../src/chain/outgoing.ts';
import { createSigner, generateKey } from '../../src/chain/signer.ts';
import type { Clock } from '../../src/core/clock.ts';
import { codeOf } from '../../src/core/errors.ts';
import { ANVIL_CHAIN_ID, Anvil, NO_ANVIL } from './anvil.fixture.ts';

const COIN = 10n ** 18n;
const NOBODY = `0x${'0'.repeat(39)}1`;
const ignore = () => Promise.resolve();
/** A minute here is three tenths of a second. */
const HASTE = 200;
const hasty: Clock = {
  wallMs: () => Date.now(),
  nowMs: () => performance.now() * HASTE,
  after(delayMs, fire) {
    const timer = setTimeout(fire, delayMs / HASTE);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Time stands still, so that nothing is told again, replaced or given up; timers fire all the same. */
const halted: Clock = { ...hasty, nowMs: () => 0 };
/** Longer than any of these tests takes, in hasty time: nothing is given up because this machine is busy. Half a minute. */
const PATIENT_MS = 30_000 * HASTE;

/** What a store would remember, and every version of every transaction that was ever written down. */
class Memory implements TransactionLog {
  readonly #rows = new Map<number, OutgoingTransaction>();
  readonly written: OutgoingTransaction[] = [];

  get known(): readonly OutgoingTransaction[] {
    return [...this.#rows.values()];
  }

  async keep(entry: OutgoingTransaction): Promise<void> {
    this.#rows.set(entry.nonce, entry);
    this.written.push(entry);
  }
}

let seeds = 0;
function makeSigner() {
  seeds += 1;
  const seed = seeds;
  return createSigner(generateKey((count) => new Uint8Array(count).fill(0x40 + seed)));
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('transactions on an endpoint in trouble', { skip: NO_ANVIL }, () => {
  const open: { close(): Promise<void> }[] = [];
  after(async () => {
    for (const each of open.reverse()) await each.close();
  });

  const start = async (...options: string[]) => {
    const anvil = new Anvil(options);
    open.push(anvil);
    await anvil.start();
    return anvil;
  };
  /** Waits until so many transactions are in its pool. Not by hash: on a busy machine it may be another version already. */
  const inPool = (anvil: Anvil, count: number) =>
    until(async () => {
      const { pending } = (await anvil.ask('txpool_status')) as { readonly pending: string };
      return Number(pending) === count || undefined;
    });
  /** One process of a node. */
  const life = (anvil: Anvil, log: TransactionLog, change: Partial<EvmChainOptions> = {}): EvmChain => {
    const common = { urls: [anvil.url], chainId: ANVIL_CHAIN_ID, factory: NOBODY, clock: hasty, pollMs: 1000 };
    const chain = createEvmChain({ ...common, minedWithinMs: PATIENT_MS, signer: makeSigner(), ...change });
    chain.resume(log);
    open.push(chain);
    return chain;
  };
  const payer = async (anvil: Anvil, change: Partial<EvmChainOptions> = {}) => {
    const signer = makeSigner();
    const payee = makeSigner();
    await anvil.fund(signer.id, COIN);
    const log = new Memory();
    const live = () => life(anvil, log, { signer, ...change });
    const held = async () => BigInt((await anvil.ask('eth_getBalance', [payee.id, 'latest'])) as string);
    return { log, live, payee: payee.id, signer, held };
  };

  test('a chain without a base fee is paid by legacy transactions', async () => {
    const anvil = await start('--hardfork', 'berlin');
    const { live, payee, log, held } = await payer(anvil);
    const { paidWei } = await live().pay({ to: payee, wei: 5n, purpose: 'x' }, ignore);
    assert.deepEqual([paidWei, await held()], [5n, 5n]);
    assert.equal(log.known[0]?.versions[0]?.tipWei, undefined);
  });

  test('killed with a payment in its pool, the endpoint forgets it: it is told again, and made once', async () => {
    const anvil = await start('--no-mining');
    const { live, payee, log, held } = await payer(anvil, { minedWithinMs: 2_000 });
    await anvil.ask('evm_mine');
    const first = live();
    let hash = '';
    const due = { to: payee, wei: 7n, purpose: 'a debt' };
    await assert.rejects(
      first.pay(due, async (told) => {
        hash = told;
      }),
      (error) => codeOf(error) === 'TRANSACTION_PENDING',
    );
    await first.close();
    await anvil.stop();
    await anvil.start();
    // The next process asks for the same payment: it is the same transaction.
    const second = live();
    const told: string[] = [];
    const paying = second.pay(due, async (again) => void told.push(again)).catch(codeOf);
    await inPool(anvil, 1);
    await anvil.ask('evm_mine');
    await until(() => second.paid(hash, payee));
    await paying;
    assert.deepEqual([told, await held()], [[hash], 7n]);
    assert.equal(log.known.length, 1);
  });

  test('not mined in time, it is replaced by one with higher fees; found by its first hash all the same', async () => {
    const anvil = await start('--no-mining');
    const { live, payee, log, held } = await payer(anvil);
    await anvil.ask('evm_mine');
    let hash = '';
    const paying = live().pay({ to: payee, wei: 3n, purpose: 'x' }, async (told) => {
      hash = told;
    });
    await until(async () => ((log.known[0]?.versions.length ?? 0) >= 3 ? true : undefined));
    await anvil.ask('evm_mine');
    const receipt = await paying;
    const versions = log.known[0]?.versions ?? [];
    assert.notEqual(receipt.hash, hash);
    assert.ok(versions.some((version) => version.hash === receipt.hash));
    for (const [at, version] of versions.entries()) {
      const before = versions[at - 1];
      if (before === undefined) continue;
      assert.ok(
        version.perGasWei * 8n >= before.perGasWei * 9n && (version.tipWei ?? 0n) * 8n >= (before.tipWei ?? 0n) * 9n,
      );
    }
    const later = life(anvil, log);
    assert.equal((await later.paid(hash, payee))?.hash, receipt.hash, 'also in the next process');
    assert.equal(await held(), 3n);
  });

  test('fees are raised up to the limit and no further', async () => {
    const anvil = await start('--no-mining');
    const limit = 2_000_000_001n + 2_000_000_001n / 8n;
    const { live, payee, log } = await payer(anvil, { maxFeePerGasWei: limit, minedWithinMs: 600_000 });
    await assert.rejects(
      live().pay({ to: payee, wei: 3n, purpose: 'x' }, ignore),
      (error) => codeOf(error) === 'TRANSACTION_PENDING' || codeOf(error) === 'GAS_TOO_DEAR',
    );
    for (const { versions } of log.known) for (const { perGasWei } of versions) assert.ok(perGasWei <= limit);
  });

  test('a reorganisation takes a payment back: the payee sees it gone, the payer tells it again', async () => {
    const anvil = await start();
    const { live, payee, held } = await payer(anvil);
    const chain = live();
    await anvil.ask('anvil_mine', ['0x3']);
    const { hash, block } = await chain.pay({ to: payee, wei: 9n, purpose: 'x' }, ignore);
    await anvil.ask('anvil_mine', ['0x2']);
    const before = await chain.blockHash(block);
    // The payer tells it again within a tenth of a second: it would be in a block before anybody has looked.
    await anvil.ask('evm_setAutomine', [false]);
    await anvil.ask('anvil_reorg', [3, []]);
    assert.notEqual(await chain.blockHash(block), before);
    assert.deepEqual([await held(), await chain.paid(hash, payee)], [0n, undefined]);
    await inPool(anvil, 1);
    await anvil.ask('evm_mine');
    await until(() => chain.paid(hash, payee));
    assert.equal(await held(), 9n);
  });

  test('the same key used by another program: what it displaced says so', async () => {
    const anvil = await start('--no-mining');
    // Told again in between, it would be back in the pool, and the other program would take the next nonce.
    const { live, payee, signer } = await payer(anvil, { clock: halted });
    await anvil.ask('evm_mine');
    const one = live().pay({ to: payee, wei: 3n, purpose: 'x' }, ignore).catch(codeOf);
    await inPool(anvil, 1);
    await anvil.ask('anvil_dropAllTransactions');
    const other = life(anvil, new Memory(), { signer, clock: halted }).pay(
      { to: payee, wei: 4n, purpose: 'y' },
      ignore,
    );
    await inPool(anvil, 1);
    await anvil.ask('anvil_mine', ['0x10']);
    const done = await Promise.all([one, other.catch(codeOf)]);
    assert.equal(done.filter((each) => each === 'TRANSACTION_REPLACED').length, 1);
  });

  test('many at once, the endpoint gone in the middle: each is made once, each nonce has one', async () => {
    const anvil = await start('--no-mining');
    const { live, log, signer, payee, held } = await payer(anvil);
    await anvil.ask('evm_mine');
    const chain = live();
    const pay = (at: number) => chain.pay({ to: payee, wei: BigInt(10 ** at), purpose: `debt ${at}` }, ignore);
    const paying = [0, 1, 2].map(pay);
    await until(async () => (log.known.length === 3 ? true : undefined));
    await anvil.stop();
    await anvil.start();
    const mining = setInterval(() => void anvil.ask('evm_mine').catch(() => undefined), 50);
    await Promise.all(paying).finally(() => clearInterval(mining));
    assert.equal(await held(), 111n);
    const nonces = new Map(log.written.map(({ nonce, purpose }) => [`${nonce} ${purpose}`, nonce]));
    assert.deepEqual(
      [...nonces.values()].sort((a, b) => a - b),
      [0, 1, 2],
    );
    assert.equal(BigInt((await anvil.ask('eth_getTransactionCount', [signer.id, 'latest'])) as string), 3n);
  });
});
