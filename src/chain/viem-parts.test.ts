import assert from 'node:assert/strict';
import test from 'node:test';
import * as utils from 'viem/utils';
import { loadViem } from './viem-parts.ts';

test('every part is the one that viem gives its users', async () => {
  const { parseAbi, ...parts } = await loadViem();
  const all: ReadonlyMap<string, unknown> = new Map(Object.entries(utils));
  for (const [name, part] of Object.entries(parts)) assert.equal(part, all.get(name), name);
  assert.deepEqual(parseAbi(['error Away(uint256 far)']), utils.parseAbi(['error Away(uint256 far)']));
});
