import type { TLSSocket } from 'node:tls';
import type { Clock } from '../core/clock.ts';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { type PeerIdentity, verifyCertificate } from './identity.ts';
import type { Transport } from './link.ts';

/** The protocol, by its name in the TLS handshake (ALPN). A change to the frames changes it. */
export const PROTOCOL = 'wayleave/1';

/**
 * After TLS, each end says in one byte that it believes the other. The end with the lower node id speaks last, and so
 * decides alone which of several connections between the same two nodes is used.
 */
const BELIEVED = 1;
const DUPLICATE = 2;

export interface HandshakeOptions {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly expected?: NodeId | undefined;
  readonly admit: Transport['admit'];
}

/**
 * Proves the other end of a secured connection and agrees with it on using the connection. Throws `LINK_UNPROVEN`,
 * `LINK_SELF`, `LINK_WRONG_PEER`, `LINK_DUPLICATE`, `LINK_HANDSHAKE_FAILED`. The caller sees to the time limit, and
 * destroys the socket after a refusal.
 */
export async function shakeHands(socket: TLSSocket, options: HandshakeOptions): Promise<PeerIdentity> {
  const peer = provenPeer(socket, options);
  const first = options.self > peer.id;
  if (first) socket.write(Uint8Array.of(BELIEVED));
  const answer = await readByte(socket);
  if (answer === DUPLICATE && first) throw new WayleaveError('LINK_DUPLICATE', { peer: peer.id });
  if (answer !== BELIEVED) throw failed(answer === undefined ? 'refused by the other end' : 'unknown answer');
  if (first) return peer;
  const admitted = (await options.admit?.(peer.id)) ?? true;
  if (socket.destroyed) throw failed('connection lost');
  socket.write(Uint8Array.of(admitted ? BELIEVED : DUPLICATE));
  if (!admitted) throw new WayleaveError('LINK_DUPLICATE', { peer: peer.id });
  return peer;
}

function provenPeer(socket: TLSSocket, { self, clock, expected }: HandshakeOptions): PeerIdentity {
  if (socket.alpnProtocol !== PROTOCOL) throw failed(`the other end does not speak ${PROTOCOL}`);
  if (socket.getProtocol() !== 'TLSv1.3') throw failed('not TLS 1.3');
  if (socket.isSessionReused()) throw failed('a resumed session proves nothing');
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) throw new WayleaveError('LINK_UNPROVEN', { reason: 'no certificate' });
  if (certificate.issuerCertificate !== undefined) {
    throw new WayleaveError('LINK_UNPROVEN', { reason: 'more than one certificate' });
  }
  const peer = verifyCertificate(certificate.raw, clock.wallMs());
  if (peer.id === self) throw new WayleaveError('LINK_SELF');
  if (expected !== undefined && peer.id !== expected) {
    throw new WayleaveError('LINK_WRONG_PEER', { expected, found: peer.id });
  }
  return peer;
}

/** The next byte, leaving what follows it in the socket; undefined when it closes first. */
function readByte(socket: TLSSocket): Promise<number | undefined> {
  return new Promise((resolve) => {
    const done = (byte: number | undefined): void => {
      socket.off('readable', tryRead);
      socket.off('close', lost);
      socket.off('end', lost);
      resolve(byte);
    };
    const lost = (): void => done(undefined);
    const tryRead = (): void => {
      const bytes = socket.read(1) as Uint8Array | null;
      if (bytes !== null) done(bytes[0]);
    };
    socket.on('readable', tryRead);
    socket.on('close', lost);
    socket.on('end', lost);
    tryRead();
  });
}

export function failed(reason: string, cause?: unknown): WayleaveError {
  return new WayleaveError('LINK_HANDSHAKE_FAILED', { reason }, cause);
}
