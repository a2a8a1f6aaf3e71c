import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { BufferPool } from './buffer-pool.ts';
import { TlsPipe } from './tls-pipe.ts';

const pipe = () => new TlsPipe({} as TLSSocket, new BufferPool(8192, 1));

/** What is called, in order, until nothing more is to be. */
async function calls(begin: (call: (name: string) => () => void) => void): Promise<string[]> {
  const called: string[] = [];
  begin((name) => () => called.push(name));
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return called;
}

test('what pipes put off is done after the present event, in order, and what that puts off in the next turn', async () => {
  const [one, other] = [pipe(), pipe()];
  const called = await calls((call) => {
    one.defer(() => {
      call('first')();
      one.defer(call('third'));
    });
    other.defer(call('second'));
    setImmediate(call('between'));
    call('now')();
  });
  assert.deepEqual(called, ['now', 'first', 'second', 'between', 'third']);
});

test('a task that throws stops none of the others', async () => {
  const [one, other] = [pipe(), pipe()];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const caught = new Promise((resolve) => process.once('uncaughtException', resolve));
  try {
    const called = await calls((call) => {
      one.defer(call('before'));
      one.defer(() => {
        other.defer(call('put off before'));
        throw new Error('broken');
      });
      other.defer(call('behind'));
    });
    assert.equal(((await caught) as Error).message, 'broken');
    assert.deepEqual(called, ['before', 'behind', 'put off before']);
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  }
});
