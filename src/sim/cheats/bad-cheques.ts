import { signCheque } from '../../chain/cheque-signing.ts';
import { createSigner, generateKey, type Signer } from '../../chain/signer.ts';
import type { SignedCheque } from '../../core/settlement/cheque.ts';
import { decodeMessage, encodeMessage } from '../../wire/message.ts';
import type { Cheat } from '../cheat.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { take } from './customer.ts';

const LOOK_MS = 200;
/** How often it pays with a cheque that is none; otherwise as it should, or nobody would deal with it any more. */
const BAD = 0.5;

/** Who signs, and for which chain. */
interface Hands {
  readonly own: Signer;
  readonly other: Signer;
  readonly chainId: number;
}

/** A cheque that the contract would not pay to whom it is given, each wrong in another way. */
function spoilt(cheque: SignedCheque, { own, other, chainId }: Hands, random: SeededRandom): SignedCheque {
  const cumulativeWei = cheque.cumulativeWei * 2n;
  return random.pick([
    () => signCheque(own, chainId, { ...cheque, beneficiary: other.id }),
    () => signCheque(own, chainId, { ...cheque, chequebook: other.id }),
    () => signCheque(other, chainId, cheque),
    () => signCheque(own, chainId + 1, cheque),
    () => ({ ...cheque, cumulativeWei }),
    () => ({ ...cheque, signature: cheque.signature.with(0, (cheque.signature[0] ?? 0) ^ 1) }),
  ])();
}

/** Pays with cheques to somebody else, on no chequebook, over more than was signed, or signed by nobody it should be. */
export const badCheques: Cheat = {
  name: 'bad-cheques',
  needs: 'cheque',
  join({ machine, victims, chain, random, every, cheated }) {
    const other = createSigner(generateKey((count) => random.bytes(count)));
    const hands = { own: machine.signer, other, chainId: chain.chainId };
    machine.tamper = {
      outgoing(_peer, kind, bytes) {
        const message = kind === 'payment' ? decodeMessage(bytes) : undefined;
        if (message?.kind !== 'payment' || message.proof.kind !== 'cheque' || !random.chance(BAD)) return undefined;
        cheated();
        const cheque = spoilt(message.proof.cheque, hands, random);
        return [encodeMessage({ ...message, proof: { kind: 'cheque', cheque } })];
      },
    };
    every(LOOK_MS, () => take(machine, victims));
  },
};
