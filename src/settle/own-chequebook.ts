import type { Chain } from '../chain/chain.ts';
import { WayleaveError } from '../core/errors.ts';
import type { NodeId } from '../core/node-id.ts';
import type { NoteRecord, Store } from '../store/store.ts';

interface Remembered {
  readonly address: NodeId;
  /** Everything ever deposited as far as known: balance plus all that was paid out. Cashing does not change it. */
  readonly capacityWei: bigint;
}

const NOTE = 'own-chequebook';

/** This node's chequebook: found in the store, or deployed once. Knows how much may still be promised without a call. */
export class OwnChequebook {
  readonly #chain: Chain | undefined;
  readonly #store: Store;
  #known: Remembered | undefined;

  constructor(options: { chain: Chain | undefined; store: Store; notes: readonly NoteRecord[] }) {
    this.#chain = options.chain;
    this.#store = options.store;
    const note = options.notes.find(({ name }) => name === NOTE);
    if (note === undefined) return;
    const raw = JSON.parse(note.text) as { address: NodeId; capacityWei: string };
    this.#known = { address: raw.address, capacityWei: BigInt(raw.capacityWei) };
  }

  get address(): NodeId | undefined {
    return this.#known?.address;
  }

  /**
   * Deploys the chequebook with `depositWei` unless there is one. One that is known is looked at: a reorganisation may
   * have undone it, and then it is deployed again at the same address. Throws the chain's errors.
   */
  async ensure(depositWei: bigint): Promise<NodeId> {
    if (this.#chain === undefined) throw new WayleaveError('CHEQUEBOOK_MISSING');
    const known = this.#known?.address;
    if (known !== undefined && (await this.#chain.chequebook(known, known)) !== undefined) return known;
    const { address } = await this.#chain.deployChequebook(depositWei);
    await this.#remember({ address, capacityWei: depositWei });
    return address;
  }

  /** Throws `CHEQUEBOOK_MISSING`, or `CHEQUEBOOK_EMPTY` when all cheques together would promise more than was deposited. */
  demand(totalIssuedWei: bigint): NodeId {
    if (this.#known === undefined) throw new WayleaveError('CHEQUEBOOK_MISSING');
    const { address, capacityWei } = this.#known;
    if (totalIssuedWei > capacityWei) {
      throw new WayleaveError('CHEQUEBOOK_EMPTY', { chequebook: address, missingWei: totalIssuedWei - capacityWei });
    }
    return address;
  }

  /** Reads the capacity again: balance, plus what these beneficiaries were paid. */
  async refresh(beneficiaries: readonly NodeId[]): Promise<void> {
    const known = this.#known;
    if (known === undefined || this.#chain === undefined) return;
    let capacityWei = 0n;
    let balanceWei = 0n;
    for (const beneficiary of beneficiaries.length === 0 ? [known.address] : beneficiaries) {
      const facts = await this.#chain.chequebook(known.address, beneficiary);
      balanceWei = facts?.balanceWei ?? 0n;
      capacityWei += facts?.paidOutWei ?? 0n;
    }
    await this.#remember({ address: known.address, capacityWei: capacityWei + balanceWei });
  }

  async #remember(known: Remembered): Promise<void> {
    const text = JSON.stringify({ address: known.address, capacityWei: String(known.capacityWei) });
    await this.#store.commit([{ kind: 'note', name: NOTE, text }]);
    this.#known = known;
  }
}
