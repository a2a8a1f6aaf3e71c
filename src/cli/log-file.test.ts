import assert from 'node:assert/strict';
import { it } from 'node:test';
import { LogFile } from './log-file.ts';

/** A file on a disk with so much room. */
class SmallDisk {
  text = '';
  room: number;

  constructor(room: number) {
    this.room = room;
  }

  readonly write = (bytes: Uint8Array): number => {
    const taken = Math.min(bytes.length, this.room);
    if (taken === 0) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    this.text += Buffer.from(bytes.subarray(0, taken)).toString();
    this.room -= taken;
    return taken;
  };
}

it('goes on when there is room again, on a line of its own, and says how many lines are missing', () => {
  const disk = new SmallDisk(9);
  const log = new LogFile(disk.write);
  for (const text of ['one\n', 'two\n', 'three\n', 'four\nfive\n']) log.say(text);
  assert.equal(disk.text, 'one\ntwo\nt');
  disk.room = 10; // too little even for saying so
  log.say('six\n');
  disk.room = 1000;
  log.say('seven\n');
  log.say('eight\n');
  assert.match(disk.text, /^one\ntwo\nt\n(?:lines mis)?.*\nlines missing here: 4 \(ENOSPC\)\nseven\neight\n$/);
});

it('says so in JSON among lines of JSON', () => {
  const disk = new SmallDisk(0);
  const log = new LogFile(disk.write);
  log.say('{"kind":"terms"}\n');
  disk.room = 1000;
  log.say('{"kind":"linkUp"}\n');
  const told = disk.text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind: string; lines?: number; code?: string });
  assert.deepEqual(
    told.map(({ kind, lines, code }) => [kind, lines, code]),
    [
      ['missing', 1, 'ENOSPC'],
      ['linkUp', undefined, undefined],
    ],
  );
});
