import { constants } from 'node:crypto';
import net from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import type { Clock } from '../core/clock.ts';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { BufferPool } from './buffer-pool.ts';
import type { Identity } from './certificate.ts';
import { failed, PROTOCOL, shakeHands } from './handshake.ts';
import { type GuardOptions, HandshakeGuard } from './handshake-guard.ts';
import type { PeerIdentity } from './identity.ts';
import type { KeepAliveOptions } from './keep-alive.ts';
import { BATCH_BYTES, HANDSHAKE_MS, MAX_ACCEPTED_LINKS, MAX_POOLED_BUFFERS, ROOMY_LINKS } from './limits.ts';
import type { LinkAddress, Listener, Transport } from './link.ts';
import { Mux } from './mux.ts';
import { TlsPipe } from './tls-pipe.ts';
import { begun, connected, listening, nameOf, refuse, secured } from './tls-sockets.ts';

export interface TlsTransportOptions {
  readonly identity: Identity;
  readonly clock: Clock;
  /** A connection somebody made to us came to nothing; for logs and counters. */
  readonly refused?: (remoteAddress: string, error: WayleaveError) => void;
  readonly guard?: GuardOptions;
  readonly keepAlive?: KeepAliveOptions;
  /** Milliseconds for a whole handshake. */
  readonly handshakeMs?: number;
}

/** AES with 128 bits first: as strong as the curve that keys it, and the fastest where the processor knows AES. */
const CIPHERS = 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384';

/**
 * What both ends speak; undefined ends the handshake with `no_application_protocol`. A list of protocols instead would keep
 * a buffer of 4 kB a connection alive.
 */
function chooseProtocol({ protocols }: { readonly protocols: readonly string[] }): string | undefined {
  return protocols.includes(PROTOCOL) ? PROTOCOL : undefined;
}

/** Links over mutual TLS 1.3. */
export class TlsTransport implements Transport {
  admit: Transport['admit'];
  readonly #options: TlsTransportOptions;
  readonly #guard: HandshakeGuard;
  readonly #tls: tls.CommonConnectionOptions & { readonly secureContext: tls.SecureContext };
  readonly #pool = new BufferPool(BATCH_BYTES, MAX_POOLED_BUFFERS);
  #accepted = 0;

  constructor(options: TlsTransportOptions) {
    this.#options = options;
    this.#guard = new HandshakeGuard(options.clock, options.guard);
    const secureContext = tls.createSecureContext({
      cert: options.identity.certificatePem,
      key: options.identity.privateKeyPem,
      minVersion: 'TLSv1.3',
      maxVersion: 'TLSv1.3',
      ciphers: CIPHERS,
      // a resumed session shows no certificate (DESIGN §2)
      secureOptions: constants.SSL_OP_NO_TICKET,
    });
    // rejectUnauthorized is about certificate authorities; the handshake verifies what counts here
    this.#tls = { secureContext, requestCert: true, rejectUnauthorized: false };
  }

  async listen(address: LinkAddress, accept: (link: Mux) => void): Promise<Listener> {
    const unfinished = new Set<net.Socket>();
    const server = net.createServer({ noDelay: true }, (socket) => void this.#knock(socket, accept, unfinished));
    await listening(server, address);
    const bound = server.address() as net.AddressInfo;
    return {
      address: { host: address.host, port: bound.port },
      close: async () => {
        for (const socket of unfinished) socket.destroy();
        // its own `close` event would wait for links that live on
        server.close();
      },
    };
  }

  async dial(address: LinkAddress, expected?: NodeId): Promise<Mux> {
    const bare = net.connect({ host: address.host, port: address.port, noDelay: true });
    const timer = this.#limit(bare);
    try {
      await connected(bare, address);
      const socket = tls.connect({ ...this.#tls, ALPNProtocols: [PROTOCOL], socket: bare });
      return await this.#prove(socket, 'secureConnect', expected);
    } finally {
      timer.cancel();
    }
  }

  /** A connection arrives: nothing is spent on it before the guard agrees. */
  async #knock(bare: net.Socket, accept: (link: Mux) => void, unfinished: Set<net.Socket>): Promise<void> {
    bare.on('error', () => undefined);
    const remote = nameOf(bare);
    const done = this.#accepted < MAX_ACCEPTED_LINKS ? this.#guard.begin(bare.remoteAddress ?? '') : undefined;
    if (done === undefined) {
      bare.destroy();
      this.#options.refused?.(remote, new WayleaveError('LINK_FLOODED', { reason: 'handshakes' }));
      return;
    }
    unfinished.add(bare);
    const timer = this.#limit(bare);
    try {
      if (this.#accepted >= ROOMY_LINKS) await begun(bare);
      const socket = new tls.TLSSocket(bare, { ...this.#tls, isServer: true, ALPNCallback: chooseProtocol });
      const link = await this.#prove(socket, 'secure', undefined);
      this.#accepted++;
      link.watchEnd(() => this.#accepted--);
      accept(link);
    } catch (error) {
      this.#options.refused?.(remote, error instanceof WayleaveError ? error : failed('unexpected', error));
    } finally {
      timer.cancel();
      unfinished.delete(bare);
      done();
    }
  }

  async #prove(socket: TLSSocket, event: 'secure' | 'secureConnect', expected: NodeId | undefined): Promise<Mux> {
    const { identity, clock } = this.#options;
    socket.on('error', () => undefined);
    try {
      await secured(socket, event);
      const peer = await shakeHands(socket, { self: identity.id, clock, expected, admit: this.admit });
      return this.#link(socket, peer, event === 'secureConnect');
    } catch (error) {
      refuse(socket);
      throw error;
    }
  }

  #link(socket: TLSSocket, peer: PeerIdentity, dialled: boolean): Mux {
    const { clock, keepAlive } = this.#options;
    return new Mux({
      pipe: new TlsPipe(socket, this.#pool),
      clock,
      peer: peer.id,
      peerKey: peer.key,
      dialled,
      remoteAddress: nameOf(socket),
      ...(keepAlive === undefined ? {} : { keepAlive }),
    });
  }

  #limit(socket: net.Socket): { cancel(): void } {
    return this.#options.clock.after(this.#options.handshakeMs ?? HANDSHAKE_MS, () => socket.destroy());
  }
}
