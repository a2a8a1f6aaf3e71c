import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WayleaveError } from '../core/errors.ts';
import { FIRST, KeeperBed, LOOK_MS, SECOND, standing, THEM } from './channel-keeper-bed.fixture.ts';

const MINUTE_MS = 60_000;
const open = standing({ theirs: { depositedWei: 10n } });
const closing = { ...open, closesAtS: 2_000 };
const closed = (wei: { depositedWei?: bigint; paidWei?: bigint } = {}) =>
  standing({ theirs: { depositedWei: 10n, ...wei }, closed: true });

test('each channel is read at the start and then every so often, until the keeper stops', async () => {
  const bed = new KeeperBed({ noted: { [FIRST]: open, [SECOND]: standing({ nonce: 1 }) } });
  bed.keeper.start();
  await bed.pass(0);
  assert.deepEqual(bed.reads.splice(0), [FIRST, SECOND]);
  await bed.pass(LOOK_MS - 1);
  assert.deepEqual(bed.reads, []);
  await bed.pass(1);
  await bed.pass(LOOK_MS);
  assert.deepEqual(bed.reads.splice(0), [FIRST, SECOND, FIRST, SECOND]);
  const lasting = Promise.withResolvers<void>();
  bed.slow = lasting.promise;
  await bed.pass(LOOK_MS);
  let ended = false;
  const end = bed.keeper.stop().then(() => (ended = true));
  await bed.rests();
  assert.equal(ended, false, 'it waits for the look');
  lasting.resolve();
  await end;
  assert.deepEqual([bed.reads, bed.timers.size], [[FIRST], 0], 'which ends with the channel it was at');
  const early = new KeeperBed({ noted: { [FIRST]: open } });
  early.keeper.start();
  await early.keeper.stop();
  assert.equal(early.timers.size, 0);
});

test('a young deposit is looked at with the next block, not more often than each second, nor later than the others', async () => {
  for (const [everyMs, blockMs, soonMs] of [
    [60_000, 12_000, 12_000],
    [60_000, 200, 1_000],
    [5_000, 12_000, 5_000],
  ] as const) {
    const bed = new KeeperBed({ everyMs, blockMs, noted: { [FIRST]: open } });
    for (let each = 0; each < 2; each += 1) {
      bed.keeper.young(FIRST, THEM);
      bed.keeper.young(FIRST, THEM);
      assert.equal(bed.timers.size, 1, 'once');
      await bed.pass(soonMs - 1);
      assert.deepEqual(bed.reads, []);
      await bed.pass(1);
      assert.deepEqual(bed.reads.splice(0), [FIRST]);
    }
    bed.keeper.young(FIRST, THEM);
    const lasting = Promise.withResolvers<void>();
    bed.slow = lasting.promise;
    await bed.pass(soonMs);
    bed.keeper.young(FIRST, THEM);
    let ended = false;
    const end = bed.keeper.stop().then(() => (ended = true));
    await bed.rests();
    assert.deepEqual([ended, bed.timers.size], [false, 0], 'a stop waits for the look, and takes the next one back');
    lasting.resolve();
    await end;
    bed.keeper.young(SECOND, THEM);
    assert.equal(bed.timers.size, 0);
  }
});

test('what becomes of a channel is told of once, with when it can be finished', async () => {
  const bed = new KeeperBed({ noted: { [FIRST]: open } });
  assert.deepEqual(await bed.looks(), []);
  bed.facts.set(FIRST, closing);
  assert.deepEqual(await bed.looks(), ['closing 2000', 'changed']);
  assert.deepEqual(await bed.looks(), []);
  bed.facts.delete(FIRST);
  assert.deepEqual(await bed.looks(), ['changed'], 'a reorganisation took it');
  assert.deepEqual(await bed.looks(), []);
  bed.facts.set(FIRST, closing);
  assert.deepEqual(await bed.looks(), ['closing 2000', 'changed']);
});

test('what became sure is told of, once, also where the channel changes with it', async () => {
  for (const [facts, told] of [
    [standing({ theirs: { depositedWei: 12n } }), ['changed']],
    [{ ...standing({ theirs: { depositedWei: 12n } }), closesAtS: 2_000 }, ['closing 2000', 'changed']],
    [closed({ depositedWei: 12n }), ['closed', 'changed']],
    [closed({ depositedWei: 12n, paidWei: 5n }), ['closed', 'changed', 'fault CHANNEL_CLOSED_BEHIND', 'lost 1']],
  ] as const) {
    const more = told.length > 2 ? { taken: 6n } : {};
    const bed = new KeeperBed({ confirmations: 3, noted: { [FIRST]: open }, ...more });
    bed.deep.set(FIRST, open);
    bed.facts.set(FIRST, standing({ theirs: { depositedWei: 12n } }));
    assert.deepEqual(await bed.looks(), ['young']);
    bed.facts.set(FIRST, facts);
    bed.deep.set(FIRST, standing({ theirs: { depositedWei: 12n } }));
    assert.deepEqual(await bed.looks(), told);
    assert.deepEqual(await bed.looks(), []);
  }
});

test('an old state is answered, a close is finished in its second, and both are told of at once', async () => {
  const bed = new KeeperBed({ taken: 9n, noted: { [FIRST]: open } });
  bed.facts.set(FIRST, closing);
  assert.deepEqual(await bed.looks(), ['closing 2000', 'changed', '> submit 9', 'answered']);
  bed.nowMs = 1_999_999;
  assert.deepEqual(await bed.looks(), []);
  bed.nowMs += 1;
  assert.deepEqual(await bed.looks(), ['> finish', 'finished', 'closed 2000', 'changed']);
  assert.deepEqual(await bed.looks(), []);
});

test('what could not be done on the chain is told of, and done with the next look', async () => {
  for (const [error, code] of [
    [new WayleaveError('CHAIN_FUNDS_MISSING'), 'CHAIN_FUNDS_MISSING'],
    [new Error('unknown'), 'RPC_UNREACHABLE'],
  ] as const) {
    const bed = new KeeperBed({ taken: 9n, noted: { [FIRST]: closing } });
    bed.fails = { call: 'submit', error };
    assert.deepEqual(await bed.looks(), ['> submit 9', `fault ${code}`]);
    assert.deepEqual(await bed.looks(), ['> submit 9', 'answered']);
  }
});

test('a close that the chain finds too early is waited for in silence, any other refusal is told of', async () => {
  for (const [error, told] of [
    [new WayleaveError('TRANSACTION_REVERTED', { reason: 'StillFrozen' }), []],
    [new WayleaveError('TRANSACTION_REVERTED', { reason: 'NotClosing' }), ['fault TRANSACTION_REVERTED']],
    [new WayleaveError('RPC_UNREACHABLE', { reason: 'StillFrozen' }), ['fault RPC_UNREACHABLE']],
  ] as const) {
    const bed = new KeeperBed({ noted: { [FIRST]: closing } });
    bed.nowMs = 2_000_000;
    bed.fails = { call: 'finish', error };
    assert.deepEqual(await bed.looks(), ['> finish', ...told]);
    assert.deepEqual(await bed.looks(), ['> finish', 'finished', 'closed 2000', 'changed']);
  }
});

test('a closed channel is claimed from, however long ago that was', async () => {
  const unclaimed = standing({ mine: { unclaimedWei: 1n }, closed: true });
  const bed = new KeeperBed({ noted: { [FIRST]: unclaimed } });
  bed.fails = { call: 'claim', error: new WayleaveError('TRANSACTION_REVERTED') };
  assert.deepEqual(await bed.looks(), ['> claim', 'fault TRANSACTION_REVERTED']);
  await bed.pass(60 * MINUTE_MS);
  assert.deepEqual(await bed.looks(), ['> claim', 'claimed']);
});

test('it is looked at for three minutes after it was seen to close, and longer where its deposit is not sure', async () => {
  for (const [confirmations, known, reads] of [
    [1, open, 4],
    [1, closed(), 4],
    [3, open, 9],
  ] as const) {
    const bed = new KeeperBed({ confirmations, noted: { [FIRST]: known } });
    if (confirmations > 1) bed.deep.set(FIRST, open);
    bed.facts.set(FIRST, closed({ depositedWei: confirmations > 1 ? 12n : 10n }));
    for (let minute = 0; minute < 9; minute += 1) {
      await bed.looks();
      bed.nowMs += MINUTE_MS;
    }
    assert.equal(bed.reads.length, reads);
  }
  const bed = new KeeperBed({ noted: { [FIRST]: closed() } });
  for (const ms of [0, 3 * MINUTE_MS, 1]) {
    bed.nowMs += ms;
    await bed.looks();
  }
  assert.equal(bed.reads.length, 2);
});

test('what a close does not pay is lost, to the wei, and left out where its payer had it there', async () => {
  for (const [taken, wei, told] of [
    [undefined, {}, []],
    [6n, { paidWei: 6n }, []],
    [7n, { paidWei: 6n, depositedWei: 6n }, ['fault CHANNEL_NOT_COVERED', 'lost 1']],
    [7n, { paidWei: 6n, depositedWei: 7n }, ['fault CHANNEL_CLOSED_BEHIND', 'lost 1', 'left out']],
  ] as const) {
    const bed = new KeeperBed({ noted: { [FIRST]: open }, ...(taken && { taken }) });
    bed.facts.set(FIRST, closed(wei));
    assert.deepEqual(await bed.looks(), ['closed', 'changed', ...told]);
    assert.deepEqual(await bed.looks(), []);
  }
});
