import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, test } from 'node:test';
import { parseTrace } from '../sim/trace-format.ts';
import { runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'wayleave-trace-'));
after(() => rmSync(folder, { recursive: true }));

async function run(line: string) {
  const texts = { out: '', err: '' };
  const code = await runCli(line.split(' '), {
    out: (text) => void (texts.out += text),
    err: (text) => void (texts.err += text),
    isTty: false,
    input: new PassThrough(),
    env: { NO_COLOR: '1' },
    folder,
  });
  return { code, ...texts };
}

// That it is replayed to the same books is for test/e2e/trace.test.ts.
test('a trace is written to standard output or to a file, the same for the same seed', async () => {
  const file = join(folder, 'trace.json');
  const { code, out } = await run('sim trace --seed 3 --nodes 2 --steps 4 --kills 1');
  assert.equal(code, 0);
  const { steps } = parseTrace(out);
  assert.deepEqual([steps.length, steps.filter(({ kind }) => kind === 'kill').length], [5, 1]);
  assert.equal((await run(`sim trace --seed 3 --nodes 2 --steps 4 --kills 1 ${file}`)).code, 0);
  assert.equal(readFileSync(file, 'utf8'), out);
});

for (const [what, line, told] of [
  ['a file that is not there', 'sim replay nowhere.json', /TRACE_INVALID/],
  ['a file that is no trace', `sim replay ${import.meta.filename}`, /TRACE_INVALID/],
  ['more nodes than have names', 'sim trace --nodes 27', /whole number/],
] as const) {
  test(`is told what is wrong: ${what}`, async () => {
    const { code, err } = await run(line);
    assert.notEqual(code, 0);
    assert.match(err, told);
  });
}
