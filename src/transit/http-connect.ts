import { ResetCode } from '../link/link.ts';
import { type Destination, isPort, normalHost } from '../wire/open-request.ts';
import { type Authenticate, HandshakeBuffer, type HandshakeStep, type ProxyHandshake } from './proxy-handshake.ts';

/** The longest request line with all its headers; browsers send about 500 bytes. */
export const MAX_HTTP_HEAD_BYTES = 8192;

interface Answer {
  readonly status: string;
  /** Type of error of the Proxy-Status header (RFC 9209 §2.3). */
  readonly error: string;
  readonly text: string;
}

const ANSWER_FOR: Readonly<Record<ResetCode, Answer>> = {
  [ResetCode.cancelled]: answer('502 Bad Gateway', 'connection_terminated', 'The attempt was given up on the way.'),
  [ResetCode.refusedByPolicy]: answer(
    '403 Forbidden',
    'destination_ip_prohibited',
    'The gateway does not connect there.',
  ),
  [ResetCode.noRoute]: answer('502 Bad Gateway', 'destination_unavailable', 'No neighbour leads there.'),
  [ResetCode.nameNotFound]: answer('502 Bad Gateway', 'dns_error', 'The name was not found.'),
  [ResetCode.connectionRefused]: answer('502 Bad Gateway', 'connection_refused', 'The server refused the connection.'),
  [ResetCode.hostUnreachable]: answer('502 Bad Gateway', 'destination_ip_unroutable', 'The server cannot be reached.'),
  [ResetCode.timedOut]: answer('504 Gateway Timeout', 'connection_timeout', 'The server did not answer in time.'),
  [ResetCode.unpaid]: answer(
    '402 Payment Required',
    'proxy_internal_response',
    'A neighbour on the way wants to be paid first.',
  ),
  [ResetCode.overloaded]: answer(
    '503 Service Unavailable',
    'connection_limit_reached',
    'Too much is asked of a node on the way.',
  ),
  [ResetCode.protocol]: answer('502 Bad Gateway', 'proxy_internal_error', 'A node on the way broke the protocol.'),
  [ResetCode.linkLost]: answer('502 Bad Gateway', 'connection_terminated', 'A link on the way was lost.'),
  [ResetCode.internal]: answer('500 Internal Server Error', 'proxy_internal_error', 'Something failed on the way.'),
};

/** HTTP/1 CONNECT (RFC 9110 §9.3.6), optionally with Basic credentials. Any other method is answered 405. */
export class HttpConnectHandshake implements ProxyHandshake {
  readonly #authenticate: Authenticate;
  readonly #buffer = new HandshakeBuffer();
  /** Bytes already searched for the end of the head. */
  #searched = 0;

  constructor(authenticate?: Authenticate) {
    this.#authenticate = authenticate;
  }

  feed(bytes: Uint8Array): HandshakeStep {
    this.#buffer.append(bytes);
    const held = Buffer.from(this.#buffer.bytes.buffer, this.#buffer.bytes.byteOffset, this.#buffer.bytes.length);
    const end = held.indexOf('\r\n\r\n', Math.max(0, this.#searched - 3), 'latin1');
    if (end < 0 ? held.length > MAX_HTTP_HEAD_BYTES : end > MAX_HTTP_HEAD_BYTES) {
      return refuse('431 Request Header Fields Too Large', 'The request head is longer than 8 KiB.');
    }
    this.#searched = held.length;
    if (end < 0) return { kind: 'more' };
    return this.#request(held.toString('latin1', 0, end).split('\r\n'), held.subarray(end + 4));
  }

  granted(): Uint8Array {
    return Buffer.from('HTTP/1.1 200 Connection established\r\n\r\n', 'latin1');
  }

  refused(code: ResetCode): Uint8Array {
    const { status, error, text } = ANSWER_FOR[code];
    return page(status, text, `Proxy-Status: wayleave; error=${error}\r\n`);
  }

  #request(lines: string[], rest: Uint8Array): HandshakeStep {
    const [first = '', ...headers] = lines;
    const words = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) (HTTP\/\d\.\d)$/.exec(first);
    if (words === null) return refuse('400 Bad Request', 'This is not an HTTP request.');
    const [, method, target = '', version = ''] = words;
    if (!version.startsWith('HTTP/1.')) return refuse('505 HTTP Version Not Supported', 'Use HTTP/1.1.');
    if (method !== 'CONNECT') {
      return refuse('405 Method Not Allowed', 'Only CONNECT is offered here.', 'Allow: CONNECT\r\n');
    }
    const destination = parseAuthority(target);
    if (destination === undefined || headers.some((line) => !/^[^\s:]+:/.test(line))) {
      return refuse('400 Bad Request', 'The request cannot be read.');
    }
    if (!this.#authorised(headers)) {
      const ask = 'Proxy-Authenticate: Basic realm="wayleave", charset="UTF-8"\r\n';
      return refuse('407 Proxy Authentication Required', 'A user name and a password are needed.', ask);
    }
    return { kind: 'connect', destination, rest };
  }

  #authorised(headers: readonly string[]): boolean {
    if (this.#authenticate === undefined) return true;
    for (const line of headers) {
      const token = /^proxy-authorization:[ \t]*basic[ \t]+([A-Za-z0-9+/=_-]+)[ \t]*$/i.exec(line)?.[1];
      if (token === undefined) continue;
      const text = Buffer.from(token, 'base64').toString('utf8');
      const colon = text.indexOf(':');
      return colon >= 0 && this.#authenticate(text.slice(0, colon), text.slice(colon + 1));
    }
    return false;
  }
}

/** `host:port` or `[IPv6]:port`; undefined for anything else. The port must be there: CONNECT has no default. */
function parseAuthority(text: string): Destination | undefined {
  const parts = /^\[([0-9A-Fa-f:.]+)\]:(\d{1,5})$/.exec(text) ?? /^([^:[\]@/]+):(\d{1,5})$/.exec(text);
  const host = normalHost(parts?.[1] ?? '');
  const port = Number(parts?.[2]);
  if (host === undefined || !isPort(port) || host.includes(':') !== text.startsWith('[')) return undefined;
  return { host, port };
}

function answer(status: string, error: string, text: string): Answer {
  return { status, error, text };
}

function refuse(status: string, text: string, headers = ''): HandshakeStep {
  return { kind: 'refuse', reply: page(status, text, headers) };
}

function page(status: string, text: string, headers: string): Uint8Array {
  const body = `${text}\n`;
  const head = `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${body.length}\r\n`;
  return Buffer.from(`${head}Connection: close\r\n${headers}\r\n${body}`, 'latin1');
}
