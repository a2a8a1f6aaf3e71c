import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { ChequebookFacts } from './chain.ts';
import { type ChequebookPlace, type FactoryFacts, loadEncoding } from './encoding.ts';
import type { Endpoints } from './endpoints.ts';
import { type Hex, hexData, type RpcOutcome } from './json-rpc.ts';
import { refusal } from './receipts.ts';

export interface ContractViewOptions {
  readonly rpc: Endpoints;
  readonly factory: NodeId;
  /** What amounts are counted in; `COIN` for native coin. */
  readonly token: NodeId;
}

/** Reads what contracts say, each as of one block. Changes nothing. */
export class ContractView {
  readonly #options: ContractViewOptions;

  constructor(options: ContractViewOptions) {
    this.#options = options;
  }

  /** Throws `TOKEN_MISSING`. */
  async tokenBalance(account: NodeId): Promise<bigint> {
    const { token } = this.#options;
    const answer = await this.#view(token, (await loadEncoding()).balanceOf(account));
    // A word, or nothing where no code stands.
    if (answer === undefined || answer.length !== 66) throw new WayleaveError('TOKEN_MISSING', { token });
    return BigInt(answer);
  }

  /** How much of the token a contract may take from an account. Throws `TOKEN_MISSING`. */
  async allowance(owner: NodeId, spender: NodeId): Promise<bigint> {
    const { token } = this.#options;
    const answer = await this.#view(token, (await loadEncoding()).allowance(owner, spender));
    if (answer === undefined || answer.length !== 66) throw new WayleaveError('TOKEN_MISSING', { token });
    return BigInt(answer);
  }

  /** See the port. */
  async chequebook(address: NodeId, beneficiary: NodeId, depth?: number): Promise<ChequebookFacts | undefined> {
    const facts = await this.#factoryFacts(address, beneficiary, depth);
    if (!facts.hasCode) return undefined;
    return {
      // One in another token would count its units as wei.
      fromFactory: facts.fromFactory && facts.token === this.#options.token,
      issuer: facts.issuer,
      balanceWei: facts.balance,
      paidOutWei: facts.paidOut,
      bounced: facts.bounced,
      availableWei: facts.available,
      reservedWei: facts.reserved,
      totalPaidOutWei: facts.totalPaidOut,
      withdrawalWei: facts.withdrawalAmount,
      ...(facts.withdrawableAt === 0n ? {} : { withdrawableAtS: Number(facts.withdrawableAt) }),
    };
  }

  /** Where a chequebook of these terms stands or will stand, and the transaction that deployed it where it does. */
  async placeOf(
    place: ChequebookPlace,
  ): Promise<{ readonly address: NodeId; readonly deployedBy: string | undefined }> {
    const encoding = await loadEncoding();
    const address = encoding.readAddress(await this.askFactory(encoding.foretell(place)));
    if (address === undefined) throw this.#notFactory();
    const { fromFactory } = await this.#factoryFacts(address, place.issuer);
    return { address, deployedBy: fromFactory ? await this.#deploymentOf(address) : undefined };
  }

  /** What each cheque of a batch would be paid now. */
  async foresee(batch: Hex): Promise<readonly bigint[]> {
    const paid = (await loadEncoding()).readPaid(await this.askFactory(batch));
    if (paid === undefined) throw this.#notFactory();
    return paid;
  }

  async #factoryFacts(chequebook: NodeId, beneficiary: NodeId, depth?: number): Promise<FactoryFacts> {
    const encoding = await loadEncoding();
    const data = encoding.facts(chequebook, this.#options.token, beneficiary);
    const facts = encoding.readFacts(await this.askFactory(data, depth));
    if (facts === undefined) throw this.#notFactory();
    return facts;
  }

  /** What the factory answers, as of the block that `depth` blocks stand on. Throws `CHAIN_NOT_FACTORY`. */
  async askFactory(data: Hex, depth = 1): Promise<Hex> {
    const answer = await this.#view(this.#options.factory, data, depth);
    // Another contract stands there and refuses what it does not know.
    if (answer === undefined) throw this.#notFactory();
    return answer;
  }

  #notFactory(): WayleaveError {
    return new WayleaveError('CHAIN_NOT_FACTORY', { factory: this.#options.factory });
  }

  /** What a contract answers; undefined when it reverts. */
  async #view(to: NodeId, data: Hex, depth = 1): Promise<Hex | undefined> {
    const { rpc } = this.#options;
    const method = 'eth_call';
    const read = (outcome: RpcOutcome): Hex | 'reverted' => {
      if ('result' in outcome) return hexData(outcome.result, method);
      const error = refusal(method, outcome.error);
      if (error.code === 'TRANSACTION_REVERTED') return 'reverted';
      throw error;
    };
    const answer = await rpc.agreed({ method, params: [{ to, data }, await rpc.place(depth)], read });
    return answer === 'reverted' ? undefined : answer;
  }

  /** The transaction of an earlier deployment, found by its event. */
  async #deploymentOf(chequebook: NodeId): Promise<string> {
    const { deployedTopics } = await loadEncoding();
    const topics = deployedTopics(chequebook);
    const filter = { address: this.#options.factory, topics, fromBlock: 'earliest', toBlock: 'latest' };
    const logs = await this.#options.rpc.ask('eth_getLogs', [filter]);
    const first = (Array.isArray(logs) ? logs : [])[0] as { readonly transactionHash?: unknown } | undefined;
    return hexData(first?.transactionHash, 'eth_getLogs');
  }
}
