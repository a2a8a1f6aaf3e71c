import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/**
 * Systems take the ports of outgoing connections from above: Linux from 32768, others from 49152. A port chosen
 * there can be gone again before the node that it was chosen for listens, or while a killed node is down.
 */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_767;
/** So many tries a port: a machine on which every one of them is taken has no room for a neighbourhood. */
const TRIES = 200;

/**
 * Ports on which nobody listens now and which no outgoing connection is given. All are held until the last is
 * found, so that none comes twice.
 * @throws the system's own error where a port cannot be had after {@link TRIES} tries
 */
export async function listenPorts(count: number, host: string): Promise<number[]> {
  const held: Server[] = [];
  try {
    while (held.length < count) held.push(await heldPort(host));
    return held.map((server) => (server.address() as { port: number }).port);
  } finally {
    await Promise.all(held.map((server) => new Promise((done) => server.close(done))));
  }
}

async function heldPort(host: string): Promise<Server> {
  for (let left = TRIES; ; left -= 1) {
    const server = createServer();
    try {
      server.listen(randomInt(LOWEST_PORT, HIGHEST_PORT + 1), host);
      await once(server, 'listening');
      return server;
    } catch (cause) {
      if (left <= 1) throw cause;
    }
  }
}
