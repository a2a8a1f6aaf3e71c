import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
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

test('Ctrl-C ends a replay, its processes and its folder', { timeout: 60_000 }, async () => {
  const [file, places] = [join(folder, 'trace.json'), join(folder, 'places')];
  writeFileSync(file, traceText(await recordTrace({ seed: 12, nodes: 2, count: 400, kills: 0 })));
  mkdirSync(places);
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
  const env = { ...process.env, TMPDIR: places, NODE_OPTIONS: '' };
  const replay = spawn(process.execPath, [main, 'sim', 'replay', file], { env, stdio: 'ignore' });
  const exited = once(replay, 'exit');
  // A node that has a store has begun.
  const begun = (): boolean => readdirSync(places).some((each) => existsSync(join(places, each, '0', 'wayleave.db')));
  while (!begun()) await pause(20);
  replay.kill('SIGINT');
  assert.deepEqual(await exited, [130, null]);
  assert.deepEqual(readdirSync(places), []);
});
