import type { NodeId } from '../core/node-id.ts';
import type { SessionEffect } from '../core/session/session-effect.ts';
import type { StoreRecord } from '../store/store.ts';
import type { PaymentDesk } from './payment-desk.ts';

const NONE: readonly StoreRecord[] = [];

/** What proves that the account has moved as an effect says: it must not be written without it. */
export function recordsOwed(neighbour: NodeId, effect: SessionEffect, desk: PaymentDesk): readonly StoreRecord[] {
  switch (effect.kind) {
    case 'keepPayment':
      return desk.accepted(neighbour, effect);
    case 'keepPaid':
      return desk.acknowledged(neighbour, effect);
    case 'forgot':
      return desk.forgot(neighbour, effect.units);
    default:
      return NONE;
  }
}
