import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { signCheque } from '../../chain/cheque-signing.ts';
import { createSigner, generateKey, type Signer } from '../../chain/signer.ts';
import { codeOf } from '../../core/errors.ts';
import type { NodeId } from '../../core/node-id.ts';
import { Coverage } from '../coverage.ts';
import { Life } from '../life.ts';
import { SeededRandom } from '../seeded-random.ts';
import { Timeline } from '../timeline.ts';
import { SimChain } from './sim-chain.ts';
import type { SimChainPortOptions } from './sim-chain-port.ts';

/** Faults of the chain. What every chain must do is in the conformance suite of the chain port. */

const COIN = 10n ** 18n;
const BLOCK_MS = 12_000;
const ignore = () => Promise.resolve();

function bed() {
  const timeline = new Timeline();
  const coverage = new Coverage();
  const random = new SeededRandom('chain faults');
  const chain = new SimChain({ timeline, coverage, random });
  const party = (options?: SimChainPortOptions) => {
    const signer = createSigner(generateKey((count) => random.bytes(count)));
    chain.fund(signer.id, COIN);
    const life = new Life();
    return { signer, id: signer.id, life, port: chain.port(life, signer, options) };
  };
  /** Lets promises and the timeline run for so long. */
  const run = async (forMs: number) => {
    const endMs = timeline.nowMs + forMs;
    timeline.after(forMs, () => {});
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if ((timeline.nextAtMs ?? Number.POSITIVE_INFINITY) > endMs) return;
      timeline.next();
    }
  };
  const cheque = (payer: Signer, chequebook: NodeId, beneficiary: NodeId, cumulativeWei: bigint) =>
    signCheque(payer, chain.chainId, { chequebook, beneficiary, cumulativeWei });
  return { timeline, coverage, chain, party, run, cheque };
}

/** A payer with a chequebook, a payee with a cheque; and what the cashing has come to. */
async function cashing(depositWei = 100n, options: SimChainPortOptions = {}) {
  const world = bed();
  const payer = world.party();
  const payee = world.party(options);
  const { address: book } = await payer.port.deployChequebook(depositWei);
  world.chain.blocks.blockMs = BLOCK_MS;
  // The deployment is older than any reorganisation below.
  await world.run(10 * BLOCK_MS);
  const told: string[] = [];
  const fate = { is: 'waiting', paidWei: 0n };
  const cash = (cumulativeWei = 30n) => {
    fate.is = 'waiting';
    const sent = async (hash: string) => void told.push(hash);
    payee.port.cash(world.cheque(payer.signer, book, payee.id, cumulativeWei), sent).then(
      ({ paidWei }) => Object.assign(fate, { is: 'paid', paidWei }),
      (error: unknown) => Object.assign(fate, { is: codeOf(error) }),
    );
  };
  const paidOut = () => world.chain.blocks.state.paidOut(book, payee.id);
  return { ...world, payer, payee, book, told, fate, cash, paidOut };
}

describe('simulated chain: blocks', () => {
  test('a transaction waits for its block, and blocks bear the time of the world', async () => {
    const { fate, cash, run, timeline } = await cashing();
    cash();
    await run(BLOCK_MS - 1);
    assert.equal(fate.is, 'waiting');
    await run(BLOCK_MS);
    assert.equal(fate.is, 'paid');
    assert.ok(timeline.nowMs < 12 * BLOCK_MS);
  });

  test('without blocks a transaction is pending, and is found later by its hash', async () => {
    const { chain, coverage, fate, cash, run, told, payee, book } = await cashing();
    chain.blocks.halted = true;
    cash();
    await run(200_000);
    assert.equal(fate.is, 'TRANSACTION_PENDING');
    chain.blocks.halted = false;
    await run(BLOCK_MS);
    const [hash = ''] = told;
    assert.equal((await payee.port.outcome(hash, book))?.paidWei, 30n);
    assert.ok(coverage.of('chain.halted') > 0 && coverage.of('chain.pending') === 1);
  });

  test('a transaction that runs out of gas costs its gas and does nothing else', async () => {
    const { chain, fate, cash, run, payee, paidOut } = await cashing();
    chain.blocks.revertNext = 1;
    const before = chain.blocks.state.balance(payee.id);
    cash();
    await run(3 * BLOCK_MS);
    assert.equal(fate.is, 'TRANSACTION_REVERTED');
    assert.equal(paidOut(), 0n);
    assert.ok(chain.blocks.state.balance(payee.id) < before);
    cash();
    await run(3 * BLOCK_MS);
    assert.deepEqual([fate.is, paidOut()], ['paid', 30n]);
  });

  test('a transaction that is lost is never mined', async () => {
    const { chain, fate, cash, run, told, payee, book, paidOut } = await cashing();
    chain.blocks.loseNext = 1;
    cash();
    await run(400_000);
    assert.deepEqual([fate.is, paidOut(), told.length], ['TRANSACTION_PENDING', 0n, 1]);
    assert.equal(await payee.port.outcome(told[0] ?? '', book), undefined);
  });

  test('a reorganisation takes blocks back and mines what they held again', async () => {
    const { chain, coverage, fate, cash, run, told, payee, book, paidOut } = await cashing();
    cash();
    await run(2 * BLOCK_MS);
    assert.equal(fate.is, 'paid');
    chain.blocks.reorganise(3);
    assert.deepEqual([paidOut(), await payee.port.outcome(told[0] ?? '', book)], [0n, undefined]);
    await run(2 * BLOCK_MS);
    assert.equal(paidOut(), 30n);
    chain.blocks.reorganise(3, 1);
    await run(2 * BLOCK_MS);
    assert.equal(paidOut(), 0n, 'lost with its branch');
    assert.deepEqual([coverage.of('chain.reorganised'), coverage.of('chain.lost')], [2, 1]);
    cash();
    await run(2 * BLOCK_MS);
    assert.deepEqual([fate.is, paidOut()], ['paid', 30n]);
  });

  test('coin given to an account stays when blocks before it are taken back', async () => {
    const { chain, cash, run, payee } = await cashing();
    cash();
    await run(2 * BLOCK_MS);
    chain.fund(payee.id, 5n);
    chain.blocks.reorganise(3, 1);
    assert.equal(chain.blocks.state.balance(payee.id), COIN + 5n);
  });

  test('two who hand in the same cheque for one block: one is paid for, the other reverts', async () => {
    const { party, payer, payee, book, fate, cash, run, cheque, paidOut } = await cashing();
    const watcher = party();
    cash();
    const second = watcher.port.cash(cheque(payer.signer, book, payee.id, 30n), ignore).catch(codeOf);
    await run(2 * BLOCK_MS);
    assert.deepEqual([fate.is, await second, paidOut()], ['paid', 'TRANSACTION_REVERTED', 30n]);
  });
});

describe('simulated chain: endpoints', () => {
  test('a dead endpoint refuses its own node only, and what was sent is mined all the same', async () => {
    const { chain, payee, payer, fate, cash, run, paidOut } = await cashing();
    chain.endpoint(payee.id).dead = true;
    cash();
    await run(BLOCK_MS);
    assert.equal(fate.is, 'RPC_UNREACHABLE');
    assert.equal(await payer.port.chainId(), chain.chainId);
    chain.endpoint(payee.id).dead = false;
    cash();
    await run(0);
    chain.dead = true;
    await run(3 * BLOCK_MS);
    assert.deepEqual([fate.is, paidOut()], ['waiting', 30n]);
    chain.dead = false;
    await run(BLOCK_MS);
    assert.equal(fate.is, 'paid');
  });

  test('an answer that takes too long is an error, though the thing was done', async () => {
    const { chain, coverage, payer, payee, fate, cash, run, paidOut, book, cheque } = await cashing();
    // Only the broadcast is slow: the estimate has been answered when the hash is told.
    const done = payee.port.cash(cheque(payer.signer, book, payee.id, 10n), async () => {
      chain.endpoint(payee.id).latencyMs = 60_000;
    });
    const refused = done.catch(codeOf);
    await run(10_000);
    assert.equal(await refused, 'RPC_UNREACHABLE');
    assert.equal(coverage.of('chain.slow'), 1);
    chain.endpoint(payee.id).latencyMs = 40;
    await run(2 * BLOCK_MS);
    assert.equal(paidOut(), 10n);
    cash();
    await run(2 * BLOCK_MS);
    assert.deepEqual([fate.is, fate.paidWei, paidOut()], ['paid', 20n, 30n]);
  });

  test('when gas is too dear nothing is sent; without a limit it is paid', async () => {
    const { chain, fate, cash, run, told, payee } = await cashing(100n, { maxFeePerGasWei: 2_000_000_000n });
    chain.blocks.gasPriceWei *= 50n;
    cash();
    await run(2 * BLOCK_MS);
    assert.deepEqual([fate.is, told], ['GAS_TOO_DEAR', []]);
    const before = chain.blocks.state.balance(payee.id);
    chain.blocks.gasPriceWei = 1_000_000_000n;
    cash();
    await run(2 * BLOCK_MS);
    assert.equal(fate.is, 'paid');
    assert.ok(chain.blocks.state.balance(payee.id) < before);
  });
});

describe('simulated chain: processes and owners', () => {
  test('a process that dies once its transaction is out leaves it under way', async () => {
    const { fate, cash, run, told, paidOut, payee, chain, book } = await cashing();
    cash();
    payee.life.killAtCall(payee.life.calls + 3);
    await run(3 * BLOCK_MS);
    assert.deepEqual([fate.is, payee.life.diedAt, paidOut()], ['waiting', 'chain.sent', 30n]);
    const next = chain.port(new Life(), payee.signer);
    assert.equal((await next.outcome(told[0] ?? '', book))?.paidWei, 30n);
  });

  test('a withdrawal is announced, seen, frozen and then taken; cheques cash meanwhile', async () => {
    const { chain, payer, payee, book, run, cash, fate } = await cashing();
    const announced = async () => (await payee.port.chequebook(book, payee.id))?.withdrawableAtS;
    chain.announceWithdrawal(payee.id, book, 100n);
    await run(2 * BLOCK_MS);
    assert.equal(await announced(), undefined, 'only its owner may');
    chain.announceWithdrawal(payer.id, book, 100n);
    await run(2 * BLOCK_MS);
    assert.ok((await announced()) !== undefined);
    chain.withdraw(payer.id, book);
    await run(2 * BLOCK_MS);
    assert.equal(chain.blocks.state.balance(book), 100n);
    cash();
    await run(2 * BLOCK_MS);
    assert.equal(fate.is, 'paid');
    await run(86_400_000);
    chain.withdraw(payer.id, book);
    await run(2 * BLOCK_MS);
    assert.equal(chain.blocks.state.balance(book), 0n);
    assert.equal(await announced(), undefined);
  });

  test('a chequebook of somebody’s own making is known for what it is', async () => {
    const { chain, payer, payee, run } = await cashing();
    const foreign = { owner: payer.id, issuer: payer.id, freezeSeconds: 0, depositWei: 5n, fromFactory: false };
    const address = chain.deploy(foreign);
    await run(2 * BLOCK_MS);
    const facts = await payee.port.chequebook(address, payee.id);
    assert.deepEqual([facts?.fromFactory, facts?.balanceWei], [false, 0n]);
  });

  test('coin that is made shows', () => {
    const { chain } = bed();
    chain.fund('0xa', 5n);
    chain.audit();
    const { state } = chain.blocks;
    state.move('0xa', '0xb', 5n);
    const [back] = state.takeUndo();
    back?.();
    chain.audit();
    back?.();
    assert.throws(
      () => chain.audit(),
      (error) => codeOf(error) === 'INVARIANT_BROKEN',
    );
  });
});
