import type { NodeId } from '../core/node-id.ts';
import type { ReceivedChequeRecord } from '../store/store.ts';

/**
 * What became of a cheque: `cashed`: all it owed was paid; `bounced`: less was; `underWay`: a transaction is not in a block,
 * or not looked up yet; `failed`: it was refused, and is tried again; `left`: it was not handed in.
 */
export type CashResult = 'cashed' | 'bounced' | 'underWay' | 'failed' | 'left';

/** What cashing did about one cheque. Amounts in wei. */
export interface CashedCheque {
  readonly neighbour: NodeId;
  readonly chequebook: NodeId;
  readonly result: CashResult;
  /** What it owed beforehand, and how much of that was paid now. */
  readonly owedWei: bigint;
  readonly paidWei: bigint;
  /** Where one was sent; several cheques may share it. */
  readonly transaction?: string | undefined;
  /** This cheque's share of the gas, where the transaction is in a block. */
  readonly gasWei?: bigint | undefined;
  /** Why it was left (a `CashReason`), or the code of what failed. */
  readonly why?: string | undefined;
}

/** What became of this cheque. */
export function cashedCheque(
  { cashedCumulative, chequebook, cumulative, neighbour }: ReceivedChequeRecord,
  result: CashResult,
  more: Pick<Partial<CashedCheque>, 'paidWei' | 'transaction' | 'gasWei' | 'why'> = {},
): CashedCheque {
  return { neighbour, chequebook, result, owedWei: cumulative - cashedCumulative, paidWei: 0n, ...more };
}
