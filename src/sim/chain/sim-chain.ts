import type { Chain } from '../../chain/chain.ts';
import type { Signer } from '../../chain/signer.ts';
import type { NodeId } from '../../core/node-id.ts';
import type { Coverage } from '../coverage.ts';
import type { Life } from '../life.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { Timeline } from '../timeline.ts';
import { type Endpoint, SOUND } from './endpoint-view.ts';
import { SimBlockChain } from './sim-block-chain.ts';
import { SimChainPort, type SimChainPortOptions } from './sim-chain-port.ts';
import {
  announceCall,
  type ContractCall,
  chequebookAddress,
  type Deployment,
  deployCall,
  withdrawCall,
} from './sim-contracts.ts';

export interface SimChainOptions {
  readonly timeline: Timeline;
  readonly random: SeededRandom;
  readonly coverage?: Coverage;
  /** Default 1337, as the embedded chain. */
  readonly chainId?: number;
}

/**
 * A chain for a whole world: accounts, chequebooks and blocks, with the faults of chains and of their endpoints. Cheques
 * are really verified. Faults are set from outside, at any moment, here and on `blocks`; they hold until set back.
 */
export class SimChain {
  readonly chainId: number;
  readonly timeline: Timeline;
  readonly coverage: Coverage | undefined;
  /** Blocks: their pace, the price of gas, transactions that revert or are lost, reorganisations. */
  readonly blocks: SimBlockChain;
  /** Time between blocks where nothing is wrong with them; the depth of a reorganisation that nobody need fear. */
  usualBlockMs = 0;
  deepest = 4;
  /** Every endpoint is down. */
  dead = false;
  /** How long every endpoint takes to answer. */
  latencyMs = 0;
  readonly #endpoints = new Map<NodeId, Endpoint>();

  constructor({ timeline, random, coverage, chainId = 1337 }: SimChainOptions) {
    this.chainId = chainId;
    this.timeline = timeline;
    this.coverage = coverage;
    this.blocks = new SimBlockChain({ timeline, random, coverage });
  }

  /** The chain port for one life of the node with this key. */
  port(life: Life, signer: Signer, options: SimChainPortOptions = {}): Chain {
    return new SimChainPort(this, life, signer, options);
  }

  /** The endpoint one node asks, through all its lives. */
  endpoint(id: NodeId): Endpoint {
    const known = this.#endpoints.get(id) ?? { ...SOUND };
    this.#endpoints.set(id, known);
    return known;
  }

  /** Coin from nowhere, as the first block of a chain has it. */
  fund(id: NodeId, wei: bigint): void {
    this.blocks.fund(id, wei);
  }

  /** Deploys a chequebook of any kind for its owner; returns where it will stand. What an owner does without a node. */
  deploy(deployment: Deployment): NodeId {
    this.#send(deployCall(deployment));
    return chequebookAddress(deployment);
  }

  /** The owner announces a withdrawal; 0 takes it back. */
  announceWithdrawal(owner: NodeId, chequebook: NodeId, wei: bigint): void {
    this.#send(announceCall(owner, chequebook, wei));
  }

  /** The owner takes what was announced. Has no effect but gas before the freeze period is over. */
  withdraw(owner: NodeId, chequebook: NodeId): void {
    this.#send(withdrawCall(owner, chequebook));
  }

  /** Throws `INVARIANT_BROKEN` when coin was made or lost. Every block does it by itself. */
  audit(): void {
    this.blocks.state.audit();
  }

  #send(call: ContractCall): void {
    this.blocks.send(this.blocks.sign(call));
  }
}
