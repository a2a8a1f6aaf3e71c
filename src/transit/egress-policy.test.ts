import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '../core/errors.ts';
import { createEgressPolicy, type EgressVerdict } from './egress-policy.ts';

const strict = createEgressPolicy({ ownAddresses: ['8.8.4.4', '2606:4700::1'] });

function verdict(address: string, port = 443, host = address): EgressVerdict {
  return strict.check(address, { host, port });
}

test('what may be connected to, and what not', () => {
  const table: [address: string, verdict: EgressVerdict][] = [
    ['1.1.1.1', 'allowed'],
    ['9.255.255.255', 'allowed'],
    ['11.0.0.0', 'allowed'],
    ['100.63.255.255', 'allowed'],
    ['100.128.0.0', 'allowed'],
    ['172.15.255.255', 'allowed'],
    ['172.32.0.0', 'allowed'],
    ['223.255.255.255', 'allowed'],
    ['2606:4700::1111', 'allowed'],
    ['2a00:1450:4001::1', 'allowed'],
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['10.0.0.0', 'private'],
    ['10.255.255.255', 'private'],
    ['172.16.0.0', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.0.1', 'private'],
    ['100.64.0.0', 'carrierNat'],
    ['100.127.255.255', 'carrierNat'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.255', 'loopback'],
    ['169.254.0.1', 'linkLocal'],
    ['169.254.169.254', 'metadata'],
    ['168.63.129.16', 'metadata'],
    ['100.100.100.200', 'metadata'],
    ['192.0.0.192', 'metadata'],
    ['192.0.0.8', 'reserved'],
    ['192.0.2.1', 'documentation'],
    ['198.51.100.1', 'documentation'],
    ['203.0.113.1', 'documentation'],
    ['198.18.0.1', 'reserved'],
    ['198.19.255.255', 'reserved'],
    ['192.88.99.1', 'translation'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.250', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'reserved'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::2', 'translation'],
    ['::7f00:1', 'translation'],
    ['fc00::1', 'private'],
    ['fdff::1', 'private'],
    ['fec0::1', 'private'],
    ['fd00:ec2::254', 'metadata'],
    ['fe80::1', 'linkLocal'],
    ['febf::1', 'linkLocal'],
    ['ff02::1', 'multicast'],
    ['2001:db8::1', 'documentation'],
    ['3fff::1', 'documentation'],
    ['100::1', 'reserved'],
    ['4000::1', 'reserved'],
    ['2001:2::1', 'reserved'],
    ['2001:20::1', 'reserved'],
    ['5f00::1', 'reserved'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:10.0.0.1', 'private'],
    ['::ffff:169.254.169.254', 'metadata'],
    ['::ffff:1.1.1.1', 'allowed'],
    ['::ffff:0:127.0.0.1', 'translation'],
    ['64:ff9b::127.0.0.1', 'loopback'],
    ['64:ff9b::192.168.1.1', 'private'],
    ['64:ff9b::1.1.1.1', 'allowed'],
    ['64:ff9b:1::1.1.1.1', 'translation'],
    ['64:ff9b:1:a00:1::', 'translation'],
    ['64:ff9b::1:1.1.1.1', 'reserved'],
    ['2002:a00:1::1', 'private'],
    ['2002:7f00:1::1', 'loopback'],
    ['2002:101:101::1', 'allowed'],
    ['2001:0:a00:1::', 'private'],
    ['2001:0:101:101:0:0:f5ff:fffe', 'private'],
    ['2001:0:101:101:0:0:fefe:fefe', 'allowed'],
    ['8.8.4.4', 'ownAddress'],
    ['2606:4700::1', 'ownAddress'],
    ['::ffff:8.8.4.4', 'ownAddress'],
    ['64:ff9b::8.8.4.4', 'ownAddress'],
    ['2002:808:404::1', 'ownAddress'],
    ['example.com', 'notAnAddress'],
    ['fe80::1%eth0', 'notAnAddress'],
    ['0x7f.1', 'notAnAddress'],
    ['2130706433', 'notAnAddress'],
  ];
  for (const [address, expected] of table) assert.equal(verdict(address), expected, address);
});

test('port 25 is refused everywhere, 587 is not', () => {
  assert.equal(verdict('1.1.1.1', 25), 'mailPort');
  assert.equal(verdict('1.1.1.1', 587), 'allowed');
});

test('the operator may allow hosts, addresses, ranges, with a port or without', () => {
  const policy = createEgressPolicy({
    allow: [
      '127.0.0.1:8080',
      '10.1.0.0/16',
      '[fd00::]:443',
      'fd01::/16',
      'Intranet.test:80',
      'mail.test',
      '[fd02::/32]:25',
    ],
    ownAddresses: ['10.1.0.1'],
  });
  const table: [host: string, address: string, port: number, verdict: EgressVerdict][] = [
    ['127.0.0.1', '127.0.0.1', 8080, 'allowed'],
    ['rebound.test', '127.0.0.1', 8080, 'allowed'],
    ['127.0.0.1', '127.0.0.1', 8081, 'loopback'],
    ['127.0.0.2', '127.0.0.2', 8080, 'loopback'],
    ['::ffff:7f00:1', '::ffff:7f00:1', 8080, 'loopback'],
    ['10.1.0.1', '10.1.0.1', 22, 'allowed'],
    ['10.2.0.1', '10.2.0.1', 22, 'private'],
    ['fd00::', 'fd00::', 443, 'allowed'],
    ['fd00::', 'fd00::', 80, 'private'],
    ['fd01:1::', 'fd01:1::', 80, 'allowed'],
    ['fd02::9', 'fd02::9', 25, 'allowed'],
    ['intranet.test', '192.168.0.9', 80, 'allowed'],
    ['intranet.test', '192.168.0.9', 81, 'private'],
    ['other.test', '192.168.0.9', 80, 'private'],
    ['mail.test', '1.1.1.1', 25, 'allowed'],
  ];
  for (const [host, address, port, expected] of table)
    assert.equal(policy.check(address, { host, port }), expected, address);
});

test('a rule that cannot be read is refused', () => {
  for (const rule of [
    '',
    '10.0.0.0/33',
    '10.0.0/8',
    '300.1.1.1',
    '10.0.0.0/8/8',
    'host:0',
    'host:70000',
    'a b',
    'name/8',
    '10.0.0.0/x',
    '[::1',
  ]) {
    assert.throws(
      () => createEgressPolicy({ allow: [rule] }),
      (error) => codeOf(error) === 'EGRESS_RULE_INVALID',
      rule,
    );
  }
});
