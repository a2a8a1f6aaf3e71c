import type { NodeId } from '../../core/node-id.ts';
import type { PaymentProof } from '../../core/session/message.ts';
import { decodeMessage, encodeMessage } from '../../wire/message.ts';
import type { Cheat } from '../cheat.ts';
import type { SimNode } from '../sim-node.ts';
import { take } from './customer.ts';

const LOOK_MS = 400;
/** Of ids that no payment of its own has. */
const FIRST_ID = 1_000_000;

/**
 * Presents each cheque from two connections: on the one it was made for, which it breaks at once to present it again on
 * the next under another id, and on that of a second machine, as if it were that one's.
 */
export const oneChequeTwice: Cheat = {
  name: 'one-cheque-twice',
  needs: 'cheque',
  join({ machine, victims, network, secondMachine, every, cheated }) {
    const other = secondMachine('twin');
    const last = new Map<NodeId, PaymentProof>();
    let id = FIRST_ID;
    machine.tamper = {
      outgoing(peer, kind, bytes) {
        const message = kind === 'payment' ? decodeMessage(bytes) : undefined;
        if (message?.kind === 'payment') last.set(peer, message.proof);
        return undefined;
      },
    };
    const present = (from: SimNode): void => {
      for (const link of from.transport?.links ?? []) {
        const proof = last.get(link.peer);
        if (proof === undefined) continue;
        id += 1;
        link.sendRaw('payment', encodeMessage({ kind: 'payment', id, units: 1, proof }));
        cheated();
      }
    };
    every(LOOK_MS, () => {
      take(machine, victims);
      take(other, victims);
      other.node?.pausePayments(true);
      if (last.size === 0) return;
      present(machine);
      present(other);
      for (const victim of victims) network.cut(machine.id, victim);
    });
  },
};
