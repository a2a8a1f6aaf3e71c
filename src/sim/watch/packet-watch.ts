import { Column } from '../../core/ledger/columns.ts';
import { serviceColumn } from '../../core/service.ts';
import type { SimNode } from '../sim-node.ts';
import { BrokenRule } from './broken-rule.ts';

/** One node's value packets in its present life, and over its former ones. Units. */
interface Watched {
  life: number;
  /** In less out, as its disk had it when it started. */
  before: number;
  /** In less out since then, and what of it stays: kept, waiting, its own. */
  passed: number;
  income: number;
  /** The same of all lives that ended; and what their crashes forgot. */
  earlier: number;
  forgot: number;
}

const { packets: PACKETS } = serviceColumn;

/**
 * Nothing is created: what packets bring to a node is what leaves it, what it keeps and what is its own. Read from the
 * cells of the ledger on the one side and from what the node says of itself on the other.
 */
export class PacketWatch {
  readonly #nodes: readonly SimNode[];
  readonly #watched = new Map<SimNode, Watched>();

  constructor(nodes: readonly SimNode[]) {
    this.#nodes = nodes;
  }

  /** A life begins with what is on its disk. */
  born(node: SimNode): void {
    let before = 0;
    for (const { consumed, provided } of node.disk.state.links) before += provided[PACKETS] - consumed[PACKETS];
    const last = this.#watched.get(node);
    const earlier = (last?.earlier ?? 0) + (last?.income ?? 0);
    const forgot = (last?.forgot ?? 0) + (last === undefined ? 0 : last.before + last.passed - before);
    this.#watched.set(node, { life: node.lives, before, passed: 0, income: 0, earlier, forgot });
  }

  /** Its process died, perhaps in the middle of a packet: only its books are whole then. */
  died(node: SimNode): void {
    const watched = this.#watched.get(node);
    if (watched === undefined || watched.life !== node.lives) return;
    watched.passed = this.#net(node) - watched.before;
    watched.income = watched.passed;
  }

  /** Throws `BrokenRule`. */
  look(node: SimNode): void {
    const watched = this.#watched.get(node);
    const status = node.node?.packets?.status;
    if (watched === undefined || status === undefined || watched.life !== node.lives) return;
    const { fees, originatorCost, queued, tolls, unclaimed } = status;
    watched.passed = this.#net(node) - watched.before;
    watched.income = tolls + fees + unclaimed + queued - originatorCost;
    if (watched.passed === watched.income) return;
    const what = `tolls ${tolls}, fees ${fees}, unclaimed ${unclaimed}, queued ${queued}, cost ${originatorCost}`;
    throw new BrokenRule('value-kept', `${node.name}: packets left ${watched.passed} there, it says ${what}`);
  }

  /** In less out, over all its links. */
  #net(node: SimNode): number {
    let net = 0;
    for (const { id } of this.#nodes) {
      const account = node.accountOf(id);
      if (account === undefined) continue;
      const { ledger, row } = account;
      net += ledger.get(row, Column.provided + PACKETS) - ledger.get(row, Column.consumed + PACKETS);
    }
    return net;
  }

  /**
   * All that originators sent was kept, came back, or is shown as lost: in write-offs, or forgotten in a crash by who had
   * it. Only where all pairs agree, and all are honest. Throws `BrokenRule`.
   */
  total(): void {
    let [made, shown] = [0, 0];
    for (const node of this.#nodes) {
      const watched = this.#watched.get(node);
      if (watched === undefined) continue;
      this.look(node);
      made += watched.earlier + watched.income;
      shown += watched.forgot - this.#writtenOff(node);
    }
    if (made !== shown) throw new BrokenRule('value-conserved', `all together made ${made}, books show ${shown}`);
  }

  #writtenOff(node: SimNode): number {
    let sum = 0;
    for (const { id } of this.#nodes) {
      const account = node.accountOf(id);
      if (account === undefined) continue;
      const { ledger, row } = account;
      sum +=
        ledger.get(row, Column.providedCorrection + PACKETS) - ledger.get(row, Column.consumedCorrection + PACKETS);
    }
    return sum;
  }
}
