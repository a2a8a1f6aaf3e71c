import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

/** Parts of the runtime that a node keeps 7 MB for when anything it starts with imports `node:http` or uses `fetch`. */
const HEAVY = /undici|http2/;

test('what `wayleave up` starts with loads neither fetch nor HTTP/2', () => {
  const up = JSON.stringify(new URL('./up.ts', import.meta.url).href);
  const script = `await import(${up}); console.log(process.moduleLoadList.join('\\n'));`;
  const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  const loaded = ran.stdout.split('\n');
  assert.ok(loaded.includes('NativeModule http'), ran.stderr);
  assert.deepEqual(
    loaded.filter((name) => HEAVY.test(name)),
    [],
  );
});
