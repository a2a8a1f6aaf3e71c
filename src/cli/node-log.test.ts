import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { ERRORS } from '../core/errors.ts';
import type { LinkStatus, NodeEvent, WayleaveNode } from '../node/node.ts';
import { openNodeLog } from './node-log.ts';
import type { CommandContext } from './terminal.ts';

const BOB = `0x${'b0'.repeat(20)}`;
const STRANGER = `0x${'50'.repeat(20)}`;

const EVENTS_HEARD: readonly NodeEvent[] = [
  { kind: 'linkUp', atMs: 0, neighbour: BOB, address: '10.0.0.1:7847' },
  { kind: 'charged', atMs: 1, neighbour: BOB, balance: 12 },
  { kind: 'paid', atMs: 2, neighbour: STRANGER, id: 4, amount: 1234567, code: undefined },
  { kind: 'bounced', atMs: 3, neighbour: BOB },
  { kind: 'fault', atMs: 4, code: 'STORE_FULL', what: 'lease' },
  { kind: 'linkDown', atMs: 5, neighbour: BOB, code: 'constructor' },
];

/** What is written of `EVENTS_HEARD` and of one line about the process. */
function written(context: {
  isTty: boolean;
  json?: boolean;
  verbose?: boolean;
  env?: Record<string, string>;
}): string[] {
  let text = '';
  const { isTty, json = false, verbose = false, env = {} } = context;
  const terminal: CommandContext['terminal'] = {
    out: (each) => void (text += each),
    err: () => {},
    isTty,
    input: new PassThrough(),
    env,
    folder: '/',
  };
  const listeners = new Set<(event: NodeEvent) => void>();
  const node = {
    status: () => ({ links: [{ neighbour: BOB, name: 'bob' } as LinkStatus] }),
    subscribe: (listener: (event: NodeEvent) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } as unknown as WayleaveNode;
  const log = openNodeLog({ terminal, json, exit: () => {} }, verbose);
  log.say('up', { port: 7 }, 'is up\n  in two lines');
  const stop = log.follow(node);
  for (const event of EVENTS_HEARD) for (const listener of listeners) listener(event);
  stop();
  assert.equal(listeners.size, 0);
  return text.trimEnd().split('\n');
}

it('tells people in short lines, by name, in colour', () => {
  const lines = written({ isTty: true });
  const plain = lines.map((line) => stripVTControlCharacters(line).replace(/^\d\d:\d\d:\d\d /, ''));
  assert.deepEqual(plain, [
    'is up',
    '  in two lines',
    'linkUp bob address 10.0.0.1:7847',
    'paid 0x505050…5050 id 4, amount 1,234,567',
    'bounced bob',
    `fault code STORE_FULL, what lease: ${ERRORS.STORE_FULL.what}`,
    'linkDown bob code constructor',
  ]);
  assert.notDeepEqual(written({ isTty: true, env: { NO_COLOR: '1' } }), lines);
  assert.ok(
    !written({ isTty: true, env: { NO_COLOR: '1' } })
      .join()
      .includes('\u001b'),
  );
});

it('tells programs in JSON, and everything when asked', () => {
  for (const context of [{ isTty: false }, { isTty: true, json: true }]) {
    const lines = written(context).map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      lines.map(({ level, kind }) => [level, kind]),
      [
        ['info', 'up'],
        ['info', 'linkUp'],
        ['info', 'paid'],
        ['warn', 'bounced'],
        ['warn', 'fault'],
        ['info', 'linkDown'],
      ],
    );
    assert.equal(lines[4]?.['msg'], `something failed here: ${ERRORS.STORE_FULL.what}`);
    assert.deepEqual([lines[0]?.['port'], lines[2]?.['neighbour'], lines[2]?.['amount']], [7, STRANGER, 1234567]);
  }
  assert.equal(written({ isTty: false, verbose: true }).length, 7);
});
