import { createDevChain, DEV_FACTORY } from '../../src/chain/dev-chain.ts';
import { serveDevChain } from '../../src/chain/dev-chain-server.ts';
import { createEvmChain } from '../../src/chain/evm-chain.ts';
import type { Clock } from '../../src/core/clock.ts';
import { chainConformance } from './chain.ts';

const CHAIN_ID = 1337;
const RICH = 10n * 10n ** 18n;

const clock: Clock = {
  wallMs: () => Date.now(),
  nowMs: () => performance.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

chainConformance('an EVM over HTTP', async () => {
  const chain = await createDevChain({ chainId: CHAIN_ID, funded: new Map() });
  const server = await serveDevChain({ chain, port: 0 });
  return {
    chainId: CHAIN_ID,
    async open(signer, poor) {
      const wei = poor === 'poor' ? 0n : RICH;
      await chain.request('hardhat_setBalance', [signer.id, `0x${wei.toString(16)}`]);
      const { url } = server;
      return createEvmChain({ urls: [url], chainId: CHAIN_ID, factory: DEV_FACTORY, signer, clock, pollMs: 5 });
    },
    async close() {
      await server.close();
      chain.close();
    },
  };
});
