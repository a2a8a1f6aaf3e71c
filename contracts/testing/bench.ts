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
import { signCheque } from '../../src/chain/cheque-signing.ts';
import { createDevChain, type DevChain } from '../../src/chain/dev-chain.ts';
import { createSigner, type Signer } from '../../src/chain/signer.ts';
import type { NodeId } from '../../src/core/node-id.ts';

type Hex = `0x${string}`;

export const CHAIN_ID = 1337;
export const DAY_S = 86_400;
export const ZERO: NodeId = `0x${'0'.repeat(40)}`;

/** Accounts of the contract tests. `stranger` has nothing to do with any chequebook. */
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
export const FACTORY_ABI = readArtifact('ChequebookFactory').abi as unknown as Abi;
const BOTH_ABIS = [...BOOK_ABI, ...FACTORY_ABI] as Abi;

/** A fresh chain with every account above rich; senders need no keys. */
export async function openBench(): Promise<Bench> {
  const funded = [owner, stranger, issuer.id, ...beneficiaries].map((id) => [id, 10n ** 24n] as const);
  const chain = await createDevChain({ chainId: CHAIN_ID, funded: new Map(funded) });
  return new Bench(chain);
}

export class Bench {
  readonly chain: DevChain;

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
    const transaction = { ...(await this.ready(call)), gas: '0x989680' };
    const error = await this.foreseen(transaction);
    const hash = await this.rpc('eth_sendTransaction', [transaction]);
    const receipt = (await this.rpc('eth_getTransactionReceipt', [hash])) as {
      status: Hex;
      gasUsed: Hex;
      contractAddress: Hex | null;
      logs: { data: Hex; topics: [Hex, ...Hex[]] }[];
    };
    const gas = BigInt(receipt.gasUsed);
    assert.equal(receipt.status, error === undefined ? '0x1' : '0x0', `foreseen: ${error}`);
    if (error !== undefined) return { error, events: [], gas };
    const events = receipt.logs.map((log) => {
      const { eventName, args } = decodeEventLog({ abi: BOTH_ABIS, ...log });
      return {
        name: String(eventName),
        args: lowerCased((args ?? {}) as unknown as Readonly<Record<string, unknown>>),
      };
    });
    const created = receipt.contractAddress?.toLowerCase();
    return { events, gas, ...(created === undefined ? {} : { created }) };
  }

  async read<T>(to: NodeId, abi: Abi, functionName: string, args: readonly unknown[] = []): Promise<T> {
    const data = encodeFunctionData({ abi, functionName, args });
    const result = await this.rpc('eth_call', [{ to, data }, 'latest']);
    return decodeFunctionResult({ abi, functionName, data: result as Hex }) as T;
  }

  async balance(of: NodeId): Promise<bigint> {
    return BigInt((await this.rpc('eth_getBalance', [of, 'latest'])) as Hex);
  }

  async nowS(): Promise<number> {
    const block = (await this.rpc('eth_getBlockByNumber', ['latest', false])) as { timestamp: Hex };
    return Number(block.timestamp);
  }

  /** A chequebook of `issuer` and `owner`, deployed without the factory. */
  async book(wei = 0n, freezeSeconds = DAY_S): Promise<NodeId> {
    const { created } = await this.deploy('Chequebook', [owner, issuer.id, BigInt(freezeSeconds)], wei);
    assert.ok(created !== undefined);
    return created;
  }

  deploy(name: 'Chequebook' | 'ChequebookFactory', args: readonly unknown[], wei = 0n): Promise<Outcome> {
    const { abi, bytecode } = readArtifact(name);
    const data = encodeDeployData({ abi: abi as unknown as Abi, bytecode, args });
    return this.send({ from: stranger, data, wei });
  }

  private async ready({ from, to, data = '0x', wei = 0n }: Call): Promise<object> {
    await this.rpc('hardhat_impersonateAccount', [from]);
    return { from, to, data, value: `0x${wei.toString(16)}` };
  }

  /** The error a transaction is about to revert with, if it is. */
  private async foreseen(transaction: object): Promise<string | undefined> {
    const outcome = await this.chain.request('eth_call', [transaction, 'pending']);
    if (!('error' in outcome)) return undefined;
    return nameOfError((outcome.error.data as { data?: Hex } | undefined)?.data);
  }
}

/** Call data of a cheque to cash; signed by the issuer unless a signature is given. */
export function cashing(book: NodeId, beneficiary: NodeId, cumulativeWei: bigint, signature?: Uint8Array): Hex {
  const signed = signature ?? signCheque(issuer, CHAIN_ID, { chequebook: book, beneficiary, cumulativeWei }).signature;
  return bookCall('cash', [beneficiary, cumulativeWei, `0x${Buffer.from(signed).toString('hex')}`]);
}

export function bookCall(functionName: string, args: readonly unknown[] = []): Hex {
  return encodeFunctionData({ abi: BOOK_ABI, functionName, args });
}

export function factoryCall(functionName: string, args: readonly unknown[] = []): Hex {
  return encodeFunctionData({ abi: FACTORY_ABI, functionName, args });
}

function nameOfError(data: Hex | undefined): string {
  if (data === undefined || data === '0x') return 'without reason';
  return decodeErrorResult({ abi: BOTH_ABIS, data }).errorName;
}

function lowerCased(args: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name, typeof value === 'string' ? value.toLowerCase() : value]),
  );
}
