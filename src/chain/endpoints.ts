import type { Clock } from '../core/clock.ts';
import { codeOf, type ErrorCode, WayleaveError } from '../core/errors.ts';
import { createRpc, hexData, quantity, type Rpc, type RpcOutcome, rpcFailed } from './json-rpc.ts';
import { count, MAX_ENDPOINTS, type Question, type Vote } from './quorum.ts';

export interface EndpointsOptions {
  /** JSON-RPC endpoints, the best first. */
  readonly urls: readonly string[];
  readonly chainId: number;
  /** So many must say the same before money depends on it: 1, or more than half of them. Default 1. */
  readonly quorum?: number | undefined;
  /** How long one call may take at one endpoint. */
  readonly callTimeoutMs: number;
  readonly clock: Clock;
}

/** An endpoint was left out, for the reason of its code; or, without one, is asked again. */
export interface EndpointNews {
  readonly host: string;
  readonly code: ErrorCode | '';
}

/** The block from which one look at the chain counts. */
export interface Head {
  readonly number: bigint;
  readonly hash: string;
}

/** An endpoint that does not answer is asked again so soon. */
const OUT_MS = 30_000;
/** One that serves another chain, or said what a quorum denies, is not asked so soon: somebody has to look at it. */
const WRONG_OUT_MS = 600_000;
/** By these an endpoint says that it will not answer now, or does not offer the method. Another may. */
const BUSY_CODES = new Set([-32005, -32601, -32016, -32097, 429]);
const BUSY_WORDS = /rate limit|too many requests|limit exceeded|method not (?:found|offered|available)/i;

interface Endpoint {
  readonly rpc: Rpc;
  readonly host: string;
  /** It said that it serves the right chain, and has answered ever since. */
  checked: boolean;
  outUntilMs: number;
  reason: ErrorCode | '';
}

/**
 * Several endpoints of one chain as one. A call goes to the first that is in order; one that does not answer, is busy,
 * serves another chain or said what a quorum denies is left out for a while, and told. None is left out for good: when
 * all are out, all are asked. Where none answers, calls throw what the best of them threw.
 */
export class Endpoints implements Rpc {
  /** Told when an endpoint is left out and when it is back. */
  told: ((news: EndpointNews) => void) | undefined;
  readonly #options: EndpointsOptions;
  readonly #all: readonly Endpoint[];
  readonly #quorum: number;
  #closed = false;

  /** Throws `CONFIG_INVALID` for a URL that is none, and for a quorum that two different answers could both reach. */
  constructor(options: EndpointsOptions) {
    const { urls, callTimeoutMs, quorum = 1 } = options;
    if (urls.length === 0 || urls.length > MAX_ENDPOINTS) throw new WayleaveError('CONFIG_INVALID', { key: 'rpc' });
    const clear = quorum === 1 || (quorum * 2 > urls.length && quorum <= urls.length);
    if (!clear) throw new WayleaveError('CONFIG_INVALID', { key: 'quorum' });
    this.#options = options;
    this.#quorum = quorum;
    this.#all = urls.map((url) => {
      const rpc = createRpc(url, callTimeoutMs);
      return { rpc, host: new URL(url).host, checked: false, outUntilMs: Number.NEGATIVE_INFINITY, reason: '' };
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
    for (const { rpc } of this.#all) rpc.close();
  }

  async call(method: string, params: readonly unknown[]): Promise<RpcOutcome> {
    let failure: unknown;
    let busy: RpcOutcome | undefined;
    for (const endpoint of this.#inOrder()) {
      try {
        const outcome = await this.#at(endpoint, method, params);
        if (!isBusy(outcome)) return outcome;
        busy ??= outcome;
        this.#leaveOut(endpoint, 'RPC_FAILED', OUT_MS);
      } catch (error) {
        failure ??= error;
        if (this.#closed) break;
      }
    }
    if (busy !== undefined) return busy;
    throw failure;
  }

  async ask(method: string, params: readonly unknown[]): Promise<unknown> {
    const outcome = await this.call(method, params);
    if ('error' in outcome) throw rpcFailed(method, outcome.error);
    return outcome.result;
  }

  async askQuantity(method: string, params: readonly unknown[]): Promise<bigint> {
    return quantity(await this.ask(method, params), method);
  }

  /** Tells every endpoint. The first that takes it is enough; else what the first said against it. */
  async tellAll(method: string, params: readonly unknown[]): Promise<RpcOutcome> {
    let failure: unknown;
    let refused: RpcOutcome | undefined;
    return await new Promise((resolve, reject) => {
      const telling = this.#inOrder().map(async (endpoint) => {
        try {
          const outcome = await this.#at(endpoint, method, params);
          if ('error' in outcome) refused ??= outcome;
          else resolve(outcome);
        } catch (error) {
          failure ??= error;
        }
      });
      void Promise.all(telling).then(() => (refused === undefined ? reject(failure) : resolve(refused)));
    });
  }

  /**
   * What a quorum says; undefined when it is not known to as many. Who says something else is left out. Throws
   * `RPC_DISAGREES` where no answer is given often enough.
   */
  async agreed<Answer>(question: Question<Answer>): Promise<Answer | undefined> {
    if (this.#quorum === 1) return question.read(await this.call(question.method, question.params));
    const asked = this.#inOrder();
    const votes: Vote<Answer>[] = [];
    return await new Promise((resolve, reject) => {
      const decide = (vote: Vote<Answer>): void => {
        votes.push(vote);
        const verdict = count(votes, this.#quorum, asked.length);
        if (verdict === undefined) return;
        if ('failure' in verdict) return reject(verdict.failure);
        // Also those whose answer comes after all was decided.
        for (const place of verdict.against) this.#leaveOut(asked[place] as Endpoint, 'RPC_DISAGREES', WRONG_OUT_MS);
        resolve(verdict.answer);
      };
      for (const [place, endpoint] of asked.entries()) {
        this.#at(endpoint, question.method, question.params)
          .then(question.read)
          .then(
            (answer) => decide({ place, answer }),
            (failure: unknown) => decide({ place, failure }),
          );
      }
    });
  }

  /** True when any endpoint, also one left out, answers with something. Throws when one of those in order does not answer. */
  async knownSomewhere(method: string, params: readonly unknown[]): Promise<boolean> {
    const good = this.#inOrder().filter(({ reason }) => reason === '');
    const asked = this.#all.map(async (endpoint) => {
      try {
        const outcome = await this.#at(endpoint, method, params);
        return 'result' in outcome && outcome.result !== null && outcome.result !== undefined;
      } catch (error) {
        if (good.includes(endpoint)) throw error;
        return false;
      }
    });
    return (await Promise.all(asked)).includes(true);
  }

  /**
   * Where to look so that all see the same: without a quorum the newest block, else the newest that one has. `depth`: the
   * block that so many blocks stand on, itself included.
   */
  async place(depth = 1): Promise<string> {
    if (this.#quorum === 1 && depth <= 1) return 'latest';
    const number = (await this.head()).number - BigInt(depth - 1);
    return `0x${(number > 0n ? number : 0n).toString(16)}`;
  }

  /** The newest block that a quorum has. Throws `RPC_DISAGREES` when they are on different forks. */
  async head(): Promise<Head> {
    const method = 'eth_getBlockByNumber';
    const read = (outcome: RpcOutcome): Head | undefined => {
      if ('error' in outcome) throw rpcFailed(method, outcome.error);
      if (outcome.result === null) return undefined;
      const { number, hash } = outcome.result as { readonly number?: unknown; readonly hash?: unknown };
      return { number: quantity(number, method), hash: hexData(hash, method) };
    };
    const at = this.#quorum === 1 ? 'latest' : `0x${(await this.#reached()).toString(16)}`;
    const head = await this.agreed({ method, params: [at, false], read });
    if (head === undefined) throw new WayleaveError('RPC_FAILED', { method, answer: 'no such block' });
    return head;
  }

  /** The highest number that as many as the quorum have reached. */
  async #reached(): Promise<bigint> {
    let failure: unknown;
    const heights = await Promise.all(
      this.#inOrder().map(async (endpoint) => {
        try {
          const outcome = await this.#at(endpoint, 'eth_blockNumber', []);
          if ('error' in outcome) throw rpcFailed('eth_blockNumber', outcome.error);
          return [quantity(outcome.result, 'eth_blockNumber')];
        } catch (error) {
          failure ??= error;
          return [];
        }
      }),
    );
    const known = heights.flat().sort((a, b) => (a < b ? 1 : a > b ? -1 : 0));
    const height = known[this.#quorum - 1];
    if (height === undefined) throw failure;
    return height;
  }

  /** Those in order, the best first; where they are fewer than the quorum, also those left out, the oldest first. */
  #inOrder(): readonly Endpoint[] {
    const nowMs = this.#options.clock.nowMs();
    const good = this.#all.filter(({ outUntilMs }) => outUntilMs <= nowMs);
    if (good.length >= this.#quorum && this.#quorum > 1) return good;
    const out = this.#all.filter(({ outUntilMs }) => outUntilMs > nowMs);
    return [...good, ...out.sort((a, b) => a.outUntilMs - b.outUntilMs)];
  }

  /** One call at one endpoint, which is first asked which chain it serves. */
  async #at(endpoint: Endpoint, method: string, params: readonly unknown[]): Promise<RpcOutcome> {
    try {
      if (!endpoint.checked) await this.#check(endpoint);
      const outcome = await endpoint.rpc.call(method, params);
      this.#back(endpoint);
      return outcome;
    } catch (error) {
      const code = codeOf(error) ?? 'RPC_UNREACHABLE';
      // What answers at this address next may be something else.
      endpoint.checked = false;
      if (code !== 'CHAIN_CLOSED') this.#leaveOut(endpoint, code, code === 'CHAIN_WRONG' ? WRONG_OUT_MS : OUT_MS);
      throw error;
    }
  }

  async #check(endpoint: Endpoint): Promise<void> {
    const actual = Number(await endpoint.rpc.askQuantity('eth_chainId', []));
    const { chainId } = this.#options;
    if (actual !== chainId)
      throw new WayleaveError('CHAIN_WRONG', { actual, configured: chainId, host: endpoint.host });
    endpoint.checked = true;
  }

  #leaveOut(endpoint: Endpoint, code: ErrorCode, forMs: number): void {
    const outUntilMs = this.#options.clock.nowMs() + forMs;
    if (outUntilMs > endpoint.outUntilMs) endpoint.outUntilMs = outUntilMs;
    if (endpoint.reason === code) return;
    endpoint.reason = code;
    this.told?.({ host: endpoint.host, code });
  }

  /** An answer ends the absence of one that did not answer; who lied stays out for as long as was said. */
  #back(endpoint: Endpoint): void {
    if (endpoint.reason === '') return;
    const over = endpoint.outUntilMs <= this.#options.clock.nowMs();
    if (!over && endpoint.reason !== 'RPC_UNREACHABLE') return;
    endpoint.outUntilMs = Number.NEGATIVE_INFINITY;
    endpoint.reason = '';
    this.told?.({ host: endpoint.host, code: '' });
  }
}

function isBusy(outcome: RpcOutcome): boolean {
  if (!('error' in outcome)) return false;
  const { code, message } = outcome.error;
  return BUSY_CODES.has(code) || BUSY_WORDS.test(message);
}
