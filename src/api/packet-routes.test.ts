import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import * as v from 'valibot';
import type { WayleaveNode } from '../node/node.ts';
import type { PacketOutcome } from '../packets/packet-order.ts';
import { bodyInvalid } from './body-invalid.ts';
import { sendBody, sendPacket, serveBody } from './packet-routes.ts';

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

describe('a refusal names the field, and what may stand there', () => {
  const rows: [string, v.GenericSchema, object, object][] = [
    ['value', sendBody, { to, value: 2 ** 50 }, { field: 'value', what: 'a whole number from 0 to 281474976710655' }],
    ['replies', sendBody, { to, replies: 1e6 }, { field: 'replies', what: 'a whole number from 0 to 10000' }],
    ['wait', sendBody, { to, waitMs: 99_999_999 }, { field: 'waitMs', what: 'a whole number from 0 to 50000' }],
    ['to', sendBody, { to: 'bob' }, { field: 'to', what: 'not a node id: 0x and 40 hex digits' }],
    ['payload', serveBody, { price: 1, payload: '?' }, { field: 'payload', what: 'not base64' }],
    ['no replies', serveBody, { price: 1, replies: 0 }, { field: 'replies', what: 'a whole number from 1 to 10000' }],
    ['price', serveBody, { price: 'x' }, { field: 'price', what: 'a whole number from 0 to 281474976710655' }],
  ];
  for (const [name, schema, body, details] of rows) {
    it(name, () => {
      const { issues } = v.safeParse(schema, body);
      assert.deepEqual(issues && bodyInvalid(issues[0]).details, details);
    });
  }
});

describe('a packet of which nothing came back', () => {
  /** What is said of it where its path takes 65. */
  async function told(value: number, result: PacketOutcome['result'] = 'sent'): Promise<unknown> {
    const outcome = { id: '01', result, sentUnits: value, cameUnits: 0, replies: [] };
    const packets = { quote: () => 65, send: () => Promise.resolve(outcome) };
    const answer = await sendPacket({ packets } as unknown as WayleaveNode, v.parse(sendBody, { to, value }));
    return (answer as { result: string }).result;
  }

  it('is not called sent where it carried less than its path takes', async () => {
    assert.deepEqual([await told(0), await told(64), await told(65)], ['underfunded', 'underfunded', 'sent']);
    assert.equal(await told(0, 'lost'), 'lost', 'what is known of it is said');
  });
});
