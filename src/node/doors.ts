import type { Clock } from '../core/clock.ts';
import type { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { LinkKeeper } from '../link/keeper.ts';
import type { LinkAddress, Listener, Transport } from '../link/link.ts';
import { createProxyServer, type ProxyServer } from '../transit/proxy-server.ts';
import type { Transit } from '../transit/transit.ts';
import type { NodeConfig } from './config.ts';

export interface DiscoverOptions {
  readonly self: NodeId;
  /** Where this node listens for links. */
  readonly port: number;
  /** Somebody says so; the handshake proves it. */
  readonly found: (id: NodeId, address: LinkAddress) => void;
  readonly warn: (error: WayleaveError) => void;
}

/** Looks for neighbours on the local network. Returns what ends it. */
export type Discover = (options: DiscoverOptions) => () => Promise<void>;

export interface DoorsOptions {
  readonly self: NodeId;
  readonly config: NodeConfig;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly discover: Discover | undefined;
  readonly keeper: LinkKeeper;
  /** What the proxy's users go through; without it there is no proxy. */
  readonly transit: Transit | undefined;
  /** Whether somebody who was found is welcome. */
  readonly admits: (id: NodeId) => boolean;
  readonly warn: (error: WayleaveError) => void;
}

/** The ways into a node: links from neighbours, programs of this machine, and neighbours that are looked for. */
export class Doors {
  readonly #options: DoorsOptions;
  #listener: Listener | undefined;
  #proxy: ProxyServer | undefined;
  #stopDiscovery: (() => Promise<void>) | undefined;
  /** Where the proxy listens, `host:port`. */
  proxyAddress: string | undefined;

  constructor(options: DoorsOptions) {
    this.#options = options;
  }

  /** Where links are taken, `host:port`. */
  get listenAddress(): string | undefined {
    const address = this.#listener?.address;
    return address === undefined ? undefined : `${address.host}:${address.port}`;
  }

  /** As the status tells them. The proxy speaks both protocols at one port. */
  get addresses(): { listen: string | undefined; socks: string | undefined; httpProxy: string | undefined } {
    return { listen: this.listenAddress, socks: this.proxyAddress, httpProxy: this.proxyAddress };
  }

  /** Throws `PORT_IN_USE`, `LISTEN_FAILED`. */
  async open(): Promise<void> {
    const { config, keeper, transport } = this.#options;
    this.#listener = await transport.listen(config.listen, (link) => keeper.adopt(link));
    if (config.proxy.enabled) await this.#openProxy();
    for (const { address, id } of config.neighbours) if (address !== undefined) keeper.know(address, id);
    if (config.discovery.mdns) this.#lookAround(this.#listener.address.port);
  }

  async #openProxy(): Promise<void> {
    const { clock, config, transit } = this.#options;
    const { host, port, username, password } = config.proxy;
    if (transit === undefined) return;
    const credentials =
      username === undefined || password === undefined ? {} : { credentials: { user: username, password } };
    this.#proxy = createProxyServer({
      clock,
      open: (destination, local) => transit.openLocal(destination, local),
      ...credentials,
    });
    const bound = await this.#proxy.listen({ host, port });
    this.proxyAddress = `${bound.host}:${bound.port}`;
  }

  #lookAround(port: number): void {
    const { admits, discover, keeper, self, warn } = this.#options;
    this.#stopDiscovery = discover?.({
      self,
      port,
      found: (id, address) => {
        if (admits(id)) keeper.learn(address, id);
      },
      warn,
    });
  }

  async close(): Promise<void> {
    await this.#stopDiscovery?.();
    await this.#proxy?.close();
    await this.#listener?.close();
  }
}
