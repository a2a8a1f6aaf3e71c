import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '../core/errors.ts';
import { staticNextHop } from './next-hop.ts';

test('the most exact line wins', () => {
  const nextHop = staticNextHop([
    { to: 'default', via: 'd' },
    { to: '10.0.0.0/8', via: 'ten' },
    { to: '10.1.0.0/16', via: 'ten-one' },
    { to: '10.1.2.3', via: 'local' },
    { to: '0.0.0.0/0', via: 'four' },
    { to: '2001:db8::/32', via: 'six' },
    { to: 'example', via: 'tld' },
    { to: 'www.example', via: 'www' },
  ]);
  const table: [host: string, via: string][] = [
    ['10.9.9.9', 'ten'],
    ['10.1.9.9', 'ten-one'],
    ['10.1.2.3', 'local'],
    ['1.1.1.1', 'four'],
    ['2001:db8::1', 'six'],
    ['2001:db9::1', 'd'],
    ['shop.example', 'tld'],
    ['notexample', 'd'],
    ['www.example', 'www'],
    ['a.www.example', 'www'],
  ];
  for (const [host, via] of table) assert.equal(nextHop({ host, port: 80 }), via, host);
});

test('no line, no way; a line that cannot be read is refused', () => {
  assert.equal(staticNextHop([])({ host: 'a', port: 1 }), undefined);
  assert.equal(staticNextHop([{ to: '10.0.0.0/8', via: 'x' }])({ host: 'a', port: 1 }), undefined);
  assert.throws(
    () => staticNextHop([{ to: '10.0.0.0/99', via: 'x' }]),
    (error) => codeOf(error) === 'EGRESS_RULE_INVALID',
  );
});
