import { SERVICES } from '../service.ts';
import type { CountsMessage, PerService } from '../session/message.ts';
import type { LinkAccount } from './link-account.ts';
import { agreedTotal, mayHaveUsed, type Reconciled } from './reconcile.ts';

/**
 * What the two ends of a link tell each other of their totals, and hold each other to: the least the neighbour must stand
 * by, my own counts for it, and how both come to the same totals after a break.
 */
export class Counts {
  readonly #account: LinkAccount;
  #admitted: [number, number, number] = [0, 0, 0];

  constructor(account: LinkAccount) {
    this.#account = account;
  }

  /** The least it must stand by, per service. */
  get admitted(): PerService {
    return this.#admitted;
  }

  /** What the neighbour said it consumed, kept as the least it must stand by. */
  admit(consumed: PerService): void {
    for (const s of [0, 1, 2] as const) {
      const claim = this.#account.net('provided', s);
      this.#admitted[s] = Math.min(claim, Math.max(this.#admitted[s], consumed[s]));
    }
  }

  /**
   * My counts for the neighbour. I admit what is on disk, so that no crash of mine makes me deny it: opening ones are
   * sent when all is. What it admitted to me stands, whatever was lost. What it paid says less: it may have paid ahead, and
   * admits what it pays for beside each payment.
   */
  message(opening: boolean, storeEpoch: number): CountsMessage {
    const account = this.#account;
    const provided = account.nets('provided');
    const [transit, chunks, packets] = this.#admitted;
    const consumed = opening ? account.nets('consumed') : account.lease.consumed;
    return { kind: 'counts', opening, storeEpoch, provided, admitted: [transit, chunks, packets], consumed };
  }

  /**
   * Brings both ends to the same totals after a break. `mine` are the counts this side sent for the same connection.
   * That I admitted more than I have counted is not taken over: what I admit is on disk before. Only of `restored` books,
   * which are older than what I admitted, as much is believed as may have been used since.
   */
  reconcile(mine: CountsMessage, theirs: CountsMessage, restored = false): Reconciled {
    const account = this.#account;
    const sums = { provided: 0, consumed: 0, inflated: false };
    for (const s of [0, 1, 2] as const) {
      const [provided, admitted, consumed] = [mine.provided[s], mine.admitted[s], theirs.consumed[s]];
      const given = agreedTotal({ provided, admitted, consumed });
      sums.provided += this.#correct('provided', s, given - provided);
      this.#admitted[s] = given;
    }
    const lost = restored ? mayHaveUsed(account) : 0;
    for (const s of [0, 1, 2] as const) {
      const [consumed, provided] = [mine.consumed[s], theirs.provided[s]];
      const admitted = Math.min(theirs.admitted[s], provided);
      const taken = agreedTotal({ provided, admitted: Math.min(admitted, consumed + lost), consumed });
      sums.inflated ||= admitted > consumed + lost;
      sums.consumed += this.#correct('consumed', s, taken - consumed);
      account.service(SERVICES[s]).forgetRemainders();
    }
    account.ledger.setLimit(account.row, 'assumed', 0);
    return sums;
  }

  #correct(side: 'provided' | 'consumed', s: 0 | 1 | 2, units: number): number {
    const { ledger, row } = this.#account;
    if (units !== 0) ledger.correct(row, side, s, units);
    this.#account.service(SERVICES[s]).corrected(side, units);
    return units;
  }
}
