import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { ChannelStatus } from '../node/node.ts';
import { readChannels, writeChannels } from './channel-export.ts';

const folder = mkdtempSync(join(tmpdir(), 'wayleave-channels-'));
const file = join(folder, 'channels.json');
after(() => rmSync(folder, { recursive: true }));

const id = (digit: string) => `0x${digit.repeat(40)}`;
const paid: ChannelStatus = {
  channel: id('1'),
  neighbour: id('2'),
  state: 'open',
  closesAtS: undefined,
  depositedWei: '5',
  theirDepositedWei: '7',
  withdrawnWei: '0',
  paidWei: '1',
  receivedWei: '90071992547409931',
  payee: id('3'),
  signature: `0x${'ab'.repeat(65)}`,
  chainId: 31_337,
  factory: id('4'),
  token: undefined,
};

describe('signed states in a file', () => {
  it('come back as they were, to the wei, from a file that only its owner reads', () => {
    writeFileSync(file, 'what was there before');
    writeChannels(file, [paid, { ...paid, channel: id('5'), signature: undefined, receivedWei: '0' }]);
    assert.deepEqual(readdirSync(folder), ['channels.json']);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const common = { chainId: 31_337, factory: id('4'), token: undefined, neighbour: id('2'), payee: id('3') };
    assert.deepEqual(readChannels(file), [
      {
        ...common,
        channel: id('1'),
        newest: {
          chequebook: id('1'),
          beneficiary: id('3'),
          cumulativeWei: 90_071_992_547_409_931n,
          signature: new Uint8Array(65).fill(0xab),
        },
      },
      { ...common, channel: id('5'), newest: undefined },
    ]);
    writeChannels(file, [{ ...paid, token: id('6') }]);
    assert.equal(readChannels(file)[0]?.token, id('6'));
  });

  it('are refused as a whole where any of it is not what was written', () => {
    writeChannels(file, [paid]);
    const text = readFileSync(file, 'utf8');
    const wrong: Partial<Record<keyof ChannelStatus, unknown>>[] = [
      { channel: 'me' },
      { neighbour: id('2').slice(1) },
      { payee: 3 },
      { factory: undefined },
      { token: 'dollars' },
      { chainId: 0 },
      { chainId: '31337' },
      { receivedWei: 12 },
      { receivedWei: '-1' },
      { receivedWei: '9'.repeat(78) },
      { signature: '0x12' },
      { signature: null },
    ];
    const texts = wrong.map((each) => JSON.stringify({ ...JSON.parse(text), channels: [{ ...paid, ...each }] }));
    for (const bad of [
      ...texts,
      '',
      '[]',
      '{}',
      'null',
      text.slice(0, -9),
      text.replace('"schema": 1', '"schema": 2'),
    ]) {
      writeFileSync(file, bad);
      assert.throws(() => readChannels(file), { code: 'CHANNEL_EXPORT_INVALID' }, bad);
    }
    assert.throws(() => readChannels(join(folder, 'none')), { code: 'FILE_UNREADABLE' });
    assert.throws(() => writeChannels(join(folder, 'no/where.json'), []), { code: 'FILE_UNWRITABLE' });
  });
});
