import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from './errors.ts';
import { isNodeId, nodeId } from './node-id.ts';

const ID = `0x${'0123456789abcdef'.repeat(2)}01234567`;

test('an id is 0x and 40 lower-case hex digits', () => {
  assert.ok(isNodeId(ID));
  for (const wrong of ['', ID.slice(2), ID.slice(0, -1), `${ID}0`, ID.toUpperCase(), ID.replace('9', 'g'), `${ID}\n`])
    assert.ok(!isNodeId(wrong), wrong);
  // What stands beside 0 to 9 and a to f, first and last.
  for (const wrong of '/:`gAF\u0130é') {
    for (const at of [2, 41]) assert.ok(!isNodeId(`${ID.slice(0, at)}${wrong}${ID.slice(at + 1)}`), wrong);
  }
  assert.ok(!isNodeId(`1x${ID.slice(2)}`) && !isNodeId(`0y${ID.slice(2)}`));
});

test('one that a person types may have capitals, and nothing else', () => {
  assert.equal(nodeId(ID.toUpperCase()), ID);
  for (const wrong of ['', ID.slice(0, -1), ` ${ID}`])
    assert.throws(
      () => nodeId(wrong),
      (error) => codeOf(error) === 'NODE_ID_INVALID',
    );
});
