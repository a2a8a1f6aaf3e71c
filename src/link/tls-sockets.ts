import net from 'node:net';
import type { TLSSocket } from 'node:tls';
import { WayleaveError } from '../core/errors.ts';
import { failed } from './handshake.ts';
import type { LinkAddress } from './link.ts';

/** Waits until the server listens. Throws `PORT_IN_USE`, `LISTEN_FAILED`. */
export function listening(server: net.Server, { host, port }: LinkAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code === 'EADDRINUSE' ? 'PORT_IN_USE' : 'LISTEN_FAILED';
      reject(new WayleaveError(code, { host, port, reason: error.code }, error));
    });
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      // running out of descriptors ends no link that lives
      server.on('error', () => undefined);
      resolve();
    });
  });
}

/** Waits for the TCP connection. Throws `LINK_UNREACHABLE`. */
export function connected(socket: net.Socket, { host, port }: LinkAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    let cause: NodeJS.ErrnoException | undefined;
    socket.on('error', (error) => {
      cause = error;
    });
    socket.once('close', () => {
      reject(new WayleaveError('LINK_UNREACHABLE', { host, port, reason: cause?.code ?? 'timed out' }, cause));
    });
  });
}

/** Less than the 1,024 bytes that the input of a `TLSSocket` begins with. */
const PIECE_BYTES = 1000;

/**
 * Waits for the first bytes and leaves them where they are, to be read in small pieces. Throws `LINK_HANDSHAKE_FAILED`. A
 * `TLSSocket` that finds bytes waiting begins with a small buffer, else with one of 64 KiB, and one that is filled to the
 * brim gets 16 KiB beside it: an idle link would keep either for ever.
 */
export function begun(socket: net.Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      socket.off('readable', done);
      socket.off('close', done);
      if (socket.readableLength === 0) return reject(failed('closed by the other end'));
      socket.read = readPiece;
      resolve();
    };
    socket.on('readable', done);
    socket.on('close', done);
  });
}

function readPiece(this: net.Socket, bytes = Math.min(this.readableLength, PIECE_BYTES)): unknown {
  return net.Socket.prototype.read.call(this, bytes);
}

/** Waits for the end of the TLS handshake. Throws `LINK_HANDSHAKE_FAILED`. */
export function secured(socket: TLSSocket, event: 'secure' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    let cause: NodeJS.ErrnoException | undefined;
    const broke = (error: NodeJS.ErrnoException): void => {
      cause = error;
    };
    const closed = (): void => reject(failed(cause?.code ?? cause?.message ?? 'closed by the other end', cause));
    socket.on('error', broke);
    socket.on('close', closed);
    socket.once(event, () => {
      socket.off('error', broke);
      socket.off('close', closed);
      resolve();
    });
  });
}

/** Sends what was written, then closes without waiting for the other end. */
export function refuse(socket: TLSSocket): void {
  if (socket.writableLength === 0 || socket.destroyed) socket.destroy();
  else socket.end(() => socket.destroy());
}

/** Address and port of the other end, for people. */
export function nameOf(socket: net.Socket): string {
  const host = socket.remoteAddress ?? 'unknown';
  return host.includes(':') ? `[${host}]:${socket.remotePort}` : `${host}:${socket.remotePort}`;
}
