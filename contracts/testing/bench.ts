import assert from 'node:assert/strict';
import {
  type Abi,
  decodeErrorResult,
  decodeEventLog,
  decodeFunctionResult,
  encodeDeployData,
  encodeFunctionData,
} from 'viem';
import { readArtifact } from '../../src/chain/artifacts.ts';
import { createDevChain, type DevChain } from '../../src/chain/dev-chain.ts';
import { createSigner, type Signer } from '../../src/chain/signer.ts';
import type { NodeId } from '../../src/core/node-id.ts';
import { type FixtureName, fixture } from './fixtures.ts';

export type Hex = `0x${string}`;

export const CHAIN_ID = 1337;
export const DAY_S = 86_400;
export const WEEK_S = 7 * DAY_S;
/** Native coin where a token is asked for, and nobody where a person is. */
export const ZERO: NodeId = `0x${'0'.repeat(40)}`;

/** Accounts of the contract tests. `stranger` has nothing to do with any contract. */
export const issuer: Signer = createSigner(new Uint8Array(32).fill(1));
export const forger: Signer = createSigner(new Uint8Array(32).fill(2));
export const owner: NodeId = `0x${'0a'.repeat(20)}`;
export const stranger: NodeId = `0x${'0b'.repeat(20)}`;
export const beneficiaries: readonly NodeId[] = ['c1', 'c2', 'c3'].map((byte) => `0x${byte.repeat(20)}`);

export interface Call {
  readonly from: NodeId;
  readonly to?: NodeId | undefined;
  readonly data?: Hex;
  readonly wei?: bigint;
}

/** What came of a transaction: events by name, or the name of the error it reverted with. */
export interface Outcome {
  readonly error?: string;
  readonly events: readonly { readonly name: string; readonly args: Readonly<Record<string, unknown>> }[];
  readonly gas: bigint;
  readonly created?: NodeId;
}

export const BOOK_ABI = readArtifact('Chequebook').abi as unknown as Abi;
export const CHANNEL_ABI = readArtifact('Channel').abi as unknown as Abi;
export const FACTORY_ABI = readArtifact('WayleaveFactory').abi as unknown as Abi;
const ALL_ABIS = [...BOOK_ABI, ...CHANNEL_ABI, ...FACTORY_ABI] as Abi;
/** The token calls the tests make; all fixtures share them. */
export const TOKEN_ABI = [
  ...['mint', 'transfer', 'approve'].map((name) => ({
    type: 'function' as const,
    name,
    stateMutability: 'nonpayable' as const,
    inputs: [
      { name: 'to', type: 'address' },
      { name: 'amount', type: 'uint256' },
    ],
    outputs: [],
  })),
  {
    type: 'function',
    name: 'balanceOf',
    stateMutability: 'view',
    inputs: [{ name: 'of', type: 'address' }],
    outputs: [{ name: '', type: 'uint256' }],
  },
] as const satisfies Abi;

interface RpcReceipt {
  readonly status: Hex;
  readonly gasUsed: Hex;
  readonly contractAddress: Hex | null;
  readonly logs: readonly { readonly data: Hex; readonly topics: [Hex, ...Hex[]] }[];
}

/** A fresh chain with every account above rich; senders need no keys. */
export async function openBench(chainId = CHAIN_ID): Promise<Bench> {
  const funded = [owner, stranger, issuer.id, forger.id, ...beneficiaries].map((id) => [id, 10n ** 24n] as const);
  return new Bench(await createDevChain({ chainId, funded: new Map(funded) }));
}

export class Bench {
  readonly chain: DevChain;
  readonly #impersonated = new Set<NodeId>();
  #nonce = 0n;

  constructor(chain: DevChain) {
    this.chain = chain;
  }

  async rpc(method: string, params: readonly unknown[]): Promise<unknown> {
    const outcome = await this.chain.request(method, params);
    assert.ok(!('error' in outcome), `${method}: ${JSON.stringify(outcome)}`);
    return outcome.result;
  }

  /** Tries the call, then mines it either way. `atS` sets the time of its block. */
  async send(call: Call, atS?: number): Promise<Outcome> {
    if (atS !== undefined) await this.rpc('evm_setNextBlockTimestamp', [`0x${atS.toString(16)}`]);
    const transaction = { ...(await this.#ready(call)), gas: '0x989680' };
    const error = await this.#foreseen(transaction);
    const hash = await this.rpc('eth_sendTransaction', [transaction]);
    const receipt = (await this.rpc('eth_getTransactionReceipt', [hash])) as RpcReceipt;
    const gas = BigInt(receipt.gasUsed);
    assert.equal(receipt.status, error === undefined ? '0x1' : '0x0', `foreseen: ${error}`);
    if (error !== undefined) return { error, events: [], gas };
    const created = receipt.contractAddress?.toLowerCase();
    return { events: receipt.logs.flatMap(eventOf), gas, ...(created === undefined ? {} : { created }) };
  }

  /** As `send`, of what must work. */
  async must(call: Call, atS?: number): Promise<Outcome> {
    const outcome = await this.send(call, atS);
    assert.equal(outcome.error, undefined);
    return outcome;
  }

  async read<T>(to: NodeId, abi: Abi, functionName: string, args: readonly unknown[] = []): Promise<T> {
    const data = encodeFunctionData({ abi, functionName, args });
    const result = await this.rpc('eth_call', [{ to, data }, 'latest']);
    return decodeFunctionResult({ abi, functionName, data: result as Hex }) as T;
  }

  /** What an account has in coin or in a token. */
  async balance(of: NodeId, token = ZERO): Promise<bigint> {
    if (token !== ZERO) return this.read(token, TOKEN_ABI, 'balanceOf', [of]);
    return BigInt((await this.rpc('eth_getBalance', [of, 'latest'])) as Hex);
  }

  async nowS(): Promise<number> {
    const block = (await this.rpc('eth_getBlockByNumber', ['latest', false])) as { timestamp: Hex };
    return Number(block.timestamp);
  }

  async deploy(name: FixtureName | 'WayleaveFactory', args: readonly unknown[] = []): Promise<NodeId> {
    const { abi, bytecode } = name === 'WayleaveFactory' ? readArtifact(name) : await fixture(name);
    const data = encodeDeployData({ abi: abi as unknown as Abi, bytecode, args });
    return (await this.must({ from: stranger, data })).created ?? ZERO;
  }

  /** Gives `to` coin or tokens from nowhere. */
  async give(to: NodeId, amount: bigint, token = ZERO): Promise<void> {
    if (amount === 0n) return;
    if (token === ZERO) await this.must({ from: stranger, to, wei: amount });
    else await this.must({ from: stranger, to: token, data: tokenCall('mint', [to, amount]) });
  }

  /** Another for each contract of this bench, whatever other tests do: addresses, and so gas, are the same every time. */
  nextNonce(): bigint {
    this.#nonce += 1n;
    return this.#nonce;
  }

  async #ready({ from, to, data = '0x', wei = 0n }: Call): Promise<object> {
    if (!this.#impersonated.has(from)) await this.rpc('hardhat_impersonateAccount', [from]);
    this.#impersonated.add(from);
    return { from, to, data, value: `0x${wei.toString(16)}` };
  }

  /** The error a transaction is about to revert with, if it is. */
  async #foreseen(transaction: object): Promise<string | undefined> {
    const outcome = await this.chain.request('eth_call', [transaction, 'pending']);
    if (!('error' in outcome)) return undefined;
    return nameOfError((outcome.error.data as { data?: Hex } | undefined)?.data);
  }
}

export function bookCall(functionName: string, args: readonly unknown[] = []): Hex {
  return encodeFunctionData({ abi: BOOK_ABI, functionName, args });
}

export function channelCall(functionName: string, args: readonly unknown[] = []): Hex {
  return encodeFunctionData({ abi: CHANNEL_ABI, functionName, args });
}

export function factoryCall(functionName: string, args: readonly unknown[] = []): Hex {
  return encodeFunctionData({ abi: FACTORY_ABI, functionName, args });
}

export function tokenCall(functionName: 'mint' | 'transfer' | 'approve', args: readonly [NodeId, bigint]): Hex {
  return encodeFunctionData({ abi: TOKEN_ABI, functionName, args });
}

export function hexOf(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

/** Events of the tokens are their own business. */
function eventOf(log: RpcReceipt['logs'][number]): Outcome['events'] {
  try {
    const { eventName, args } = decodeEventLog({ abi: ALL_ABIS, ...log });
    return [{ name: String(eventName), args: lowerCased((args ?? {}) as unknown as Record<string, unknown>) }];
  } catch {
    return [];
  }
}

function nameOfError(data: Hex | undefined): string {
  if (data === undefined || data === '0x') return 'without reason';
  try {
    return decodeErrorResult({ abi: ALL_ABIS, data }).errorName;
  } catch {
    return 'of another contract';
  }
}

function lowerCased(args: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name, typeof value === 'string' ? value.toLowerCase() : value]),
  );
}
