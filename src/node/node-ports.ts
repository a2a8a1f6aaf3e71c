import type { Chain } from '../chain/chain.ts';
import type { Signer } from '../chain/signer.ts';
import type { Clock, RandomBytes } from '../core/clock.ts';
import type { LinkAccount } from '../core/ledger/link-account.ts';
import type { NodeId } from '../core/node-id.ts';
import type { Transport } from '../link/link.ts';
import type { LinkServices } from '../neighbour/link-services.ts';
import type { CreditBook } from '../store/credit-book.ts';
import type { Store } from '../store/store.ts';
import type { Egress } from '../transit/egress.ts';
import type { NodeConfig } from './config.ts';
import type { Discover } from './doors.ts';

/** Everything a node touches outside its own memory. The simulator passes others behind the same names. */
export interface NodePorts {
  readonly clock: Clock;
  /** A number from 0 to 1, for jitter only. */
  readonly random: () => number;
  /** For ids that nobody may guess; the system's unless given. */
  readonly randomBytes?: RandomBytes;
  readonly store: Store;
  readonly transport: Transport;
  /** The book of a chequebook that nodes share; absent where the store is this node's alone. */
  readonly credit?: CreditBook;
  /** Absent where settlement is off. */
  readonly chain: Chain | undefined;
  readonly egress: Egress;
  /** Looks for neighbours on the local network; absent where that is off. Returns what ends it. */
  readonly discover?: Discover;
}

export interface CreateNodeOptions {
  readonly config: NodeConfig;
  readonly signer: Signer;
  /** Signs cheques on the operator's chequebook, where the configuration names one. */
  readonly issuer?: Signer | undefined;
  readonly ports: NodePorts;
  /** Takes the place of transit on the links' channels. The simulator trades through it; its node has no proxy. */
  readonly services?: (context: ServicesContext) => LinkServices;
  /** Value packets and routes go beside what takes the place of transit, as they do beside transit. */
  readonly carries?: boolean;
}

/** What services that take the place of transit are given of their node. */
export interface ServicesContext {
  /** Those of the accounts that stand: one for each neighbour that was ever connected. */
  readonly accountOf: (neighbour: NodeId) => LinkAccount | undefined;
  /** A neighbour broke a rule on a channel. */
  readonly fault: (neighbour: NodeId, error: unknown) => void;
  /** Where traffic goes on from here: that of a neighbour, or of this node's own users. */
  readonly nextHop: (buyer: NodeId | undefined) => NodeId | 'local' | undefined;
}
