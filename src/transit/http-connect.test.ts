import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ResetCode } from '../link/link.ts';
import { HttpConnectHandshake, MAX_HTTP_HEAD_BYTES } from './http-connect.ts';
import type { HandshakeStep } from './proxy-handshake.ts';

const onlyUser = (user: string, password: string): boolean => user === 'user' && password === 'p:w';

function run(handshake: HttpConnectHandshake, text: string, piece = text.length): HandshakeStep {
  let last: HandshakeStep = { kind: 'more' };
  for (let at = 0; at < text.length && last.kind === 'more'; at += piece) {
    last = handshake.feed(Buffer.from(text.slice(at, at + piece), 'latin1'));
  }
  return last;
}

function statusOf(step: HandshakeStep): string {
  return step.kind === 'refuse' ? Buffer.from(step.reply).toString().slice(9, 12) : step.kind;
}

test('CONNECT in pieces of any size; what follows belongs to the stream', () => {
  const table: [target: string, host: string, port: number][] = [
    ['Example.com:443', 'example.com', 443],
    ['192.0.2.7:80', '192.0.2.7', 80],
    ['[2001:DB8::1]:8443', '2001:db8::1', 8443],
  ];
  for (const [target, host, port] of table) {
    for (const piece of [1, 2, 3, 7, 1000]) {
      const text = `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nUser-Agent: x\r\n\r\n`;
      const step = run(new HttpConnectHandshake(), text, piece);
      assert.deepEqual(step.kind === 'connect' && step.destination, { host, port }, `${target} by ${piece}`);
    }
  }
  const step = run(new HttpConnectHandshake(), 'CONNECT a:1 HTTP/1.0\r\n\r\nhello');
  assert.equal(step.kind === 'connect' && Buffer.from(step.rest).toString(), 'hello');
});

test('other requests get the proper status', () => {
  const end = ' HTTP/1.1\r\n\r\n';
  const table: [text: string, status: string][] = [
    [`GET http://example.com/${end}`, '405'],
    [`OPTIONS *${end}`, '405'],
    ['CONNECT a:1 HTTP/2.0\r\n\r\n', '505'],
    ['CONNECT a:1\r\n\r\n', '400'],
    ['hello\r\n\r\n', '400'],
    [`CONNECT a${end}`, '400'],
    [`CONNECT a:0${end}`, '400'],
    [`CONNECT a:65536${end}`, '400'],
    [`CONNECT :80${end}`, '400'],
    [`CONNECT ::1:80${end}`, '400'],
    [`CONNECT [::1]${end}`, '400'],
    [`CONNECT [a]:80${end}`, '400'],
    [`CONNECT [1.2.3.4]:80${end}`, '400'],
    [`CONNECT user@a:80${end}`, '400'],
    [`CONNECT a:80/x${end}`, '400'],
    ['CONNECT a:80 HTTP/1.1\r\nno colon\r\n\r\n', '400'],
    [`CONNECT a:80 HTTP/1.1\r\nx: ${'y'.repeat(MAX_HTTP_HEAD_BYTES)}\r\n\r\n`, '431'],
    ['x'.repeat(MAX_HTTP_HEAD_BYTES + 1), '431'],
    ['x'.repeat(MAX_HTTP_HEAD_BYTES), 'more'],
  ];
  for (const [text, status] of table) {
    assert.equal(statusOf(run(new HttpConnectHandshake(), text)), status, text.slice(0, 40));
    assert.equal(statusOf(run(new HttpConnectHandshake(), text, 1000)), status, text.slice(0, 40));
  }
});

test('credentials are asked for when there are any', () => {
  const table: [header: string, status: string][] = [
    ['', '407'],
    [`Proxy-Authorization: Basic ${btoa('user:p:w')}\r\n`, 'connect'],
    [`proxy-authorization:basic  ${btoa('user:p:w')} \r\n`, 'connect'],
    [`Proxy-Authorization: Basic ${btoa('user:wrong')}\r\n`, '407'],
    [`Proxy-Authorization: Basic ${btoa('nocolon')}\r\n`, '407'],
    ['Proxy-Authorization: Bearer abc\r\n', '407'],
  ];
  for (const [header, status] of table) {
    const text = `CONNECT a:80 HTTP/1.1\r\n${header}\r\n`;
    assert.equal(statusOf(run(new HttpConnectHandshake(onlyUser), text)), status, header);
  }
});

test('answers to how the stream fared', () => {
  const table: [code: ResetCode, status: string][] = [
    [ResetCode.refusedByPolicy, '403'],
    [ResetCode.noRoute, '502'],
    [ResetCode.nameNotFound, '502'],
    [ResetCode.connectionRefused, '502'],
    [ResetCode.timedOut, '504'],
    [ResetCode.unpaid, '402'],
    [ResetCode.overloaded, '503'],
    [ResetCode.internal, '500'],
  ];
  const handshake = new HttpConnectHandshake();
  assert.match(Buffer.from(handshake.granted()).toString(), /^HTTP\/1\.1 200 [^\r]+\r\n\r\n$/);
  for (const [code, status] of table) {
    const [head = '', body = ''] = Buffer.from(handshake.refused(code)).toString().split('\r\n\r\n');
    assert.equal(head.slice(9, 12), status);
    assert.equal(/Content-Length: (\d+)/.exec(head)?.[1], String(body.length));
  }
});

test('any bytes in any pieces: never a throw, and the same outcome however they are cut', () => {
  const head = fc.constantFrom('', 'CONNECT ', 'CONNECT a:80 HTTP/1.1\r\n', 'CONNECT a:80 HTTP/1.1\r\n\r', 'G');
  const noise = fc.string({ unit: fc.constantFrom(...'aZ0 :/[].\r\n\r\n\u0000\u00ff'.split('')), maxLength: 80 });
  fc.assert(
    fc.property(head, noise, fc.integer({ min: 1, max: 20 }), (start, tail, piece) => {
      const whole = run(new HttpConnectHandshake(), start + tail);
      assert.equal(statusOf(run(new HttpConnectHandshake(), start + tail, piece)), statusOf(whole));
    }),
    { numRuns: 1000 },
  );
});
