import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WayleaveError } from '../core/errors.ts';
import { FIRST, KeeperBed, SECOND, standing, THEM } from './channel-keeper-bed.fixture.ts';

const full = standing({ mine: { depositedWei: 100n } });

test('a channel is opened with what is configured, or with more where a payment needs it', async () => {
  for (const [depositWei, leastWei, wei] of [
    [100n, 1n, 100n],
    [100n, 101n, 101n],
    [0n, 1n, 1n],
    [0n, 0n, 0n],
  ] as const) {
    const opened = wei === 0n ? [] : [`> open ${wei} at 0`, `opened ${wei}`, 'changed'];
    assert.deepEqual(await new KeeperBed({ depositWei }).funds(leastWei), opened);
  }
  assert.deepEqual(await new KeeperBed({ chainless: true }).funds(1n), []);
});

test('one that is open is topped up, and one that was closed meanwhile is followed by the next', async () => {
  const bed = new KeeperBed({ noted: { [FIRST]: full } });
  assert.deepEqual(await bed.funds(7n), ['> deposit 100', 'toppedUp 200', 'changed']);
  bed.facts.set(FIRST, { ...full, closed: true });
  assert.deepEqual(await bed.funds(7n), ['> open 100 at 1', 'second opened 100', 'changed']);
  assert.equal(bed.book.open(THEM)?.address, SECOND);
});

test('once at a time: whoever asks again meanwhile puts in nothing more', async () => {
  const bed = new KeeperBed();
  const lasting = Promise.withResolvers<void>();
  bed.slow = lasting.promise;
  assert.deepEqual(await bed.funds(1n), []);
  assert.deepEqual(await bed.funds(1n), []);
  lasting.resolve();
  await bed.rests();
  assert.deepEqual(bed.news(), ['> open 100 at 0', 'opened 100', 'changed']);
  assert.deepEqual(await bed.funds(1n), ['> deposit 100', 'toppedUp 200', 'changed']);
});

test('what failed is told of, and tried again ten seconds later at the earliest', async () => {
  for (const [error, code] of [
    [new WayleaveError('CHAIN_FUNDS_MISSING'), 'CHAIN_FUNDS_MISSING'],
    [new Error('unknown'), 'RPC_UNREACHABLE'],
  ] as const) {
    const bed = new KeeperBed();
    bed.fails = { call: 'open', error };
    assert.deepEqual(await bed.funds(1n), ['> open 100 at 0', `fault ${code}`]);
    await bed.pass(9_999);
    assert.deepEqual(await bed.funds(1n), []);
    await bed.pass(1);
    assert.deepEqual(await bed.funds(1n), ['> open 100 at 0', 'opened 100', 'changed']);
  }
});

test('a deposit that is mined and cannot be read yet is waited for, and not made twice', async () => {
  const bed = new KeeperBed({ noted: { [FIRST]: full } });
  bed.behind = true;
  assert.deepEqual(await bed.funds(1n), ['> deposit 100']);
  assert.deepEqual(await bed.funds(1n), [], 'it rests');
  await bed.pass(10_000);
  bed.behind = false;
  bed.facts.set(FIRST, standing({ mine: { depositedWei: 200n } }));
  assert.deepEqual(await bed.funds(1n), ['toppedUp 200', 'changed']);
});

test('what a reorganisation took is put in again, as much as was signed or as is configured', async () => {
  for (const [depositWei, paid, leftWei, wei] of [
    [0n, 60n, 60n, 0n],
    [0n, 60n, 59n, 1n],
    [100n, 60n, 60n, 0n],
    [100n, 60n, 59n, 100n],
    [100n, 260n, 100n, 160n],
  ] as const) {
    const facts = standing({ mine: { depositedWei: leftWei } });
    const bed = new KeeperBed({ depositWei, paid, noted: { [FIRST]: facts } });
    const more = wei === 0n ? [] : [`> deposit ${wei}`, `toppedUp ${leftWei + wei}`, 'changed'];
    assert.deepEqual(await bed.looks(), more);
  }
});

test('a stop waits for what is being opened, and nothing is opened after it', async () => {
  const bed = new KeeperBed();
  const lasting = Promise.withResolvers<void>();
  bed.slow = lasting.promise;
  await bed.funds(1n);
  let ended = false;
  const end = bed.keeper.stop().then(() => (ended = true));
  await bed.rests();
  assert.equal(ended, false);
  lasting.resolve();
  await end;
  assert.deepEqual(bed.news(), ['> open 100 at 0', 'opened 100', 'changed']);
  assert.deepEqual(await bed.funds(1n), []);
});

test('a party closes alone with the newest total it holds, where the chain does not have it', async () => {
  for (const [taken, paidWei, sent] of [
    [undefined, 0n, ''],
    [9n, 8n, ' 9'],
    [9n, 9n, ''],
  ] as const) {
    const facts = standing({ theirs: { depositedWei: 10n, paidWei } });
    const bed = new KeeperBed({ noted: { [FIRST]: facts }, ...(taken && { taken }) });
    const [channel] = bed.book.all();
    assert.ok(channel !== undefined);
    await bed.keeper.closeAlone(channel);
    const [close, ...then] = bed.news();
    assert.equal(close, `> startClose${sent}`);
    assert.deepEqual(then.slice(0, 2), ['closing 87400', 'changed']);
  }
});
