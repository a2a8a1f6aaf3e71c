import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { replayTrace } from '../../src/sim/replay-trace.ts';
import { recordTrace } from '../../src/sim/trace.ts';
import { parseTrace, traceText } from '../../src/sim/trace-format.ts';

const folder = mkdtempSync(join(tmpdir(), 'wayleave-trace-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('a simulated world leaves the same books on the disks of real processes, of which one is killed', async () => {
  const recorded = await recordTrace({ seed: 11, nodes: 3, count: 50, kills: 1 });
  assert.ok(
    recorded.books.every(({ paid, received }) => paid > 0 && received > 0),
    'every link has seen payments, both ways',
  );
  assert.equal(recorded.steps.filter(({ kind }) => kind === 'kill').length, 1);
  const trace = parseTrace(traceText(recorded));
  assert.deepEqual(trace, recorded);
  const { books, differences, pids } = await replayTrace(trace, { folder });
  assert.deepEqual(differences, []);
  assert.deepEqual(books, trace.books);
  assert.equal(new Set([...pids, process.pid]).size, 5, 'three nodes, one of them twice, and this process');
});
