import { createHash, timingSafeEqual } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Clock, Timer } from '../core/clock.ts';
import { WayleaveError } from '../core/errors.ts';
import type { ResetCode } from '../link/link.ts';
import type { Destination } from '../wire/open-request.ts';
import { classifyAddress } from './egress-policy.ts';
import { HttpConnectHandshake } from './http-connect.ts';
import type { Authenticate, ProxyHandshake } from './proxy-handshake.ts';
import type { LocalSide } from './socket-side.ts';
import { SOCKS_VERSION, Socks5Handshake } from './socks5.ts';

/** Connections of users at once, by default. A browser holds up to some 250. */
export const DEFAULT_PROXY_CONNECTIONS = 2048;

/** A client that has not said within this time where it wants to go is cut off. */
export const DEFAULT_HANDSHAKE_MS = 10_000;

/** How long a refused client may take to read the answer. */
const FAREWELL_MS = 2_000;

/** The most a client may send in the handshake, early data included; what comes with the request's last piece counts. */
const MAX_HANDSHAKE_BYTES = 128 * 1024;

export interface ProxyCredentials {
  readonly user: string;
  readonly password: string;
}

export interface ProxyServerOptions {
  readonly clock: Clock;
  /** `Transit.openLocal`. */
  readonly open: (destination: Destination, local: LocalSide) => void;
  /** Asked of every client, when given. */
  readonly credentials?: ProxyCredentials;
  readonly maxConnections?: number;
  readonly handshakeMs?: number;
}

export interface ProxyServer {
  /**
   * Starts to listen; may be called for several addresses. Port 0 lets the system choose. Throws `PORT_IN_USE`,
   * `LISTEN_FAILED`, and `PROXY_UNPROTECTED` for an address beyond this machine when there are no credentials.
   */
  listen(address: { readonly host?: string; readonly port: number }): Promise<{ host: string; port: number }>;
  readonly connections: number;
  /** Stops listening and drops every connection. */
  close(): Promise<void>;
}

/** The users' door: SOCKS5 and HTTP CONNECT on the same port, told apart by the first byte. Loopback unless told otherwise. */
export function createProxyServer(options: ProxyServerOptions): ProxyServer {
  return new UsersDoor(options);
}

class UsersDoor implements ProxyServer {
  readonly #options: ProxyServerOptions;
  readonly #authenticate: Authenticate;
  readonly #servers = new Set<Server>();
  readonly #sockets = new Set<Socket>();

  constructor(options: ProxyServerOptions) {
    this.#options = options;
    this.#authenticate = options.credentials === undefined ? undefined : checker(options.credentials);
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async listen(address: { host?: string; port: number }): Promise<{ host: string; port: number }> {
    const { host = '127.0.0.1', port } = address;
    const local = host === 'localhost' || classifyAddress(host) === 'loopback';
    if (!local && this.#authenticate === undefined) throw new WayleaveError('PROXY_UNPROTECTED', { host, port });
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
    await new Promise<void>((ready, failed) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        const code = error.code === 'EADDRINUSE' ? 'PORT_IN_USE' : 'LISTEN_FAILED';
        failed(new WayleaveError(code, { host, port }, error));
      });
      server.listen({ host, port }, ready);
    });
    this.#servers.add(server);
    const bound = server.address() as AddressInfo;
    return { host: bound.address, port: bound.port };
  }

  async close(): Promise<void> {
    const closing = [...this.#servers].map((server) => new Promise<void>((done) => server.close(() => done())));
    this.#servers.clear();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closing);
  }

  #accept(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    if (this.#sockets.size >= (this.#options.maxConnections ?? DEFAULT_PROXY_CONNECTIONS)) {
      socket.resetAndDestroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    new ClientHandshake(socket, this.#options, this.#authenticate).start();
  }
}

/** One client until its stream is asked for. */
class ClientHandshake {
  readonly #socket: Socket;
  readonly #options: ProxyServerOptions;
  readonly #authenticate: Authenticate;
  #protocol: ProxyHandshake | undefined;
  #timer: Timer | undefined;
  #received = 0;

  constructor(socket: Socket, options: ProxyServerOptions, authenticate: Authenticate) {
    this.#socket = socket;
    this.#options = options;
    this.#authenticate = authenticate;
  }

  start(): void {
    const { clock, handshakeMs = DEFAULT_HANDSHAKE_MS } = this.#options;
    this.#timer = clock.after(handshakeMs, () => this.#socket.destroy());
    this.#socket.once('close', this.#leave);
    this.#socket.once('end', this.#gone);
    this.#socket.on('data', this.#data);
  }

  readonly #leave = (): void => this.#timer?.cancel();

  /** Nobody half-closes before saying where to go. */
  readonly #gone = (): void => {
    this.#socket.destroy();
  };

  readonly #data = (bytes: Uint8Array): void => {
    this.#protocol ??= bytes[0] === SOCKS_VERSION ? new Socks5Handshake(this.#authenticate) : this.#http(bytes);
    this.#received += bytes.length;
    if (this.#protocol === undefined || this.#received > MAX_HANDSHAKE_BYTES) {
      this.#socket.destroy();
      return;
    }
    const step = this.#protocol.feed(bytes);
    if (step.kind === 'refuse') return this.#refuse(step.reply);
    if (step.reply !== undefined) this.#socket.write(step.reply);
    if (step.kind === 'connect') this.#connect(this.#protocol, step.destination, step.rest);
  };

  /** HTTP methods begin with a letter; anything else (SOCKS4, TLS) is not spoken here. */
  #http(bytes: Uint8Array): ProxyHandshake | undefined {
    const letter = String.fromCharCode(bytes[0] ?? 0);
    return /[A-Za-z]/.test(letter) ? new HttpConnectHandshake(this.#authenticate) : undefined;
  }

  #connect(protocol: ProxyHandshake, destination: Destination, rest: Uint8Array): void {
    const socket = this.#socket;
    socket.off('data', this.#data);
    socket.off('end', this.#gone);
    socket.off('close', this.#leave);
    this.#timer?.cancel();
    socket.pause();
    if (rest.length > 0) socket.unshift(rest);
    this.#options.open(destination, {
      socket,
      granted: () => {
        socket.write(protocol.granted());
      },
      refused: (code: ResetCode) => this.#refuse(protocol.refused(code)),
    });
  }

  /** The rest of what the client sends is read and dropped, else the system would answer it with a reset and lose ours. */
  #refuse(reply: Uint8Array): void {
    const socket = this.#socket;
    this.#timer?.cancel();
    socket.off('data', this.#data);
    socket.end(reply);
    socket.resume();
    this.#timer = this.#options.clock.after(FAREWELL_MS, () => socket.destroy());
    socket.once('close', this.#leave);
  }
}

/** Compares digests: the time taken tells nothing about the password. */
function checker(credentials: ProxyCredentials): Authenticate {
  const digest = (user: string, password: string): Buffer =>
    createHash('sha256')
      .update(JSON.stringify([user, password]))
      .digest();
  const expected = digest(credentials.user, credentials.password);
  return (user, password) => timingSafeEqual(digest(user, password), expected);
}
