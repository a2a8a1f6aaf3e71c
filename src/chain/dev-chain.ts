import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { codeOnChain } from './artifacts.ts';
import { startEvm } from './edr.ts';
import type { RpcOutcome } from './json-rpc.ts';

/** Where the factory stands in the genesis of every development chain. */
export const DEV_FACTORY: NodeId = '0x000000000000000000000000000000000000fac7';
/** Where stands what its chequebooks and channels are proxies of. */
const DEV_CHEQUEBOOK_CODE: NodeId = '0x000000000000000000000000000000000000fac8';
const DEV_CHANNEL_CODE: NodeId = '0x000000000000000000000000000000000000fac9';

/** Genesis time unless told: 2026-01-01 00:00 UTC. Chain time runs on from there at the pace of the wall clock. */
const GENESIS_TIME_S = 1_767_225_600;

export interface DevChainOptions {
  readonly chainId: number;
  /** Coin at genesis, in wei, by address. */
  readonly funded: ReadonlyMap<NodeId, bigint>;
  /** Time of the first block in seconds since the epoch. */
  readonly genesisTimeS?: number;
  /** Also mines a block this often, in milliseconds. Default 0: blocks come with transactions only. */
  readonly intervalMs?: number;
}

/** A chain for development and tests, in this process and in memory. */
export interface DevChain {
  readonly chainId: number;
  readonly factory: NodeId;
  /** One JSON-RPC call. Whatever writes waits for the write before it; a sent transaction is mined when it is answered. */
  request(method: string, params: readonly unknown[]): Promise<RpcOutcome>;
  /** Lets `seconds` of chain time pass and mines a block, for freeze periods. */
  passTime(seconds: number): Promise<void>;
  /** Forgets the chain; every call from now on is answered by an error. */
  close(): void;
}

/** JSON-RPC's code for a server that will not answer now. */
const GONE = { error: { code: -32000, message: 'the development chain is closed' } } as const;

/**
 * Starts a development chain whose genesis holds the funded accounts and the factory. The same options make
 * the same genesis block. Throws `CHAIN_EMBEDDED_UNAVAILABLE`.
 */
export async function createDevChain(options: DevChainOptions): Promise<DevChain> {
  const immutables = { chequebookCode: DEV_CHEQUEBOOK_CODE, channelCode: DEV_CHANNEL_CODE };
  const contracts = [
    { address: DEV_FACTORY, code: codeOnChain('WayleaveFactory', immutables) },
    { address: DEV_CHEQUEBOOK_CODE, code: codeOnChain('Chequebook') },
    { address: DEV_CHANNEL_CODE, code: codeOnChain('Channel') },
  ];
  const funded = [...options.funded].map(([address, wei]) => ({ address, wei }));
  const evm = await startEvm({
    chainId: options.chainId,
    accounts: [...funded, ...contracts],
    genesisTimeS: options.genesisTimeS ?? GENESIS_TIME_S,
    intervalMs: options.intervalMs ?? 0,
  });
  let open: typeof evm | undefined = evm;
  let lastWrite: Promise<unknown> = Promise.resolve();

  const ask = async (method: string, params: readonly unknown[]) => (await open?.request(method, params)) ?? GONE;
  const request = (method: string, params: readonly unknown[]) => {
    if (isRead(method)) return ask(method, params);
    // EDR refuses a transaction that comes before its predecessor is mined ("can't be queued when automining").
    const written = lastWrite.then(() => ask(method, params));
    lastWrite = written.catch(() => undefined);
    return written;
  };
  return {
    chainId: options.chainId,
    factory: DEV_FACTORY,
    request,
    async passTime(seconds) {
      for (const [method, params] of [
        ['evm_increaseTime', [seconds]],
        ['evm_mine', []],
      ] as const) {
        const outcome = await request(method, params);
        if ('error' in outcome) throw new WayleaveError('RPC_FAILED', { method, answer: outcome.error.message });
      }
    },
    close() {
      // Else EDR's own thread goes on making blocks.
      if ((options.intervalMs ?? 0) > 0) void evm.request('evm_setIntervalMining', [0]);
      open = undefined;
    },
  };
}

function isRead(method: string): boolean {
  return (method.startsWith('eth_') && !method.startsWith('eth_send')) || /^(net|web3)_/.test(method);
}
