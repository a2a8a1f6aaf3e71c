import { signStatement } from '../../chain/statement-signing.ts';
import type { PerService } from '../../core/session/message.ts';
import { decodeMessage, encodeMessage } from '../../wire/message.ts';
import type { Cheat } from '../cheat.ts';

/** How often it breaks its connections, so that books are compared. Milliseconds. */
const BREAK_MS = 3_000;

/**
 * Says that it got less than it did: in its counts, in its signed statements, and on each new connection, of which it
 * makes many. What it denies it wants credited back.
 */
export const underCounts: Cheat = {
  name: 'under-counts',
  join({ machine, victims, network, random, every, cheated }) {
    const part = random.between(0, 80) / 100;
    const less = (units: PerService): PerService => {
      const [transit, chunks, packets] = units;
      if (transit > 0) cheated();
      return [Math.floor(transit * part), chunks, packets];
    };
    machine.tamper = {
      outgoing(_peer, kind, bytes) {
        const message = kind === 'control' ? decodeMessage(bytes) : undefined;
        if (message?.kind === 'counts') return [encodeMessage({ ...message, consumed: less(message.consumed) })];
        if (message?.kind !== 'statement') return undefined;
        const { statement } = message;
        const told = { ...statement, consumed: less(statement.consumed), consumedBytes: less(statement.consumedBytes) };
        return [encodeMessage({ kind: 'statement', statement: signStatement(machine.signer, told) })];
      },
    };
    every(BREAK_MS, () => {
      for (const victim of victims) network.cut(machine.id, victim);
    });
  },
};
