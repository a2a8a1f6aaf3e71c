import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, it } from 'node:test';
import { runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'wayleave-init-'));
after(() => rmSync(folder, { recursive: true }));

it('says by a code why the data folder cannot be made', async () => {
  writeFileSync(join(folder, 'a-file'), '');
  for (const place of ['a-file', 'a-file/in-it']) {
    let err = '';
    const terminal = { out: () => {}, err: (text: string) => void (err += text), isTty: false, env: {}, folder };
    const args = ['init', place, '--insecure-plain-key'];
    assert.equal(await runCli(args, { ...terminal, input: new PassThrough() }), 1);
    assert.match(err, /^error INIT_FAILED: .*a-file.*\ntry: /);
  }
  assert.deepEqual(readdirSync(folder), ['a-file']);
});
