import type { Chain } from '../chain/chain.ts';
import type { Signer } from '../chain/signer.ts';
import { makeIdentity } from '../link/certificate.ts';
import { TlsTransport } from '../link/tls-transport.ts';
import type { NodeConfig } from '../node/config.ts';
import type { NodePorts } from '../node/node-ports.ts';
import { systemClock } from '../node/system-clock.ts';
import { systemEgress } from '../transit/egress.ts';
import { openStore } from './open-store.ts';

/** How often a chain on this machine is asked whether a transaction is mined: often, as asking costs nobody anything. */
const LOCAL_POLL_MS = 100;

/** The real ports of a node: the system's clock, the store on disk, TLS, the chain, the network. Throws the store's errors. */
export async function openPorts(config: NodeConfig, signer: Signer): Promise<NodePorts & AsyncDisposable> {
  const clock = systemClock;
  const [store, identity, chain, discover] = await Promise.all([
    openStore(config, signer.id),
    makeIdentity(signer),
    openChain(config, signer),
    openDiscovery(config),
  ]);
  return {
    clock,
    random: Math.random,
    store,
    ...(store.credit !== undefined && { credit: store.credit }),
    transport: new TlsTransport({ identity, clock }),
    chain,
    egress: systemEgress(),
    ...(discover !== undefined && { discover }),
    async [Symbol.asyncDispose]() {
      await chain?.close();
      await store.close();
    },
  };
}

/** Loaded only where settlement is on: the chain's client is large. */
export async function openChain(config: NodeConfig, signer: Signer): Promise<Chain | undefined> {
  const { enabled, rpc, quorum, factory, chainId, maxGasPriceWei, token } = config.settlement;
  if (!enabled || rpc.length === 0 || factory === undefined) return undefined;
  const { createEvmChain } = await import('../chain/evm-chain.ts');
  const local = rpc.every((url) => /^(?:127\.|localhost$|\[::1\]$)/.test(new URL(url).hostname));
  return createEvmChain({
    urls: rpc,
    quorum,
    chainId,
    factory,
    token,
    signer,
    clock: systemClock,
    maxFeePerGasWei: maxGasPriceWei,
    ...(local && { pollMs: LOCAL_POLL_MS }),
  });
}

/** Loaded only where it is on. A node that listens on loopback alone is looked for, and looks, on loopback alone. */
async function openDiscovery(config: NodeConfig): Promise<NodePorts['discover']> {
  if (!config.discovery.mdns) return undefined;
  const { startMdns } = await import('../link/mdns.ts');
  const { host } = config.listen;
  return (options) =>
    startMdns({ ...options, clock: systemClock, ...(host.startsWith('127.') && { interface: host }) });
}
