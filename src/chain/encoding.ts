import type { SignedCheque } from '../core/cheque.ts';
import type { NodeId } from '../core/node-id.ts';
import { CHEQUEBOOK_ABI, FACTORY_ABI } from './chequebook-abi.ts';
import { CONTRACT_ERRORS_ABI } from './contract-errors-abi.ts';
import type { Hex } from './json-rpc.ts';
import type { Signer } from './signer.ts';
import { loadViem, type Viem } from './viem-parts.ts';

/**
 * The one file that uses viem. It takes memory and a tenth of a second to load, so it is loaded by the first call that
 * has something to encode. Only its pure functions are used.
 */

/** Native coin, where a token's address is asked for. */
export const COIN: NodeId = `0x${'0'.repeat(40)}`;

/** The terms of a chequebook in native coin; its address follows from them. */
export interface ChequebookPlace {
  readonly owner: NodeId;
  readonly issuer: NodeId;
  readonly freezeSeconds: number;
}

/** What the factory answers about a chequebook. */
export interface FactoryFacts {
  readonly hasCode: boolean;
  readonly fromFactory: boolean;
  readonly issuer: NodeId;
  /** `COIN` for native coin. */
  readonly token: NodeId;
  readonly balance: bigint;
  readonly paidOut: bigint;
  readonly bounced: boolean;
  readonly withdrawableAt: bigint;
}

/** A transaction of EIP-1559, before it is signed. `to` is absent for a deployment. */
export interface Transaction {
  readonly chainId: number;
  readonly nonce: number;
  readonly gas: bigint;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
  readonly to?: NodeId | undefined;
  readonly data: Hex;
  readonly value: bigint;
}

/** One log of a receipt, as far as it is read. */
export interface Log {
  readonly address: NodeId;
  readonly topics: readonly Hex[];
  readonly data: Hex;
}

export interface Encoding {
  cash(cheque: SignedCheque): Hex;
  deploy(place: ChequebookPlace): Hex;
  foretell(place: ChequebookPlace): Hex;
  facts(chequebook: NodeId, beneficiary: NodeId): Hex;
  /** Undefined when the answer is not one of the factory's. */
  readAddress(answer: Hex): NodeId | undefined;
  readFacts(answer: Hex): FactoryFacts | undefined;
  /** What a chequebook's logs say was paid and whether it bounced. Logs of other contracts do not count. */
  readCash(chequebook: NodeId, logs: readonly Log[]): { readonly paidWei: bigint; readonly bounced: boolean };
  /** The topics under which the factory tells of this chequebook's deployment. */
  deployedTopics(chequebook: NodeId): readonly Hex[];
  sign(transaction: Transaction, signer: Signer): { readonly raw: Hex; readonly hash: Hex };
  /** The name of a contract's error in revert data, or its text. */
  revertReason(data: unknown): string | undefined;
}

/** A node has one chequebook of its own: the first of its key. */
const FIRST = 0n;

/** The same for everybody, made when somebody first needs it: reading the ABIs takes several milliseconds. */
let made: Promise<Encoding> | undefined;

/** Loads viem. A second call is free. */
export function loadEncoding(): Promise<Encoding> {
  made ??= makeEncoding();
  return made;
}

async function makeEncoding(): Promise<Encoding> {
  const viem = await loadViem();
  const book = viem.parseAbi(CHEQUEBOOK_ABI);
  const factory = viem.parseAbi(FACTORY_ABI);
  const errors = viem.parseAbi(CONTRACT_ERRORS_ABI);
  return {
    cash({ beneficiary, cumulativeWei, signature }) {
      const args = [beneficiary as Hex, cumulativeWei, hexOf(signature)] as const;
      return viem.encodeFunctionData({ abi: book, functionName: 'cash', args });
    },
    deploy: (place) =>
      viem.encodeFunctionData({ abi: factory, functionName: 'deployChequebook', args: [termsOf(place)] }),
    foretell: (place) =>
      viem.encodeFunctionData({ abi: factory, functionName: 'chequebookAddress', args: [termsOf(place)] }),
    facts(chequebook, beneficiary) {
      const args = [chequebook as Hex, COIN as Hex, beneficiary as Hex] as const;
      return viem.encodeFunctionData({ abi: factory, functionName: 'chequebookFacts', args });
    },
    readAddress: (data) =>
      orUndefined(() =>
        viem.decodeFunctionResult({ abi: factory, functionName: 'chequebookAddress', data }).toLowerCase(),
      ),
    readFacts: (data) =>
      orUndefined(() => {
        const { terms, ...facts } = viem.decodeFunctionResult({ abi: factory, functionName: 'chequebookFacts', data });
        return { ...facts, issuer: terms.issuer.toLowerCase(), token: terms.token.toLowerCase() };
      }),
    readCash(chequebook, logs) {
      let paidWei = 0n;
      let bounced = false;
      for (const log of logs) {
        if (log.address.toLowerCase() !== chequebook) continue;
        const event = orUndefined(() =>
          viem.decodeEventLog({ abi: book, topics: log.topics as [Hex, ...Hex[]], data: log.data }),
        );
        if (event?.eventName === 'ChequeCashed') paidWei += event.args.paid;
        if (event?.eventName === 'ChequeBounced') bounced = true;
      }
      return { paidWei, bounced };
    },
    deployedTopics(chequebook) {
      const args = { chequebook: chequebook as Hex };
      const topics = viem.encodeEventTopics({ abi: factory, eventName: 'ChequebookDeployed', args });
      return topics.filter((topic): topic is Hex => typeof topic === 'string');
    },
    sign: (transaction, signer) => sign(viem, transaction, signer),
    revertReason(data) {
      if (typeof data !== 'string' || data.length < 10) return undefined;
      return orUndefined(() => {
        const { errorName, args } = viem.decodeErrorResult({ abi: errors, data: data as Hex }) as {
          errorName: string;
          args?: readonly unknown[];
        };
        return errorName === 'Error' ? String(args?.[0]) : errorName;
      });
    },
  };
}

function sign(viem: Viem, { to, ...rest }: Transaction, signer: Signer): { readonly raw: Hex; readonly hash: Hex } {
  const fields = { type: 'eip1559' as const, ...rest, ...(to === undefined ? {} : { to: to as Hex }) };
  const signature = signer.signDigest(viem.keccak256(viem.serializeTransaction(fields), 'bytes'));
  const raw = viem.serializeTransaction(fields, {
    r: hexOf(signature.subarray(0, 32)),
    s: hexOf(signature.subarray(32, 64)),
    yParity: (signature[64] ?? 27) - 27,
  });
  return { raw, hash: viem.keccak256(raw) };
}

function termsOf({ owner, issuer, freezeSeconds }: ChequebookPlace) {
  return { owner: owner as Hex, issuer: issuer as Hex, token: COIN as Hex, freezeSeconds, nonce: FIRST } as const;
}

/** viem throws at data that does not decode; here that is an answer like any other. */
function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function hexOf(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}
