import { ResetCode } from '../link/link.ts';
import { addressText } from '../wire/ip-address.ts';
import { type Destination, normalHost } from '../wire/open-request.ts';
import { type Authenticate, HandshakeBuffer, type HandshakeStep, type ProxyHandshake } from './proxy-handshake.ts';

/** First byte of every SOCKS5 conversation (RFC 1928 §3). */
export const SOCKS_VERSION = 5;

const METHOD_NONE = 0;
const METHOD_PASSWORD = 2;
const METHOD_UNACCEPTABLE = 255;
const PASSWORD_VERSION = 1;
const COMMAND_CONNECT = 1;
const TYPE_NAME = 3;
/** Bytes of an address, by its type. */
const ADDRESS_LENGTH: Readonly<Record<number, number>> = { 1: 4, 4: 16 };

/** RFC 1928 §6. */
export const SocksReply = {
  succeeded: 0,
  generalFailure: 1,
  notAllowed: 2,
  networkUnreachable: 3,
  hostUnreachable: 4,
  connectionRefused: 5,
  ttlExpired: 6,
  commandNotSupported: 7,
  addressTypeNotSupported: 8,
} as const;
type SocksReply = (typeof SocksReply)[keyof typeof SocksReply];

/** SOCKS has no word for time; clients show `TTL expired` as a timeout. Nor for money: the rules do not allow it. */
const REPLY_FOR: Readonly<Record<ResetCode, SocksReply>> = {
  [ResetCode.cancelled]: SocksReply.generalFailure,
  [ResetCode.refusedByPolicy]: SocksReply.notAllowed,
  [ResetCode.noRoute]: SocksReply.networkUnreachable,
  [ResetCode.nameNotFound]: SocksReply.hostUnreachable,
  [ResetCode.connectionRefused]: SocksReply.connectionRefused,
  [ResetCode.hostUnreachable]: SocksReply.hostUnreachable,
  [ResetCode.timedOut]: SocksReply.ttlExpired,
  [ResetCode.unpaid]: SocksReply.notAllowed,
  [ResetCode.overloaded]: SocksReply.generalFailure,
  [ResetCode.protocol]: SocksReply.generalFailure,
  [ResetCode.linkLost]: SocksReply.generalFailure,
  [ResetCode.internal]: SocksReply.generalFailure,
};

/** SOCKS5 with CONNECT (RFC 1928) and user name and password (RFC 1929). Other commands are answered `not supported`. */
export class Socks5Handshake implements ProxyHandshake {
  readonly #authenticate: Authenticate;
  readonly #buffer = new HandshakeBuffer();
  readonly #replies: Uint8Array[] = [];
  #state: 'greeting' | 'password' | 'request' = 'greeting';

  constructor(authenticate?: Authenticate) {
    this.#authenticate = authenticate;
  }

  feed(bytes: Uint8Array): HandshakeStep {
    this.#buffer.append(bytes);
    this.#replies.length = 0;
    // A client may send all its messages at once; each pass deals with one of them.
    for (;;) {
      const state = this.#state;
      const step = state === 'greeting' ? this.#greeting() : state === 'password' ? this.#password() : this.#request();
      if (step !== undefined) return step;
      if (this.#state === state) return this.#more();
    }
  }

  granted(): Uint8Array {
    return reply(SocksReply.succeeded);
  }

  refused(code: ResetCode): Uint8Array {
    return reply(REPLY_FOR[code]);
  }

  /** Each step returns undefined when it moved on to the next state, or when it needs more bytes. */
  #greeting(): HandshakeStep | undefined {
    const { bytes } = this.#buffer;
    if (bytes.length > 0 && bytes[0] !== SOCKS_VERSION) return this.#refuse(new Uint8Array(0));
    const count = bytes[1];
    if (count === undefined || bytes.length < 2 + count) return undefined;
    const methods = this.#buffer.take(2 + count).subarray(2);
    const method = this.#choose(methods);
    if (method === METHOD_UNACCEPTABLE) return this.#refuse(Uint8Array.of(SOCKS_VERSION, method));
    this.#replies.push(Uint8Array.of(SOCKS_VERSION, method));
    this.#state = method === METHOD_PASSWORD ? 'password' : 'request';
    return undefined;
  }

  /** Without a password of ours, one that the client insists on sending is taken whatever it is. */
  #choose(methods: Uint8Array): number {
    if (this.#authenticate === undefined && methods.includes(METHOD_NONE)) return METHOD_NONE;
    return methods.includes(METHOD_PASSWORD) ? METHOD_PASSWORD : METHOD_UNACCEPTABLE;
  }

  #password(): HandshakeStep | undefined {
    const { bytes } = this.#buffer;
    if (bytes.length > 0 && bytes[0] !== PASSWORD_VERSION) return this.#refuse(Uint8Array.of(PASSWORD_VERSION, 1));
    const userLength = bytes[1];
    if (userLength === undefined) return undefined;
    const passwordLength = bytes[2 + userLength];
    if (passwordLength === undefined || bytes.length < 3 + userLength + passwordLength) return undefined;
    const message = this.#buffer.take(3 + userLength + passwordLength);
    const user = new TextDecoder().decode(message.subarray(2, 2 + userLength));
    const password = new TextDecoder().decode(message.subarray(3 + userLength));
    const accepted = this.#authenticate?.(user, password) ?? true;
    if (!accepted) return this.#refuse(Uint8Array.of(PASSWORD_VERSION, 1));
    this.#replies.push(Uint8Array.of(PASSWORD_VERSION, 0));
    this.#state = 'request';
    return undefined;
  }

  #request(): HandshakeStep | undefined {
    const { bytes } = this.#buffer;
    if (bytes.length > 0 && bytes[0] !== SOCKS_VERSION) return this.#refuse(reply(SocksReply.generalFailure));
    const type = bytes[3];
    if (type === undefined) return undefined;
    const start = type === TYPE_NAME ? 5 : 4;
    const hostLength = type === TYPE_NAME ? bytes[4] : ADDRESS_LENGTH[type];
    if (type !== TYPE_NAME && hostLength === undefined) return this.#refuse(reply(SocksReply.addressTypeNotSupported));
    if (hostLength === undefined || bytes.length < start + hostLength + 2) return undefined;
    const message = this.#buffer.take(start + hostLength + 2);
    if (message[1] !== COMMAND_CONNECT) return this.#refuse(reply(SocksReply.commandNotSupported));
    const destination = readDestination(type, message.subarray(start));
    if (destination === undefined) return this.#refuse(reply(SocksReply.generalFailure));
    return { kind: 'connect', destination, rest: this.#buffer.bytes, ...this.#early() };
  }

  #more(): HandshakeStep {
    return { kind: 'more', ...this.#early() };
  }

  #refuse(last: Uint8Array): HandshakeStep {
    return { kind: 'refuse', reply: Buffer.concat([...this.#replies, last]) };
  }

  #early(): { reply?: Uint8Array } {
    return this.#replies.length === 0 ? {} : { reply: Buffer.concat(this.#replies) };
  }
}

/** Host and port as they stand at the end of a request. */
function readDestination(type: number, bytes: Uint8Array): Destination | undefined {
  const [high = 0, low = 0] = bytes.subarray(-2);
  const raw = bytes.subarray(0, -2);
  const host = type === TYPE_NAME ? normalHost(String.fromCharCode(...raw)) : addressText(raw);
  const port = high * 256 + low;
  return host === undefined || port === 0 ? undefined : { host, port };
}

/** The bound address is not told: it is the gateway's affair, and clients ignore it. */
function reply(code: SocksReply): Uint8Array {
  return Uint8Array.of(SOCKS_VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0);
}
