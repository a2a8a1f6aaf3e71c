import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ResetCode } from '../link/link.ts';
import type { HandshakeStep } from './proxy-handshake.ts';
import { Socks5Handshake } from './socks5.ts';

const CONNECT_NAME = [5, 1, 0, 3, 11, ...Buffer.from('Example.com'), 1, 187];
const PASSWORD = [1, 4, ...Buffer.from('user'), 3, ...Buffer.from('pwd')];
const onlyUser = (user: string, password: string): boolean => user === 'user' && password === 'pwd';

/** Feeds the bytes in pieces and gathers every reply with the last step. */
function run(
  handshake: Socks5Handshake,
  bytes: readonly number[],
  piece = bytes.length,
): { replies: number[]; last: HandshakeStep } {
  const replies: number[] = [];
  let last: HandshakeStep = { kind: 'more' };
  for (let at = 0; at < bytes.length && last.kind === 'more'; at += piece) {
    last = handshake.feed(Uint8Array.from(bytes.slice(at, at + piece)));
    replies.push(...(last.reply ?? []));
  }
  return { replies, last };
}

test('CONNECT to a name, to IPv4 and to IPv6, in pieces of any size', () => {
  const requests: [request: number[], host: string, port: number][] = [
    [CONNECT_NAME, 'example.com', 443],
    [[5, 1, 0, 1, 192, 0, 2, 7, 0, 80], '192.0.2.7', 80],
    [[5, 1, 0, 4, 0x20, 1, 0xd, 0xb8, ...Buffer.alloc(11), 1, 0, 80], '2001:db8::1', 80],
    [[5, 1, 0, 3, 9, ...Buffer.from('192.0.2.7'), 0, 80], '192.0.2.7', 80],
  ];
  for (const [request, host, port] of requests) {
    for (const piece of [1, 2, 3, 100]) {
      const { replies, last } = run(new Socks5Handshake(), [5, 2, 0, 2, ...request], piece);
      assert.deepEqual(replies, [5, 0]);
      assert.deepEqual(last.kind === 'connect' && last.destination, { host, port });
    }
  }
});

test('what follows the request belongs to the stream', () => {
  const { last } = run(new Socks5Handshake(), [5, 1, 0, ...CONNECT_NAME, 7, 8, 9]);
  assert.deepEqual(last.kind === 'connect' && [...last.rest], [7, 8, 9]);
});

test('who may pass, by methods offered and password given', () => {
  const wrong = [1, 4, ...Buffer.from('user'), 1, 120];
  const table: [open: boolean, bytes: number[], replies: number[], kind: string][] = [
    [true, [5, 1, 0], [5, 0], 'more'],
    [true, [5, 1, 2], [5, 2], 'more'],
    [true, [5, 1, 2, ...wrong, ...CONNECT_NAME], [5, 2, 1, 0], 'connect'],
    [true, [5, 1, 1], [5, 255], 'refuse'],
    [true, [5, 0], [5, 255], 'refuse'],
    [false, [5, 1, 0], [5, 255], 'refuse'],
    [false, [5, 2, 0, 2, ...PASSWORD, ...CONNECT_NAME], [5, 2, 1, 0], 'connect'],
    [false, [5, 2, 0, 2, ...wrong, ...CONNECT_NAME], [5, 2, 1, 1], 'refuse'],
    [false, [5, 1, 2, 9], [5, 2, 1, 1], 'refuse'],
    [true, [4, 1, 0, 80], [], 'refuse'],
  ];
  for (const [open, bytes, replies, kind] of table) {
    const outcome = run(new Socks5Handshake(open ? undefined : onlyUser), bytes);
    assert.deepEqual([outcome.replies, outcome.last.kind], [replies, kind], bytes.join());
  }
});

test('what is not offered is answered with its own code', () => {
  const host = [1, 192, 0, 2, 7, 0, 80];
  const table: [request: number[], code: number][] = [
    [[5, 2, 0, ...host], 7],
    [[5, 3, 0, ...host], 7],
    [[5, 9, 0, ...host], 7],
    [[5, 1, 0, 2, 0, 0], 8],
    [[4, 1, 0, ...host], 1],
    [[5, 1, 0, 1, 192, 0, 2, 7, 0, 0], 1],
    [[5, 1, 0, 3, 0, 0, 80], 1],
    [[5, 1, 0, 3, 3, 97, 0, 98, 0, 80], 1],
  ];
  for (const [request, code] of table) {
    const { replies, last } = run(new Socks5Handshake(), [5, 1, 0, ...request]);
    assert.equal(last.kind, 'refuse', request.join());
    assert.deepEqual(replies.slice(2), [5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
  }
});

test('answers to how the stream fared', () => {
  const table: [code: ResetCode, reply: number][] = [
    [ResetCode.refusedByPolicy, 2],
    [ResetCode.noRoute, 3],
    [ResetCode.nameNotFound, 4],
    [ResetCode.hostUnreachable, 4],
    [ResetCode.connectionRefused, 5],
    [ResetCode.timedOut, 6],
    [ResetCode.unpaid, 2],
    [ResetCode.linkLost, 1],
    [ResetCode.overloaded, 1],
  ];
  const handshake = new Socks5Handshake();
  assert.deepEqual([...handshake.granted()], [5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  for (const [code, reply] of table) assert.equal(handshake.refused(code)[1], reply);
});

test('any bytes in any pieces: never a throw, and the same outcome however they are cut', () => {
  const start = fc.constantFrom<number[]>(
    [],
    [5, 1, 0],
    [5, 1, 2, ...PASSWORD],
    [5, 1, 0, 5, 1, 0],
    [5, 1, 0, ...CONNECT_NAME],
  );
  const noise = fc.array(fc.nat(255), { maxLength: 600 });
  fc.assert(
    fc.property(start, noise, fc.integer({ min: 1, max: 50 }), fc.boolean(), (head, tail, piece, open) => {
      const check = open ? undefined : onlyUser;
      const bytes = [...head, ...tail];
      const whole = run(new Socks5Handshake(check), bytes);
      const cut = run(new Socks5Handshake(check), bytes, piece);
      assert.deepEqual(cut.replies, whole.replies);
      assert.equal(cut.last.kind, whole.last.kind);
      if (whole.last.kind === 'connect' && cut.last.kind === 'connect') {
        assert.deepEqual(cut.last.destination, whole.last.destination);
      }
    }),
    { numRuns: 500 },
  );
});
