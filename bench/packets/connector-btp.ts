import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import { cpuSecondsOf } from '../measure.ts';

/** ilp-connector in a process of its own between two BTP ends in another. */
export class ConnectorBtp {
  readonly #connector: ChildProcess;
  readonly #ends: ChildProcess;

  private constructor(connector: ChildProcess, ends: ChildProcess) {
    this.#connector = connector;
    this.#ends = ends;
  }

  static async start(): Promise<ConnectorBtp> {
    const ports = [await freePort(), await freePort()];
    const connector = await started('connector', ports);
    return new ConnectorBtp(connector, await started('ends', ports));
  }

  /** Of the connector. */
  get pid(): number | undefined {
    return this.#connector.pid;
  }

  /** Packets per CPU-second of the connector. */
  async rate(): Promise<number> {
    const before = cpuSecondsOf(this.#connector.pid as number);
    this.#ends.send('round');
    const [packets] = (await once(this.#ends, 'message')) as [number];
    return packets / (cpuSecondsOf(this.#connector.pid as number) - before);
  }

  stop(): void {
    this.#ends.kill();
    this.#connector.kill();
  }
}

async function started(role: string, ports: readonly number[]): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'ilp-btp.cjs'), [role, ...ports.map(String)], {
    stdio: ['ignore', 'ignore', 2, 'ipc'],
  });
  await once(child, 'message');
  return child;
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  return port;
}
