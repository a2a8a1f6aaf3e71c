import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import * as v from 'valibot';
import { sendBody, serveBody } from './packet-routes.ts';

const to = `0x${'b2'.repeat(20)}`;

describe('an order for a packet', () => {
  const refused: [string, unknown][] = [
    ['nothing', undefined],
    ['nowhere to go', { value: 1 }],
    ['no node id', { to: '0x12', value: 1 }],
    ['a negative value', { to, value: -1 }],
    ['a fraction', { to, value: 0.5 }],
    ['more than a packet holds', { to, value: 2 ** 48 }],
    ['a huge value', { to, value: 1e99 }],
    ['a value in words', { to, value: '5' }],
    ['an answer to what is no id', { to, answers: '0x1' }],
    ['a payload that is no base64', { to, payload: '?' }],
    ['too long a payload', { to, payload: 'A'.repeat(20_484) }],
    ['a wait that is over', { to, waitMs: -1 }],
    ['a wait without end', { to, waitMs: 60_000 }],
    ['what means nothing', { to, price: 1 }],
  ];
  for (const [what, body] of refused) {
    it(`is refused: ${what}`, () => assert.equal(v.safeParse(sendBody, body).success, false));
  }

  it('needs no more than where it goes', () => {
    const { replies, receipt, waitMs, value } = v.parse(sendBody, { to: to.toUpperCase().replace('X', 'x') });
    assert.deepEqual([replies, receipt, waitMs, value], [0, false, 2_000, undefined]);
  });
});

describe('a rule to answer by', () => {
  const refused: [string, unknown][] = [
    ['a negative price', { price: -1 }],
    ['no replies', { price: 1, replies: 0 }],
    ['too many', { price: 1, replies: 10_001 }],
    ['a split of its own', { price: 1, split: 'all' }],
    ['on and off', { price: 1, off: true }],
  ];
  for (const [what, body] of refused) {
    it(`is refused: ${what}`, () => assert.equal(v.safeParse(serveBody, body).success, false));
  }
});
