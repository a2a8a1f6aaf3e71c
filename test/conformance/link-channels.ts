import assert from 'node:assert/strict';
import { it } from 'node:test';
import { codeOf } from '../../src/core/errors.ts';
import { MAX_CHANNELS, MAX_DATA_BYTES, MAX_HEADER_BYTES } from '../../src/link/limits.ts';
import { OPEN_COST_BYTES, ResetCode } from '../../src/link/link.ts';
import { BUDGET, bytes, type Joined, type LinkLog, settle, throwsCode, until } from './link-world.fixture.ts';

/** What the link port promises of channels. Part of `linkConformance`. */
export function channelConformance(joined: Joined): void {
  opening(joined);
  flowing(joined);
  ending(joined);
}

/** Opens a channel where there is a place for one: a place is free when both ends have heard that the one in it is over. */
function opens(end: LinkLog, header: string): boolean {
  try {
    end.open(header);
    return true;
  } catch (error) {
    assert.equal(codeOf(error), 'LINK_CHANNELS_EXHAUSTED');
    return false;
  }
}

function opening(joined: Joined): void {
  it(
    'an open costs forward budget, which only the neighbour grants',
    joined(async ({ near, far }) => {
      assert.equal(near.link.forwardBudget, 0);
      throwsCode('LINK_BUDGET_SPENT', () => near.open());
      far.link.grantForward(OPEN_COST_BYTES * 2 - 1);
      await until(() => near.events.includes('granted'));
      const channel = near.open('to the world', 77);
      assert.equal(near.link.forwardBudget, OPEN_COST_BYTES - 1);
      throwsCode('LINK_BUDGET_SPENT', () => near.open());
      const theirs = await far.got();
      assert.deepEqual([theirs.header, theirs.tag], ['to the world', 77]);
      assert.deepEqual([channel.own.opener, theirs.own.opener], [true, false]);
      assert.equal(channel.own.id, theirs.own.id);
      await until(() => channel.events.includes('accepted'));
    }),
  );

  it(
    'channels are opened from either side at once',
    joined(async ({ near, far }) => {
      near.link.grantForward(BUDGET);
      far.link.grantForward(BUDGET);
      await until(() => near.link.forwardBudget > 0 && far.link.forwardBudget > 0);
      for (let i = 0; i < 20; i++) {
        near.open(`n${i}`).own.send(Buffer.from(`from near ${i}`), 1);
        far.open(`f${i}`).own.send(Buffer.from(`from far ${i}`), 1);
      }
      await until(() => near.opened.length === 20 && far.opened.length === 20);
      await until(() => [...near.opened, ...far.opened].every((log) => log.received > 0));
      for (let i = 0; i < 20; i++) {
        assert.equal(far.opened[i]?.text, `from near ${i}`);
        assert.equal(near.opened[i]?.header, `f${i}`);
      }
    }),
  );

  it(
    'headers, channels and their number are limited',
    joined(async ({ near, far }) => {
      far.link.grantForward((MAX_CHANNELS + 2) * OPEN_COST_BYTES);
      await until(() => near.link.forwardBudget > 0);
      throwsCode('FRAME_TOO_LARGE', () => near.link.open(new Uint8Array(MAX_HEADER_BYTES + 1), 0, new LogNothing()));
      const first = near.open('x'.repeat(MAX_HEADER_BYTES));
      for (let i = 1; i < MAX_CHANNELS; i++) near.open();
      throwsCode('LINK_CHANNELS_EXHAUSTED', () => near.open());
      await far.got(MAX_CHANNELS - 1);
      first.own.reset(ResetCode.cancelled);
      await until(() => far.opened[0]?.events.includes('reset 0') === true);
      await until(() => opens(near, 'again'));
      assert.equal((await far.got(MAX_CHANNELS)).header, 'again');
    }),
  );

  it(
    'the side that was asked sends nothing before it accepts',
    joined(async ({ near, far }) => {
      far.accepting = false;
      far.link.grantForward(BUDGET);
      await until(() => near.link.forwardBudget > 0);
      const channel = near.open();
      const theirs = await far.got();
      assert.equal(theirs.own.sendable(), 0);
      theirs.own.accept();
      await until(() => theirs.events.includes('writable'));
      theirs.own.send(Buffer.from('welcome'), 9);
      await until(() => channel.received > 0);
      assert.deepEqual(channel.events, ['accepted']);
      assert.deepEqual([channel.text, channel.pieces[0]?.tag], ['welcome', 9]);
    }),
  );
}

class LogNothing {
  data(): void {}
  ended(): void {}
  reset(): void {}
  writable(): void {}
}

function flowing(joined: Joined): void {
  it(
    'carries every byte in order under its tag, both ways at once',
    joined(async ({ near, far }) => {
      far.link.grantForward(BUDGET);
      await until(() => near.link.forwardBudget > 0);
      const up = near.open();
      const down = await far.got();
      const total = 1_500_000;
      const content = bytes(total);
      const pour = (log: typeof up): void => {
        let sent = 0;
        let tag = 0;
        const more = (): void => {
          while (sent < total) {
            const room = Math.min(log.own.sendable(), total - sent, 1 + ((sent * 7919) % MAX_DATA_BYTES));
            if (room === 0) return;
            log.own.send(content.subarray(sent, sent + room), tag);
            sent += room;
            tag = (tag + 1) % 3;
          }
        };
        log.onWritable = more;
        more();
      };
      pour(up);
      pour(down);
      await until(() => up.received === total && down.received === total, 'all bytes');
      const sent = Buffer.from(content);
      for (const log of [up, down]) assert.ok(Buffer.concat(log.pieces.map((piece) => piece.bytes)).equals(sent));
      assert.ok(new Set(up.pieces.map(({ tag }) => tag)).size === 3);
    }),
  );

  it(
    'a receiver that releases nothing stops its sender, and only that one',
    joined(async ({ near, far }) => {
      far.link.grantForward(BUDGET);
      await until(() => near.link.forwardBudget > 0);
      const stuck = near.open();
      const free = near.open();
      const theirs = await far.got(1);
      const slow = far.opened[0] as typeof theirs;
      slow.releasing = false;
      let sent = 0;
      const fill = (log: typeof stuck): void => {
        for (let room = log.own.sendable(); room > 0; room = log.own.sendable()) {
          const size = Math.min(room, 5000);
          log.own.send(bytes(size), 1);
          sent += size;
        }
      };
      stuck.onWritable = () => fill(stuck);
      fill(stuck);
      await until(() => slow.received === sent);
      await settle();
      const held = slow.received;
      assert.equal(stuck.own.sendable(), 0);
      assert.ok(held > 0 && held < 2 ** 20, `${held} bytes`);
      throwsCode('LINK_WINDOW_EXCEEDED', () => stuck.own.send(bytes(1), 1));
      throwsCode('LINK_WINDOW_EXCEEDED', () => slow.own.release(held + 1));
      free.own.send(bytes(10_000), 1);
      await until(() => theirs.received === 10_000);
      assert.equal(slow.received, held);
      stuck.events.length = 0;
      slow.releasing = true;
      slow.own.release(held);
      await until(() => slow.received > held && stuck.events.includes('writable'));
    }),
  );

  it(
    'the opener sends no more than it was granted, the other side needs no grant',
    joined(async ({ near, far }) => {
      far.link.grantForward(OPEN_COST_BYTES + 100);
      await until(() => near.link.forwardBudget > 0);
      const channel = near.open();
      assert.equal(channel.own.sendable(), 100);
      throwsCode('LINK_WINDOW_EXCEEDED', () => channel.own.send(bytes(101), 1));
      channel.own.send(bytes(100), 1);
      assert.deepEqual([channel.own.sendable(), near.link.forwardBudget], [0, 0]);
      const theirs = await far.got();
      theirs.own.send(bytes(5000), 2);
      await until(() => theirs.received === 100 && channel.received === 5000);
      channel.events.length = 0;
      far.link.grantForward(50);
      await until(() => channel.events.includes('writable'));
      assert.equal(channel.own.sendable(), 50);
    }),
  );

  it(
    'a message sent while nothing is queued comes after everything sent before it, and before all that is sent after it',
    joined(async ({ near, far }) => {
      far.link.grantForward(BUDGET);
      await until(() => near.link.forwardBudget > 0);
      const logs = [near.open(), near.open(), near.open()];
      await far.got(2);
      let sent = 0;
      const marks: { said: number; received: number }[] = [];
      far.onMessage = (text) => {
        marks.push({ said: Number(text), received: far.opened.reduce((sum, log) => sum + log.received, 0) });
      };
      const pour = (log: (typeof logs)[number]): void => {
        for (let room = log.own.sendable(); room > 0 && sent < 2_000_000; room = log.own.sendable()) {
          const count = Math.min(room, 1 + ((sent * 7919) % 20_000));
          log.own.send(bytes(count), 1);
          sent += count;
        }
        if (near.link.queuedBytes === 0) near.link.send('control', Buffer.from(String(sent)));
      };
      for (const log of logs) log.onWritable = () => pour(log);
      for (const log of logs) pour(log);
      await until(() => far.opened.reduce((sum, log) => sum + log.received, 0) >= 2_000_000, 'all bytes');
      await until(() => near.link.queuedBytes === 0);
      near.link.send('control', Buffer.from(String(sent)));
      await until(() => marks.at(-1)?.said === sent, 'the last mark');
      for (const { said, received } of marks) assert.equal(received, said);
    }),
  );

  it(
    'many channels share the link without loss',
    joined(async ({ near, far }) => {
      far.link.grantForward(BUDGET * 10);
      far.onOpened = (log) => {
        log.onData = (piece, tag) => log.own.send(piece, tag);
      };
      await until(() => near.link.forwardBudget > 0);
      const sizes = Array.from({ length: 300 }, (_, i) => 1 + ((i * 48_271) % 12_000));
      const logs = sizes.map((size, i) => {
        const log = near.open();
        log.own.send(bytes(size, i + 1), i);
        return log;
      });
      await until(() => logs.every((log, i) => log.received === sizes[i]), 'every echo');
      for (const [i, log] of logs.entries()) {
        assert.ok(Buffer.concat(log.pieces.map((piece) => piece.bytes)).equals(bytes(sizes[i] ?? 0, i + 1)));
      }
    }),
  );
}

function ending(joined: Joined): void {
  it(
    'half-close: what was sent arrives, the other way stays open',
    joined(async ({ near, far }) => {
      far.link.grantForward(BUDGET);
      await until(() => near.link.forwardBudget > 0);
      const channel = near.open();
      channel.own.send(bytes(9000), 1);
      channel.own.end();
      channel.own.end();
      assert.equal(channel.own.sendable(), 0);
      const theirs = await far.got();
      await until(() => theirs.events.includes('ended'));
      assert.equal(theirs.received, 9000);
      theirs.own.send(bytes(3000), 1);
      theirs.own.end();
      await until(() => channel.events.includes('ended'));
      assert.equal(channel.received, 3000);
      theirs.own.reset(ResetCode.internal);
      channel.own.reset(ResetCode.internal);
      await settle();
      for (const log of [channel, theirs]) assert.ok(!log.events.some((event) => event.startsWith('reset')));
    }),
  );

  it(
    'reset: both sides hear of it once; what was sent still leaves, and what comes late is counted',
    joined(async ({ near, far }) => {
      far.link.grantForward(BUDGET);
      await until(() => near.link.forwardBudget > 0);
      const channel = near.open();
      const theirs = await far.got();
      await until(() => channel.events.includes('accepted'));
      theirs.own.send(bytes(700), 1);
      channel.own.send(bytes(1000), 1);
      channel.own.reset(ResetCode.unpaid);
      channel.own.reset(ResetCode.internal);
      assert.equal(channel.own.sendable(), 0);
      throwsCode('LINK_WINDOW_EXCEEDED', () => channel.own.send(bytes(1), 1));
      await until(() => theirs.events.includes(`reset ${ResetCode.unpaid}`) && channel.lateBytes > 0);
      await settle();
      assert.deepEqual([theirs.received, channel.received, channel.lateBytes], [1000, 0, 700]);
      assert.deepEqual(
        channel.events.filter((event) => event.startsWith('reset')),
        [`reset ${ResetCode.unpaid}`],
      );
      assert.equal(theirs.events.at(-1), `reset ${ResetCode.unpaid}`);
    }),
  );

  it(
    'an open is refused by a reset',
    joined(async ({ near, far }) => {
      far.accepting = false;
      far.onOpened = (log) => log.own.reset(ResetCode.noRoute);
      far.link.grantForward(BUDGET);
      await until(() => near.link.forwardBudget > 0);
      const channel = near.open();
      channel.own.send(bytes(10_000), 1);
      await until(() => channel.events.includes(`reset ${ResetCode.noRoute}`));
      assert.deepEqual(channel.events, [`reset ${ResetCode.noRoute}`]);
      // what was under way when the reset left is no fault
      near.link.send('control', Buffer.from('still here'));
      await until(() => far.messages.length === 1);
      assert.equal(near.end, undefined);
    }),
  );
}
