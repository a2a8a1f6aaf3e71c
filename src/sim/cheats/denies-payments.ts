import { Column } from '../../core/ledger/columns.ts';
import type { NodeId } from '../../core/node-id.ts';
import { serviceColumn } from '../../core/service.ts';
import { decodeMessage, encodeMessage } from '../../wire/message.ts';
import type { Cheat } from '../cheat.ts';
import type { SimNode } from '../sim-node.ts';
import { unlessJunk } from './unless-junk.ts';

const SERVE_MS = 50;
const SERVED_BYTES = 4_000;
/** So many payments of each it credits, as long as it is to be trusted. From then on none. */
const CREDITED = 2;

/**
 * So many times as much where its packets leave value, or where it owes: what it is owed for service would be used up by
 * them, and whom nobody owes is paid by nobody and has nothing to deny.
 */
const CATCH_UP = 20;

/** A way of paying that its own node refuses without blaming anybody. */
const NO_WAY = { kind: 'transfer', transaction: `0x${'0'.repeat(64)}` } as const;

/**
 * Sells, says that it was paid, and credits nothing: its books have the debt as before. It gains nothing by it: nobody pays
 * twice, and it serves no more beyond its own dropAt than if it had not been paid.
 */
export const deniesPayments: Cheat = {
  name: 'denies-payments',
  needs: 'cheque',
  join({ machine, victims, random, every, cheated }) {
    /** Wei of the last cheque of each neighbour, by the id of the payment that brought it. */
    const kept = new Map<string, bigint>();
    const taken = new Map<string, number>();
    machine.tamper = {
      incoming(peer, kind, bytes) {
        const message = kind === 'payment' ? unlessJunk(() => decodeMessage(bytes)) : undefined;
        if (message?.kind !== 'payment' || message.proof.kind !== 'cheque') return undefined;
        taken.set(peer, (taken.get(peer) ?? 0) + 1);
        if ((taken.get(peer) ?? 0) <= CREDITED) return undefined;
        kept.set(`${peer} ${message.id}`, message.proof.cheque.cumulativeWei);
        return [encodeMessage({ ...message, proof: NO_WAY })];
      },
      outgoing(peer, _kind, bytes) {
        const message = kept.size === 0 ? undefined : decodeMessage(bytes);
        const acceptedWei = message?.kind === 'paymentAck' ? kept.get(`${peer} ${message.id}`) : undefined;
        if (message?.kind !== 'paymentAck' || acceptedWei === undefined) return undefined;
        kept.delete(`${peer} ${message.id}`);
        cheated();
        return [encodeMessage({ ...message, code: '', acceptedWei })];
      },
    };
    every(SERVE_MS, () => {
      for (const victim of victims) {
        const times = usesUp(machine, victim) ? CATCH_UP : 1;
        machine.traffic?.serve(victim, times * (1 + random.below(SERVED_BYTES)));
      }
    });
  },
};

function usesUp(machine: SimNode, victim: NodeId): boolean {
  const account = machine.accountOf(victim);
  if (account === undefined) return false;
  const { ledger, row } = account;
  return ledger.get(row, Column.balance) < 0 || ledger.get(row, Column.consumed + serviceColumn.packets) > 0;
}
