import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  adviseDraw,
  type CreditLease,
  type CreditPool,
  draw,
  drawsAhead,
  freeWei,
  giveBack,
  isReclaimable,
  issue,
  LEASE_MS,
  leftWei,
  NO_LEASE,
} from './credit-lease.ts';

const pool = (capacityWei: bigint, committedWei = 0n, reservedWei = 0n): CreditPool => ({
  capacityWei,
  reservedWei,
  committedWei,
});
const lease = (grantedWei: bigint, issuedWei = 0n, expiresMs = 0): CreditLease => ({
  grantedWei,
  issuedWei,
  expiresMs,
});

test('what to draw: nothing, an eighth of what is free, all that is needed, or the missing sum', () => {
  const cases: readonly (readonly [string, CreditPool, CreditLease, bigint, ReturnType<typeof adviseDraw>])[] = [
    ['the lease covers it', pool(1000n), lease(50n, 10n), 40n, { kind: 'enough' }],
    ['nothing is needed', pool(0n), NO_LEASE, 0n, { kind: 'enough' }],
    ['a first draw', pool(1000n), NO_LEASE, 10n, { kind: 'draw', leastWei: 10n, aimWei: 125n }],
    ['only the lack', pool(1000n), lease(50n, 45n), 10n, { kind: 'draw', leastWei: 5n, aimWei: 125n }],
    ['a large need', pool(1000n), NO_LEASE, 900n, { kind: 'draw', leastWei: 900n, aimWei: 900n }],
    ['the last wei', pool(1000n, 500n, 400n), NO_LEASE, 100n, { kind: 'draw', leastWei: 100n, aimWei: 100n }],
    ['one too many', pool(1000n, 500n, 400n), NO_LEASE, 101n, { kind: 'short', missingWei: 1n }],
    ['capacity fell', pool(100n, 500n), lease(5n), 6n, { kind: 'short', missingWei: 1n }],
  ];
  for (const [what, from, held, need, advice] of cases) assert.deepEqual(adviseDraw(from, held, need), advice, what);
});

test('a lease is drawn on ahead when a quarter of the last draw is not left any more', () => {
  for (const [left, last, ahead] of [
    [25n, 100n, false],
    [24n, 100n, true],
    [0n, 0n, false],
    [0n, 1n, true],
  ] as const) {
    assert.equal(drawsAhead(lease(100n, 100n - left), last), ahead, `${left} of ${last}`);
  }
});

test('what is left may be taken back from the moment on at which the lease runs out, and only if something is left', () => {
  for (const [held, nowMs, may] of [
    [lease(10n, 4n, 1000), 999, false],
    [lease(10n, 4n, 1000), 1000, true],
    [lease(10n, 10n, 1000), 5000, false],
    [NO_LEASE, 5000, false],
  ] as const) {
    assert.equal(isReclaimable(held, nowMs), may);
  }
});

test('issuing and drawing prolong the lease; giving back does not', () => {
  const drawn = draw({ pool: pool(100n), lease: NO_LEASE }, { aimWei: 50n, leastWei: 10n }, 7);
  assert.equal(drawn?.lease.expiresMs, 7 + LEASE_MS);
  const issued = issue(lease(50n), 50n, 9);
  assert.deepEqual(issued, lease(50n, 50n, 9 + LEASE_MS));
  assert.equal(issue(lease(50n), 51n, 9), undefined);
  assert.deepEqual(giveBack({ pool: pool(100n, 50n), lease: lease(50n, 20n, 7) }), {
    pool: pool(100n, 20n),
    lease: lease(20n, 20n, 7),
  });
});

test('amounts that are none are refused', () => {
  assert.throws(() => issue(lease(5n), 0n, 0), { code: 'AMOUNT_INVALID' });
  assert.throws(() => adviseDraw(pool(5n), NO_LEASE, -1n), { code: 'AMOUNT_INVALID' });
  assert.throws(() => draw({ pool: pool(5n), lease: NO_LEASE }, { aimWei: 1n, leastWei: 2n }, 0), {
    code: 'AMOUNT_INVALID',
  });
});

test('whatever nodes do in whatever order, and whoever dies: never more is promised than there is', () => {
  const wei = fc.bigInt(0n, 400n);
  const step = fc.record({
    node: fc.nat({ max: 3 }),
    act: fc.constantFrom('draw', 'issue', 'back', 'reclaim', 'wait', 'fund'),
    wei,
    share: wei,
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      let shared = pool(1000n);
      let nowMs = 0;
      const leases: CreditLease[] = [NO_LEASE, NO_LEASE, NO_LEASE, NO_LEASE];
      const issued = () => leases.reduce((sum, { issuedWei }) => sum + issuedWei, 0n);
      for (const { node, act, wei: amount, share } of steps) {
        const held = leases[node] ?? NO_LEASE;
        let after: { pool: CreditPool; lease: CreditLease } | undefined;
        if (act === 'draw')
          after = draw({ pool: shared, lease: held }, { leastWei: amount, aimWei: amount + share }, nowMs);
        if (act === 'back') after = giveBack({ pool: shared, lease: held });
        if (act === 'reclaim' && isReclaimable(held, nowMs)) after = giveBack({ pool: shared, lease: held });
        if (act === 'issue' && amount > 0n) leases[node] = issue(held, amount, nowMs) ?? held;
        if (act === 'wait') nowMs += Number(amount) * 1000;
        // More is paid in; taking out what is committed is what the contract's freeze period is for.
        if (act === 'fund') shared = { ...shared, capacityWei: shared.capacityWei + amount };
        if (after !== undefined) {
          shared = after.pool;
          leases[node] = after.lease;
        }
        const granted = leases.reduce((sum, { grantedWei }) => sum + grantedWei, 0n);
        assert.equal(shared.committedWei, granted, 'the sum of the leases');
        assert.ok(issued() <= granted && granted <= shared.capacityWei - shared.reservedWei, 'no overspending');
        assert.equal(freeWei(shared), shared.capacityWei - granted);
        for (const each of leases) assert.ok(leftWei(each) >= 0n);
      }
    }),
  );
});
