import type { Chain } from '../chain/chain.ts';
import { codeOf } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import { TransferDesk } from '../settle/transfer-desk.ts';
import type { StoreRecord } from '../store/store.ts';
import type { ModeOptions, PaymentMode } from './payment-mode.ts';

/** Payment by plain transfers on the chain. */
export class TransferMode implements PaymentMode {
  readonly desk: TransferDesk;
  readonly #options: ModeOptions;

  constructor(options: ModeOptions & { readonly chain: Chain }) {
    const { chain, clock, config, emit, market, neighbours, store, stored, uncashedUnits } = options;
    this.#options = options;
    this.desk = new TransferDesk({
      chain,
      clock,
      store,
      notes: stored.notes,
      inToken: config.token !== undefined,
      confirmations: config.confirmations,
      neighbour: (id) => market().payerOf(id),
      tell: (id, event) => {
        const neighbour = neighbours().get(id);
        neighbour?.step(event);
        return neighbour !== undefined;
      },
      keep: (id, records) => this.#keep(id, records),
      cleared: (id) => neighbours().get(id)?.cleared(uncashedUnits(id), market().payerOf(id).riskAt),
      emit,
    });
  }

  /** Where an account's books broke it is written no more. What arrived on the chain is remembered all the same. */
  async #keep(id: NodeId, records: readonly StoreRecord[]): Promise<void> {
    const neighbour = this.#options.neighbours().get(id);
    if (neighbour === undefined) return this.#options.store.commit(records);
    await neighbour.keep(records).catch((error: unknown) => {
      if (codeOf(error) !== 'INVARIANT_BROKEN') throw error;
      return this.#options.store.commit(records);
    });
  }

  start(ready: () => void): void {
    this.desk.start();
    this.desk.intake.start(ready);
  }

  /** What is paid to this node is found: it may be offered. */
  get offered(): boolean {
    return this.desk.intake.begun;
  }

  learn(): void {}

  async collect(): Promise<readonly []> {
    await this.desk.intake.look();
    return [];
  }

  async stop(): Promise<void> {
    this.desk.stop();
  }
}
