import { signCheque } from '../../chain/cheque-signing.ts';
import { createSigner, generateKey } from '../../chain/signer.ts';
import type { Cheat } from '../cheat.ts';
import { Life } from '../life.ts';
import { take } from './customer.ts';

const LOOK_MS = 500;

/**
 * Pays with cheques on a chequebook that it has emptied by a cheque to itself under another name: nothing on the chain
 * shows it beforehand, and no freeze period holds it up. What it may take is dropAt and riskAt.
 */
export const bouncingChequebook: Cheat = {
  name: 'bouncing-chequebook',
  needs: 'cheque',
  join({ machine, victims, chain, random, every, cheated }) {
    const accomplice = createSigner(generateKey((count) => random.bytes(count)));
    chain.fund(accomplice.id, 10n ** 22n);
    const port = chain.port(new Life(), accomplice);
    let drained = 0n;
    let busy = false;
    every(LOOK_MS, () => {
      take(machine, victims);
      const chequebook = machine.node?.status().chequebook;
      if (busy || chequebook === undefined) return;
      const wei = chain.blocks.state.balance(chequebook);
      if (wei === 0n) return;
      busy = true;
      drained += wei;
      const cheque = { chequebook, beneficiary: accomplice.id, cumulativeWei: drained };
      port
        .cash(signCheque(machine.signer, chain.chainId, cheque), () => Promise.resolve())
        .then(
          () => cheated(),
          () => {
            drained -= wei;
          },
        )
        .finally(() => {
          busy = false;
        });
    });
  },
};
