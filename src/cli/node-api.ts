import { existsSync, readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { SignedText } from '../chain/text-signing.ts';
import { ERRORS, type ErrorCode, type ErrorDetails, WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { LedgerQuery, LinkLedger } from '../node/link-ledger.ts';
import type { ChannelStatus, NodeStatus } from '../node/node.ts';
import type { CashPlanEntry } from '../settle/cash-judge.ts';
import type { CashedCheque } from '../settle/cashed-cheque.ts';
import { accessFile, CONFIG_NAME, configFile, configOption } from './node-folder.ts';

/** Options of the commands that talk to a running node. */
export interface ApiOptions {
  readonly config: string;
  readonly url?: string;
  readonly token?: string;
}

/** What became of a packet. */
export interface SentPacket {
  /** What its path takes; null where no way is known. */
  readonly quote?: number | null;
  readonly result: 'sent' | 'underfunded' | 'delivered' | 'answered' | 'unanswered' | 'refused' | 'lost';
  readonly sentUnits: number;
  readonly cameUnits: number;
  readonly costUnits: number;
  readonly replies: readonly { readonly value: number; readonly payload: string }[];
  readonly receipt?: { readonly reason: string; readonly refusedBy: string; readonly wanted: number };
  readonly delivery?: { readonly arrivedUnits: number; readonly signature: string };
}

/** A packet that came for the node. */
export interface CameIn {
  readonly id: string;
  readonly value: number;
  /** Base64. */
  readonly payload: string;
  readonly from?: string;
  readonly replyTo?: string;
}

/** What would be cashed. */
export interface CashPlanAnswer {
  readonly gasPriceWei: string;
  readonly cheques: readonly CashPlanEntry[];
}

/** What was cashed, and what not. */
export interface CashAnswer {
  readonly cashed: number;
  readonly cheques: readonly CashedChequeAnswer[];
}

/** What became of one cheque, amounts in wei. */
export type CashedChequeAnswer = Omit<CashedCheque, 'owedWei' | 'paidWei' | 'gasWei'> & {
  readonly owedWei: string;
  readonly paidWei: string;
  readonly gasWei?: string;
};

/** One chequebook of the node, amounts in wei. */
export interface ChequebookAnswer {
  readonly address: string;
  readonly current: boolean;
  readonly balanceWei: string;
  readonly paidOutWei: string;
  readonly promisedWei: string;
  readonly reservedWei: string;
  readonly freeWei: string;
  readonly withdrawalWei: string;
  readonly withdrawableAtS?: number;
}

/** A backup of large books takes a while; everything else is quick. */
const ANSWER_MS = 60_000;
/** What waits for a transaction to be mined: a little longer than the node itself does. */
const MINED_MS = 200_000;

/** Adds `--config`, `--url` and `--token`. */
export function withApiOptions(command: Command): Command {
  return command
    .addOption(configOption())
    .addOption(new Option('--url <url>', 'address of the API, in place of the one in the data folder'))
    .addOption(new Option('--token <token>', 'token of the API').env('WAYLEAVE_TOKEN'));
}

/** By what a node pays and is paid now, and what it was started for. */
interface MethodsAnswer {
  readonly methods: readonly string[];
  readonly configured: readonly string[];
}

/** The API of a running node, seen from a command. Every call throws `API_UNREACHABLE` or the node's own error. */
export class NodeApi {
  readonly url: string;
  readonly #token: string | undefined;

  private constructor(url: string, token: string | undefined) {
    this.url = url;
    this.#token = token;
  }

  /** By `--url`, else by the `api.json` beside the configuration. Throws `API_UNREACHABLE`, `CONFIG_NOT_FOUND`. */
  static find(options: ApiOptions, folder: string): NodeApi {
    if (options.url !== undefined) return new NodeApi(options.url.replace(/\/+$/, ''), options.token);
    const config = configFile(options.config, folder);
    const file = accessFile(config);
    try {
      const access = JSON.parse(readFileSync(file, 'utf8')) as { url: string; token: string };
      return new NodeApi(access.url, options.token ?? access.token);
    } catch (cause) {
      // A slip in what was typed: the file beside it was never asked for.
      const slip = options.config !== CONFIG_NAME && !existsSync(config);
      throw slip
        ? new WayleaveError('CONFIG_NOT_FOUND', { file: config }, cause)
        : new WayleaveError('API_UNREACHABLE', { file }, cause);
    }
  }

  async status(): Promise<NodeStatus> {
    return (await this.#call('GET', '/v1/status')) as NodeStatus;
  }

  async attest(neighbour: string): Promise<SignedText> {
    return (await this.#call('POST', '/v1/history/sign', { neighbour })) as SignedText;
  }

  async ledger({ neighbour, sinceMs, untilMs }: LedgerQuery): Promise<LinkLedger> {
    const path = `/v1/ledger?link=${neighbour}&since=${Math.floor(sinceMs)}&until=${Math.floor(untilMs)}`;
    return (await this.#call('GET', path)) as LinkLedger;
  }

  async backup(path: string): Promise<void> {
    await this.#call('POST', '/v1/backup', { path });
  }

  /** Units; null where no way is known. */
  async quote(to: string, bytes: number): Promise<number | null> {
    const { quote } = (await this.#call('GET', `/v1/packets/quote?to=${to}&bytes=${bytes}`)) as {
      quote: number | null;
    };
    return quote;
  }

  async sendPacket(order: object): Promise<SentPacket> {
    return (await this.#call('POST', '/v1/packets/send', order)) as SentPacket;
  }

  /** Packets as they arrive, until the node stops; undefined first: it listens now. */
  async *receive(signal: AbortSignal): AsyncGenerator<CameIn | undefined> {
    const response = await this.#fetch('POST', '/v1/packets/receive', { signal });
    if (!response.ok) throw refusal(await response.json(), this.url);
    let rest = '';
    for await (const text of (response.body ?? new ReadableStream<Uint8Array>()).pipeThrough(new TextDecoderStream())) {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield line === '' ? undefined : (JSON.parse(line) as CameIn);
    }
  }

  async settle(order: { neighbour?: string; aheadUnits: number }): Promise<void> {
    await this.#call('POST', '/v1/payments/settle', order);
  }

  async methods(): Promise<MethodsAnswer> {
    return (await this.#call('GET', '/v1/methods')) as MethodsAnswer;
  }

  async useMethods(methods: readonly string[]): Promise<MethodsAnswer> {
    return (await this.#call('POST', '/v1/methods', { methods })) as MethodsAnswer;
  }

  async cash(): Promise<CashAnswer> {
    return (await this.#call('POST', '/v1/cash', undefined, MINED_MS)) as CashAnswer;
  }

  async cashPlan(): Promise<CashPlanAnswer> {
    return (await this.#call('GET', '/v1/cash')) as CashPlanAnswer;
  }

  async chequebooks(): Promise<{ readonly chequebooks: readonly ChequebookAnswer[] }> {
    return (await this.#call('GET', '/v1/chequebook')) as { chequebooks: readonly ChequebookAnswer[] };
  }

  async orderChequebook(order: object): Promise<{ readonly chequebook: NodeId; readonly transaction: string }> {
    return (await this.#call('POST', '/v1/chequebook', order)) as { chequebook: NodeId; transaction: string };
  }

  async channels(): Promise<readonly ChannelStatus[]> {
    return ((await this.#call('GET', '/v1/channels')) as { channels: readonly ChannelStatus[] }).channels;
  }

  async closeChannel(neighbour: string, alone: boolean): Promise<ChannelStatus> {
    const answer = await this.#call('POST', '/v1/channels/close', { neighbour, alone }, MINED_MS);
    return (answer as { channel: ChannelStatus }).channel;
  }

  async withdrawFromChannel(order: object): Promise<{ readonly wei: string; readonly transaction: string }> {
    return (await this.#call('POST', '/v1/channels/withdraw', order, MINED_MS)) as { wei: string; transaction: string };
  }

  async servePackets(rule: object): Promise<object> {
    return (await this.#call('POST', '/v1/packets/serve', rule)) as object;
  }

  async #call(method: string, path: string, body?: object, answerMs = ANSWER_MS): Promise<unknown> {
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await this.#fetch(method, path, { signal: AbortSignal.timeout(answerMs), ...content });
    const answer = await this.#reached(() => response.json());
    if (!response.ok) throw refusal(answer, this.url);
    return answer;
  }

  #fetch(method: string, path: string, init: RequestInit): Promise<Response> {
    const headers = this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` };
    return this.#reached(() => fetch(`${this.url}${path}`, { method, headers, ...init }));
  }

  async #reached<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (cause) {
      throw new WayleaveError('API_UNREACHABLE', { url: this.url }, cause);
    }
  }
}

/** The node's own words, if they are ours. */
function refusal(answer: unknown, url: string): WayleaveError {
  const { code = '', details } = (answer ?? {}) as { code?: string; details?: ErrorDetails };
  return Object.hasOwn(ERRORS, code)
    ? new WayleaveError(code as ErrorCode, details)
    : new WayleaveError('API_UNREACHABLE', { url, answered: 'something else than a node' });
}
