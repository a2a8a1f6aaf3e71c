import type { PerService } from '../session/message.ts';
import type { Units } from '../units.ts';
import { chargedOf, type Snapshot } from './account-record.ts';
import { Column } from './columns.ts';
import type { LinkAccount } from './link-account.ts';

/**
 * What of an account is on disk, and how much more may be charged before the next record of it is: a crash forgets no more
 * than that. A record promises a lease when it is taken, and the lease counts once the record is durable.
 */
export class AccountLease {
  readonly #account: LinkAccount;
  #snapshot: Snapshot = { lease: 0, charged: 0, consumed: [0, 0, 0], clearing: 0 };
  /** All that was taken to clear debt in this life, and what of it is on disk. */
  #clearing: Units = 0;
  #kept: Units = 0;
  #consumed: PerService = [0, 0, 0];

  constructor(account: LinkAccount) {
    this.#account = account;
  }

  /** A record is taken now, which promises "up to `lease` more". */
  promise(lease: Units): void {
    const account = this.#account;
    const consumed = account.nets('consumed');
    this.#snapshot = { lease, charged: chargedOf(account), consumed, clearing: this.#clearing };
  }

  /** What `durable` must be told about the record taken last. */
  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** The record that `snapshot` was taken of is durable: what was charged since counts against its lease. */
  durable({ charged, clearing, consumed, lease }: Snapshot): void {
    const { ledger, row } = this.#account;
    // Writes may overlap: an earlier one has cleared its part already.
    ledger.cleared(row, Math.max(0, clearing - this.#kept));
    this.#kept = Math.max(this.#kept, clearing);
    const held = ledger.get(row, Column.heldProvide) + ledger.get(row, Column.heldConsume);
    ledger.setLimit(row, 'leaseLeft', lease - (chargedOf(this.#account) - charged) - held);
    this.#consumed = consumed;
  }

  /** A payment of the neighbour was taken of which so much is to clear debt, once a record of it is durable. */
  clears(units: Units): void {
    this.#clearing += units;
  }

  /** Of what clears no debt yet, the part that waits for nothing but the disk. Units. */
  get unkept(): Units {
    return this.#clearing - this.#kept;
  }

  /** What of all that was consumed is on disk, per service: what I may admit outside of a greeting. */
  get consumed(): PerService {
    return this.#consumed;
  }

  /** The same of all services together. Units. */
  get consumedUnits(): Units {
    return this.#consumed[0] + this.#consumed[1] + this.#consumed[2];
  }
}
