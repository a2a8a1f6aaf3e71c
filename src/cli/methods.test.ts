import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, test } from 'node:test';
import { startApi } from '../api/server.ts';
import { WayleaveError } from '../core/errors.ts';
import type { PaymentMethod } from '../core/terms/terms.ts';
import type { MethodChoice, WayleaveNode } from '../node/node.ts';
import { runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'wayleave-methods-'));
after(() => rmSync(folder, { recursive: true, force: true }));

async function run(line: string): Promise<Record<string, unknown>> {
  let text = '';
  const say = (more: string): void => void (text += more);
  const terminal = { out: say, err: say, isTty: false, input: new PassThrough(), env: {}, folder };
  await runCli([...line.split(' '), '--json'], terminal);
  return JSON.parse(text) as Record<string, unknown>;
}

/** As much of a node as the command asks for. */
async function serve(name: string, choice: MethodChoice | undefined): Promise<void> {
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, 'wayleave.toml'), '');
  const node = { choice, subscribe: () => () => undefined } as unknown as WayleaveNode;
  const api = await startApi({ node, host: '127.0.0.1', port: 0, tokenFile: join(folder, name, 'api.json') });
  after(() => api.close());
}

test('shows and switches by what a running node is paid and pays', async () => {
  const configured: readonly PaymentMethod[] = ['cheque', 'transfer', 'barter'];
  let methods = configured;
  const use = (wanted: readonly PaymentMethod[]): void => {
    if (wanted.includes('channel')) throw new WayleaveError('PAYMENT_METHOD_UNPREPARED', { method: 'channel' });
    methods = wanted;
  };
  await serve('live', {
    get methods() {
      return methods;
    },
    configured,
    use,
  });
  assert.deepEqual(await run('methods -c live'), { ok: true, methods: configured, configured });
  const switched = { ok: true, methods: ['transfer', 'barter'], configured };
  assert.deepEqual(await run('methods transfer barter -c live'), switched);
  assert.equal((await run('methods channel -c live'))['code'], 'PAYMENT_METHOD_UNPREPARED');
  assert.equal((await run('methods gold -c live'))['code'], 'USAGE');
  assert.equal((await run('methods barter barter -c live'))['code'], 'API_BODY_INVALID');
  assert.deepEqual(await run('methods -c live'), switched, 'what was refused changed nothing');
});

test('says that settlement is off where it is', async () => {
  await serve('off', undefined);
  assert.equal((await run('methods -c off'))['code'], 'SETTLEMENT_OFF');
  assert.equal((await run('methods cheque -c off'))['code'], 'SETTLEMENT_OFF');
});
