import type { ChequebookFacts, IncomingPayment } from '../../chain/chain.ts';
import type { Head } from '../../chain/endpoints.ts';
import type { NodeId } from '../../core/node-id.ts';
import type { Coverage } from '../coverage.ts';
import type { MinedTransaction, SimBlockChain } from './sim-block-chain.ts';
import { hashOf } from './sim-contracts.ts';

/** What may be wrong with the endpoint of one node. */
export interface Endpoint {
  /** Every call is refused. */
  dead: boolean;
  /** Added to every answer; from 10 s on the caller gives up, though what it asked for is done. */
  latencyMs: number;
  /** It says of chequebooks that they hold a thousand times as much, were never drawn on and never bounced. */
  lies: boolean;
  /** It is one of several, and the others say something else: what money depends on is not answered. */
  disagrees: boolean;
  /** It stands still on another branch, which differs from here on. Shallower than any confirmations asked for. */
  fork: { readonly from: number; readonly head: number } | undefined;
}

export const SOUND: Readonly<Endpoint> = { dead: false, latencyMs: 0, lies: false, disagrees: false, fork: undefined };

const EXAGGERATION = 1_000n;

/** The blocks as one endpoint tells of them. */
export class EndpointView {
  readonly #blocks: SimBlockChain;
  readonly #endpoint: Endpoint;
  readonly #coverage: Coverage | undefined;

  constructor(blocks: SimBlockChain, endpoint: Endpoint, coverage: Coverage | undefined) {
    this.#blocks = blocks;
    this.#endpoint = endpoint;
    this.#coverage = coverage;
  }

  head(): Head {
    const { fork } = this.#endpoint;
    const number = fork?.head ?? this.#blocks.number;
    if (fork !== undefined) this.#coverage?.count('chain.forked');
    return { number: BigInt(number), hash: this.blockHash(number) ?? '' };
  }

  blockHash(number: number): string | undefined {
    const { fork } = this.#endpoint;
    if (fork !== undefined && number > fork.head) return undefined;
    const hash = this.#blocks.blockHash(number);
    return fork === undefined || hash === undefined || number < fork.from ? hash : hashOf(`other ${hash}`);
  }

  /** Undefined while one of the blocks is not known. */
  incoming(payee: NodeId, fromBlock: number, toBlock: number): readonly IncomingPayment[] | undefined {
    const { fork } = this.#endpoint;
    if (toBlock > (fork?.head ?? this.#blocks.number)) return undefined;
    const last = fork === undefined ? toBlock : Math.min(toBlock, fork.from - 1);
    return this.#blocks.state.paymentsTo(payee, fromBlock, last);
  }

  receipt(hash: string): MinedTransaction | undefined {
    const { fork } = this.#endpoint;
    const mined = this.#blocks.receipt(hash);
    return fork !== undefined && mined !== undefined && mined.block >= fork.from ? undefined : mined;
  }

  /** Facts of a chequebook as they are told. */
  told(facts: ChequebookFacts | undefined): ChequebookFacts | undefined {
    if (!this.#endpoint.lies || facts?.fromFactory !== true) return facts;
    this.#coverage?.count('chain.lied');
    const balanceWei = (facts.balanceWei + 1n) * EXAGGERATION;
    return { ...facts, balanceWei, availableWei: balanceWei, bounced: false };
  }
}
