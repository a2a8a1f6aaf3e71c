import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as v from 'valibot';
import { bodyInvalid } from './body-invalid.ts';
import { nodeIdField } from './node-id-field.ts';

it('takes ids in letters of either case, and says what else may not stand there', () => {
  assert.equal(v.parse(nodeIdField, `0x${'AB'.repeat(20)}`), `0x${'ab'.repeat(20)}`);
  const { issues } = v.safeParse(v.object({ neighbour: nodeIdField }), { neighbour: '0x12' });
  assert.match(
    bodyInvalid(issues?.[0] ?? assert.fail()).message,
    /field: neighbour, what: not a node id: 0x and 40 hex digits/,
  );
});
