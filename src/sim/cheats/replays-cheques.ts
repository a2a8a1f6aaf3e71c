import type { SignedCheque } from '../../core/settlement/cheque.ts';
import { decodeMessage, encodeMessage } from '../../wire/message.ts';
import type { Cheat } from '../cheat.ts';
import { take } from './customer.ts';

const LOOK_MS = 200;
/** How often it pays with a cheque it has used before: the last one at first, then any. */
const REPLAYED = 0.6;

/** Pays with cheques it has paid with already, under new payment ids and claiming new amounts. */
export const replaysCheques: Cheat = {
  name: 'replays-cheques',
  needs: 'cheque',
  join({ machine, victims, random, every, cheated }) {
    const used = new Map<string, SignedCheque[]>();
    machine.tamper = {
      outgoing(peer, kind, bytes) {
        const message = kind === 'payment' ? decodeMessage(bytes) : undefined;
        if (message?.kind !== 'payment' || message.proof.kind !== 'cheque') return undefined;
        const cheques = used.get(peer) ?? [];
        used.set(peer, cheques);
        if (cheques.length === 0 || !random.chance(REPLAYED)) {
          cheques.push(message.proof.cheque);
          return undefined;
        }
        cheated();
        return [encodeMessage({ ...message, proof: { kind: 'cheque', cheque: random.pick(cheques) } })];
      },
    };
    every(LOOK_MS, () => take(machine, victims));
  },
};
