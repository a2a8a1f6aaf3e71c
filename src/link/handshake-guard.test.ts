import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HandshakeGuard, networkOf } from './handshake-guard.ts';
import { MAX_HANDSHAKE_ADDRESSES } from './limits.ts';
import { HandClock } from './link-bed.fixture.ts';

describe('the handshake guard', () => {
  it('limits each address, and forgives with time', () => {
    const clock = new HandClock();
    const guard = new HandshakeGuard(clock, { burst: 2, perSecond: 1 });
    const admitted = (address: string): boolean => {
      const done = guard.begin(address);
      done?.();
      return done !== undefined;
    };
    assert.deepEqual([admitted('192.0.2.1'), admitted('192.0.2.1'), admitted('192.0.2.1')], [true, true, false]);
    assert.equal(admitted('192.0.2.2'), true);
    clock.pass(1000);
    assert.deepEqual([admitted('192.0.2.1'), admitted('192.0.2.1')], [true, false]);
  });

  it('limits all together, and counts each end once', () => {
    const guard = new HandshakeGuard(new HandClock(), { maxHalfOpen: 2 });
    const first = guard.begin('192.0.2.1');
    assert.ok(first !== undefined && guard.begin('192.0.2.2') !== undefined);
    assert.equal(guard.begin('192.0.2.3'), undefined);
    first();
    first();
    assert.notEqual(guard.begin('192.0.2.3'), undefined);
    assert.equal(guard.begin('192.0.2.4'), undefined);
  });

  it('remembers so many addresses and no more', () => {
    const guard = new HandshakeGuard(new HandClock(), { burst: 1, perSecond: 0, maxHalfOpen: 1e9 });
    for (let i = 0; i < MAX_HANDSHAKE_ADDRESSES + 50; i++) guard.begin(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
    assert.equal(guard.size, MAX_HANDSHAKE_ADDRESSES);
  });

  const networks: [string, string][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::6', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['', ''],
  ];
  for (const [address, network] of networks) {
    it(`${address || 'nothing'} is of ${network || 'nothing'}`, () => assert.equal(networkOf(address), network));
  }
});
