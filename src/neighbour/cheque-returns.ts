import { codeOf } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { MAX_UNCASHED_CHEQUEBOOKS } from '../core/settlement/cheque.ts';
import type { Link } from '../link/link.ts';
import { decodeHeldCheque, encodeHeldCheque, isHeldCheque } from '../wire/held-cheque.ts';
import type { PaymentDesk } from './payment-desk.ts';

export interface ChequeReturnsOptions {
  readonly neighbour: NodeId;
  readonly desk: PaymentDesk;
  readonly emit: (kind: string, facts: Record<string, string>) => void;
}

/** First thing on a connection each end gives back the cheques it holds, in case who signed them has lost its store. */
export class ChequeReturns {
  readonly #options: ChequeReturnsOptions;
  #came = 0;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: ChequeReturnsOptions) {
    this.#options = options;
  }

  opened(link: Link): void {
    this.#came = 0;
    const { desk, neighbour } = this.#options;
    for (const cheque of desk.held(neighbour)) link.send('control', encodeHeldCheque(cheque));
  }

  /** True for a cheque that came back, of which only the first few of a connection are looked at. Throws `WIRE_MALFORMED`. */
  took(message: Uint8Array): boolean {
    if (!isHeldCheque(message)) return false;
    const returned = decodeHeldCheque(message);
    this.#came += 1;
    if (this.#came > MAX_UNCASHED_CHEQUEBOOKS) return true;
    const { desk, emit, neighbour } = this.#options;
    this.#looking = this.#looking
      .then(() => desk.recover(neighbour, returned))
      .catch((error: unknown) => emit('fault', { neighbour, code: codeOf(error) ?? 'STORE_FAILED', what: 'recover' }));
    return true;
  }

  /** While one is looked at no payment is written: it may be above what is remembered. Undefined where none came. */
  get looking(): Promise<void> | undefined {
    return this.#came === 0 ? undefined : this.#looking;
  }
}
