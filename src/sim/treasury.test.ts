import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createSigner } from '../chain/signer.ts';
import { codeOf } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { WATCH_MS } from '../settle/chequebook-watch.ts';
import { OwnChequebook } from '../settle/own-chequebook.ts';
import { Treasury } from '../settle/treasury.ts';
import { SimChain } from './chain/sim-chain.ts';
import { SimDisk } from './disk/sim-disk.ts';
import { Life } from './life.ts';
import { SeededRandom } from './seeded-random.ts';
import { Timeline } from './timeline.ts';
import { VirtualClock } from './virtual-clock.ts';

const COIN = 10n ** 18n;
const DAY_MS = 86_400_000;
const me = createSigner(new Uint8Array(32).fill(3));

/** A node's chequebook on a simulated chain, with 100 wei in it; `live` begins a new life with what its disk holds. */
async function bed() {
  const timeline = new Timeline();
  const random = new SeededRandom('treasury');
  const chain = new SimChain({ timeline, random });
  const disk = new SimDisk({ timeline, random });
  chain.fund(me.id, COIN);
  const promised = new Map<NodeId, bigint>();
  const events: string[] = [];
  let life = new Life();
  const live = async () => {
    life.kill();
    life = new Life();
    const store = disk.open(life);
    const { notes } = await store.load();
    const port = chain.port(life, me);
    const own = new OwnChequebook({ chain: port, store, notes });
    const treasury = new Treasury({
      ...{ chain: port, store, own, notes, me: me.id, owner: undefined },
      clock: new VirtualClock({ timeline, life }),
      promisedWei: (book) => promised.get(book) ?? 0n,
      ...{ lowWaterWei: 50n, targetWei: 200n, maxPerDayWei: 250n },
      emit: (kind, facts) => void events.push(`${kind} ${facts['wei'] ?? facts['code']}`),
    });
    await own.ensure(100n);
    return { own, treasury, port };
  };
  const run = async (forMs: number) => {
    const endMs = timeline.nowMs + forMs;
    timeline.after(forMs, () => {});
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if ((timeline.nextAtMs ?? Number.POSITIVE_INFINITY) > endMs) return;
      timeline.next();
    }
  };
  return { chain, promised, events, live, run };
}

describe('treasury', () => {
  test('fills the chequebook when it runs low, up to the target and the day’s limit, also over a restart', async () => {
    const { promised, events, live, run } = await bed();
    const first = await live();
    const book = first.own.address ?? '';
    first.treasury.start();
    await run(120_000);
    assert.deepEqual(events, []);
    promised.set(book, 51n);
    await run(120_000);
    assert.deepEqual(events, ['deposited 151']);
    promised.set(book, 220n);
    const second = await live();
    second.treasury.start();
    await run(120_000);
    assert.deepEqual(events, ['deposited 151', 'deposited 99'], 'the rest of the day');
    promised.set(book, 330n);
    await run(DAY_MS / 2);
    assert.equal(events.length, 2);
    await run(DAY_MS / 2);
    assert.equal(events.at(-1), 'deposited 180');
  });

  test('what is announced to be withdrawn, or set aside, is promised to nobody, and what is taken is gone', async () => {
    const { live, run } = await bed();
    const { own, treasury } = await live();
    const book = own.address ?? '';
    await treasury.order({ kind: 'announceWithdrawal', wei: 30n });
    await treasury.order({ kind: 'reserve', beneficiary: `0x${'5'.repeat(40)}`, wei: 20n });
    const [standing] = await treasury.standing();
    assert.deepEqual([standing?.freeWei, standing?.reservedWei, standing?.withdrawalWei], [50n, 50n, 30n]);
    await assert.rejects(treasury.order({ kind: 'withdraw' }), (error) => codeOf(error) === 'TRANSACTION_REVERTED');
    await run(DAY_MS + 1_000);
    await treasury.order({ kind: 'withdraw' });
    const [after] = await treasury.standing();
    assert.deepEqual([after?.balanceWei, after?.freeWei, after?.withdrawableAtS], [70n, 50n, undefined]);
    assert.equal(own.freeWei(book, 50n), 0n);
  });

  test('what its owner announces with another key is promised to nobody long before it can be taken', async () => {
    const { chain, live, run } = await bed();
    const first = await live();
    const book = first.own.address ?? '';
    first.treasury.start();
    chain.announceWithdrawal(me.id, book, 30n);
    await run(WATCH_MS + 2 * 60_000);
    assert.equal(first.own.freeWei(book, 0n), 70n);
    chain.announceWithdrawal(me.id, book, 40n);
    await run(1_000);
    const second = await live();
    assert.equal(second.own.freeWei(book, 0n), 60n, 'also where the node dies before it has looked');
  });

  test('another chequebook takes its place, over a restart too; the old one is remembered and can be emptied', async () => {
    const { live, promised } = await bed();
    const { own, treasury } = await live();
    const old = own.address ?? '';
    promised.set(old, 40n);
    const replaced = await treasury.order({ kind: 'replace', wei: 70n });
    assert.equal(replaced.chequebook, own.address);
    const next = await live();
    const standings = await next.treasury.standing();
    assert.deepEqual(
      standings.map(({ address, current, freeWei }) => [address, current, freeWei]),
      [
        [next.own.address, true, 70n],
        [old, false, 60n],
      ],
    );
    assert.notEqual(next.own.address, old);
    await next.treasury.order({ kind: 'announceWithdrawal', wei: 60n }, old);
    assert.equal(next.own.freeWei(old, 40n), 0n);
    const foreign = next.treasury.order({ kind: 'deposit', wei: 1n }, `0x${'6'.repeat(40)}`);
    await assert.rejects(foreign, (error) => codeOf(error) === 'CHEQUEBOOK_UNKNOWN');
  });

  test('a chequebook that is found after the store was lost has paid out to somebody unknown: that is not promised twice', async () => {
    const { chain, live } = await bed();
    const { own, port } = await live();
    const book = own.address ?? '';
    const { signCheque } = await import('../chain/cheque-signing.ts');
    const cheque = { chequebook: book, beneficiary: `0x${'5'.repeat(40)}`, cumulativeWei: 60n };
    await port.cash(signCheque(me, chain.chainId, cheque), async () => undefined);
    const store = { commit: async () => undefined } as unknown as ConstructorParameters<
      typeof OwnChequebook
    >[0]['store'];
    const found = new OwnChequebook({ chain: port, store, notes: [] });
    assert.equal(await found.ensure(100n), book);
    assert.deepEqual([found.of(book)?.capacityWei, found.of(book)?.forgottenWei], [100n, 60n]);
    assert.equal(found.freeWei(book, 0n), 40n);
  });
});
