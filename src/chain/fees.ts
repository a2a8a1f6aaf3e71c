import { codeOf, WayleaveError } from '../core/errors.ts';
import { quantity, type Rpc } from './json-rpc.ts';

/** What a transaction offers for each unit of gas, in wei. */
export interface Fees {
  /** At most, tip included. */
  readonly perGasWei: bigint;
  /** For whoever makes the block, beyond the base fee (EIP-1559); undefined on a chain that has no base fee. */
  readonly tipWei: bigint | undefined;
}

/** The base fee can at most double in six blocks (EIP-1559: 12.5 % a block), so this stays valid that long. */
const BASE_FEE_HEADROOM = 2n;
/** Nodes keep the first of two transactions with one nonce unless the second pays 10 % more; most say 12.5 % to be sure. */
const RAISE_EIGHTHS = 9n;

/** What is usual now. Throws `GAS_TOO_DEAR` above `limitWei`, `RPC_UNREACHABLE`, `RPC_FAILED`. */
export async function currentFees(rpc: Rpc, limitWei: bigint | undefined): Promise<Fees> {
  const block = await rpc.ask('eth_getBlockByNumber', ['latest', false]);
  const { baseFeePerGas } = (block ?? {}) as { readonly baseFeePerGas?: unknown };
  if (baseFeePerGas === undefined || baseFeePerGas === null) {
    const priceWei = await rpc.askQuantity('eth_gasPrice', []);
    return { perGasWei: within(priceWei, priceWei, limitWei), tipWei: undefined };
  }
  const baseWei = quantity(baseFeePerGas, 'eth_getBlockByNumber');
  const tipWei = await usualTip(rpc, baseWei);
  return { perGasWei: within(baseWei + tipWei, baseWei * BASE_FEE_HEADROOM + tipWei, limitWei), tipWei };
}

/** Not every chain with a base fee answers the question for the tip. */
async function usualTip(rpc: Rpc, baseWei: bigint): Promise<bigint> {
  try {
    return await rpc.askQuantity('eth_maxPriorityFeePerGas', []);
  } catch (error) {
    if (codeOf(error) !== 'RPC_FAILED') throw error;
    const priceWei = await rpc.askQuantity('eth_gasPrice', []);
    return priceWei > baseWei ? priceWei - baseWei : 0n;
  }
}

function within(neededWei: bigint, roomyWei: bigint, limitWei: bigint | undefined): bigint {
  if (limitWei === undefined) return roomyWei;
  if (neededWei > limitWei) throw new WayleaveError('GAS_TOO_DEAR', { feePerGasWei: neededWei, limitWei });
  return roomyWei < limitWei ? roomyWei : limitWei;
}

/**
 * Fees that replace a transaction with `old` ones: an eighth more, or what is usual now where that is more. Undefined
 * when the limit does not allow it.
 */
export function raised(old: Fees, current: Fees, limitWei: bigint | undefined): Fees | undefined {
  const perGasWei = most(anEighthMore(old.perGasWei), current.perGasWei);
  if (limitWei !== undefined && perGasWei > limitWei) return undefined;
  if (old.tipWei === undefined) return { perGasWei, tipWei: undefined };
  const tipWei = most(anEighthMore(old.tipWei), current.tipWei ?? 0n);
  return tipWei > perGasWei ? { perGasWei, tipWei: perGasWei } : { perGasWei, tipWei };
}

function anEighthMore(wei: bigint): bigint {
  return (wei * RAISE_EIGHTHS + 7n) / 8n + (wei === 0n ? 1n : 0n);
}

function most(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
