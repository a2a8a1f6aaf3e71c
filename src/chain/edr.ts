import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { RpcOutcome } from './json-rpc.ts';

/**
 * The one file that knows EDR, Hardhat's EVM. Its interface may move between minor versions, so the version is pinned
 * and nothing of it leaves this file.
 */

/** An EVM in this process. */
export interface Evm {
  request(method: string, params: readonly unknown[]): Promise<RpcOutcome>;
}

export interface EvmGenesis {
  readonly chainId: number;
  readonly accounts: readonly EvmAccount[];
  /** Seconds since the epoch of the first block. */
  readonly genesisTimeS: number;
  /** Mines a block this often besides the one per transaction; 0 never. */
  readonly intervalMs: number;
}

export interface EvmAccount {
  readonly address: NodeId;
  readonly wei?: bigint;
  readonly code?: Uint8Array;
}

/** Room for any block we fill; the usual limit of public chains. */
const BLOCK_GAS = 30_000_000n;
/** 1 gwei at the start; from there it follows EIP-1559 like any chain. */
const BASE_FEE_WEI = 1_000_000_000n;
/** Where fees and burned fees go is nobody's business here: an address without a key. */
const COINBASE = '0x00000000000000000000000000000000c01bace0';

interface Library {
  readonly edr: typeof import('@nomicfoundation/edr');
  readonly context: import('@nomicfoundation/edr').EdrContext;
}

/** EDR asks for one context per process, whatever the number of chains; it holds threads, not chain state. */
let library: Promise<Library> | undefined;

/** Starts an EVM on a fixed genesis. Throws `CHAIN_EMBEDDED_UNAVAILABLE` when the optional package is not installed. */
export async function startEvm(genesis: EvmGenesis): Promise<Evm> {
  const { edr, context } = await (library ??= loadEdr());
  const provider = await context.createProvider(
    edr.L1_CHAIN_TYPE,
    {
      allowBlocksWithSameTimestamp: false,
      allowUnlimitedContractSize: false,
      bailOnCallFailure: true,
      // Off, so that a reverted transaction is answered by its hash as on a real chain, not by an error.
      bailOnTransactionFailure: false,
      chainId: BigInt(genesis.chainId),
      networkId: BigInt(genesis.chainId),
      coinbase: bytesOf(COINBASE),
      defaultTransactionGasLimit: BLOCK_GAS,
      genesisState: [
        ...edr.l1GenesisState(edr.l1HardforkFromString(edr.PRAGUE)),
        ...genesis.accounts.map(({ address, wei, code }) => ({
          address: bytesOf(address),
          ...(wei === undefined ? {} : { balance: wei }),
          ...(code === undefined ? {} : { code }),
        })),
      ],
      hardfork: edr.PRAGUE,
      initialBaseFeePerGas: BASE_FEE_WEI,
      initialParentBeaconBlockRoot: new Uint8Array(32),
      minGasPrice: 0n,
      mining: {
        autoMine: true,
        blockGasLimit: BLOCK_GAS,
        ...(genesis.intervalMs > 0 ? { interval: BigInt(genesis.intervalMs) } : {}),
        memPool: { order: 'Priority' as import('@nomicfoundation/edr').MineOrdering },
      },
      network: { genesisBlockGasLimit: BLOCK_GAS, genesisBlockTime: BigInt(genesis.genesisTimeS) },
      observability: {},
      ownedAccounts: [],
      precompileOverrides: [],
    },
    { enable: false, decodeConsoleLogInputsCallback: () => [], printLineCallback: () => {} },
    { subscriptionCallback: () => {} },
    new edr.ContractDecoder(),
  );
  return {
    async request(method, params) {
      const { data } = await provider.handleRequest(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
      // Short answers come as text, long ones as an object.
      return (typeof data === 'string' ? JSON.parse(data) : data) as RpcOutcome;
    },
  };
}

async function loadEdr(): Promise<Library> {
  try {
    const edr = await import('@nomicfoundation/edr');
    const context = new edr.EdrContext();
    await context.registerProviderFactory(edr.L1_CHAIN_TYPE, edr.l1ProviderFactory());
    return { edr, context };
  } catch (cause) {
    library = undefined;
    throw new WayleaveError('CHAIN_EMBEDDED_UNAVAILABLE', { node: process.version }, cause);
  }
}

function bytesOf(address: NodeId): Uint8Array {
  return Uint8Array.from(Buffer.from(address.slice(2), 'hex'));
}
