import type { SignedCheque } from '../../core/settlement/cheque.ts';
import { decodeMessage, encodeMessage } from '../../wire/message.ts';
import type { Cheat } from '../cheat.ts';
import { take } from './customer.ts';

const LOOK_MS = 200;

/** The same signature as the contract would not take it: v says which of two keys made it, and says the other. */
function turned(cheque: SignedCheque): SignedCheque {
  return { ...cheque, signature: cheque.signature.with(64, cheque.signature[64] === 27 ? 28 : 27) };
}

/** Pays with cheques that it has signed, in the hope that nobody can cash them. */
export const turnsV: Cheat = {
  name: 'turns-v',
  needs: 'cheque',
  join({ machine, victims, every, cheated }) {
    /** The first one to each tells its key; with another v it would be no cheque of its own. */
    const begun = new Set<string>();
    machine.tamper = {
      outgoing(peer, kind, bytes) {
        const message = kind === 'payment' ? decodeMessage(bytes) : undefined;
        if (message?.kind !== 'payment' || message.proof.kind !== 'cheque') return undefined;
        if (!begun.has(peer)) {
          begun.add(peer);
          return undefined;
        }
        cheated();
        return [encodeMessage({ ...message, proof: { kind: 'cheque', cheque: turned(message.proof.cheque) } })];
      },
    };
    every(LOOK_MS, () => take(machine, victims));
  },
};
