import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { runCli } from './run-cli.ts';

/** Exit code and error of a command line where no node runs. */
async function refusal(line: string): Promise<{ exit: number; code: string; message: string }> {
  let err = '';
  const terminal = { out: () => {}, err: (text: string) => void (err += text), isTty: false };
  const words = [...line.split(' '), '--json'];
  const exit = await runCli(words, { ...terminal, input: new PassThrough(), env: {}, folder: tmpdir() });
  return { exit, ...(JSON.parse(err) as { code: string; message: string }) };
}

const send = `send 0x${'ab'.repeat(20)}`;

describe('the commands for packets refuse before they ask a node', () => {
  const slips: [string, RegExp][] = [
    [`${send} --value 281474976710656`, /--value.*from 0 to 281474976710655/],
    [`${send} --replies 1000000`, /--replies.*from 0 to 10000/],
    [`${send} --wait 99999999`, /--wait.*from 0 to 50000/],
    [`${send} --margin 1001`, /--margin.*from 0 to 1000/],
    [`${send} --file F --text T`, /--file.*--text/],
    ['serve --replies 0', /--replies.*from 1 to 10000/],
    ['serve --price 281474976710656', /--price.*from 0 to 281474976710655/],
    ['serve --text T --file F', /--file.*--text/],
    ['receive --wait 2147483648', /--wait.*from 0 to 2147483647/],
    ['sim run nothing --seed abc', /--seed.*from 1 to/],
    ['sim run nothing --seed 0', /--seed.*from 1 to/],
  ];
  for (const [line, told] of slips) {
    it(line, async () => {
      const { code, exit, message } = await refusal(line);
      assert.deepEqual([code, exit], ['USAGE', 2]);
      assert.match(message, told);
    });
  }

  it('a folder that is not there is named as it was given', async () => {
    const { code, message } = await refusal(`${send} -c nowhere`);
    assert.equal(code, 'CONFIG_NOT_FOUND');
    assert.match(message, /nowhere\)$/);
  });
});

it('a refusal of the node is shown with its facts', async () => {
  const told = { ok: false, code: 'API_BODY_INVALID', details: { field: 'to', what: 'not a node id' } };
  const server = createServer((_, response) => response.writeHead(400).end(JSON.stringify(told)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const { code, message } = await refusal(`${send} --url http://127.0.0.1:${port}`);
  server.close().closeAllConnections();
  assert.equal(code, told.code);
  assert.match(message, /field: to, what: not a node id/);
});
