import { signStatement } from '../../chain/statement-signing.ts';
import type { PerService } from '../../core/session/message.ts';
import { decodeMessage, encodeMessage } from '../../wire/message.ts';
import type { Cheat } from '../cheat.ts';

const BREAK_MS = 3_000;

/** Says that it gave more than it did, and that the other has admitted it: in counts, statements and on new connections. */
export const overCounts: Cheat = {
  name: 'over-counts',
  join({ machine, victims, network, random, settings, every, cheated }) {
    const extra = random.between(1, 2 * settings.payAt);
    const more = (units: PerService): PerService => {
      const [transit, chunks, packets] = units;
      if (transit === 0) return units;
      cheated();
      return [transit + extra, chunks, packets];
    };
    machine.tamper = {
      outgoing(_peer, kind, bytes) {
        const message = kind === 'control' ? decodeMessage(bytes) : undefined;
        if (message?.kind === 'counts') {
          const { provided, admitted } = message;
          return [encodeMessage({ ...message, provided: more(provided), admitted: more(admitted) })];
        }
        if (message?.kind !== 'statement') return undefined;
        const told = { ...message.statement, provided: more(message.statement.provided) };
        return [encodeMessage({ kind: 'statement', statement: signStatement(machine.signer, told) })];
      },
    };
    every(BREAK_MS, () => {
      for (const victim of victims) network.cut(machine.id, victim);
    });
  },
};
