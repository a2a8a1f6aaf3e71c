import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { processTerminal, Screen } from './terminal.ts';

describe('the terminal of the lab', () => {
  it('cuts lines off while it is drawn over, and is left as it was', () => {
    let text = '';
    const out = (each: string): void => void (text += each);
    const screen = new Screen({ out, err: out, isTty: true, rows: () => 4, input: new PassThrough(), colour: false });
    screen.draw(['one', 'two', 'three', 'four']);
    screen.close();
    const order = ['\u001b[?7l', 'one', 'two', 'three', '\u001b[?7h'].map((part) => text.indexOf(part));
    assert.ok(!order.includes(-1), JSON.stringify(text));
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    );
    assert.ok(!text.includes('four'), 'it would scroll');
  });

  it('is not drawn over where it is a file, or cannot be', () => {
    const drawn = (isTTY: boolean, env: Record<string, string>): boolean[] => {
      const stdout = Object.assign(new PassThrough(), { isTTY }) as unknown as typeof process.stdout;
      const { isTty, colour } = processTerminal(stdout, env);
      return [isTty, colour];
    };
    assert.deepEqual(drawn(true, { TERM: 'xterm' }), [true, true]);
    assert.deepEqual(drawn(true, { TERM: 'xterm', NO_COLOR: '1' }), [true, false]);
    assert.deepEqual(drawn(true, { TERM: 'dumb' }), [false, false]);
    assert.deepEqual(drawn(false, { TERM: 'xterm' }), [false, false]);
  });
});
