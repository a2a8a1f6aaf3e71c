import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { LinkAddress } from '../../src/link/link.ts';

/** A relay for TCP connections, for tests that must break one: between two nodes there is more than two nodes. */
export class Wire {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to(address: LinkAddress): Promise<Wire> {
    const server = createServer();
    const wire = new Wire(server);
    server.on('connection', (near) => {
      const far = connect(address.port, address.host);
      wire.#join(near, far);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return wire;
  }

  get address(): LinkAddress {
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port };
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Bytes stay where they are; nobody is told. */
  freeze(): void {
    for (const socket of this.#sockets) {
      socket.unpipe();
      socket.pause();
    }
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near: Socket, far: Socket): void {
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}
