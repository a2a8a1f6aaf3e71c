import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, it } from 'node:test';
import { runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'wayleave-report-'));
after(() => rmSync(folder, { recursive: true }));

async function told(line: string): Promise<string> {
  let err = '';
  const terminal = { out: () => {}, err: (text: string) => void (err += text), isTty: false, env: {}, folder };
  assert.equal(await runCli(line.split(' '), { ...terminal, input: new PassThrough() }), 1, line);
  return err;
}

it('tells of a place that cannot be written in by a code, and not as a defect', async () => {
  writeFileSync(join(folder, 'a-file'), '');
  for (const place of ['a-file', 'a-file/in-it']) {
    assert.match(await told(`init ${place} --insecure-plain-key`), /^error FILE_FAILED: .*a-file.*\ntry: /);
  }
  assert.match(await told('init /proc/wayleave --insecure-plain-key'), /^error FILE_FAILED: .*\/proc.*\ntry: /);
  assert.deepEqual(readdirSync(folder), ['a-file']);
  writeFileSync(join(folder, 'wayleave.toml'), '');
  for (const place of ['a-file', 'a-file/in-it']) {
    assert.match(await told(`backup ${place}`), /^error FILE_FAILED: .*a-file.*\ntry: /);
  }
});
