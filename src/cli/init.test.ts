import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { it } from 'node:test';
import { runCli } from './run-cli.ts';

it('names the option that is wrong, and what it takes, and no file that is not there yet', async () => {
  for (const [option = '', takes] of [
    ['--name', '1 to 32 letters'],
    ['--neighbour', 'port from 1 to 65535'],
  ]) {
    let told = '';
    const err = (text: string): void => void (told += text);
    const terminal = { out: () => {}, err, isTty: false, input: new PassThrough(), env: {}, folder: '/nowhere' };
    assert.equal(await runCli(['init', 'node', '--insecure-plain-key', option, '!'], terminal), 2);
    assert.match(told, new RegExp(`^error USAGE: .*${option} .*${takes}`));
    assert.doesNotMatch(told, /wayleave\.toml|line/);
  }
});
