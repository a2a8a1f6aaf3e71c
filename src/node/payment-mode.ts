import type { Chain } from '../chain/chain.ts';
import type { Signer } from '../chain/signer.ts';
import type { Clock } from '../core/clock.ts';
import type { NodeId } from '../core/node-id.ts';
import type { Terms } from '../core/terms/terms.ts';
import type { CashedCheque } from '../settle/cashed-cheque.ts';
import type { DeskNeighbour } from '../settle/cheque-desk.ts';
import type { MethodDesk } from '../settle/method-desk.ts';
import type { CreditBook } from '../store/credit-book.ts';
import type { Store, StoredState } from '../store/store.ts';
import type { SettlementConfig } from './config.ts';
import type { Market } from './market.ts';
import type { Neighbours } from './neighbours.ts';
import type { EventKind } from './node.ts';

/** One way to pay as part of a running node: its desk, and what it does by itself. */
export interface PaymentMode {
  readonly desk: MethodDesk;
  /** False: for now nobody must pay this way, whatever is configured. */
  readonly offered?: boolean;
  /** Begins its work in the background; `ready` is called when what the terms say of it has changed. */
  start(ready: () => void): void;
  /** A neighbour's terms came: what a payment of it will need is looked up now, so that taking one needs no call. */
  learn(neighbour: NodeId, theirs: Terms): void;
  /** Takes in what waits to be taken in, now. What became of each cheque. */
  collect(): Promise<readonly CashedCheque[]>;
  stop(): Promise<void>;
}

/** What every mode is made of. */
export interface ModeOptions {
  readonly config: SettlementConfig;
  readonly signer: Signer;
  /** As in `CreateNodeOptions` and `NodePorts`: both are there where the configuration names a shared chequebook. */
  readonly issuer?: Signer | undefined;
  readonly credit?: CreditBook | undefined;
  readonly clock: Clock;
  readonly store: Store;
  readonly chain: Chain | undefined;
  readonly stored: StoredState;
  /** Read late: both are made with the settlement at hand. */
  readonly market: () => Market;
  readonly neighbours: () => Neighbours;
  /** Accepted from a neighbour by all modes and not final. */
  readonly uncashedUnits: (neighbour: NodeId) => number;
  /** Something this node owes waits until this neighbour's payments are final. */
  readonly waitedFor: (neighbour: NodeId) => boolean;
  readonly emit: (kind: EventKind, facts: Record<string, unknown>) => void;
}

/**
 * A payer as the desk of one mode sees it: of riskAt it has what is not taken up by payments of the other modes, since it
 * is one limit for all (DESIGN §1). Looked up when it is asked for: desks ask for ratios much more often.
 */
export function payerOf(options: ModeOptions, desk: () => MethodDesk, id: NodeId): DeskNeighbour {
  const payer = options.market().payerOf(id);
  return {
    ...payer,
    get riskAt() {
      const elsewhere = options.uncashedUnits(id) - desk().uncashedUnits(id, payer.myRatio);
      return Math.max(0, payer.riskAt - elsewhere);
    },
  };
}
