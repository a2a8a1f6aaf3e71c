import type { PaymentMessage } from '../../core/message.ts';
import { decodeMessage, encodeMessage } from '../../wire/message.ts';
import type { Cheat } from '../cheat.ts';

/** Pays once, and then with the same cheque again and again, under new payment ids and claiming new amounts. */
export const replaysCheques: Cheat = {
  name: 'replays-cheques',
  join({ machine, cheated }) {
    const first = new Map<string, PaymentMessage>();
    machine.tamper = {
      outgoing(peer, kind, bytes) {
        const message = kind === 'payment' ? decodeMessage(bytes) : undefined;
        if (message?.kind !== 'payment') return undefined;
        const known = first.get(peer);
        if (known === undefined) {
          first.set(peer, message);
          return undefined;
        }
        cheated();
        return [encodeMessage({ ...message, cheque: known.cheque })];
      },
    };
  },
};
