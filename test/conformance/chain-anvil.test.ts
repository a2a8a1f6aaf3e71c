import { createEvmChain } from '../../src/chain/evm-chain.ts';
import { createSigner } from '../../src/chain/signer.ts';
import { systemClock } from '../../src/node/system-clock.ts';
import { ANVIL_CHAIN_ID, Anvil, NO_ANVIL } from './anvil.fixture.ts';
import { type ChainWorld, chainConformance } from './chain.ts';

const RICH = 10n * 10n ** 18n;

/** Another engine than the embedded one, in a process of its own. */
async function anvilWorld(): Promise<ChainWorld> {
  const anvil = new Anvil();
  await anvil.start();
  const common = { urls: [anvil.url], chainId: ANVIL_CHAIN_ID, clock: systemClock, pollMs: 5 };
  const founder = createSigner(new Uint8Array(32).fill(3));
  await anvil.fund(founder.id, RICH);
  const first = createEvmChain({ ...common, factory: founder.id, signer: founder });
  const { address: factory } = await first.deployFactory();
  await first.close();
  return {
    chainId: ANVIL_CHAIN_ID,
    async open(signer, poor) {
      await anvil.fund(signer.id, poor === 'poor' ? 0n : RICH);
      return createEvmChain({ ...common, factory, signer });
    },
    close: () => anvil.close(),
  };
}

chainConformance('anvil', anvilWorld, NO_ANVIL);
