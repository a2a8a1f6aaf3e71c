import { Column } from '../../core/ledger/columns.ts';
import type { Ledger, LinkRow } from '../../core/ledger/ledger.ts';
import type { LinkAccount } from '../../core/ledger/link-account.ts';
import { serviceColumn } from '../../core/service.ts';
import type { PacketTap } from '../link/packet-tap.ts';
import { exposureOf } from './exposure-of.ts';

const CAME = Column.provided + serviceColumn.packets;
const WENT = Column.consumed + serviceColumn.packets;

/** What an account watch knows of the step beside the packets. Units. */
export interface ValueStep {
  /** All that was provided in this life, by the ledger. */
  readonly provided: number;
  /** What was returned beyond trust in this life: the node says so of itself, and bears it out of what it may lose. */
  readonly beyond: number;
}

/**
 * Value is taken on little credit, whatever a neighbour may owe for service: else a friend further on would cash it. What
 * the node itself sent there, and has not paid for, may come back. Which is which is read off the wire, by packet; what
 * was paid for, in the moment it is booked.
 */
export class ValueWatch {
  /** Packets' value that came and went, over all lives. Units. */
  came = 0;
  went = 0;
  readonly #tap: PacketTap;
  #account: LinkAccount | undefined;
  /** Value gone, net, of which nothing may come back any more: it was paid for, or used for what the neighbour sent. */
  #gone = 0;
  /** The most that the neighbour might owe after it brought value, by any terms since the last look. */
  #highest = 0;
  #last = { came: 0, went: 0, served: 0, may: 0, owed: 0, beyond: 0 };

  constructor(tap: PacketTap) {
    this.#tap = tap;
  }

  /** The account of a new life. */
  enter(account: LinkAccount, provided: number): void {
    const { ledger, row } = account;
    const [came, went] = [ledger.get(row, CAME), ledger.get(row, WENT)];
    this.#account = account;
    this.#gone = went - came;
    this.#last = { came, went, served: provided - came, may: mayTake(account), owed: owedOf(account), beyond: 0 };
    this.#tap.takeBack();
  }

  /** The node said new terms. */
  termed(account: LinkAccount): void {
    this.#highest = Math.max(this.#highest, mayTake(account));
  }

  /** The node booked a payment of its own: what it leaves unpaid may be returned, and no more. */
  paying(paid: Ledger, paidRow: LinkRow): void {
    const { ledger, row } = this.#account ?? {};
    if (ledger !== paid || row !== paidRow) return;
    const unpaid = Math.max(0, -ledger.get(row, Column.balance) - ledger.get(row, Column.pending));
    this.#gone = Math.max(this.#gone, ledger.get(row, WENT) - ledger.get(row, CAME) - unpaid);
  }

  /** Looks at what came since the last look. What is wrong with it, in words; undefined: nothing. */
  look(account: LinkAccount, { provided, beyond: beyondNow }: ValueStep): string | undefined {
    const { ledger, row } = account;
    const last = this.#last;
    const [came, went] = [ledger.get(row, CAME), ledger.get(row, WENT)];
    const [taken, given, served] = [came - last.came, went - last.went, provided - came - last.served];
    const back = Math.min(taken, this.#tap.takeBack());
    const [may, owed, beyond] = [mayTake(account), owedOf(account), beyondNow - last.beyond];
    const most = Math.max(may, last.may, this.#highest);
    this.#highest = may;
    // The least that may have been owed when the first packet of this step came: it is answered in the same step.
    const before = Math.min(last.owed, owed - taken + given - served);
    const room = beyond + given + Math.max(0, most - before);
    // New value within trust may have used up what could have come back.
    if (taken > back && before - given <= most) this.#gone = Math.min(this.#gone, last.went - last.came - taken);
    this.came += taken;
    this.went += given;
    this.#last = { came, went, served: provided - came, may, owed, beyond: beyondNow };
    const figures = `${owed} owed, ${before} before, ${given} given, above ${most}`;
    if (taken - back > room) return `${taken - back} taken of new value, ${figures}`;
    if (taken > room && went - came + beyond < this.#gone) return `${back} taken back that was paid for, ${figures}`;
    // What came back, within trust or beyond it, is gone no more: as much may be sent, and returned, again.
    this.#gone = Math.min(this.#gone, went - came);
    return undefined;
  }
}

/** What a neighbour may owe after it brought value. */
function mayTake({ mine }: LinkAccount): number {
  return mine.newest?.valueAt ?? 0;
}

/** What is held for service under way is no debt yet. */
function owedOf(account: LinkAccount): number {
  return exposureOf(account) - account.ledger.get(account.row, Column.heldProvide);
}
