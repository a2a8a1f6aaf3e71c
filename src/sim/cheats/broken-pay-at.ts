import { decodeMessage, encodeMessage } from '../../wire/message.ts';
import type { Cheat } from '../cheat.ts';
import { creditUsed, take } from './customer.ts';

const LOOK_MS = 100;
const TIMES = 10;
/** It pays when this part of its credit is used up. */
const EDGE = 0.9;

/**
 * Promises thresholds it does not keep: tells its neighbours that they may owe it ten times as much as it lets them, and
 * pays what it owes itself only just before it would be dropped.
 */
export const brokenPayAt: Cheat = {
  name: 'broken-pay-at',
  join({ machine, victims, every, cheated }) {
    machine.tamper = {
      outgoing(_peer, kind, bytes) {
        const message = kind === 'control' ? decodeMessage(bytes) : undefined;
        if (message?.kind !== 'terms') return undefined;
        cheated();
        const { terms } = message;
        const told = { ...terms, payAt: terms.payAt * TIMES, dropAt: terms.dropAt * TIMES };
        return [encodeMessage({ kind: 'terms', terms: told })];
      },
    };
    every(LOOK_MS, () => {
      take(machine, victims);
      for (const victim of victims) {
        const atTheEdge = creditUsed(machine, victim) > EDGE;
        if (machine.accountOf(victim)?.payDue() === true && !atTheEdge) cheated();
        machine.node?.pausePayments(!atTheEdge, victim);
      }
    });
  },
};
