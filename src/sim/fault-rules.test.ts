import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FAULT_RULES } from './fault-rules.ts';

const SIM = import.meta.dirname;
/** Where whole nodes are judged. */
const JUDGES = [
  ...readdirSync(join(SIM, 'watch'))
    .filter((name) => !name.includes('.test.'))
    .map((name) => `watch/${name}`),
  'world.ts',
  'come-to-rest.ts',
  'close-channels.ts',
];

test('every rule that can be broken is in the list, and nothing else', () => {
  const broken = JUDGES.flatMap((name) => {
    const text = readFileSync(join(SIM, name), 'utf8');
    return [...text.matchAll(/(?:BrokenRule|#broken|#fail)\(\s*'([a-z-]+)'/g)].map(([, rule]) => rule);
  });
  const listed = new Set(FAULT_RULES);
  assert.deepEqual(new Set([...broken, 'no-exception']), listed);
});

test('docs/testing.md says what each of them means, in the same order', () => {
  const text = readFileSync(join(SIM, '../../docs/testing.md'), 'utf8');
  const [, section = ''] = text.split('## What is looked at\n');
  const [table = ''] = section.split('\nWhat `bounded-loss` allows');
  const first = table.split('\n').flatMap((line) => [...(line.split(' | ')[0] ?? '').matchAll(/`([a-z-]+)`/g)]);
  assert.deepEqual(
    first.map(([, rule]) => rule),
    FAULT_RULES,
  );
});
