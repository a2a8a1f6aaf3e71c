import type { NodeId } from '../core/node-id.ts';
import type { SignedCheque } from '../core/settlement/cheque.ts';
import type { ChequebookOrder } from './chain.ts';
import { CHEQUEBOOK_ABI, FACTORY_ABI } from './chequebook-abi.ts';
import { compactSignature } from './compact-signature.ts';
import { CONTRACT_ERRORS_ABI } from './contract-errors-abi.ts';
import type { Fees } from './fees.ts';
import type { Hex } from './json-rpc.ts';
import type { Signer } from './signer.ts';
import { TOKEN_ABI } from './token-abi.ts';
import { loadViem, type Viem } from './viem-parts.ts';

/**
 * The one file that uses viem. It takes memory and a tenth of a second to load, so it is loaded by the first call that
 * has something to encode. Only its pure functions are used.
 */

/** Native coin, where a token's address is asked for. */
export const COIN: NodeId = `0x${'0'.repeat(40)}`;

/** The terms of a chequebook; its address follows from them. */
export interface ChequebookPlace {
  readonly owner: NodeId;
  readonly issuer: NodeId;
  /** `COIN` for native coin. */
  readonly token: NodeId;
  readonly freezeSeconds: number;
  /** 0 for the first of its issuer. */
  readonly nonce: number;
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
  readonly available: bigint;
  readonly reserved: bigint;
  readonly totalPaidOut: bigint;
  readonly withdrawalAmount: bigint;
  readonly withdrawableAt: bigint;
}

/** A transaction before it is signed: of EIP-1559, or without a tip of EIP-155. `to` is absent for a deployment. */
export interface Transaction extends Fees {
  readonly chainId: number;
  readonly nonce: number;
  readonly gas: bigint;
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
  cashAcross(cheques: readonly SignedCheque[]): Hex;
  /** Undefined when the answer is not one of the factory's. */
  readPaid(answer: Hex): readonly bigint[] | undefined;
  administer(order: ChequebookOrder): Hex;
  deploy(place: ChequebookPlace): Hex;
  foretell(place: ChequebookPlace): Hex;
  facts(chequebook: NodeId, token: NodeId, beneficiary: NodeId): Hex;
  /** Undefined when the answer is not one of the factory's. */
  readAddress(answer: Hex): NodeId | undefined;
  readFacts(answer: Hex): FactoryFacts | undefined;
  /** What a chequebook's logs say was paid and whether it bounced. Logs of other contracts do not count. */
  readCash(chequebook: NodeId, logs: readonly Log[]): { readonly paidWei: bigint; readonly bounced: boolean };
  /** The topics under which the factory tells of this chequebook's deployment. */
  deployedTopics(chequebook: NodeId): readonly Hex[];
  sign(transaction: Transaction, signer: Signer): { readonly raw: Hex; readonly hash: Hex };
  balanceOf(account: NodeId): Hex;
  transfer(to: NodeId, wei: bigint): Hex;
  allowance(owner: NodeId, spender: NodeId): Hex;
  approve(spender: NodeId, wei: bigint): Hex;
  /** The topics under which a token tells of transfers of one account, to it or from it. */
  transferTopics(of: { readonly to: NodeId } | { readonly from: NodeId }): readonly (Hex | null)[];
  /** Undefined for a log that is no transfer. */
  readTransfer(log: Log): { readonly from: NodeId; readonly to: NodeId; readonly wei: bigint } | undefined;
  /** The name of a contract's error in revert data, or its text. */
  revertReason(data: unknown): string | undefined;
}

/** A malformed signature is one that nobody made: passed over by the factory like any other. */
const NO_SIGNATURE = { r: `0x${'0'.repeat(64)}`, vs: `0x${'0'.repeat(64)}` } as const;

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
    cashAcross: (cheques) =>
      viem.encodeFunctionData({ abi: factory, functionName: 'cashAcross', args: [cheques.map(claimOf)] }),
    readPaid: (data) =>
      orUndefined(() => viem.decodeFunctionResult({ abi: factory, functionName: 'cashAcross', data })),
    administer: (order) => orderData(viem, order),
    deploy: (place) =>
      viem.encodeFunctionData({ abi: factory, functionName: 'deployChequebook', args: [termsOf(place)] }),
    foretell: (place) =>
      viem.encodeFunctionData({ abi: factory, functionName: 'chequebookAddress', args: [termsOf(place)] }),
    facts(chequebook, token, beneficiary) {
      const args = [chequebook as Hex, token as Hex, beneficiary as Hex] as const;
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
    ...tokenCalls(viem),
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

type TokenCalls = Pick<
  Encoding,
  'allowance' | 'approve' | 'balanceOf' | 'transfer' | 'transferTopics' | 'readTransfer'
>;

function tokenCalls(viem: Viem): TokenCalls {
  const token = viem.parseAbi(TOKEN_ABI);
  return {
    balanceOf: (account) => viem.encodeFunctionData({ abi: token, functionName: 'balanceOf', args: [account as Hex] }),
    transfer: (to, wei) => viem.encodeFunctionData({ abi: token, functionName: 'transfer', args: [to as Hex, wei] }),
    allowance: (...args) =>
      viem.encodeFunctionData({ abi: token, functionName: 'allowance', args: args as readonly [Hex, Hex] }),
    approve: (spender, wei) =>
      viem.encodeFunctionData({ abi: token, functionName: 'approve', args: [spender as Hex, wei] }),
    transferTopics: (of) =>
      viem
        .encodeEventTopics({ abi: token, eventName: 'Transfer', args: of as { to: Hex } | { from: Hex } })
        .map((topic) => (typeof topic === 'string' ? topic : null)),
    readTransfer: (log) =>
      orUndefined(() => {
        const topics = log.topics as [Hex, ...Hex[]];
        const { args } = viem.decodeEventLog({ abi: token, eventName: 'Transfer', topics, data: log.data });
        return { from: args.from.toLowerCase(), to: args.to.toLowerCase(), wei: args.value };
      }),
  };
}

function sign(viem: Viem, transaction: Transaction, signer: Signer): { readonly raw: Hex; readonly hash: Hex } {
  const { chainId, nonce, gas, perGasWei, tipWei, data, value, to } = transaction;
  const common = { chainId, nonce, gas, data, value, ...(to === undefined ? {} : { to: to as Hex }) };
  const fields =
    tipWei === undefined
      ? { type: 'legacy' as const, ...common, gasPrice: perGasWei }
      : { type: 'eip1559' as const, ...common, maxFeePerGas: perGasWei, maxPriorityFeePerGas: tipWei };
  const signature = signer.signDigest(viem.keccak256(viem.serializeTransaction(fields), 'bytes'));
  const parity = (signature[64] ?? 27) - 27;
  const raw = viem.serializeTransaction(fields, {
    r: hexOf(signature.subarray(0, 32)),
    s: hexOf(signature.subarray(32, 64)),
    yParity: parity,
    v: 27n + BigInt(parity),
  });
  return { raw, hash: viem.keccak256(raw) };
}

function orderData(viem: Viem, order: ChequebookOrder): Hex {
  const abi = viem.parseAbi(CHEQUEBOOK_ABI);
  const { kind: functionName } = order;
  if (functionName === 'withdraw') return viem.encodeFunctionData({ abi, functionName });
  if (functionName === 'announceWithdrawal') return viem.encodeFunctionData({ abi, functionName, args: [order.wei] });
  const beneficiary = order.beneficiary as Hex;
  if (functionName === 'release') return viem.encodeFunctionData({ abi, functionName, args: [beneficiary] });
  return viem.encodeFunctionData({ abi, functionName, args: [beneficiary, order.wei] });
}

function termsOf({ owner, issuer, token, freezeSeconds, nonce }: ChequebookPlace) {
  const who = { owner: owner as Hex, issuer: issuer as Hex };
  return { ...who, token: token as Hex, freezeSeconds, nonce: BigInt(nonce) } as const;
}

function claimOf({ chequebook, beneficiary, cumulativeWei, signature }: SignedCheque) {
  const who = { chequebook: chequebook as Hex, beneficiary: beneficiary as Hex };
  const words = compactSignature(signature) ?? NO_SIGNATURE;
  return { ...who, cumulativePayout: cumulativeWei, ...words } as const;
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
