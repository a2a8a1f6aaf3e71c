import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { it } from 'node:test';
import { COMMANDS } from './commands.ts';
import { runCli } from './run-cli.ts';

async function out(line: string, columns?: number): Promise<string> {
  let text = '';
  const terminal = { out: (each: string) => void (text += each), err: () => {}, isTty: false, env: {}, folder: '/' };
  await runCli(line.split(' '), { ...terminal, input: new PassThrough(), columns });
  return text;
}

it('tells of every command all that its --help tells', async () => {
  for (const { name } of COMMANDS) {
    const told = await out(`help ${name}`);
    if (name === 'lab') assert.match(told, /^Usage: wayleave lab [^]*--once [^]*--json <file> [^]*--settlement /);
    else assert.equal(told.trimEnd(), (await out(`${name} --help`)).trimEnd(), name);
  }
  assert.match(await out('help init'), /WAYLEAVE_PASSWORD/, 'what stands below the options too');
});

it('keeps within a narrow terminal', async () => {
  for (const line of ['help up', 'up --help', 'help lab', '--help']) {
    const text = await out(line, 80);
    for (const each of text.split('\n')) assert.ok(each.length <= 80 || each.startsWith('New here?'), each);
  }
});
