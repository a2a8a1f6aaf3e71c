import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CashingRecord, ChannelTotalRecord } from '../store/store.ts';
import { channelActNote, isChannelEntry } from './channel-act.ts';
import { disputeOf, noteOf } from './history-note.ts';

const ID = `0x${'1'.repeat(40)}`;

test('what is written with an account tells what its totals do not show', () => {
  const cashing: CashingRecord = {
    ...{ kind: 'cashing', transaction: '0xab', chequebook: ID, cumulative: 9n },
    ...{ status: 'mined', paidOut: 7n, gasWei: 2n, atMs: 0 },
  };
  const cashed = { wei: 7n, gasWei: 2n, reference: '0xab' };
  assert.deepEqual(noteOf(cashing), { entry: 'cashed', ...cashed });
  assert.deepEqual(noteOf({ ...cashing, status: 'bounced' }), { entry: 'bounced', ...cashed });
  assert.equal(noteOf({ ...cashing, status: 'sent' }), undefined, 'nothing has happened yet');
  const total: ChannelTotalRecord = {
    ...{ kind: 'channelTotal', channel: ID, side: 'mine', neighbour: ID, beneficiary: ID, cumulative: 9n },
    ...{ signature: new Uint8Array(65), amount: 1, paymentId: 1, acceptedCumulative: 6n, remainder: 0n },
  };
  assert.deepEqual(noteOf(total), { entry: 'paid', wei: 6n, reference: ID }, 'what was acknowledged');
  assert.deepEqual(noteOf({ ...total, side: 'theirs' }), { entry: 'received', wei: 9n, reference: ID });
  const sent = (more: object) => JSON.stringify({ wei: '5', transaction: '0xcd', ...more });
  for (const [text, gasWei] of [
    [sent({}), 0n],
    [sent({ gasWei: '3' }), 3n],
  ] as const)
    assert.deepEqual(noteOf({ kind: 'note', name: `transfer to ${ID}`, text }), {
      ...{ entry: 'paid', wei: 5n, gasWei, reference: '0xcd' },
    });
  const recent = [
    { key: '0x1:0', state: 'credited' },
    { key: '0x2:0', state: 'seen' },
  ];
  const book = JSON.stringify({ creditedWei: '8', recent });
  assert.deepEqual(noteOf({ kind: 'note', name: `transfers from ${ID}`, text: book }), {
    ...{ entry: 'received', wei: 8n, reference: '0x1:0' },
  });
  for (const act of ['undone', 'redone'] as const)
    assert.deepEqual(noteOf({ kind: 'note', name: 'transfer-act:0x1/0', text: JSON.stringify([act, '6']) }), {
      ...{ entry: act, wei: 6n, reference: '0x1/0' },
    });
  assert.equal(noteOf({ kind: 'note', name: 'own-chequebook', text: '{' }), undefined);
  const taken = channelActNote({ act: 'withdrawn', channel: ID, wei: 4n, transaction: '0xef' });
  assert.deepEqual(noteOf(taken), { entry: 'withdrawn', wei: 4n, reference: '0xef' });
  assert.deepEqual(noteOf(channelActNote({ act: 'closed', channel: ID })), {
    ...{ entry: 'closed', wei: 0n, reference: ID },
  });
  assert.deepEqual(['closed', 'answered', undefined].map(isChannelEntry), [true, false, false]);
});

test('a statement that differs is named by what it is about', () => {
  const { entry, reference } = disputeOf({ service: 'transit', side: 'consumed', units: 12, cause: 'undercount' });
  assert.deepEqual([entry, reference], ['dispute', 'transit consumed by 12 units, undercount']);
});
