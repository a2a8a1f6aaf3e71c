import { encodeMessage } from '../../wire/message.ts';
import { hashOf } from '../chain/sim-contracts.ts';
import type { Cheat } from '../cheat.ts';
import { take } from './customer.ts';

const LOOK_MS = 200;

/** Says that it has paid on the chain whenever it owes something, and pays nothing: no block ever holds what it names. */
export const transferThatNeverComes: Cheat = {
  name: 'transfer-that-never-comes',
  needs: 'transfer',
  join({ machine, victims, onStart, every, cheated }) {
    onStart(() => machine.node?.pausePayments(true));
    let id = 0;
    every(LOOK_MS, () => {
      take(machine, victims);
      for (const link of machine.transport?.links ?? []) {
        const account = machine.accountOf(link.peer);
        if (account?.payDue() !== true) continue;
        id += 1;
        const proof = { kind: 'transfer', transaction: hashOf(`never ${machine.name} ${id}`) } as const;
        link.sendRaw('payment', encodeMessage({ kind: 'payment', id, units: account.payable(), proof }));
        cheated();
      }
    });
  },
};
