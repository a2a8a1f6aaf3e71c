import type { SignedCheque } from '../core/cheque.ts';
import type { PaymentMessage } from '../core/message.ts';
import type { NodeId } from '../core/node-id.ts';
import type { ChequeOutcome } from '../core/session-effect.ts';
import type { StoreRecord } from '../store/store.ts';

/** What a session needs of settlement. Whatever it returns as records is written in one batch with the account. */
export interface PaymentDesk {
  /** Writes (durably) and returns a cheque to `neighbour` over `units`, at the ratio of its terms. */
  write(neighbour: NodeId, payment: { id: number; units: number }): Promise<SignedCheque>;
  /** The last cheque written to it and its payment id, if it was never acknowledged. */
  unacknowledged(neighbour: NodeId): { id: number; cheque: SignedCheque } | undefined;
  check(neighbour: NodeId, payment: PaymentMessage): Promise<ChequeOutcome>;
  /** Takes over the cheque just checked; its record, to be written with the account. */
  accepted(neighbour: NodeId): StoreRecord[];
  /** The neighbour accepted up to `acceptedWei`. */
  acknowledged(neighbour: NodeId, acceptedWei: bigint): StoreRecord[];
}
