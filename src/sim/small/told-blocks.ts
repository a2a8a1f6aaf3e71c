import type { Chain, IncomingPayment } from '../../chain/chain.ts';
import type { NodeId } from '../../core/node-id.ts';
import { SmallChain } from './small-chain.ts';

/** Blocks as a story tells them: which payments stand in which of them, on which branch. */
export class ToldBlocks {
  #number: number;
  #branch = 0;
  #incoming: readonly IncomingPayment[] = [];

  constructor(number: number) {
    this.#number = number;
  }

  get number(): number {
    return this.#number;
  }

  grow(blocks = 1): void {
    this.#number += blocks;
  }

  /** Another branch wins: every hash changes, and payments stand where `moved` says, or nowhere. */
  branch(moved: Readonly<Record<string, number>> = {}): void {
    this.#branch += 1;
    this.#incoming = this.#incoming.flatMap((each) => {
      const block = moved[each.transaction];
      return block === undefined ? [] : [{ ...each, block }];
    });
  }

  /** A payment stands in the newest block. */
  pays(from: NodeId, transaction: string, wei: bigint, block = this.#number): void {
    this.#incoming = [...this.#incoming, { from, transaction, index: 0, wei, block }];
  }

  /** As a node sees them. It can ask nothing else. */
  port(): Chain {
    const hash = (number: number): string => `${this.#branch}/${number}`;
    return {
      ...new SmallChain(new Map()).port(),
      head: () => Promise.resolve({ number: BigInt(this.#number), hash: hash(this.#number) }),
      blockHash: (number) => Promise.resolve(number <= this.#number ? hash(number) : undefined),
      incoming: (from, to) => Promise.resolve(this.#incoming.filter(({ block }) => block >= from && block <= to)),
    };
  }
}
